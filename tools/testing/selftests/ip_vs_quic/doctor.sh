#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# "doctor" finds no fault on a host without faults, with every kind of tunnel. faults.sh has the hosts with faults.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need_module
own_lab_up
serve "$SVC4" "$SVC6"

# healthy NAMESPACE OPTION...: no fault
healthy() {
	OUT=$(in_ns "$1" quiclbadm doctor -v "${@:2}") || fail "$OUT"
	[[ $OUT == *" 0 faults" ]] || fail "$OUT"
}

# unchanged NAMESPACE COMMAND...: the command changes nothing that the doctor examines there
unchanged() {
	local before
	before=$(snapshot "$1")
	"${@:2}"
	same "what the doctor looked at" "$(snapshot "$1")" "$before"
}

snapshot() {
	in_ns "$1" sh -c 'ip -o addr; ip -o link; ip route show table all; ip -6 route show table all; nft list ruleset
		cat /proc/sys/net/ipv4/conf/*/rp_filter /proc/sys/net/ipv4/conf/*/arp_ignore; cat /proc/modules | cut -d" " -f1' |
		sed 's/ expires [0-9]*sec//; s/valid_lft [0-9]*sec//'
}

real_servers() {
	local n
	for n in 1 2 3; do
		healthy "s$n" -u "$SVC4" -r "$(rs4 "$n")"
		healthy "s$n" -u "$SVC6" -r "$(rs6 "$n")"
	done
	# the VIPs found by themselves
	healthy s1
	[ "$(grep -c ' vip ' <<<"$OUT")" = 2 ] || fail "$OUT"
}

# A correct firewall. It has no sets: 6.1's nf_tables reports a defect of its own for them on a debug kernel.
behind_firewall() {
	defer "in_ns s1 nft delete table inet ivq"
	in_ns s1 nft -f - <<-END
		table inet ivq {
			chain in {
				type filter hook input priority filter; policy drop;
				ct state invalid drop
				ct state established,related accept
				iifname "lo" accept
				ip protocol ipencap accept
				ip6 nexthdr 41 accept
				ip6 nexthdr ipv6-icmp accept
				ip daddr $VIP4 udp dport $PORT accept
				ip6 daddr $VIP6 udp dport $PORT limit rate 1000000/second accept
			}
			chain out {
				type filter hook output priority filter; policy accept;
				udp dport 53 drop
			}
		}
	END
	healthy s1 -u "$SVC4" -r "$(rs4 1)"
	unchanged s1 healthy s1 -u "$SVC6" -r "$(rs6 1)"
	# a verdict that depends on a rate is not known, but the datagram is seen to pass
	[ ! -e /sys/kernel/btf/vmlinux ] || grep -q "^ok  *path " <<<"$OUT" || fail "the path was not followed: $OUT"
}

# Loose validation accepts what arrives on a device that has an address, here the VIP.
loose() {
	defer "ip -n $LAB-s1 addr del $VIP4/32 dev tunl0; in_ns s1 sh -c 'echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter'"
	in_ns s1 sh -c 'echo 2 >/proc/sys/net/ipv4/conf/all/rp_filter'
	ip -n "$LAB-s1" addr add "$VIP4/32" dev tunl0
	send -c 0:3:4 "to=$SVC4" "from=$CL4.5:500" name=x "mint=0:$(sid 3 1)"
	answers "x s1 1"
	healthy s1 -u "$SVC4" -r "$(rs4 1)"
}

# VIP and real servers in one subnet, direct routing
one_link() {
	defer "ip -n $LAB-s1 addr del 10.0.0.99/32 dev lo; in_ns s1 sh -c 'cd /proc/sys/net/ipv4/conf/eth0; echo 0 >arp_ignore; echo 0 >arp_announce'"
	ip -n "$LAB-s1" addr add 10.0.0.99/32 dev lo
	in_ns s1 sh -c 'cd /proc/sys/net/ipv4/conf/eth0; echo 1 >arp_ignore; echo 2 >arp_announce'
	pids+=("$("$QUICGEN" serve "s1=$LAB-s1" -- 10.0.0.99:443)")
	healthy s1 -u 10.0.0.99:443 -r "$(rs4 1)" -g
}

# mends OPTION...: the commands that the doctor of s2 prints repair all faults; tunnels of other kinds are made by them
mends() {
	local fix
	in_ns s2 quiclbadm doctor "$@" -j >"$WORK/report" && fail "nothing to mend"
	fix=$(jq -r '.[] | select(.verdict == "fault").fix' "$WORK/report")
	[ -n "$fix" ] || fail "$(cat "$WORK/report")"
	in_ns s2 sh -ec "$fix" || fail "it does not do: $fix"
	healthy s2 "$@"
}

fresh "$SVC4" rs4 0:3:4
tcase "right real servers" unchanged s1 real_servers
tcase "a right firewall" behind_firewall
tcase "loose source validation" loose
tcase "VIP and real server on one link" one_link
tcase "GRE: from nothing to right by the printed commands" mends -u "$SVC4" -r "$(rs4 2)" -i --tun-type gre
tcase "GUE: from nothing to right by the printed commands" mends -u "$SVC4" -r "$(rs4 2)" -i --tun-type gue --tun-port 6080
tcase "IPv6 in IPv4: from nothing to right by the printed commands" mends -u "$SVC6" -r "$(rs4 2)"
tcase "IPv4 in IPv6: from nothing to right by the printed commands" mends -u "$SVC4" -r "$(rs6 2)"
tcase "JSON is the text's" eval 'same checks "$(in_ns s1 quiclbadm doctor -j | jq -r ".[].check" | sort)" "$(in_ns s1 quiclbadm doctor -v | sed "\$d" | grep -v " fix: " | awk "{ print \$2 }" | sort)"'
finish
