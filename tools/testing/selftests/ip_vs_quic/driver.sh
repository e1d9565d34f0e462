#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The driver path makes the same packets as the express path, octet for octet. What it leaves is the express path's. It is switched on
# and off by quiclbadm, shares a device by libxdp, and holds the module no longer than it has to.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=packets.sh
. "$here/packets.sh"
# shellcheck source=links.sh
. "$here/links.sh"
# shellcheck source=expresslib.sh
. "$here/expresslib.sh"
need_module
[ -e /sys/kernel/btf/ip_vs_quic ] || skip_all "the kernel has no BTF"
command -v quiclbadm-driver >/dev/null || skip_all "quiclbadm-driver is not built"
modprobe -a fou ip_gre 8021q 2>/dev/null || true
# Where there has been a routing rule, routing is asked about each datagram, which the driver path cannot do.
own_lab_up

# What XDP sends back by a veth is received if the other end has an XDP program, too. Without the express path this one passes everything.
in_ns rt quiclbadm-driver on lb

# --- the same packets --------------------------------------------------------

collect() {
	q -C
	each_compared compared_service | q -R 2>"$WORK/warnings" || fail "$(<"$WORK/warnings")"
	each_compared variety >"$WORK/variety"
	on eth0
	pour express "eth0.taken=$((12 * ${#compared[@]}))"
	drive
	pour driver "eth0.driver=$((12 * ${#compared[@]}))"
}

