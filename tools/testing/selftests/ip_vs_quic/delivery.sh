#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every forwarding method but masquerading: tunnels, direct routing, across address families, the director itself; and every
# kind of service that can have it.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=packets.sh
. "$here/packets.sh"
need_module
# those that this kernel has
modprobe -a ip_gre ip6_gre fou fou6 sit 2>/dev/null || true
lab_up

# Each server receives every tunnel that the kernel has.
tunnels_up() {
	local n
	for n in 1 2 3; do
		# ip6tnl0 only takes IPv6
		ip -n "$LAB-s$n" -force -b - 2>/dev/null <<-END || true
			link set gre0 up
			link set ip6gre0 up
			link set sit0 up
			link add any6 type ip6tnl mode any local $(rs6 $n) remote fd00:10::1
			link set any6 up
			fou add port 6080 gue
		END
		ip -n "$LAB-s$n" -6 fou add port 6080 gue 2>/dev/null || true
		in_ns "s$n" sh -c 'echo 0 | tee /proc/sys/net/ipv4/conf/*/rp_filter' >/dev/null
	done
}

tunnels_down() {
	local n
	for n in 1 2 3; do
		ip -n "$LAB-s$n" -force -b - 2>/dev/null <<-END || true
			link del any6
			link set gre0 down
			link set ip6gre0 down
			link set sit0 down
			fou del port 6080
		END
		ip -n "$LAB-s$n" -6 fou del port 6080 2>/dev/null || true
	done
}

# csum_up: a GRE device that takes packets with checksums only; gre0 takes none with checksums
csum_up() {
	local n
	defer csum_down
	for n in 1 2 3; do
		printf '%s\n' "link add grec type gre local $(rs4 "$n") remote 10.0.0.1 icsum" "link set grec up" | ip -n "$LAB-s$n" -b -
		in_ns "s$n" sh -c 'echo 0 >/proc/sys/net/ipv4/conf/grec/rp_filter'
	done
}

csum_down() {
	local n
	for n in 1 2 3; do
		ip -n "$LAB-s$n" link del grec 2>/dev/null || true
	done
}

# need NAME...: of a server: devices, fou or fou6 for GUE; csum for GRE with checksums
need() {
	local name
	for name in "$@"; do
		case $name in
		csum) csum_up ;;
		fou) ip -n "$LAB-s1" fou show | grep -q "port 6080 gue" || skip "this kernel has no GUE over IPv4" ;;
		fou6) ip -n "$LAB-s1" -6 fou show | grep -q "port 6080 gue" || skip "this kernel has no GUE over IPv6" ;;
		*) ip -n "$LAB-s1" link show "$name" >"$WORK/link" 2>&1 || skip "this kernel has no $name" ;;
		esac
	done
}

from_of() {
	case $1 in
	"$SVC4") from=$CL4.31 ;;
	*) from="[${CL6}:31]" ;;
	esac
}

# delivered SERVICE RS OPTIONS PATTERN, which what arrives at a real server matches
# By CID, from two 4-tuples, without state; a long header without a routable CID with an entry; a short one by the hash.
delivered() {
	local svc=$1 rs=$2 from port=$((31000 + case_count)) n
	from_of "$svc"
	q -C
	service "$svc" "$rs" 0:3:4 | sed "s/ -i / $3 /" | q -R
	forget
	mark "$svc"
	for n in 1 2 3 3 2 1; do
		echo "name=$n mint=0:$(sid 3 "$n") from=$from:$port"
		[ "$n" != 1 ] || port=$((port + 1000))
	done | send -c 0:3:4 "to=$svc" -
	answers "1 s1 2" "2 s2 2" "3 s3 2"
	counted "$svc" routed=6
	stateless
	send "to=$svc" "from=$from:$port" - <<-END
		name=x dcid=ff
		name=x form=long dcid=ff
		name=x form=long dcid=ff
		name=x dcid=ff
	END
	same "answers" "${GOT/s[123]/SERVER}" "x SERVER 4"
	counted "$svc" routed=6 unroutable-reserved=4 fallback=1 fallback-new=1 tuple=2
	arrived 10 "$4"
}

# row NAME|NEEDED|SERVICE|RS|OPTIONS|PATTERN
row() {
	local name needed svc rs options pattern words
	IFS='|' read -r name needed svc rs options pattern <<<"$1"
	IFS=' ' read -ra words <<<"$needed"
	need ${words[@]+"${words[@]}"}
	delivered "$svc" "$rs" "$options" "$pattern"
}

# --- the director itself ------------------------------------------------------

