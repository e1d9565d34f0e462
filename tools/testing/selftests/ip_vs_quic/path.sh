#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The doctor follows a datagram that it has arrive: what no model of the host would find is found, what a model would take for a
# fault is none, and nothing is left behind. faults.sh and faults_director.sh have the faults that settings and rules let expect.
# shellcheck source=faultlib.sh disable=SC2119
. "$(dirname "$0")/faultlib.sh"
need_module
[ -e /sys/kernel/btf/vmlinux ] || skip_all "the kernel has no BTF"
own_lab_up
serve "$SVC4" "$SVC6"
HERE=(-u "$SVC4" -r "$(rs4 2)")
HERE6=(-u "$SVC6" -r "$(rs6 2)")

# path_is VERDICTS: of the check of the datagram's path
path_is() { same "the path" "$(jq -r '[.[] | select(.check == "path").verdict] | join(" ")' "$WORK/report")" "$1"; }

# tells TEXT: the report's path, or what was seen beside a fault, contains it
tells() {
	jq -e --arg text "$1" 'any(.[]; (.seen // (select(.check == "path").evidence) // "") | contains($text))' "$WORK/report" >/dev/null ||
		fail "it does not say \"$1\": $(jq -c '.[] | select(.verdict != "ok")' "$WORK/report")"
}

# rules RULESET: nftables of $NS to the end of the case
rules() {
	command -v nft >/dev/null || skip "nft is not installed"
	there nft -f - <<<"$1" || skip "the kernel has no such rule"
	defer "in_ns $NS nft flush ruleset"
}

# right [RULESET]: datagrams flow, and the doctor has no fault and has seen the path
right() {
	[ $# = 0 ] || rules "$1"
	CLIENT=10
	found
	healthy "${HERE[@]}"
	path_is ok
}

# broken CHECK TEXT: datagrams are lost, and the doctor has this fault alone, with that text of what was seen
broken() {
	CLIENT=11
	lost
	diagnosed "$1" "${HERE[@]}"
	tells "$2"
}

# --- a real server --------------------------------------------------------------------

both_families() {
	right
	tells "it arrived by eth0, came out of tunl0, was given to pid "
	tells " (quicgen), and its answer left by eth0 with the VIP as source"
	healthy "${HERE6[@]}"
	path_is ok
}

every_tunnel() {
	defer "ip -n $LAB-s2 fou del port 6080 2>/dev/null || :; ip -n $LAB-s2 link set gre0 down 2>/dev/null || :"
	modprobe -a ip_gre fou 2>/dev/null || skip "the kernel has neither GRE nor GUE"
	ip -n "$LAB-s2" fou add port 6080 gue
	ip -n "$LAB-s2" link set gre0 up
	healthy "${HERE[@]}" -i --tun-type gue --tun-port 6080
	path_is ok
	healthy "${HERE[@]}" -i --tun-type gre
	path_is ok
	tells "came out of gre0"
	# another fault: this host would answer ARP for the VIP
	diagnosed arp "${HERE[@]}" -g
	path_is ok
}

dnat() {
	rules "table ip ivq { chain pre { type nat hook prerouting priority -100; udp dport $PORT dnat to 172.17.0.2:8443; }; }"
	broken path "a rule had translated its destination to 172.17.0.2:8443"
}

ingress_drop() {
	rules "table netdev ivq { chain in { type filter hook ingress device eth0 priority 0; ip protocol 4 drop; }; }"
	broken path "it arrived by eth0 and was dropped"
}

other_source() {
	rules "table ip ivq { chain out { type filter hook output priority 0; ip saddr $VIP4 udp sport $PORT ip saddr set $(rs4 2); }; }"
	broken path "its answer left by eth0 with the source $(rs4 2):$PORT, which is not the VIP"
}

into_tunnel() {
	defer "ip -n $LAB-s2 rule del from $VIP4 lookup 99; ip -n $LAB-s2 route flush table 99"
	ip -n "$LAB-s2" route add default via 10.0.0.1 dev tunl0 onlink table 99
	ip -n "$LAB-s2" rule add from "$VIP4" lookup 99
	CLIENT=12
	diagnosed path "${HERE[@]}" --client "$CL4.12"
	tells "its answer went back into the tunnel"
}

# The kernel prefers the tunnel device that has the director as its remote end.
other_device() {
	defer "ip -n $LAB-s2 link del ivq0"
	ip -n "$LAB-s2" link add ivq0 type ipip local "$(rs4 2)" remote 10.0.0.1
	ip -n "$LAB-s2" link set ivq0 up
	there sh -c 'echo 1 >/proc/sys/net/ipv4/conf/ivq0/rp_filter'
	HERE+=(--from 10.0.0.1)
	broken rp_filter "came out of ivq0 and was dropped at ivq0"
	mend
	found
	healthy "${HERE[@]}"
	tells "came out of ivq0"
}

drop_answers_later() {
	rules "table netdev ivq { chain out { type filter hook egress device eth0 priority 0; ip saddr $VIP4 drop; }; }"
	broken path "and its answer was dropped"
}

silent_server() {
	service "$VIP4:449" rs4 0:3:4 | q -R
	defer "q -D -u $VIP4:449"
	pids+=("$("$QUICGEN" serve "s2=$LAB-s2" -- "$VIP4:449")")
	kill -STOP "${pids[-1]}"
	healthy -u "$VIP4:449" -r "$(rs4 2)"
	path_is unknown
	tells "and no answer left"
}

# deaf PORT OPTION...: a socket has that port, and does not get the datagrams that come out of the tunnel
deaf() {
	local port=$1 address=$2
	shift 2
	service "$VIP4:$port" rs4 0:3:4 | q -R
	defer "q -D -u $VIP4:$port"
	pids+=("$("$QUICGEN" serve "$@" "s2=$LAB-s2" -- "$address:$port")")
	diagnosed path -u "$VIP4:$port" -r "$(rs4 2)"
	tells "came out of tunl0 and was dropped"
	tells "NO_SOCKET"
}

# awaiting SECONDS: the doctor of s2 waits for a director's probe; $SPAWNED is its pid
awaiting() {
	spawn s2 quiclbadm doctor "${HERE[@]}" --await "$1" -j >"$WORK/report" 2>"$WORK/err"
	poll 120 "the doctor that waits" grep -q "^Waiting" "$WORK/err"
}

# Both ends: what the director sends is followed on the server.
awaited() {
	local rc=0
	awaiting 120
	q probe -u "$SVC4" -r "$(rs4 2)" >/dev/null
	await "$SPAWNED" || fail "$(cat "$WORK/report")"
	says
	path_is ok
	tells "it arrived by eth0, came out of tunl0, was given to pid "
	there sh -c 'echo 1 >/proc/sys/net/ipv4/conf/tunl0/rp_filter'
	defer "in_ns s2 sh -c 'echo 0 >/proc/sys/net/ipv4/conf/tunl0/rp_filter'"
	awaiting 120
	! q probe -u "$SVC4" -r "$(rs4 2)" 2>/dev/null || fail "it answers"
	await "$SPAWNED" || rc=$?
	same "status" "$rc" 1
	says
	same "faults" "$(jq -r '.[] | select(.verdict == "fault").check' "$WORK/report")" rp_filter
	tells "came out of tunl0 and was dropped at tunl0"
	# lost before it
	awaiting 1
	await "$SPAWNED" || :
	same "what it says" "$(jq -r '.[] | select(.check == "await").verdict' "$WORK/report")" unknown
	same "what it says of the path" "$(jq -r '.[] | select(.check == "path").verdict' "$WORK/report")" ""
	refused 2 "Error: --await: for which service (-u VIP:PORT)." quiclbadm doctor --role server --await 1
	refused 2 "Error: --await: a real server awaits probes, and a director sends them (--from ADDRESS)." quiclbadm doctor -u "$SVC4" --await 1
}

# What ordinary firewalls look like; a model of them cannot tell.
sets_and_maps() {
	right "table inet filter {
		set tunnels { type inet_proto; elements = { 4, 41, 47 } }
		set services { type ipv4_addr . inet_service; elements = { $VIP4 . $PORT } }
		map verdicts { type inet_proto : verdict; elements = { 1 : accept, 58 : accept } }
		chain in {
			type filter hook input priority filter; policy drop;
			ct state vmap { invalid : drop, established : accept, related : accept }
			iif lo accept
			meta l4proto vmap @verdicts
			meta l4proto @tunnels accept
			fib daddr type local ip daddr . udp dport @services accept
		}
	}"
}

