#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Layouts: CIDs that are not QUIC-LB's are routed by the server ID that they have at another place, whatever their first octet; fixed bits
# and a length that is not theirs tell others apart; several layouts and QUIC-LB share a service without doubt.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=packets.sh
. "$here/packets.sh"
# shellcheck source=expresslib.sh
. "$here/expresslib.sh"
need_module
lab_up
serve "$SVC4" "$SVC6"

# layouts SERVICE RS LAYOUT SID1 SID2 SID3 [OPTION...]: nothing but a service with that layout, whose servers have these server IDs
layouts() {
	local svc=$1 rs=$2 layout=$3 n
	q -C
	{
		printf -- '-A -u %s -s quic\nconfig add -u %s --layout %s\n' "$svc" "$svc" "$layout"
		for n in 1 2 3; do
			printf -- '-a -u %s -r %s -i -w 1 --server-id %s\n' "$svc" "$("$rs" "$n")" "${@:$((3 + n)):1}"
		done
	} | q -R
}

# each_of CID1 CID2 CID3: datagrams for quicgen with them, twice, by both forms of the header
each_of() {
	local n form
	for form in short long; do
		for n in 1 2 3 2 3 1; do
			echo "name=s$n form=$form dcid=${!n}"
		done
	done
}

# by_layout SERVICE RS FROM LAYOUT SID1 SID2 SID3 CID1 CID2 CID3: CIDs of the layout go where they say; so they do after a move
by_layout() {
	layouts "$1" "$2" "${@:4:4}"
	mark "$1"
	each_of "${@:8}" | send "to=$1" "from=$3:6101" -
	answers "s1 s1 4" "s2 s2 4" "s3 s3 4"
	each_of "${@:8}" | send "to=$1" "from=$3:6102" -
	answers "s1 s1 4" "s2 s2 4" "s3 s3 4"
	counted "$1" routed=24
	stateless
	same "datagrams of the config" "$(q config list -j | jq -c '.[0] | [.algorithm, .datagrams, .misses]')" '["layout",24,0]'
}

# What servers make: LAYOUT, three server IDs, three CIDs. Katran's 16 bits begin in the third bit; the third version's first octet may be
# 0b111, and msquic's and nginx's may be any. The second one of last16@8 has another server's ID where QUIC-LB would have it.
made=(
	"katran-v1 2:0001 2:beef 2:ffff 40004022d3e4f506 6fbbd1a2b3c4d5e6 7fffd1a2b3c4d5e6"
	"katran-v2 4:000001 4:12beef 4:ffffff 8000000103c4d5e6 af12beef03c4d5e6 bfffffff03c4d5e6"
	"katran-v3 6:00000001 6:12beef03 6:ffffffff c0000000010307e6 e512beef030307e6 ffffffffff0307e6"
	"msquic 0:0a000001 0:0a000002 0:0a000003 000a000001f0102030405060aabb 7f0a000002f0102030405060aabb ff0a000003f0102030405060aabb"
	"nginx 0:00000000000010a3 0:00000000000010a4 0:ffffffff000010a3 00000000000010a3e0e1e2e3e4e5e6e7e8e9eaeb 00000000000010a4e0e1e2e3e4e5e6e7e8e9eaeb ffffffff000010a3e0e1e2e3e4e5e6e7e8e9eaeb"
	"last16@8 0:0a01 0:0a02 0:0a03 ff00112233440a01 070a032233440a02 8000112233440a03"
	"last16@20 0:0a01 0:0a02 0:0a03 ff000102030405060708090a0b0c0d0e0f100a01 00000102030405060708090a0b0c0d0e0f100a02 41000102030405060708090a0b0c0d0e0f100a03"
	"13:11:0500/ff00 0:0001 0:0402 0:07ff 0500014455667788 0504024455667788 05ffff4455667788"
)

