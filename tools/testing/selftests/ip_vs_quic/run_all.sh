#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run_all.sh [--list] [one [KofN] | several | alone | GROUP...]: runs groups of selftests in one lab, as one KTAP stream. The file
# "groups" lists them all.
#   (nothing)   the groups for one processor and those for several
#   one         the groups for one processor; with KofN, share K of N of them
#   several     the groups for several processors, which look for races
#   alone       the groups that need a guest of their own
#   GROUP...    these groups: "routing" is routing.sh
# --list only prints the names of the groups.
# Each case has its own number. A script that ends without its plan, or with a plan that does not fit, is one more failure. A script
# that runs longer than SCRIPT_SECONDS (1800) is ended, and its processes are shown.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# listed GUEST...: the names of the groups that the file "groups" has for these guests
listed() { awk -v guests=" $* " '!/^#/ && index(guests, " " $2 " ") { print $1 }' "$here/groups"; }

list=
if [ "${1:-}" = --list ]; then
	list=1
	shift
fi
one=(one)
[ ! -w /sys/kernel/debug/failslab/probability ] || one+=(debug)
case $* in
'') mapfile -t groups < <(listed "${one[@]}" several) ;;
one | 'one '[1-9]of[1-9]) mapfile -t groups < <(listed "${one[@]}") ;;
several | alone) mapfile -t groups < <(listed "$1") ;;
*) groups=("$@") ;;
esac
if [ $# = 2 ] && [ "$1" = one ]; then
	for i in "${!groups[@]}"; do
		[ $((i % ${2#*of} + 1)) = "${2%of*}" ] || unset "groups[i]"
	done
fi
if [ -n "$list" ]; then
	printf '%s\n' "${groups[@]}"
	finished=1
	exit 0
fi

# Reads one script's KTAP, writes its lines with the numbers of the whole, keeps score in $WORK/score.
# shellcheck disable=SC2016
merge='
	function result(line) { print line; fflush() }
	BEGIN { n = start }
	/^(not )?ok [0-9]+ / {
		seen++
		bad = $1 == "not"
		sub(/^(not )?ok [0-9]+ (- )?/, "")
		if (bad) failed++
		else if (/# SKIP/) skipped++
		result((bad ? "not ok " : "ok ") ++n " " script ": " $0)
		next
	}
	/^1\.\.[0-9]+/ {
		plan = substr($1, 4)
		have_plan = 1
		if (/# SKIP/) {
			sub(/.*# SKIP */, "")
			skipped++
			result("ok " ++n " " script ": all of it # SKIP " $0)
		}
		next
	}
	/^KTAP version/ { next }
	{ print; fflush() }
	END {
		if (!have_plan || plan + 0 != seen + 0) {
			failed++
			result("not ok " ++n " " script ": ended before its plan was fulfilled")
		}
		print n, failed + 0, skipped + 0 > score
	}'

# in_time NAME: the script, which is a session of its own. A shell's & would have it ignore two signals.
in_time() {
	local session watcher
	rm -f "$WORK/over"
	setsid env --default-signal=INT,QUIT nsenter --net="/run/netns/$LAB-lb" "$here/$1.sh" &
	session=$!
	limit "$1" "$session" &
	watcher=$!
	{ wait "$session" || true; } 2>/dev/null
	[ -e "$WORK/over" ] || kill "$watcher"
	{ wait "$watcher" || true; } 2>/dev/null
	# a process that is left would keep the pipe open
	pkill -KILL -s "$session" || true
}

# limit NAME SESSION: it is told to end, and has some seconds for that
limit() {
	read -rt "$seconds" -u "$never" || true
	: >"$WORK/over"
	note "$1.sh: not over after $seconds s, which is its limit; these run:"
	ps -e --forest -o pid,sid,stat,etimes,wchan:20,args | awk -v session="$2" 'NR == 1 || $2 == session' | sed 's/^/# /'
	pkill -TERM -s "$2" || true
	read -rt 10 -u "$never" || true
	pkill -KILL -s "$2" || true
}

echo "KTAP version 1"
seconds=${SCRIPT_SECONDS:-1800}
unset LAB
make_lab ivq$$
total=0 failed=0 skipped=0
for group in "${groups[@]}"; do
	begin=$SECONDS
	[ -x "$here/$group.sh" ] || fail "no such group: $group"
	in_time "$group" 2>&1 | mawk -W interactive -v start="$total" -v script="$group" -v score="$WORK/score" "$merge" || true
	read -r total f s <"$WORK/score"
	failed=$((failed + f)) skipped=$((skipped + s))
	note "$group.sh: $((SECONDS - begin)) s"
done
echo "1..$total"
note "Totals: pass:$((total - failed - skipped)) fail:$failed skip:$skipped"
finished=1
[ "$failed" = 0 ]
