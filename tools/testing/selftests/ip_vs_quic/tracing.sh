#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Each datagram has exactly the right events, with the names of the counters, and never with a key or a nonce.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need_module
[ -d /sys/kernel/tracing/instances ] || skip_all "tracefs is not mounted"
lab_up
serve "$SVC4" "$SVC6" "$VIP4:446" "[$VIP6]:446"
TOP=$here/../../../..
TRACE=/sys/kernel/tracing/instances/$LAB-$$
EVENTS=$TRACE/events/ip_vs_quic
NO_ADDRESS="(einval)"	# how the kernel prints a server that there is not
FWMARK=0

# fallback FORM: prints the outcome of the first datagram of a 4-tuple whose CID maps to no server
fallback() { [ "$1" = long ] && echo fallback-new || echo fallback; }

# --- events --------------------------------------------------------------

# decision FORM CONFIG SERVER_ID OUTCOME [SERVER], and so on: the events of a datagram from $FROM to $TO
flow() { FLOW="client=$FROM vip=$VIP fwmark=$FWMARK"; }
decision() { echo "ip_vs_quic_decision: $FLOW form=$1 config=$2 server_id=$3 outcome=$4 server=${5:-$NO_ADDRESS}"; }
unroutable() { echo "ip_vs_quic_unroutable: $FLOW reason=$1 form=$2 version=$3 dcid_len=$4 dcid=$5"; }
schedule() { echo "ip_vs_quic_schedule: $FLOW outcome=$1 server=${2:-$NO_ADDRESS}"; }

# forget: discards what has been traced so far
forget() { : >"$TRACE/trace"; }

# events: sets $SEEN to the events since forget(), without process, CPU and time
events() {
	local lines line
	mapfile -t lines <"$TRACE/trace"
	SEEN=()
	for line in "${lines[@]}"; do
		[ "${line:0:1}" = "#" ] || SEEN+=("ip_vs_quic_${line#*: ip_vs_quic_}")
	done
}

# traced EVENT...: exactly these, in this order
traced() {
	events
	same "events" "$(printf '%s\n' ${SEEN[@]+"${SEEN[@]}"})" "$(printf '%s\n' "$@")"
}

# one SERVICE FROM [OPTION...] WORD...: one datagram, the only one to be traced
one() {
	VIP=$1 FROM=$2
	flow
	shift 2
	forget
	send -t 300 -c 0:3:4 -c "1:8:8:$KEY" -c "2:4:6:$KEY" "to=$VIP" "from=$FROM" name=x "$@"
}

# by_family V4 V6: prints the one for the family of $VIP
by_family() {
	case $VIP in
	\[*) printf '%s' "$2" ;;
	*) printf '%s' "$1" ;;
	esac
}

# rs N: server N of the service, as events have it
rs() { by_family "$(rs4 "$1"):$PORT" "[$(rs6 "$1")]:$PORT"; }

# answerer: the server that has answered
answerer() {
	case $GOT in
	"x s"[123]" 1") rs "${GOT:3:1}" ;;
	*) fail "one answer is wanted: $GOT" ;;
	esac
}

routed() {
	local svc=$1 from=$2 form=$3 config=$4 sid=$5
	one "$svc" "$from" "form=$form" "mint=$config:$sid"
	answers "x s2 1"
	traced "$(decision "$form" "$config" "$sid" routed "$(rs 2)")"
}

# leads_nowhere SERVICE FROM REASON FORM CONFIG SERVER_ID VERSION DCID_LEN DCID WORD...
leads_nowhere() {
	local reason=$3 form=$4 config=$5 sid=$6 version=$7 len=$8 dcid=$9
	one "$1" "$2" "${@:10}"
	traced "$(decision "$form" "$config" "$sid" "$reason")" "$(unroutable "$reason" "$form" "$version" "$len" "$dcid")" \
		"$(schedule "$(fallback "$form")" "$(answerer)")"
}

# by_express SERVICE COMMAND...: the case's datagram is taken by the express path, once that knows the way
by_express() {
	local n before
	q express add eth0
	defer "q express del eth0"
	for n in 1 2 3; do
		one "$1" "$CL4.73:7300" "mint=0:$(sid 3 "$n")"
	done
	before=$(taken)
	"${@:2}"
	same "datagrams taken" "$(taken)" $((before + 1))
}

taken() { q express list -j | jq '.[0].outcomes.taken'; }

# --- cases ----------------------------------------------------------------

# IPVS's own path: with events of the hook (a client's datagram) or without (a datagram of the director itself)
deferred() {
	ipvsadm -e -u "$SVC4" -r "$(rs4 2)" -m
	one "$SVC4" "$CL4.80:8000" "mint=0:$(sid 3 2)"
	traced "$(decision short 0 "$(sid 3 2)" deferred "$(rs 2)")" "$(schedule sched-cid "$(rs 2)")"
	ipvsadm -e -u "$SVC4" -r "$(rs4 2)" -i
}

