#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# ICMP errors about datagrams of services with firewall marks: an error has no mark or one of its own, which says nothing
# about the flow.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=packets.sh
. "$here/packets.sh"
# shellcheck source=errors.sh
. "$here/errors.sh"
need_module
command -v nft >/dev/null || skip_all "nft is not installed"
lab_up

# family 4|6: sets the cases' variables; the service is that of $mark
family() {
	case $1 in
	4) mark=7 other=9 svc=$SVC4 opts="-f 7" rs=rs4 client=$CL4.71 from=$CL4.71 types="3 1" ;;
	6) mark=8 other=10 svc=$SVC6 opts="-f 8 -6" rs=rs6 client=${CL6}:71 from="[${CL6}:71]" types="1 1" ;;
	esac
}

# rules RULE...: nftables rules that set marks
rules() {
	local rule
	unmark
	{
		echo "table inet ivq {"
		echo "chain prerouting { type filter hook prerouting priority mangle;"
		for rule in "$@"; do
			echo "$rule"
		done
		echo "}"
		echo "}"
	} | nft -f -
}

unmark() { nft delete table inet ivq 2>/dev/null || true; }

# marked FAMILY SERVICE_OPTIONS [SERVER [CONFIG]]: makes the service; all its server IDs lead to SERVER, if given
marked() {
	local svc opts rs mark other client from types lines
	family "$1"
	lines=$(service "$svc" "$rs" "${4:-0}:3:4")
	lines=${lines//"-u $svc"/$2}
	if [ -n "${3:-}" ]; then
		lines=$(grep -v ^-a <<<"$lines")
		lines+=$'\n'"-a $2 -r $("$rs" "$3") -i -w 1 --server-id ${4:-0}:$(sid 3 1) --server-id ${4:-0}:$(sid 3 2) --server-id ${4:-0}:$(sid 3 3)"
	fi
	printf '%s\n' "$lines"
}

# Datagrams are marked, and errors may be.
setup() {
	q -C
	{
		marked 4 "-f 7"
		marked 6 "-f 8 -6"
	} | q -R
	rules "ip daddr $VIP4 udp dport 443 mark set 7" "ip6 daddr $VIP6 udp dport 443 mark set 8" "$@"
}

marked_errors=("ip protocol icmp mark set 9" "ip6 nexthdr icmpv6 mark set 10")

# others CONFIG: makes the services of the other marks, with one server
others() {
	{
		marked 4 "-f 9" 3 "$1"
		marked 6 "-f 10 -6" 3 "$1"
	} | q -R
}

# error PORT DATA: sends an error about a datagram to the client's PORT
error() {
	local type code
	read -r type code <<<"$types"
	echo "$("error$f" "$type" "$code" 0) $("quote$f" "$client" "$1") data=$2"
}

# by_scid FAMILY
by_scid() {
	local f=$1 svc opts rs mark other client from types n
	family "$f"
	mark "$mark"
	forget
	for n in 1 2 3; do
		error "510$n" "$(long_header "${CID[n % 3 + 1]}" "${CID[n]}")"
	done | raw rt -
	arrived 3 "code=1 .* dport=510[123]"
	same "servers" "$(sed -n 's/ .*code=1 .*dport=\(510.\).*/ \1/p' "$WORK/watched" | sort)" "$(printf 's%d 510%d\n' 1 1 2 2 3 3)"
	counted "$mark" icmp-cid=3
	stateless
}

# by_entry FAMILY PORT: also if the hash would choose another server now
by_entry() {
	local f=$1 svc opts rs mark other client from types server
	family "$f"
	mark "$mark"
	send "to=$svc" "from=$from:$2" name=x form=long dcid=ff
	server=${GOT:2:2}
	weigh "${server#s}" 0
	forget
	raw rt - <<<"$(error "$2" 40112233445566778899)"
	arrived 1 "code=1 .* dport=$2"
	same "server" "$SERVERS" "$server"
	counted "$mark" unroutable-reserved=1 fallback-new=1 icmp-tuple=1
	# a CID overrides the entry
	forget
	raw rt - <<<"$(error "$2" "$(long_header ff "${CID[${server#s} % 3 + 1]}")")"
	arrived 1 "code=1 .* dport=$2"
	same "server of the CID" "$SERVERS" "s$((${server#s} % 3 + 1))"
	counted "$mark" unroutable-reserved=1 fallback-new=1 icmp-tuple=1 icmp-cid=1
	weigh "${server#s}" 1
}

# weigh N WEIGHT
weigh() {
	local words
	read -ra words <<<"$opts"
	q -e "${words[@]}" -r "$("$rs" "$1")" -i -w "$2"
}

by_hash() {
	local f=$1 svc opts rs mark other client from types port
	family "$f"
	for port in {7101..7108}; do
		echo "name=$port from=$from:$port dcid=ff"
	done | send "to=$svc" -
	mark "$mark"
	forget
	for port in {7101..7108}; do
		error "$port" 40112233445566778899aa
	done | raw rt -
	arrived 8 "code=1 .* dport=710[1-8]"
	same "servers" "$(sed -nE 's/^(s[123]) .*code=1 .*dport=([0-9]+) .*/\2 \1 1/p' "$WORK/watched" | sort)" "$GOT"
	counted "$mark" icmp-fallback=8
	stateless
}

# The director's own datagrams do not belong to a service; errors about them are delivered.
own_error() {
	GOT=$("$QUICGEN" send -n "$LAB-lb" -t 2000 "from=10.0.0.1:7200" "to=$CL4.72:9" name=x dcid=ff)
	answers "x refused 1"
	GOT=$("$QUICGEN" send -n "$LAB-lb" -t 2000 "from=10.0.0.1:7201" "to=$CL4.72:9" name=x form=long dcid=ff scid="${CID[1]}")
	answers "x refused 1"
}

# learned FAMILY [ERRORS]: at most that many errors about a tunnel packet of the marked service are needed to lower the path MTU
learned() {
	local f=$1 svc opts rs mark other client from types mtu=1000 inner n
	family "$f"
	[ "$f" = 4 ] || mtu=1320
	inner="ip4 src=$client dst=$VIP4 udp dport=443"
	[ "$f" = 4 ] || inner="ip6 src=$client dst=$VIP6 udp dport=443"
	flush_routes lb
	send -c 0:3:4 "to=$svc" "from=$from:7300" name=x "mint=0:$(sid 3 1)"
	answers "x s1 1"
	mark "$mark"
	for ((n = 0; n < ${2:-1}; n++)); do
		# shellcheck disable=SC2086
		CLAIM=$mtu too_big "$f" "$("$rs" 1)" $inner
		! has_mtu "$("$rs" 1)" "$mtu" || break
	done
	poll 5 "the path MTU" has_mtu "$("$rs" 1)" "$mtu"
	[ "${2:-1}" != 1 ] || counted "$mark" icmp-tunnel=1
	flush_routes lb
}

# The error's mark has routes of its own: these must not get the learned MTU.
learned_by_route() {
	defer "ip rule del fwmark 9 2>/dev/null; ip -6 rule del fwmark 10 2>/dev/null; echo 0 >/proc/sys/net/ipv4/fwmark_reflect"
	ip rule add fwmark 9 unreachable
	ip -6 rule add fwmark 10 unreachable
	echo 1 >/proc/sys/net/ipv4/fwmark_reflect
	learned "$1"
}

# A service by address, and errors with the mark of another service.
by_address() {
	local f=$1 svc opts rs mark other client from types n
	family "$f"
	q -C
	service "$svc" "$rs" 0:3:4 | q -R
	others 0
	rules "${marked_errors[@]}"
	mark=$svc
	mark "$svc"
	forget
	for n in 1 2 3; do
		error "511$n" "$(long_header "${CID[n % 3 + 1]}" "${CID[n]}")"
	done | raw rt -
	arrived 3 "code=1 .* dport=511[123]"
	same "servers" "$(sed -n 's/ .*code=1 .*dport=\(511.\).*/ \1/p' "$WORK/watched" | sort)" "$(printf 's%d 511%d\n' 1 1 2 2 3 3)"
	counted "$svc" icmp-cid=3
	learned_of_address "$f"
}

learned_of_address() {
	local mtu=1000 inner="ip4 src=$client dst=$VIP4 udp dport=443"
	[ "$1" = 4 ] || { mtu=1320 inner="ip6 src=$client dst=$VIP6 udp dport=443"; }
	flush_routes lb
	send -c 0:3:4 "to=$svc" "from=$from:7301" name=x "mint=0:$(sid 3 1)"
	answers "x s1 1"
	mark "$svc"
	# shellcheck disable=SC2086
	CLAIM=$mtu too_big "$1" "$("$rs" 1)" $inner
	poll 5 "the path MTU" has_mtu "$("$rs" 1)" "$mtu"
	counted "$svc" icmp-tunnel=1
	flush_routes lb
}

# A service by address, and one by mark for some of its clients.  IPVS's entry of a flow decides; without one the address comes first.
both() {
	local f=$1 svc opts rs mark other client from types
	family "$f"
	q -C
	{
		service "$svc" "$rs" 0:3:4
		marked "$f" "-f $mark$([ "$f" = 4 ] || echo " -6")" 3
	} | q -R
	if [ "$f" = 4 ]; then
		rules "ip saddr $client udp sport 5200 mark set 7"
	else
		rules "ip6 saddr $client udp sport 5200 mark set 8"
	fi
	send "to=$svc" "from=$from:5200" name=x form=long dcid=ff
	answers "x s3 1"
	mark "$mark"
	forget
	error 5200 "$(long_header ff "${CID[1]}")" | raw rt -
	arrived 1 "code=1 .* dport=5200"
	same "server of the marked flow" "$SERVERS" s3
	counted "$mark" icmp-cid=1
	mark "$svc"
	error 5201 "$(long_header ff "${CID[1]}")" | raw rt -
	arrived 1 "code=1 .* dport=5201"
	same "server of the other" "$SERVERS" s1
	counted "$svc" icmp-cid=1
}

# More services than are tried for one error: more errors are needed.
many() {
	local n
	setup "${marked_errors[@]}"
	for ((n = 100; n < 140; n++)); do
		printf -- '-A -f %d -s quic\n-A -f %d -6 -s quic\n' "$n" "$n"
	done | q -R
	learned 4 100
	learned 6 100
}

defer "unmark; ipvsadm -C"
serve
watch
mint_cids
port=6100
for errors in unmarked marked; do
	if [ $errors = unmarked ]; then
		setup
		for f in 4 6; do
			tcase "IPv$f: unknown 4-tuple: by the client's hash" by_hash $f
		done
		tcase "errors about this host's own datagrams come through" own_error
	else
		setup "${marked_errors[@]}"
		others 1
	fi
	for f in 4 6; do
		tcase "IPv$f: $errors error: to the server of the quoted SCID" by_scid $f
		tcase "IPv$f: $errors error: known 4-tuple: to its server" by_entry $f $((port += 1))
		tcase "IPv$f: $errors error: a path MTU to a server" learned $f
	done
done
for f in 4 6; do
	tcase "IPv$f: the error's mark has other routes" learned_by_route $f
done
for f in 4 6; do
	tcase "IPv$f: an error's mark does not take it from a service by address" by_address $f
	tcase "IPv$f: services by address and by mark for one VIP" both $f
done
tcase "many services by marks" many
finish
