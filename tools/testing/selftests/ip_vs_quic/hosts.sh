#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Right hosts of ordinary kinds, real servers and directors: on each datagrams flow, and the doctor has no fault and nothing that it
# could not judge. Many have one real fault afterwards, which is found: a doctor that says nothing of a host fails here, too. The
# scripts path.sh and doctor.sh have more right hosts.
# shellcheck source=faultlib.sh disable=SC2119
. "$(dirname "$0")/faultlib.sh"
need_module
[ -e /sys/kernel/btf/vmlinux ] || skip_all "the kernel has no BTF"
command -v nft >/dev/null || skip_all "nft is not installed"
own_lab_up
modprobe -a dummy 8021q bridge bonding macvlan vrf ip_gre fou 2>/dev/null || skip_all "the kernel lacks kinds of devices"
serve "$SVC4" "$SVC6"
CLIENT=60

# judged OPTION...: the doctor has neither a fault nor anything that is not known; what it says is in $OUT
judged() {
	OUT=$(there quiclbadm doctor -v "$@") || fail "$OUT"
	[[ $OUT == *" 0 unknown, 0 faults" ]] || fail "$OUT"
	column says "no fault"
}

# right: datagrams flow, and the doctor has seen one pass
right() {
	found
	judged "${HERE[@]}"
	[[ $OUT == *$'\nok       path '* ]] || fail "it has not seen the path: $OUT"
}

# wrong CHECKS COMMAND: the same host with a real fault, which is one of CHECKS
wrong() {
	local check
	there sh -ec "$2"
	lost
	has_faults "${HERE[@]}"
	for check in $FAULTS; do
		[[ " $1 " == *" $check "* ]] || fail "after $2: $(jq -c '.[] | select(.verdict == "fault")' "$WORK/report")"
	done
}

# mended: what the doctor printed repairs it
mended() {
	mend
	right
}

# --- firewalls --------------------------------------------------------------------------

