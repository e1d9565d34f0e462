#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# archive_test.sh [GROUP...]: tests that the lab gets its kernels, sources and toolchains from an archive in any state, or says in one
# sentence what is missing. It uses small archives that it makes, and no QEMU. Prints KTAP. The scripts are a copy, with a matrix of
# their own. The groups are listed at the end.
set -eu

here=$(cd "$(dirname "$0")" && pwd -P)
all=$(mktemp -d) tmp=$all
trap 'kill $(jobs -p) 2>/dev/null || true; GNUPGHOME=$all/gnupg gpgconf --kill all || true; rm -rf "$all"' EXIT
for tool in apt-ftparchive apt-get dpkg-deb gpg; do
	command -v "$tool" >/dev/null && continue
	printf 'KTAP version 1\n1..1\n# %s is not installed: run tools/setup as root\nnot ok 1 the tools are there\n' "$tool"
	exit 1
done

# result VERDICT NAME: the numbers are added later.
result() {
	if [ "$1" = ok ]; then
		printf 'ok archive: %s\n' "$2"
	else
		sed 's/^/# /' "$tmp/said"
		printf '# got: %s\nnot ok archive: %s\n' "$1" "$2"
	fi
}

make_key() {
	export GNUPGHOME=$tmp/gnupg LAB_KEYRING=$tmp/key.gpg
	mkdir -m 700 "$GNUPGHOME"
	gpg -q --batch --passphrase '' --quick-gen-key test ed25519 sign never 2>/dev/null
	gpg -q --export >"$LAB_KEYRING"
}

# make_machine: makes a group's own files below $tmp: the scripts, apt's configuration, the packages.
make_machine() {
	local codename
	cp -r "$all/debs" "$all/base" "$tmp/"
	codename=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
	mkdir -p "$tmp/lab/tools/testing" "$tmp/none" "$tmp/bin" "$tmp/apt/lists/partial"
	cp -r "$here/qemu" "$tmp/lab/tools/testing/"
	printf '6.1.20 test-security host\n6.1.19 test-security host\n' >"$tmp/lab/tools/testing/qemu/matrix"
	printf 'deb file:%s %s main\n' "$tmp/main" "$codename" "$tmp/security" "$codename-security" >"$tmp/sources.list"
	printf 'Dir::Etc::SourceList "%s";\nDir::Etc::SourceParts "%s";\nDir::State "%s";\nDir::Cache "%s";\n' \
		"$tmp/sources.list" "$tmp/none" "$tmp/apt" "$tmp/apt" >"$tmp/apt.conf"
	export APT_CONFIG=$tmp/apt.conf PATH=$tmp/bin:$PATH
}

# deb PACKAGE VERSION [FIELD...]: makes a package in $tmp/debs, with the files of $tmp/content if it exists.
deb() {
	local package=$1 version=$2 directory=$tmp/content
	shift 2
	mkdir -p "$directory/DEBIAN" "$tmp/debs"
	printf '%s\n' "Package: $package" "Version: $version" 'Architecture: amd64' 'Maintainer: test' "$@" 'Description: test' \
		>"$directory/DEBIAN/control"
	dpkg-deb -Znone --root-owner-group -b "$directory" "$tmp/debs/${package}_${version}_amd64.deb" >/dev/null
	rm -rf "$directory"
}

file() {
	mkdir -p "$(dirname "$tmp/content/$1")"
	printf '%s' "${2-content}" >"$tmp/content/$1"
}

