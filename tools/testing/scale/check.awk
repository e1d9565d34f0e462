# SPDX-License-Identifier: GPL-2.0-only
#
# With model.awk: compares the table of Documentation/fleet.rst with what the model says of each cell, and prints KTAP, a test for each
# scheduler. Where chance decides, the bound is four standard deviations, which one cell in 16,000 exceeds by chance. It holds for each
# cell, and, being narrower for many, for the sum of all.

function bad(sentence) { wrong[scheduler] = wrong[scheduler] "# " sentence "\n" }

function compare(event, directors, cell,  share, part, off, allowed) {
	share = expected(event, scheduler)
	split(cell, part, "/")
	cells[scheduler]++
	if (share < 0) {
		bad(event ": the model does not know this event")
		return
	}
	off = part[1] - part[2] * share
	allowed = 4 * sqrt(part[2] * share * (1 - share))
	all_off[scheduler] += off
	all_allowed[scheduler] += allowed * allowed
	if (off > allowed || -off > allowed)
		bad(sprintf("%s, %d directors: %s lost, %.1f expected, within %.1f", event, directors, cell, part[2] * share, allowed))
}

/^=+  =+  =/ { rules++; next }
rules == 1 && $1 == "event" {
	for (i = 3; i <= NF; i++)
		name[i] = $i
	columns = NF
}
rules == 2 && NF == columns {
	for (i = 3; i <= NF; i++) {
		scheduler = name[i]
		if ($i != "-")
			compare($1, $2, $i)
	}
}

END {
	printf "1..%d\n", columns - 2
	for (i = 3; i <= columns; i++) {
		sum = all_off[name[i]]
		scheduler = name[i]
		if (sum * sum > all_allowed[scheduler])
			bad(sprintf("all cells: %.1f more lost than expected, within %.1f", sum, sqrt(all_allowed[scheduler])))
		good = wrong[name[i]] == "" && (cells[name[i]] > 20)
		failed += !good
		printf "%s%s %d - %s: %d cells of the table of events are as the model says\n", wrong[name[i]], good ? "ok" : "not ok", i - 2,
			name[i], cells[name[i]]
	}
	if (columns < 3)
		print "not ok 1 - there is no table of events"
	exit columns < 3 || failed > 0
}
