#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Whether the selftests have the cases that Documentation/troubleshooting.rst and doctor-cases.rst name. Prints KTAP.
set -eu

# shellcheck source-path=SCRIPTDIR source=verdicts.sh
. "$(dirname "$0")/verdicts.sh"
cd "$(dirname "$0")"
doc=../../Documentation/troubleshooting.rst
page=../../Documentation/doctor-cases.rst

# The cases of each script, as patterns: a variable in a name stands for any text.
declare -A cases
while IFS=: read -r file name; do
	# shellcheck disable=SC2016 # of the script that is read
	cases[$file]+=${name//'$name'/'*'}$'\n'
done < <(cd selftests/ip_vs_quic && sed -nE 's/^(.*[[:blank:]])?tcase "([^"]*)".*/\2/p; T; F' ./*.sh | paste -d : - - | sed -E 's|^(.*):\./([^:]*)$|\2:\1|')

# in_tables: "SCRIPT: CASE" for each that a table names
in_tables() {
	awk '/^     - [a-z_]+\.sh: / { on = 1 } on && !/^       |^     - [a-z_]+\.sh: / { on = 0 } on { printf "%s ", $0 } !on { print "" }' "$doc" |
		tr -s ' ' | sed 's/ - \([a-z_]*\.sh: "\)/\n\1/g; s/; \([a-z_]*\.sh: "\)/\n\1/g' |
		awk -F '"' '/^[a-z_]+\.sh: / { split($1, script, ":"); for (i = 2; i < NF; i += 2) print script[1] ": " $i }'
}

# under_tests: the cases of the lines below "tests", of the scripts of faults and of path.sh
under_tests() {
	awk '/^tests$/ { on = 1; next } on && !/^  / { on = 0; print "" } on { printf "%s ", $0 }' "$doc" | tr -s ' ' | grep -oE '"[^"]*"' | tr -d '"'
}

# has CASES NAME
has() {
	local pattern
	while IFS= read -r pattern; do
		# shellcheck disable=SC2053 # a pattern it is
		[[ $2 != $pattern ]] || return 0
	done <<<"$1"
	return 1
}

# on_page: the same of the page that tools/testing/doctor-cases makes
on_page() { awk '/^[a-z_]+\.sh$/ { script = $1 } /^   \* - / && $3 != "case" { sub(/^   \* - /, ""); print script ": " $0 }' "$page"; }

missing() {
	local name
	while IFS= read -r name; do
		has "${cases[${name%%: *}]:-}" "${name#*: }" || printf '%s\n' "$name"
	done < <(in_tables && on_page)
	while IFS= read -r name; do
		has "${cases[faults.sh]}${cases[faults_director.sh]}${cases[path.sh]}" "$name" || printf '%s\n' "$name"
	done < <(under_tests)
}

# without_row: the cases of the page's scripts that it does not have
without_row() {
	local script pattern rows
	for script in "${scripts[@]}"; do
		rows=$(on_page | sed -n "s/^$script: //p")
		while IFS= read -r pattern; do
			matches "$rows" "$pattern" || printf '%s: %s\n' "$script" "$pattern"
		done < <(grep . <<<"${cases[$script]}")
	done
}

# matches NAMES PATTERN
matches() {
	local name
	while IFS= read -r name; do
		# shellcheck disable=SC2053 # a pattern it is
		[[ $name != $2 ]] || return 0
	done <<<"$1"
	return 1
}

scripts=(faults.sh faults_director.sh path.sh hosts.sh)
printf 'KTAP version 1\n'
equal "$(missing)" "" "the selftests have the cases that troubleshooting.rst and doctor-cases.rst name"
equal "$(grep -xE '[a-z_]+\.sh' "$page")" "$(printf '%s\n' "${scripts[@]}")" "doctor-cases.rst has each script"
equal "$(without_row)" "" "doctor-cases.rst has a row for each case"
verdict "the names of the tables are found" [ "$(in_tables | wc -l)" -gt 40 ]
verdict "the names of the other entries are found" [ "$(under_tests | wc -l)" -gt 30 ]
end
