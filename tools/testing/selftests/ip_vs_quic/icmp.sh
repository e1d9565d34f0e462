#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# ICMP errors: those about a server's datagrams reach that server; those about the director's tunnels lower the path MTU.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=packets.sh
. "$here/packets.sh"
# shellcheck source=errors.sh
. "$here/errors.sh"
need_module
modprobe -a ip_gre fou 2>/dev/null || true
lab_up

# --- about datagrams of a server ------------------------------------------

# by_scid FAMILY TYPE CODE: the server of the quoted SCID gets the error, and no other; the client's CID is ignored
by_scid() {
	local f=$1 type=$2 code=$3 client=$CL4.5 svc=$SVC4 n
	if [ "$f" = 6 ]; then
		client=${CL6}:5 svc=$SVC6
	fi
	mark "$svc"
	forget
	for n in 1 2 3; do
		echo "$("error$f" "$type" "$code" 1400) $("quote$f" "$client" "500$n") data=$(long_header "${CID[n % 3 + 1]}" "${CID[n]}")"
	done | raw rt -
	arrived 3 "type=$type code=$code mtu=1400 .* dport=500[123]"
	same "servers" "$(sed -n 's/ .*dport=\(500.\).*/ \1/p' "$WORK/watched" | sort)" "$(printf 's%d 500%d\n' 1 1 2 2 3 3)"
	counted "$svc" icmp-cid=3
	stateless
}

# by_entry FAMILY [HOST]: a quoted short header, and a new 4-tuple with a connection
by_entry() {
	local f=$1 host=${2:-6} svc=$SVC4 client from server
	client=$CL4.$host from=$CL4.$host:6000
	if [ "$f" = 6 ]; then
		client=${CL6}:$host svc=$SVC6 from=[${CL6}:$host]:6000
	fi
	mark "$svc"
	send "to=$svc" "from=$from" name=x form=long dcid=ff
	server=${GOT#x }
	server=${server% 1}
	# the hash would choose another server now
	ipvsadm -e -u "$svc" -r "$(server_addr "$svc" "$server")" -i -w 0
	forget
	raw rt - <<<"$("error$f" $((f == 4 ? 3 : 1)) 1 0) $("quote$f" "$client" 6000) data=40112233445566778899"
	arrived 1 "code=1 .* dport=6000"
	same "server" "$SERVERS" "$server"
	counted "$svc" unroutable-reserved=1 fallback-new=1 icmp-tuple=1
	restore_pool
}

server_addr() {
	case $1 in
	"$SVC4") rs4 "${2#s}" ;;
	*) printf '[%s]:443' "$(rs6 "${2#s}")" ;;
	esac
}

restore_pool() {
	local n
	for n in 1 2 3; do
		ipvsadm -e -u "$SVC4" -r "$(rs4 "$n")" -i -w 1
		ipvsadm -e -u "$SVC6" -r "$(server_addr "$SVC6" "s$n")" -i -w 1
	done
}

# by_hash FAMILY DATA: the server that the client's own datagrams are hashed to
by_hash() {
	local f=$1 data=$2 client=$CL4.7 svc=$SVC4 from=$CL4.7 port
	if [ "$f" = 6 ]; then
		client=${CL6}:7 svc=$SVC6 from=[${CL6}:7]
	fi
	mark "$svc"
	for port in {7001..7008}; do
		echo "name=$port from=$from:$port dcid=ff"
	done | send "to=$svc" -
	forget
	for port in {7001..7008}; do
		echo "$("error$f" $((f == 4 ? 3 : 1)) 1 0) $("quote$f" "$client" "$port") $data"
	done | raw rt -
	arrived 8 "code=1 .* dport=700[1-8]"
	same "servers" "$(sed -nE 's/^(s[123]) .*code=1 .*dport=([0-9]+) .*/\2 \1 1/p' "$WORK/watched" | sort)" "$GOT"
	counted "$svc" unroutable-reserved=8 fallback=8 icmp-fallback=8
	stateless
}

# traced FUNCTION ARG...: each error that was counted is an event, too, with its outcome
traced() {
	local trace=/sys/kernel/tracing/instances/$LAB-icmp outcome
	local -A counts=()
	[ -d "${trace%/*}" ] || skip "tracefs is not mounted"
	mkdir "$trace"
	defer "rmdir $trace"
	echo 1 >"$trace/events/ip_vs_quic/ip_vs_quic_icmp/enable"
	"$@"
	stats "$SVC4"
	for outcome in icmp-cid icmp-tuple icmp-fallback; do
		counts[$outcome]=$((STATS[$outcome] - MARK[$outcome]))
		same "events of $outcome" "$(grep -c " vip=$SVC4 fwmark=0 outcome=$outcome " "$trace/trace" || true)" "${counts[$outcome]}"
	done
}

