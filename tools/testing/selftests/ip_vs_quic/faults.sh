#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Faults of a real server: trace names the reason, doctor the fault, and the command that the doctor prints repairs it.
# Documentation/troubleshooting.rst describes each.
# shellcheck source=faultlib.sh
. "$(dirname "$0")/faultlib.sh"
need_module
own_lab_up
serve "$SVC4" "$SVC6"
HERE4=(-u "$SVC4" -r "$(rs4 2)")
HERE6=(-u "$SVC6" -r "$(rs6 2)")

# Strict validation of the tunnel device.
rp_filter() {
	CLIENT=10
	there sh -c 'echo 1 >/proc/sys/net/ipv4/conf/tunl0/rp_filter'
	defer "there sh -c 'echo 0 >/proc/sys/net/ipv4/conf/tunl0/rp_filter'"
	mark_trace
	lost
	traces '.reason == "IP_RPFILTER" and .device == "tunl0" and .tunnel == "ipip" and .vip.address == "'"$VIP4"'" and .client.address == "'"$CL4.10"'"
		and .outer_source.address == "10.0.0.1" and .outer_destination.address == "'"$(rs4 2)"'" and (.fix | startswith("sysctl -w net/ipv4/conf/tunl0/rp_filter=0 "))'
	within_a_second
	diagnosed rp_filter "${HERE4[@]}"
	same "the printed command" "$FIX" "sysctl -w net/ipv4/conf/tunl0/rp_filter=0"
	mend
	found
	healthy "${HERE4[@]}"
}

# The time from the drop to the line. The file's time is that of the line; its clock advances only with each tick.
within_a_second() {
	local line
	[ -n "$CAN_TRACE" ] || return 0
	line=$(since | tail -n 1)
	jq -e --argjson written "$(stat -c %.Y "$WORK/trace")" '($written - .time) as $late | $late > -0.02 and $late < 1' <<<"$line" >/dev/null ||
		fail "it took more than a second: written $(stat -c %.Y "$WORK/trace"), $line"
}

# rp_filter_all CLIENT MODE: rp_filter of all devices, strict or loose; with a device without an address both drop
rp_filter_all() {
	CLIENT=$1
	there sh -c "echo $2 >/proc/sys/net/ipv4/conf/all/rp_filter"
	defer "there sh -c 'echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter; echo 0 >/proc/sys/net/ipv4/conf/tunl0/rp_filter'"
	defer "ip -n $LAB-s2 addr del $VIP4/32 dev tunl0 2>/dev/null || :"
	mark_trace
	lost
	traces '.reason == "IP_RPFILTER" and .device == "tunl0"'
	diagnosed rp_filter "${HERE4[@]}"
	mend
	found
	healthy "${HERE4[@]}"
	# with that address, strict validation is the only fault left
	there sh -c "echo 0 >/proc/sys/net/ipv4/conf/tunl0/rp_filter; echo 1 >/proc/sys/net/ipv4/conf/all/rp_filter"
	diagnosed rp_filter "${HERE4[@]}"
	same "the printed command" "$FIX" "sysctl -w net/ipv4/conf/tunl0/rp_filter=2"
	mend
	found
}

no_vip() {
	CLIENT=12
	ip -n "$LAB-s2" addr del "$VIP4/32" dev lo
	defer "ip -n $LAB-s2 addr replace $VIP4/32 dev lo"
	mark_trace
	lost
	traces '.vip.address == "'"$VIP4"'" and .tunnel == "ipip" and .device == "tunl0"'
	diagnosed vip "${HERE4[@]}"
	mend
	found
	healthy "${HERE4[@]}"
}

no_vip6() {
	CLIENT=13
	local to=("to=$SVC6" "from=[${CL6}:13]:7000")
	ip -n "$LAB-s2" addr del "$VIP6/128" dev lo
	defer "ip -n $LAB-s2 addr replace $VIP6/128 dev lo"
	mark_trace
	lost "${to[@]}"
	traces '.vip.address == "'"$VIP6"'" and .tunnel == "ipip" and .device == "ip6tnl0"'
	diagnosed vip "${HERE6[@]}"
	mend
	found "${to[@]}"
	healthy "${HERE6[@]}"
}

tunnel_down() {
	CLIENT=14
	ip -n "$LAB-s2" link set tunl0 down
	defer "ip -n $LAB-s2 link set tunl0 up"
	mark_trace
	lost
	traces '.vip.address == "'"$VIP4"'" and (.device == "eth0" or .device == "tunl0")'
	diagnosed tunnel "${HERE4[@]}"
	mend
	found
	healthy "${HERE4[@]}"
}

