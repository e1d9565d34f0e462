#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The module's table of 4-tuples: a flow stays with its server when the pool changes, a later connection of the same 4-tuple leaves a
# server that gets no new ones, entries count as connections of their server, and a service's flood takes nothing from others.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=packets.sh
. "$here/packets.sh"
# shellcheck source=tuplelib.sh
. "$here/tuplelib.sh"
need_module
lab_up
serve

# cids FIRST COUNT DCID WORD...: lines with a CID that begins with DCID and ends with the port
cids() {
	local port dcid
	for ((port = $1; port < $1 + $2; port++)); do
		printf -v dcid '%s%04x' "$3" "$port"
		lines "$port" 1 "dcid=$dcid" "${@:4}"
	done
}

# Config ID 6, of which there is no config, as in the CIDs that clients make up.
FIRST=c0a1b2c3d4e5
LATER=c0f1f2f3f4f5

# inactive SERVICE: the connections of its servers by IPVS's counters
inactive() { q -L -n -u "$1" -j | jq '[.services[].servers[].inactive_conns] | add'; }

# begin PORT: a client opens 24 connections, of which s1 gets some; sets $first to the servers and $at_s1 to how many it gets
begin() {
	cids "$1" 24 "$FIRST" form=long | send "to=$svc" -
	first=$GOT
	at_s1=$(went_to s1)
	[ "$at_s1" -ge 3 ] || fail "too few at s1: $GOT"
}

ipvs_has_none() { same "connections of IPVS's" "$(ipvsadm -L -n -c | awk -v svc="$1" '$5 == svc')" ""; }

keeps() {
	local svc from first at_s1
	both
	family "$1"
	begin 2000
	same "entries" "$(q -L -c -u "$svc" | grep -c TUPLE)" 24
	ipvs_has_none "$svc"
	same "connections by IPVS's counters" "$(inactive "$svc")" 24
	edit "$1" 1 -w 0
	mark "$svc"
	cids 2000 24 "$FIRST" form=long | send "to=$svc" -
	same "servers of repeated first datagrams" "$GOT" "$first"
	cids 2000 24 ff | send "to=$svc" -
	same "servers of short headers" "$GOT" "$first"
	counted "$svc" unroutable-config=24 unroutable-reserved=24 tuple=48
	stateless
}

# The client opens another connection from the same socket.
drained() {
	local svc from first at_s1
	both
	family "$1"
	begin 2100
	mark "$svc"
	cids 2100 24 "$LATER" form=long | send "to=$svc" -
	same "servers of later connections, while all take them" "$GOT" "$first"
	counted "$svc" unroutable-config=24 tuple=24
	stateless
	edit "$1" 1 -w 0
	mark "$svc"
	cids 2100 24 "$LATER" form=long | send "to=$svc" -
	same "servers of the same datagrams again" "$GOT" "$first"
	cids 2100 24 "c0$FIRST" form=long | send "to=$svc" -
	all_answered 24
	same "new connections at the server of weight 0" "$(went_to s1)" 0
	same "servers of the others" "$(grep -Fxc "$GOT" <<<"$first")" $((24 - at_s1))
	first=$GOT
	cids 2100 24 "c0$FIRST" form=long | send "to=$svc" -
	same "servers of the same again" "$GOT" "$first"
	counted "$svc" unroutable-config=72 "tuple=$((72 - at_s1))" "fallback-new=$at_s1"
	# what only has the 4-tuple stays where it was
	mark "$svc"
	cids 2100 24 ff | send "to=$svc" -
	same "short headers at the server of weight 0" "$(went_to s1)" "$at_s1"
	counted "$svc" unroutable-reserved=24 tuple=24
}

# CIDs of servers without a config look like a client's own: without any config, and with 0b111, a drained server keeps the 4-tuple.
not_told_apart() {
	local svc=$SVC4 from=$CL4.22 first at_s1
	both
	begin 2200
	edit 4 1 -w 0
	cids 2200 24 e7 form=long | send "to=$svc" -
	same "servers of 0b111" "$GOT" "$first"
	q -C
	service "$SVC4" rs4 | q -R
	begin 2200
	edit 4 1 -w 0
	cids 2200 24 "$LATER" form=long | send "to=$svc" -
	same "servers of a service without configs" "$GOT" "$first"
}

# A server over its threshold gets no later connection of a 4-tuple that it has, and counts one by one.
thresholds() {
	local svc from at_s1 first
	both
	family "$1"
	begin 2300
	edit "$1" 1 -w 1 -x "$at_s1"
	cids 2300 24 "$FIRST" form=long | send "to=$svc" -
	same "servers of repeated first datagrams" "$GOT" "$first"
	# some kernels look at a threshold only when the next connection comes
	cids 2330 24 "$FIRST" form=long | send "to=$svc" -
	between "new connections of the busy server" "$(went_to s1)" 0 1
	cids 2300 24 "$LATER" form=long | send "to=$svc" -
	same "later connections at the busy server" "$(went_to s1)" 0
	same "connections by IPVS's counters" "$(inactive "$svc")" $((48 + at_s1))
	q set -u "$svc" --tuple-timeout 1
	cids 2300 24 ff | send "to=$svc" -
	port=2400
	poll 30 "the busy server to take connections again" new_ones_reach_s1
}

