#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The express path takes no datagram that routing drops or sends elsewhere: each datagram has the same fate with it as without it.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=packets.sh
. "$here/packets.sh"
# shellcheck source=links.sh
. "$here/links.sh"
# shellcheck source=expresslib.sh
. "$here/expresslib.sh"
need_module
own_lab_up

# "elsewhere" is server 3, by an address that it does not have
prepare_lab() {
	local mac c
	mac=$(ip -n "$LAB-s3" -j link show eth0 | jq -r '.[0].address')
	for c in all eth0; do
		echo 0 >/proc/sys/net/ipv4/conf/$c/send_redirects
	done
	echo 1 >/proc/sys/net/ipv4/ip_forward
	echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
	ip neigh add 10.0.0.99 lladdr "$mac" dev eth0 nud permanent
	ip neigh add fd00:10::99 lladdr "$mac" dev eth0 nud permanent
}

# start FAMILY DEV: a service, whose datagrams arrive on DEV; no device has the express path
start() {
	family "$1"
	pool "$1" "$1" -i
	toward "$2"
}

# toward DEV: sets $dev, $udp, and how the router sends to DEV
toward() {
	local mac
	dev=$1 udp="udp sport=5 dport=$PORT data=40${CID[1]} pad=30"
	mac=$(ip -j link show "$dev" | jq -r '.[0].address')
	link_layer=r-$dev/$mac
	[ "$dev" != eth0 ] || link_layer=br0/$mac
}

# goes HOW WORD...: the fate of four such datagrams: they are tunnelled, arrive at .99 unchanged, or are lost
goes() {
	local i
	forget
	for i in 1 2 3 4; do
		echo "${@:2}"
	done | raw rt -l "$link_layer" -
	# the last one, which is to be forwarded
	echo "ip4 src=$CL4.21 dst=$(rs4 2) udp sport=7 dport=7" | raw rt -l "$probe" -
	arrived 1 "sport=7"
	seen "^s1 ip[46] src=(10.0.0.1|fd00:10::1) .*sport=[^7]"
	i=${#MATCHED[@]}
	seen "^s3 ip[46] src=($CL4|2001:db8:c)"
	case $1 in
	tunnelled) same "tunnelled, elsewhere" "$i ${#MATCHED[@]}" "4 0" ;;
	elsewhere) same "tunnelled, elsewhere" "$i ${#MATCHED[@]}" "0 4" ;;
	lost) same "tunnelled, elsewhere" "$i ${#MATCHED[@]}" "0 0" ;;
	esac
}

# both_ways "HOW WORD..."...: the same without the express path and with it; the express path has learned from usual datagrams, and still
# takes them
both_ways() {
	q express del "$dev" 2>/dev/null || true
	each_goes "$@"
	q express add "$dev"
	usual
	each_goes "$@"
	usual
}

each_goes() {
	local input
	for input in "$@"; do
		# shellcheck disable=SC2086 # words
		goes $input
	done
}

# usual: the express path takes an ordinary datagram
usual() {
	goes tunnelled "$ip $udp"
	counters_mark
	goes tunnelled "$ip $udp"
	counters
	same "datagrams taken" $((${COUNTERS[$dev.taken]} - ${MARKED[$dev.taken]})) 4
}

express_off() { defer "for d in eth0 p0; do q express del \$d 2>/dev/null || :; done"; }

# behind FAMILY RULE...: a rule for table 100, in which the VIP is at .99, comes before the local table
behind() {
	local f=$1 vip=$VIP4 via=10.0.0.99
	if [ "$f" = 6 ]; then
		vip=$VIP6 via=fd00:10::99
	fi
	ip "-$f" -b - <<-END
		route add $vip via $via table 100
		rule add pref 30 lookup local
		rule add pref 10 ${*:2} lookup 100
		rule del pref 0
	END
	defer "ip -$f rule add pref 0 lookup local; ip -$f rule del pref 10; ip -$f rule del pref 30; ip -$f route flush table 100"
}

# This case needs no rule, so it comes before all that do.
tos_route() {
	local svc ip dev udp
	start 4 eth0
	express_off
	ip route add blackhole "$VIP4" tos 0x10 table local
	defer "ip route del blackhole $VIP4 tos 0x10 table local"
	both_ways "lost $ip tos=0x10 $udp" "lost $ip tos=0x11 $udp" "tunnelled $ip tos=0xb8 $udp"
}