# local_server SERVICE RS ADDRESS OPTION CID FALLBACK: the director is the fourth server; CID is what is counted by CID, FALLBACK
# what is when it is the only one
local_server() {
	local svc=$1 rs=$2 from n here there by_cid by_hash
	IFS=' ' read -ra by_cid <<<"$5"
	IFS=' ' read -ra by_hash <<<"$6"
	from_of "$svc"
	fresh "$svc" "$rs" 0:3:4
	q -a -u "$svc" -r "$3" "$4" --server-id 0:"$(sid 3 4)"
	mark "$svc"
	here=mint=0:$(sid 3 4)
	there=mint=0:$(sid 3 2)
	send -c 0:3:4 "to=$svc" - <<-END
		name=here from=$from:3300 $here count=3
		name=there from=$from:3300 $there
		name=here from=$from:3302 $here count=2
		name=there from=$from:3302 $there
	END
	answers "here lb 5" "there s2 2"
	counted "$svc" "${by_cid[@]}"
	[ "$4" = -m ] || stateless
	for n in 1 2 3; do
		q -d -u "$svc" -r "$("$rs" "$n")"
	done
	send "to=$svc" "from=$from:$((33000 + case_count))" name=x form=long dcid=ff count=3
	answers "x lb 3"
	counted "$svc" "${by_hash[@]}" unroutable-reserved=3 tuple=2
}

# --- kinds of services --------------------------------------------------------

unmark() { nft delete table inet ivq 2>/dev/null || true; }

# fwmark OPTIONS VIP FROM RS
fwmark() {
	local vip=$2 from=$3 rs=$4 n opts
	IFS=' ' read -ra opts <<<"$1"
	q -C
	q -A "${opts[@]}" -s quic
	q config add "${opts[@]}" --id 0 --server-id-len 3 --nonce-len 4
	for n in 1 2 3; do
		q -a "${opts[@]}" -r "$("$rs" "$n")" -i --server-id 0:"$(sid 3 "$n")"
	done
	defer unmark
	nft -f - <<-END
		table inet ivq {
			chain prerouting {
				type filter hook prerouting priority mangle
				udp dport 443-444 mark set 7
			}
		}
	END
	conns
	for n in 1 2 3; do
		echo "name=443-s$n from=$from:3400 to=$vip:443 mint=0:$(sid 3 "$n")"
		echo "name=444-s$n from=$from:3400 to=$vip:444 mint=0:$(sid 3 "$n")"
		echo "name=443-s$n from=$from:3402 to=$vip:443 mint=0:$(sid 3 "$n")"
	done | send -c 0:3:4 -
	answers "443-s1 s1 2" "443-s2 s2 2" "443-s3 s3 2" "444-s1 s1 1" "444-s2 s2 1" "444-s3 s3 1"
	send "from=$from:3401" "to=$vip:444" name=x form=long dcid=ff count=3
	same "answers" "${GOT/s[123]/SERVER}" "x SERVER 3"
	same "counted" "$(q -L -n --stats -j | jq -c '.services[0].outcomes | with_entries(select(.value > 0))')" \
		'{"routed":9,"unroutable-reserved":3,"tuple":2,"fallback-new":1}'
	unmark
	# without the mark it is not for this service
	send -t 5000 "from=$from:3403" "to=$vip:443" name=x dcid=ff
	answers "x refused 1"
}

