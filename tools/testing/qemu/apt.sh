# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Packages of any Debian suite without touching the machine's own package configuration: an apt root of our own per suite, in
# the cache, whose sources are the machine's own mirrors with another suite name. Nothing is installed from it, only unpacked.

: "${cache:?lib.sh comes first}"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# mirror main|security: the address this machine takes that half of Debian from.
mirror() {
	local codename pattern found
	# shellcheck source=/dev/null
	codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
	[ -n "$codename" ] || die "/etc/os-release names no Debian release, so the mirror to use is unknown."
	pattern=$codename
	[ "$1" = main ] || pattern=$codename-security
	# shellcheck disable=SC2016 # the names are apt's
	found=$(apt-get indextargets 'Identifier: Packages' --format '$(REPO_URI) $(RELEASE)' |
		awk -v release="$pattern" '$2 == release { print $1; exit }')
	[ -n "$found" ] || die "the machine's apt sources have no entry for $pattern, so the mirror to use is unknown."
	printf '%s' "$found"
}

apt_root() {
	printf '%s/apt/%s' "$cache" "$1"
}

# suite_sources SUITE: lines of a sources.list. A suite brings the one it builds on, or its dependencies cannot be resolved.
suite_sources() {
	local base=${1%-security} main
	base=${base%-backports}
	main=$(mirror main)
	printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$main" "$base"
	case $1 in
	*-backports) printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$main" "$1" ;;
	*-security) printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$(mirror security)" "$1" ;;
	esac
}

# in_suite SUITE TOOL ARG...: apt-get or apt-cache inside that suite's root.
in_suite() {
	local root tool
	root=$(apt_root "$1")
	tool=$2
	shift 2
	# sid's Release files expire when a mirror lags; what is fetched is signed all the same.
	"$tool" -q -o "Dir::Etc::SourceList=$root/sources.list" -o "Dir::Etc::SourceParts=$root/none" \
		-o "Dir::Etc::Preferences=$root/none" -o "Dir::Etc::PreferencesParts=$root/none" \
		-o "Dir::State=$root/state" -o "Dir::State::status=$root/status" -o "Dir::Cache=$root/cache" \
		-o Acquire::Check-Valid-Until=false -o Acquire::Languages=none -o APT::Sandbox::User=root \
		-o APT::Get::List-Cleanup=false "$@"
}

# suite_update SUITE: fetch that suite's package lists; not again within the hour. One at a time: apt would rather fail than wait.
suite_update() {
	with_lock "suite-$1" fetch_lists "$1"
}

fetch_lists() {
	local root
	root=$(apt_root "$1")
	mkdir -p "$root/none"
	[ -z "$(find "$root/updated" -mmin -60 2>/dev/null)" ] || return 0
	mkdir -p "$root/none" "$root/state/lists/partial" "$root/cache/archives/partial"
	: >"$root/status"
	suite_sources "$1" >"$root/sources.list"
	in_suite "$1" apt-get update >"$root/log" 2>&1 || {
		cat "$root/log" >&2
		die "the package lists of $1 cannot be had."
	}
	if grep -q '^[WE]:' "$root/log"; then
		cat "$root/log" >&2
		die "the package lists of $1 cannot be had in full."
	fi
	touch "$root/updated"
}

# unpack SUITE DIRECTORY PACKAGE...: the newest version of each, unpacked over DIRECTORY. apt checks size and hash.
unpack() {
	local suite=$1 target=$2 debs deb
	shift 2
	debs=$(mktemp -d "$cache/debs.XXXXXX")
	(cd "$debs" && in_suite "$suite" apt-get download "$@") >"$debs/log" 2>&1 || {
		cat "$debs/log" >&2
		rm -rf "$debs"
		die "apt cannot download $* from $suite."
	}
	for deb in "$debs"/*.deb; do
		dpkg -x "$deb" "$target"
	done
	rm -rf "$debs"
}