ufw_like() {
	right "table ip filter {
		chain ufw-not-local { fib daddr type local return; fib daddr type multicast return; limit rate 3/minute burst 10 packets log; drop; }
		chain ufw-user-input { udp dport $PORT accept; ip protocol 4 accept; }
		chain ufw-before-input { iifname lo accept; ct state established,related accept; ct state invalid drop; ip protocol icmp accept; jump ufw-not-local; jump ufw-user-input; }
		chain INPUT { type filter hook input priority filter; policy drop; jump ufw-before-input; }
	}"
}

firewalld_like() {
	right "table inet firewalld {
		chain raw_rpfilter { type filter hook prerouting priority raw + 10; meta nfproto ipv6 fib saddr . mark . iif oif missing drop; }
		chain zone_in { udp dport $PORT ct state new,untracked accept; meta l4proto 4 accept; meta l4proto icmp accept; }
		chain filter_INPUT {
			type filter hook input priority filter + 10; policy accept;
			ct state established,related accept
			ct status dnat accept
			iifname lo accept
			ct state invalid drop
			iifname eth0 goto zone_in
			iifname tunl0 goto zone_in
			reject with icmpx admin-prohibited
		}
	}"
}

docker_like() {
	right "table ip nat {
		chain pre { type nat hook prerouting priority dstnat; fib daddr type local jump DOCKER; }
		chain post { type nat hook postrouting priority srcnat; ip saddr 172.17.0.0/16 oifname != docker0 masquerade; }
		chain DOCKER { iifname docker0 return; tcp dport 8080 dnat to 172.17.0.2:80; }
	}
	table ip filter {
		chain FORWARD { type filter hook forward priority filter; policy drop; ct state related,established accept; }
	}"
}

# The VIP is local without being an address of a device.
any_address() {
	defer "ip -n $LAB-s2 route del local $VIP4 dev lo; ip -n $LAB-s2 addr replace $VIP4/32 dev lo"
	ip -n "$LAB-s2" addr del "$VIP4/32" dev lo
	ip -n "$LAB-s2" route add local "$VIP4" dev lo
	right
}

# mtu_is VERDICT
mtu_is() { same "what is said of the MTU" "$(jq -r '.[] | select(.check == "mtu").verdict' "$WORK/report")" "$1"; }

# Whether a server heeds its route's MTU is its own choice.
small_route() {
	local mtu
	defer "ip -n $LAB-s2 route replace default via 10.0.0.254"
	for mtu in "mtu 1200" "mtu lock 1200"; do
		echo "route replace default via 10.0.0.254 $mtu" | ip -n "$LAB-s2" -b -
		right
		mtu_is advice
		FIX=$(jq -r '.[] | select(.check == "mtu").fix' "$WORK/report")
		mend
		right
		mtu_is ok
	done
}

# uplink DEVICE: s2's addresses and default routes are on that device
uplink() {
	ip -n "$LAB-s2" -b - <<-END
		link set $1 up
		addr add $(rs4 2)/24 dev $1
		addr add $(rs6 2)/64 dev $1 nodad
		route replace default via 10.0.0.254 dev $1
		route replace default via fd00:10::fe dev $1
	END
}

# port_of DEVICE TYPE...: s2's link is a port of a device that has its addresses, as hosts of containers and servers with two links have it
port_of() {
	local mac
	modprobe -a bridge bonding 2>/dev/null || skip "the kernel has no bridges or no bonds"
	mac=$(ip -n "$LAB-s2" -j link show eth0 | jq -r '.[0].address')
	defer "ip -n $LAB-s2 link del $1; uplink eth0"
	# its neighbours go on knowing it by the port's address
	ip -n "$LAB-s2" -b - <<-END
		link add $1 address $mac type ${*:2}
		addr flush dev eth0
		link set eth0 down
		link set eth0 master $1
		link set eth0 up
	END
	uplink "$1"
	right
	tells "it arrived by $1, came out of tunl0"
	healthy "${HERE6[@]}"
	path_is ok
}