# IPVS's persistence decides where no CID does.
persistent() {
	local first n line
	ipvsadm -C
	ipvsadm -A -u "$SVC4" -s quic -p 300
	service "$SVC4" rs4 0:3:4 | grep -v ^-A | while read -r line; do
		eval "q $line"
	done
	mark
	for n in {10..21}; do
		echo "name=x from=$CL4.35:35$n form=long dcid=ff"
	done | send "to=$SVC4" -
	same "answers" "${GOT/s[123]/SERVER}" "x SERVER 12"
	first=${GOT#x }
	first=${first% 12}
	counted "$SVC4" unroutable-reserved=12 sched-fallback=1
	for n in 1 2 3; do
		echo "name=$n mint=0:$(sid 3 "$n")"
	done | send -c 0:3:4 "to=$SVC4" "from=$CL4.35:3600" -
	answers "1 s1 1" "2 s2 1" "3 s3 1"
	send "to=$SVC4" "from=$CL4.35:3601" name=x dcid=ff
	answers "x $first 1"
}

refusals() { dmesg | grep -c "scheduler quic refused: a service needs a port or a firewall mark" || true; }

# port_0 VIP: quiclbadm refuses it itself; for ipvsadm the kernel's log says why
port_0() {
	local before
	q -C
	refused 2 "Error: -u: port 0 is for persistent services." q -A -u "$1:0" -s quic
	before=$(refusals)
	! ipvsadm -A -u "$1:0" -s quic -p 300 || fail "IPVS has made the service"
	same "sentences in the kernel's log" $(($(refusals) - before)) 1
	same "services" "$(ipvsadm -Ln | grep UDP || true)" ""
}

# A client on the director itself passes LOCAL_OUT, where the scheduler decides.
local_client() {
	fresh "$SVC4" rs4 0:3:4
	mint_cids
	mark
	forget
	raw lb - <<-END
		ip4 src=10.0.0.1 dst=$VIP4 udp sport=3700 data=40${CID[2]}5a5a
		ip4 src=10.0.0.1 dst=$VIP4 udp sport=3701 data=40${CID[3]}5a5a
	END
	arrived 1 "sport=3700"
	same "server" "$SERVERS" s2
	arrived 1 "sport=3701"
	same "server" "$SERVERS" s3
	counted "$SVC4" sched-cid=2
}

defer "ipvsadm -C; tunnels_down"
tunnels_up
serve "$SVC4" "$SVC6" "$VIP4:444" "[$VIP6]:444"
watch
v4="src=$CL4.31 dst=$VIP4 .*udp"
v6="src=${CL6}:31 dst=$VIP6 .*udp"
o4="ip4 src=10.0.0.1 dst=10.0.0.1[123] .*"
o6="ip6 src=fd00:10::1 dst=fd00:10::1[123] .*"
gue="-i --tun-type gue --tun-port 6080"
rows=(
	"ipip: IPv4 in IPv4||$SVC4|rs4|-i|$o4 ip4 $v4"
	"ipip: IPv6 in IPv6||$SVC6|rs6|-i|$o6 ip6 $v6"
	"ipip: IPv4 in IPv6|any6|$SVC4|rs6|-i|$o6 ip4 $v4"
	"ipip: IPv6 in IPv4|sit0|$SVC6|rs4|-i|$o4 ip6 $v6"
	"gre: IPv4 in IPv4|gre0|$SVC4|rs4|-i --tun-type gre|$o4 gre ip4 $v4"
	"gre: IPv6 in IPv6|ip6gre0|$SVC6|rs6|-i --tun-type gre|$o6 gre ip6 $v6"
	"gre: IPv4 in IPv6|ip6gre0|$SVC4|rs6|-i --tun-type gre|$o6 gre ip4 $v4"
	"gre: IPv6 in IPv4|gre0|$SVC6|rs4|-i --tun-type gre|$o4 gre ip6 $v6"
	"gre with checksum: IPv4 in IPv4|gre0 csum|$SVC4|rs4|-i --tun-type gre --tun-csum|$o4 gre csum ip4 $v4"
	"gue: IPv4 in IPv4|fou|$SVC4|rs4|$gue|$o4 dport=6080 .* gue ip4 $v4"
	"gue: IPv6 in IPv6|fou6 any6|$SVC6|rs6|$gue|$o6 dport=6080 .* gue ip6 $v6"
	"gue: IPv4 in IPv6|fou6 any6|$SVC4|rs6|$gue|$o6 dport=6080 .* gue ip4 $v4"
	"gue: IPv6 in IPv4|fou sit0|$SVC6|rs4|$gue|$o4 dport=6080 .* gue ip6 $v6"
	"gue with checksum: IPv4 in IPv4|fou|$SVC4|rs4|$gue --tun-csum|$o4 dport=6080 .* gue ip4 $v4"
	"gue with remote checksum: IPv4 in IPv4|fou|$SVC4|rs4|$gue --tun-remcsum|$o4 dport=6080 .* gue"
	"direct routing: IPv4||$SVC4|rs4|-g|^s[123] ip4 $v4"
	"direct routing: IPv6||$SVC6|rs6|-g|^s[123] ip6 $v6"
)
for row in "${rows[@]}"; do
	tcase "${row%%|*}" row "$row"
done

pids+=("$("$QUICGEN" serve "lb=$LAB-lb" -- "$SVC4" "$SVC6" "10.0.0.1:443" "[fd00:10::1]:443")")
for option in -i -g -m; do
	cid=routed=7 fallback="routed=7 fallback-new=1"
	# even then IPVS translates the address, which only IPVS can do
	[ $option != -m ] || cid="routed=2 deferred=5 sched-cid=2" fallback="routed=2 deferred=5 sched-cid=2 sched-fallback=1"
	tcase "IPv4: the director is a real server, $option" local_server "$SVC4" rs4 10.0.0.1 $option "$cid" "$fallback"
	tcase "IPv6: the director is a real server, $option" local_server "$SVC6" rs6 fd00:10::1 $option "$cid" "$fallback"
done
kill "${pids[-1]}"
unset 'pids[-1]'
tcase "IPv4: firewall mark, two ports" fwmark "-f 7" "$VIP4" "$CL4.34" rs4
tcase "IPv6: firewall mark, two ports" fwmark "-f 7 -6" "[$VIP6]" "[${CL6}:34]" rs6
tcase "a client on the director itself" local_client
tcase "persistent service: where no CID decides, IPVS does" persistent
tcase "IPv4: a service with port 0 is refused" port_0 "$VIP4"
tcase "IPv6: a service with port 0 is refused" port_0 "[$VIP6]"
finish
