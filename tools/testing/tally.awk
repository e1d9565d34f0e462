# SPDX-License-Identifier: GPL-2.0-only
#
# Reads KTAP, passes it on, and writes "PASSED FAILED SKIPPED" to the file named by the variable "totals". A test with subtests
# (lines indented further) counts by them, unless it failed and none of them did. Each missing part counts as one failure:
# a plan, a result that the plan promised, a number in the sequence. What failed is appended to the file named by "failures",
# a line each, with the last comment that came before it since another result, which says why.

BEGIN { level = 0; indent[0] = 0 }

# note_failure: appends a line about it to "failures"
function note_failure(line) {
	failed++
	sub(/^ +/, "", line)
	if (failures)
		print line (why ? " (" why ")" : "") >>failures
}

function fault(what) {
	print "# tally: " what
	note_failure("tally: " what)
}

# leave: the block of tests at the innermost level has ended.
function leave() {
	if (!(level in plan))
		fault("there is no plan for " (level ? "a block of subtests" : "the whole run"))
	else if (plan[level] != seen[level] + 0)
		fault("the plan promised " plan[level] " results, there are " seen[level] + 0)
	delete plan[level]
	delete seen[level]
	level--
}

# move_to: to the level of this line's indentation.
function move_to(line) {
	match(line, /^ */)
	while (level > 0 && indent[level] > RLENGTH)
		leave()
	if (indent[level] < RLENGTH) {
		indent[++level] = RLENGTH
		failed_before[level] = failed
		subtests[level] = 1
	}
}

function result(good, skip, number) {
	if (number != ++seen[level])
		fault("result " number " where " seen[level] " was due")
	if (subtests[level + 1]) {
		if (!good && failed == failed_before[level + 1])
			note_failure($0)
	} else if (!good) {
		note_failure($0)
	} else if (skip) {
		skipped++
	} else {
		passed++
	}
	subtests[level + 1] = 0
}

{ print; fflush() }

/^ *# / {
	why = substr($0, index($0, "#") + 2, 240)
}

/^ *1\.\.[0-9]+/ {
	move_to($0)
	plan[level] = substr($1, 4) + 0
	if (plan[level] == 0 && /# SKIP/)
		skipped++
}

/^ *(not )?ok [0-9]+/ {
	move_to($0)
	result($1 == "ok", /# SKIP/, ($1 == "ok" ? $2 : $3) + 0)
	why = ""
}

/^Bail out!/ { fault("the run bailed out") }

END {
	while (level >= 0)
		leave()
	print passed + 0, failed + 0, skipped + 0 >totals
}
