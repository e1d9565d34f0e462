#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run_all.sh [one [KofN] | several | alone | GROUP...]: the scripts of this directory, those for one processor and those that look for
# races; or only the former (of those, share K of N), or only the latter, who want several; or those that want a guest for themselves
# because it is not the same afterwards; or those named (routing for routing.sh).  All in one lab and as one KTAP stream.  Each case
# is numbered on its own; a script that ends without its plan, or with a plan that does not fit, is a failure too.  One that is
# not over after SCRIPT_SECONDS (1800) is ended; what runs then is shown.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

groups=(stock routing headers unroutable forwarding express master policy spread tenants lengths icmp marks delivery masq interop badpackets parity gro scale refusals saverestore tracing explain doctor trace faults faults_director flood fuzz secrets http3)
races=(rotation lifecycle loading cache churn)
# Debug kernels only: the others inject no failures.
[ ! -w /sys/kernel/debug/failslab/probability ] || groups+=(failslab)
case $* in
'') groups+=("${races[@]}") ;;
one) ;;
'one '[1-9]of[1-9])
	for i in "${!groups[@]}"; do
		[ $((i % ${2#*of} + 1)) = "${2%of*}" ] || unset "groups[i]"
	done
	;;
several) groups=("${races[@]}") ;;
alone) groups=(readme) ;;
*) groups=("$@") ;;
esac

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
	# whoever is left would keep the pipe open
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