# A source that is one of the director's own addresses is forged.
own_sources() {
	local svc ip dev udp
	start 4 eth0
	express_off
	both_ways "lost ${ip/$CL4.21/10.0.0.1} $udp" "lost ${ip/$CL4.21/$VIP4} $udp" "tunnelled ${ip/$CL4.21/10.8.8.8} $udp"
	ip addr add 10.8.8.8/32 dev lo
	defer "ip addr del 10.8.8.8/32 dev lo"
	both_ways "lost ${ip/$CL4.21/10.8.8.8} $udp"
	echo 1 >/proc/sys/net/ipv4/conf/eth0/accept_local
	defer "echo 0 >/proc/sys/net/ipv4/conf/eth0/accept_local"
	both_ways "tunnelled ${ip/$CL4.21/10.8.8.8} $udp"
	echo 0 >/proc/sys/net/ipv4/conf/eth0/accept_local
	both_ways "tunnelled ${ip/$CL4.21/10.9.9.9} $udp"
	ip route add local 10.9.0.0/16 dev lo
	defer "ip route del local 10.9.0.0/16 dev lo"
	both_ways "lost ${ip/$CL4.21/10.9.9.9} $udp"
}

# What INPUT rules drop on one device is not learned on another.
one_device() {
	local svc ip dev udp
	port_up p0 01
	express_off
	start 4 eth0
	q express add eth0
	usual
	toward p0
	q express add p0
	nft "table inet t { chain c { type filter hook input priority 0; iifname p0 udp dport $PORT drop; }; }"
	defer "nft delete table inet t"
	goes lost "$ip $udp"
	goes lost "$ip $udp"
}

# A device that has IPv6 disabled.
disabled() {
	local svc ip dev udp
	port_up p0 01
	express_off
	start 6 p0
	q express add p0
	usual
	echo 1 >/proc/sys/net/ipv6/conf/p0/disable_ipv6
	goes lost "$ip $udp"
	echo 0 >/proc/sys/net/ipv6/conf/p0/disable_ipv6
	usual
}

# The route to the client does not use this device.
reverse_path() {
	local svc ip dev udp
	port_up p0 01
	# without one no path is a reverse path
	ip addr add 10.7.0.1/24 dev p0
	express_off
	start 4 p0
	q express add p0
	usual
	echo 1 >/proc/sys/net/ipv4/conf/p0/rp_filter
	goes lost "$ip $udp"
	ip route add "$CL4.21" dev p0
	usual
	both_ways "lost ${ip/.21/.22} $udp"
	echo 2 >/proc/sys/net/ipv4/conf/p0/rp_filter
	both_ways "tunnelled ${ip/.21/.22} $udp" "lost ${ip/$CL4.21/10.0.0.1} $udp"
}

rules_v4() {
	local svc ip dev udp
	start 4 eth0
	express_off
	behind 4 "$@"
	nft "table netdev t { chain c { type filter hook ingress device eth0 priority 0; udp sport 2005 meta mark set 5; }; }"
	defer "nft delete table netdev t"
	both_ways "$HOW ${ip/.21/.22} tos=${TOS:-0} ${udp/sport=5/sport=${SPORT:-5}}"
}

# By device: what was learned on one does not apply to the other.
iif_rule() {
	local svc ip dev udp
	port_up p0 01
	express_off
	behind 4 iif p0
	start 4 eth0
	q express add eth0
	q express add p0
	usual
	toward p0
	goes elsewhere "$ip $udp"
	q express del p0
	goes elsewhere "$ip $udp"
}

# A route that is added to another table than the one that the VIP was found in.
other_table() {
	local svc ip dev udp
	start 6 eth0
	express_off
	behind 6
	ip -6 route flush table 100
	q express add eth0
	usual
	ip -6 route add "$VIP6" via fd00:10::99 table 100
	goes elsewhere "$ip $udp"
	ip -6 route flush table 100
	usual
	ip -6 route add blackhole "$VIP6" table 100
	goes lost "$ip $udp"
	ip -6 route flush table 100
	usual
}

rules_v6() {
	local svc ip dev udp
	start 6 eth0
	express_off
	behind 6 "$@"
	both_ways "$HOW $ip tos=${TOS:-0} ${udp/sport=5/sport=${SPORT:-5}}"
}

mint_cids
watch
mute 21
mute 22
prepare_lab
probe=br0/$(ip -j link show eth0 | jq -r '.[0].address')
tcase "a route for one TOS" tos_route
tcase "the director's own addresses" own_sources
tcase "INPUT rules about one device" one_device
tcase "a device without IPv6" disabled
tcase "reverse path filtering" reverse_path
tcase "a rule by device" iif_rule
SPORT=2005 HOW=elsewhere tcase "a rule by mark" rules_v4 fwmark 5
SPORT=2000 HOW=elsewhere tcase "a rule by port" rules_v4 ipproto udp sport 2000
TOS=0x10 HOW=elsewhere tcase "a rule by TOS" rules_v4 tos 0x10
HOW=elsewhere tcase "a rule by source" rules_v4 from "$CL4.22"
HOW=tunnelled tcase "a rule about others" rules_v4 from "$CL4.23"
tcase "IPv6: a route in another table" other_table
SPORT=2000 HOW=elsewhere tcase "IPv6: a rule by port" rules_v6 ipproto udp sport 2000
TOS=0x10 HOW=elsewhere tcase "IPv6: a rule by TOS" rules_v6 tos 0x10
SPORT=2000 HOW=tunnelled tcase "IPv6: a rule about others" rules_v6 ipproto udp sport 2001
finish
