#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# run.sh [--limit SECONDS] PROGRAM... - runs programs that print TAP and adds up their results.
#
# A test that runs in several builds (plain/test_x, sanitize/test_x) is one test and
# has the worst of its results.  A program that ends before its plan is fulfilled, or
# fails without naming a test, has one failed test more.  So has one that runs longer than
# SECONDS (900): it is ended, and its processes are shown.  The last line is
# "N passed, N failed, N skipped"; the exit status is 1 if any failed or none ran.
set -euo pipefail

seconds=900
if [[ ${1:-} = --limit ]]; then
	seconds=$2
	shift 2
fi
start=$(cd "$(dirname "$0")/../../tools/testing" && pwd -P)/clean-start
results=$(mktemp)
output=$(mktemp)
trap 'rm -f "$results" "$output"' EXIT

# TAP on stdin -> lines of "result<TAB>test"
read_tap() { # SUITE STATUS
	awk -v suite="$1" -v status="$2" '
		function result(what, name) {
			print what "\t" suite ": " name
			seen++
			bad += what == "failed"
		}
		/^1\.\.[0-9]+/ { plan = substr($1, 4) + 0; planned = 1 }
		!/^(not )?ok [0-9]+/ { next }
		{
			name = $0
			sub(/^(not )?ok [0-9]+ *(- )?/, "", name)
		}
		name ~ /# *SKIP/ { sub(/ *# *SKIP */, "", name); result("skipped", name); next }
		/^ok/ { result("passed", name); next }
		{ result("failed", name) }
		END {
			if (status == 124)
				result("failed", "not over in time")
			else if (!planned || seen < plan)
				result("failed", "ended early, status " status)
			else if (status && !bad)
				result("failed", "exit status " status)
		}'
}

run() { # PROGRAM
	local suite status=0 fresh
	suite=$(basename "$1")
	suite=${suite#test_}
	"$start" --limit "$seconds" --name "$1" -- env CMOCKA_MESSAGE_OUTPUT=TAP "$1" >"$output" 2>&1 ||
		status=$?
	fresh=$(read_tap "$suite" "$status" <"$output")
	printf '%s\n' "$fresh" >>"$results"
	printf '  TEST    %-28s %s\n' "$1" "$(printf '%s\n' "$fresh" | cut -f1 | sort | uniq -c |
		awk '{ printf "%s%d %s", sep, $1, $2; sep = ", " }')"
	if grep -q '^failed' <<<"$fresh"; then
		sed 's/^/    /' "$output"
	fi
}

for program; do
	run "$program"
done
awk -F '\t' '
	BEGIN { rank["passed"] = 1; rank["skipped"] = 2; rank["failed"] = 3 }
	rank[$1] > worst[$2] { worst[$2] = rank[$1] }
	END {
		for (test in worst)
			count[worst[test]]++
		printf "%d passed, %d failed, %d skipped\n", count[1], count[3], count[2]
		exit count[3] || !count[1]
	}' "$results"
