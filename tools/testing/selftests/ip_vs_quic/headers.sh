#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The DCID decides, and nothing else in the header: not the version, the packet type, the fixed bit or what follows.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need_module
lab_up
serve

fresh "$SVC4" rs4 0:3:4 "1:8:8:$KEY"
service "$SVC6" rs6 0:3:4 "1:8:8:$KEY" | q -R
configs=(-c 0:3:4 -c "1:8:8:$KEY")

# header SERVICE FROM WORD...: CIDs of each server in this header
header() {
	local svc=$1 from=$2 n
	shift 2
	mark "$svc"
	for n in 1 2 3; do
		echo "name=plaintext-s$n mint=0:$(sid 3 "$n")"
		echo "name=single-pass-s$n mint=1:$(sid 8 "$n")"
	done | send "${configs[@]}" "to=$svc" "from=$from" "$@" -
	answers "plaintext-s1 s1 1" "plaintext-s2 s2 1" "plaintext-s3 s3 1" \
		"single-pass-s1 s1 1" "single-pass-s2 s2 1" "single-pass-s3 s3 1"
	counted "$svc" routed=6
	stateless
}

# The DCID of the first header names server 2, that of the following packet server 3.
coalesced() {
	local two three
	{ read -r two && read -r three; } < <("$QUICGEN" mint -c 0:3:4 "mint=0:$(sid 3 2)" "mint=0:$(sid 3 3)")
	mark
	send "to=$SVC4" "from=$CL4.8:8000" - <<-END
		name=long-then-long raw=c30000000108${two}00004003112233e30000000108${three}00004003112233
		name=long-then-short raw=e30000000108${two}0000400311223343${three}5a5a5a5a
	END
	answers "long-then-long s2 1" "long-then-short s2 1"
	counted "$SVC4" routed=2
}

# A datagram that ends with the DCID has no SCID length, but all that routing needs.
ends_with_dcid() {
	mark
	send "${configs[@]}" "to=$SVC4" "from=$CL4.8:8000" form=long - <<-END
		name=plaintext mint=0:$(sid 3 2) cut=14
		name=single-pass mint=1:$(sid 8 3) cut=23
	END
	answers "plaintext s2 1" "single-pass s3 1"
	counted "$SVC4" routed=2
}

rows=(
	"version 1 Initial|type=0"
	"version 1 0-RTT|type=1"
	"version 1 Handshake|type=2 scid=0102030405060708"
	"version 1 Retry|type=3"
	"version 2 Initial|version=6b3343cf type=1"
	"version 2 Handshake|version=6b3343cf type=3"
	"version 2 Retry|version=6b3343cf type=0"
	"a draft's version|version=ff00001d type=0"
	"a greased version|version=1a2a3a4a type=2"
	"Google's Q043|version=51303433 type=0"
	"version negotiation|version=0 type=2"
	"version negotiation with the first octet all ones|version=0 type=3 scid=ffffffffffffffffffffffffffffffffffffffff"
	"fixed bit 0|type=0 fixed=0"
	"unknown version, fixed bit 0|version=deadbeef type=3 fixed=0"
	"an SCID longer than the datagram|scidlen=255"
	"datagram of 1200 octets|type=0 size=1200"
	"datagram that just fits the tunnel|type=2 size=1432"
)
for row in "${rows[@]}"; do
	IFS=' ' read -ra words <<<"${row#*|}"
	tcase "IPv4: long header, ${row%%|*}" header "$SVC4" "$CL4.8:8001" form=long "${words[@]}"
done
tcase "IPv6: long header, version 1 Initial" header "$SVC6" "[${CL6}:8]:8001" form=long type=0
tcase "IPv6: long header, version 2 Handshake" header "$SVC6" "[${CL6}:8]:8001" form=long type=3 version=6b3343cf
tcase "IPv6: long header, unknown version, fixed bit 0" header "$SVC6" "[${CL6}:8]:8001" form=long version=deadbeef fixed=0
tcase "IPv4: short header, fixed bit 0" header "$SVC4" "$CL4.8:8001" fixed=0
tcase "IPv6: short header, fixed bit 0" header "$SVC6" "[${CL6}:8]:8001" fixed=0
tcase "IPv4: short header, nothing behind the DCID" header "$SVC4" "$CL4.8:8001" size=0
tcase "IPv6: short header, nothing behind the DCID" header "$SVC6" "[${CL6}:8]:8001" size=0
tcase "long header that ends with its DCID" ends_with_dcid
tcase "coalesced packets: the first decides" coalesced
finish
