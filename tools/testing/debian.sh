# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Shared by "packages" and "boot": Debian packages of this checkout, and a root to install them in. qemu/lib.sh comes first.
# shellcheck disable=SC2154 # repo and lab_dir are lib.sh's, root and debs those of the script

# What a director's root has besides what its packages depend on: systemd, what a boot needs, and the tests' own.
# "boot" adds to it.
director_packages=(systemd-sysv udev dbus kmod iproute2 procps e2fsprogs)

codename() { sed -n 's/^VERSION_CODENAME=//p' /etc/os-release; }

# last_commit FORMAT
last_commit() { git -C "$repo" log -1 --format="$1" 2>/dev/null || true; }

# build_depends: the packages' names; of the two virtual ones, the ones that provide them
build_depends() {
	awk '/^[^ ]/ { on = /^Build-Depends:/ } on' "$repo/contrib/debian/control" | sed 's/^Build-Depends://' | tr ',' '\n' |
		sed -E 's/^ *//; s/[ (].*//; s/^debhelper-compat$/debhelper/; s/^dh-sequence-/dh-/' | grep . | sort
}

# make_packages SUITE DIRECTORY: "make deb" on that release: this machine's, or that of a root which has only what the packaging needs
make_packages() {
	local builder packages
	if [ "$1" = "$(codename)" ]; then
		"$repo/tools/deb" "$2" >/dev/null
		return
	fi
	mapfile -t packages < <(build_depends)
	builder=$("$lab_dir/toolchain" "$1" build-essential rsync "${packages[@]}")
	mkdir -p "$2"
	# The root is the cache's, so nothing is written there.
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare -m sh -ec '
		mount -t tmpfs tmpfs "$1/tmp"
		mkdir "$1/tmp/tree" "$1/tmp/out"
		mount --bind "$2" "$1/tmp/tree"
		mount --bind "$3" "$1/tmp/out"
		mount -t proc proc "$1/proc"
		root=$1
		shift 3
		exec chroot "$root" "$@"' _ "$builder" "$repo" "$2" \
		env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C "DEBFULLNAME=$(last_commit %an)" "DEBEMAIL=$(last_commit %ae)" \
		"SOURCE_DATE_EPOCH=$(last_commit %ct)" /tmp/tree/tools/deb /tmp/out >/dev/null
}

# depends DEB...: the names of the packages that they depend on, but not of those among them
depends() {
	local deb
	for deb in "$@"; do
		dpkg-deb -f "$deb" Depends
	done | tr ',' '\n' | sed 's/^ *//; s/[ (|].*//' | sort -u | while read -r name; do
		compgen -G "$(dirname "$1")/${name}_*.deb" >/dev/null || echo "$name"
	done
}

# director_root SUITE DEB...: makes "$root" of that release, with what these packages depend on
director_root() {
	local base packages
	mapfile -t packages < <(depends "${@:2}")
	base=$("$lab_dir/toolchain" "$1" "${director_packages[@]}" "${packages[@]}")
	cp -a "$base" "$root"
}

# in_root COMMAND...: in $root, with /proc and /dev, which DKMS uses, in a mount namespace of its own
in_root() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare -m sh -ec 'mount -t proc proc "$1/proc"; mount --bind /dev "$1/dev"; exec chroot "$@"' _ "$root" \
		env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@" </dev/null
}