# kernel_debs ABI VERSION: the packages of a 6.1 kernel in Debian. The modules' directory names the kind of image.
kernel_debs() {
	local release=6.1.0-$1-amd64 version=$2 suffix list
	for suffix in '' -unsigned; do
		file "boot/vmlinuz-$release" "image${suffix:--signed}"
		for list in kernel/x modules.order modules.builtin modules.builtin.modinfo; do
			file "lib/modules/$release/$list" ''
		done
		deb "linux-image-$release$suffix" "$version" 'Depends: kmod, initramfs-tools (>= 0.120) | linux-initramfs-tool'
	done
	file "usr/src/linux-headers-$release/Makefile"
	deb "linux-headers-$release" "$version" \
		"Depends: linux-headers-6.1.0-$1-common (= $version), linux-kbuild-6.1 (>= $version), linux-compiler-gcc-12-x86"
	file "usr/src/linux-headers-6.1.0-$1-common/Makefile"
	deb "linux-headers-6.1.0-$1-common" "$version"
	file usr/lib/linux-kbuild-6.1/scripts/x
	deb linux-kbuild-6.1 "$version"
}

source_deb() {
	mkdir -p "$tmp/tar/l/arch/um/include/asm" "$tmp/content/usr/src"
	printf '%s\n' "$1" | tee "$tmp/tar/l/arch/um/include/asm/page.h" >"$tmp/tar/l/version"
	tar -cJf "$tmp/content/usr/src/linux-source-6.1.tar.xz" -C "$tmp/tar" l
	deb linux-source-6.1 "$1"
}

make_debs() {
	kernel_debs 1 6.1.10-1
	kernel_debs 2 6.1.20-1
	kernel_debs 3 6.1.20-2
	# the same ABI once more
	kernel_debs 3 6.1.20-3
	source_deb 6.1.20-1
	source_deb 6.1.20-2
	deb gcc-14 14.2
	deb make 4.3
}

# The archives: $tmp/main with suites test and test-backports, $tmp/security with test-security.

# kernel ABI VERSION PART...: the files of these parts
kernel() {
	local release=6.1.0-$1-amd64 version=$2 part
	shift 2
	for part in "$@"; do
		case $part in
		signed) printf 'linux-image-%s_%s_amd64.deb\n' "$release" "$version" ;;
		unsigned) printf 'linux-image-%s-unsigned_%s_amd64.deb\n' "$release" "$version" ;;
		headers) printf 'linux-headers-%s_%s_amd64.deb\n' "$release" "$version" "${release%-amd64}-common" "$version" ;;
		kbuild) printf 'linux-kbuild-6.1_%s_amd64.deb\n' "$version" ;;
		esac
	done
}

whole=(signed unsigned headers kbuild)

