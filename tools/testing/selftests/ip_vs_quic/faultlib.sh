# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For tests that cause a fault, check what trace and doctor print about it, run what the doctor prints, and check that datagrams flow
# again.  One trace runs for the whole script, in the namespace $NS that has the faults.
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# --- what was seen, for the table in Documentation/doctor-cases.rst -----------------------

# column says|did|command TEXT: of the case that runs; what comes twice in a row is there once
column() {
	local line
	line=$(printf '%s\t%s\t%s' "$running" "$1" "${2//$'\n'/; }")
	[ "$(tail -n 1 "$WORK/columns.$1" 2>/dev/null)" = "$line" ] || printf '%s\n' "$line" >>"$WORK/columns.$1"
}

# says: what the doctor's report in $WORK/report comes to; advice that depends on what other cases left is not in it
says() {
	column says "$(jq -r '[.[] | select(.verdict == "fault" or .verdict == "unknown" or
		(.verdict == "advice" and (.check | IN("arp", "express", "gro", "icmp", "mtu", "redirects", "size", "source", "vip")))) | "\(.verdict) \(.check)"] |
		unique | sort_by(startswith("advice"), startswith("unknown")) | if . == [] then "no fault" else join(", ") end' "$WORK/report")"
}

# cell CASE COLUMN: in its order
cell() {
	touch "$WORK/columns.$2"
	awk -F '\t' -v name="$1" '$1 == name { text = text (text ? "; then " : "") $3 } END { print text ? text : "nothing" }' "$WORK/columns.$2"
}

# section: this script's part of the table
section() {
	local name command
	printf '%s\n%s\n\n.. list-table::\n   :header-rows: 1\n\n   * - case\n     - the doctor says\n     - the kernel did\n     - the printed command, which was run\n' \
		"$script.sh" "$(printf '%*s' $((${#script} + 3)) '' | tr ' ' -)"
	cut -f 1 "$WORK/columns.says" | uniq | while read -r name; do
		command=$(cell "$name" command)
		printf '   * - %s\n     - %s\n     - %s\n     - %s\n' "$name" "$(cell "$name" says)" "$(cell "$name" did)" \
			"$([ "$command" = nothing ] && echo none || printf '``%s``' "${command//; then /\`\`; then \`\`}")"
	done
}

CASES=$here/../../../../Documentation/doctor-cases.rst
# each_once: a table whose cells have each thing that was said, done or run once, in order of the alphabet: a busy machine may take another
# look, and several findings may have one fix
each_once() {
	awk '
		!/^     - / { print; next }
		{
			text = substr($0, 8)
			gsub(/`/, "", text)
			gsub(/; then /, "; ", text)
			n = split(text, part, "; ")
			for (i = 2; i <= n; i++)
				for (j = i; j > 1 && part[j] < part[j - 1]; j--) {
					swap = part[j]
					part[j] = part[j - 1]
					part[j - 1] = swap
				}
			line = "     - " part[1]
			for (i = 2; i <= n; i++)
				if (part[i] != part[i - 1])
					line = line "; " part[i]
			print line
		}'
}

# documented: the table has that part as it came out
documented() {
	same "the table of $script.sh, which tools/testing/doctor-cases makes" "$(section | each_once)" \
		"$(awk -v name="$script.sh" '$0 == name { on = 1 } on && /^$/ && ++empty == 3 { exit } on' "$CASES" | each_once)"
}

eval "finish_cases() $(declare -f finish | tail -n +2)"
# Only the lab has all that the cases need, the page is of the first kernel of the matrix, and one without BTF shows no datagrams.
is_of_the_page() {
	[ -n "${QLB_LAB:-}" ] && [ -e /sys/kernel/btf/vmlinux ] && [[ $(uname -r) == 6.1.* ]] && grep -qx "$script.sh" "$CASES"
}

finish() {
	[ -z "${SHOW_CASES:-}" ] || section | sed 's/^/#| /'
	! is_of_the_page || tcase "Documentation/doctor-cases.rst says the same" documented
	finish_cases
}

# --- traces ---------------------------------------------------------------------------------

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
	column did "lost it"
}

# found WORD...: real server 2 answers
found() {
	WAIT=5000 one "$@"
	answers "x s2 1"
	column did "answered"
}

# has_faults OPTION...: the doctor of $NS finds faults; the checks are in $FAULTS, the commands that it prints in $FIX
has_faults() {
	local rc=0
	in_ns "$NS" quiclbadm doctor "$@" -j >"$WORK/report" || rc=$?
	same "status of the doctor" "$rc" 1
	says
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
	says
}

# cannot_tell OPTION...: this kernel shows no datagrams, so the doctor does not judge rules, and says so
cannot_tell() {
	healthy "$@"
	jq -e 'any(.[]; .check == "path" and .verdict == "unknown")' "$WORK/report" >/dev/null || fail "$(cat "$WORK/report")"
}

# mend [WORD VALUE]...: runs the command that the doctor printed, with VALUE for each WORD in capitals
mend() {
	column command "$FIX"
	while [ $# -gt 0 ]; do
		[[ $FIX == *"$1"* ]] || fail "no $1 in: $FIX"
		FIX=${FIX/"$1"/"$2"}
		shift 2
	done
	in_ns "$NS" sh -ec "$FIX" || fail "it does not do: $FIX"
}

# quietly COMMAND...: in $NS
there() { in_ns "$NS" "$@"; }