# In each the line that lets the datagrams pass is marked: without it the host is wrong, and some are run like that, too.
declare -A RULES
RULES[concatenations]="table inet filter {
	set services { type ipv4_addr . inet_service . ifname; flags interval; elements = { 192.0.2.0/24 . 440-449 . \"tunl0\", 192.0.2.0/24 . 440-449 . \"eth0\" } }
	map kinds { type inet_proto . ifname : verdict; elements = { 4 . \"eth0\" : accept, 1 . \"eth0\" : accept } }
	chain in {
		type filter hook input priority filter; policy drop;
		meta l4proto . iifname vmap @kinds
		ip saddr . udp dport vmap { $CL4.0/24 . 1-442 : drop, 10.0.0.0/8 . 1-65535 : drop }
		ip daddr . udp dport . iifname @services accept	# allows
	}
}"
RULES["fib saddr . mark . iif"]="table inet filter {
	chain raw {
		type filter hook prerouting priority raw; policy accept;
		iifname eth0 fib saddr . mark . iif oif missing drop
		fib daddr . iif type { blackhole, prohibit, unreachable } drop
	}
	chain in {
		type filter hook input priority filter; policy drop;
		meta l4proto { 1, 4 } accept
		fib daddr type local udp dport $PORT accept	# allows
	}
}"
RULES["TTL, length, DSCP"]="table ip filter {
	chain in {
		type filter hook input priority filter; policy drop;
		ip ttl 1 drop
		ip ttl < 3 limit rate 1/minute log
		ip length > 9000 drop
		ip dscp { cs6, cs7 } drop
		ip frag-off & 0x1fff != 0 drop
		ip protocol { 1, 4 } accept
		udp length > 8 udp dport $PORT accept	# allows
	}
}"
RULES["groups of devices"]="table inet filter {
	chain in {
		type filter hook input priority filter; policy drop;
		iifgroup 7 drop
		iiftype loopback accept
		meta l4proto { 1, 4, 58 } accept
		iifgroup default udp dport $PORT accept	# allows
	}
	chain out {
		type filter hook output priority filter; policy drop;
		meta skuid > 2000000 drop
		oifgroup default accept
	}
}"
RULES["bit masks"]="table inet filter {
	chain marks {
		type filter hook prerouting priority mangle; policy accept;
		udp dport $PORT meta mark set meta mark & 0xffffff00 | 0x21
		ct mark & 0xf000 == 0x1000 meta mark set 7
	}
	chain in {
		type filter hook input priority filter; policy drop;
		meta mark & 0x0f == 0x07 drop
		tcp flags & (fin | syn) == fin | syn drop
		@th,0,16 & 0xff00 == 0xff00 @th,16,16 53 drop
		meta l4proto { 1, 4 } accept
		meta mark & 0xf0 == 0x20 accept	# allows
	}
}"
RULES["states of conntrack"]="table inet filter {
	chain in {
		type filter hook input priority filter; policy drop;
		ct state vmap { established : accept, related : accept, invalid : drop }
		ct status dnat accept
		ct direction reply accept
		ct state new meta l4proto udp ct original proto-dst $PORT accept	# allows
		ct state new meta l4proto { 1, 4 } accept
	}
}"
RULES["untracked"]="table inet filter {
	chain raw {
		type filter hook prerouting priority raw; policy accept;
		udp dport $PORT notrack
		meta l4proto 4 notrack
	}
	chain in {
		type filter hook input priority filter; policy drop;
		ct state established,related accept
		icmp type { echo-request, destination-unreachable } accept
		ct state untracked accept	# allows
	}
}"
RULES["lists of clients and limits for each"]="table inet filter {
	set blocked { type ipv4_addr; flags timeout, interval; elements = { 192.0.2.128/25 timeout 1h, 100.64.0.0/10 timeout 1h } }
	set clients { type ipv4_addr; size 65535; flags dynamic, timeout; timeout 1m; }
	chain in {
		type filter hook input priority filter; policy drop;
		ip saddr @blocked drop
		meta l4proto { 1, 4 } accept
		udp dport $PORT update @clients { ip saddr limit rate over 1000/second } drop
		ip saddr != 100.64.0.0/10 udp dport $PORT limit rate 10000/second accept	# allows
	}
}"
RULES["ingress, egress and all policies drop"]="table netdev ingress {
	set bogons { type ipv4_addr; flags interval; elements = { 0.0.0.0/8, 127.0.0.0/8, 169.254.0.0/16, 224.0.0.0/4 } }
	chain in {
		type filter hook ingress device eth0 priority -500; policy accept;
		ip saddr @bogons drop
		ip6 saddr fec0::/10 drop
	}
}
table inet filter {
	chain in {
		type filter hook input priority filter; policy drop;
		iif lo accept
		meta l4proto { 1, 4, 58 } accept
		ip daddr $VIP4 udp dport $PORT accept	# allows
	}
	chain forward { type filter hook forward priority filter; policy drop; }
	chain out {
		type filter hook output priority filter; policy drop;
		meta l4proto { 1, 4, 58 } accept
		udp sport $PORT accept
	}
}"
RULES["ufw"]="table ip filter {
	chain ufw-logging-deny { ct state invalid return; limit rate 3/minute burst 10 packets log prefix \"[UFW BLOCK] \"; }
	chain ufw-not-local { fib daddr type local return; fib daddr type multicast return; fib daddr type broadcast return; limit rate 3/minute burst 10 packets jump ufw-logging-deny; drop; }
	chain ufw-user-input {
		udp dport $PORT accept	# allows
		ip protocol 4 accept
		tcp dport 22 ct state new limit rate over 6/minute drop
	}
	chain ufw-before-input { iifname lo accept; ct state established,related accept; ct state invalid jump ufw-logging-deny; ct state invalid drop; icmp type echo-request accept; udp sport 67 udp dport 68 accept; jump ufw-not-local; jump ufw-user-input; }
	chain INPUT { type filter hook input priority filter; policy drop; jump ufw-before-input; }
	chain FORWARD { type filter hook forward priority filter; policy drop; }
}"
RULES["firewalld"]="table inet firewalld {
	chain mangle_PRE { type filter hook prerouting priority mangle + 10; policy accept; meta nfproto ipv6 fib saddr . mark . iif oif missing drop; }
	chain nat_PRE { type nat hook prerouting priority dstnat + 10; policy accept; iifname eth0 goto zone_nat; }
	chain zone_nat { tcp dport 8443 redirect to :443; }
	chain zone_in {
		udp dport $PORT ct state new,untracked accept	# allows
		ip6 daddr fe80::/64 udp dport 546 ct state new,untracked accept
		meta l4proto { 1, 4, 58 } accept
		reject with icmpx admin-prohibited
	}
	chain filter_IN {
		type filter hook input priority filter + 10; policy accept;
		ct state { established, related } accept
		ct status dnat accept
		iifname lo accept
		ct state invalid drop
		iifname vmap { \"eth0\" : goto zone_in, \"tunl0\" : goto zone_in }
		reject with icmpx admin-prohibited
	}
	chain filter_OUT { type filter hook output priority filter + 10; policy accept; ct state { established, related } accept; oifname lo accept; ip6 daddr { ::/96, 2002::/24 } reject; }
}"
RULES["docker"]="table ip nat {
	chain DOCKER { iifname docker0 return; tcp dport 8080 dnat to 172.17.0.2:80; }
	chain PREROUTING { type nat hook prerouting priority dstnat; policy accept; fib daddr type local jump DOCKER; }
	chain OUTPUT { type nat hook output priority -100; policy accept; ip daddr != 127.0.0.0/8 fib daddr type local jump DOCKER; }
	chain POSTROUTING { type nat hook postrouting priority srcnat; policy accept; ip saddr 172.17.0.0/16 oifname != docker0 masquerade; }
}
table ip filter {
	chain DOCKER-USER { return; }
	chain FORWARD { type filter hook forward priority filter; policy drop; jump DOCKER-USER; ct state related,established accept; }
	chain INPUT {
		type filter hook input priority filter; policy drop;
		ip protocol { icmp, ipencap } accept
		udp dport $PORT accept	# allows
	}
}"
mapfile -t FIREWALLS < <(printf '%s\n' "${!RULES[@]}" | sort)

