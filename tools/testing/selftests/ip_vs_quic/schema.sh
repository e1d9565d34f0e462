#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What each command prints with -j is what Documentation/quiclbadm.schema.json says.  Nothing is compared with a text: the other
# groups do that.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need_module
lab_up
top=$here/../../../..
SCHEMA=$top/Documentation/quiclbadm.schema.json
serve "$SVC4" "$SVC6"

# fits NAME [LINES]: standard input is what the schema's definition NAME says
fits() {
	tee "$WORK/$1.json" | "$top/userspace/tests/schema.py" "$SCHEMA" "$@" || fail "$(cat "$WORK/$1.json")"
}

# has NAME FILTER: the last output of NAME has what jq's FILTER asks for, so that a list is not right for being empty
has() { jq -e "$2" "$WORK/$1.json" >/dev/null || fail "$1: not $2: $(cat "$WORK/$1.json")"; }

# Every field that a service may have.
services() {
	q -R <<-END
		-A -u $SVC4 -s quic
		set -u $SVC4 --dcid-max 100 --dcid-timeout 9 --source4 10.9.0.0/16 --source6 fd00:9::/64
		config add -u $SVC4 --id 0 --server-id-len 3 --nonce-len 4
		config add -u $SVC4 --id 1 --server-id-len 2 --nonce-len 6 --check-length --key-file $WORK/key
		config add -u $SVC4 --layout katran-v2@8
		-a -u $SVC4 -r $(rs4 1) -i -w 1 --server-id 010203 --server-id 1:0a*
		-a -u $SVC4 -r $(rs4 2) -i --tun-type gue --tun-port 6080 --tun-remcsum -w 1 -x 7 -y 3
		-a -u $SVC4 -r $(rs4 3) -i --tun-type gre --tun-csum -w 0
		server-id add -u $SVC4 -r 10.0.0.99 --absent --server-id 010299
		-A -u $SVC6 -s mh -p 60 -M 64 -b flag-1,flag-2
		-a -u $SVC6 -r $(rs6 1) -g
		-A -f 5 -s wlc -o
		-a -f 5 -r $(rs4 1) -m
		express add eth0
	END
}

lists() {
	q -L -j | fits list
	has list '.services | length == 3'
	has list '.services | any(.outcome_counts.unroutable_config >= 0)'
	has list '[.services[].servers[].tunnel_checksum] | contains(["remcsum", "csum"])'
	has list '.services[] | select(.flags == ["persistent", "flag-1", "flag-2"]) | .netmask_len == 64'
	q -S -j | fits saved
	has saved '.services | any(.configs[1].key_source and (.servers | any(.present | not)))'
	has saved '.express[0].device == "eth0"'
	has saved '[.. | objects | has("stats") or has("key")] | any | not'
	q version -j | fits version_of_quiclbadm
	q config list -j | fits config_list
	has config_list 'length == 3 and .[2].layout.name == "katran-v2@8"'
	q server-id list -j | fits server_id_list
	has server_id_list '[.[].prefix] | contains([true, false])'
	q server-config -u "$SVC4" -r "$(rs4 1)" -j 2>"$WORK/warnings" | fits server_config
	has server_config '.[1].key_file'
	q rotate -u "$SVC4" --old 0 --id 1 -j | fits rotate
	has rotate '.next_step == 1 and .old_config == 0 and (.steps | length) == 5 and .servers[0].server_ids[0].prefix'
	q check-director -u "$SVC4" --timeout 15000 -j | fits check_director
	has check_director '.forwards'
	q -S "$WORK/saved"
	sed -i 's/ -w 1/ -w 7/' "$WORK/saved"
	q diff -j "$WORK/saved" >"$WORK/out" && fail "no difference"
	fits diff <"$WORK/out"
	has diff '(.only_here | length) > 0 and (.only_in_file | length) > 0'
	q express list -j | fits express_list
	has express_list '.[0].outcome_counts.not_plain >= 0'
	q -L --timeout -j | fits timeouts
	q -L --daemon -j | fits daemons
	has daemons 'length == 0'
	ipvsadm --start-daemon master --mcast-interface eth0 --syncid 3
	q -L --daemon -j >"$WORK/daemon"
	ipvsadm --stop-daemon master
	fits daemons <"$WORK/daemon"
	has daemons '.[0].sync_id == 3'
}

