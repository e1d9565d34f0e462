#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# CIDs in the layouts of other projects, octet by octet. Only those of Envoy and quiche, which are the draft's, are made by the codec
# under test.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need_module
lab_up
serve

# layout OPTION CONFIG...: nothing but the two services with these configs
layout() {
	q -C
	{
		service "$SVC4" rs4 "${@:2}"
		service "$SVC6" rs6 "${@:2}"
	} | sed "/^config/s/\$/ $1/" | q -R
}

# cids WORDS...: for each server a line with each of the WORDS, with @ for the server's number in two digits; short and long headers
cids() {
	local n form words
	for n in 1 2 3; do
		for words in "$@"; do
			for form in short long; do
				echo "name=s$n form=$form ${words//@/0$n}"
			done
		done
	done >"$WORK/lines"
}

# both FUNCTION [ARG...]: over IPv4 and over IPv6, sends what cids() has made; FUNCTION then looks at the answers
both() {
	local svc from
	for svc in "$SVC4" "$SVC6"; do
		from=$CL4.81:$((8100 + case_count))
		[ "$svc" = "$SVC4" ] || from="[${CL6}:81]:$((8100 + case_count))"
		mark "$svc"
		send "to=$svc" "from=$from" - <"$WORK/lines"
		"$1" "$svc" "${@:2}"
	done
}

# each SERVICE N: all are routable, and there are N of each server
each() {
	answers "s1 s1 $2" "s2 s2 $2" "s3 s3 $2"
	counted "$1" routed=$((3 * $2))
	stateless
}

# none SERVICE OUTCOME...: none is routable; one server gets them all
none() {
	same "number of servers" "$(cut -d ' ' -f 2 <<<"$GOT" | sort -u | wc -l)" 1
	counted "$@"
}