# firewalled NAME [wrong]: $NS with those rules; then, if asked for, without the line that lets datagrams pass
firewalled() {
	defer "there nft flush ruleset"
	there nft -f - <<<"${RULES[$1]}"
	right
	[ -z "${2:-}" ] || wrong "firewall path" "nft -f - <<'END'
flush ruleset
$(sed '/# allows$/d' <<<"${RULES[$1]}")
END"
}

# What iptables writes, which has matches that nft has not.
iptables_rules() {
	command -v iptables-nft-restore >/dev/null || skip "iptables is not installed"
	defer "there nft flush ruleset"
	there iptables-nft-restore <<-END
		*raw
		:PREROUTING ACCEPT [0:0]
		-A PREROUTING -m addrtype --dst-type MULTICAST -j DROP
		COMMIT
		*filter
		:INPUT DROP [0:0]
		:FORWARD DROP [0:0]
		:OUTPUT ACCEPT [0:0]
		-A INPUT -i lo -j ACCEPT
		-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
		-A INPUT -m conntrack --ctstate INVALID -j DROP
		-A INPUT -p icmp -j ACCEPT
		-A INPUT -p 4 -m comment --comment "from the director" -j ACCEPT
		-A INPUT -p udp -m multiport --dports 80,$PORT -m hashlimit --hashlimit-above 1000/sec --hashlimit-mode srcip --hashlimit-name ivq -j DROP
		-A INPUT -p udp -m multiport --dports 80,$PORT -m state --state NEW -j ACCEPT
		-A INPUT -j REJECT --reject-with icmp-host-prohibited
		COMMIT
	END
	right
	wrong "firewall path" "iptables-nft -D INPUT 7"
}

# only_from OPTION...: a rule asks who sends; the doctor cannot judge that of an address which it made up, and can with OPTION
only_from() {
	defer "there nft flush ruleset"
	there nft -f - <<<"table inet filter { chain in { type filter hook input priority filter; policy drop; iifname tunl0 accept; meta l4proto 1 accept; $1 accept; }; }"
	found
	healthy "${HERE[@]}"
	jq -e 'any(.[]; .verdict == "unknown" and .check == "firewall" and .fix == null)' "$WORK/report" >/dev/null || fail "$(cat "$WORK/report")"
	HERE+=("${@:2}")
	right
	wrong "firewall path" "nft flush chain inet filter in"
}