from_director() {
	VIP=$SVC4 FROM=10.0.0.1:8001
	flow
	forget
	"$QUICGEN" send -n "$LAB-lb" -t 100 -c 0:3:4 "to=$VIP" "from=$FROM" "mint=0:$(sid 3 2)"
	traced "$(schedule sched-cid "$(rs 2)")"
}

no_weight() {
	local n
	for n in 1 2 3; do
		ipvsadm -e -u "$SVC4" -r "$(rs4 "$n")" -i -w 0
	done
	one "$SVC4" "$CL4.81:8100" dcid=ff11 size=0
	answers "x refused 1"
	traced "$(decision short -1 "" unroutable-reserved)" "$(unroutable unroutable-reserved short 0x0 2 ff11)" "$(schedule sched-none)"
	# its servers are named, though
	one "$SVC4" "$CL4.81:8101" "mint=0:$(sid 3 2)"
	traced "$(decision short 0 "$(sid 3 2)" routed "$(rs 2)")"
	for n in 1 2 3; do
		ipvsadm -e -u "$SVC4" -r "$(rs4 "$n")" -i -w 1
	done
}

# A service by firewall mark has neither address nor port.
firewall_mark() {
	command -v nft >/dev/null || skip "nft is not installed"
	defer "nft delete table inet ivq"
	nft -f - <<-END
		table inet ivq {
			chain to_mark {
				type filter hook prerouting priority mangle
				udp dport 446 meta mark set 17
			}
		}
	END
	q -R <<-END
		-A -f 17 -s quic
		config add -f 17 --id 0 --server-id-len 3 --nonce-len 4
		-a -f 17 -r $(rs4 1) -i --server-id 0:$(sid 3 1)
		-A -f 17 -6 -s quic
		config add -f 17 -6 --id 0 --server-id-len 3 --nonce-len 4
		-a -f 17 -6 -r $(rs6 3) -i --server-id 0:$(sid 3 3)
	END
	FWMARK=17
	mark_traced "$VIP4:446" "$CL4.82:8200" 0.0.0.0:0 1 "$(rs4 1):0"
	mark_traced "[$VIP6]:446" "[${CL6}:82]:8200" "[::]:0" 3 "[$(rs6 3)]:0"
	q -D -f 17
	q -D -f 17 -6
}

# mark_traced TO FROM VIP N SERVER: server N is the only one
mark_traced() {
	FROM=$2 VIP=$3
	flow
	forget
	send -c 0:3:4 "to=$1" "from=$FROM" name=x "mint=0:$(sid 3 "$4")"
	answers "x s$4 1"
	traced "$(decision short 0 "$(sid 3 "$4")" routed "$5")"
	forget
	send "to=$1" "from=$FROM" name=x form=long dcid=ff
	answers "x s$4 1"
	traced "$(decision long -1 "" unroutable-reserved)" "$(unroutable unroutable-reserved long 0x1 1 ff)" \
		"$(schedule "$(fallback long)" "$5")"
}

# The contents of the ring buffers in hex, as perf and other readers of binary records see them.
raw_events() {
	local buffer
	for buffer in "$TRACE"/per_cpu/cpu*/trace_pipe_raw; do
		dd "if=$buffer" bs=64k iflag=nonblock 2>/dev/null | od -An -v -tx1 | tr -d ' \n'
		echo
	done
}

# absent_from WHAT TEXT HEX...: TEXT does not contain HEX, but does contain what has to be there, so HEX would be found
absent_from() {
	local what=$1 text=$2 hex
	[[ $text == *$(sid 8 2)* ]] || fail "$what: not even the server ID is there"
	for hex in "${@:3}"; do
		[[ $text != *$hex* ]] || fail "$what: $hex"
	done
}

# A pool that is rebuilt for every change of a server, with the servers that it has then.
rebuilt() {
	forget
	ipvsadm -e -u "$SVC4" -r "$(rs4 3)" -i -w 2
	ipvsadm -d -u "$SVC4" -r "$(rs4 3)"
	ipvsadm -a -u "$SVC4" -r "$(rs4 3)" -i -w 1
	events
	same "rebuilds" "$(printf '%s\n' "${SEEN[@]}" | sed 's/slots=[1-9][0-9]*/slots=N/')" "$(
		for n in 3 2 3; do
			echo "ip_vs_quic_rebuild: vip=$SVC4 fwmark=0 servers=$n slots=N error=0"
		done
	)"
}

