#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A bad packet has an outcome and a counter, and never stops a good one.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=packets.sh
. "$here/packets.sh"
need_module
lab_up

# lengths SERVICE FROM FORM: a datagram truncated to each length.  Config 0 needs a CID of 8 octets: a short header has it
# from 9 octets on, a long one from 14.
lengths() {
	local svc=$1 i
	mark "$svc"
	for ((i = 0; i <= 60; i++)); do
		echo "name=x cut=$i"
	done | send -c 0:3:4 "to=$svc" "from=$2" "form=$3" scid=0102030405060708 size=60 "mint=0:$(sid 3 1)" -
	all_answered 61
	case $3 in
	short) counted "$svc" malformed=1 unroutable-short=8 routed=52 fallback=9 ;;
	long) counted "$svc" malformed=14 routed=47 fallback=14 ;;
	esac
	stateless
}

# dcid_lengths SERVICE FROM: every DCID length, with the whole DCID in the datagram; the 20 octets of version 1 are no limit
dcid_lengths() {
	local svc=$1 i cid
	cid=${CID[3]}$(printf '5a%.0s' {1..247})
	mark "$svc"
	for ((i = 0; i < 256; i++)); do
		echo "name=$((i < 8 ? 0 : 1)) dcid=${cid:0:2 * i}"
	done | send "to=$svc" "from=$2" form=long size=600 -
	same "answers" "${GOT/s[123] 8/SERVER 8}" $'0 SERVER 8\n1 s3 248'
	counted "$svc" unroutable-short=8 routed=248 fallback-new=1 tuple=7
}

# lying_lengths SERVICE FROM: every DCID length in the header, while the datagram has 42 octets
lying_lengths() {
	local svc=$1 i
	mark "$svc"
	for ((i = 0; i < 256; i++)); do
		echo "name=x dcidlen=$i"
	done | send "to=$svc" "from=$2" form=long size=48 "dcid=${CID[3]}" -
	all_answered 256
	counted "$svc" unroutable-short=8 routed=35 malformed=213 fallback-new=1 tuple=220
}

# from_client SERVICE FROM WORD...: a packet that only servers send, from a client; its header is like any other
from_client() {
	local svc=$1
	mark "$svc"
	send "to=$svc" "from=$2" form=long "${@:3}" - <<-END
		name=routable dcid=${CID[2]}
		name=x dcid=
		name=x dcid=ff11223344556677
	END
	same "answers" "${GOT/x s[123]/x SERVER}" $'routable s2 1\nx SERVER 2'
	counted "$svc" routed=1 unroutable-short=1 unroutable-reserved=1 fallback-new=1 tuple=1
	one_entry
}

# Of coalesced packets the first one decides: its DCID is unroutable, the DCIDs of the others name server 2.
coalesced() {
	local svc=$1 second
	mark "$svc"
	second=e30000000108${CID[2]}00004003112233
	send "to=$svc" "from=$2" - <<-END
		name=x raw=c30000000108ff1122334455667700004003112233$second
		name=x raw=c300000001000000004003112233$second
		name=x raw=c3000000ff$second
		name=first raw=c30000000108${CID[3]}00004003112233$second
	END
	same "answers" "${GOT/x s[123]/x SERVER}" $'first s3 1\nx SERVER 3'
	counted "$svc" routed=1 unroutable-reserved=1 unroutable-short=1 malformed=1 fallback-new=1 tuple=2
}

# packets OUTCOMES COUNT LINE...: sends these packets, all of one family; COUNT of them reach servers, which are in $SERVERS.  A last
# packet, for the other service, shows that they have passed.
packets() {
	local outcomes svc=$SVC4 client=$CL4.70 other="ip6 src=${CL6}:70 dst=$VIP6" wanted=$2
	IFS=' ' read -ra outcomes <<<"$1"
	shift 2
	if [ "${1%% *}" = ip6 ]; then
		svc=$SVC6
		client=${CL6}:70
		other="ip4 src=$CL4.70 dst=$VIP4"
	fi
	mark "$svc"
	forget
	printf '%s\n' "$@" "$other udp sport=7777 data=40${CID[1]}" | raw cl -
	arrived 1 "udp sport=7777 dport=443"
	arrived "$wanted" " src=$client "
	counted "$svc" ${outcomes[@]+"${outcomes[@]}"}
	stateless
}

# routed WORD...: to the server its CID names
routed() {
	packets routed=1 1 "$*"
	arrived 1 "sport=7000 dport=443"
	same "server" "$SERVERS" s2
}

# udp_lengths OUTCOME COUNT "LENGTH..." WORD...: a UDP header with each LENGTH, while there are 21 octets
udp_lengths() {
	local len lines=() expected="$1=$2"
	for len in $3; do
		lines+=("${*:4} udp sport=7000 len=$len $data")
	done
	[ "$1" = routed ] || expected+=" fallback=$2"
	packets "$expected" "$2" "${lines[@]}"
	arrived "$2" "sport=7000 dport=443"
	same "number of servers" "$(sort -u <<<"$SERVERS" | wc -l)" 1
	[ "$1" != routed ] || same "server" "${SERVERS%%$'\n'*}" s2
}

