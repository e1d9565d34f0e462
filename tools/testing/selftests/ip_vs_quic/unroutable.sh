#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# An unroutable datagram is not dropped: every kind is answered, by the same server for the same 4-tuple, and counted under its
# own name.  A datagram that is not QUIC is handled in the same way.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need_module
lab_up
serve

# absent SERVICE RS: an ID that belongs to a server outside the pool
absent() { q server-id add -u "$1" -r "$("$2" 9)" --absent --server-id 0:eeeeee; }
fresh "$SVC4" rs4 0:3:4 "1:8:8:$KEY"
service "$SVC6" rs6 0:3:4 "1:8:8:$KEY" | q -R
absent "$SVC4" rs4
absent "$SVC6" rs6
configs=(-c 0:3:4 -c "1:8:8:$KEY")

# kind SERVICE FROM OUTCOME WORD...: five datagrams of one 4-tuple.  Only long headers make an entry in IPVS's table.
kind() {
	local svc=$1 from=$2 outcome=$3
	shift 3
	mark "$svc"
	send "${configs[@]}" "to=$svc" "from=$from" name=x count=5 "$@"
	same "answers" "${GOT/s[123]/SERVER}" "x SERVER 5"
	if [[ $outcome != malformed && " $* " = *" form=long "* ]]; then
		counted "$svc" "$outcome=5" fallback-new=1 tuple=4
		one_entry
	else
		counted "$svc" "$outcome=5" fallback=5
		stateless
	fi
}

# forms SERVICE SERVERS FROM: of config ID 0b111, short headers are counted once more
forms() {
	local svc=$1
	fresh "$svc" "$2" 0:3:4
	send "to=$svc" "from=$3:6011" name=x form=long dcid=ff01020304050607 count=3
	send "to=$svc" "from=$3:6012" name=x dcid=ff count=2
	send "to=$svc" "from=$3:6012" name=x dcid=c0 count=4
	same "with 0b111, and those with a short header" \
		"$(q -L -u "$svc" -j | jq -c '.services[0] | [.outcome_counts.unroutable_reserved, .unroutable_reserved_short]')" "[5,2]"
	q -L -u "$svc" --stats | grep -qE '^ +unroutable-reserved +5  short headers: 2$' || fail "$(q -L -u "$svc" --stats)"
}

# With one-packet scheduling there are no entries: the hash alone has to be consistent, also after the pool was rebuilt.
hash_is_consistent() {
	local svc=$1 rs=$2 from=$3 first
	q -C
	service "$svc" "$rs" 0:3:4 | sed 's/-s quic/& -o/' | q -R
	for i in {1..9}; do
		echo "name=tuple-$i from=${from/N/$i}:6010 count=4"
	done >"$WORK/lines"
	send "to=$svc" dcid=ff - <"$WORK/lines"
	same "servers per 4-tuple" "$(awk '$3 != 4' <<<"$GOT")" ""
	same "4-tuples" "$(wc -l <<<"$GOT")" 9
	first=$GOT
	q -C
	service "$svc" "$rs" 0:3:4 | sed 's/-s quic/& -o/' | tac | sort -s -k1,1 | q -R
	send "to=$svc" dcid=e0 - <"$WORK/lines"
	same "servers of a new pool" "$GOT" "$first"
	counted "$svc" unroutable-reserved=36 fallback=36
}

spread() {
	local svc=$1 from=$2 walk=$3
	send "to=$svc" "from=$from" dcid=ff name=x count=90 "walk=$walk"
	same "each server's share of 90 is at least 10" "$(awk '$3 >= 10 { print $1, $2 }' <<<"$GOT")" "$(printf 'x s%d\n' 1 2 3)"
}

# A health checker deletes a server and adds it again: its CIDs have no server meanwhile.
removed() {
	fresh "$SVC4" rs4 0:3:4
	ipvsadm -d -u "$SVC4" -r "$(rs4 2)"
	send -c 0:3:4 "to=$SVC4" "from=$CL4.31:3100" name=x "mint=0:$(sid 3 2)" count=3
	same "answers" "${GOT/s[13]/SERVER}" "x SERVER 3"
	ipvsadm -a -u "$SVC4" -r "$(rs4 2)" -i
	send -c 0:3:4 "to=$SVC4" "from=$CL4.31:3100" name=x "mint=0:$(sid 3 2)" count=3
	answers "x s2 3"
	counted "$SVC4" routed=3 unroutable-server=3 fallback=3
}