# The fixed bits are version 1's.
other_bits() {
	layouts "$SVC4" rs4 katran-v1 2:0001 2:beef 2:ffff
	mark
	send "to=$SVC4" "from=$CL4.31:6200" name=x dcid=afbbd1a2b3c4d5e6 count=3
	all_answered 3
	counted "$SVC4" unroutable-config=3 fallback=3
	# 0b111 is no layout's here
	mark
	send "to=$SVC4" "from=$CL4.31:6201" name=x dcid=efbbd1a2b3c4d5e6 count=2
	counted "$SVC4" unroutable-reserved=2 fallback=2
	same "config that got them" "$({ q decode -u "$SVC4" afbbd1a2b3c4d5e6 -j || true; } | jq -c '[.outcome, .config]')" '["unroutable-config",null]'
}

# Fixed bits beyond the first octet make the same difference, which the fast path sees as well.
later_bits() {
	layouts "$SVC4" rs4 0:8:0000005a/000000ff 0:01 0:02 0:03
	mark
	send "to=$SVC4" "from=$CL4.31:6210" name=x dcid=0211225a44556677 count=2
	answers "x s2 2"
	send "to=$SVC4" "from=$CL4.31:6210" name=x dcid=0211225b44556677 count=2
	send "to=$SVC4" "from=$CL4.31:6211" name=x form=long dcid=0211225b44556677
	counted "$SVC4" routed=2 unroutable-config=3 fallback=2 fallback-new=1
	same "datagrams and misses of the config" "$(q config list -j | jq -c '.[0] | [.datagrams, .misses]')" "[2,0]"
	same "config that got them" "$({ q decode -u "$SVC4" 0211225b44556677 -j || true; } | jq -c '[.outcome, .config]')" '["unroutable-config",null]'
}

# A random CID is hashed like any other that names no server, and stays there when it is sent again; one that happens to name a server goes
# to that one, from wherever it comes.
initials() {
	local first
	layouts "$SVC4" rs4 msquic 0:0a000001 0:0a000002 0:0a000003
	mark
	send "to=$SVC4" "from=$CL4.32:6300" name=x form=long dcid=8394c8f03e515708
	first=${GOT% 1}
	send "to=$SVC4" "from=$CL4.32:6300" name=x form=long dcid=8394c8f03e515708 count=3
	answers "$first 3"
	counted "$SVC4" unroutable-server-id=4 fallback-new=1 tuple=3
	mark
	send "to=$SVC4" "from=$CL4.32:6301" name=x form=long dcid=830a0000033e5157
	answers "x s3 1"
	send "to=$SVC4" "from=$CL4.33:6302" name=x form=long dcid=830a0000033e5157
	answers "x s3 1"
	counted "$SVC4" routed=2
	stateless
}

# Short headers do not say how long their CID is, long headers do. A datagram of 14 octets does not go the fast way.
lengths() {
	layouts "$SVC4" rs4 last16@8 0:0a01 0:0a02 0:0a03
	mark
	send "to=$SVC4" "from=$CL4.34:6400" - <<-END
		name=right form=long dcid=ff00112233440a02
		name=short dcid=ff00112233440a02aabbccdd
		name=small dcid=ff00112233440a02aabbccdd size=14
		name=longer form=long dcid=ff00112233440a02aa
		name=shorter form=long dcid=ff001122330a02
		name=none form=long dcid=
	END
	[[ $'\n'$GOT$'\n' = *$'\nright s2 1\n'* && $'\n'$GOT$'\n' = *$'\nshort s2 1\n'* && $'\n'$GOT$'\n' = *$'\nsmall s2 1\n'* ]] || fail "$GOT"
	counted "$SVC4" routed=3 unroutable-length=1 unroutable-short=2 fallback-new=1 tuple=2
	same "decode" "$({ q decode -u "$SVC4" ff00112233440a02aa -j || true; } | jq -c '[.outcome, .config]')" '["unroutable-length",0]'
}