# Errors that are not about a service's datagram are left alone; the director answers ping.
others() {
	mark
	forget
	raw rt - <<-END
		$(error4 3 1 0) ip4 src=$VIP4 dst=$CL4.8 udp sport=444 dport=8000 claim=100 data=$(long_header "" "${CID[1]}")
		$(error4 3 1 0) ip4 src=$VIP4 dst=$CL4.8 proto=6 udp sport=443 dport=8000 claim=100
		$(error4 3 1 0) ip4 src=$VIP4 dst=$CL4.8 offset=1480 udp sport=443 dport=8000 claim=100
		$(error4 0 0 0) $(quote4 "$CL4.8" 8000) data=$(long_header "" "${CID[1]}")
		$(error4 3 1 0) ip4 src=$VIP4 dst=$CL4.8
		$(error4 3 1 0)
	END
	in_ns cl ping -q -c 1 -W 5 "$VIP4"
	counted "$SVC4"
	same "packets at the servers" "$(cat "$WORK/watched")" ""
}

# A real server's datagram is too long for a link behind the router, and the server learns the MTU. The error is not forged.
server_learns() {
	local f=$1 client=$CL4.50 vip=$SVC4 to=$CL4.50:5000 n
	if [ "$f" = 6 ]; then
		client=${CL6}:50 vip=$SVC6 to=[${CL6}:50]:5000
	fi
	mark "$vip"
	for n in 1 2 3; do
		GOT=$("$QUICGEN" send -n "$LAB-s$n" -t 1000 "from=$vip" "to=$to" name=x form=long scid="${CID[n]}" size=1400)
		answers "x refused 1"
		path_mtu "s$n" "$client"
		same "path MTU of s$n" "$MTU" 1300
		[ "$n" = 3 ] || path_mtu s$((n + 1)) "$client"
		[ "$n" = 3 ] || same "path MTU of the next one" "$MTU" ""
	done
	counted "$vip" icmp-cid=3
}

# --- about the director's tunnels ------------------------------------------

# A fourth server, "far", behind a router, "mid", whose link has a small MTU.
far_up() {
	ip netns add "$LAB-mid"
	ip netns add "$LAB-far"
	for ns in mid far; do
		in_ns $ns sh -c '
			for c in all default; do
				echo 0 >/proc/sys/net/ipv4/conf/$c/rp_filter
				echo 0 >/proc/sys/net/ipv6/conf/$c/accept_dad
			done
			echo 1 >/proc/sys/net/ipv4/ip_forward
			echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
			for d in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$d; done'
	done
	ip -n "$LAB-mid" link add eth0 type veth peer name mid netns "$LAB-rt"
	ip -n "$LAB-far" link add eth0 type veth peer name far netns "$LAB-mid"
	ip -n "$LAB-rt" link set mid master br0 up
	ip -n "$LAB-mid" -b - <<-END
		link set lo up
		link set eth0 up
		addr add 10.0.0.20/24 dev eth0
		addr add fd00:10::20/64 dev eth0
		link set far mtu 1400 up
		addr add 10.9.0.1/24 dev far
		addr add fd00:9::1/64 dev far
		route add default via 10.0.0.254
		route add default via fd00:10::fe
	END
	ip -n "$LAB-far" -b - <<-END
		link set lo up
		link set eth0 mtu 1400 up
		link set tunl0 up
		link set ip6tnl0 up
		addr add 10.9.0.2/24 dev eth0
		addr add fd00:9::2/64 dev eth0
		addr add $VIP4/32 dev lo
		addr add $VIP6/128 dev lo
		route add default via 10.9.0.1
		route add default via fd00:9::1
	END
	if ip -n "$LAB-far" link set gre0 up 2>/dev/null; then
		ip -n "$LAB-far" fou add port 6080 gue
	fi
	ip route add 10.9.0.0/24 via 10.0.0.20
	ip route add fd00:9::/64 via fd00:10::20
	pids+=("$("$QUICGEN" serve "far=$LAB-far" -- "$SVC4" "$SVC6")")
}

far_down() {
	ip route del 10.9.0.0/24 2>/dev/null || true
	ip route del fd00:9::/64 2>/dev/null || true
	ip netns del "$LAB-mid" 2>/dev/null || true
	ip netns del "$LAB-far" 2>/dev/null || true
	ip -n "$LAB-rt" link set cl mtu 1500
	flush_routes cl lb s1 s2 s3
}