new_ones_reach_s1() {
	port=$((port + 10))
	cids "$port" 10 "$FIRST" form=long | send "to=$svc" -
	[ "$(went_to s1)" -gt 0 ]
}

# routed FAMILY COMMAND...: a long header that is routed by CID tells that the connection does not need its entry any more
routed() {
	local svc from server n
	both
	"${@:2}"
	family "$1"
	send "to=$svc" "from=$from:2400" name=x form=long "dcid=$FIRST"
	server=${GOT#x }
	n=${server:1:1}
	states "$svc" 2400 TUPLE
	send -c 0:3:4 "to=$svc" "from=$from:2400" name=x form=long "mint=0:$(sid 3 $((n % 3 + 1)))"
	states "$svc" 2400 TUPLE
	send -c 0:3:4 "to=$svc" "from=$from:2400" name=x form=long "mint=0:$(sid 3 "$n")"
	states "$svc" 2400 ROUTED
	# and is found all the same
	mark "$svc"
	send "to=$svc" "from=$from:2400" name=x form=long "dcid=$FIRST"
	same "server" "${GOT% 1}" "x s$n"
	counted "$svc" unroutable-config=1 tuple=1
}

# The express path takes the long header.
routed_express() {
	defer "q express del eth0 2>/dev/null || :"
	routed "$1" q express add eth0
	same "datagrams taken" "$(q express list -j | jq '.[0].outcomes.taken > 0')" true
}

states() { same "state" "$(q -L -c -u "$1" -j | jq -r --arg port "$2" '[.[] | select(.client.port == ($port | tonumber)) | .state] | join(" ")')" "$3"; }

# A server that is removed and added again gets its flows back, and a service that is deleted leaves none.
comes_back() {
	local svc=$SVC4 from=$CL4.23 first at_s1
	both
	begin 2500
	ipvsadm -d -u "$svc" -r "$(rs4 1)"
	cids 2500 24 ff | send "to=$svc" -
	same "answers of the removed server" "$(went_to s1)" 0
	ipvsadm -a -u "$svc" -r "$(rs4 1)" -i -w 0
	mark "$svc"
	cids 2500 24 ff | send "to=$svc" -
	same "servers" "$GOT" "$first"
	counted "$svc" unroutable-reserved=24 tuple=24
	ipvsadm -D -u "$svc"
	poll 30 "no entries of a deleted service" no_flow "$svc"
	service "$svc" rs4 0:3:4 | q -R
	mark "$svc"
	cids 2500 24 ff | send "to=$svc" -
	counted "$svc" unroutable-reserved=24 fallback=24
}

no_flow() { ! flow_lines | grep -qF " $1 "; }

# unload: services go, and so does the module
unload() {
	q -C
	poll 30 "the module to be free" modprobe -r ip_vs_quic
}

# A table for 64 flows, in which one service has 12 and another one's flood finds no end.
fair() {
	local svc=$SVC6 from="[${CL6}:24]" first n
	unload
	modprobe ip_vs_quic flows=64
	defer "unload; modprobe ip_vs_quic"
	same "parameter" "$(</sys/module/ip_vs_quic/parameters/flows)" 64
	both
	cids 2600 12 "$FIRST" form=long | send "to=$SVC6" -
	first=$GOT
	from=$CL4.24
	mark "$SVC4"
	cids 2600 400 "$FIRST" form=long | send "to=$SVC4" -
	all_answered 400
	stats "$SVC4"
	between "entries of the flood" "$((STATS[fallback-new] - MARK[fallback-new]))" 50 90
	same "entries of the other service" "$(q -L -c -u "$SVC6" | grep -c TUPLE)" 12
	edit 6 1 -w 0
	from="[${CL6}:24]"
	mark "$SVC6"
	cids 2600 12 ff | send "to=$SVC6" -
	same "servers of the other service's flows" "$GOT" "$first"
	counted "$SVC6" unroutable-reserved=12 tuple=12
	# it gets more places, from the flood
	cids 2700 12 "$FIRST" form=long | send "to=$SVC6" -
	between "entries of the other service" "$(q -L -c -u "$SVC6" | grep -c TUPLE)" 18 24
	unload
	for n in 0 63 16777217 -1 x; do
		! modprobe ip_vs_quic "flows=$n" 2>/dev/null || fail "loaded with flows=$n"
	done
}

for f in 4 6; do
	tcase "IPv$f: a flow keeps its server when the pool changes" keeps $f
	tcase "IPv$f: a server of weight 0 gets no later connection of a 4-tuple that it has" drained $f
	tcase "IPv$f: nor does a server over its threshold" thresholds $f
	tcase "IPv$f: an entry whose connection is routed by CID is marked" routed $f true
	tcase "IPv$f: on a device with the express path, too" routed_express $f
done
for f in 4 6; do
	tcase "IPv$f: a flow keeps its server, by the express path" by_express keeps $f
	tcase "IPv$f: a drained server, by the express path" by_express drained $f
	tcase "IPv$f: a server over its threshold, by the express path" by_express thresholds $f
done
tcase "CIDs that servers may have made follow the 4-tuple" not_told_apart
tcase "a server that comes back gets its flows back, a service that has gone leaves none" comes_back
tcase "a service's flood takes no entry from another service" fair
finish