# --- where the addresses are --------------------------------------------------------------

declare -A ADDRESS4=([lb]=10.0.0.1 [s2]=$(rs4 2)) ADDRESS6=([lb]=fd00:10::1 [s2]=$(rs6 2))

# uplink DEVICE: $NS's addresses and default routes are on that device, and its neighbours have no other hardware address
uplink() {
	ip -n "$LAB-$NS" -b - <<-END
		link set $1 up
		addr replace ${ADDRESS4[$NS]}/24 dev $1
		addr replace ${ADDRESS6[$NS]}/64 dev $1 nodad
		route replace default via 10.0.0.254 dev $1
		route replace default via fd00:10::fe dev $1
	END
	for n in lb rt s1 s2; do
		ip -n "$LAB-$n" neigh flush all
	done
}

# moved DEVICE TYPE...: $NS's addresses are on a new device DEVICE, to the end of the case
moved() {
	defer "ip -n $LAB-$NS link del $1; uplink eth0"
	# the link-local address stays: neighbours are asked with it
	printf '%s\n' "addr flush dev eth0 scope global" "link add $1 ${*:2}" | ip -n "$LAB-$NS" -b -
	uplink "$1"
}

# tagged: $NS's link has VLAN 7 alone
tagged() {
	moved eth0.7 link eth0 type vlan id 7
	defer "ip -n $LAB-rt link del $NS.7; ip -n $LAB-rt link set $NS master br0"
	ip -n "$LAB-rt" -b - <<-END
		link set $NS nomaster
		link add link $NS name $NS.7 type vlan id 7
		link set $NS.7 master br0 up
	END
	right
	[ "$NS" = lb ] || {
		defer "there sh -c 'echo 0 >/proc/sys/net/ipv4/conf/tunl0/rp_filter'"
		wrong rp_filter "echo 1 >/proc/sys/net/ipv4/conf/tunl0/rp_filter"
		mended
		diagnosed arp "${HERE[@]}" -g
		mend
		healthy "${HERE[@]}" -g
	}
}

# port_of DEVICE TYPE...: eth0 is a port of DEVICE, which has the addresses
port_of() {
	local mac
	mac=$(ip -n "$LAB-$NS" -j link show eth0 | jq -r '.[0].address')
	there ip link set eth0 down
	moved "$1" address "$mac" type "${@:2}"
	printf '%s\n' "link set eth0 master $1" "link set eth0 up" | ip -n "$LAB-$NS" -b -
	uplink "$1"
	right
}

macvlan() {
	moved mv0 link eth0 type macvlan mode bridge
	right
}

# The VIP is a dummy device's.
on_dummy() {
	defer "ip -n $LAB-$NS link del vips; ip -n $LAB-$NS addr replace $VIP4/32 dev lo"
	ip -n "$LAB-$NS" -b - <<-END
		addr del $VIP4/32 dev lo
		link add vips type dummy
		link set vips up
		addr add $VIP4/32 dev vips
	END
	right
	wrong vip "ip addr del $VIP4/32 dev vips"
	mended
	ip -n "$LAB-$NS" addr del "$VIP4/32" dev lo
}

# second_link: $NS has another link to the router, e1
second_link() {
	ip -n "$LAB-$NS" -b - <<-END
		link add e1 type veth peer name r1 netns $LAB-rt
		link set e1 up
		addr add 10.7.0.1/24 dev e1
	END
	defer "ip -n $LAB-$NS link del e1; uplink eth0"
	printf '%s\n' "link set r1 up" "addr add 10.7.0.2/24 dev r1" | ip -n "$LAB-rt" -b -
}