far_is() {
	ipvsadm -d -u "$SVC4" -r 10.9.0.2 2>/dev/null || true
	ipvsadm -a -u "$SVC4" -r 10.9.0.2 -i "$@"
}

# tunnel FAMILY OVERHEAD [OPTION...]
# The first datagram that is too big is lost, the director refuses the second, the third is sent in fragments.
tunnel() {
	local f=$1 overhead=$2 svc=$SVC4 from=$CL4.60:6000 far=10.9.0.2 vip=$VIP4
	shift 2
	if [ "$f" = 6 ]; then
		svc=$SVC6 from=[${CL6}:60]:6000 far=fd00:9::2 vip=$VIP6
	else
		far_is "$@"
	fi
	flush_routes cl lb
	mark "$svc"
	words=(-c 0:3:4 "to=$svc" "from=$from" name=x "mint=0:$(sid 3 4)")
	send "${words[@]}" size=1200
	answers "x far 1"
	path_mtu lb "$far"
	same "path MTU before" "$MTU" ""
	send -t 300 "${words[@]}" size=1400
	answers "x none 1"
	path_mtu lb "$far"
	same "path MTU to the server" "$MTU" 1400
	send -t 1000 "${words[@]}" size=1400
	answers "x refused 1"
	path_mtu cl "$vip"
	same "path MTU of the client" "$MTU" $((1400 - overhead))
	send "${words[@]}" size=1400
	answers "x far 1"
	counted "$svc" routed=4 icmp-tunnel=1
	stateless
}

has_gre() { [ -n "$(ip -n "$LAB-far" link show gre0 2>/dev/null)" ] || skip "no GRE or no GUE here"; }

tunnel_gre() { has_gre; tunnel "$@"; }

# forged FAMILY SERVER WORD...: such an error does not change the MTU of SERVER
forged() {
	local f=$1 to=$2 svc=$SVC4
	[ "$f" = 4 ] || svc=$SVC6
	flush_routes lb
	mark "$svc"
	too_big "$@"
	shift 2
	# the error has passed once this has passed
	send -c 0:3:4 "to=$svc" "from=$([ "$f" = 4 ] && echo "$CL4.61" || echo "[${CL6}:61]"):6100" name=x "mint=0:$(sid 3 1)"
	answers "x s1 1"
	counted "$svc" routed=1
	[ "$1" != gre ] || return 0	# the kernel's own GRE believes any
	path_mtu lb "$to"
	same "path MTU to $to" "$MTU" ""
}

# accepted FAMILY: the errors that forged() differs from
accepted() {
	local svc=$SVC4 from=$CL4.62:6200 far=10.9.0.2 mtu=1000
	[ "$1" = 4 ] || svc=$SVC6 from=[${CL6}:62]:6200 far=fd00:9::2 mtu=1320
	flush_routes lb
	send -c 0:3:4 "to=$svc" "from=$from" name=x "mint=0:$(sid 3 4)"
	answers "x far 1"
	mark "$svc"
	if [ "$1" = 4 ]; then
		CLAIM=$mtu too_big 4 "$far" ip4 "src=$CL4.1" "dst=$VIP4" udp dport=443
	else
		CLAIM=$mtu too_big 6 "$far" ip6 "src=${CL6}:1" "dst=$VIP6" udp dport=443
	fi
	poll 5 "the path MTU" has_mtu "$far" "$mtu"
	counted "$svc" icmp-tunnel=1
	flush_routes lb
}

# With outer sources by flow, errors arrive for any of these: here for one that is local.
accepted_in_range() {
	local mtu=1000
	q set -u "$SVC4" --source4 10.1.0.0/16
	defer "q set -u $SVC4 --source4 none; ip addr del 10.1.2.3/32 dev lo; ip -n $LAB-rt route del 10.1.2.3"
	ip addr add 10.1.2.3/32 dev lo
	ip -n "$LAB-rt" route add 10.1.2.3 via 10.0.0.1
	flush_routes lb
	mark
	SOURCE=10.1.2.3 TO=10.1.2.3 CLAIM=$mtu too_big 4 10.9.0.2 ip4 "src=$CL4.1" "dst=$VIP4" udp dport=443
	poll 5 "the path MTU" has_mtu 10.9.0.2 "$mtu"
	counted "$SVC4" icmp-tunnel=1
	flush_routes lb
}

# With a smaller MTU than IPv6 tunnels need, IPVS would send nothing.
too_small() {
	CLAIM=1319 forged 6 fd00:9::2 ip6 "src=${CL6}:1" "dst=$VIP6" udp dport=443
	send -c 0:3:4 "to=$SVC6" "from=[${CL6}:63]:6300" name=x "mint=0:$(sid 3 4)"
	answers "x far 1"
}

