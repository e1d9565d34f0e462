#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The cache of decoded CIDs: an entry is used for its CID only, and no longer than it is valid.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need_module
lab_up
OTHER=$VIP4:444
KEY2=00112233445566778899aabbccddeeff
echo $KEY2 >"$WORK/key2"
chmod 600 "$WORK/key2"
serve "$SVC4" "$OTHER"

# Configs by name, as ID:SERVER_ID_LEN:NONCE_LEN:KEY. The CIDs of the last one have the greatest length.
declare -A config=(
	[three-pass]=1:4:4:$KEY [single-pass]=2:8:8:$KEY [four-pass]=3:8:5:$KEY [longest]=5:15:4:$KEY
)
all=("${config[@]}")

# minted NAME SERVER: a CID
minted() {
	local id len
	IFS=: read -r id len _ <<<"${config[$1]}"
	"$QUICGEN" mint -c "${config[$1]}" "mint=$id:$(sid "$len" "$2")"
}

# goes CID SERVER [SERVICE]: it is routed to SERVER, twice, so that it is in the cache afterwards
goes() {
	send "to=${3:-$SVC4}" "from=$CL4.41:4100" name=x "dcid=$1" count=2
	answers "x $2 2"
}

# A valid CID with one bit changed is another CID.
every_octet() {
	local cid i octet others=()
	fresh "$SVC4" rs4 "${all[@]}"
	cid=$(minted "$1" 2)
	for ((i = 2; i < ${#cid}; i += 2)); do
		printf -v octet %02x $((0x${cid:i:2} ^ 1))
		others+=("${cid:0:i}$octet${cid:i+2}")
	done
	mark "$SVC4"
	goes "$cid" s2
	printf 'name=y dcid=%s\n' "${others[@]}" | send "to=$SVC4" "from=$CL4.41:4200" -
	goes "$cid" s2
	counted "$SVC4" routed=4 "unroutable-server-id=${#others[@]}" "fallback=${#others[@]}"
}

# word CID OCTET: sets $WORD to eight octets from there on, as the processor reads them
word() {
	local i hex=
	for ((i = 2 * $2 + 14; i >= 2 * $2; i -= 2)); do
		hex+=${1:i:2}
	done
	WORD=$((16#$hex))
}

# place CID: sets $PLACE to the set that kmod/cidcache.h has it in
place() {
	local first
	word "$1" 0
	first=$WORD
	word "$1" 8
	PLACE=$((((first ^ WORD) * 0x9e3779b97f4a7c15 >> 55) & 511))
}

# Two CIDs of one set are kept apart: they differ in two octets from OCTET on.
two_of_a_set() {
	local cid other i want
	fresh "$SVC4" rs4 "${all[@]}"
	cid=$(minted longest 2)
	place "$cid"
	want=$PLACE
	for ((i = 1; i < 65536; i++)); do
		printf -v other %04x $((0x${cid:2 * $1:4} ^ i))
		other=${cid:0:2 * $1}$other${cid:2 * $1 + 4}
		place "$other"
		[ "$PLACE" != "$want" ] || break
	done
	same "set" "$PLACE" "$want"
	mark "$SVC4"
	goes "$cid" s2
	send "to=$SVC4" "from=$CL4.41:4200" name=y "dcid=$other"
	goes "$cid" s2
	counted "$SVC4" routed=4 unroutable-server-id=1 fallback=1
}

# Three servers' CIDs of one set, which has two places.
one_set() {
	local server cid want cids=()
	fresh "$SVC4" rs4 "${all[@]}"
	cids[1]=$(minted three-pass 1)
	place "${cids[1]}"
	want=$PLACE
	for server in 2 3; do
		while read -r cid; do
			place "$cid"
			[ "$PLACE" != "$want" ] || break
		done < <(yes "mint=1:$(sid 4 "$server")" | head -n 8000 | xargs "$QUICGEN" mint -c "${config[three-pass]}")
		same "set" "$PLACE" "$want"
		cids[server]=$cid
	done
	mark "$SVC4"
	for server in 1 2 1 3 2 3 1 2; do
		goes "${cids[server]}" "s$server"
	done
	counted "$SVC4" routed=16
}

# The low bits of the first octet do not change a CID's meaning, nor do the octets after it.
same_meaning() {
	local cid
	fresh "$SVC4" rs4 "${all[@]}"
	cid=$(minted three-pass 3)
	mark "$SVC4"
	printf 'name=x dcid=%s\n' "$cid" "20${cid:2}" "3f${cid:2}" "${cid}00" "${cid}ff" "${cid}0102030405060708090a0b0c" |
		send "to=$SVC4" "from=$CL4.41:4300" -
	answers "x s3 6"
	counted "$SVC4" routed=6
}

# moved TO: server 1's ID of config three-pass is given to server TO
moved() {
	q server-id del -u "$SVC4" --server-id "1:$(sid 4 1)"
	q server-id add -u "$SVC4" -r "$(rs4 "$1")" --server-id "1:$(sid 4 1)"
}

# keyed FILE: config three-pass gets the key of FILE
keyed() {
	q config replace -u "$SVC4" --id 1 --server-id-len 4 --nonce-len 4 --key-file "$WORK/$1"
}

follows() {
	local cid n
	fresh "$SVC4" rs4 "${all[@]}"
	cid=$(minted three-pass 1)
	goes "$cid" s1
	for n in 2 3 1; do
		moved "$n"
		goes "$cid" "s$n"
	done
	ipvsadm -d -u "$SVC4" -r "$(rs4 1)"
	mark "$SVC4"
	send "to=$SVC4" "from=$CL4.41:4100" name=x "dcid=$cid"
	counted "$SVC4" unroutable-server=1 fallback=1
	ipvsadm -a -u "$SVC4" -r "$(rs4 1)" -i
	goes "$cid" s1
	ipvsadm -e -u "$SVC4" -r "$(rs4 1)" -i -w 0
	goes "$cid" s1
	# with another key it decodes to an ID that no server has
	keyed key2
	mark "$SVC4"
	send "to=$SVC4" "from=$CL4.41:4100" name=x "dcid=$cid"
	counted "$SVC4" unroutable-server-id=1 fallback=1
	keyed key
	goes "$cid" s1
	# a new service of the same address, in which the ID belongs to another server
	q -C
	service "$SVC4" rs4 "${all[@]}" | sed "s/1:$(sid 4 1)/1:$(sid 4 9)/; s/1:$(sid 4 3)/1:$(sid 4 1)/" | q -R
	goes "$cid" s3
}

# The same CID in two services has two entries.
two_services() {
	local cid
	fresh "$SVC4" rs4 "${all[@]}"
	service "$OTHER" rs4 "${all[@]}" | sed "s/1:$(sid 4 1)/1:$(sid 4 9)/; s/1:$(sid 4 2)/1:$(sid 4 1)/" | q -R
	cid=$(minted three-pass 1)
	goes "$cid" s1
	goes "$cid" s2 "$OTHER"
	goes "$cid" s1
	goes "$cid" s2 "$OTHER"
}

# The last CID that maps to no server has an entry, too: no other CID becomes unroutable by it, and it is used no longer than it is valid.
stray() {
	local cid
	fresh "$SVC4" rs4 "${all[@]}"
	cid=$("$QUICGEN" mint -c "1:4:4:$KEY2" "mint=1:$(sid 4 2)")
	mark "$SVC4"
	send "to=$SVC4" "from=$CL4.41:4100" name=y "dcid=$cid" count=2
	goes "$(minted three-pass 3)" s3
	send "to=$SVC4" "from=$CL4.41:4100" name=y "dcid=$cid"
	goes "$(minted four-pass 1)" s1
	counted "$SVC4" routed=4 unroutable-server-id=3 fallback=3
	keyed key2
	goes "$cid" s2
	keyed key
	mark "$SVC4"
	send "to=$SVC4" "from=$CL4.41:4100" name=y "dcid=$cid"
	counted "$SVC4" unroutable-server-id=1 fallback=1
}

# The first octet of these server IDs is a server's prefix: the slow path finds it, with what was decrypted before.
stray_prefix() {
	local one two
	fresh "$SVC4" rs4 "${all[@]}"
	q server-id add -u "$SVC4" -r "$(rs4 2)" --server-id "1:a2*"
	q server-id add -u "$SVC4" -r "$(rs4 3)" --server-id "1:a3*"
	one=$("$QUICGEN" mint -c "${config[three-pass]}" mint=1:a2000001)
	two=$("$QUICGEN" mint -c "${config[three-pass]}" mint=1:a3000001)
	mark "$SVC4"
	goes "$one" s2
	goes "$two" s3
	goes "$one" s2
	counted "$SVC4" routed=6
}

routed_above() {
	stats "$SVC4"
	[ "${STATS[routed]:-0}" -gt "$1" ]
}

# flows: waits until the flood has sent more datagrams: four of each of its three connections at a time
flows() {
	stats "$SVC4"
	poll 120 "datagrams of the flood" routed_above $((${STATS[routed]:-0} + 24))
}

# A CID's server changes while datagrams with the CID arrive on every processor. What is sent after that goes to the new server.
churn() {
	local cid n round
	fresh "$SVC4" rs4 "${all[@]}"
	cid=$(minted three-pass 1)
	nice -n 19 "$QUICGEN" flood -n "$LAB-cl" -t 60000 -w 4 "to=$SVC4" - >"$WORK/flooded" <<-END &
		from=$CL4.42:4200 name=1 dcid=$cid
		from=$CL4.43:4300 name=2 dcid=$cid
		from=$CL4.44:4400 name=3 dcid=$(minted three-pass 2)
	END
	FLOOD=$!
	pids+=("$FLOOD")
	for round in 1 2 3 4 5 6; do
		n=$((round % 3 + 1))
		moved "$n"
		flows
		goes "$cid" "s$n"
		ipvsadm -e -u "$SVC4" -r "$(rs4 "$n")" -i -w "$round"
		goes "$cid" "s$n"
	done
	flooded
	same "servers of what does not change" "$(awk '$1 == 3 { print $2 }' <<<"$GOT")" s2
	same "servers of what does" "$(awk '$1 == 1 { print $2 }' <<<"$GOT" | grep -c '^s[123]$')" 3
}

for name in three-pass single-pass four-pass longest; do
	tcase "$name: every octet of a CID counts" every_octet "$name"
done
for octet in 3 11; do
	tcase "two CIDs with one set of the cache, different from octet $octet on" two_of_a_set $octet
done
tcase "three CIDs with one set, which has two places" one_set
tcase "nothing but the CID counts" same_meaning
tcase "a CID follows its server ID, its server, its key and its service" follows
tcase "services do not share CIDs" two_services
tcase "a CID without a server is remembered for itself, and not after its key has changed" stray
tcase "CIDs of which a part is a server's, one after the other" stray_prefix
tcase "a CID's server changes under traffic: none goes to the old one" churn
finish
