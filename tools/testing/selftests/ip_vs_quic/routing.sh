#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A routable CID goes to the server that it names, without state, for every config, address family and 4-tuple.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need_module
lab_up
serve "$SVC4" "$SVC6" "$VIP4:444" "$VIP4:445"

# Every algorithm, both parities of the length, both numbers of passes, the longest and the shortest CID.
kinds=(
	"0:3:4 plaintext"
	"1:8:8:$KEY single-pass"
	"2:4:6:$KEY four-pass, three to decode, even length"
	"3:3:4:$KEY four-pass, three to decode, odd length"
	"4:9:5:$KEY four-pass, four to decode, even length"
	"5:15:4:$KEY four-pass, four to decode, odd length, CID of 20 octets"
	"6:1:4:$KEY four-pass, shortest CID of 6 octets"
)
configs=("${kinds[@]%% *}")
mints=()
for config in "${configs[@]}"; do
	mints+=(-c "$config")
done

# The draft's appendix: server ID, nonce and CID as printed there, except that the last one's first octet is made to say
# the config ID its row says.
vectors() {
	local svc=$1 rs=$2 from=$3
	q -C
	q -R <<-END
		-A -u $svc -s quic
		config add -u $svc --id 0 --server-id-len 3 --nonce-len 4 --key-file $WORK/key
		config add -u $svc --id 1 --server-id-len 10 --nonce-len 5 --key-file $WORK/key
		config add -u $svc --id 2 --server-id-len 8 --nonce-len 8 --key-file $WORK/key
		config add -u $svc --id 3 --server-id-len 9 --nonce-len 9 --key-file $WORK/key
		config add -u $svc --id 4 --server-id-len 3 --nonce-len 4
		-a -u $svc -r $("$rs" 1) -i -w 1 --server-id 0:ed793a --server-id 3:ed793a51d49b8f5fab
		-a -u $svc -r $("$rs" 2) -i -w 1 --server-id 1:ed793a51d49b8f5fab65 --server-id 4:c4605e
		-a -u $svc -r $("$rs" 3) -i -w 1 --server-id 2:ed793a51d49b8f5f
	END
	mark "$svc"
	send "to=$svc" "from=$from" - <<-END
		name=three-passes-odd dcid=0720b1d07b359d3c
		name=four-passes-odd dcid=2fcc381bc74cb4fbad2823a3d1f8fed2
		name=single-pass dcid=504dd2d05a7b0de9b2b9907afb5ecf8cc3
		name=three-passes-even dcid=725779c9cc86beb3a3a4a3ca96fce4bfe0cdbc
		name=plaintext dcid=87c4605e4504cc4f
	END
	answers "three-passes-odd s1 1" "four-passes-odd s2 1" "single-pass s3 1" "three-passes-even s1 1" "plaintext s2 1"
	counted "$svc" routed=5
	stateless
}