# Masquerading leaves answers alone, and what the server sends after a pause it does not.
masqueraded() {
	rules "table ip ivq { chain post { type nat hook postrouting priority srcnat; oifname eth0 masquerade; }; }
		table ip6 ivq { chain post { type nat hook postrouting priority srcnat; oifname eth0 masquerade; }; }"
	CLIENT=21
	found
	diagnosed masquerade "${HERE[@]}"
	jq -e --arg text "left by eth0 with the source $(rs4 2):" 'any(.[]; .check == "masquerade" and (.evidence | contains($text)))' "$WORK/report" >/dev/null ||
		fail "$(cat "$WORK/report")"
	path_is ok
	mend
	healthy "${HERE[@]}"
	path_is ok
	CLIENT=22
	found
	diagnosed masquerade "${HERE6[@]}"
	mend
	healthy "${HERE6[@]}"
}

# gre OPTION...: s2's datagrams come by GRE
gre() {
	ipvsadm -e -u "$SVC4" -r "$(rs4 2)" -i --tun-type gre "$@"
	HERE=(-u "$SVC4" -r "$(rs4 2)" -i --tun-type gre "$@")
}

# GRE with a checksum is not taken by a device that has none, nor the other way round.
checksums() {
	modprobe ip_gre 2>/dev/null || skip "the kernel has no GRE"
	defer "ip -n $LAB-s2 link set gre0 down; ip -n $LAB-s2 link del quiclb0 2>/dev/null || :; ipvsadm -e -u $SVC4 -r $(rs4 2) -i --tun-type ipip"
	ip -n "$LAB-s2" link set gre0 up
	gre --tun-csum
	CLIENT=23
	lost
	# the director's own probe has one as well
	in_ns lb quiclbadm doctor -u "$SVC4" --from 10.0.0.1 -j >"$WORK/report" && fail "the director finds nothing"
	says
	probe_says 2 fault "--tun-type gre --tun-csum"
	diagnosed tunnel "${HERE[@]}"
	tells "and was dropped"
	mend
	found
	healthy "${HERE[@]}"
	path_is ok
	gre
	lost
	diagnosed tunnel "${HERE[@]}"
	tells "and was dropped"
	same "the printed command" "$FIX" "ip link set quiclb0 type gre noicsum"
	mend
	found
	healthy "${HERE[@]}"
	path_is ok
}

# Printed commands take devices with a dot in their names.
dotted_names() {
	local tun="tun.5" link="eth0.7"
	defer "ip -n $LAB-s2 link del $tun 2>/dev/null || :"
	port_of "$link" bridge
	CLIENT=24
	# a tunnel device
	ip -n "$LAB-s2" link add name "$tun" type ipip local "$(rs4 2)"
	ip -n "$LAB-s2" link set "$tun" up
	there sh -c "echo 1 >/proc/sys/net/ipv4/conf/$tun/rp_filter"
	broken rp_filter "was dropped at $tun"
	mend
	found
	healthy "${HERE[@]}"
	ip -n "$LAB-s2" link set "$tun" down
	ip -n "$LAB-s2" link del "$tun"
	# the uplink
	ip -n "$LAB-s2" link set "$link" mtu 1100
	diagnosed mtu "${HERE[@]}"
	mend
	healthy "${HERE[@]}"
	ip -n "$LAB-s2" addr add 10.0.0.98/32 dev lo
	defer "ip -n $LAB-s2 addr del 10.0.0.98/32 dev lo"
	pids+=("$("$QUICGEN" serve "s2=$LAB-s2" -- 10.0.0.98:443)")
	diagnosed arp -u 10.0.0.98:443 -r "$(rs4 2)"
	mend
	healthy -u 10.0.0.98:443 -r "$(rs4 2)"
	arp_is ok
	found
}

# The uplink, the tunnel device and the VIP are in a VRF, and so is the server's socket.
server_vrf() {
	local here=(-u "$VIP4:453" -r "$(rs4 2)")
	defer "ip -n $LAB-s2 addr replace $VIP4/32 dev lo; ip -n $LAB-s2 addr replace $VIP6/128 dev lo; out_of_vrf s2 $(rs4 2) $(rs6 2)"
	in_vrf s2 tunl0
	ip -n "$LAB-s2" addr del "$VIP4/32" dev lo
	ip -n "$LAB-s2" addr add "$VIP4/32" dev red
	pids+=("$("$QUICGEN" serve -d red "s2=$LAB-s2" -- "$VIP4:453")")
	healthy "${here[@]}"
	path_is ok
	tells "it arrived by eth0, came out of tunl0, was given to pid "
	# what it sends without a client's datagram before it
	rules "table ip ivq { chain post { type nat hook postrouting priority srcnat; oifname eth0 masquerade; }; }"
	diagnosed masquerade "${here[@]}"
	mend
	healthy "${here[@]}"
	there nft flush ruleset
	# the tunnel device is not, so what comes out of it is not the VRF's
	ip -n "$LAB-s2" link set tunl0 nomaster
	in_ns s2 quiclbadm doctor "${here[@]}" -j >"$WORK/report" && fail "it finds nothing: $(cat "$WORK/report")"
	says
	tells "came out of tunl0 and was dropped"
}

# arp_is VERDICT: what is said of who answers for the VIP
arp_is() { same "who answers for the VIP" "$(jq -r '.[] | select(.check == "arp").verdict' "$WORK/report")" "$1"; }

# The VIP's network is the link's; the host is kept from answering by a rule, which no setting shows.
silent_by_rule() {
	local one_link=(-u 10.0.0.98:443 -r "$(rs4 2)")
	defer "ip -n $LAB-s2 addr del 10.0.0.98/32 dev lo; there sh -c 'echo 0 >/proc/sys/net/ipv4/conf/eth0/arp_announce'"
	ip -n "$LAB-s2" addr add 10.0.0.98/32 dev lo
	there sh -c 'echo 2 >/proc/sys/net/ipv4/conf/eth0/arp_announce'
	pids+=("$("$QUICGEN" serve "s2=$LAB-s2" -- 10.0.0.98:443)")
	diagnosed arp "${one_link[@]}"
	rules "table arp ivq { chain in { type filter hook input priority 0; arp daddr ip 10.0.0.98 drop; }; }"
	healthy "${one_link[@]}"
	arp_is ok
	path_is ok
}

