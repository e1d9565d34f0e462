# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Shared by the scripts of this directory: the place of the cache, errors, locks.

# Our own COMMANDs do not return this status, so a broken lab is never taken for a failed test.
LAB_BROKEN=125

say() {
	printf '%s\n' "$*" >&2
}

die() {
	printf 'Error: %s\n' "$*" >&2
	exit "$LAB_BROKEN"
}

need() {
	local tool
	for tool in "$@"; do
		command -v "$tool" >/dev/null || die "$tool is not installed: run tools/setup as root."
	done
}

# Other users (apt's, a guest's) read the files that are made here, so the caller's umask does not matter.
umask 022
if [ ! -d "${TMPDIR:-/tmp}" ] || [ ! -w "${TMPDIR:-/tmp}" ]; then
	unset TMPDIR
fi

lab_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck disable=SC2034 # for those who source this
repo=$(cd "$lab_dir/../../.." && pwd -P)

# HOME may be unset, and some users have none. A directory in /var/tmp could belong to another user.
home=${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}
cache=${XDG_CACHE_HOME:-${home:-/nonexistent}/.cache}/ip_vs_quic
if ! mkdir -p "$cache" 2>/dev/null; then
	cache=/var/tmp/ip_vs_quic-$(id -u)
	mkdir -p "$cache" || die "cannot make the cache directory $cache."
	if [ ! -O "$cache" ] || [ -L "$cache" ]; then
		die "the cache directory $cache is another user's."
	fi
fi
cache=$(cd "$cache" && pwd -P)

# as_owner COMMAND...: runs it as the owner of the checkout if that is not root, so that they can remove what is built in it.
as_owner() {
	local owner
	owner=$(stat -c %u "$repo")
	if [ "$(id -u)" = 0 ] && [ "$owner" != 0 ]; then
		setpriv --reuid "$owner" --regid "$(stat -c %g "$repo")" --clear-groups "$@"
	else
		"$@"
	fi
}

# work_of KERNEL: the directory where "module" compiles this checkout's modules for that kernel, and leaves the objects
work_of() {
	printf '%s/work/%s-%s/modules' "$cache" "$(basename "$1")" "$(printf '%s' "$repo" | sha256sum | cut -c1-8)"
}

# The holder of a lock may be building a kernel.
lock_seconds=7200

# with_lock NAME COMMAND...: runs one at a time on this machine. The lock belongs to the open file, so it is released when its holder
# is killed. There is no "||" around COMMAND, which would switch errexit off inside it.
with_lock() {
	local lock_fd lock_name=$1
	shift
	mkdir -p "$cache/locks"
	exec {lock_fd}>"$cache/locks/$lock_name"
	flock -w "$lock_seconds" "$lock_fd" || die "another process has had the lock $cache/locks/$lock_name for $lock_seconds seconds."
	"$@"
	exec {lock_fd}>&-
}

# build_programs LOG: builds this checkout's programs, all that a guest needs
build_programs() {
	build_userspace "$1"
	build "$1" tools/testing/selftests/ip_vs_quic
	build "$1" tools/testing/bench
}

# build_userspace LOG: of these the ones in userspace/. The unit tests are not among them: a suite of their own builds and runs these,
# perhaps at the same time.
build_userspace() { build "$1" userspace lib quiclbadm quiclb-steer h3server; }

# build LOG DIRECTORY [TARGET...]: under a lock
build() {
	with_lock "userspace-$(printf '%s' "$repo" | sha256sum | cut -c1-8)" make_in "$@"
}

make_in() {
	if ! as_owner make -s -j"$(nproc)" -C "$repo/$2" "${@:3}" >"$1" 2>&1; then
		cat "$1" >&2
		die "the programs in $2 do not build."
	fi
}

# frr_root: Debian's FRR, unpacked; prints the directory
frr_root() {
	"$lab_dir/unpacked" bookworm frr libyang2 libjson-c5 libc-ares2 libprotobuf-c1 librtr0 libreadline8 libpam0g libcap2 libpcre2-8-0
}