tunnel6_down() {
	CLIENT=15
	local to=("to=$SVC6" "from=[${CL6}:15]:7000")
	ip -n "$LAB-s2" link set ip6tnl0 down
	defer "ip -n $LAB-s2 link set ip6tnl0 up"
	mark_trace
	lost "${to[@]}"
	traces '.vip.address == "'"$VIP6"'"'
	diagnosed tunnel "${HERE6[@]}"
	mend
	found "${to[@]}"
	healthy "${HERE6[@]}"
}

ipv6_disabled() {
	CLIENT=16
	local to=("to=$SVC6" "from=[${CL6}:16]:7000")
	there sh -c 'echo 1 >/proc/sys/net/ipv6/conf/ip6tnl0/disable_ipv6'
	defer "there sh -c 'echo 0 >/proc/sys/net/ipv6/conf/ip6tnl0/disable_ipv6'"
	mark_trace
	lost "${to[@]}"
	traces '.reason == "IPV6DISABLED" and .device == "ip6tnl0"'
	diagnosed ipv6 "${HERE6[@]}"
	mend
	found "${to[@]}"
	healthy "${HERE6[@]}"
}

# firewall CLIENT DEVICE RULESET: one rule or policy of the ruleset drops packets
firewall() {
	CLIENT=$1
	local device=$2
	command -v nft >/dev/null || skip "nft is not installed"
	there nft "$3"
	defer "there nft delete table inet ivq"
	mark_trace
	lost
	traces ".reason == \"NETFILTER_DROP\" and (.device // \"\") == \"$device\""
	if [ -z "$CAN_TRACE" ]; then
		cannot_tell "${HERE4[@]}"
		return
	fi
	diagnosed firewall "${HERE4[@]}"
	mend
	found
	healthy "${HERE4[@]}"
}

# Only the process that made the table may change it.
owned() {
	CLIENT=27
	local owner
	mkfifo "$WORK/nft"
	nsenter --net="/run/netns/$LAB-s2" nft -i <"$WORK/nft" >/dev/null &
	owner=$!
	pids+=("$owner")
	exec {input}>"$WORK/nft"
	echo "add table inet own { flags owner; chain in { type filter hook input priority filter; ip protocol 4 drop; }; }" >&"$input"
	poll 20 "the table" there nft list chain inet own in
	lost
	if [ -z "$CAN_TRACE" ]; then
		cannot_tell "${HERE4[@]}"
		return
	fi
	diagnosed firewall "${HERE4[@]}"
	same "a command that changes the table" "$FIX" ""
	jq -e --arg owner "process $owner owns" 'any(.[]; .evidence | contains($owner))' "$WORK/report" >/dev/null || fail "$(cat "$WORK/report")"
}

no_route() {
	CLIENT=20
	ip -n "$LAB-s2" route del default
	defer "ip -n $LAB-s2 route replace default via 10.0.0.254"
	lost
	diagnosed route "${HERE4[@]}"
	mend GATEWAY 10.0.0.254
	found
	healthy "${HERE4[@]}"
}

# The kernel removes IPv6 from a device whose MTU is too small for it, with addresses and routes.
small_mtu() {
	CLIENT=21
	ip -n "$LAB-s2" link set eth0 mtu 1000
	defer "ip -n $LAB-s2 link set eth0 mtu 1500; ip -n $LAB-s2 addr replace $(rs6 2)/64 dev eth0 nodad; ip -n $LAB-s2 route replace default via fd00:10::fe"
	lost size=1200
	diagnosed mtu "${HERE4[@]}"
	mend
	found size=1200
	healthy "${HERE4[@]}"
}

no_socket() {
	local to=("to=$VIP4:447")
	CLIENT=22
	service "$VIP4:447" rs4 0:3:4 | q -R
	defer "q -D -u $VIP4:447"
	mark_trace
	lost "${to[@]}"
	traces '.reason == "NO_SOCKET" and .vip.port == 447 and .device == "tunl0"'
	diagnosed socket -u "$VIP4:447" -r "$(rs4 2)"
	same "a command that starts the server" "$FIX" ""
	pids+=("$("$QUICGEN" serve "s2=$LAB-s2" -- "$VIP4:447")")
	found "${to[@]}"
	healthy -u "$VIP4:447" -r "$(rs4 2)"
}

# The kernel has no GUE port: the tunnel's packets meet no socket.
no_gue() {
	CLIENT=23
	modprobe fou 2>/dev/null || skip "the kernel has no fou"
	ipvsadm -e -u "$SVC4" -r "$(rs4 2)" -i --tun-type gue --tun-port 6080
	defer "ipvsadm -e -u $SVC4 -r $(rs4 2) -i; ip -n $LAB-s2 fou del port 6080 2>/dev/null || :"
	mark_trace
	lost
	traces '.reason == "NO_SOCKET" and .tunnel == "gue" and .outer_destination.port == 6080 and .device == "eth0"'
	diagnosed gue "${HERE4[@]}" -i --tun-type gue --tun-port 6080
	mend
	found
	healthy "${HERE4[@]}" -i --tun-type gue --tun-port 6080
}