no_weight() {
	fresh "$SVC4" rs4 0:3:4
	for n in 1 2 3; do
		ipvsadm -e -u "$SVC4" -r "$(rs4 "$n")" -i -w 0
	done
	send -t 300 -c 0:3:4 "to=$SVC4" "from=$CL4.32:3200" - <<-END
		name=new dcid=ff
		name=cid mint=0:$(sid 3 2)
	END
	answers "new refused 1" "cid s2 1"
	counted "$SVC4" routed=1 unroutable-reserved=1 sched-none=1
}

truncated() {
	mark
	for ((i = 0; i < 6; i++)); do
		echo "name=x form=long cut=$i"
	done | send "to=$SVC4" "from=$CL4.33:3300" -
	same "answers" "${GOT/s[123]/SERVER}" "x SERVER 6"
	counted "$SVC4" malformed=6 fallback=6
	stateless
}

# 48 octets less 6 of header leave 42; config 0 needs 8.
dcid_lengths() {
	local svc=$1 from=$2
	mark "$svc"
	for ((i = 0; i < 256; i++)); do
		echo "name=x dcidlen=$i"
	done | send -c 0:3:4 "to=$svc" "from=$from" form=long "mint=0:$(sid 3 3)" -
	all_answered 256
	counted "$svc" unroutable-short=8 routed=35 malformed=213 fallback-new=1 tuple=220
}

# Each length of a datagram that would be a short header with a CID of config 0: 0 is malformed, 9 is the first long enough.
short_lengths() {
	mark
	for ((i = 0; i <= 60; i++)); do
		echo "name=x size=60 cut=$i"
	done | send -c 0:3:4 "to=$SVC4" "from=$CL4.34:3400" "mint=0:$(sid 3 1)" -
	all_answered 61
	counted "$SVC4" malformed=1 unroutable-short=8 routed=52 fallback=9
	stateless
}

rows=(
	"unknown config ID|unroutable-config|dcid=5f112233445566778899"
	"config ID 0b111|unroutable-reserved|dcid=e0112233445566778899"
	"short header shorter than the config|unroutable-short|dcid=07c4605e450000 size=0"
	"long header with a DCID shorter than the config|unroutable-short|form=long dcid=07c4605e450000"
	"long header with an empty DCID|unroutable-short|form=long"
	"first octet and nothing else|unroutable-short|raw=40"
	"unknown server ID|unroutable-server-id|mint=0:dddddd"
	"unknown server ID, encrypted|unroutable-server-id|mint=1:dddddddddddddddd"
	"server not in the pool|unroutable-server|mint=0:eeeeee"
	"client-chosen DCID of an Initial|unroutable-config|form=long dcid=5f5e5d5c5b5a5958 size=1200"
	"empty datagram|malformed|raw="
	"long header without a DCID length|malformed|raw=c000000001"
	"DCID length beyond the datagram|malformed|form=long dcid=00 dcidlen=43"
)
port=6100
for row in "${rows[@]}"; do
	IFS='|' read -r name outcome words <<<"$row"
	IFS=' ' read -ra words <<<"$words"
	port=$((port + 1))
	tcase "IPv4: $name: $outcome" kind "$SVC4" "$CL4.61:$port" "$outcome" "${words[@]}"
	tcase "IPv6: $name: $outcome" kind "$SVC6" "[${CL6}:61]:$port" "$outcome" "${words[@]}"
done
tcase "IPv4: long header cut off before its DCID length" truncated
tcase "IPv4: every DCID length" dcid_lengths "$SVC4" "$CL4.62:6200"
tcase "IPv6: every DCID length" dcid_lengths "$SVC6" "[${CL6}:62]:6200"
tcase "IPv4: short header of every length up to 60" short_lengths
tcase "IPv4: unroutable from many addresses is spread" spread "$SVC4" "$CL4.100:6300" addr
tcase "IPv6: unroutable from many ports is spread" spread "$SVC6" "[${CL6}:63]:20000" port
tcase "IPv4: config ID 0b111 by the form of the header" forms "$SVC4" rs4 "$CL4.69"
tcase "IPv6: config ID 0b111 by the form of the header" forms "$SVC6" rs6 "[${CL6}:69]"
tcase "IPv4: the hash alone is consistent" hash_is_consistent "$SVC4" rs4 "$CL4.7N"
tcase "IPv6: the hash alone is consistent" hash_is_consistent "$SVC6" rs6 "[${CL6}:7N]"
tcase "a server removed and re-added by ipvsadm keeps its server IDs" removed
tcase "all weights 0: new ones are refused, CIDs routed" no_weight
finish