# As Katran has them, and QUIC-LB for the time after: each gets the first octets that are its own.
together() {
	q -C
	q -R <<-END
		-A -u $SVC4 -s quic
		config add -u $SVC4 --id 0 --server-id-len 2 --nonce-len 6
		config add -u $SVC4 --id 1 --server-id-len 3 --nonce-len 4 --key-file $WORK/key
		config add -u $SVC4 --layout katran-v1
		config add -u $SVC4 --layout katran-v2
		config add -u $SVC4 --layout katran-v3
		-a -u $SVC4 -r $(rs4 1) -i -w 1 --server-id 0:0001 --server-id 1:000001 --server-id 2:0001 --server-id 4:000001 --server-id 6:00000001
		-a -u $SVC4 -r $(rs4 2) -i -w 1 --server-id 0:0002 --server-id 1:000002 --server-id 2:0002 --server-id 4:000002 --server-id 6:00000002
		-a -u $SVC4 -r $(rs4 3) -i -w 1 --server-id 0:0003 --server-id 1:000003 --server-id 2:0003 --server-id 4:000003 --server-id 6:00000003
	END
	mark
	send -c "1:3:4:$KEY" "to=$SVC4" "from=$CL4.35:6500" - <<-END
		name=plain dcid=000002112233445566
		name=keyed mint=1:000003
		name=v1 dcid=4000d1a2b3c4d5e6
		name=v1-011 dcid=6000d1a2b3c4d5e6
		name=v2 dcid=8000000203c4d5e6
		name=v2-101 dcid=a000000303c4d5e6
		name=v3 dcid=c0000000010307e6
		name=v3-111 dcid=ff000000030307e6
	END
	# 0x6000d1 has host 0x8003, which no server has
	[[ $'\n'$GOT$'\n' = *$'\nplain s2 1\n'* && $'\n'$GOT$'\n' = *$'\nkeyed s3 1\n'* ]] || fail "$GOT"
	[[ $'\n'$GOT$'\n' = *$'\nv1 s3 1\n'* && $'\n'$GOT$'\n' = *$'\nv2 s2 1\n'* && $'\n'$GOT$'\n' = *$'\nv2-101 s3 1\n'* ]] || fail "$GOT"
	[[ $'\n'$GOT$'\n' = *$'\nv3 s1 1\n'* && $'\n'$GOT$'\n' = *$'\nv3-111 s3 1\n'* ]] || fail "$GOT"
	counted "$SVC4" routed=7 unroutable-server-id=1 fallback=1
	same "what each config got" "$(q config list -j | jq -c '[.[] | [.id, .datagrams, .misses]]')" '[[0,1,0],[1,1,0],[2,1,1],[4,2,0],[6,2,0]]'
}

# unrouted FORM: the outcome of a flow's first datagram that names no server
unrouted() {
	case $1 in
	short) echo fallback ;;
	long) echo fallback-new ;;
	esac
}

# A layout of the same lengths in its place is another: what is read, and which fixed bits are. The same one again changes nothing.
replaced() {
	local form
	layouts "$SVC4" rs4 16:8:40/c0 2:01 2:02 2:03
	for form in short long; do
		q config replace -u "$SVC4" --layout 16:8:40/c0
		mark
		send "to=$SVC4" "from=$CL4.36:6600" name=x "form=$form" dcid=4000010203aabbcc
		answers "x s1 1"
		q config replace -u "$SVC4" --layout 16:8:40/c0
		counted "$SVC4" routed=1
		same "datagrams, the same again" "$(q config list -j | jq -c '.[0] | [.datagrams, .misses]')" "[1,0]"
		q config replace -u "$SVC4" --layout 24:8:40/c0
		same "datagrams of another" "$(q config list -j | jq -c '.[0] | [.datagrams, .misses]')" "[0,0]"
		send "to=$SVC4" "from=$CL4.36:6600" name=x "form=$form" dcid=4000010203aabbcc
		answers "x s2 1"
		counted "$SVC4" routed=2
		# now other fixed bits alone
		send "to=$SVC4" "from=$CL4.36:6600" name=x "form=$form" dcid=6000010203aabbcc
		answers "x s2 1"
		q config replace -u "$SVC4" --layout 24:8:40/e0
		same "datagrams of others" "$(q config list -j | jq -c '.[0] | [.datagrams, .misses]')" "[0,0]"
		mark
		send "to=$SVC4" "from=$CL4.36:6600" name=x "form=$form" dcid=4000010203aabbcc
		answers "x s2 1"
		send "to=$SVC4" "from=$CL4.37:6601" name=x "form=$form" dcid=6000010203aabbcc
		all_answered 1
		counted "$SVC4" routed=1 unroutable-config=1 "$(unrouted "$form")=1"
	done
}

