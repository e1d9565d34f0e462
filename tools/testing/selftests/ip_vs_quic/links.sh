# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For scripts in which the VIP's datagrams arrive on another device than the director's eth0; sourced after lib.sh.
#
#   rt ── RTDEV: 10.N.0.2 ───── DEV: 10.N.0.1 ── the director, or another one
# shellcheck disable=SC2154

# lead NAMESPACE DEV RTDEV N: gives both devices addresses, routes the IPv4 VIP there, and waits until DEV is up; lead_back ends that
lead() {
	ip -n "$LAB-$1" -b - <<-END
		addr replace 10.$4.0.1/24 dev $2
		link set $2 up
	END
	ip -n "$LAB-rt" -b - <<-END
		addr add 10.$4.0.2/24 dev $3
		link set $3 up
		route replace $VIP4 via 10.$4.0.1 dev $3
	END
	settled_in "$1" "$2"
}

lead_back() { ip -n "$LAB-rt" route replace "$VIP4" via 10.0.0.1; }

# vlan_up: the VIP's datagrams arrive on v5, VLAN 5 of the director's eth0, until the end of the case
vlan_up() {
	ip link add link eth0 name v5 type vlan id 5 2>/dev/null || skip "the kernel has no VLANs"
	defer "ip link del v5; ip -n $LAB-rt link del v5 2>/dev/null || :; lead_back"
	ip -n "$LAB-rt" link add link lb name v5 type vlan id 5
	lead lb v5 v5 5
}

# y_up: the VIP's datagrams go to another director, in namespace y, whose eth0 has the express path to real server 1
y_up() {
	ip netns add "$LAB-y"
	ip -n "$LAB-rt" link add y type veth peer name eth0 netns "$LAB-y"
	ip -n "$LAB-y" -b - <<-END
		link set lo up
		addr add $VIP4/32 dev lo
		addr add 10.9.0.1/24 dev eth0
		link set eth0 up
		route add default via 10.9.0.2
	END
	in_ns y quiclbadm -R <<-END
		-A -u $SVC4
		config add -u $SVC4 --id 0 --server-id-len 3 --nonce-len 4
		-a -u $SVC4 -r $(rs4 1):443 -i --server-id 0:$(sid 3 1)
		express add eth0
	END
	lead y eth0 y 9
}

y_takes() { [ "$(in_ns y quiclbadm express list -j | jq '.[0].outcomes.taken')" -gt 0 ]; }

# The kernel dismantles a namespace asynchronously, its devices late.
y_is_gone() { ! ip -n "$LAB-rt" link show y; }

# port_up DEV N: a link from the router's r-DEV to the director's DEV, which has 02:00:00:00:01:N, until the end of the case
port_up() {
	ip link add "$1" address "02:00:00:00:01:$2" type veth peer name "r-$1" netns "$LAB-rt"
	defer "ip link del $1"
	ip -n "$LAB-rt" link set "r-$1" up
	ip link set "$1" up
	settled "$1"
}

# settled DEV...: waits until the kernel has done its work after a link came up. It does the last of it up to a second later, and each
# time all cached routes of IPv4 are void, so that one more datagram goes the default path.
settled() { settled_in lb "$@"; }

# settled_in NAMESPACE DEV...
settled_in() {
	local dev
	for dev in "${@:2}"; do
		poll 20 "$dev to be up" has_state_in "$1" "$dev" UP
	done
}

# has_state DEV OPERSTATE, has_state_in NAMESPACE DEV OPERSTATE
has_state() { has_state_in lb "$@"; }
has_state_in() { [ "$(ip -n "$LAB-$1" -j link show "$2" | jq -r '.[0].operstate')" = "$3" ]; }