# An IPv6 address on the link itself is answered for.
answers_ndp() {
	local one_link=(-u "[fd00:10::98]:443" -r "$(rs6 2)")
	defer "ip -n $LAB-s2 addr del fd00:10::98/128 dev eth0 2>/dev/null || :; ip -n $LAB-s2 addr del fd00:10::98/128 dev lo 2>/dev/null || :"
	ip -n "$LAB-s2" addr add fd00:10::98/128 dev eth0 nodad
	pids+=("$("$QUICGEN" serve "s2=$LAB-s2" -- "[fd00:10::98]:443")")
	diagnosed arp "${one_link[@]}"
	mend
	healthy "${one_link[@]}"
	arp_is ok
}

# What is decapsulated is not what is sent: the port is FOU's, not GUE's.
other_encapsulation() {
	modprobe fou 2>/dev/null || skip "the kernel has no fou"
	ip -n "$LAB-s2" fou add port 6081 ipproto 4
	defer "ip -n $LAB-s2 fou del port 6081"
	diagnosed path "${HERE[@]}" -i --tun-type gue --tun-port 6081
}

mistyped() {
	refused 1 "Error: doctor: $VIP4:444: no such service here, these are: $SVC4 (--role server examines this host as its real server)." quiclbadm doctor -u "$VIP4:444"
	column says "refuses, and names the services that there are"
}

# verdicts_of CHECK VERDICTS
verdicts_of() { same "what is said of $1" "$(jq -r --arg check "$1" '[.[] | select(.check == $check).verdict] | join(" ")' "$WORK/report")" "$2"; }

# tells_of CHECK TEXT: a check of that name contains it
tells_of() {
	jq -e --arg check "$1" --arg text "$2" 'any(.[]; .check == $check and (.evidence | contains($text)))' "$WORK/report" >/dev/null ||
		fail "$1 does not say \"$2\": $(jq -c '.[] | select(.verdict != "ok")' "$WORK/report")"
}

# Large packets are dropped, or small ones, and those of QUIC's smallest first datagram not.
server_sizes() {
	right
	verdicts_of size ""
	rules "table netdev ivq { chain in { type filter hook ingress device eth0 priority 0; meta length > 1400 drop; }; }"
	right
	verdicts_of size advice
	tells_of size "a datagram of 1452 octets, for which the tunnel's packets have room, is lost, and one of 1200 is not: it arrived by eth0 and was dropped"
	there nft flush ruleset
	rules "table inet ivq { chain in { type filter hook input priority filter; iifname tunl0 udp length < 100 drop; }; }"
	CLIENT=25
	lost
	diagnosed size "${HERE[@]}"
	path_is ok
	tells_of size "a datagram of 40 octets, as acknowledgements have, is lost, and one of 1200 is not: it arrived by eth0, came out of tunl0 and was dropped at tunl0"
	there nft flush ruleset
	rules "table netdev ivq { chain in { type filter hook ingress device eth0 priority 0; meta length > 1240 drop; }; }"
	lost size=1200
	found size=100
	has_faults "${HERE[@]}"
	same "faults" "$FAULTS" "path size"
	tells_of size "a datagram of 40 octets is given to a socket, and one of 1200, which QUIC begins with"
	there nft flush ruleset
	# QUIC's flows do begin so
	rules "table inet ivq { chain in { type filter hook input priority filter; iifname tunl0 ct state new udp length < 1208 drop; }; }"
	found size=1200
	healthy "${HERE[@]}"
	path_is ok
	verdicts_of size ""
}

# without_bpf OPTION...: the doctor of s2 has not the right to use it
without_bpf() {
	local rc=0
	there setpriv --bounding-set "-bpf,-sys_admin" --inh-caps "-bpf,-sys_admin" quiclbadm doctor "$@" -j >"$WORK/report" || rc=$?
	says
	FAULTS=$(jq -r 'map(select(.verdict == "fault").check) | unique | join(" ")' "$WORK/report")
	[ "$rc" = "$([ -z "$FAULTS" ] || echo 1)" ] || [ "$rc" = 0 ] || fail "status $rc: $(cat "$WORK/report")"
}

# Then what is behind the tunnel is seen of a packet that the host sends to itself, and the doctor says what it could not see.
no_bpf() {
	setpriv --bounding-set "-bpf,-sys_admin" --inh-caps "-bpf,-sys_admin" true 2>/dev/null || skip "no program to drop capabilities"
	defer "there sh -c 'echo 0 >/proc/sys/net/ipv4/conf/tunl0/rp_filter'"
	without_bpf "${HERE[@]}"
	same faults "$FAULTS" ""
	path_is ok
	tells "it went through lo, came out of tunl0, was given to pid "
	tells "and its answer left by eth0 with the VIP as source"
	verdicts_of arrival unknown
	tells_of arrival "what eth0 does with what arrives was not seen"
	without_bpf "${HERE6[@]}"
	same faults "$FAULTS" ""
	tells "it went through lo, came out of ip6tnl0, was given to pid "
	# without a tunnel, where all is the same
	without_bpf "${HERE[@]}" -g
	tells "it went through lo, was given to pid "
	# what is behind the tunnel is found
	there sh -c 'echo 1 >/proc/sys/net/ipv4/conf/tunl0/rp_filter'
	without_bpf "${HERE[@]}"
	same faults "$FAULTS" rp_filter
	tells "it went through lo, came out of tunl0 and was dropped at tunl0"
	there sh -c 'echo 0 >/proc/sys/net/ipv4/conf/tunl0/rp_filter'
	# what is in front of it is not, and what rules make of lo is no fault
	rules "table netdev ivq { chain in { type filter hook ingress device eth0 priority 0; ip protocol 4 drop; }; }"
	without_bpf "${HERE[@]}"
	same faults "$FAULTS" ""
	verdicts_of arrival unknown
	there nft flush ruleset
	rules "table inet ivq { chain in { type filter hook input priority filter; iif lo ip saddr != 127.0.0.0/8 drop; }; }"
	without_bpf "${HERE[@]}"
	same faults "$FAULTS" ""
	path_is unknown
	there nft flush ruleset
	# a director cannot send itself a client's datagram that IPVS would take for one
	NS=lb
	without_bpf -u "$SVC4"
	same faults "$FAULTS" ""
	path_is unknown
	tells "no datagram can be made to arrive by eth0: Operation not permitted"
}