# What one service takes for a layout's is nothing of the kind for another.
services() {
	local form cid=40004002d3e4f506
	q -C
	{
		printf -- '-A -u %s -s quic\nconfig add -u %s --layout katran-v1\n' "$SVC4" "$SVC4"
		printf -- '-A -u %s -s quic\nconfig add -u %s --layout 8:16:40/c0\n' "$SVC6" "$SVC6"
		printf -- '-a -u %s -r %s -i -w 1 --server-id 2:0001\n' "$SVC4" "$(rs4 1)"
		printf -- '-a -u %s -r %s -i -w 1 --server-id 2:0001\n' "$SVC6" "$(rs6 3)"
		printf -- '-a -u %s -r %s -i -w 1 --server-id 2:0040\n' "$SVC6" "$(rs6 2)"
	} | q -R
	for form in short long short; do
		send "to=$SVC6" "from=[${CL6}:38]:6700" name=x "form=$form" "dcid=$cid"
		answers "x s2 1"
		send "to=$SVC4" "from=$CL4.38:6700" name=x "form=$form" "dcid=$cid"
		answers "x s1 1"
	done
	# the other service goes on without
	q config del -u "$SVC6" --id 2 --force
	q config add -u "$SVC6" --id 0 --server-id-len 2 --nonce-len 5
	for form in short long; do
		mark "$SVC6"
		send "to=$SVC6" "from=[${CL6}:38]:6701" name=x "form=$form" "dcid=$cid"
		all_answered 1
		counted "$SVC6" unroutable-config=1 "$(unrouted "$form")=1"
	done
	send "to=$SVC4" "from=$CL4.38:6700" name=x "dcid=$cid"
	answers "x s1 1"
}

# Server IDs that a deleted config left behind are none of a layout that gets its first octets.
left_behind() {
	local form
	q -C
	q -R <<-END
		-A -u $SVC4 -s quic
		config add -u $SVC4 --id 3 --server-id-len 2 --nonce-len 5
		-a -u $SVC4 -r $(rs4 1) -i -w 1
		-a -u $SVC4 -r $(rs4 2) -i -w 1 --server-id 3:8001
		-a -u $SVC4 -r $(rs4 3) -i -w 1 --server-id 3:8002
	END
	q config del -u "$SVC4" --id 3 --force
	q config add -u "$SVC4" --layout katran-v1
	q server-id add -u "$SVC4" -r "$(rs4 1)" --server-id 2:8001
	for form in short long; do
		mark
		send "to=$SVC4" "from=$CL4.39:6800" name=x "form=$form" dcid=60004002d3e4f506
		answers "x s1 1"
		send "to=$SVC4" "from=$CL4.39:6801" name=x "form=$form" dcid=60008002d3e4f506
		all_answered 1
		counted "$SVC4" routed=1 unroutable-server-id=1 "$(unrouted "$form")=1"
	done
}

# Two configs that could mean the same CID are refused, and all stays as it is.
rivals() {
	layouts "$SVC4" rs4 katran-v1 2:0001 2:beef 2:ffff
	q -S >"$WORK/before"
	local rival="A layout and another config of the service would get connection IDs with the same first octet"
	refused 1 "Error: config 2 of $SVC4: it exists already (config replace changes it)." \
		q config add -u "$SVC4" --id 2 --server-id-len 2 --nonce-len 6
	refused 1 "Error: config 3 of $SVC4: $rival." q config add -u "$SVC4" --id 3 --server-id-len 2 --nonce-len 6
	refused 1 "Error: config 2 tenant 1 of $SVC4: $rival." \
		q config add -u "$SVC4" --id 2 --tenant 1 --server-id-len 2 --nonce-len 6
	refused 1 "Error: config 0 of $SVC4: $rival." q config add -u "$SVC4" --layout msquic
	refused 1 "Error: config 2 of $SVC4: server ID 2:beef has more bits than the layout of config 2." \
		q config replace -u "$SVC4" --layout 2:9:40/c0
	same "services after the refusals" "$(q -S)" "$(<"$WORK/before")"
	# in its place there is room
	q config add -u "$SVC4" --layout katran-v3
	q config replace -u "$SVC4" --id 2 --server-id-len 2 --nonce-len 6
	q config add -u "$SVC4" --id 3 --server-id-len 2 --nonce-len 6
	same "configs" "$(q config list -j | jq -c '[.[] | [.id, .algorithm]]')" '[[2,"plaintext"],[3,"plaintext"],[6,"layout"]]'
}