# Encrypted CIDs, routable or not, with every number of passes.
no_secrets() {
	local nonces=(a1b2c3d4e5f60718 b1b2c3d4e5f60719 c1c2c3c4c5c6 d1d2d3d4d5d6) cids=() form cid
	cids+=("$(q encode -u "$SVC4" --id 1 --server-id "$(sid 8 2)" --nonce "${nonces[0]}")")
	cids+=("$(q encode -u "$SVC4" --id 1 --server-id dddddddddddddddd --nonce "${nonces[1]}")")
	cids+=("$(q encode -u "$SVC4" --id 2 --server-id "$(sid 4 2)" --nonce "${nonces[2]}")")
	cids+=("$(q encode -u "$SVC4" --id 2 --server-id dddddddd --nonce "${nonces[3]}")")
	forget
	for form in short long; do
		for cid in "${cids[@]}"; do
			echo "form=$form dcid=$cid extra=5c"
		done
	done | send "to=$SVC4" "from=$CL4.83:8300" -
	all_answered 8
	events
	[ ${#SEEN[@]} -ge 12 ] || fail "only ${#SEEN[@]} events"
	absent_from "text of the events" "${SEEN[*]}" "$KEY" "${nonces[@]}"
	absent_from "the ring buffers" "$(raw_events)" "$KEY" "${nonces[@]}"
}

# tally: sets $TALLY[outcome] to the number of events that have it, decisions and schedules
tally() {
	local line outcome
	TALLY=()
	for line in "${SEEN[@]}"; do
		case $line in
		ip_vs_quic_unroutable:*) continue ;;
		esac
		outcome=${line#* outcome=}
		outcome=${outcome%% *}
		TALLY[$outcome]=$((${TALLY[$outcome]:-0} + 1))
	done
}

# Each datagram that is counted is traced, and the other way round.
as_counted() {
	local -A TALLY
	local outcome counts=()
	mark "$SVC4"
	forget
	send -c 0:3:4 -c "1:8:8:$KEY" "to=$SVC4" - <<-END
		from=$CL4.84:1000 mint=0:$(sid 3 1) count=30 walk=port
		from=$CL4.84:2000 mint=1:$(sid 8 2) count=20 walk=port form=long
		from=$CL4.84:3000 mint=0:dddddd count=10
		from=$CL4.84:4000 dcid=ff count=10 walk=port form=long
		from=$CL4.84:5000 mint=0:eeeeee count=5 walk=port
		from=$CL4.84:6000 raw= count=5 walk=port
	END
	all_answered 80
	events
	tally
	for outcome in "${!TALLY[@]}"; do
		counts+=("$outcome=${TALLY[$outcome]}")
	done
	same "routed" "${TALLY[routed]}" 50
	counted "$SVC4" "${counts[@]}"
}

# header_table MACRO: its lines
header_table() { sed -n "/^#define $1(X)/,/^$/p" "$TOP/kmod/uapi/linux/ip_vs_quic.h"; }

# NUMBER NAME of each outcome, as the header has them
header_list() {
	header_table IP_VS_QUIC_OUTCOMES | sed -n 's/^\tX([A-Z_]*, "\([a-z-]*\)", ".*")\( \\\)*$/\1/p' | awk '{ print NR - 1, $1 }'
}

# header_meanings MACRO: NAME MEANING of each
header_meanings() {
	header_table "$1" | sed -n 's/^\tX([A-Z_]*, "\([a-z-]*\)", "\(.*\)")\( \\\)*$/\1 \2/p'
}

format_list() {
	grep -oE '\{ [0-9]+, "[a-z-]+" \}' "$EVENTS/ip_vs_quic_$1/format" | sed -E 's/\{ ([0-9]+), "(.*)" \}/\1 \2/'
}

one_list() {
	local event names
	names=$(header_list | cut -d' ' -f2)
	[ "$(wc -l <<<"$names")" -ge 11 ] || fail "the header's list was not found: $names"
	for event in decision unroutable schedule icmp; do
		same "outcomes of $event" "$(format_list "$event")" "$(header_list)"
	done
	same "counters, as JSON" "$(q -L -n --stats -j -u "$SVC4" | jq -r '.services[0].outcomes | keys_unsorted[]')" "$names"
	same "counters" "$(q -L -n --stats --all -u "$SVC4" | awk '(NF == 2 || / short headers: /) && $2 ~ /^[0-9]+$/ { print $1 }')" "$names"
	same "manual" "$(sed -n '/^\.Sh OUTCOMES/,/^\.Sh FILES/s/^\.It Cm //p' "$TOP/userspace/quiclbadm/quiclbadm.8")" "$names"
	same "documentation" "$(documented "What happens to a datagram")" "$(header_meanings IP_VS_QUIC_OUTCOMES)"
}

# documented HEADING: the tables that follow it, up to the next one
documented() {
	awk -v heading="$1" '
		$0 == heading { on = 1; next }
		on && /^=+$/ && ++rules == 2 { exit }
		/^=+ +=+$/ { table = !table; next }
		on && table { name = $1; sub(/^[^ ]+ +/, ""); print name, $0 }' "$TOP/Documentation/ip_vs_quic.rst"
}

express_list() {
	local names
	names=$(header_meanings IP_VS_QUIC_EXPRESS_OUTCOMES | cut -d' ' -f1)
	[ "$(wc -l <<<"$names")" = 12 ] || fail "the header's list was not found: $names"
	q express add eth0
	defer "q express del eth0"
	same "counters, as JSON" "$(q express list -j | jq -r '.[0].outcomes | keys_unsorted[]')" "$names"
	same "manual" "taken"$'\n'"$(sed -n '/^The others were left/,/^\.El/s/^\.It Li //p' "$TOP/userspace/quiclbadm/quiclbadm.8")" "$names"
	same "documentation" "$(documented "The express path")" "$(header_meanings IP_VS_QUIC_EXPRESS_OUTCOMES)"
}

mkdir "$TRACE"
defer 'rmdir "$TRACE"'
echo 1 >"$EVENTS/enable"
fresh "$SVC4" rs4 0:3:4 "1:8:8:$KEY" "2:4:6:$KEY"
service "$SVC6" rs6 0:3:4 "1:8:8:$KEY" "2:4:6:$KEY" | q -R
q server-id add -u "$SVC4" -r "$(rs4 9)" --absent --server-id 0:eeeeee
q server-id add -u "$SVC6" -r "$(rs6 9)" --absent --server-id 0:eeeeee

config=0
for sid in "$(sid 3 2)" "$(sid 8 2)" "$(sid 4 2)"; do
	tcase "IPv4: routed, config $config" routed "$SVC4" "$CL4.70:700$config" short $config "$sid"
	tcase "IPv6: routed, config $config, long header" routed "$SVC6" "[${CL6}:70]:700$config" long $config "$sid"
	config=$((config + 1))
done

# name | reason form config server_id version dcid_len dcid | words
rows=(
	"no such config|unroutable-config short -1 none 0x0 8 7f11223344556677|dcid=7f11223344556677 size=0"
	"config ID 0b111, QUIC v2|unroutable-reserved long -1 none 0x6b3343cf 8 ff11223344556677|form=long version=6b3343cf dcid=ff11223344556677"
	"DCID too short|unroutable-short long 0 none 0x1 4 07112233|form=long dcid=07112233"
	"version negotiation without a DCID|unroutable-short long -1 none 0x0 0 none|form=long version=0"
	"no such server ID|unroutable-server-id long 0 dddddd 0x1 8 00dddddd01020304|form=long dcid=00dddddd01020304"
	"more of a datagram than a CID can be|unroutable-server-id short 0 dddddd 0x0 47 00dddddd0102030405060708090a0b0c0d0e0f101112131415|dcid=00dddddd0102030405060708090a0b0c0d0e0f101112131415 size=48"
	"server is not there|unroutable-server short 0 eeeeee 0x0 9 00eeeeee0102030405|dcid=00eeeeee0102030405 size=0"
	"nothing|malformed short -1 none 0x0 0 none|raw="
	"truncated long header|malformed short -1 none 0x0 0 none|raw=c000000001"
)
port=7100
for row in "${rows[@]}"; do
	IFS='|' read -r name expected words <<<"$row"
	IFS=' ' read -ra expected <<<"$expected"
	IFS=' ' read -ra words <<<"$words"
	expected=("${expected[@]/#none/}")
	port=$((port + 1))
	tcase "IPv4: $name: ${expected[0]}" leads_nowhere "$SVC4" "$CL4.71:$port" "${expected[@]}" "${words[@]}"
	tcase "IPv6: $name: ${expected[0]}" leads_nowhere "$SVC6" "[${CL6}:71]:$port" "${expected[@]}" "${words[@]}"
	tcase "$name: ${expected[0]}, by the express path" by_express "$SVC4" leads_nowhere "$SVC4" "$CL4.72:$port" "${expected[@]}" "${words[@]}"
done
tcase "deferred, and then given to its server" deferred
tcase "from the director itself" from_director
tcase "no server has weight" no_weight
tcase "a service by firewall mark" firewall_mark
tcase "as many events as are counted" as_counted
tcase "rebuilt pools" rebuilt
tcase "neither keys nor nonces" no_secrets
tcase "outcomes: header, events, counters, manual and documentation have one list" one_list
tcase "the express path's outcomes: header, counters, manual and documentation have one list" express_list
finish
