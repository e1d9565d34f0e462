#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Datagrams without a routable CID, in this order: the table of unroutable CIDs, the 4-tuple's entry, consistent hashing. Entries
# are made for connections only, live as long as configured, and their number is limited.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=packets.sh
. "$here/packets.sh"
# shellcheck source=tuplelib.sh
. "$here/tuplelib.sh"
need_module
lab_up
serve

GARBAGE=40ff112233445566778899aabbccddeeff

# since OUTCOME: how many since mark()
since() { echo $((${STATS[$1]} - ${MARK[$1]})); }

# A connection that was made before the pool changes stays with its server; garbage does not.
tuple_beats_hash() {
	local svc from first
	family "$1"
	both
	lines 2100 24 form=long dcid=ff | send "to=$svc" -
	first=$GOT
	[ "$(went_to s1)" -ge 3 ] || fail "too few at s1: $GOT"
	edit "$1" 1 -w 0
	mark "$svc"
	lines 2100 24 dcid=ff | send "to=$svc" -
	same "servers after the change" "$GOT" "$first"
	counted "$svc" unroutable-reserved=24 tuple=24
	lines 2200 24 dcid=ff | send "to=$svc" -
	same "garbage at the server of weight 0" "$(went_to s1)" 0
	counted "$svc" unroutable-reserved=48 tuple=24 fallback=24
	stateless
}

has_fallbacks() {
	stats "$1"
	[ "$(since fallback)" = "$2" ]
}

# garbage SERVICE WORD...: sends datagrams and ignores the answers; the ICMP errors of the client's kernel are not counted
garbage() {
	local svc=$1 i
	shift
	mark "$svc"
	for i in {1..12}; do
		raw cl -c 250 "$@" udp "sport=$((i * 1000))" "data=$GARBAGE"
		poll 20 "$((i * 250)) of them, not ${STATS[fallback]}" has_fallbacks "$svc" $((i * 250))
	done
	same "of unroutable CIDs" "$(since unroutable-reserved)" 3000
	same "new entries" "$(since fallback-new)" 0
	stateless
}

# expires CLIENT: address and port; sets $EXPIRES to the seconds that its entry has left, or nothing
expires() { EXPIRES=$(q -L -c | awk -v client="$1" '$4 == client { split($2, t, ":"); print 60 * t[1] + t[2] }'); }

no_entry() {
	expires "$1"
	[ -z "$EXPIRES" ]
}

# listed SERVICE CLIENT: -L -c lists the entry of the client, and ipvsadm, which lists IPVS's connections, none
listed() {
	local server
	server=$(q -L -c -u "$1" | awk -v svc="$1" -v client="$2" '$1 == "UDP" && $3 == "TUPLE" && $4 == client && $5 == svc { print $6 }')
	[[ $server =~ :443$ ]] || fail "no entry of $2: $(q -L -c -u "$1")"
	same "the same in JSON" "$(q -L -c -u "$1" -j | jq --arg port "${2##*:}" '[.[] | select(.client.port == ($port | tonumber)) | .state] | join(" ")' -r)" TUPLE
	same "connections of IPVS's" "$(ipvsadm -L -n -c | awk -v svc="$1" '$5 == svc { $2 = ""; print }')" ""
}

lives_as_told() {
	local svc from client
	both
	family "$1"
	client=$from:2300
	send "to=$svc" "from=$from:2300" form=long dcid=ff
	expires "$client"
	between "life by default" "$EXPIRES" 50 60
	listed "$svc" "$client"
	q set -u "$svc" --tuple-timeout 500
	send "to=$svc" "from=$from:2300" dcid=ff
	expires "$client"
	between "life of 500 seconds" "$EXPIRES" 450 500
	q set -u "$svc" --tuple-timeout 1
	mark "$svc"
	send "to=$svc" "from=$from:2300" dcid=ff
	poll 20 "the entry's end" no_entry "$client"
	send "to=$svc" "from=$from:2300" dcid=ff
	counted "$svc" unroutable-reserved=2 tuple=1 fallback=1
}

# A 4-tuple whose server is gone gets another one at once, with an entry if a long header follows.
rehashed() {
	local svc from n word
	family "$1"
	for n in 1 2 3; do
		both
		lines 2400 12 form=long dcid=ff | send "to=$svc" -
		[ "$(went_to "s$n")" -gt 0 ] || continue
		case $1 in
		4) ipvsadm -d -u "$svc" -r "$(rs4 "$n")" ;;
		6) ipvsadm -d -u "$svc" -r "[$(rs6 "$n")]:443" ;;
		esac
		word=$(went_to "s$n")
		mark "$svc"
		lines 2400 12 dcid=ff | send "to=$svc" -
		all_answered 12
		same "answers of the removed server" "$(went_to "s$n")" 0
		counted "$svc" unroutable-reserved=12 "tuple=$((12 - word))" "fallback=$word"
		lines 2400 12 form=long dcid=ff | send "to=$svc" -
		counted "$svc" unroutable-reserved=24 "tuple=$((24 - 2 * word))" "fallback=$word" "fallback-new=$word"
	done
}