# hidden COMMAND: the doctors of s2 and lb, with something mounted over what they look for by COMMAND, say why they follow nothing
hidden() {
	local here
	for NS in s2 lb; do
		here=(-u "$SVC4")
		[ "$NS" = lb ] || here=("${HERE[@]}")
		there unshare -m sh -ec "$1; shift; exec \"\$@\"" sh -- quiclbadm doctor "${here[@]}" -j >"$WORK/report" 2>"$WORK/err" ||
			fail "$(cat "$WORK/err" "$WORK/report")"
		says
		same "other words" "$(cat "$WORK/err")" ""
		path_is unknown
		tells "$WHY"
	done
}

no_tracefs() {
	WHY="no datagram can be followed here, because tracefs is not mounted"
	hidden "mount -t tmpfs none /sys/kernel/tracing"
	refused 1 "Error: tracefs: it is not mounted, or this is not root." \
		unshare -m sh -ec "mount -t tmpfs none /sys/kernel/tracing; exec quiclbadm trace --seconds 1"
}

no_btf() {
	# the kernel's headers have it as well
	local hide="mount --bind /dev/null /sys/kernel/btf/vmlinux; mount -t tmpfs none /lib/modules"
	WHY="no datagram can be followed here, because the kernel has no type information (BTF"
	hidden "$hide"
	refused 1 "Error: trace: -v: this kernel shows no packets (it has no type information, BTF, or no event probes)." \
		unshare -m sh -ec "$hide; exec quiclbadm trace -v --seconds 1"
}

# all_of_it: what a follower might leave
all_of_it() {
	ls /sys/kernel/tracing/instances
	cat /sys/kernel/tracing/dynamic_events /sys/kernel/tracing/set_event
	there sh -c 'ip -o link; ip -o addr; ip rule; ip route show table all'
}

leaves_nothing() {
	local before
	before=$(all_of_it)
	healthy "${HERE[@]}"
	same "what is there afterwards" "$(all_of_it)" "$before"
	# nor does one that is killed while it waits for an answer
	service "$VIP4:449" rs4 0:3:4 | q -R
	defer "q -D -u $VIP4:449"
	spawn s2 quiclbadm doctor -u "$VIP4:449" -r "$(rs4 2)" >/dev/null
	poll 60 "its instance" follows
	kill -9 "$SPAWNED"
	await "$SPAWNED" || :
	poll 60 "the end of its instance" gone
	same "what is there after kill -9" "$(all_of_it)" "$before"
}

gone() { ! follows && [ ! -s /sys/kernel/tracing/dynamic_events ]; }
follows() { compgen -G "/sys/kernel/tracing/instances/quiclbadm*" >/dev/null; }

# --- a director --------------------------------------------------------------------------

on_director() {
	NS=lb
	HERE=(-u "$SVC4")
	fresh "$SVC4" rs4 0:3:4
}

director_right() {
	right
	tells "it arrived by eth0, was sent on by eth0 (ipip 10.0.0.1 > 10.0.0.1"
}

director_dnat() {
	rules "table ip ivq { chain pre { type nat hook prerouting priority -100; udp dport $PORT redirect to :8443; }; }"
	broken path "a rule had translated its destination to "
}

director_ingress() {
	rules "table netdev ivq { chain in { type filter hook ingress device eth0 priority 0; udp dport $PORT drop; }; }"
	broken path "it arrived by eth0 and was dropped"
}

vip_as_source() {
	defer "ip route change 10.0.0.0/24 dev eth0 src 10.0.0.1; on_director"
	ip route change 10.0.0.0/24 dev eth0 src "$VIP4"
	# IPVS keeps a source until the server's route is looked up anew
	on_director
	broken path "that packet has the VIP as its source"
}

# With IPv6 the one on the link itself that is most like the server's comes first. A server that has it, too, does not answer its
# own address when that asks for a neighbour.
vip6_as_source() {
	local here=(-u "[fd00:10::98]:443")
	service "[fd00:10::98]:443" rs6 0:3:4 | q -R
	defer "q -D -u [fd00:10::98]:443; ip addr del fd00:10::98/128 dev eth0; ip -n $LAB-s2 addr del fd00:10::98/128 dev lo; ip -n $LAB-rt neigh flush to fd00:10::98"
	ip -n "$LAB-s2" addr add fd00:10::98/128 dev lo
	pids+=("$("$QUICGEN" serve "s2=$LAB-s2" -- "[fd00:10::98]:443")")
	ip addr add fd00:10::98/128 dev eth0 nodad
	ip neigh flush to "$(rs6 2)"
	to98
	lost
	diagnosed path "${here[@]}"
	tells "that packet has the VIP as its source"
	# so nothing takes it for a source; IPVS keeps the one that it has until the address goes
	ip addr del fd00:10::98/128 dev eth0
	ip addr add fd00:10::98/128 dev eth0 nodad preferred_lft 0
	found
	healthy "${here[@]}"
	path_is ok
}

# to98: datagrams go to that VIP
to98() { one() { send -t "${WAIT:-500}" -c 0:3:4 "to=[fd00:10::98]:443" "from=[${CL6}:17]:$((RANDOM % 30000 + 2000))" name=x "mint=0:$(sid 3 2)" "$@"; }; }

# dadfailed: $NS has found another host to have the address
dadfailed() { there ip -o addr show dev eth0 dadfailed to fd00:10::98 | grep -q .; }

# duplicate: another host of the link has fd00:10::98, which $NS gets as well
duplicate() {
	defer "ip -n $LAB-rt addr del fd00:10::98/128 dev br0 2>/dev/null || :; ip -n $LAB-$NS addr del fd00:10::98/128 dev eth0 2>/dev/null || :
		in_ns $NS sh -c 'echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad'"
	ip -n "$LAB-rt" addr add fd00:10::98/128 dev br0 nodad
	there sh -c 'echo 1 >/proc/sys/net/ipv6/conf/eth0/accept_dad'
	ip -n "$LAB-$NS" addr add fd00:10::98/128 dev eth0
	poll 20 "the kernel to find the other host" dadfailed
}

