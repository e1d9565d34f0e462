#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# check.sh DIRECTORY... - runs `make check` in each and adds up their results.
#
# Each ends with a line "N passed, N failed, N skipped".  One that ends without it
# counts as a failed test.  The last line here has the same form; the exit status is
# 1 if anything failed or nothing ran.
set -euo pipefail

if [[ ! -d ${TMPDIR:-/tmp} || ! -w ${TMPDIR:-/tmp} ]]; then
	unset TMPDIR
fi
passed=0 failed=0 skipped=0
output=$(mktemp)
trap 'rm -f "$output"' EXIT

add() { # DIRECTORY STATUS
	local line p f s

	line=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$output" | tail -n 1) || true
	if [[ -z $line ]]; then
		echo "not ok - $1: make check ended without a result, status $2"
		failed=$((failed + 1))
		return
	fi
	read -r p _ f _ s _ <<<"$line"
	if [[ $2 -ne 0 && $f -eq 0 && $s -eq 0 ]]; then
		echo "not ok - $1: make check failed after its tests, status $2"
		f=1
	fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

for directory; do
	echo "== $directory"
	status=0
	"${MAKE:-make}" --no-print-directory -C "$directory" check 2>&1 | tee "$output" ||
		status=$?
	add "$directory" "$status"
done
echo "$passed passed, $failed failed, $skipped skipped"
[[ $failed -eq 0 && $passed -gt 0 ]]
