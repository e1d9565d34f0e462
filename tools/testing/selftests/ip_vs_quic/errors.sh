# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For scripts about ICMP errors; sourced after packets.sh.
# shellcheck disable=SC2154

RT4=203.0.113.9	# a router of the internet
RT6=2001:db8:99::9

# quote4 CLIENT CLIENTPORT: words of a server's datagram, as an ICMP error quotes it
quote4() { echo "ip4 src=$VIP4 dst=$1 df=1 ttl=50 udp sport=$PORT dport=$2 claim=1000"; }
quote6() { echo "ip6 src=$VIP6 dst=$1 ttl=50 udp sport=$PORT dport=$2 claim=1000"; }

error4() { echo "ip4 src=$RT4 dst=$VIP4 icmp type=$1 code=$2 mtu=$3"; }
error6() { echo "ip6 src=$RT6 dst=$VIP6 icmp6 type=$1 code=$2 mtu=$3"; }

# too_big FAMILY SERVER WORD...: an error about a packet of these words, which ${SOURCE:-the director} has sent to SERVER.  The error
# is sent to ${TO:-the director}, has the MTU ${CLAIM:-small} and the checksum ${SUM:-that is right}.
too_big() {
	local f=$1 server=$2
	shift 2
	if [ "$f" = 4 ]; then
		raw rt ip4 "src=$RT4" "dst=${TO:-10.0.0.1}" icmp type=3 code=4 "mtu=${CLAIM:-1000}" ${SUM:+"sum=$SUM"} \
			ip4 "src=${SOURCE:-10.0.0.1}" "dst=$server" "$@" claim=1000
	else
		raw rt ip6 "src=$RT6" "dst=${TO:-fd00:10::1}" icmp6 type=2 code=0 "mtu=${CLAIM:-1360}" ${SUM:+"sum=$SUM"} \
			ip6 "src=${SOURCE:-fd00:10::1}" "dst=$server" "$@" claim=1000
	fi
}

# has_mtu SERVER MTU: the director has this path MTU
has_mtu() {
	path_mtu lb "$1"
	[ "$MTU" = "$2" ]
}
