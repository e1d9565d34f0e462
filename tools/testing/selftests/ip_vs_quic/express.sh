#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The express path makes the same packets as the default path, octet for octet, and counts the same. What it leaves takes the
# default path. It ends with its device, its namespace and the module. A device that is missing gets it later.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=packets.sh
. "$here/packets.sh"
# shellcheck source=links.sh
. "$here/links.sh"
# shellcheck source=expresslib.sh
. "$here/expresslib.sh"
need_module
modprobe -a fou ip_gre 8021q 2>/dev/null || true
lab_up

# --- the same packets ------------------------------------------------------

# IPVS's packets, octets and connections of each service and server, once each service has N packets; IPVS adds up every two seconds
in_packets() { poll 20 "$1 datagrams at each service" has_packets "$1"; }

has_packets() {
	ipvsadm -L -n --stats --exact | awk '
		$1 == "UDP" { service = $2; print $2, "-", $3, $4, $6 }
		$1 == "->" && $3 ~ /^[0-9]/ { print service, $2, $3, $4, $6 }' >"$WORK/ipvs"
	[ "$(awk '$2 == "-"' "$WORK/ipvs" | wc -l)" = ${#compared[@]} ] && awk -v n="$1" '
		$2 == "-" { bad += $4 != n; next }
		{ part[$1] += $4 }
		END { for (service in part) bad += part[service] != n; exit bad }' "$WORK/ipvs"
}

# By the default path and by the express path. A server of an earlier case would bring along what IPVS had not added up when it was
# deleted; therefore it has another port, which does not matter with tunnels.
collect() {
	local rsport=4433
	q -C
	each_compared compared_service | q -R 2>"$WORK/warnings" || fail "$(<"$WORK/warnings")"
	each_compared variety >"$WORK/variety"
	pour default
	in_packets 21
	mv "$WORK/ipvs" "$WORK/ipvs.default"
	on
	pour express "eth0.taken=$((12 * ${#compared[@]}))"
	in_packets 42
}

# same_counts FAMILY: IPVS's counters for the same datagrams, once by each path
same_counts() {
	local svc ip
	family "$1"
	grep -F "${svc%:*}:" "$WORK/ipvs.default" | awk '{ print $1, $2, 2 * $3, 2 * $4, 2 * $5 }' >"$WORK/want"
	same "services and servers" "$(wc -l <"$WORK/want")" $((4 * ($1 == 4 ? 5 : 4)))
	same "counters" "$(grep -F "${svc%:*}:" "$WORK/ipvs")" "$(cat "$WORK/want")"
	# all of these datagrams have a CID of the server
	same "servers whose datagrams by config are not IPVS's packets" \
		"$(q -L -j | jq -c '[.services[].servers[] | [([.config_counts[].datagrams] | add), .stats.in_packets] | select(.[0] != .[1])]')" "[]"
}

# What has no server by its CID: first with new entries, then with those that there are, then by the express path alone.
unrouted_too() {
	each_compared unrouted >"$WORK/unrouted"
	pour_unrouted unrouted-default fallback-new
	on
	pour_unrouted unrouted-known tuple "eth0.taken=$((12 * ${#compared[@]}))"
	each_same unrouted-default unrouted-known
	q -C
	each_compared compared_service | q -R 2>"$WORK/warnings" || fail "$(<"$WORK/warnings")"
	on
	pour_unrouted unrouted-new fallback-new "eth0.taken=$((12 * ${#compared[@]}))"
	each_same unrouted-default unrouted-new
	same "entries" "$(q -L -c | grep -c TUPLE)" $((6 * ${#compared[@]}))
}

# --- what is handed on -----------------------------------------------------

reasons_v4() {
	local svc ip udp="udp sport=5 dport=443 data=40${CID[1]} pad=30"
	family 4
	pool 4 4 -i
	on
	warm 4
	taken 1
	handed not-plain 1 routed=1 "$ip options=01010101 $udp"
	handed not-plain 0 "" "$ip df=0 mf=1 $udp pad=100"
	handed not-plain 0 routed=1 "$ip ttl=1 $udp"
	handed not-plain 0 "" "ip4 src=127.0.0.1 dst=$VIP4 $udp"
	handed not-plain 0 "" "ip4 src=224.0.0.5 dst=$VIP4 $udp"
	link_layer=br0/$(ip -j link show eth0 | jq -r '.[0].address')
	taken 1
	handed not-plain 0 "" "$ip sum=4660 $udp"
	link_layer=
	handed taken 1 "unroutable-reserved=1 fallback=1" "$ip udp sport=5 dport=443 data=40ff"
	handed taken 1 "malformed=1 fallback=1" "$ip udp sport=5 dport=443"
	handed too-big 0 routed=1 "$ip df=1 $udp pad=1420"
	handed "" 0 "" "$ip udp sport=5 dport=444 data=40${CID[1]}"
	handed "" 0 "" "$ip icmp type=13 code=0"
	taken 1
}

reasons_v6() {
	local svc ip udp="udp sport=5 dport=443 data=40${CID[1]} pad=30"
	family 6
	pool 6 6 -i
	on
	warm 6
	taken 1
	handed "" 1 routed=1 "$ip opts $udp"
	handed not-plain 0 routed=1 "$ip ttl=1 $udp"
	handed not-plain 0 "" "ip6 src=::1 dst=$VIP6 $udp"
	handed not-plain 0 "" "ip6 src=ff02::9 dst=$VIP6 $udp"
	handed taken 1 "unroutable-reserved=1 fallback=1" "$ip udp sport=5 dport=443 data=40ff"
	handed too-big 0 routed=1 "$ip $udp pad=1410"
	taken 1
}

# Settings of the namespace and of the service.
setups() {
	local svc ip udp="udp sport=5 dport=443 data=40${CID[2]} pad=30"
	family 4
	pool 4 4 -i
	on
	warm 4
	echo 1 >/proc/sys/net/ipv4/vs/conntrack
	defer "echo 0 >/proc/sys/net/ipv4/vs/conntrack"
	handed setup 1 routed=1 "$ip $udp"
	echo 0 >/proc/sys/net/ipv4/vs/conntrack
	taken 2
	q -A -f 9
	handed setup 1 routed=1 "$ip $udp"
	q -D -f 9
	taken 2
	q -e -u "$svc" -r "$(rs4 2)" -g
	warm 4
	handed method 1 routed=1 "$ip $udp"
	q -e -u "$svc" -r "$(rs4 2)" -i --tun-type gue --tun-port 6080 --tun-csum
	warm 4
	handed method 1 routed=1 "$ip $udp"
	q -e -u "$svc" -r "$(rs4 2)" -m
	warm 4
	handed unroutable 1 "deferred=1 sched-cid=1" "$ip ${udp/sport=5/sport=6}"
	q -e -u "$svc" -r "$(rs4 2)" -i -w 0
	warm 4
	taken 2
	q -d -u "$svc" -r "$(rs4 2)" --keep-server-ids
	handed taken 1 "unroutable-server=1 fallback=1" "$ip $udp"
}

# What has no server by its CID, and the default path has to do; until then no entry is made.
unrouted_left() {
	local svc ip n
	family 4
	pool 4 4 -i
	on
	warm 4
	handed taken 1 "unroutable-config=1 fallback-new=1" "$(first)"
	handed taken 1 "unroutable-config=1 tuple=1" "$(first)"
	# without a way nothing changes
	q -C
	pool 4 4 -i
	on
	handed not-local 1 "unroutable-config=1 fallback-new=1" "$(first)"
	warm 4
	handed taken 1 "unroutable-config=1 tuple=1" "$(first)"
	for n in 1 2 3; do
		ip neigh del "$(rs4 "$n")" dev eth0
	done
	handed no-neighbour 1 "unroutable-config=1 tuple=1" "$(first)"
	# masquerading is IPVS's
	defer drop_connections
	q -C
	pool 4 4 -m
	on
	warm 4
	mark_conns
	handed unroutable 1 "unroutable-config=1 sched-fallback=1" "$(first)"
	one_entry
	handed unroutable 1 "unroutable-config=1 tuple=1" "$(first)"
	# so is a connection of its own, though the servers are reached by tunnels now
	for n in 1 2 3; do
		q -e -u "$svc" -r "$(rs4 "$n")" -i
	done
	warm 4
	handed unroutable 1 "unroutable-config=1 tuple=1" "$(first)"
	# and so is persistence
	q -C
	pool 4 4 -i
	ipvsadm -E -u "$svc" -s quic -p 60
	on
	warm 4
	handed unroutable 1 "unroutable-config=1 sched-fallback=1" "$(first 34)"
	# with one-packet scheduling, and beyond the service's limit, there is no entry, and no need for one
	ipvsadm -E -u "$svc" -s quic -o
	handed taken 1 "unroutable-config=1 fallback=1" "$(first 31)"
	ipvsadm -E -u "$svc" -s quic
	q set -u "$svc" --tuple-max 1
	handed taken 1 "unroutable-config=1 fallback-new=1" "$(first 32)"
	handed taken 1 "unroutable-config=1 fallback=1" "$(first 33)"
	same "entries" "$(q -L -c | grep -c TUPLE)" 1
}

# flows FAMILY: the route to the VIP, the route to the server and the neighbour are checked for each datagram
finds() {
	local svc ip f=$1 rs vip len dash udp="udp sport=5 dport=443 data=40${CID[3]} pad=30"
	family "$f"
	pool "$f" "$f" -i
	rs=$("rs$f" 3) vip=$VIP4/32 dash=-4
	if [ "$f" = 6 ]; then
		vip=$VIP6/128 dash=-6
	fi
	on
	# nothing has taken the default path yet
	handed not-local 1 routed=1 "$ip $udp"
	taken 3
	ip neigh del "$rs" dev eth0
	handed no-neighbour 1 routed=1 "$ip $udp"
	taken 3
	# the neighbour is known, but its address is not
	ip neigh replace "$rs" dev eth0 nud failed
	handed no-neighbour 1 routed=1 "$ip $udp"
	taken 3
	ip addr del "$vip" dev lo
	defer "ip addr replace $vip dev lo"
	handed not-local 0 "" "$ip $udp"
	ip addr replace "$vip" dev lo
	poll 10 "the VIP" ip route get "${vip%/*}"
	warm "$f"
	taken 3
	# there is another route to the server, and it is used
	ip "$dash" route add "$rs" dev eth0 mtu 1400
	defer "ip $dash route del $rs dev eth0 mtu 1400"
	warm "$f"
	handed too-big 0 routed=1 "$ip ${2:-} $udp pad=1380"
	taken 3
}

# An IPv4 route by a gateway of IPv6, which is a neighbour like any other.
gateway_v6() {
	local svc ip udp="udp sport=5 dport=443 data=40${CID[3]} pad=30"
	family 4
	pool 4 4 -i
	ip route add "$(rs4 3)" via inet6 "$(rs6 3)" dev eth0
	defer "ip route del $(rs4 3) via inet6 $(rs6 3) dev eth0"
	on
	warm 4
	taken 3
	ip neigh del "$(rs6 3)" dev eth0
	handed no-neighbour 1 routed=1 "$ip $udp"
	taken 3
}

vlan() {
	local svc ip
	family 4
	pool 4 4 -i
	vlan_up
	on
	warm 4
	handed not-plain 1 routed=1 "$ip udp sport=5 dport=443 data=40${CID[1]}"
	on v5
	# what was learned on eth0 holds for eth0 only
	vlan_gives not-local
	vlan_gives taken
}

vlan_gives() {
	forget
	echo "$ip udp sport=5 dport=443 data=40${CID[1]}" | raw rt -
	arrived 1 "sport=5"
	happened eth0.not-plain=1 "v5.$1=1" "$svc.routed=1"
}

# --- a device's life ---------------------------------------------------------

# devices: those with the express path; awaited: those that are to get it
devices() { q express list -j | jq -r '.[] | select(.awaited | not).device' | paste -sd ' '; }
awaited() { q express list -j | jq -r '.[] | select(.awaited).device' | paste -sd ' '; }

refusals() {
	same "devices" "$(devices)" ""
	refused 1 "Error: express path of nodev0: There is no such device." q express add nodev0
	refused 1 "Error: express path of nodev0: There is no such device." q express del nodev0
	refused 1 "Error: express path of lo: The loopback device has no clients behind it." q express add lo
	refused 1 "Error: express path of eth0: The device does not have the express path." q express del eth0
	on
	refused 1 "Error: express path of eth0: The device has the express path already." q express add eth0
	same "devices" "$(devices)" eth0
}

lives_and_dies() {
	q -C
	ip -b - <<-END
		link add e1 type dummy
		link add e2 type dummy
		link add e3 type veth peer name e4
	END
	defer "for d in e1 e2 e3 e9; do ip link del \$d; done 2>/dev/null || true"
	for d in e3 e2 e1; do
		on "$d"
	done
	same "devices" "$(devices)" "e1 e2 e3"
	same "what -S says" "$(q -S)" "$(printf 'express add %s\n' e1 e2 e3)"
	same "what -L says" "$(q -L | grep EXP)" "$(printf 'EXP  %s\n' e1 e2 e3)"
	ip link set e1 name e9
	same "devices" "$(devices)" "e2 e3 e9"
	ip link del e9
	same "devices" "$(devices)" "e2 e3"
	ip link set e3 netns "$LAB-s1"
	same "devices" "$(devices)" e2
	same "devices there" "$(in_ns s1 quiclbadm express list -j | jq length)" 0
	q -S >"$WORK/saved"
	q express del e2
	q -R <"$WORK/saved"
	same "devices" "$(devices)" e2
	q -R <"$WORK/saved"
	in_ns s1 ip link del e3
}

# A namespace ends while routes are remembered in it; then the module is unloaded.
goes_with() {
	local svc ip
	family 4
	defer lead_back
	y_up
	poll 10 "the express path" taken_in_y
	ip netns del "$LAB-y"
	poll 30 "the end of the namespace" y_is_gone
	q -C
	q express add eth0
	reload
	same "devices" "$(devices)" ""
}

taken_in_y() {
	raw rt -c 1 ip4 "src=10.9.0.2" "dst=$VIP4" udp sport=7 "dport=$PORT" "data=40${CID[1]}"
	y_takes
}

# A device that -R or sync missed is taken when it appears, and datagrams are taken on it then.
late_device() {
	local missing="it gets the express path when it appears (express take)." svc ip
	family 4
	defer "q express del v5 2>/dev/null || :; q express del v6 2>/dev/null || :; ip link del v6 2>/dev/null || :"
	{ pool_at "$SVC4" 4 -i && printf 'express add %s\n' v5 v6; } >"$WORK/rules"
	q -C
	q sync "$WORK/rules" 2>"$WORK/stderr"
	same "warnings" "$(<"$WORK/stderr")" "$(printf "Warning: express path of %s: there is no such device; $missing\n" v5 v6)"
	same "what -L says" "$(q -L | grep EXP)" "$(printf 'EXP  %s awaited\n' v5 v6)"
	q -S "$WORK/late"
	same "what -S says" "$(grep '^express' "$WORK/late")" "$(grep '^express' "$WORK/rules")"
	q express take
	vlan_up
	same "devices" "$(devices)" ""
	q express take
	same "devices" "$(devices)" v5
	same "what is awaited" "$(awaited)" v6
	counters_mark
	device=v5
	warm 4
	taken 1
	# -R again does not forget it, and finds it by itself
	sed /v6/d "$WORK/rules" | q -R
	same "what is awaited" "$(awaited)" v6
	ip link add v6 type dummy
	q -R "$WORK/rules"
	same "what is awaited" "$(awaited)" ""
	same "devices" "$(devices)" "v5 v6"
	same "the list" "$(cd /run/quiclbadm && echo *.awaited)" "*.awaited"
}

# Every datagram is answered while configuration changes.
under_change() {
	local i
	serve
	fresh "$SVC4" rs4 0:3:4 1:8:8:x
	on
	send -c 0:3:4 "to=$SVC4" "from=$CL4.31:3000" name=x "mint=0:$(sid 3 1)"
	flood -c "1:8:8:$KEY" -c 0:3:4 -w 4 "to=$SVC4" - <<-END
		from=$CL4.31:3100 name=1 mint=1:$(sid 8 1)
		from=$CL4.32:3200 name=2 mint=0:$(sid 3 2)
		from=$CL4.33:3300 name=3 mint=1:$(sid 8 3)
	END
	for i in {1..6}; do
		ip route add "203.0.113.$i" dev lo
		q set -u "$SVC4" --dcid-max "$i"
		q -a -u "$SVC4" -r 10.0.0.99 -i -w 0
		q express del eth0
		q express add eth0
		ip route del "203.0.113.$i" dev lo
		q -d -u "$SVC4" -r 10.0.0.99
		poll 10 "datagrams to be taken" takes_some
	done
	flooded
	same "servers" "$(awk '{ print $1, $2 }' <<<"$GOT" | sort)" "$(printf '%d s%d\n' 1 1 2 2 3 3)"
}

takes_some() { [ "$(q express list -j | jq '.[0].outcomes.taken')" -gt 0 ]; }

PKTGEN=/proc/net/pktgen

# generates WORD...: commands to the kernel's packet generator, one each
generates() {
	local command
	for command in "$@"; do
		echo "$command" >"$PKTGEN/eth0@0"
	done
}

# The kernel's packet generator keeps the packets that it passes to the stack, and a capture shares them: the module must not change
# them. The debug kernels have no generator.
held_by_others() {
	local pid mac svc ip
	modprobe pktgen 2>/dev/null || {
		[ -e /sys/kernel/debug/kmemleak ] || fail "the kernel has no pktgen"
		return 0
	}
	defer "modprobe -r pktgen"
	family 4
	pool 4 4 -i
	on
	warm 4
	pid=$("$RAWGEN" watch "$WORK/copies" "lb=$LAB-lb")
	pids+=("$pid")
	mac=$(ip -j link show eth0 | jq -r '.[0].address')
	echo "add_device eth0@0" >"$PKTGEN/kpktgend_0"
	generates "xmit_mode netif_receive" "count 20" "pkt_size 200" "frags 2" "dst $VIP4" "src_min $CL4.77" "src_max $CL4.77" \
		"dst_mac $mac" "udp_dst_min $PORT" "udp_dst_max $PORT"
	timeout 60 sh -c "echo start >$PKTGEN/pgctrl"
	grep -q '^Result: OK' "$PKTGEN/eth0@0" || fail "$(<"$PKTGEN/eth0@0")"
	# none of these was taken, and the next ones are handled as usual
	counters_mark
	# shellcheck disable=SC2086 # words
	raw rt -c 3 $ip udp sport=7 "dport=$PORT" "data=40${CID[1]}"
	happened eth0.taken=3 "$svc.routed=3"
	unwarned
}

# cids of config 0 in $CID, of config 1 in $KEYED
mint_cids
mapfile -t -O 1 KEYED < <("$QUICGEN" mint -c 1:3:15:$KEY "mint=1:$(sid 3 1)" "mint=1:$(sid 3 2)" "mint=1:$(sid 3 3)")
watch_octets

tcase "a datagram of each kind by either path" collect
for f in 4 6; do
	port=443
	for outer in 4 6; do
		df=$((f == 4))
		tcase "IPv$f in IPv$outer, IPIP: the same octets" same_octets default express $f $port $df $outer
		tcase "IPv$f in IPv$outer, GUE: the same octets" same_octets default express $f $((port + 1)) $df $outer
		port=$((port + 2))
	done
	tcase "IPv$f: IPVS counts the same" same_counts $f
done
tcase "IPv4 in IPv4, IPIP, without DF: the same octets" same_octets default express 4 447 0 4
tcase "without a CID that names a server: the same octets, counters and entries" unrouted_too
tcase "IPv4: what is not plain goes the default way" reasons_v4
tcase "IPv6: what is not plain goes the default way" reasons_v6
tcase "sysctls, firewall marks and forwarding methods that need the default way" setups
tcase "without a CID that names a server: what IPVS has to do" unrouted_left
tcase "IPv4: routes and neighbours are found and lost" finds 4 df=1
tcase "IPv6: routes and neighbours are found and lost" finds 6
tcase "IPv4 by a gateway of IPv6" gateway_v6
tcase "VLAN tags" vlan
tcase "refusals" refusals
tcase "a device is renamed, moved, deleted, saved and restored" lives_and_dies
tcase "a device that appears after -R is taken" late_device
tcase "everything changes under traffic" under_change
tcase "datagrams that others hold are not changed" held_by_others
tcase "a namespace and the module go with the express path on" goes_with
finish