# Datagrams come by one link, and what goes to clients leaves by the other.
several_uplinks() {
	defer "there sh -c 'echo 0 >/proc/sys/net/ipv4/conf/eth0/rp_filter'"
	second_link
	there sh -c 'echo 2 >/proc/sys/net/ipv4/conf/eth0/rp_filter; echo 2 >/proc/sys/net/ipv4/conf/e1/rp_filter'
	ip -n "$LAB-$NS" route replace default via 10.7.0.2 dev e1
	right
}

# The main table knows no way to clients; a rule for the VIP does.
policy_routing() {
	second_link
	defer "ip -n $LAB-$NS rule del from $VIP4 lookup 77 2>/dev/null || :"
	ip -n "$LAB-$NS" -b - <<-END
		route del default
		route add default via 10.0.0.254 dev eth0 table 77
		rule add from $VIP4 lookup 77
	END
	right
	# a director forwards nevertheless
	[ "$NS" = lb ] || wrong "route path" "ip rule del from $VIP4 lookup 77"
}

# --- a real server ------------------------------------------------------------------------

# by_tunnel OPTION...: the director reaches real server 2 like that
by_tunnel() {
	defer "ipvsadm -e -u $SVC4 -r $(rs4 2) -i -w 1"
	ipvsadm -e -u "$SVC4" -r "$(rs4 2)" "$@"
	HERE+=("$@")
}

gue() {
	by_tunnel -i --tun-type gue --tun-port 6080
	defer "there ip fou del port 6080 2>/dev/null || :"
	there ip fou add port 6080 gue
	right
	wrong gue "ip fou del port 6080"
	mended
}

gre() {
	by_tunnel -i --tun-type gre
	defer "there ip link set gre0 down"
	there ip link set gre0 up
	right
	wrong tunnel "ip link set gre0 down"
	mended
}

direct_routing() {
	by_tunnel -g
	defer "there sh -c 'cd /proc/sys/net/ipv4/conf/eth0; echo 0 >arp_ignore; echo 0 >arp_announce'"
	there sh -c 'cd /proc/sys/net/ipv4/conf/eth0; echo 1 >arp_ignore; echo 2 >arp_announce'
	right
	there sh -c 'echo 0 >/proc/sys/net/ipv4/conf/eth0/arp_ignore'
	diagnosed arp "${HERE[@]}"
}

# container: $NS is c, another host on the servers' link
container() {
	ip netns add "$LAB-c"
	# its processes may keep the namespace, and with it this link, a while longer
	defer "ip netns del $LAB-c; ip -n $LAB-rt link del c 2>/dev/null || :"
	ip -n "$LAB-rt" link add c type veth peer name eth0 netns "$LAB-c"
	ip -n "$LAB-rt" link set c master br0 up
	NS=c
	there sh -c 'for f in /proc/sys/net/ipv4/conf/*/rp_filter /proc/sys/net/ipv6/conf/*/accept_dad; do echo 0 >$f; done'
	ip -n "$LAB-c" -b - <<-END
		link set lo up
		link set eth0 up
		addr add $VIP4/32 dev lo
		addr add $VIP6/128 dev lo
	END
}

# In a namespace the devices that come with the modules need not be there.
no_fallback_devices() {
	local init=(nsenter --net=/proc/1/ns/net)
	defer "$(printf '%s sysctl -qw net.core.fb_tunnels_only_for_init_net=%s' "${init[*]}" "$("${init[@]}" sysctl -n net.core.fb_tunnels_only_for_init_net)")"
	"${init[@]}" sysctl -qw net.core.fb_tunnels_only_for_init_net=1
	container
	! ip -n "$LAB-c" link show tunl0 2>/dev/null || fail "there is a tunl0"
	printf '%s\n' "addr add 10.0.0.20/24 dev eth0" "route add default via 10.0.0.254" | ip -n "$LAB-c" -b -
	ip -n "$LAB-c" link add ipip1 type ipip local 10.0.0.20
	ip -n "$LAB-c" link set ipip1 up
	pids+=("$("$QUICGEN" serve "s2=$LAB-c" -- "$SVC4")")
	defer on_director
	q -d -u "$SVC4" -r "$(rs4 2)"
	q -a -u "$SVC4" -r 10.0.0.20 -i -w 1 --server-id "0:$(sid 3 2)"
	HERE=(-u "$SVC4" -r 10.0.0.20)
	right
	wrong tunnel "ip link del ipip1"
	mended
}