# routes CONFIG WORDS...
routes() {
	layout "" "$1"
	cids "${@:2}"
	both each $((2 * ($# - 1)))
}

# A first octet of 0, 16 bits of server ID, five octets more; no key.
cache_server() { routes 0:2:5 dcid=005a@c1c2c3c4c5 dcid=005a@0000000000 dcid=005a@ffffffffff; }

# 3 bits of 0; 5 bits that are ignored; 8 octets of server ID, 7 of nonce; no key.
cloud() { routes 0:8:7 dcid=005a0fc3962d1e4b@01020304050607 dcid=1f5a0fc3962d1e4b@f1f2f3f4f5f6f7; }

# A server ID that no server has: AWS drops it, here it is counted and sent by the hash.
cloud_unknown() {
	layout "" 0:8:7
	cids dcid=005a0fc3962d1e4bff01020304050607
	both none unroutable-server-id=6 fallback=1 fallback-new=1 tuple=4
}

# mint_octets CONFIG FIRST: sets ${CID[N]} to one of server N's whose first octet is FIRST
mint_octets() {
	local id sl n
	IFS=: read -r id sl _ <<<"$1"
	mapfile -t -O 1 CID < <("$QUICGEN" mint -c "$1" "mint=$id:$(sid "$sl" 1)" "mint=$id:$(sid "$sl" 2)" "mint=$id:$(sid "$sl" 3)")
	for n in 1 2 3; do
		CID[n]=$2${CID[n]:2}
	done
}

# octets EXTRA: as cids(), of ${CID[N]}, each followed by EXTRA
octets() {
	local n form
	for n in 1 2 3; do
		for form in short long; do
			echo "name=s$n form=$form dcid=${CID[n]}$1"
		done
	done >"$WORK/lines"
}

# The first octet has the length of the encrypted part, after which there is one more octet, in plaintext.
trailing_octet() {
	local id sl nl
	IFS=: read -r id sl nl _ <<<"$1"
	layout "" "$1"
	mint_octets "$1" "$(printf %02x $((id << 5 | (sl + nl))))"
	octets a7
	both each 2
	# so such servers cannot use the check of lengths: a long header has another length than the first octet
	layout --check-length "$1"
	both mixed routed=3 unroutable-length=3 fallback-new=1 tuple=2
}

# mixed SERVICE OUTCOME...: short headers are routable, long ones, of which there are as many, are not
mixed() {
	local n
	all_answered 6
	for n in 1 2 3; do
		grep -q "^s$n s$n " <<<"$GOT" || fail "no short header of s$n at s$n: $GOT"
	done
	counted "$@"
}

# A first octet that says the length, with and without the check.
length_octet() {
	local id sl nl option
	IFS=: read -r id sl nl _ <<<"$1"
	mint_octets "$1" "$(printf %02x $((id << 5 | (sl + nl))))"
	octets ""
	for option in "" --check-length; do
		layout "$option" "$1"
		both each 2
	done
	# a first octet with a smaller length
	mint_octets "$1" "$(printf %02x $((id << 5 | (sl + nl - 1))))"
	octets ""
	both none unroutable-length=6 fallback=1 fallback-new=1 tuple=4
}

# It writes a config ID of two bits, as old drafts had, and then six bits, random or of the length.  So the third bit, which belongs to
# the ID for the director, may be 0 or 1, and both IDs need the config.
plaintext_two_bits() {
	layout "" 2:8:6 3:8:6
	cids dcid=405a0fc3962d1e4b@010203040506 dcid=5f5a0fc3962d1e4b@010203040506 dcid=605a0fc3962d1e4b@010203040506 \
		dcid=7f5a0fc3962d1e4b@010203040506
	both each 8
}

# Its plaintext mode has any number of octets after the server ID; a config's nonce has at least four.  In a short header the end of
# the CID is not known, so only a CID in a long header can be too short.
plaintext_short() {
	layout "" 2:8:4
	cids dcid=4c5a0fc3962d1e4b@01020304
	both each 2
	cids dcid=4b5a0fc3962d1e4b@010203
	both mixed routed=3 unroutable-short=3 fallback-new=1 tuple=2
}

# With a config for one of the two IDs only.
one_of_two() {
	layout "" 2:8:6
	cids dcid=605a0fc3962d1e4b@010203040506 dcid=7f5a0fc3962d1e4b@010203040506
	both none unroutable-config=12 fallback=1 fallback-new=1 tuple=10
}

# Two bits of 1: with a third bit of 1 the CID is unroutable.
rotation_3() {
	layout "" 6:8:6
	cids dcid=c05a0fc3962d1e4b@010203040506
	both each 2
	cids dcid=e05a0fc3962d1e4b@010203040506
	both none unroutable-reserved=6 fallback=1 fallback-new=1 tuple=4
}

# Block mode: 16 octets, AES-ECB of server ID and "server use", which is the draft's single pass if the nonce is taken to be the
# rest of the block; and up to three octets in the clear.  Each has two blocks, "server use" 0001020304050607 and
# f8f9fafbfcfdfeff, encrypted with another program: openssl enc -aes-128-ecb -nopad -K $KEY
block() {
	local blocks i
	blocks=(
		41b6318915826957341309e7ae9e1f52 e7413ace22c833e13f3c90fccbb09c1e
		58827e4c4f3f39eb6c4a5ecad1e46812 42c249d2857db753f08784b314912359
		1cba1a424cd4d3caf21bde38182c66be d64916b61e4226a689fc37fe11f260c1
	)
	for i in "${!blocks[@]}"; do
		# the first octet with the length: third bit 0
		echo "name=s$((i / 2 + 1)) dcid=50${blocks[i]}"
		echo "name=s$((i / 2 + 1)) form=long dcid=50${blocks[i]}"
		# a random first octet, three octets in plaintext
		echo "name=s$((i / 2 + 1)) dcid=7a${blocks[i]}c1c2c3"
		echo "name=s$((i / 2 + 1)) form=long dcid=65${blocks[i]}c1c2c3"
	done >"$WORK/lines"
	layout "" "2:8:8:$KEY" "3:8:8:$KEY"
	both each 8
	# of a server that the director does not know
	layout "" "2:7:9:$KEY" "3:7:9:$KEY"
	both none unroutable-server-id=24 fallback=1 fallback-new=1 tuple=22
}

# Stream mode is that of the old drafts: the nonce first, three passes.  No config describes it.  A CID that does not decode to a
# server's ID is counted and handled as unroutable.
stream() {
	layout "" "2:8:8:$KEY"
	cat >"$WORK/lines" <<-END
		name=s1 form=long dcid=50dd28717019167864e8112e5546266495
		name=s2 form=long dcid=502954a1242de5d81e481ad51bee9a6ac7
		name=s3 dcid=50f22018a0cff099644912f3831626fa1f
	END
	both none unroutable-server-id=3 fallback-new=1 tuple=2
}

tcase "kyache: 2 octets of server ID" cache_server
tcase "AWS NLB: 8 octets of server ID" cloud
tcase "AWS NLB: unknown server ID: not dropped" cloud_unknown
tcase "Envoy: a trailing clear octet, single pass" trailing_octet "1:8:8:$KEY"
tcase "Envoy: a trailing clear octet, four passes" trailing_octet "2:4:6:$KEY"
tcase "Envoy: a trailing clear octet, plaintext" trailing_octet 3:3:4
tcase "quiche: first octet with the length, single pass" length_octet "1:8:8:$KEY"
tcase "quiche: first octet with the length, four passes" length_octet "2:4:6:$KEY"
tcase "quiche: first octet with the length, plaintext" length_octet 3:3:4
tcase "picoquic: plaintext, two bits of config ID" plaintext_two_bits
tcase "picoquic: plaintext, as short as can be" plaintext_short
tcase "picoquic: plaintext, one of the two IDs without a config" one_of_two
tcase "picoquic: plaintext, both bits 1" rotation_3
tcase "picoquic: block" block
tcase "picoquic: stream, which no config describes: counted, not misrouted" stream
finish