defer far_down
serve
watch
fresh "$SVC4" rs4 0:3:4
service "$SVC6" rs6 0:3:4 | q -R
mint_cids
for row in "3 1 host unreachable" "3 3 port unreachable" "3 4 fragmentation needed" "11 0 time exceeded" "12 0 parameter problem"; do
	read -r type code name <<<"$row"
	tcase "IPv4: $name: to the server of the quoted SCID" by_scid 4 "$type" "$code"
done
for row in "1 4 port unreachable" "2 0 packet too big" "3 0 time exceeded" "4 1 parameter problem"; do
	read -r type code name <<<"$row"
	tcase "IPv6: $name: to the server of the quoted SCID" by_scid 6 "$type" "$code"
done
for f in 4 6; do
	tcase "IPv$f: quoted short header of a known 4-tuple: to its server" by_entry $f
	tcase "IPv$f: quoted short header of an unknown one: by the client's hash" by_hash $f data=40112233445566778899aa
	tcase "IPv$f: nothing quoted behind the UDP header: by the client's hash" by_hash $f ""
	tcase "IPv$f: quote that ends within the SCID: by the client's hash" by_hash $f "data=c00000000100080748"
	tcase "IPv$f: unroutable SCID: by the client's hash" by_hash $f "data=$(long_header "${CID[1]}" 5f01020304050607)"
done
tcase "errors by CID are traced" traced by_scid 4 3 4
tcase "errors by 4-tuple are traced" traced by_entry 4 8
tcase "errors by hash are traced" traced by_hash 4 ""
tcase "errors about anything else are not touched" others

ip -n "$LAB-rt" link set cl mtu 1300
tcase "IPv4: each server learns the path MTU to a client" server_learns 4
tcase "IPv6: each server learns the path MTU to a client" server_learns 6
ip -n "$LAB-rt" link set cl mtu 1500
flush_routes s1 s2 s3

far_up
q -a -u "$SVC6" -r fd00:9::2 -i -w 1 --server-id 0:"$(sid 3 4)"
q -a -u "$SVC4" -r 10.9.0.2 -i -w 1 --server-id 0:"$(sid 3 4)"
tcase "ipip: the path's MTU reaches the director, then the client" tunnel 4 20
tcase "gre: the path's MTU reaches the director, then the client" tunnel_gre 4 24 --tun-type gre
tcase "gue: the path's MTU reaches the director, then the client" tunnel_gre 4 32 --tun-type gue --tun-port 6080
far_is
tcase "ip6ip6: the path's MTU reaches the director, then the client" tunnel 6 40
tcase "IPv4: an error about a tunnel of ours" accepted 4
tcase "IPv6: an error about a tunnel of ours" accepted 6
tcase "IPv4: an error about a tunnel with a source of its flow's own" accepted_in_range
tcase "IPv4: forged: a foreign server" forged 4 10.0.0.99 ip4 "src=$CL4.1" "dst=$VIP4" udp dport=443
tcase "IPv4: forged: a foreign service" forged 4 10.9.0.2 ip4 "src=$CL4.1" "dst=$VIP4" udp dport=444
tcase "IPv4: forged: another tunnel" forged 4 10.9.0.2 gre ip4 "src=$CL4.1" "dst=$VIP4" udp dport=443
SOURCE=$VIP4 TO=$VIP4 tcase "IPv4: forged: a tunnel from the VIP" forged 4 10.9.0.2 ip4 "src=$CL4.1" "dst=$VIP4" udp dport=443
TO=$VIP4 tcase "IPv4: forged: to another address than the tunnel's" forged 4 10.9.0.2 ip4 "src=$CL4.1" "dst=$VIP4" udp dport=443
SOURCE=$VIP6 TO=$VIP6 tcase "IPv6: forged: a tunnel from the VIP" forged 6 fd00:9::2 ip6 "src=${CL6}:1" "dst=$VIP6" udp dport=443
SUM=4711 tcase "IPv4: damaged" forged 4 10.9.0.2 ip4 "src=$CL4.1" "dst=$VIP4" udp dport=443
SUM=4711 tcase "IPv6: damaged" forged 6 fd00:9::2 ip6 "src=${CL6}:1" "dst=$VIP6" udp dport=443
tcase "IPv6: an MTU too small for IPVS is not heeded" too_small
tcase "IPv6: forged: a foreign server" forged 6 fd00:10::99 ip6 "src=${CL6}:1" "dst=$VIP6" udp dport=443
tcase "IPv6: forged: a foreign service" forged 6 fd00:9::2 ip6 "src=${CL6}:1" "dst=$VIP6" udp dport=444
finish