# What has no server by its CID: first with new entries, by the express path, then with those that there are, then by the driver path alone.
unrouted_too() {
	each_compared unrouted >"$WORK/unrouted"
	on eth0
	pour_unrouted unrouted-express fallback-new "eth0.taken=$((12 * ${#compared[@]}))"
	drive
	pour_unrouted unrouted-known tuple "eth0.driver=$((12 * ${#compared[@]}))"
	each_same unrouted-express unrouted-known
	q -C
	each_compared compared_service | q -R 2>"$WORK/warnings" || fail "$(<"$WORK/warnings")"
	drive
	pour_unrouted unrouted-new fallback-new "eth0.driver=$((12 * ${#compared[@]}))"
	each_same unrouted-express unrouted-new
	same "entries" "$(q -L -c | grep -c TUPLE)" $((6 * ${#compared[@]}))
}

# With outer sources by flow, of the same services.
spread() {
	each_compared spread_out
	on eth0
	pour express-spread "eth0.taken=$((12 * ${#compared[@]}))"
	drive
	pour driver-spread "eth0.driver=$((12 * ${#compared[@]}))"
	each_same express-spread driver-spread
	between "sources of IPv4" "$(grep -o ' src=10\.99\.[^ ]*' "$WORK/driver-spread" | sort -u | wc -l)" 10 36
	between "sources of IPv6" "$(grep -o ' src=fd99:[^ ]*' "$WORK/driver-spread" | sort -u | wc -l)" 10 24
}

spread_out() {
	local svc ip
	family "$1"
	q set -u "${svc%:*}:$2" --source4 10.99.0.0/20 --source6 fd99:1:2:3:8000::/65
}

# --- devices ---------------------------------------------------------------------

# The servers are behind another device than the clients.
two_armed() {
	local svc ip device=p0
	family 4
	port_up p0 01
	lead lb p0 r-p0 7
	defer lead_back
	pool 4 4 -i
	drive p0
	warm 4
	driven 1
	# a device that cannot be given frames
	ip link add d0 type dummy
	defer "ip link del d0"
	ip link set d0 up
	ip route add "$(rs4 2)" dev d0
	ip neigh add "$(rs4 2)" lladdr 02:00:00:00:02:02 dev d0 nud permanent
	handed not-local 0 routed=1 "$ip udp sport=5 dport=443 data=40${CID[2]} pad=30"
	handed taken 0 routed=1 "$ip udp sport=5 dport=443 data=40${CID[2]} pad=30"
	handed no-route 1 routed=1 "$ip udp sport=5 dport=443 data=40${CID[1]} pad=30"
	driven 1
}

# A veth device shows XDP the tags that the other end has put into the frame.
tagged() {
	local svc ip device=v5
	family 4
	pool 4 4 -i
	vlan_up
	ethtool -K eth0 rxvlan off
	in_ns rt ethtool -K lb txvlan off
	defer "ethtool -K eth0 rxvlan on; in_ns rt ethtool -K lb txvlan on"
	drive
	on v5
	warm 4
	driven 1
	# and out: server 1 is behind the VLAN
	ip route add "$(rs4 1)" via 10.5.0.2 dev v5
	defer "ip route del $(rs4 1) via 10.5.0.2 dev v5"
	warm 4
	driven 1
	lead_back
	device=eth0
	warm 4
	driven 1
	ethtool -K eth0 rxvlan on
	taken 1
}

# --- routing -----------------------------------------------------------------------

reverse_path() {
	local svc ip
	family 4
	pool 4 4 -i
	drive
	warm 4
	driven 1
	same "reasons to ask routing" "$(asks)" "[]"
	echo 1 >/proc/sys/net/ipv4/conf/eth0/rp_filter
	defer "echo 0 >/proc/sys/net/ipv4/conf/eth0/rp_filter"
	warm 4
	taken 1
	q express add eth0 --mode ingress
	drive
	told_of "rp_filter of the device or of all is on" 4
	same "reasons to ask routing" "$(asks)" '["rp-filter"]'
	grep -q "net.ipv4.conf.eth0.rp_filter=0" < <(q doctor)
	echo 0 >/proc/sys/net/ipv4/conf/eth0/rp_filter
	warm 4
	driven 1
}

# The kernel does not forget that there has been a rule, so this comes last.
rules() {
	local svc ip
	family 4
	pool 4 4 -i
	drive
	ip rule add pref 9 lookup main
	ip rule del pref 9
	warm 4
	taken 1
	q express add eth0 --mode ingress
	drive
	told_of "the namespace has, or has had, routing rules for IPv4" 4
	same "reasons to ask routing" "$(asks)" '["rules"]'
	ip -6 rule add pref 9 lookup main
	ip -6 rule del pref 9
	q express add eth0 --mode ingress
	drive
	told_of "the namespace has, or has had, routing rules for IPv6" 6
}

asks() { q express list -j | jq -c '.[] | select(.device == "eth0").asks'; }

# told_of WHY FAMILY: drive() has warned of it
told_of() { grep -q "^Warning: driver path of eth0: $1, so IPv$2 is left to the express path at the ingress.$" "$WORK/stderr" || fail "$(<"$WORK/stderr")"; }

# --- what is handed on ---------------------------------------------------------

reasons_v4() {
	local svc ip udp="udp sport=5 dport=443 data=40${CID[1]} pad=30"
	family 4
	pool 4 4 -i
	drive
	warm 4
	driven 1
	handed not-plain 1 routed=1 "$ip options=01010101 $udp"
	handed not-plain 0 "" "$ip df=0 mf=1 $udp pad=100"
	handed not-plain 0 routed=1 "$ip ttl=1 $udp"
	# past the router, which would not forward that
	link_layer=br0/$(ip -j link show eth0 | jq -r '.[0].address')
	handed not-plain 0 "" "$ip sum=4660 $udp"
	link_layer=
	handed driver 1 "unroutable-reserved=1 fallback=1" "$ip udp sport=5 dport=443 data=40ff"
	handed too-big 0 routed=1 "$ip df=1 $udp pad=1420"
	handed "" 0 "" "$ip udp sport=5 dport=444 data=40${CID[1]}"
	ip neigh del "$(rs4 1)" dev eth0
	handed no-neighbour 1 routed=1 "$ip $udp"
	driven 1
}

reasons_v6() {
	local svc ip udp="udp sport=5 dport=443 data=40${CID[1]} pad=30"
	family 6
	pool 6 6 -i
	drive
	warm 6
	driven 1
	handed "" 1 routed=1 "$ip opts $udp"
	handed not-plain 0 routed=1 "$ip ttl=1 $udp"
	handed driver 1 "unroutable-reserved=1 fallback=1" "$ip udp sport=5 dport=443 data=40ff"
	handed too-big 0 routed=1 "$ip $udp pad=1410"
	driven 1
}

# What has no server by its CID, and is left to the other paths.
unrouted_left() {
	local svc ip port busy
	family 4
	pool 4 4 -i
	drive
	warm 4
	handed driver 1 "unroutable-config=1 fallback-new=1" "$(first)"
	handed driver 1 "unroutable-config=1 tuple=1" "$(first)"
	# a flow that a threshold sends to another server is the express path's, until it has an entry
	busy=$(q -L -c -j | jq -r '.[0].server.address')
	q -C
	pool 4 4 -i
	q -e -u "$svc" -r "$busy" -i -x 1
	drive
	warm 4
	handed driver 1 "unroutable-config=1 fallback-new=1" "$(first)"
	forget
	for port in {31..60}; do
		first "$port"
	done | raw rt -
	arrived 30 "dport=443"
	counters
	between "datagrams that the busy server does not get" "$((${COUNTERS[eth0.taken]} - ${MARKED[eth0.taken]}))" 3 20
	same "all" "$((${COUNTERS[eth0.taken]} + ${COUNTERS[eth0.driver]} - ${MARKED[eth0.taken]} - ${MARKED[eth0.driver]}))" 30
	same "flows of the busy server" "$(q -L -c -j | jq --arg busy "$busy" '[.[] | select(.server.address == $busy)] | length')" 1
	remark
	forget
	for port in {31..60}; do
		first "$port"
	done | raw rt -
	arrived 30 "dport=443"
	happened eth0.driver=30 "$svc.unroutable-config=30" "$svc.tuple=30"
	# masquerading is IPVS's, and so is a connection of its own
	q -C
	pool 4 4 -m
	drive
	warm 4
	handed unroutable 1 "unroutable-config=1 sched-fallback=1" "$(first)"
	handed unroutable 1 "unroutable-config=1 tuple=1" "$(first)"
}

# --- on and off ------------------------------------------------------------------

switches() {
	local svc ip already="Error: express path of eth0: The device has the express path already."
	family 4
	pool 4 4 -i
	drive
	grep -q "^Warning: driver path of eth0: traffic control, .* do not see what it forwards.$" "$WORK/stderr"
	same "mode" "$(mode)" driver
	refused 1 "$already" q express add eth0
	refused 1 "$already" q express add eth0 --mode driver
	same "what -S says" "$(q -S | grep express)" "express add eth0 --mode driver"
	warm 4
	driven 1
	q -S >"$WORK/saved"
	q express add eth0 --mode ingress
	same "mode" "$(mode)" ingress
	warm 4
	taken 1
	q -R "$WORK/saved"
	same "mode" "$(mode)" driver
	warm 4
	driven 1
	q express del eth0
	same "XDP programs" "$(ip -j link show eth0 | jq '.[0].xdp.prog.id')" null
	q -R "$WORK/saved"
	same "mode" "$(mode)" driver
	q -C
	same "XDP programs" "$(ip -j link show eth0 | jq '.[0].xdp.prog.id')" null
}

refusals() {
	ip link add d0 type dummy
	ip link add e1 mtu 9000 type veth peer name e2 mtu 9000
	defer "ip link del d0; ip link del e1"
	refused 1 "Error: driver path of d0: its driver does not run XDP programs." q express add d0 --mode driver
	same "mode" "$(mode d0)" ""
	q express add d0 --mode auto 2>"$WORK/stderr"
	same "warning" "$(<"$WORK/stderr")" "Warning: driver path of d0: its driver does not run XDP programs, so its express path is at the ingress."
	same "mode" "$(mode d0)" ingress
	ip link set e1 up
	ip link set e2 up
	if q express add e1 --mode driver 2>"$WORK/stderr"; then
		fail "the MTU is not too large"
	fi
	grep "MTU" "$WORK/stderr"
	same "mode" "$(mode e1)" ""
	ip link set e1 mtu 1500
	ip link set e2 mtu 1500
	ip link add link e1 name e1.5 type vlan id 5
	refused 1 "Error: driver path of e1: it strips the tags of its VLANs, which XDP then does not see (ethtool -K DEVICE rxvlan off)." \
		q express add e1 --mode driver
	ethtool -K e1 rxvlan off
	drive e1
	same "mode" "$(mode e1)" driver
	q express del e1
}

# A device that is gone leaves pins, which hold the module until the next command.
lets_go() {
	q -C
	in_ns rt quiclbadm-driver off lb
	ip link add e1 type veth peer name e2
	ip link set e1 up
	drive e1
	ip link del e1
	if modprobe -r ip_vs_quic 2>/dev/null; then
		fail "the program of a device that is gone did not hold the module"
	fi
	refused 1 "Error: express path of nodev0: There is no such device." q express del nodev0
	reload
	drive
	q -C
	reload
}

# cids of config 0 in $CID, of config 1 in $KEYED
mint_cids
mapfile -t -O 1 KEYED < <("$QUICGEN" mint -c 1:3:15:$KEY "mint=1:$(sid 3 1)" "mint=1:$(sid 3 2)" "mint=1:$(sid 3 3)")
watch_octets

tcase "a datagram of each kind by either path" collect
for row in "${compared[@]}"; do
	read -r f port df outer method <<<"$row"
	tcase "IPv$f in IPv$outer by $method, DF $df: the same octets" same_octets express driver "$f" "$port" "$df" "$outer"
done
tcase "without a CID that names a server: the same octets, counters and entries" unrouted_too
tcase "outer sources by flow: the same octets" spread
tcase "two-armed, and a device that cannot be given frames" two_armed
tcase "VLANs, in and out" tagged
tcase "IPv4: what is not plain goes the express path" reasons_v4
tcase "IPv6: what is not plain goes the express path" reasons_v6
tcase "without a CID that names a server: what is left to other paths" unrouted_left
tcase "reverse path filtering is the express path's" reverse_path
tcase "modes are changed, saved and restored" switches
tcase "refusals" refusals
tcase "the module is let go" lets_go
in_ns rt quiclbadm-driver on lb
tcase "where there has been a rule, datagrams go the express path" rules
finish
