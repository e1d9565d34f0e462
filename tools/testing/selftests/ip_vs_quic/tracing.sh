#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The tracepoints tell each decision and why a CID is unroutable, in the words of the counters, and never a key or a nonce.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need_module
[ -d /sys/kernel/tracing/instances ] || skip_all "tracefs is not mounted"
lab_up
serve
trace=/sys/kernel/tracing/instances/$LAB-$$
mkdir "$trace"
trap 'rmdir "$trace"; cleanup' EXIT
echo 1 >"$trace/events/ip_vs_quic/enable"
fresh "$SVC4" rs4 0:3:4 "1:8:8:$KEY"
service "$SVC6" rs6 0:3:4 | q -R

# traced EVENT: its last line, without time and CPU
traced() { awk -v event="$1:" '{ for (i = 1; i < NF; i++) if ($i == event) { sub(".*" event " ", ""); line = $0 } } END { print line }' "$trace/trace"; }

lines() { grep -c "ip_vs_quic_$1:" "$trace/trace" || true; }

# decision SERVICE FROM WORD...
sent() {
	local svc=$1 from=$2
	shift 2
	echo >"$trace/trace"
	send -c 0:3:4 -c "1:8:8:$KEY" "to=$svc" "from=$from" "$@"
}

routed() {
	local svc=$1 server=$2 from=$3 config=$4 sid=$5
	sent "$svc" "$from" "mint=$config:$sid"
	same decision "$(traced ip_vs_quic_decision)" \
		"client=$from vip=$svc fwmark=0 form=short config=$config server_id=$sid outcome=routed server=$server:443"
	same "other events" "$(lines unroutable) $(lines schedule)" "0 0"
}

# unroutable REASON FORM VERSION DCID-LENGTH DCID WORD...
unroutable() {
	local reason=$1 form=$2 version=$3 len=$4 dcid=$5
	shift 5
	sent "$SVC4" "$CL4.95:$((9500 + case_count))" "$@"
	same unroutable "$(traced ip_vs_quic_unroutable)" \
		"client=$CL4.95:$((9500 + case_count)) vip=$SVC4 fwmark=0 reason=$reason form=$form version=$version dcid_len=$len dcid=$dcid"
	same "outcome of the decision" "$(traced ip_vs_quic_decision | sed 's/.*outcome=\([^ ]*\).*/\1/')" "$reason"
	same "outcome of the scheduling" "$(traced ip_vs_quic_schedule | sed 's/.*outcome=\([^ ]*\).*/\1/; s/ server=.*//')" sched-fallback
}

no_secrets() {
	local nonce=a1b2c3d4e5f60718 cid
	echo >"$trace/trace"
	for id in "$(sid 8 2)" dddddddddddddddd; do
		cid=$(q encode -u "$SVC4" --id 1 --server-id "$id" --nonce "$nonce" --key-file "$WORK/key")
		send "to=$SVC4" "from=$CL4.96:9600" "dcid=$cid" form=long size=0
	done
	same "decisions" "$(lines decision)" 2
	same "lines with the key or the nonce" "$(grep -ciE "$KEY|$nonce" "$trace/trace" || true)" 0
}

one_list() {
	local symbols
	symbols=$(sed -n 's/.*X([A-Z_]*, "\([a-z-]*\)", .*/\1/p' "$here/../../../../kmod/uapi/linux/ip_vs_quic.h" | sort)
	same "counters" "$(q -L -n --stats -j -u "$SVC4" | jq -r '.services[0].outcomes | keys[]' | sort)" "$symbols"
	for event in decision unroutable schedule; do
		same "outcomes of $event" "$(grep -oE '\{ [^{}]*, "[a-z-]+" \}' "$trace/events/ip_vs_quic/ip_vs_quic_$event/format" |
			sed 's/.*"\(.*\)".*/\1/' | sort)" "$symbols"
	done
}

tcase "IPv4: decision, plaintext" routed "$SVC4" "$(rs4 2)" "$CL4.94:9400" 0 "$(sid 3 2)"
tcase "IPv4: decision, encrypted" routed "$SVC4" "$(rs4 2)" "$CL4.94:9400" 1 "$(sid 8 2)"
tcase "IPv6: decision" routed "$SVC6" "[$(rs6 2)]" "[${CL6}:94]:9400" 0 "$(sid 3 2)"
tcase "unroutable-config" unroutable unroutable-config short 0x0 9 5f1122334455667788 dcid=5f1122334455667788 size=0
tcase "unroutable-reserved, long header" unroutable unroutable-reserved long 0x6b3343cf 8 ff11223344556677 \
	form=long version=6b3343cf dcid=ff11223344556677
tcase "unroutable-short" unroutable unroutable-short long 0x1 4 07112233 form=long dcid=07112233
tcase "unroutable-server-id" unroutable unroutable-server-id long 0x1 8 00dddddd01020304 form=long dcid=00dddddd01020304
tcase "malformed" unroutable malformed short 0x0 0 "" raw=c0
tcase "neither keys nor nonces" no_secrets
tcase "outcomes: header, counters and tracepoints have one list" one_list
finish
