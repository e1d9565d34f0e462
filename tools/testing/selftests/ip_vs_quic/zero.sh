#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# -Z zeroes all that -L shows: IPVS's counters, outcomes, datagrams and misses of a config, a server's datagrams by config, a device's
# outcomes; of one service or of all; and while datagrams come none is counted twice or lost.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=packets.sh
. "$here/packets.sh"
need_module
lab_up
serve

# figures SERVICE: the sum of the outcomes, then datagrams and misses of its config, whether it was seen, datagrams of its servers,
# and those with config ID 0b111 and a short header
figures() {
	q -L -j | jq -r --arg port "${1##*:}" --arg address "${1%:*}" '.services[] | select((.port | tostring) == $port and .address == ($address | ltrimstr("[") | rtrimstr("]"))) |
		"\([.outcome_counts[]] | add) \(.configs[0].datagrams) \(.configs[0].misses) \(.configs[0].last_seen_ms != null) \([.servers[].config_counts[].datagrams] | add) \(.unroutable_reserved_short)"'
}

device() { q express list -j | jq '[.[].outcome_counts[]] | add'; }

# ipvs SERVICE: IPVS's packets; it adds up every two seconds, and zeroes what it has added up
ipvs() { q -L -j -u "$1" | jq '.services[0].stats.in_packets'; }
ipvs_has() { [ "$(ipvs "$1")" = "$2" ]; }

send_some() {
	mint_cids
	send "to=$SVC4" "from=$CL4.9:4000" name=x "dcid=${CID[1]}" count=5
	send "to=$SVC4" "from=$CL4.9:4000" name=x dcid=ff count=2
	send "to=$SVC6" "from=[${CL6}:9]:4000" name=x "dcid=${CID[1]}" count=3
}

both() {
	q -C
	{
		service "$SVC4" rs4 0:3:4
		service "$SVC6" rs6 0:3:4
	} | q -R
	q express add eth0
	defer "q express del eth0"
	send_some
}

one() {
	both
	same "$SVC4 before" "$(figures "$SVC4")" "9 5 0 true 5 2"
	same "$SVC6 before" "$(figures "$SVC6")" "3 3 0 true 3 0"
	poll 30 "IPVS to add up" ipvs_has "$SVC4" 7
	q -Z -u "$SVC4"
	# when a config was last seen is no counter
	same "$SVC4 zeroed" "$(figures "$SVC4")" "0 0 0 true 0 0"
	same "$SVC6 is another one" "$(figures "$SVC6")" "3 3 0 true 3 0"
	[ "$(device)" -gt 0 ] || fail "the device was zeroed with a service"
	same "packets by IPVS" "$(ipvs "$SVC4")" 0
	send_some
	same "$SVC4 counts on" "$(figures "$SVC4")" "9 5 0 true 5 2"
	same "$SVC6 counts on" "$(figures "$SVC6")" "6 6 0 true 6 0"
}

all() {
	both
	q -Z
	same "$SVC4" "$(figures "$SVC4")" "0 0 0 true 0 0"
	same "$SVC6" "$(figures "$SVC6")" "0 0 0 true 0 0"
	same "device" "$(device)" 0
}

# Services of other schedulers are zeroed by IPVS alone; what does not exist is refused.
others() {
	q -C
	ipvsadm -A -u "$SVC4" -s rr
	q -Z -u "$SVC4"
	q -Z
	refused 1 "Error: service $SVC6: no such service." q -Z -u "$SVC6"
}

# What is read before each -Z and after the last one are all datagrams: none while it zeroes, as -Z and -L are two commands.
while_counting() {
	local seen=0 sum i before
	fresh "$SVC4" rs4 0:3:4
	mint_cids
	for i in 1 2 3; do
		send "to=$SVC4" "from=$CL4.9:400$i" name=x "dcid=${CID[1]}" count=7
		read -r before _ <<<"$(figures "$SVC4")"
		seen=$((seen + before))
		q -Z -u "$SVC4"
	done
	read -r sum _ <<<"$(figures "$SVC4")"
	same "datagrams" $((seen + sum)) 21
}

tcase "-Z -u: the counters of one service and its configs" one
tcase "-Z: those of all services and devices" all
tcase "-Z with services of other schedulers, and with none" others
tcase "nothing is counted twice or lost" while_counting
q -C
finish