# publish SUITE: makes that suite from the files that standard input lists; files of the base suite stay where they are.
publish() {
	local suite=$1 root=$tmp/main release=$tmp/Release
	[ "$suite" != test-security ] || root=$tmp/security
	mkdir -p "$root/pool/$suite" "$root/dists/$suite/main/binary-amd64"
	rm -f "$root/pool/$suite"/* "$root/dists/$suite"/*Release
	while read -r file; do
		cp "$tmp/debs/$file" "$root/pool/$suite/"
	done
	(cd "$root" && apt-ftparchive packages "pool/$suite" >"dists/$suite/main/binary-amd64/Packages")
	apt-ftparchive -o "APT::FTPArchive::Release::Codename=$suite" -o "APT::FTPArchive::Release::Suite=$suite" \
		-o APT::FTPArchive::Release::Architectures=amd64 -o APT::FTPArchive::Release::Components=main \
		release "$root/dists/$suite" >"$release"
	gpg -q --batch --clearsign -o "$root/dists/$suite/InRelease" "$release"
}

# fresh: a cache with nothing in it, and an archive with the release of the base suite alone.
fresh() {
	rm -rf "$tmp/cache" "$tmp/main" "$tmp/security"
	cp -r "$tmp/base" "$tmp/main"
	export XDG_CACHE_HOME=$tmp/cache
}

no_archive() {
	rm -rf "$tmp/main.gone" "$tmp/security.gone"
	mv "$tmp/main" "$tmp/main.gone"
	mv "$tmp/security" "$tmp/security.gone"
}

# ask SCRIPT ARG...: sets "status" and "directory"; what was said is in $tmp/said
ask() {
	local script=$1
	shift
	status=0
	directory=$("$tmp/lab/tools/testing/qemu/$script" "$@" 2>"$tmp/said") || status=$?
}

# said PATTERN: whether the output matches; the empty pattern always does.
said() {
	[ -z "$1" ] || grep -qE -- "$1" "$tmp/said"
}

# expect NAME RELEASE VERSION IMAGE PATTERN [DIRECTORY]: asking for kernel 6.1.20 got this one; it is complete, and a sentence says why
# it is this one.
expect() {
	local name=$1 release=6.1.0-$2-amd64 verdict=ok
	if [ "$status" != 0 ]; then
		verdict="status $status"
	elif [ "$(basename "$directory")" != "${6:-6.1.20}" ] || [ ! -e "$directory/complete" ]; then
		verdict="directory $directory"
	elif [ "$(cat "$directory/release") $(cat "$directory/version") $(cat "$directory/vmlinuz")" != "$release $3 image-$4" ]; then
		verdict="$(cat "$directory/release") $(cat "$directory/version") $(cat "$directory/vmlinuz")"
	elif ! [ -e "$directory/lib/modules/$release/kernel/x" ] || ! [ -e "$directory/lib/modules/$release/build/Makefile" ] ||
		! [ -e "$directory/lib/modules/$release/modules.dep" ]; then
		verdict='a piece is missing'
	elif ! said "$5"; then
		verdict="nothing said of $5"
	fi
	result "$verdict" "$name"
}

# refused NAME PATTERN: the script failed, one sentence says why, and no kernel, source or toolchain is left that looks complete.
refused() {
	local verdict=ok
	if [ "$status" != 125 ] || [ -n "$directory" ]; then
		verdict="status $status, $directory"
	elif [ "$(grep -c '^Error: ' "$tmp/said")" != 1 ] || ! grep -qE -- "^Error: .*$2" "$tmp/said"; then
		verdict="nothing said of $2"
	elif [ -n "$(find "$tmp/cache" -name complete)" ]; then
		verdict='something is left that looks whole'
	fi
	result "$verdict" "$1"
}

test_lists() {
	fresh
	{ kernel 2 6.1.20-1 "${whole[@]}" && kernel 3 6.1.20-2 "${whole[@]}"; } | publish test-security
	ask kernel 6.1.20
	expect "the newest release, whole" 3 6.1.20-2 signed 'lists no newer'
	no_archive
	ask kernel 6.1.20
	expect "the second time, without an archive" 3 6.1.20-2 signed ''
	result "$([ -s "$tmp/said" ] && echo "words" || echo ok)" "the second time, without a word"

	fresh
	{ kernel 2 6.1.20-1 "${whole[@]}" && kernel 3 6.1.20-2 headers kbuild; } | publish test-security
	ask kernel 6.1.20
	expect "headers without image" 2 6.1.20-1 signed 'not 6.1.0-3-amd64: no image'

	fresh
	{ kernel 2 6.1.20-1 signed unsigned headers && kernel 3 6.1.20-2 headers unsigned kbuild; } | publish test-security
	ask kernel 6.1.20
	expect "only the unsigned image" 3 6.1.20-2 unsigned 'unsigned because linux-image-6.1.0-3-amd64 is not listed'

	fresh
	{ kernel 3 6.1.20-2 signed && kernel 3 6.1.20-3 headers unsigned kbuild; } | publish test-security
	ask kernel 6.1.20
	expect "a signed image of an older version" 3 6.1.20-3 unsigned 'unsigned because linux-image-6.1.0-3-amd64 \(= 6.1.20-3\)'

	fresh
	{ kernel 2 6.1.20-1 "${whole[@]}" && kernel 3 6.1.20-2 signed unsigned kbuild; } | publish test-security
	ask kernel 6.1.20
	expect "image without headers" 2 6.1.20-1 signed 'not 6.1.0-3-amd64: linux-headers-6.1.0-3-amd64 .* is not listed'

	fresh
	{ kernel 2 6.1.20-1 "${whole[@]}" && kernel 3 6.1.20-2 "${whole[@]}"; } | grep -v 6.1.0-3-common | publish test-security
	ask kernel 6.1.20
	expect "headers without those in common" 2 6.1.20-1 signed 'not 6.1.0-3-amd64: linux-headers-6.1.0-3-common .* is not listed'

	fresh
	{ kernel 2 6.1.20-1 "${whole[@]}" && kernel 3 6.1.20-2 signed headers; } | publish test-security
	ask kernel 6.1.20
	expect "headers newer than kbuild" 2 6.1.20-1 signed 'not 6.1.0-3-amd64: linux-kbuild-6.1 \(>= 6.1.20-2\) is not listed'

	fresh
	kernel 3 6.1.20-2 headers kbuild | publish test-security
	ask kernel 6.1.20
	expect "the base suite's release" 1 6.1.10-1 signed 'not 6.1.0-3-amd64: no image'
}

# damage FILE: its list of contents is complete, its contents are truncated.
damage() {
	(cd "$tmp" && ar x "debs/$1" data.tar && truncate -s 2000 data.tar && ar r "debs/$1" data.tar)
}

# gone FILE: the file is listed, but the archive does not have it.
gone() {
	rm "$tmp/security/pool/test-security/$1"
}

test_files() {
	fresh
	{ kernel 2 6.1.20-1 "${whole[@]}" && kernel 3 6.1.20-2 "${whole[@]}"; } | publish test-security
	gone linux-headers-6.1.0-3-common_6.1.20-2_amd64.deb
	ask kernel 6.1.20
	expect "a listed file that is missing" 2 6.1.20-1 signed 'not 6.1.0-3-amd64: .*linux-headers-6.1.0-3-common_6.1.20-2'

	fresh
	{ kernel 2 6.1.20-1 "${whole[@]}" && kernel 3 6.1.20-2 "${whole[@]}"; } | publish test-security
	gone linux-image-6.1.0-3-amd64_6.1.20-2_amd64.deb
	ask kernel 6.1.20
	expect "a signed image that is missing" 3 6.1.20-2 unsigned 'unsigned because .*linux-image-6.1.0-3-amd64_6.1.20-2'

	fresh
	{ kernel 2 6.1.20-1 "${whole[@]}" && kernel 3 6.1.20-2 "${whole[@]}"; } | publish test-security
	printf x >>"$tmp/security/pool/test-security/linux-kbuild-6.1_6.1.20-2_amd64.deb"
	ask kernel 6.1.20
	expect "two releases, a file of the newer not as listed" 2 6.1.20-1 signed 'not 6.1.0-3-amd64: .*linux-kbuild-6.1_6.1.20-2'

	fresh
	damage linux-image-6.1.0-3-amd64_6.1.20-2_amd64.deb
	{ kernel 2 6.1.20-1 "${whole[@]}" && kernel 3 6.1.20-2 signed headers kbuild; } | publish test-security
	ask kernel 6.1.20
	expect "two releases, the newer impossible to unpack" 2 6.1.20-1 signed 'not 6.1.0-3-amd64: .* cannot be unpacked'

	fresh
	deb linux-image-6.1.0-3-amd64 6.1.20-2
	{ kernel 2 6.1.20-1 "${whole[@]}" && kernel 3 6.1.20-2 signed headers kbuild; } | publish test-security
	ask kernel 6.1.20
	expect "two releases, the newer without an image inside" 2 6.1.20-1 signed 'not 6.1.0-3-amd64: its packages hold no vmlinuz'
	cp "$all/debs"/* "$tmp/debs/"

	fresh
	kernel 2 6.1.20-1 "${whole[@]}" | publish test-security
	ask kernel 6.1.19
	kernel 3 6.1.20-2 "${whole[@]}" | publish test-security
	ask kernel 6.1.20
	expect "lists out of date" 3 6.1.20-2 signed 'lists no newer'

	fresh
	{ kernel 2 6.1.20-1 "${whole[@]}"; } | publish test-security
	rm -rf "$tmp/main"
	gone linux-kbuild-6.1_6.1.20-1_amd64.deb
	ask kernel 6.1.20
	refused "nothing whole anywhere" '6.1.0-2-amd64: .*linux-kbuild-6.1_6.1.20-1'
}

test_unreachable() {
	fresh
	ask kernel 6.1.20
	expect "only the base suite can be reached" 1 6.1.10-1 signed 'what cannot be reached'

	fresh
	kernel 2 6.1.20-1 "${whole[@]}" | publish test-security
	ask kernel 6.1.19
	no_archive
	ask kernel 6.1.20
	expect "no archive, but another kernel of the series" 2 6.1.20-1 signed 'cannot be reached .* the cache.s 6.1.19 stands in' 6.1.19
	rm "$tmp/cache/ip_vs_quic/kernels/6.1.19/complete"
	ask kernel 6.1.20
	refused "no archive, and one that is not whole" 'cannot be reached .* the cache has no other'

	rm -rf "$tmp/cache"
	ask kernel 6.1.20
	refused "no archive and no cache" 'test-security cannot be reached .* the cache has no other'
	sed -i.kept d "$tmp/sources.list"
	ask kernel 6.1.20
	refused "a machine that knows no archive" "apt sources have no entry"
	mv "$tmp/sources.list.kept" "$tmp/sources.list"
	mv "$tmp/main.gone" "$tmp/main"
	mv "$tmp/security.gone" "$tmp/security"
	mkdir -p "$tmp/cache/ip_vs_quic/kernels/6.1.20/lib"
	ask kernel 6.1.20
	expect "half a kernel in the cache" 2 6.1.20-1 signed 'lists no newer'
}

# expect_source NAME VERSION PATTERN
expect_source() {
	local verdict=ok
	if [ "$status" != 0 ] || [ "$(cat "$directory/tree/version")" != "$2" ] || [ "$(cat "$directory/version")" != "$2" ]; then
		verdict="status $status, $directory"
	elif ! said "$3"; then
		verdict="nothing said of $3"
	fi
	result "$verdict" "source: $1"
}

test_source() {
	fresh
	echo linux-source-6.1_6.1.20-2_amd64.deb | publish test-security
	echo linux-source-6.1_6.1.20-1_amd64.deb | publish test
	gone linux-source-6.1_6.1.20-2_amd64.deb
	ask source test-security linux-source-6.1
	expect_source "the newest that can be had" 6.1.20-1 'not 6.1.20-2: '
	echo linux-source-6.1_6.1.20-2_amd64.deb | publish test-security
	ask source test-security linux-source-6.1
	expect_source "the archive not asked within a week" 6.1.20-1 ''
	touch -h -d '8 days ago' "$tmp/cache/ip_vs_quic/sources/linux-source-6.1.test-security"
	ask source test-security linux-source-6.1
	expect_source "the archive asked after a week" 6.1.20-2 'Fetching'
	touch -h -d '8 days ago' "$tmp/cache/ip_vs_quic/sources/linux-source-6.1.test-security"
	rm "$tmp/cache/ip_vs_quic/apt/test-security/updated"
	no_archive
	ask source test-security linux-source-6.1
	expect_source "no archive after a week" 6.1.20-2 'cannot be reached .* version 6.1.20-2 of the cache'
	rm -rf "$tmp/cache"
	ask source test-security linux-source-6.1
	refused "source: no archive and no cache" 'linux-source-6.1 cannot be had: .* cannot be reached'
}

# A substitute for mmdebstrap: it needs a base suite that has dpkg, takes its packages from the suite that apt prefers, and fails in
# the way that the file $tmp/broken names.
make_mmdebstrap() {
	cat >"$tmp/bin/mmdebstrap" <<-'END'
		#!/bin/bash
		tmp=$(dirname "$(dirname "$0")") from=''
		for option; do
			case $option in
			--include=*) packages=${option#*=} ;;
			--aptopt=APT::Default-Release*) from=$(cut -d'"' -f2 <<<"$option") ;;
			esac
		done
		suite=${*: -3:1} root=${*: -2:1}
		from=${from:-$suite}
		[ "$suite" = test ] || { echo "E: Could not exec dpkg" && exit 1; }
		! grep -qx "$from" "$tmp/broken" || { echo "E: Failed to fetch gcc-14 of $from" && exit 1; }
		mkdir -p "$root/var/lib/dpkg"
		echo "$from" >"$root/from"
		for package in ${packages//,/ }; do
			printf 'Package: %s\nStatus: install ok installed\nVersion: 1\nArchitecture: all\nDescription: x\n\n' "$package"
		done >"$root/var/lib/dpkg/status"
	END
	chmod 755 "$tmp/bin/mmdebstrap"
	: >"$tmp/broken"
}

# expect_toolchain NAME FROM PATTERN
expect_toolchain() {
	local verdict=ok
	if [ "$status" != 0 ] || [ "$(cat "$directory/from")" != "$2" ] || [ ! -e "$directory/../complete" ]; then
		verdict="status $status, $directory"
	elif ! said "$3"; then
		verdict="nothing said of $3"
	fi
	result "$verdict" "toolchain: $1"
}

test_toolchain() {
	make_mmdebstrap
	fresh
	mkdir "$tmp/security"
	printf '%s\n' gcc-14_14.2_amd64.deb make_4.3_amd64.deb | publish test
	echo gcc-14_14.2_amd64.deb | publish test-backports
	ask toolchain test-backports make gcc-14
	expect_toolchain "backports on top of the base suite" test-backports ''
	rm -rf "$tmp/cache"
	echo test-backports >"$tmp/broken"
	ask toolchain test-backports make gcc-14
	expect_toolchain "the base suite's while that of backports cannot be had" test 'not test-backports: Failed to fetch'
	echo test >>"$tmp/broken"
	ask toolchain test-backports gcc-14
	expect_toolchain "another one with the packages when none can be had" test 'stands in'
	no_archive
	ask toolchain test-backports make
	expect_toolchain "another one with the packages without an archive" test 'cannot be reached .* stands in'
	ask toolchain test-backports gcc-14 make
	expect_toolchain "the second time, without an archive" test ''
	rm -rf "$tmp/cache"
	ask toolchain test gcc-14
	refused "toolchain: no archive and no cache" 'cannot be reached .* the cache has none'
}

# group NAME: runs its tests in the background.
group() {
	mkdir "$all/$1"
	(
		tmp=$all/$1
		make_machine
		"test_$1"
		: >"$tmp/done"
	) >"$all/$1.out" 2>"$all/$1.err" &
}

# results: prints the groups' results, one after the other, and what is wrong with them.
results() {
	local name
	for name in "${groups[@]}"; do
		cat "$all/$name.out"
		sed 's/^/# /' "$all/$name.err"
		[ -e "$all/$name/done" ] || printf 'not ok archive: the group %s stopped\n' "$name"
	done
	[ "$(id -u)" = 0 ] || printf 'ok archive: toolchain # SKIP only root sets one up\n'
}

groups=("$@")
if [ $# = 0 ]; then
	groups=(lists files unreachable source)
	[ "$(id -u)" != 0 ] || groups+=(toolchain)
fi
make_key
make_debs
kernel 1 6.1.10-1 "${whole[@]}" | publish test
mv "$all/main" "$all/base"
for name in "${groups[@]}"; do
	group "$name"
done
wait
printf 'KTAP version 1\n'
results | awk '
	/^(not )?ok / { sub(/ok /, "ok " ++count " "); bad += /^not/ }
	{ print }
	END { print "1.." count; exit bad > 0 }'