director_duplicate() {
	service "[fd00:10::98]:443" rs6 0:3:4 | q -R
	defer "q -D -u [fd00:10::98]:443"
	duplicate
	has_faults -u "[fd00:10::98]:443"
	[[ " $FAULTS " == *" duplicate "* ]] || fail "$(cat "$WORK/report")"
	tells_of duplicate "eth0: another host of this link has fd00:10::98 as well"
	same "commands that would take it from the other host" "$FIX" ""
	# as it says
	ip -n "$LAB-rt" addr del fd00:10::98/128 dev br0
	ip addr del fd00:10::98/128 dev eth0
	ip addr add fd00:10::98/128 dev eth0 preferred_lft 0
	poll 20 "the address" address_is_there
	healthy -u "[fd00:10::98]:443"
	path_is ok
}

server_duplicate() {
	local here=(-u "[fd00:10::98]:443" -r "$(rs6 2)")
	defer "ip -n $LAB-s2 addr del fd00:10::98/128 dev lo 2>/dev/null || :"
	duplicate
	has_faults "${here[@]}"
	[[ " $FAULTS " == *" duplicate "* ]] || fail "$(cat "$WORK/report")"
	FIX=$(jq -r '.[] | select(.check == "duplicate").fix' "$WORK/report")
	mend
	pids+=("$("$QUICGEN" serve "s2=$LAB-s2" -- "[fd00:10::98]:443")")
	healthy "${here[@]}"
	path_is ok
}

# A standby director has no VIP, and is not to be given it.
standby() {
	service 10.0.0.98:443 rs4 0:3:4 | q -R
	defer "q -D -u 10.0.0.98:443"
	healthy -u 10.0.0.98:443
	same "what is said of the VIP" "$(jq -r '.[] | select(.check == "vip") | "\(.verdict) \(.fix)"' "$WORK/report")" "advice null"
}

configured_mtu() {
	local mtu
	defer "ip route del $(rs4 2)/32 dev eth0"
	ip route add "$(rs4 2)/32" dev eth0
	CLIENT=13
	for mtu in "mtu 1200" "mtu lock 1200"; do
		echo "route change $(rs4 2)/32 dev eth0 $mtu" | ip -b -
		# the client has learned the tunnel's MTU with the last one, and would send fragments
		printf '%s\n' "route del default" "route add default via 172.16.0.1" | ip -n "$LAB-cl" -b -
		lost size=1200
		diagnosed mtu "${HERE[@]}"
		same "the printed command" "$FIX" "ip route change $(rs4 2)/32 dev eth0 mtu 1500"
		mend
		found size=1200
		healthy "${HERE[@]}"
	done
}

# size_is VERDICT [TEXT]: of a datagram that is one octet larger than the tunnel takes
size_is() {
	same "what is said of sizes" "$(jq -r '[.[] | select(.check == "size").verdict] | join(" ")' "$WORK/report")" "$1"
	[ $# = 1 ] || jq -e --arg text "$2" 'any(.[]; .check == "size" and (.evidence | contains($text)))' "$WORK/report" >/dev/null ||
		fail "it does not say \"$2\": $(jq -c '.[] | select(.check == "size")' "$WORK/report")"
}

# Such a datagram is dropped, and the client is told.
one_more() {
	defer "echo 1 >/proc/sys/net/ipv4/vs/pmtu_disc"
	CLIENT=15
	right
	size_is ""
	# the client has been told of a smaller MTU before, and would send fragments
	ip -n "$LAB-cl" route flush cache
	lost size=1453
	rules "table ip ivq { chain out { type filter hook output priority 0; icmp type destination-unreachable drop; }; }"
	healthy "${HERE[@]}"
	size_is advice "a datagram of 1453 octets, one more than the tunnel takes, is dropped, and its sender is not told"
	nft flush ruleset
	echo 0 >/proc/sys/net/ipv4/vs/pmtu_disc
	ip -n "$LAB-cl" route flush cache
	found size=1453
	healthy "${HERE[@]}"
	size_is advice "is sent on in fragments"
	FIX=$(jq -r '.[] | select(.check == "size").fix' "$WORK/report")
	mend
	healthy "${HERE[@]}"
	size_is ""
	path_is ok
}

# Rules that ask for a size: what they drop is told from what the tunnel has no room for.
director_sizes() {
	rules "table inet ivq { chain pre { type filter hook prerouting priority -300; iifname eth0 udp dport $PORT udp length > 1300 drop; }; }"
	right
	size_is advice "a datagram of 1452 octets, for which the tunnel has room, is lost, and one of 1200 is not: it arrived by eth0 and was dropped at eth0"
	nft flush ruleset
	rules "table inet ivq { chain pre { type filter hook prerouting priority -300; iifname eth0 udp dport $PORT udp length > 1100 drop; }; }"
	CLIENT=16
	lost size=1200
	found
	has_faults "${HERE[@]}"
	[[ " $FAULTS " == *" size "* ]] || fail "$FAULTS"
	size_is fault "a datagram of 40 octets is sent on, and one of 1200, which QUIC begins with"
}

# No advice that these rules would turn into a loss.
no_notrack() {
	rules "table inet ivq { chain in {
		type filter hook input priority filter; policy drop;
		iif lo accept; ct state established,related accept; ct state new udp dport $PORT accept; meta l4proto { icmp, icmpv6, 4, 41 } accept; }; }"
	right
	same "the advice" "$(jq -r '.[] | select(.check == "conntrack") | "\(.verdict) \(.fix)"' "$WORK/report")" "advice null"
}

# forgotten_by_router ADDRESS: in a case before, s2 had it, and until a minute later the router goes on asking that hardware address
forgotten_by_router() { ip -n "$LAB-rt" neigh flush to "$1"; }

# The VIP's network is the link's, and nobody would answer for it there.
unanswered() {
	local here=(-u 10.0.0.98:443)
	service 10.0.0.98:443 rs4 0:3:4 | q -R
	defer "q -D -u 10.0.0.98:443; ip addr del 10.0.0.98/32 dev lo; ip addr del 10.0.0.98/32 dev eth0 2>/dev/null || :; echo 0 >/proc/sys/net/ipv4/conf/eth0/arp_ignore"
	ip addr add 10.0.0.98/32 dev lo
	healthy "${here[@]}"
	echo 1 >/proc/sys/net/ipv4/conf/eth0/arp_ignore
	diagnosed arp "${here[@]}"
	mend
	healthy "${here[@]}"
	echo 0 >/proc/sys/net/ipv4/conf/eth0/arp_ignore
	forgotten_by_router 10.0.0.98
	in_ns rt ping -c 1 -w 10 10.0.0.98 >/dev/null || fail "no host answers for it"
}