bounded() {
	local svc=$SVC4 from=$CL4.21
	both
	q set -u "$svc" --tuple-max 0
	mark
	lines 2500 10 form=long dcid=ff | send "to=$svc" -
	all_answered 10
	counted "$svc" unroutable-reserved=10 fallback=10
	stateless
	q set -u "$svc" --tuple-max 10
	mark
	lines 2500 50 form=long dcid=ff | send "to=$svc" -
	all_answered 50
	counted "$svc" unroutable-reserved=50 fallback-new=10 fallback=40
	same "entries" "$(new_conns | wc -l)" 10
}

one_packet() {
	local svc=$SVC4 from=$CL4.21
	q -C
	service "$svc" rs4 0:3:4 | sed 's/-s quic/& -o/' | q -R
	mark
	lines 2600 10 form=long dcid=ff | send "to=$svc" -
	all_answered 10
	counted "$svc" unroutable-reserved=10 fallback=10
	stateless
}

# --- the table of unroutable CIDs ------------------------------------------

# e7: config ID 0b111, 8 octets
dcid_lines() {
	local i
	for ((i = 0; i < $2; i++)); do
		printf 'name=%d from=%s:%d dcid=e70011223344%04x %s\n' "$i" "$from" $(($1 + i)) "$i" "${*:3}"
	done
}

off_by_default() {
	local svc from first
	family "$1"
	both
	dcid_lines 3000 24 form=long | send "to=$svc" -
	first=$GOT
	mark "$svc"
	dcid_lines 4000 24 | send "to=$svc" -
	[ "$GOT" != "$first" ] || fail "the same servers from other ports: $GOT"
	counted "$svc" unroutable-reserved=24 fallback=24
}

survives_rebinding() {
	local svc from first
	family "$1"
	both
	q set -u "$svc" --dcid-max 1000
	dcid_lines 3000 24 form=long | send "to=$svc" -
	first=$GOT
	[ "$(went_to s1)" -ge 3 ] || fail "too few at s1: $GOT"
	from=${from/21/22}
	mark "$svc"
	dcid_lines 5000 24 | send "to=$svc" -
	same "servers from another address" "$GOT" "$first"
	counted "$svc" unroutable-reserved=24 dcid=24
	edit "$1" 1 -w 0
	dcid_lines 6000 24 | send "to=$svc" -
	same "servers after the pool changed" "$GOT" "$first"
	counted "$svc" unroutable-reserved=48 dcid=48
	stateless
	# another CID is not in the table, and a routable CID is not looked up there
	send -c 0:3:4 "to=$svc" "from=$from:7000" - <<-END
		name=other dcid=e700112233445566
		name=routable mint=0:$(sid 3 1)
	END
	same "server of the routable one" "$(grep routable <<<"$GOT")" "routable s1 1"
	counted "$svc" unroutable-reserved=49 dcid=48 fallback=1 routed=1
	ipvsadm -d -u "$svc" -r "$([ "$1" = 4 ] && rs4 1 || echo "[$(rs6 1)]:443")"
	dcid_lines 6000 24 | send "to=$svc" -
	all_answered 24
	same "answers of the removed server" "$(went_to s1)" 0
	n=$(grep -c " s1 " <<<"$first")
	counted "$svc" unroutable-reserved=73 dcid=$((72 - n)) fallback=$((1 + n)) routed=1
}

# Only CIDs of long headers, and only those with their length: in a short header the end of a CID is not known otherwise.
learned_from() {
	local svc=$SVC4 from=$CL4.21
	both
	q set -u "$svc" --dcid-max 1000
	mark
	echo "$1" | send "to=$svc" "from=$from:3000" -
	send "to=$svc" "from=$from:3001" dcid=e700112233445566
	stats "$svc"
	same "found" "$(since dcid)" "$2"
}

