# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # what the files of this directory tell one another is in variables
#
# Packages of any Debian suite, without touching the machine's own package configuration: there is an apt root per suite in
# the cache, whose sources are the machine's own mirrors with another suite name. Packages are unpacked, never installed.

: "${cache:?lib.sh comes first}"
# The keys that sign the archive; the tests have a key of their own.
keyring=${LAB_KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}

# mirror main|security: the address of this machine's mirror for that part of Debian.
mirror() {
	local codename pattern found
	# shellcheck source=/dev/null
	codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
	pattern=$codename
	[ "$1" = main ] || pattern=$codename-security
	# The addresses that it would fetch from; this works before anything was fetched.
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

# base_suite SUITE: the suite that it builds on, which may be itself.
base_suite() {
	local base=${1%-security}
	printf '%s' "${base%-backports}"
}

# suite_sources SUITE: prints lines of a sources.list, and on standard error what has no mirror. The suite that it builds on is
# included, because dependencies need it.
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
	# sid's Release files expire when a mirror lags; the files are still signed.
	"$tool" -q -o "Dir::Etc::SourceList=$root/sources.list" -o "Dir::Etc::SourceParts=$root/none" \
		-o "Dir::Etc::Preferences=$root/none" -o "Dir::Etc::PreferencesParts=$root/none" \
		-o "Dir::State=$root/state" -o "Dir::State::status=$root/status" -o "Dir::Cache=$root/cache" \
		-o Acquire::Check-Valid-Until=false -o Acquire::Languages=none -o APT::Sandbox::User=root \
		-o APT::Get::List-Cleanup=false "$@"
}

# suite_update SUITE [now]: fetches that suite's package lists, at most once in an hour unless "now" is given. Sets "reached" to how
# much could be fetched, "all", "some" or "none", and "unreached" to apt's message about the rest, of which the last lists are kept.
# Only one runs at a time, because apt fails instead of waiting.
suite_update() {
	with_lock "suite-$1" fetch_lists "$@"
}

# reached_any LOG: whether apt-get update got any answer. Its log lists what it tries, and then what has failed.
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

# complaint LOG: apt's first error message there.
complaint() {
	sed -n '/^[WE]: / { s///p; q }' "$1"
}

# unpack SUITE DIRECTORY PACKAGE[=VERSION]...: unpacks them into DIRECTORY; on failure "lack" says what is wrong. apt checks size and
# hash.
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