saved() {
	layouts "$SVC4" rs4 last16@8 0:0a01 0:0a02 0:0a03
	q -S >"$WORK/saved"
	grep -Fx "config add -u $SVC4 --id 0 --layout 48:16@8" "$WORK/saved"
	q -R --check "$WORK/saved"
	q -C
	q -R "$WORK/saved"
	same "what was saved" "$(q -S)" "$(<"$WORK/saved")"
	same "in the list" "$(q -L -n | grep -c "config 0 layout last16@8 density")" 1
	refused 1 "Error: config 0 of $SVC4: a layout, and the draft's YANG has no word for connection IDs that are not QUIC-LB's; -S without --yang saves it." \
		q -S --yang
}

# The express path takes them as it takes QUIC-LB's, in both families: FAMILY
express() {
	local svc ip n rs=rs4
	local -a cids=(40004022d3e4f506 6fbbd1a2b3c4d5e6 7fffd1a2b3c4d5e6)
	[ "$1" = 4 ] || rs=rs6
	family "$1"
	layouts "$svc" "$rs" katran-v1 2:0001 2:beef 2:ffff
	on eth0
	forget
	for n in 0 1 2; do
		echo "$ip ttl=9 udp sport=999 dport=443 data=40${cids[n]} pad=30"
	done >"$WORK/packets"
	raw rt - <"$WORK/packets"
	arrived 3 "sport=999"
	counters_mark
	forget
	raw rt - <"$WORK/packets"
	arrived 3 "sport=999"
	happened eth0.taken=3 "$svc.routed=3"
	forget
	# nor is one with another fixed bit or an unknown server ID lost, which goes by its 4-tuple
	echo "$ip ttl=9 udp sport=998 dport=443 data=40afbbd1a2b3c4d5e6 pad=30" >"$WORK/packets"
	echo "$ip ttl=9 udp sport=998 dport=443 data=404fbbd1a2b3c4d5e6 pad=30" >>"$WORK/packets"
	raw rt - <"$WORK/packets"
	arrived 2 "sport=998"
	happened eth0.taken=2 "$svc.unroutable-config=1" "$svc.unroutable-server-id=1" "$svc.fallback=2"
}

# "explain" says of each what the kernel does.
explained() {
	local cid
	layouts "$SVC4" rs4 katran-v1 2:0001 2:beef 2:ffff
	q -S >"$WORK/saved"
	for cid in 6fbbd1a2b3c4d5e6 afbbd1a2b3c4d5e6 4fbbd1a2b3c4d5e6 efbbd1a2b3c4d5e6; do
		q explain -u "$SVC4" "40${cid}00112233445566778899aabbcc" >"$WORK/live"
		q explain --saved "$WORK/saved" "40${cid}00112233445566778899aabbcc" >"$WORK/offline"
		same "explained" "$(<"$WORK/offline")" "$(<"$WORK/live")"
	done
	q explain -u "$SVC4" 406fbbd1a2b3c4d5e600112233445566778899aabbcc | grep -F "config=2 server-id=beef routed server=$(rs4 2):443"
}

for row in "${made[@]}"; do
	IFS=' ' read -ra words <<<"$row"
	tcase "IPv4: ${words[0]}" by_layout "$SVC4" rs4 "$CL4.30" "${words[@]}"
	tcase "IPv6: ${words[0]}" by_layout "$SVC6" rs6 "[${CL6}:30]" "${words[@]}"
done
tcase "another fixed bit: another CID" other_bits
tcase "a fixed bit far from the first octet" later_bits
tcase "random CIDs of Initials" initials
tcase "the length of all CIDs" lengths
tcase "Katran's three versions and two configs of QUIC-LB in a service" together
tcase "a layout in the place of another" replaced
tcase "layouts of two services" services
tcase "server IDs of a config that is gone" left_behind
tcase "configs that could mean the same CID are refused" rivals
tcase "saved, listed, restored" saved
tcase "explained" explained
watch
mute 21
defer "unmute 21"
tcase "express path, IPv4" express 4
tcase "express path, IPv6" express 6
finish