# The same with IPv6, where an address on lo is never answered for.
unanswered6() {
	local here=(-u "[fd00:10::98]:443")
	service "[fd00:10::98]:443" rs6 0:3:4 | q -R
	defer "q -D -u [fd00:10::98]:443; ip addr del fd00:10::98/128 dev lo; ip addr del fd00:10::98/128 dev eth0 2>/dev/null || :"
	ip addr add fd00:10::98/128 dev lo
	diagnosed arp "${here[@]}"
	mend
	poll 20 "the address" address_is_there
	healthy "${here[@]}"
	forgotten_by_router fd00:10::98
	in_ns rt ping -c 1 -w 10 fd00:10::98 >/dev/null || fail "no host answers for it"
}

address_is_there() { ! ip -o addr show dev eth0 tentative to fd00:10::98 | grep -q .; }

# The mask makes the servers local, too.
mask_on_lo() {
	defer "ip addr del 10.0.0.98/24 dev lo; q -D -u 10.0.0.98:443; on_director"
	ip addr add 10.0.0.98/24 dev lo
	service 10.0.0.98:443 rs4 0:3:4 | q -R
	in_ns lb quiclbadm doctor -u 10.0.0.98:443 -j >"$WORK/report" && fail "it finds nothing: $(cat "$WORK/report")"
	says
	tells "10.0.0.98:443: it arrived by eth0"
}

# The servers of a tunnel are away, and one on this host answers for them.
sorry_server() {
	defer on_director
	for n in 1 2 3; do
		q -d -u "$SVC4" -r "$(rs4 "$n")" --keep-server-ids
	done
	q -a -u "$SVC4" -r 127.0.0.1:"$PORT" -g -w 1
	in_ns lb quiclbadm doctor "${HERE[@]}" -j >"$WORK/report" || :
	says
	same "commands for what is absent" "$(jq -r '.[] | select(.check == "absent").fix' "$WORK/report" | sort -u)" null
}

# No host has the server's address; the neighbour entry is not there yet to say so.
no_such_server() {
	defer "ip neigh flush to 10.0.0.77; on_director"
	q -D -u "$SVC4"
	q -A -u "$SVC4"
	q config add -u "$SVC4" --id 0 --server-id-len 3 --nonce-len 4
	q -a -u "$SVC4" -r 10.0.0.77 -i -w 1 --server-id "0:$(sid 3 1)"
	diagnosed path "${HERE[@]}"
	tells "no host answers for the next hop's address"
}

# Which datagrams get a mark is the rules' affair: those to this host's addresses are tried.
marked() {
	local lines
	defer on_director
	lines=$(service "$SVC4" rs4 0:3:4)
	q -C
	q -R <<<"${lines//"-u $SVC4"/-f 7}"
	HERE=(-f 7)
	right "table ip ivq { chain pre { type filter hook prerouting priority mangle; ip daddr $VIP4 udp dport $PORT meta mark set 7; }; }"
	tells "to $SVC4: it arrived by eth0, was sent on by eth0 (ipip 10.0.0.1 > 10.0.0.1"
	# no rule sets the mark
	nft flush ruleset
	CLIENT=14
	lost
	healthy "${HERE[@]}"
	path_is unknown
	tells "no datagram was seen to go to its real servers (tried: $SVC4)"
}

# in_vrf NAMESPACE DEVICE...: its uplink, and these devices, are in a VRF, which has the routes to clients
in_vrf() {
	local ns=$LAB-$1 device
	modprobe vrf 2>/dev/null || skip "the kernel has no VRF"
	ip -n "$ns" link add red type vrf table 100
	ip -n "$ns" link set red up
	for device in eth0 "${@:2}"; do
		ip -n "$ns" link set "$device" master red
	done
	ip -n "$ns" route add default via 10.0.0.254 vrf red
}

# out_of_vrf NAMESPACE SERVER4 SERVER6
out_of_vrf() {
	ip -n "$LAB-$1" link del red
	ip -n "$LAB-$1" -b - <<-END
		addr replace $3/64 dev eth0 nodad
		route replace default via 10.0.0.254
		route replace default via fd00:10::fe
	END
}

# The clients' side is in a VRF, the servers' side not.
director_vrf() {
	defer "ip addr replace $VIP4/32 dev lo; ip route del 10.0.0.0/24 dev eth0 2>/dev/null || :; out_of_vrf lb 10.0.0.1 fd00:10::1; on_director"
	in_vrf lb
	ip route add 10.0.0.0/24 dev eth0
	on_director
	right
	tells "it arrived by eth0, "
	# the VIP is the VRF's
	ip addr del "$VIP4/32" dev lo
	ip addr add "$VIP4/32" dev red
	right
	# no host has it
	ip addr del "$VIP4/32" dev red
	diagnosed vip "${HERE[@]}"
	mend
	right
}

# probe_says N VERDICT TEXT: of real server N
probe_says() {
	jq -e --arg server "$(rs4 "$1")" --arg verdict "$2" --arg text "$3" \
		'any(.[]; .check == "probe" and .server.address == $server and .verdict == $verdict and (.evidence | contains($text)))' "$WORK/report" >/dev/null ||
		fail "no $2 \"$3\" of server $1: $(jq -c '.[] | select(.check == "probe")' "$WORK/report")"
}

# there_as_told N: runs the doctor on server N by the command that is told of it, and then its fix
there_as_told() {
	local command
	command=$(jq -r --arg server "$(rs4 "$1")" '.[] | select(.check == "probe" and .server.address == $server).evidence' "$WORK/report")
	command="quiclbadm doctor ${command##*quiclbadm doctor }"
	in_ns "s$1" sh -ec "$command -j" >"$WORK/report" && fail "it finds nothing: $command"
	says
	FIX=$(jq -r '.[] | select(.verdict == "fault").fix' "$WORK/report")
	column command "$FIX"
	in_ns "s$1" sh -ec "$FIX" || fail "it does not do: $FIX"
}

