# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For tests that cause a fault, check what trace and doctor print about it, run what the doctor prints, and check that datagrams flow
# again.  One trace runs for the whole script, in the namespace $NS that has the faults.
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# trace_in NAMESPACE [OPTION...]: traces from here to the script's end; the lines are in $WORK/trace
trace_in() {
	NS=$1
	[ -d /sys/kernel/tracing/instances ] || skip_all "tracefs is not mounted"
	spawn "$NS" quiclbadm trace -j "${@:2}" >"$WORK/trace" 2>"$WORK/trace.err"
	poll 180 "the trace" grep -q "^Tracing" "$WORK/trace.err"
	# on a kernel that cannot show packets only the doctor is tested
	CAN_TRACE=1
	! grep -q "^Warning: kernel: it has no" "$WORK/trace.err" || CAN_TRACE=
}

# since: lines of the trace since mark_trace
mark_trace() { TRACE_MARK=$(wc -l <"$WORK/trace"); }
since() { tail -n "+$((TRACE_MARK + 1))" "$WORK/trace"; }

# happened EVENT FILTER: an event for which the jq filter is true has been traced since mark_trace
happened() { jq -en "any(inputs | select(input_line_number > $TRACE_MARK); .event == \"$1\" and ($2))" "$WORK/trace"; }

# traces FILTER WHAT: waits until such an event has been traced
traces() {
	[ -n "$CAN_TRACE" ] || return 0
	poll 30 "a drop in the trace that is $1" happened drop "$1"
}

# one WORD...: sends a datagram whose CID names real server 2, unless words say otherwise
one() { send -t "${WAIT:-500}" -c 0:3:4 "to=$SVC4" "from=$CL4.$CLIENT:$((RANDOM % 30000 + 2000))" name=x "mint=0:$(sid 3 2)" "$@"; }

# lost WORD...: it is not answered
lost() {
	one "$@"
	case $GOT in
	"x none 1" | "x refused 1") ;;
	*) fail "it was to be lost: $GOT" ;;
	esac
}

# found WORD...: real server 2 answers
found() {
	WAIT=5000 one "$@"
	answers "x s2 1"
}

# has_faults OPTION...: the doctor of $NS finds faults; the checks are in $FAULTS, the commands that it prints in $FIX
has_faults() {
	local rc=0
	in_ns "$NS" quiclbadm doctor "$@" -j >"$WORK/report" || rc=$?
	same "status of the doctor" "$rc" 1
	FIX=$(jq -r '(map(select(.verdict == "fault").check) | unique | join(" ")), (.[] | select(.verdict == "fault").fix // empty)' "$WORK/report")
	FAULTS=${FIX%%$'\n'*}
	FIX=${FIX#"$FAULTS"}
	FIX=${FIX#$'\n'}
}

# diagnosed CHECK OPTION...: the doctor of $NS finds this fault and no other
diagnosed() {
	has_faults "${@:2}"
	same "faults" "$FAULTS" "$1"
}

# healthy OPTION...
healthy() {
	in_ns "$NS" quiclbadm doctor "$@" -j >"$WORK/report" ||
		fail "$(jq -c '.[] | select(.verdict == "fault")' "$WORK/report")"
}

# cannot_tell OPTION...: this kernel shows no datagrams, so the doctor does not judge rules, and says so
cannot_tell() {
	healthy "$@"
	jq -e 'any(.[]; .check == "path" and .verdict == "unknown")' "$WORK/report" >/dev/null || fail "$(cat "$WORK/report")"
}

# mend [WORD VALUE]...: runs the command that the doctor printed, with VALUE for each WORD in capitals
mend() {
	while [ $# -gt 0 ]; do
		[[ $FIX == *"$1"* ]] || fail "no $1 in: $FIX"
		FIX=${FIX/"$1"/"$2"}
		shift 2
	done
	in_ns "$NS" sh -ec "$FIX" || fail "it does not do: $FIX"
}

# quietly COMMAND...: in $NS
there() { in_ns "$NS" "$@"; }
