# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For scripts that are tests by themselves and print KTAP.

verdict_count=0 verdict_failures=0

# plan N
plan() {
	printf 'KTAP version 1\n1..%s\n' "$1"
}

# verdict NAME COMMAND...: a test that passes if COMMAND succeeds. Otherwise COMMAND's output is shown.
verdict() {
	local name=$1 said
	shift
	verdict_count=$((verdict_count + 1))
	if said=$("$@" 2>&1); then
		printf 'ok %s %s\n' "$verdict_count" "$name"
	else
		printf '%s\n' "$said" | sed 's/^/# /'
		printf 'not ok %s %s\n' "$verdict_count" "$name"
		verdict_failures=$((verdict_failures + 1))
	fi
}

# equal GOT WANTED NAME: a test that passes if the two are the same. Otherwise their difference is shown.
equal() {
	verdict "$3" diff <(printf '%s\n' "$2") <(printf '%s\n' "$1")
}

# end: the plan of a script that could not tell before, and its status
end() {
	printf '1..%s\n' "$verdict_count"
	[ "$verdict_failures" = 0 ]
}

# skip NAME WHY
skip() {
	verdict_count=$((verdict_count + 1))
	printf 'ok %s %s # SKIP %s\n' "$verdict_count" "$1" "$2"
}
