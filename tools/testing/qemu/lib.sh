# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the scripts of this directory share: where the cache is, how they refuse, how they keep out of each other's way.

# Not used by COMMANDs of our own, so that a broken lab is never taken for a failed test.
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

# What is made here is for other users too (apt's, a guest's), whatever we were started with.
umask 022
if [ ! -d "${TMPDIR:-/tmp}" ] || [ ! -w "${TMPDIR:-/tmp}" ]; then
	unset TMPDIR
fi

lab_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck disable=SC2034 # for those who source this
repo=$(cd "$lab_dir/../../.." && pwd -P)

# Some ways of becoming a user leave HOME unset, some users have none. What is in /var/tmp could be somebody else's.
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

# as_owner COMMAND...: as the owner of the checkout if that is not root, so that what is built in it stays theirs to remove.
as_owner() {
	local owner
	owner=$(stat -c %u "$repo")
	if [ "$(id -u)" = 0 ] && [ "$owner" != 0 ]; then
		setpriv --reuid "$owner" --regid "$(stat -c %g "$repo")" --clear-groups "$@"
	else
		"$@"
	fi
}

# work_of KERNEL: where "module" compiles this checkout's modules for the kernel in that directory, and leaves the objects
work_of() {
	printf '%s/work/%s-%s/modules' "$cache" "$(basename "$1")" "$(printf '%s' "$repo" | sha256sum | cut -c1-8)"
}

# Whoever has a lock may be building a kernel.
lock_seconds=7200

# with_lock NAME COMMAND...: one at a time on this machine. The lock belongs to the open file, so a killed holder lets go of it.
# No "||" around COMMAND: that would switch errexit off inside it.
with_lock() {
	local lock_fd lock_name=$1
	shift
	mkdir -p "$cache/locks"
	exec {lock_fd}>"$cache/locks/$lock_name"
	flock -w "$lock_seconds" "$lock_fd" || die "another process has had the lock $cache/locks/$lock_name for $lock_seconds seconds."
	"$@"
	exec {lock_fd}>&-
}

# build_programs LOG: this checkout's, one at a time
build_programs() {
	with_lock "userspace-$(printf '%s' "$repo" | sha256sum | cut -c1-8)" make_programs "$1"
}

make_programs() {
	local directory
	for directory in userspace tools/testing/selftests/ip_vs_quic tools/testing/bench; do
		if ! as_owner make -s -j"$(nproc)" -C "$repo/$directory" >"$1" 2>&1; then
			cat "$1" >&2
			die "the programs in $directory do not build."
		fi
	done
}