# kind SERVICE FROM CONFIG: four CIDs of the config for each server, all from one 4-tuple that has not been seen before
kind() {
	local svc=$1 from=$2 id=${3%%:*} sl n
	sl=${3#*:}
	sl=${sl%%:*}
	mark "$svc"
	for n in 1 2 3 1 3 2; do
		echo "name=cid-of-s$n mint=$id:$(sid "$sl" "$n")"
		echo "name=cid-of-s$n mint=$id:$(sid "$sl" "$n")"
	done | send "${mints[@]}" "to=$svc" "from=$from:$((7000 + case_count))" -
	answers "cid-of-s1 s1 4" "cid-of-s2 s2 4" "cid-of-s3 s3 4"
	counted "$svc" routed=12
	stateless
}

migrates() {
	local svc=$1 from=$2 walk=$3
	mark "$svc"
	send -c "1:8:8:$KEY" "to=$svc" "from=$from" name=x "mint=1:$(sid 8 3)" count=120 "walk=$walk"
	answers "x s3 120"
	counted "$svc" routed=120
	stateless
}

one_tuple() {
	local svc=$1 from=$2
	mark "$svc"
	for n in 1 2 3 3 2 1; do
		echo "name=cid-of-s$n mint=1:$(sid 8 "$n")"
	done | send "${mints[@]}" "to=$svc" "from=$from" -
	answers "cid-of-s1 s1 2" "cid-of-s2 s2 2" "cid-of-s3 s3 2"
	counted "$svc" routed=6
	stateless
}

# An entry for the 4-tuple, made by an unroutable datagram, must not override the CID of later datagrams.
cid_beats_entry() {
	local first n
	mark
	send "to=$SVC4" "from=$CL4.77:7777" name=x form=long dcid=ff
	first=${GOT#x }
	first=${first% 1}
	counted "$SVC4" unroutable-reserved=1 fallback-new=1
	one_entry
	for n in 1 2 3; do
		echo "name=cid-of-s$n mint=1:$(sid 8 "$n")"
	done | send "${mints[@]}" "to=$SVC4" "from=$CL4.77:7777" -
	answers "cid-of-s1 s1 1" "cid-of-s2 s2 1" "cid-of-s3 s3 1"
	# the entry is still used for a datagram without a CID
	send "to=$SVC4" "from=$CL4.77:7777" name=x form=long dcid=ff count=3
	answers "x $first 3"
	counted "$SVC4" routed=3 unroutable-reserved=4 fallback-new=1 tuple=3
}

rotation() {
	local n
	fresh "$SVC4" rs4 0:3:4
	q config add -u "$SVC4" --id 5 --server-id-len 8 --nonce-len 8 --key-file "$WORK/key"
	for n in 1 2 3; do
		q server-id add -u "$SVC4" -r "$(rs4 "$n")" --server-id "5:$(sid 8 "$n")"
	done
	both() {
		for n in 1 2 3; do
			echo "name=old-s$n mint=0:$(sid 3 "$n")"
			echo "name=new-s$n mint=5:$(sid 8 "$n")"
		done | send -c 0:3:4 -c "5:8:8:$KEY" "to=$SVC4" "from=$CL4.5:5000" -
	}
	both
	answers "old-s1 s1 1" "old-s2 s2 1" "old-s3 s3 1" "new-s1 s1 1" "new-s2 s2 1" "new-s3 s3 1"
	counted "$SVC4" routed=6
	q config del -u "$SVC4" --id 0 --force
	both
	all_answered 6
	same "answers by new CIDs" "$(grep ^new <<<"$GOT")" "$(printf 'new-s%d s%d 1\n' 1 1 2 2 3 3)"
	counted "$SVC4" routed=9 unroutable-config=3 fallback=3
}

# A replaced config decodes with the new key at once, and the server IDs stay.
replaced() {
	fresh "$SVC4" rs4 "2:4:6:$KEY"
	send -c "2:4:6:$KEY" "to=$SVC4" "from=$CL4.5:5001" name=x "mint=2:$(sid 4 2)"
	answers "x s2 1"
	echo 00112233445566778899aabbccddeeff | q config replace -u "$SVC4" --id 2 --server-id-len 4 --nonce-len 6 --key-file -
	send -c "2:4:6:00112233445566778899aabbccddeeff" "to=$SVC4" "from=$CL4.5:5001" name=x "mint=2:$(sid 4 2)"
	answers "x s2 1"
	counted "$SVC4" routed=2
	send -c "2:4:6:$KEY" "to=$SVC4" "from=$CL4.5:5001" name=x "mint=2:$(sid 4 2)"
	counted "$SVC4" routed=2 unroutable-server-id=1 fallback=1
}

longer() {
	mark
	send "${mints[@]}" "to=$SVC4" "from=$CL4.6:6000" - <<-END
		name=short-header mint=1:$(sid 8 2) extra=00 size=0
		name=long-header form=long mint=1:$(sid 8 2) extra=00
		name=20-octets form=long mint=0:$(sid 3 3) extra=112233445566778899aabbcc
		name=255-octets form=long version=abcdef01 mint=0:$(sid 3 3) extra=$(printf '5a%.0s' {1..247})
	END
	answers "short-header s2 1" "long-header s2 1" "20-octets s3 1" "255-octets s3 1"
	counted "$SVC4" routed=4
}

# Weight 0 keeps new connections away, and only them.
drained() {
	drop_connections
	fresh "$SVC4" rs4 0:3:4
	ipvsadm -e -u "$SVC4" -r "$(rs4 2)" -i -w 0
	send -c 0:3:4 "to=$SVC4" "from=$CL4.6:6000" - <<-END
		name=cid mint=0:$(sid 3 2) count=3
		name=new from=$CL4.20:6000 dcid=ff walk=addr count=60
	END
	same "server of the CID" "$(grep ^cid <<<"$GOT")" "cid s2 3"
	same "servers of new connections" "$(awk '/^new/ { print $2 }' <<<"$GOT")" "$(printf 's1\ns3')"
	counted "$SVC4" routed=3 unroutable-reserved=60 fallback=60
	ipvsadm -e -u "$SVC4" -r "$(rs4 2)" -i -w 1
	send "to=$SVC4" "from=$CL4.100:6000" name=new dcid=ff walk=addr count=60
	same "servers of new connections" "$(awk '{ print $2 }' <<<"$GOT")" "$(printf 's1\ns2\ns3')"
}

# weights W1 W2 W3
weights() {
	local n
	for n in 1 2 3; do
		q -e -u "$SVC4" -r "$(rs4 "$n")" -w "${!n}"
	done
}

# initials: two new connections from one client socket, which has an entry
initials() {
	send "to=$SVC4" "from=$CL4.7:6000" - <<-END
		name=one form=long dcid=ff$1
		name=other form=long dcid=fe$1
	END
}

has_no_tuples() { q -L >"$WORK/list" && ! grep -q '10\.0\.0\.12.* tuples' "$WORK/list"; }

# A client socket that goes on opening connections keeps reaching a server of weight 0: each Initial finds the entry, and renews it.
socket_stays() {
	drop_connections
	fresh "$SVC4" rs4 0:3:4
	weights 0 1 0
	initials 01
	answers "one s2 1" "other s2 1"
	weights 1 0 1
	same "what -L says" "$(q -L | awk '/10\.0\.0\.12/ { print $4, $(NF - 2), $(NF - 1), $NF }')" "0 tuples 1 draining"
	initials 02
	answers "one s2 1" "other s2 1"
	counted "$SVC4" unroutable-reserved=4 fallback-new=1 tuple=3
	# another socket of the client does not
	send "to=$SVC4" "from=$CL4.7:6001" name=x form=long dcid=ff count=40 walk=port
	same "servers of other sockets" "$(awk '{ print $2 }' <<<"$GOT")" "$(printf 's1\ns3')"
	# nor this one, once its entry has gone
	q set -u "$SVC4" --tuple-timeout 1
	initials 03
	poll 30 "the end of the entry" has_no_tuples
	same "what -L says" "$(q -L | awk '/10\.0\.0\.12/ { print $4, $(NF - 1), $NF }')" "0 0:$(sid 3 2) draining"
	initials 04
	[[ $GOT != *s2* ]] || fail "the server of weight 0 has a new connection: $GOT"
}

# The same server IDs in two services name different servers.
two_services() {
	fresh "$SVC4" rs4 0:3:4
	q -R <<-END
		-A -u $VIP4:444 -s quic
		config add -u $VIP4:444 --id 0 --server-id-len 3 --nonce-len 4
		-a -u $VIP4:444 -r $(rs4 3):444 -i -w 1 --server-id 0:$(sid 3 1)
		-a -u $VIP4:444 -r $(rs4 1):444 -i -w 1 --server-id 0:$(sid 3 2)
	END
	mark "$VIP4:444"
	send -c 0:3:4 "from=$CL4.6:6001" - <<-END
		name=one to=$SVC4 mint=0:$(sid 3 1)
		name=other to=$VIP4:444 mint=0:$(sid 3 1)
		name=other-2 to=$VIP4:444 mint=0:$(sid 3 2)
	END
	answers "one s1 1" "other s3 1" "other-2 s1 1"
	counted "$VIP4:444" routed=2
	counted "$SVC4" routed=1
}

# Nor do those of two configs, even of one length.
ids_per_config() {
	fresh "$SVC4" rs4 0:3:4 3:3:4
	q server-id add -u "$SVC4" -r "$(rs4 1)" --server-id 0:c0c0c0
	q server-id add -u "$SVC4" -r "$(rs4 2)" --server-id 3:c0c0c0
	send -c 0:3:4 -c 3:3:4 "to=$SVC4" "from=$CL4.6:6000" - <<-END
		name=of-0 mint=0:c0c0c0
		name=of-3 mint=3:c0c0c0
	END
	answers "of-0 s1 1" "of-3 s2 1"
}

several_ids() {
	fresh "$SVC4" rs4 0:3:4
	mark
	q server-id add -u "$SVC4" -r "$(rs4 2)" --server-id a0a0a0 --server-id 0:b0b0b0
	send -c 0:3:4 "to=$SVC4" "from=$CL4.6:6000" - <<-END
		name=x mint=0:a0a0a0
		name=x mint=0:b0b0b0
		name=x mint=0:$(sid 3 2)
	END
	answers "x s2 3"
	counted "$SVC4" routed=3
	stateless
}

# The kernel routes what the command line encodes, and the command line decodes like the kernel.
command_line() {
	local config id sl nl key cid n=0
	fresh "$SVC4" rs4 "${configs[@]}"
	for config in "${configs[@]}"; do
		IFS=: read -r id sl nl key <<<"$config"
		n=$((n % 3 + 1))
		cid=$(q encode -u "$SVC4" --id "$id" --server-id "$(sid "$sl" "$n")" ${key:+--key-file "$WORK/key"})
		echo "name=$id-s$n dcid=$cid"
		same "decode's server" "$(q decode -u "$SVC4" "$cid" -j | jq -r '"\(.outcome) \(.server_id) \(.server.address // .server)"')" \
			"routed $(sid "$sl" "$n") $(rs4 "$n")"
	done >"$WORK/lines"
	grep '^name' "$WORK/lines" | send "to=$SVC4" "from=$CL4.6:6000" -
	answers "0-s1 s1 1" "1-s2 s2 1" "2-s3 s3 1" "3-s1 s1 1" "4-s2 s2 1" "5-s3 s3 1" "6-s1 s1 1"
}

# IPVS's own counters include the fast path's packets.  Its estimator collects them every two seconds.
ipvs_stats() {
	local svc=$VIP4:445
	service "$svc" rs4 0:3:4 | q -R
	send -c 0:3:4 "to=$svc" "from=$CL4.6:6000" size=100 - <<-END
		name=x mint=0:$(sid 3 1) count=7
		name=x mint=0:$(sid 3 2) count=5
	END
	answers "x s1 7" "x s2 5"
	poll 10 "ipvsadm's counters" counters_are "$svc 12 1536 $(rs4 1):445 7 896 $(rs4 2):445 5 640 $(rs4 3):445 0 0"
	same "quiclbadm's counters" "$(q -L -n --stats -j | jq -r '.services[] | select(.port == 445) | .stats, .servers[].stats |
		"\(.in_packets) \(.in_bytes)"')" "$(printf '12 1536\n7 896\n5 640\n0 0')"
}

counters_are() {
	[ "$(ipvsadm -Ln --stats --exact -u "$VIP4:445" | awk '$2 ~ /:445$/ { printf "%s%s %s %s", sep, $2, $4, $6; sep = " " }')" = "$1" ]
}

tcase "IPv4: the draft's test vectors" vectors "$SVC4" rs4 "$CL4.4:4000"
tcase "IPv6: the draft's test vectors" vectors "$SVC6" rs6 "[${CL6}:4]:4000"
q -C
{
	service "$SVC4" rs4 "${configs[@]}"
	service "$SVC6" rs6 "${configs[@]}"
} | q -R
for kind in "${kinds[@]}"; do
	name=${kind#* }
	tcase "IPv4: $name" kind "$SVC4" "$CL4.4" "${kind%% *}"
	tcase "IPv6: $name" kind "$SVC6" "[${CL6}:4]" "${kind%% *}"
done
tcase "IPv4: a CID keeps its server over 120 addresses" migrates "$SVC4" "$CL4.10:4433" addr
tcase "IPv4: and over 120 ports" migrates "$SVC4" "$CL4.10:10000" port
tcase "IPv6: a CID keeps its server over 120 addresses" migrates "$SVC6" "[${CL6}:10]:4433" addr
tcase "IPv6: and over 120 ports" migrates "$SVC6" "[${CL6}:10]:10000" port
tcase "IPv4: one 4-tuple re-used by CIDs of different servers" one_tuple "$SVC4" "$CL4.3:3333"
tcase "IPv6: one 4-tuple re-used by CIDs of different servers" one_tuple "$SVC6" "[${CL6}:3]:3333"
tcase "a CID beats the 4-tuple's connection entry" cid_beats_entry
tcase "a CID longer than its config is routed" longer
tcase "rotation: two configs at once, then without the old one" rotation
tcase "a replaced config takes the new key, server IDs stay" replaced
tcase "weight 0: CIDs still reach the server, new connections do not" drained
tcase "weight 0: new connections of a client socket that has an entry do" socket_stays
tcase "services have server IDs of their own" two_services
tcase "configs have server IDs of their own" ids_per_config
tcase "a server has several server IDs" several_ids
tcase "quiclbadm encode and decode agree with the kernel" command_line
tcase "ipvsadm --stats counts the fast path" ipvs_stats
finish