# No IPv4 at all, nor tunnel devices of it.
ipv6_only() {
	container
	printf '%s\n' "addr del $VIP4/32 dev lo" "addr add fd00:10::20/64 dev eth0 nodad" "route add default via fd00:10::fe" "link set ip6tnl0 up" |
		ip -n "$LAB-c" -b -
	pids+=("$("$QUICGEN" serve "s2=$LAB-c" -- "$SVC6")")
	defer on_director
	service "$SVC6" rs6 0:3:4 | q -R
	q -d -u "$SVC6" -r "$(rs6 2)"
	q -a -u "$SVC6" -r fd00:10::20 -i -w 1 --server-id "0:$(sid 3 2)"
	HERE=(-u "$SVC6" -r fd00:10::20)
	from6
	right
	wrong tunnel "ip link set ip6tnl0 down"
	mended
}

# A director without an IPv4 address.
director_ipv6_only() {
	defer "ip addr replace 10.0.0.1/24 dev eth0; ip addr replace $VIP4/32 dev lo; ip route replace default via 10.0.0.254; ip -6 route del unreachable $(rs6 2)/128 2>/dev/null || :
		on_director"
	ip -4 addr flush dev eth0
	ip -4 addr del "$VIP4/32" dev lo
	fresh "$SVC6" rs6 0:3:4
	HERE=(-u "$SVC6" --from fd00:10::1)
	from6
	right
	HERE=(-u "$SVC6")
	wrong "route path" "ip -6 route add unreachable $(rs6 2)/128"
	mended
}

# from6: datagrams come from an IPv6 client
from6() { one() { send -t "${WAIT:-500}" -c 0:3:4 "to=$SVC6" "from=[${CL6}:$CLIENT]:$((RANDOM % 30000 + 2000))" name=x "mint=0:$(sid 3 2)" "$@"; }; }

# The server is in a container of s2, and the host translates.
published_port() {
	ip netns add "$LAB-c"
	defer "ip netns del $LAB-c; in_ns s2 nft flush ruleset; in_ns s2 sh -c 'echo 0 >/proc/sys/net/ipv4/ip_forward'"
	ip -n "$LAB-s2" -b - <<-END
		link add docker0 type bridge
		addr add 172.17.0.1/16 dev docker0
		link add c type veth peer name eth0 netns $LAB-c
		link set c master docker0 up
		link set docker0 up
	END
	defer "ip -n $LAB-s2 link del docker0"
	printf '%s\n' "link set lo up" "link set eth0 up" "addr add 172.17.0.2/16 dev eth0" "route add default via 172.17.0.1" | ip -n "$LAB-c" -b -
	pids+=("$("$QUICGEN" serve "s2=$LAB-c" -- 172.17.0.2:8443)")
	there sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	there nft "table ip nat {
		chain DOCKER { iifname docker0 return; udp dport $PORT dnat to 172.17.0.2:8443; }
		chain PREROUTING { type nat hook prerouting priority dstnat; fib daddr type local jump DOCKER; }
		chain POSTROUTING { type nat hook postrouting priority srcnat; ip saddr 172.17.0.0/16 oifname != docker0 masquerade; }
	}"
	right
	wrong path "ip link set c down"
}

# --- a director ---------------------------------------------------------------------------

on_director() {
	fresh "$SVC4" rs4 0:3:4
	NS=lb
	HERE=(-u "$SVC4")
}

# Something forged came by a strict device that no client uses.
stray_packet() {
	second_link
	echo 1 >/proc/sys/net/ipv4/conf/e1/rp_filter
	# nor does it answer ARP for such a source
	ip -n "$LAB-rt" neigh replace 10.7.0.1 lladdr "$(ip -j link show e1 | jq -r '.[0].address')" dev r1
	in_ns rt ping -c 1 -W 1 -I 172.16.0.1 10.7.0.1 >/dev/null 2>&1 || :
	[ "$(awk '/^TcpExt:/ { for (i = 1; i <= NF; i++) if ($i == "IPReversePathFilter") n = i; v = $n } END { print v }' /proc/net/netstat)" -gt 0 ] ||
		fail "nothing was dropped"
	right
}

