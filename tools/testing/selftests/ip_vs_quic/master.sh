#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# If a device is a port of another device, or has one on top, the express path leaves its frames to that device: it runs before the
# bond, the bridge, the macvlan or the VRF, and must not decide for them.  On these devices themselves it works.
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

# gives ARRIVES WHAT=N...: for one datagram for server 1, ARRIVES packets reach servers, and exactly this is counted
gives() {
	forget
	one "$ip ttl=9 udp sport=5 dport=$PORT data=40${CID[1]} pad=30"
	happened "${@:2}"
	# a packet that should not arrive would have arrived by then
	link_layer='' one "$ip ttl=9 udp sport=6 dport=$PORT data=40${CID[2]}"
	arrived 1 "sport=6"
	arrived "$1" "sport=5"
	counters_mark
}

# by_master DEV MASTER: the port leaves everything to the master, which learns after a change of routes and then takes datagrams
by_master() {
	ip route add 203.0.113.1 dev lo
	ip route del 203.0.113.1 dev lo
	gives 1 "$1.master=1" "$2.not-local=1" "$svc.routed=1"
	gives 1 "$1.master=1" "$2.taken=1" "$svc.routed=1"
}

# no_port DEV SENTENCE OTHER: DEV cannot have the express path; older kernels say OTHER, which has no name in it
no_port() {
	local rc=0
	q express del "$1" 2>/dev/null || true
	q express add "$1" 2>"$WORK/stderr" || rc=$?
	same "status" "$rc" 1
	if [ "$(<"$WORK/stderr")" != "Error: express path of $1: ${3:-}." ]; then
		same "sentence" "$(<"$WORK/stderr")" "Error: express path of $1: $2."
	fi
}

needs() { modprobe "$@" 2>/dev/null || skip "the kernel has no $1"; }

prepare() {
	family 4
	pool 4 4 -i
	port_up p0 01
	# before it is a port
	on p0
	link_layer=r-p0/02:00:00:00:01:01
}

nameless="The device is a port: add the express path to what it is a port of"

bond() {
	local svc ip
	needs bonding max_bonds=0
	prepare
	port_up p1 02
	on p1
	ip -b - <<-END
		link add bond7 address 02:00:00:00:01:07 type bond mode active-backup
		link set p0 down
		link set p1 down
		link set p0 master bond7
		link set p1 master bond7
		link set bond7 up
		link set bond7 type bond active_slave p0
	END
	defer "ip link del bond7"
	settled p0 p1 bond7
	on bond7
	link_layer=r-p0/02:00:00:00:01:07
	by_master p0 bond7
	# the inactive one's frames are dropped
	link_layer=r-p1/02:00:00:00:01:07
	gives 0 p1.master=1
	ip link set bond7 type bond active_slave p1
	by_master p1 bond7
	link_layer=r-p0/02:00:00:00:01:07
	gives 0 p0.master=1
	no_port p0 "The device is a port of bond7: add the express path to that" "$nameless"
	no_port p1 "The device is a port of bond7: add the express path to that" "$nameless"
}

port_state() { ip -d -j link show dev "$1" | jq -r '.[0].linkinfo.info_slave_data.state'; }

# Without STP the kernel enables a disabled port again at a link event, which may come late.  So "ip link set" cannot disable it: that
# makes such an event.
drops_when_disabled() {
	local try rc
	for try in 1 2 3 4 5; do
		command bridge link set dev p0 state 0
		rc=0
		(gives 0 p0.master=1) >"$WORK/disabled" 2>&1 || rc=$?
		# the subshell's mark went with it
		counters_mark
		[ "$rc" != 0 ] || return 0
		[ "$(port_state p0)" != disabled ] || fail "$(<"$WORK/disabled")"
		note "try $try: the kernel has enabled the port again"
	done
	fail "the kernel has enabled the port again, whenever it was disabled"
}

bridge() {
	local svc ip
	prepare
	ip -b - <<-END
		link add b7 address 02:00:00:00:01:07 type bridge mcast_snooping 0
		link set p0 master b7
		link set b7 up
	END
	defer "ip link del b7"
	settled p0 b7
	on b7
	link_layer=r-p0/02:00:00:00:01:07
	by_master p0 b7
	drops_when_disabled
	command bridge link set dev p0 state 3
	by_master p0 b7
	no_port p0 "The device is a port of b7: add the express path to that" "$nameless"
	# free again; what the kernel does when the bridge has lost its only port makes routing's answers of before void
	ip link set p0 nomaster
	settled p0
	poll 20 "the bridge to have no carrier" has_state b7 DOWN
	on p0
	link_layer=r-p0/02:00:00:00:01:01
	gives 1 p0.not-local=1 "$svc.routed=1"
	gives 1 p0.taken=1 "$svc.routed=1"
}

