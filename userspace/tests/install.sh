#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# "make install" and similar targets, into a directory: which files are installed where, that
# uninstalling removes them all, and that there is one version.  What needs root and a kernel is in
# ../../tools/testing/selftests.  TAP.
set -euo pipefail

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
# "make install" compiles again what depends on its variables.  That happens in a copy of the tree, with what is built already: others
# run the programs of the tree meanwhile.
top=$tmp/tree
mkdir "$top"
(cd "$(dirname "$0")/../.." && cp -a --parents Makefile VERSION COPYING dkms.conf Documentation/quiclbadm.schema.json kmod userspace tools/module-tree tools/btf "$top")
version=$(cat "$top/VERSION")
# not those of the "make check" above
unset MAKEFLAGS MAKELEVEL MAKEOVERRIDES DESTDIR PREFIX
count=0

# test NAME FUNCTION: it runs with errexit, and has an empty $root
test_case() {
	local rc
	count=$((count + 1))
	root=$tmp/$count
	mkdir "$root"
	set +e
	(
		set -eE
		trap 'echo "# line $LINENO: $BASH_COMMAND"' ERR
		trap - EXIT
		"$2"
	) >"$tmp/log" 2>&1
	rc=$?
	set -e
	if [ "$rc" = 0 ]; then
		echo "ok $count - $1"
	else
		sed 's/^/# /' "$tmp/log"
		echo "not ok $count - $1"
	fi
}

# same WHAT GOT WANT
same() {
	[ "$2" != "$3" ] || return 0
	printf '%s differs (<: wanted, >: got):\n' "$1"
	diff <(printf '%s\n' "$3") <(printf '%s\n' "$2") || true
	return 1
}

top_make() { make -s -C "$top" DESTDIR="$root" "$@"; }

files() { (cd "$root" && find . ! -type d | sort); }

installed="./usr/include/quiclb.h
./usr/lib/libquiclb.a
./usr/lib/libquiclb.so
./usr/lib/libquiclb.so.$version
./usr/lib/libquiclb.so.1
./usr/lib/pkgconfig/libquiclb.pc
./usr/lib/systemd/system/quiclbadm-announce@.service
./usr/lib/systemd/system/quiclbadm-express@.service
./usr/lib/systemd/system/quiclbadm-metrics-textfile.service
./usr/lib/systemd/system/quiclbadm-metrics-textfile.timer
./usr/lib/systemd/system/quiclbadm-metrics.socket
./usr/lib/systemd/system/quiclbadm-metrics@.service
./usr/lib/systemd/system/quiclbadm.service
./usr/lib/udev/rules.d/90-quiclbadm.rules
./usr/libexec/quiclbadm-announce
./usr/libexec/quiclbadm-boot
./usr/libexec/quiclbadm-diag
./usr/libexec/quiclbadm-driver
./usr/sbin/quiclb-h3server
./usr/sbin/quiclb-steer
./usr/sbin/quiclbadm
./usr/share/bash-completion/completions/quiclb-steer
./usr/share/bash-completion/completions/quiclbadm
./usr/share/fish/vendor_completions.d/quiclb-steer.fish
./usr/share/fish/vendor_completions.d/quiclbadm.fish
./usr/share/man/man3/quiclb.3
./usr/share/man/man3/quiclb_source.3
./usr/share/man/man8/quiclb-h3server.8
./usr/share/man/man8/quiclb-steer.8
./usr/share/man/man8/quiclbadm.8
./usr/share/quiclbadm/ip-vs-quic-middlebox.yang
./usr/share/quiclbadm/ip-vs-quic-server.yang
./usr/share/quiclbadm/quiclbadm.schema.json
./usr/share/zsh/site-functions/_quiclb-steer
./usr/share/zsh/site-functions/_quiclbadm"

# Other files in the same directories stay.
comes_and_goes() {
	local neighbour
	top_make install PREFIX=/usr
	same "files" "$(files)" "$installed"
	for neighbour in usr/lib/libquiclb.so.9 usr/sbin/quiclbadm2 usr/share/man/man8/ours.8; do
		touch "$root/$neighbour"
	done
	top_make uninstall PREFIX=/usr
	same "what is left" "$(files)" "./usr/lib/libquiclb.so.9
./usr/sbin/quiclbadm2
./usr/share/man/man8/ours.8"
}

# looks_in PREFIX: where the installed program expects quiclbadm-diag; it is alone, and PREFIX not this machine's
looks_in() {
	rm "$root$1/libexec/quiclbadm-diag"
	"$root$1/sbin/quiclbadm" trace -u 192.0.2.1:443 2>&1 || true
}