dcid_expires() {
	local svc=$SVC4 from=$CL4.21 n=0
	both
	q set -u "$svc" --dcid-max 1000 --dcid-timeout 2
	dcid_lines 3000 200 form=long | send "to=$svc" -
	mark
	poll 20 "the end of a CID" next_is_dead
	q set -u "$svc" --dcid-timeout 60
	dcid_lines 3000 20 form=long | send "to=$svc" -
	mark
	dcid_lines 5000 20 | send "to=$svc" -
	counted "$svc" unroutable-reserved=20 dcid=20
}

# A lookup keeps an entry alive, so another one is looked up each time.
next_is_dead() {
	n=$((n + 1))
	[ "$n" -lt 200 ] || fail "none has died"
	send "to=$svc" "from=$from:6000" "dcid=e70011223344$(printf %04x "$n")"
	stats "$svc"
	[ "$(since fallback)" -gt 0 ]
}

dcids_bounded() {
	local svc=$SVC4 from=$CL4.21 found
	both
	q set -u "$svc" --dcid-max 16
	dcid_lines 3000 200 form=long | send "to=$svc" -
	mark
	dcid_lines 5000 200 | send "to=$svc" -
	stats "$svc"
	found="$(since dcid)"
	between "found of 16" "$found" 1 16
}

# The table keeps its entries until its own settings change.
table_kept() {
	local svc=$SVC4 from=$CL4.23 first
	both
	q set -u "$svc" --dcid-max 1000
	dcid_lines 3000 24 form=long | send "to=$svc" -
	first=$GOT
	q config add -u "$svc" --id 4 --server-id-len 3 --nonce-len 5
	q config del -u "$svc" --id 4
	q server-id add -u "$svc" -r "$(rs4 2)" --server-id 0:c0c0c0
	q set -u "$svc" --tuple-timeout 30 --dcid-max 1000
	edit 4 1 -w 0
	mark "$svc"
	dcid_lines 4000 24 | send "to=$svc" -
	same "servers after changes" "$GOT" "$first"
	counted "$svc" unroutable-reserved=24 dcid=24
	q set -u "$svc" --dcid-max 2000
	dcid_lines 5000 24 | send "to=$svc" -
	counted "$svc" unroutable-reserved=48 dcid=24 fallback=24
	q set -u "$svc" --dcid-max 0
	dcid_lines 6000 24 form=long | send "to=$svc" -
	dcid_lines 7000 24 | send "to=$svc" -
	counted "$svc" unroutable-reserved=96 dcid=24 fallback=48 fallback-new=24
}

for f in 4 6; do
	tcase "IPv$f: an entry beats the hash, over a change of the pool" tuple_beats_hash $f
	tcase "IPv$f: an entry lives as long as the service says" lives_as_told $f
	tcase "IPv$f: an entry whose server is gone is no black hole" rehashed $f
done
both
tcase "IPv4: garbage from 3000 4-tuples leaves nothing" garbage "$SVC4" ip4 "src=$CL4.0" "dst=$VIP4"
tcase "IPv6: garbage from 3000 4-tuples leaves nothing" garbage "$SVC6" ip6 "src=${CL6}:" "dst=$VIP6"
tcase "no more entries than the service allows" bounded
tcase "one-packet scheduling makes no entries" one_packet
for f in 4 6; do
	tcase "IPv$f: no table of unroutable CIDs by default" off_by_default $f
	tcase "IPv$f: CIDs without a config survive a new address and a change of the pool" survives_rebinding $f
	tcase "IPv$f: on a device with the express path, too" by_express survives_rebinding $f
done
tcase "a long header's CID is learned" learned_from "form=long dcid=e700112233445566" 1
tcase "a short header's CID is not learned" learned_from "dcid=e700112233445566" 0
tcase "a CID that does not say its length is not learned" learned_from "form=long dcid=e500112233445566" 0
tcase "a CID that a config could have is not learned" learned_from "form=long dcid=c700112233445566" 0
tcase "learned CIDs outlive changes of anything else" table_kept
tcase "learned CIDs are forgotten when unused" dcid_expires
tcase "no more CIDs are remembered than the service allows" dcids_bounded
finish