on_top="The device has another one on top (macvlan, ipvlan, macsec): add the express path to that"

# As with VRRP: a MAC address of its own on the same link.
macvlan() {
	local svc ip
	needs macvlan
	prepare
	ip link add link p0 name v7 address 00:00:5e:00:01:07 type macvlan mode private
	defer "ip link del v7 2>/dev/null || :"
	ip link set v7 up
	settled v7
	on v7
	link_layer=r-p0/00:00:5e:00:01:07
	by_master p0 v7
	link_layer=r-p0/02:00:00:00:01:01
	gives 1 p0.master=1 "$svc.routed=1"
	no_port p0 "$on_top" "$on_top"
}

# All frames of the device belong to another namespace, which has the same VIP.
passthru() {
	local svc ip before
	needs macvlan
	prepare
	ip netns add "$LAB-m"
	defer "ip netns del $LAB-m"
	ip link add link p0 name v7 type macvlan mode passthru
	ip link set v7 netns "$LAB-m"
	ip -n "$LAB-m" -b - <<-END
		link set lo up
		link set v7 up
		addr add $VIP4/32 dev lo
		route add default dev v7
	END
	before=$(no_ports)
	gives 0 p0.master=1
	same "datagrams of the owner" $(($(no_ports) - before)) 1
	no_port p0 "$on_top" "$on_top"
}

no_ports() { in_ns m awk '$1 == "Udp:" { n = $3 } END { print n }' /proc/net/snmp; }

vrf() {
	local svc ip
	needs vrf
	prepare
	ip link add vrf7 type vrf table 70
	defer "ip link del vrf7"
	ip link set vrf7 up
	ip link set p0 master vrf7
	gives 1 p0.master=1 "$svc.routed=1"
	gives 1 p0.master=1 "$svc.routed=1"
	no_port p0 "The device is in a VRF, where there is only the default path"
}

# The route by which the VIP is this host's goes with a VRF: no verdict may keep it, nor the VRF with it.
vrf_route() {
	local svc ip
	needs vrf
	family 6
	pool 6 4 -i
	ip link add vrf8 type vrf table 80
	defer "ip link del vrf8 2>/dev/null || :"
	ip link set vrf8 up
	ip addr del "$VIP6/128" dev lo
	defer "ip addr add $VIP6/128 dev lo nodad"
	ip route add local "$VIP6" dev vrf8 table local
	on
	warm 6
	taken 1
	timeout 20 ip link del vrf8 || fail "deleting the VRF: status $?"
}

other_mac() {
	local svc ip
	prepare
	gives 1 p0.not-local=1 "$svc.routed=1"
	link_layer=r-p0/02:00:00:00:01:99
	gives 0 p0.other-host=1
	link_layer=r-p0/ff:ff:ff:ff:ff:ff
	gives 0 p0.other-host=1
	link_layer=r-p0/02:00:00:00:01:01
	gives 1 p0.taken=1 "$svc.routed=1"
}

many() {
	local n
	q -C
	for n in {1..33}; do
		echo "link add d$n type dummy"
	done | ip -b -
	defer 'for n in {1..33}; do echo "link del d$n"; done | ip -force -b -'
	for n in {1..32}; do
		echo "express add d$n"
	done | q -R
	refused 1 "Error: express path of d33: A namespace has at most 32 devices with the express path." q express add d33
	q express del d17
	q express add d33
	refused 1 "Error: express path of d17: A namespace has at most 32 devices with the express path." q express add d17
}

mint_cids
watch
mute 21
tcase "a frame for another MAC" other_mac
tcase "ports of a bridge" bridge
tcase "ports of a bond" bond
tcase "a macvlan on top" macvlan
tcase "a macvlan on top that has all frames, in another namespace" passthru
tcase "no more than 32 devices" many
# from here on the namespace has rules
tcase "a device in a VRF" vrf
tcase "a VRF with the VIP's route can be deleted" vrf_route
finish