traffic_seen() {
	send -c 0:3:4 "to=$SVC4" "from=$CL4.9:4000" name=x mint=0:010203
	answers "x s1 1"
	send "to=$SVC4" "from=$CL4.9:4001" name=x form=long version=00000001 dcid=ff11223344556677
	q -L -c -j | fits connections
	has connections 'length > 0'
	q config list -j | fits config_list
	has config_list '.[0].last_seen_ms >= 0'
}

connection_ids() {
	q decode -u "$SVC4" 0001020311223344 -j | fits decode
	has decode '.outcome == "routed" and .server.port == 443'
	q decode -u "$SVC4" 7f -j >"$WORK/out" && fail "routable"
	fits decode <"$WORK/out"
	has decode '.outcome == "unroutable-config"'
	q encode -u "$SVC4" --id 0 --server-id 010203 -j | fits encode
	q fingerprint "$WORK/key" -j | fits fingerprint
	q fingerprint -u "$SVC4" -j | fits fingerprint
	has fingerprint '.fingerprint | length == 12'
	q explain 400001020311223344 -u "$SVC4" -j | fits explain LINES
	q explain c000000001081011223344556677000000 -u "$SVC4" -j | fits explain LINES
	has explain '.version == 1'
}

# As far as the kernel has what it needs.
traced() {
	local program
	[ -e /sys/kernel/btf/vmlinux ] || skip "the kernel has no BTF"
	spawn lb quiclbadm trace -j >"$WORK/trace" 2>"$WORK/trace.err"
	program=$SPAWNED
	poll 180 "the trace" grep -q "^Tracing" "$WORK/trace.err"
	send -c 0:3:4 "to=$SVC4" "from=$CL4.9:4002" name=x mint=0:010203
	send "to=$SVC4" "from=$CL4.9:4003" name=x form=long version=00000001 dcid=ff11223344556677
	q -e -u "$SVC4" -r "$(rs4 3)" -w 1
	poll 30 "events" eval '[ "$(wc -l <"$WORK/trace")" -ge 5 ]'
	kill "$program"
	await "$program" || true
	fits trace LINES <"$WORK/trace"
}

# doctors NAMESPACE OPTION...
doctors() {
	in_ns "$1" quiclbadm doctor "${@:2}" -j >"$WORK/report" || true
	fits doctor <"$WORK/report"
}

doctor() {
	doctors lb
	has doctor '.[] | select(.check == "vip").service.address == "'"$VIP4"'"'
	has doctor '.[] | select(.check == "absent").server == {"address": "10.0.0.99", "port": 443}'
	has doctor '.[] | select(.check == "gro") | has("service") | not'
	doctors lb -u "$SVC4" --from 10.0.0.1
	has doctor '.[] | select(.check == "probe").server.address'
	doctors s1 -u "$SVC4" -r "$(rs4 1)"
	has doctor 'map(select(.check != "place")) | all(.service.address == "'"$VIP4"'" and .server.address == "'"$(rs4 1)"'")'
}

probes() {
	q probe -u "$SVC4" -r "$(rs4 1)" --timeout 15000 -j | fits probe
	has probe '.alive and .latency_us > 0'
	q probe -u "$SVC4" -r "$(rs4 2)" --timeout 100 -j >"$WORK/out" && fail "a GUE tunnel that nobody ends"
	fits probe <"$WORK/out"
	has probe '.tunnel == "gue" and .tunnel_port == 6080 and (.alive | not)'
}

# None of the schema's documents is described without a test. The selftest "monitor" has the one that is missing here.
compared() {
	local name missing=
	# "trace" was skipped
	[ -e /sys/kernel/btf/vmlinux ] || : >"$WORK/trace.json"
	for name in $(jq -r '.anyOf[]["$ref"] | ltrimstr("#/$defs/")' "$SCHEMA"); do
		[ -e "$WORK/$name.json" ] || missing+=" $name"
	done
	same "documents that were not compared" "$missing" " monitor"
}

services
tcase "lists" lists
tcase "lists, after datagrams" traffic_seen
tcase "decode, encode, fingerprint, explain" connection_ids
tcase "trace" traced
tcase "doctor" doctor
tcase "probe" probes
tcase "each document was compared" compared
q express del eth0
q -C
finish
