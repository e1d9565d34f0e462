#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Datagrams that arrive in another form than they were sent in: merged by GRO, in fragments, or with checksums that are not
# computed yet.  A server's answer has the digest of the datagram that it received, so every octet is checked.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=packets.sh
. "$here/packets.sh"
need_module
command -v ethtool >/dev/null || skip_all "ethtool is not installed"
lab_up

from_of() {
	case $1 in
	"$SVC4") from=$CL4.41 ;;
	*) from="[${CL6}:41]" ;;
	esac
}

# ip_received SERVICE: sets $RECEIVED to how many packets the IP layer of the director has had, merged ones as one
ip_received() {
	case $1 in
	"$SVC4") RECEIVED=$(awk '$1 == "Ip:" { n = $4 } END { print n }' /proc/net/snmp) ;;
	*) RECEIVED=$(awk '$1 == "Ip6InReceives" { print $2 }' /proc/net/snmp6) ;;
	esac
}

# by_turns N WORD...: writes N lines with a CID of each server in turn to $WORK/lines
by_turns() {
	local i n
	for ((i = 0; i < $1; i++)); do
		for n in 1 2 3; do
			echo "name=$n mint=0:$(sid 3 "$n") ${*:2}"
		done
	done >"$WORK/lines"
}

# merged SERVICE LEAST MOST: 48 datagrams of one 4-tuple, with CIDs of each server in turn, of which LEAST to MOST packets are
# made on the way to the director's IP layer
merged() {
	local svc=$1 from before
	from_of "$svc"
	by_turns 16 size=100
	mark "$svc"
	ip_received "$svc"
	before=$RECEIVED
	send -g 48 -c 0:3:4 "to=$svc" "from=$from:4100" - <"$WORK/lines"
	ip_received "$svc"
	answers "1 s1 16" "2 s2 16" "3 s3 16"
	counted "$svc" routed=48
	stateless
	between "packets of 48 datagrams" $((RECEIVED - before)) "$2" "$3"
	# without a CID, too
	send -g 24 "to=$svc" "from=$from:$((4200 + 100 * $3 + case_count))" size=100 name=x form=long dcid=ff count=24
	same "answers" "${GOT/s[123]/SERVER}" "x SERVER 24"
	counted "$svc" routed=48 unroutable-reserved=24 fallback-new=1 tuple=23
}

# For a service of another scheduler they stay merged.
stock() {
	ipvsadm -A -u "$VIP4:444" -s rr -o
	defer "ipvsadm -D -u $VIP4:444"
	ipvsadm -a -u "$VIP4:444" -r "$(rs4 1)" -i
	send -g 12 "to=$VIP4:444" "from=$CL4.42:4300" size=100 name=x dcid=ff count=12
	answers "x s1 12"
}

# no_gso: the last link to the director has no segmentation; without TSO veth leaves it to GRO to merge
no_gso() {
	defer "in_ns rt ethtool -K lb tx-udp-segmentation on tso on >/dev/null"
	in_ns rt ethtool -K lb tx-udp-segmentation off tso off >/dev/null
}

# The router segments, the director's GRO merges; without GRO nothing does.
gro() {
	no_gso
	defer "ethtool -K eth0 $2 off gro off"
	ethtool -K eth0 gro on "$2" on 2>/dev/null || skip "no $2 here"
	ethtool -k eth0 | grep -q "^$2: on" || skip "$2 stays off"
	merged "$1" 1 12
	ethtool -K eth0 "$2" off gro off
	merged "$1" 48 60
}

# A merged packet that was truncated on the way: it cannot be split.
broken() {
	local trace=/sys/kernel/tracing/instances/$LAB-gro skb
	[ -d /sys/kernel/tracing/instances ] || skip "tracefs is not mounted"
	mkdir "$trace"
	defer "rmdir $trace"
	echo 1 >"$trace/events/ip_vs_quic/ip_vs_quic_drop/enable"
	echo 1 >"$trace/events/skb/kfree_skb/enable"
	nft "table netdev ivq { chain in { type filter hook ingress device eth0 priority 0; udp dport $PORT ip length set 100; }; }" ||
		skip "nft cannot change a packet here"
	defer "nft delete table netdev ivq"
	mark
	send -t 500 -g 3 -c 0:3:4 "to=$SVC4" "from=$CL4.43:4350" name=x "mint=0:$(sid 3 1)" size=500 count=3
	answers "x none 3"
	counted "$SVC4"
	[ "$(grep -c "ip_vs_quic_drop:" "$trace/trace")" = 1 ] || fail "not one drop: $(cat "$trace/trace")"
	[[ $(grep "ip_vs_quic_drop:" "$trace/trace") =~ skbaddr=([0-9a-f]+)\ len=100\ reason=segment$ ]] || fail "$(cat "$trace/trace")"
	skb=${BASH_REMATCH[1]}
	grep -q "kfree_skb: skbaddr=$skb .*reason: SKB_GSO_SEG$" "$trace/trace" || fail "the kernel does not say why: $(cat "$trace/trace")"
}

# on_client MTU: sets the MTU of the client's link.  It leaves room for a tunnel header, because IPv6 routers, and so the director,
# do not fragment
on_client() {
	defer "ip -n $LAB-cl link set eth0 mtu 1500"
	ip -n "$LAB-cl" link set eth0 mtu "$1"
}