# IPVS gets what a rule has marked, and the VIP is local for that alone.
local_by_mark() {
	defer "nft flush ruleset; ip rule del fwmark 7 lookup 77; ip route flush table 77; ip addr replace $VIP4/32 dev lo"
	ip addr del "$VIP4/32" dev lo
	ip route add local "$VIP4" dev lo table 77
	ip rule add fwmark 7 lookup 77
	nft "table ip ivq { chain pre { type filter hook prerouting priority mangle; ip daddr $VIP4 udp dport $PORT meta mark set 7; }; }"
	right
	wrong "vip path" "nft flush ruleset"
}

# The clients' link is a VRF's; servers are reached otherwise.
uplink_in_vrf() {
	defer "ip addr replace $VIP4/32 dev lo; ip -n $LAB-rt route replace $VIP4 via 10.0.0.1; ip link del front"
	second_link
	ip -b - <<-END
		addr del $VIP4/32 dev lo
		link add front type vrf table 78
		link set front up
		link set e1 master front
		addr add $VIP4/32 dev front
		route add default via 10.7.0.2 table 78
	END
	ip -n "$LAB-rt" route replace "$VIP4" via 10.7.0.1
	right
	wrong vip "ip addr del $VIP4/32 dev front"
	mended
}

# keepalived CONFIGURATION: something that looks like it, in $NS
keepalived() {
	mkdir -p "$WORK/bin"
	mkfifo "$WORK/bin/wait"
	printf '%s\n' '#!/bin/sh' "read -r _ <$WORK/bin/wait" >"$WORK/bin/keepalived"
	chmod 755 "$WORK/bin/keepalived"
	printf '%s\n' "$1" >"$WORK/bin/keepalived.conf"
	spawn "$NS" "$WORK/bin/keepalived" --dont-release-ipvs -f "$WORK/bin/keepalived.conf"
	defer "rm -rf $WORK/bin"
	poll 20 "it to run" runs_keepalived
}

runs_keepalived() { [ "$(cat "/proc/$SPAWNED/comm")" = keepalived ]; }

# keepalived_of VIP STATE
keepalived_of() {
	printf '%s\n' "vrrp_instance one {" "interface eth0" "state $2" "virtual_router_id 7" "virtual_ipaddress {" "$1" "}" "}" \
		"virtual_server $1 443 {" "protocol UDP" "alpha" "lvs_sched quic"
	for n in 1 2 3; do
		printf '%s\n' "real_server $(rs4 "$n") 443 {" "inhibit_on_failure" 'notify_down "/usr/bin/true"' "MISC_CHECK {" 'misc_path "/usr/bin/true"' "}" "}"
	done
	echo "}"
}

active_director() {
	keepalived "$(keepalived_of "$VIP4" MASTER)"
	right
	kill "$SPAWNED"
	rm -r "${WORK:?}/bin"
	keepalived "$(printf '%s\n' "global_defs {" "lvs_flush" "}"; keepalived_of "$VIP4" MASTER)"
	diagnosed keepalived "${HERE[@]}"
}

# The other one of the pair has the VIP.
standby_director() {
	defer "ip -n $LAB-s1 addr del 10.0.0.98/24 dev eth0"
	ip -n "$LAB-s1" addr add 10.0.0.98/24 dev eth0
	service 10.0.0.98:443 rs4 0:3:4 | q -R
	defer on_director
	keepalived "$(keepalived_of 10.0.0.98 BACKUP)"
	judged -u 10.0.0.98:443
	[[ $OUT != *"fix: ip addr add"* ]] || fail "it would take the other's address: $OUT"
}

by_other_methods() {
	defer "ip -n $LAB-s1 fou del port 6080; ip -n $LAB-s2 link del gre1; on_director"
	ip -n "$LAB-s1" fou add port 6080 gue
	ip -n "$LAB-s2" link add gre1 type gre local "$(rs4 2)" csum
	ip -n "$LAB-s2" link set gre1 up
	ipvsadm -e -u "$SVC4" -r "$(rs4 1)" -i --tun-type gue --tun-port 6080
	ipvsadm -e -u "$SVC4" -r "$(rs4 2)" -i --tun-type gre --tun-csum
	ipvsadm -e -u "$SVC4" -r "$(rs4 3)" -g
	HERE+=(--from 10.0.0.1)
	right
}