prefix_at_install() {
	local prefix
	make -s -C "$top/userspace" quiclbadm
	for prefix in /nowhere/one /nowhere/two; do
		top_make install PREFIX=$prefix
		same "sentence" "$(looks_in $prefix)" \
			"Error: $prefix/libexec/quiclbadm-diag: No such file or directory."
	done
	# and nothing is compiled when nothing has changed
	same "second make" "$(make -C "$top/userspace/quiclbadm" PREFIX=$prefix | grep -E ' (CC|LD) ' || true)" ""
}

one_version() {
	same "quiclbadm" "$("$top/userspace/quiclbadm/quiclbadm" version)" "quiclbadm $version"
	same "quiclb-h3server" "$("$top/userspace/h3server/quiclb-h3server" --version)" "quiclb-h3server $version"
	same "quiclb-steer" "$("$top/userspace/quiclb-steer/quiclb-steer" --version)" "quiclb-steer $version"
	top_make install
	same "libquiclb.pc" "$(grep ^Version: "$root"/usr/local/lib/pkgconfig/libquiclb.pc)" "Version: $version"
	# shellcheck disable=SC1091
	same "dkms.conf" "$(cd / && kernel_source_dir='' dkms_tree='' && . "$top/dkms.conf" && echo "$PACKAGE_VERSION")" "$version"
}

# in_header: the functions of quiclb.h
in_header() { grep -oE '\bquiclb_[a-z_]+\(' "$root/usr/local/include/quiclb.h" | tr -d '(' | sort -u; }

# The library gives a program that is linked with it, in either way, the functions of its header and no other names.
names_of_library() {
	top_make install
	same "libquiclb.a" "$(nm -g --defined-only "$root/usr/local/lib/libquiclb.a" | awk 'NF == 3 { print $3 }' | sort)" "$(in_header)"
	same "libquiclb.so" "$(nm -D --defined-only "$root/usr/local/lib/libquiclb.so" | awk '$2 == "T" { sub(/@.*/, "", $3); print $3 }' | sort)" \
		"$(in_header)"
}

dkms_tree() {
	top_make dkms-install
	same "dkms.conf" "$(grep ^PACKAGE_VERSION "$root/usr/src/ip_vs_quic-$version/dkms.conf")" "PACKAGE_VERSION=\"$version\""
	cmp "$top/VERSION" "$root/usr/src/ip_vs_quic-$version/VERSION"
	cmp "$top/kmod/main.c" "$root/usr/src/ip_vs_quic-$version/kmod/main.c"
	same "compiled files" "$(find "$root" -name '*.o' -o -name '*.ko')" ""
	top_make dkms-uninstall
	same "what is left" "$(files)" ""
}

# Without what BPF programs are compiled with, the rest is built and installed.
no_clang() {
	local without=(CLANG=/nowhere/clang BPFTOOL=/nowhere/bpftool)
	same "sentence" "$(make -s -C "$top/userspace" quiclb-steer "${without[@]}")" \
		"quiclb-steer is skipped: /nowhere/clang bpftool is not installed (tools/setup installs what is needed)."
	top_make install PREFIX=/usr "${without[@]}"
	same "files" "$(files)" "$(grep -v -e quiclb-steer -e quiclbadm-driver <<<"$installed")"
}

no_headers() {
	local rc=0
	top_make modules_install KDIR=/nowhere || rc=$?
	[ "$rc" != 0 ]
	same "files" "$(files)" ""
}

# "make help" is the list of what a user may ask for.
verbs_are_said() {
	local verb verbs
	top_make help >"$tmp/help"
	read -ra verbs < <(sed -n 's/^\.PHONY: //p' "$top/Makefile")
	for verb in "${verbs[@]}"; do
		case $verb in
		all | module | programs | setup) continue ;;
		esac
		grep -qw -- "$verb" "$tmp/help" || {
			echo "make help does not mention $verb"
			return 1
		}
	done
}

test_case "what make install puts there, make uninstall takes away" comes_and_goes
test_case "make, then make install PREFIX=...: programs find one another" prefix_at_install
test_case "one version" one_version
test_case "the library has the names of its header and no others" names_of_library
test_case "what make dkms-install puts there, make dkms-uninstall takes away" dkms_tree
test_case "make install without clang and bpftool leaves quiclb-steer out" no_clang
test_case "make modules_install without the kernel's headers fails" no_headers
test_case "make help mentions every verb" verbs_are_said
echo "1..$count"