# fragments SERVICE SIZE: datagrams too large for the client's link, three from each of two 4-tuples
fragments() {
	local svc=$1 from before
	on_client 1400
	from_of "$svc"
	mark "$svc"
	ip_received "$svc"
	before=$RECEIVED
	by_turns 1 "size=$2" "from=$from:4400" to="$svc"
	cp "$WORK/lines" "$WORK/lines1"
	by_turns 1 "size=$2" "from=$from:4401" to="$svc"
	cat "$WORK/lines1" "$WORK/lines" | send -c 0:3:4 -
	ip_received "$svc"
	answers "1 s1 2" "2 s2 2" "3 s3 2"
	counted "$svc" routed=6
	stateless
	between "fragments of 6 datagrams" $((RECEIVED - before)) 12 60
	send "to=$svc" "from=$from:$((4500 + case_count))" name=x form=long dcid=ff "size=$2" count=3
	same "answers" "${GOT/s[123]/SERVER}" "x SERVER 3"
	counted "$svc" routed=6 unroutable-reserved=3 fallback-new=1 tuple=2
}

# pieces FAMILY ID PIECE...: fragments by hand, last:OFFSET:UDPWORDS or more:...; % in the words is a blank
pieces() {
	local id=$2 piece last offset words
	for piece in "${@:3}"; do
		IFS=: read -r last offset words <<<"$piece"
		words=${words//%/ }
		last=$([ "$last" = last ] || echo mf=1)
		case $1 in
		4) echo "ip4 src=$CL4.44 dst=$VIP4 id=$id offset=$offset $last proto=17 $words" ;;
		6) echo "ip6 src=${CL6}:44 dst=$VIP6 frag id=$id offset=$offset $last proto=17 $words" ;;
		esac
	done
}

# Four hand-made datagrams: one with its fragments in the wrong order; one with only the UDP header in the first fragment and the CID
# in the second; one with a fragment missing; and a whole one, which shows that all have passed.
by_hand() {
	local svc=$SVC4 fill whole="ip4 src=$CL4.44 dst=$VIP4"
	if [ "$1" = 6 ]; then
		svc=$SVC6
		whole="ip6 src=${CL6}:44 dst=$VIP6"
	fi
	fill=$(printf '5a%.0s' {1..47})
	mark "$svc"
	forget
	{
		pieces "$1" 77 "last:64:data=$fill" "more:0:udp%sport=4477%len=111%sum=$2%data=40${CID[1]}$fill"
		pieces "$1" 78 "more:0:udp%sport=4478%len=64%sum=$3" "last:8:data=40${CID[2]}$fill"
		pieces "$1" 79 "more:0:udp%sport=4479%len=111%sum=0%data=40${CID[2]}$fill"
		echo "$whole udp sport=4480 data=40${CID[3]}5a5a5a"
	} | raw cl -
	arrived 1 "sport=4480 dport=443"
	same "server of the whole one" "$SERVERS" s3
	arrived 1 "sport=4477 dport=443"
	same "server of the one in the wrong order" "$SERVERS" s1
	arrived 1 "sport=4478 dport=443"
	same "server of the one whose CID is not in the first" "$SERVERS" s2
	counted "$svc" routed=3
	arrived 0 "sport=4479"
}

# checksums SERVICE on|off: off, the sender computes them; on, they are not computed on the way over veth
checksums() {
	local svc=$1 from
	from_of "$svc"
	defer "in_ns cl ethtool -K eth0 tx on >/dev/null"
	in_ns cl ethtool -K eth0 tx "$2" >/dev/null
	mark "$svc"
	send -c 0:3:4 "to=$svc" - <<-END
		name=1 from=$from:4600 mint=0:$(sid 3 1) size=41
		name=2 from=$from:4600 mint=0:$(sid 3 2) size=1200
		name=3 from=$from:4600 mint=0:$(sid 3 3) size=1400
		name=1 from=$from:4601 mint=0:$(sid 3 1) size=1201
		name=x from=$from:$((4700 + case_count)) form=long dcid=ff size=1203
	END
	answers "1 s1 2" "2 s2 1" "3 s3 1" "$(grep -o 'x s[123] 1' <<<"$GOT")"
	counted "$svc" routed=4 unroutable-reserved=1 fallback-new=1
}

serve "$SVC4" "$SVC6" "$VIP4:444"
watch
fresh "$SVC4" rs4 0:3:4
service "$SVC6" rs6 0:3:4 | q -R
mint_cids
mute 44
defer "unmute 44"
ethtool -K eth0 gro off >/dev/null 2>&1 || true
tcase "IPv4: a merged packet is taken apart" merged "$SVC4" 1 12
tcase "IPv6: a merged packet is taken apart" merged "$SVC6" 1 12
tcase "a merged packet for a stock service" stock
for merger in rx-udp-gro-forwarding rx-gro-list; do
	tcase "IPv4: merged by $merger" gro "$SVC4" $merger
	tcase "IPv6: merged by $merger" gro "$SVC6" $merger
done
tcase "a merged packet that cannot be taken apart is dropped with the reason" broken
tcase "IPv4: fragments" fragments "$SVC4" 4000
tcase "IPv6: fragments" fragments "$SVC6" 4000
tcase "IPv4: fragments in the wrong order, without the CID, alone" by_hand 4 0 0
tcase "IPv6: fragments in the wrong order, without the CID, alone" by_hand 6 0x1111 0x1111
for state in on off; do
	tcase "IPv4: checksum offload of the sender $state" checksums "$SVC4" $state
	tcase "IPv6: checksum offload of the sender $state" checksums "$SVC6" $state
done
finish