# Both ends: what a director can say of each server, and the server's own doctor the rest.
each_server() {
	command -v nft >/dev/null || skip "nft is not installed"
	defer "in_ns s1 nft flush ruleset; in_ns s3 nft flush ruleset; ip neigh flush to $(rs4 3); in_ns s2 sh -c 'echo 0 >/proc/sys/net/ipv4/conf/tunl0/rp_filter'; on_director"
	HERE+=(--from 10.0.0.1)
	in_ns s2 sh -c 'echo 1 >/proc/sys/net/ipv4/conf/tunl0/rp_filter'
	in_ns s3 nft "table netdev ivq { chain in { type filter hook ingress device eth0 priority 0; drop; }; }"
	ip neigh flush to "$(rs4 3)"
	diagnosed probe "${HERE[@]}"
	probe_says 1 ok "answers through the tunnel"
	probe_says 2 fault "that host answers ping, so the datagram arrives and is dropped there"
	probe_says 3 fault "it does not arrive: no host answers for the next hop's address"
	there_as_told 2
	# out of the pool, and held by a checker: such a server may be down
	in_ns s1 nft "table netdev ivq { chain in { type filter hook ingress device eth0 priority 0; meta protocol ip drop; }; }"
	q -d -u "$SVC4" -r "$(rs4 1)" --keep-server-ids
	q -e -u "$SVC4" -r "$(rs4 3)" -i -w 0
	healthy "${HERE[@]}"
	probe_says 1 advice "(not in the pool) does not answer what comes through the tunnel"
	probe_says 1 advice "that host does not answer ping either"
	probe_says 2 ok "answers through the tunnel"
	probe_says 3 advice "(weight 0) does not answer"
	in_ns s1 nft flush ruleset
	in_ns s3 nft flush ruleset
	ip neigh flush to "$(rs4 3)"
	healthy "${HERE[@]}"
	probe_says 1 ok "(not in the pool) answers"
	probe_says 3 ok "(weight 0) answers"
}

# The packets arrive, and nothing there takes them apart.
refused_there() {
	modprobe fou 2>/dev/null || skip "the kernel has no fou"
	defer "ip -n $LAB-s2 fou del port 6082 2>/dev/null || :; on_director"
	HERE+=(--from 10.0.0.1)
	ipvsadm -e -u "$SVC4" -r "$(rs4 2)" -i --tun-type gue --tun-port 6082
	diagnosed probe "${HERE[@]}"
	probe_says 2 fault "it arrives, and that host refuses the tunnel's packets"
	there_as_told 2
	healthy "${HERE[@]}"
	probe_says 2 ok "answers through the tunnel"
}

# Without a tunnel, and masqueraded.
other_methods() {
	defer on_director
	HERE+=(--from 10.0.0.1)
	ipvsadm -e -u "$SVC4" -r "$(rs4 2)" -g
	ipvsadm -e -u "$SVC4" -r "$(rs4 3)" -m
	in_ns lb quiclbadm doctor "${HERE[@]}" -j >"$WORK/report" || :
	says
	probe_says 2 ok "answers without a tunnel"
	# nothing listens at its own address
	probe_says 3 fault "has no socket"
}

fresh "$SVC4" rs4 0:3:4
service "$SVC6" rs6 0:3:4 | q -R
NS=s2
CAN_TRACE=
tcase "a real server: IPv4 and IPv6" both_families
tcase "a real server: every tunnel, and none" every_tunnel
tcase "a real server: dnat" dnat
tcase "a real server: dropped before all" ingress_drop
tcase "a real server: answers from another address" other_source
tcase "a real server: answers go into the tunnel" into_tunnel
tcase "a real server: another tunnel device takes the director's packets" other_device
tcase "a real server: answers dropped behind all" drop_answers_later
tcase "a real server: the server is silent" silent_server
tcase "a real server: the socket takes one device's alone" deaf 451 "$VIP4" -d eth0
tcase "a real server: the socket of IPv6 takes no IPv4" deaf 452 "[::]" -6
tcase "a real server: it awaits a director's probe" awaited
tcase "right: sets, maps and fib" sets_and_maps
tcase "right: as ufw" ufw_like
tcase "right: as firewalld" firewalld_like
tcase "right: as docker" docker_like
tcase "right: the link is a bridge's port" port_of br0 bridge
tcase "right: the link is a bond's port" port_of bond0 bond mode active-backup
tcase "right: a local route for the VIP" any_address
tcase "right: an MTU of the route to clients" small_route
tcase "a real server: in a VRF" server_vrf
tcase "a real server: masquerading" masqueraded
tcase "a real server: GRE with and without a checksum" checksums
tcase "a real server: names with a dot" dotted_names
tcase "right: a rule keeps the host from answering ARP" silent_by_rule
tcase "a real server: answers neighbour discovery" answers_ndp
tcase "a real server: FOU where GUE comes" other_encapsulation
tcase "a real server: sizes" server_sizes
tcase "a real server: IPv6 VIP that another host has" server_duplicate
tcase "no BPF" no_bpf
tcase "no tracefs" no_tracefs
tcase "no BTF" no_btf
tcase "nothing is left behind" leaves_nothing
on_director
tcase "a director" director_right
tcase "a director: redirect" director_dnat
tcase "a director: dropped before all" director_ingress
tcase "a director: the VIP as the tunnel's source" vip_as_source
tcase "a director: the VIP as the tunnel's source, IPv6" vip6_as_source
tcase "a director: IPv6 VIP that another host has" director_duplicate
tcase "a director: standby" standby
tcase "a director: an MTU that is configured" configured_mtu
tcase "a director: one octet more than the tunnel takes" one_more
tcase "a director: sizes" director_sizes
tcase "a director: rules that accept only what is tracked" no_notrack
tcase "a director: no answer to ARP for the VIP" unanswered
tcase "a director: no answer to neighbour discovery for the VIP" unanswered6
tcase "a director: the VIP's mask on lo" mask_on_lo
tcase "a mistyped service" mistyped
tcase "a director: a server of last resort" sorry_server
tcase "a director: no such server" no_such_server
tcase "a director: clients are reached in a VRF" director_vrf
tcase "a director: a service of a firewall mark" marked
tcase "both ends: what is told of each real server" each_server
tcase "both ends: nothing takes the tunnel's packets" refused_there
tcase "both ends: no tunnel, masquerading" other_methods
finish