# Servers answer by the director, whose two links are not the same.
two_armed() {
	defer "on_director; echo 0 >/proc/sys/net/ipv4/ip_forward; ip -n $LAB-s2 route replace default via 10.0.0.254; ip -n $LAB-rt route replace $VIP4 via 10.0.0.1"
	second_link
	echo 1 >/proc/sys/net/ipv4/ip_forward
	ip route replace default via 10.7.0.2 dev e1
	ip -n "$LAB-rt" route replace "$VIP4" via 10.7.0.1
	ip -n "$LAB-s2" route replace default via 10.0.0.1
	pids+=("$("$QUICGEN" serve "s2=$LAB-s2" -- "$(rs4 2):$PORT")")
	q -C
	q -A -u "$SVC4"
	q config add -u "$SVC4" --id 0 --server-id-len 3 --nonce-len 4
	q -a -u "$SVC4" -r "$(rs4 2)" -m -w 1 --server-id "0:$(sid 3 2)"
	right
	wrong "forwarding path" "echo 0 >/proc/sys/net/ipv4/ip_forward"
}

# Other services, servers that drain, a server of last resort that has no weight.
full_table() {
	defer "ipvsadm -D -t $VIP4:80; on_director"
	ipvsadm -A -t "$VIP4:80" -s wlc
	ipvsadm -a -t "$VIP4:80" -r "$(rs4 1)" -g
	ipvsadm -A -u "$VIP4:53" -s rr
	ipvsadm -e -u "$SVC4" -r "$(rs4 2)" -i -w 0
	right
}

fresh "$SVC4" rs4 0:3:4
NS=s2
HERE=(-u "$SVC4" -r "$(rs4 2)")
for name in "${FIREWALLS[@]}"; do
	case $name in
	docker | fib* | firewalld | bit* | ufw | untracked) tcase "real server, rules: $name" firewalled "$name" wrong ;;
	*) tcase "real server, rules: $name" firewalled "$name" ;;
	esac
done
tcase "real server, rules: iptables" iptables_rules
tcase "real server: tunnel of the director alone" only_from "ip saddr 10.0.0.1 ip protocol 4" --from 10.0.0.1
tcase "real server: VLAN with a dot in its name" tagged
tcase "real server: macvlan" macvlan
tcase "real server: VIP on a dummy device" on_dummy
tcase "real server: several uplinks" several_uplinks
tcase "real server: policy routing" policy_routing
tcase "real server: GUE" gue
tcase "real server: GRE" gre
tcase "real server: direct routing" direct_routing
tcase "real server: container without the modules' own tunnel devices" no_fallback_devices
tcase "real server: IPv6 only" ipv6_only
tcase "real server: in a container behind a published port" published_port
on_director
for name in concatenations docker firewalld "ingress, egress and all policies drop" ufw; do
	tcase "director, rules: $name" firewalled "$name"
done
tcase "director: certain clients alone" only_from "ip saddr $CL4.0/24 udp dport $PORT" --client "$CL4.60"
tcase "director: VLAN with a dot in its name" tagged
tcase "director: bridge" port_of br0 bridge
tcase "director: bond" port_of bond0 bond mode active-backup
tcase "director: VIP on a dummy device" on_dummy
tcase "director: several uplinks" several_uplinks
tcase "director: policy routing" policy_routing
tcase "director: a stray packet at a strict device" stray_packet
tcase "director: VIP local by mark" local_by_mark
tcase "director: uplink in a VRF" uplink_in_vrf
tcase "director: IPv6 only" director_ipv6_only
tcase "director: keepalived, active" active_director
tcase "director: keepalived, standby" standby_director
tcase "director: GUE, GRE and direct routing" by_other_methods
tcase "director: two links, masquerading" two_armed
tcase "director: other services, and a server that drains" full_table
finish
