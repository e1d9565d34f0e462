# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # what the files of this directory tell one another is in variables
#
# Chooses a release from an archive that changes all the time: lists name files that are gone, headers come before images, a mirror does
# not answer. Candidates are tried, the best first; the reasons why earlier ones failed are kept for a message.

: "${keyring:?apt.sh comes first}"

# take SUITE LIST TRY: LIST sets "offers". Sets "had" to the first offer with which TRY succeeds, and "refused" to the reasons why the
# offers before it failed. TRY sets "lack" to its reason, and returns 2 if a file in the lists cannot be had. Then the lists may be old,
# so they are fetched again, once, and it starts again. errexit is off in LIST and TRY, because their status is used.
take() {
	local suite=$1 list=$2 try=$3 status renewed=''
	while :; do
		refused=() offers=()
		"$list"
		for had in "${offers[@]}"; do
			status=0
			"$try" "$had" || status=$?
			[ "$status" != 0 ] || return 0
			refused+=("${had%% *}: $lack")
			[ "$status" != 2 ] || [ -n "$renewed" ] || break
		done
		had=''
		[ -z "$renewed" ] || return 1
		renewed=yes
		suite_update "$suite" now
		[ "$reached" != none ] || return 1
	done
}

# enumerate ITEM...: "ITEM; ITEM; ITEM"
enumerate() {
	printf '%s' "$1"
	shift
	[ $# = 0 ] || printf '; %s' "$@"
}

# why_none SUITE WHAT: the sentence for an archive that has none.
why_none() {
	if [ "$reached" = none ]; then
		printf '%s cannot be reached (%s)' "$1" "$unreached"
		return
	elif [ ${#refused[@]} -gt 0 ]; then
		printf '%s has no complete %s (%s)' "$1" "$2" "$(enumerate "${refused[@]}")"
	else
		printf '%s has no %s' "$1" "$2"
	fi
	[ "$reached" = all ] || printf ', and part of it cannot be reached (%s)' "$unreached"
}

# why_not_newer: the end of the sentence about the release that was taken.
why_not_newer() {
	if [ ${#refused[@]} -gt 0 ]; then
		printf 'not %s' "$(enumerate "${refused[@]}")"
	elif [ "$reached" != all ]; then
		printf 'a newer one may be in what cannot be reached (%s)' "$unreached"
	else
		printf 'the archive lists no newer one'
	fi
}

# A kernel's packages: image, modules, headers and the headers' parts; no compiler, no initramfs tool.
kernel_names='linux-(image|binary|modules|headers|kbuild|base)-[0-9][^ :]*'

# listed[PACKAGE=VERSION]: its dependencies in the lists; versions[PACKAGE]: the listed versions, the newest first
declare -A listed versions

# read_kernels SUITE SERIES: fills both with the kernel packages of that series.
read_kernels() {
	local names package version depends
	listed=() versions=()
	names=$(in_suite "$1" apt-cache search --names-only "^linux-(image|binary|modules|headers|kbuild|base)-${2/./[.]}([^0-9]|\$)" |
		cut -d' ' -f1 | grep -vE -- '-(rt|cloud|dbg)(-|$)') || return 0
	while IFS=$'\t' read -r package version depends; do
		listed[$package=$version]=$depends
		versions[$package]+="$version "
	done < <(
		# shellcheck disable=SC2086 # one package name per word
		in_suite "$1" apt-cache show $names | awk -v RS= '{
			package = version = depends = ""
			count = split($0, line, "\n")
			for (i = 1; i <= count; i++) {
				if (line[i] ~ /^Description.*\(meta-package\)/)
					next
				value = line[i]
				sub(/^[^:]*: */, "", value)
				if (line[i] ~ /^Package:/) package = value
				if (line[i] ~ /^Version:/) version = value
				if (line[i] ~ /^Depends:/) depends = value
			}
			printf "%s\t%s\t%s\n", package, version, depends
		}' | sort -t$'\t' -k1,1 -k2,2Vr -u
	)
}

# releases NAME: "RELEASE VERSION" of all listed for amd64: first those with NAME's version, then the others, each newest first.
releases() {
	printf '%s\n' "${!listed[@]}" | sed -nE 's/^linux-(headers|image)-([0-9][^ =]*[0-9]-amd64)(-unsigned)?=(.*)/\2 \4/p' |
		sort -u -k2,2Vr -k1,1Vr | awk -v named="$1-" '
			index($2, named) == 1 { print; next }
			{ others = others $0 "\n" }
			END { printf "%s", others }'
}

# plan[PACKAGE]: the version that will be taken
declare -A plan

# find_listed PREFERRED PACKAGE [OPERATOR VERSION]: sets "found" to a listed version that meets the condition: the preferred one, which
# is from the same source, or the newest.
find_listed() {
	local preferred=$1 package=$2
	shift 2
	[ -n "${listed[$package=$preferred]+there}" ] || preferred=''
	for found in $preferred ${versions[$package]:-}; do
		if [ $# = 0 ] || dpkg --compare-versions "$found" "$@"; then
			return 0
		fi
	done
	return 1
}

# add_dependency VERSION ALTERNATIVES: adds a dependency of a package of that version to the plan, unless one of the alternatives is in
# it: the first listed one that is a kernel's package. Other dependencies, the compiler and the initramfs tool, are ignored.
add_dependency() {
	local version=$1 alternative wanted='' choice=() alternatives pattern
	pattern="^ *($kernel_names)(:[a-z]+)?( \\(([<>=]+) ([^)]+)\\))? *\$"
	IFS='|' read -ra alternatives <<<"$2"
	for alternative in "${alternatives[@]}"; do
		[[ $alternative =~ $pattern ]] || continue
		set -- "${BASH_REMATCH[1]}" ${BASH_REMATCH[5]:+"${BASH_REMATCH[5]}" "${BASH_REMATCH[6]}"}
		wanted=${wanted:-$1${2:+ ($2 $3)}}
		[ -z "${plan[$1]:-}" ] || return 0
		[ ${#choice[@]} = 0 ] && find_listed "$version" "$@" && choice=("$1" "$found")
	done
	if [ ${#choice[@]} -gt 0 ]; then
		add_package "${choice[@]}"
	elif [ -n "$wanted" ]; then
		missing=$wanted
		return 1
	fi
}

# add_package PACKAGE VERSION: adds it to the plan, with the kernel's packages that it depends on; on failure "missing" names the one
# that is not listed.
add_package() {
	local dependency
	[ -z "${plan[$1]:-}" ] || return 0
	if [ -z "${listed[$1=$2]+there}" ]; then
		missing="$1 (= $2)"
		return 1
	fi
	plan[$1]=$2
	while IFS= read -r -d, dependency; do
		add_dependency "$2" "$dependency" || return 1
	done <<<"${listed[$1=$2]},"
}

# plan_release RELEASE VERSION IMAGE: plans that image and the headers; fails if a package that they need is not listed.
plan_release() {
	plan=()
	add_package "$3" "$2" && add_package "linux-headers-$1" "$2"
}

# images RELEASE: the packages that can have the image, the best first. The unsigned one has the same kernel and is published earlier;
# since 7.1 it is in the package of the modules.
images() {
	printf '%s\n' "linux-image-$1" "linux-image-$1-unsigned" "linux-modules-$1" | while read -r image; do
		[ -z "${versions[$image]:-}" ] || printf '%s\n' "$image"
	done
}