# The port is not the kernel's: the tunnel's packets go to a program.
gue_of_program() {
	CLIENT=28
	pids+=("$("$QUICGEN" serve "s2=$LAB-s2" -- 0.0.0.0:6082)")
	ipvsadm -e -u "$SVC4" -r "$(rs4 2)" -i --tun-type gue --tun-port 6082
	defer "ipvsadm -e -u $SVC4 -r $(rs4 2) -i"
	lost
	if [ -z "$CAN_TRACE" ]; then
		cannot_tell "${HERE4[@]}" -i --tun-type gue --tun-port 6082
		return
	fi
	diagnosed path "${HERE4[@]}" -i --tun-type gue --tun-port 6082
	jq -e 'any(.[]; .evidence | contains("still in the tunnel'"'"'s packet"))' "$WORK/report" >/dev/null || fail "$(cat "$WORK/report")"
}

no_gre() {
	CLIENT=24
	modprobe ip_gre 2>/dev/null || skip "the kernel has no GRE"
	ip -n "$LAB-s2" link set gre0 down
	ipvsadm -e -u "$SVC4" -r "$(rs4 2)" -i --tun-type gre
	defer "ipvsadm -e -u $SVC4 -r $(rs4 2) -i; ip -n $LAB-s2 link set gre0 down"
	mark_trace
	lost
	traces '.tunnel == "gre" and .vip.address == "'"$VIP4"'"'
	diagnosed tunnel "${HERE4[@]}" -i --tun-type gre
	mend
	found
	healthy "${HERE4[@]}" -i --tun-type gre
}

# Two hosts with the same address, from a container or a copied configuration: here its source is martian.
client_is_here() {
	CLIENT=26
	ip -n "$LAB-s2" addr add "$CL4.26/32" dev lo
	defer "ip -n $LAB-s2 addr del $CL4.26/32 dev lo 2>/dev/null || :"
	mark_trace
	lost
	traces '.device == "tunl0" and .client.address == "'"$CL4.26"'"'
	diagnosed client "${HERE4[@]}" --client "$CL4.26"
	mend
	found
	healthy "${HERE4[@]}" --client "$CL4.26"
}

# The director sends to an address that the real server does not have: nothing arrives at all.
other_address() {
	diagnosed server -u "$SVC4" -r "$(rs4 9)"
}

# With the VIP in the servers' subnet, a server that answers ARP for it takes the director's place.
answers_arp() {
	ip -n "$LAB-s2" addr add 10.0.0.98/32 dev lo
	defer "ip -n $LAB-s2 addr del 10.0.0.98/32 dev lo; there sh -c 'cd /proc/sys/net/ipv4/conf/eth0; echo 0 >arp_ignore; echo 0 >arp_announce'"
	pids+=("$("$QUICGEN" serve "s2=$LAB-s2" -- 10.0.0.98:443)")
	in_ns rt ping -c 1 -w 10 10.0.0.98 >/dev/null || fail "no host answers for it"
	diagnosed arp -u 10.0.0.98:443 -r "$(rs4 2)"
	mend
	ip -n "$LAB-rt" neigh flush to 10.0.0.98
	! in_ns rt ping -c 1 -w 2 10.0.0.98 >/dev/null || fail "it goes on answering for it"
	healthy -u 10.0.0.98:443 -r "$(rs4 2)"
}

fresh "$SVC4" rs4 0:3:4
service "$SVC6" rs6 0:3:4 | q -R
trace_in s2

tcase "rp_filter on the tunnel" rp_filter
tcase "rp_filter of all" rp_filter_all 11 1
tcase "loose rp_filter of all" rp_filter_all 25 2
tcase "VIP missing" no_vip
tcase "VIP missing, IPv6" no_vip6
tcase "tunnel down" tunnel_down
tcase "tunnel down, IPv6" tunnel6_down
tcase "IPv6 disabled on the tunnel" ipv6_disabled
tcase "firewall drops protocol 4" firewall 17 eth0 \
	"table inet ivq { chain in { type filter hook input priority filter; meta l4proto 4 drop; }; }"
tcase "firewall knows nothing of the VIP" firewall 18 tunl0 \
	"table inet ivq { chain in { type filter hook input priority filter; policy drop; meta l4proto 4 accept; udp dport 80 accept; }; }"
tcase "firewall drops answers" firewall 19 "" \
	"table inet ivq { chain out { type filter hook output priority filter; udp sport 443 drop; }; }"
tcase "firewall of a table that has an owner" owned
tcase "no route back" no_route
tcase "MTU too small" small_mtu
tcase "no socket" no_socket
tcase "no GUE port" no_gue
tcase "a program has the port of GUE" gue_of_program
tcase "no GRE device" no_gre
tcase "a client's address is this host's, too" client_is_here
tcase "another address than the director's" other_address
tcase "answers ARP for the VIP" answers_arp
finish
