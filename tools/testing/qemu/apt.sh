# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # what the files of this directory tell one another is in variables
#
# Packages of any Debian suite without touching the machine's own package configuration: an apt root of our own per suite, in
# the cache, whose sources are the machine's own mirrors with another suite name. Nothing is installed from it, only unpacked.

: "${cache:?lib.sh comes first}"
# What signs the archive; the tests have one of their own.
keyring=${LAB_KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}

# mirror main|security: the address this machine takes that half of Debian from.
mirror() {
	local codename pattern found
	# shellcheck source=/dev/null
	codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
	pattern=$codename
	[ "$1" = main ] || pattern=$codename-security
	# What it would fetch, which it knows without ever having fetched anything.
	found=$(apt-get update --print-uris | sed -n "s#^'\(.*/\)dists/$pattern/InRelease' .*#\1#p" | sed -n 1p)
	if [ -z "$codename" ] || [ -z "$found" ]; then
		printf "E: the machine's apt sources have no entry for %s\n" "${pattern:-the release /etc/os-release does not name}" >&2
		return 1
	fi
	printf '%s' "$found"
}

apt_root() {
	printf '%s/apt/%s' "$cache" "$1"
}

# base_suite SUITE: the one it builds on, which may be itself.
base_suite() {
	local base=${1%-security}
	printf '%s' "${base%-backports}"
}

# suite_sources SUITE: lines of a sources.list, and on standard error what has no mirror. A suite brings the one it builds on, or
# its dependencies cannot be resolved.
suite_sources() {
	local main security
	main=$(mirror main) || main=''
	[ -z "$main" ] || printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$main" "$(base_suite "$1")"
	case $1 in
	*-backports) [ -z "$main" ] || printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$main" "$1" ;;
	*-security)
		security=$(mirror security) || security=''
		[ -z "$security" ] || printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$security" "$1"
		;;
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

# suite_update SUITE [now]: fetches that suite's package lists; not again within the hour, unless now. Sets "reached" to how much of
# it could be fetched, "all", "some" or "none", and "unreached" to what apt said about the rest, of which the last lists are kept.
# One at a time: apt would rather fail than wait.
suite_update() {
	with_lock "suite-$1" fetch_lists "$@"
}

# reached_any LOG: whether apt-get update got an answer to anything. It announces what it tries, and then says if that has failed.
reached_any() {
	awk '/^(Get|Hit|Ign|Err):[0-9]+ / { split($1, word, ":"); last[word[2]] = word[1] }
		END { for (item in last) found = found || last[item] == "Get" || last[item] == "Hit"; exit !found }' "$1"
}

fetch_lists() {
	local root
	root=$(apt_root "$1")
	reached=all unreached=''
	if [ "${2:-}" != now ] && [ -n "$(find "$root/updated" -mmin -60 2>/dev/null)" ]; then
		return 0
	fi
	mkdir -p "$root/none" "$root/state/lists/partial" "$root/cache/archives/partial"
	: >"$root/status"
	suite_sources "$1" >"$root/sources.list" 2>"$root/log"
	in_suite "$1" apt-get update >>"$root/log" 2>&1 || true
	if ! grep -q '^[WE]:' "$root/log"; then
		touch "$root/updated"
		return 0
	fi
	rm -f "$root/updated"
	reached=some
	reached_any "$root/log" || reached=none
	unreached=$(complaint "$root/log")
}

# complaint LOG: the first thing apt complains of there.
complaint() {
	sed -n '/^[WE]: / { s///p; q }' "$1"
}

# unpack SUITE DIRECTORY PACKAGE[=VERSION]...: unpacked over DIRECTORY; otherwise "lack" says what is wrong. apt checks size and hash.
unpack() {
	local suite=$1 target=$2 debs deb
	shift 2
	debs=$(mktemp -d "$cache/debs.XXXXXX") || exit
	if ! (cd "$debs" && in_suite "$suite" apt-get download "$@") >"$debs/log" 2>&1; then
		lack=$(complaint "$debs/log")
		rm -rf "$debs"
		return 1
	fi
	for deb in "$debs"/*.deb; do
		dpkg -x "$deb" "$target" 2>"$debs/log" && continue
		lack="$(basename "$deb") cannot be unpacked: $(tail -n 1 "$debs/log")"
		rm -rf "$debs"
		return 1
	done
	rm -rf "$debs"
}