# kernel_counter NAME COUNTER: sets $COUNTER to what NAME's kernel has counted; Udp6... is IPv6's
kernel_counter() {
	case $2 in
	Udp6*) COUNTER=$(in_ns "$1" awk -v name="$2" '$1 == name { print $2 }' /proc/net/snmp6) ;;
	*) COUNTER=$(in_ns "$1" awk -v name="$2" '
		$1 == "Udp:" && !at { for (at = 2; $at != name; at++) if (at > NF) exit; next }
		$1 == "Udp:" { print $at }' /proc/net/snmp) ;;
	esac
}

counter_is() {
	kernel_counter "$1" "$2"
	[ "$COUNTER" = "$3" ]
}

# left_to_server COUNTER WORD...: it is routed, and the server's own COUNTER shows why there is no answer
left_to_server() {
	local before
	kernel_counter s2 "$1"
	before=$COUNTER
	routed "${@:2}"
	poll 5 "$1 of s2" counter_is s2 "$1" $((before + 1))
}

# No port, no service: nothing is counted, and IPVS has no server for it.
no_udp_header() {
	local octets=1b5801bb001000 n lines=()
	for n in 0 1 3 4 7; do
		lines+=("$* proto=17 data=${octets:0:2 * n}")
	done
	packets "" 0 "${lines[@]}"
}

# other_port PORT VIP FROM COUNTER: the director answers as any host does
other_port() {
	local before svc=$SVC4
	[ "$2" = "$VIP4" ] || svc=$SVC6
	kernel_counter lb "$4"
	before=$COUNTER
	mark "$svc"
	send -t 5000 "to=$2:$1" "from=$3" name=x "dcid=${CID[1]}"
	answers "x refused 1"
	counted "$svc"
	stateless
	same "$4 of the director" "$(kernel_counter lb "$4" && echo "$COUNTER")" $((before + 1))
}

serve
watch
mint_cids
mute 70
defer "unmute 70"
fresh "$SVC4" rs4 0:3:4
service "$SVC6" rs6 0:3:4 | q -R

for svc in "$SVC4" "$SVC6"; do
	from=$CL4.73 f=IPv4
	[ "$svc" = "$SVC4" ] || from="[${CL6}:73]" f=IPv6
	tcase "$f: short header of every length to 60" lengths "$svc" "$from:7300" short
	tcase "$f: long header of every length to 60" lengths "$svc" "$from:7301" long
	tcase "$f: every DCID length" dcid_lengths "$svc" "$from:7302"
	tcase "$f: every DCID length, beyond the datagram too" lying_lengths "$svc" "$from:7303"
	tcase "$f: version negotiation from a client" from_client "$svc" "$from:7304" version=0 type=2 scid=0102030405060708
	tcase "$f: Retry from a client" from_client "$svc" "$from:7305" type=3 scid=0102030405060708
	tcase "$f: version 2's Retry from a client" from_client "$svc" "$from:7306" type=0 version=6b3343cf
	tcase "$f: coalesced packets: only the first decides" coalesced "$svc" "$from:7307"
done

v4=(ip4 "src=$CL4.70" "dst=$VIP4")
v6=(ip6 "src=${CL6}:70" "dst=$VIP6")
udp=(udp sport=7000)
data=data=40${CID[2]}5a5a5a5a
nops=$(printf '01%.0s' {1..36})
tcase "IPv4 option: routed" routed "${v4[@]}" options=94040000 "${udp[@]}" "$data"
tcase "40 octets of IPv4 options: routed" routed "${v4[@]}" "options=94040000$nops" "${udp[@]}" "$data"
tcase "IPv6 destination options: routed" routed "${v6[@]}" opts "${udp[@]}" "$data"
tcase "IPv4: no UDP checksum: routed" routed "${v4[@]}" "${udp[@]}" sum=0 "$data"
tcase "IPv4: wrong UDP checksum: left to the server" left_to_server InCsumErrors "${v4[@]}" "${udp[@]}" sum=0x1234 "$data"
tcase "IPv6: no UDP checksum: left to the server" left_to_server Udp6InErrors "${v6[@]}" "${udp[@]}" sum=0 "$data"
tcase "IPv6: wrong UDP checksum: left to the server" left_to_server Udp6InCsumErrors "${v6[@]}" "${udp[@]}" sum=0x1234 "$data"
for f in 4 6; do
	words=("${v4[@]}")
	[ $f = 4 ] || words=("${v6[@]}")
	tcase "IPv$f: UDP length that is none, or beyond the packet: malformed" udp_lengths malformed 5 "0 7 8 22 65535" "${words[@]}"
	tcase "IPv$f: UDP length that ends within the CID: too short" udp_lengths unroutable-short 2 "9 16" "${words[@]}"
	tcase "IPv$f: UDP length less than the packet's, enough for the CID: routed" udp_lengths routed 2 "17 20" "${words[@]}"
done
tcase "IPv4: not even a UDP header" no_udp_header "${v4[@]}"
tcase "IPv6: not even a UDP header" no_udp_header "${v6[@]}"
tcase "IPv4: to another port of the VIP" other_port 444 "$VIP4" "$CL4.72:7200" NoPorts
tcase "IPv6: to another port of the VIP" other_port 444 "[$VIP6]" "[${CL6}:72]:7200" Udp6NoPorts
finish
