#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# "probe" asks one real server for a sign of life by the path of the service's datagrams, and neither service nor clients notice.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=h3.sh
. "$here/h3.sh"
need_module
own_lab_up
serve "$SVC4" "$SVC6"

LONG=(--timeout 15000)	# an emulated machine may stop for seconds

# alive JQ OPTION...: the server answers, and JQ is true of what is said about it
alive() {
	OUT=$(q probe -j "${LONG[@]}" "${@:2}") || fail "$OUT"
	jq -e ".alive and .result == \"alive\" and .latency_us > 0 and .versions == [\"00000001\"] and ($1)" <<<"$OUT" >/dev/null || fail "$OUT"
}

# dead RESULT STATUS OPTION...: it does not
dead() {
	local rc=0
	OUT=$(q probe -j "${@:3}") || rc=$?
	same "status" "$rc" "$2"
	jq -e --arg result "$1" '(.alive | not) and .result == $result' <<<"$OUT" >/dev/null || fail "$OUT"
}

S1=(-u "$SVC4" -r "$(rs4 1)")
S2=(-u "$SVC4" -r "$(rs4 2)")

each_one() {
	local n
	for n in 1 2 3; do
		alive ".present and .forward == \"Tunnel\" and .tunnel == \"ipip\" and .server.address == \"$(rs4 "$n")\"" -u "$SVC4" -r "$(rs4 "$n")"
	done
	service "$SVC6" rs6 0:3:4 | q -R
	defer "q -D -u $SVC6"
	alive '.from == "fd00:10::1"' -u "$SVC6" -r "$(rs6 2)"
	# the port is 443 unless there is another
	OUT=$(q probe -u "$VIP4" -r "$(rs4 1)" "${LONG[@]}")
	[[ $OUT =~ ^$(rs4 1):443\ answers\ for\ $SVC4\ through\ ipip:\ [0-9]+\.[0-9]{3}\ ms$ ]] || fail "$OUT"
}

no_server() {
	dead refused 1 -u "$VIP4:447" -r "$(rs4 1)" "${LONG[@]}"
	refused 1 "Error: probe $(rs4 1):447: that host says that no server listens there for $VIP4:447 (ICMP)." \
		quiclbadm probe -u "$VIP4:447" -r "$(rs4 1)" "${LONG[@]}"
}

# Below 1200 octets servers of QUIC do not negotiate (RFC 9000 section 14.1); this one then answers something else.
wrong() {
	dead wrong_answer 1 "${S1[@]}" --size 1199 --timeout 1500
	refused 1 "Error: probe $(rs4 1):443: what answers for $SVC4 through ipip is no server of QUIC: it does not negotiate a version." \
		quiclbadm probe "${S1[@]}" --size 1199 --timeout 1500
	alive '.size == 1400' "${S1[@]}" --size 1400
}

# Neither a server in the pool nor a service is needed, nor the module for either.
not_in_the_pool() {
	defer "fresh $SVC4 rs4 0:3:4"
	q -d -u "$SVC4" -r "$(rs4 1)" --keep-server-ids
	alive '.present | not' "${S1[@]}"
	q -C
	alive '.present | not' "${S1[@]}"
}

# What cannot be asked is no dead server: status 2.
not_asked() {
	local route
	route=$(ip -4 route show default)
	defer "ip route replace $route"
	ip route del default
	refused 2 "Error: probe 203.0.113.1:443: no route for answers: Network is unreachable (--from ADDRESS)." \
		quiclbadm probe -u "$SVC4" -r 203.0.113.1
	dead unsent 2 -u "$SVC4" -r 203.0.113.1 --from 10.0.0.1
	refused 2 "Error: probe 203.0.113.1:443: the datagram cannot be sent through ipip: Network is unreachable." \
		quiclbadm probe -u "$SVC4" -r 203.0.113.1 --from 10.0.0.1
	# larger than the device takes, and a director does not fragment either
	dead unsent 2 "${S1[@]}" --size 1500
	refused 2 "Error: --from 10.0.0.77: no address of this host, and answers go there." quiclbadm probe "${S1[@]}" --from 10.0.0.77
	refused 2 "Error: kernel: only root (CAP_NET_ADMIN) may do this." \
		setpriv --reuid 65534 --clear-groups --bounding-set -all quiclbadm probe "${S1[@]}"
}

# The VIP is an address of this host too, its own source validation and firewall drop what has it as source: answers are seen before
# that. No sysctl is needed for them.
strict_director() {
	defer "sysctl -qw net.ipv4.conf.all.rp_filter=0; nft delete table inet ivqprobe"
	sysctl -qw net.ipv4.conf.all.rp_filter=1
	nft "table inet ivqprobe {
		chain raw { type filter hook prerouting priority raw; ip saddr $VIP4 drop; }
		chain in { type filter hook input priority 0; policy drop; iif lo accept; ct state invalid drop; }
		chain out { type filter hook output priority 0; policy accept; ct state new accept; }
	}"
	alive true "${S1[@]}"
}

# In a round, each in its own process: own ports, own connection IDs.
beside() {
	local pid i all=()
	for i in 1 2 3 1 2 3 1 2 3; do
		quiclbadm probe -u "$SVC4" -r "$(rs4 "$i")" --timeout 60000 >"$WORK/probe.${#all[@]}" &
		all+=($!)
	done
	pids+=("${all[@]}")
	for pid in "${all[@]}"; do
		await "$pid"
	done
	for i in "${!all[@]}"; do
		grep -q "^$(rs4 $((i % 3 + 1))):443 answers for $SVC4 " "$WORK/probe.$i" || fail "$(cat "$WORK/probe.$i")"
	done
}

# all that IPVS counts, and its connections
ipvs_counts() { ipvsadm -Ln --stats --exact; cat /proc/net/ip_vs_conn; q -L -n --stats -j | jq -c '[.services[] | .outcomes]'; }

# Each way of sending passes it by.
unseen() {
	local before
	service "$SVC6" rs6 0:3:4 | q -R
	defer "q -D -u $SVC6"
	before=$(ipvs_counts)
	alive true "${S1[@]}"
	alive true "${S2[@]}" -g
	alive true -u "$SVC6" -r "$(rs6 2)"
	dead refused 1 -u "$VIP4:447" -r "$(rs4 1)" "${LONG[@]}"
	same "what IPVS counted" "$(ipvs_counts)" "$before"
}

direct() { alive '.forward == "Route"' "${S2[@]}" -g; }

masquerading() {
	pids+=("$("$QUICGEN" serve "s3=$LAB-s3" -- "$(rs4 3):8443")")
	alive '.forward == "Masq"' -u "$SVC4" -r "$(rs4 3):8443" -m
	dead refused 1 -u "$SVC4" -r "$(rs4 3):8444" -m "${LONG[@]}"
}

# The outer source is what the service's datagrams have.
by_flow() {
	defer "ip route del local 10.99.0.0/16 dev lo; q set -u $SVC4 --source4 none; in_ns s2 nft delete table inet ivqdrop"
	ip route add local 10.99.0.0/16 dev lo
	q set -u "$SVC4" --source4 10.99.0.0/16
	alive true "${S2[@]}"
	in_ns s2 nft "table inet ivqdrop { chain in { type filter hook input priority 0; ip saddr 10.99.0.0/16 drop; }; }"
	dead silent 1 "${S2[@]}" --timeout 600
	jq -e '.tunnel_source == "10.99.0.1"' <<<"$OUT" >/dev/null || fail "$OUT"
	refused 1 "Error: probe $(rs4 2):443: no answer for $SVC4 through ipip from 10.99.0.1 within 600 ms." quiclbadm probe "${S2[@]}" --timeout 600
}

# ngtcp2's servers, which know two versions.
real_server() {
	need_h3
	kill "${pids[@]}" 2>/dev/null || :
	pkill -x quicgen || :
	# shellcheck disable=SC2119 # without options
	h3_servers
	OUT=$(q probe -j "${LONG[@]}" "${S1[@]}") || fail "$OUT"
	jq -e '.alive and (.versions | index("00000001"))' <<<"$OUT" >/dev/null || fail "$OUT"
	OUT=$(q probe -j "${LONG[@]}" -u "$SVC6" -r "$(rs6 2)") || fail "$OUT"
}

fresh "$SVC4" rs4 0:3:4
# forwarded SERVER: check-director says so, and that this one answers
forwarded() {
	OUT=$(q check-director -j -u "$SVC4" "${LONG[@]}") || fail "$OUT"
	jq -e --arg server "$1" '.forwards and .server.address == $server and .latency_us > 0' <<<"$OUT" >/dev/null || fail "$OUT"
}

# Servers that no host has come first in their order. More of them than are asked at once.
director() {
	local n
	forwarded "$(rs4 1)"
	q -e -u "$SVC4" -r "$(rs4 1):443" -i -w 0
	defer "q -e -u $SVC4 -r $(rs4 1):443 -i -w 1"
	forwarded "$(rs4 2)"
	for n in {1..12}; do
		q -a -u "$SVC4" -r "10.0.0.$((n + 200)):443" -i
		defer "q -d -u $SVC4 -r 10.0.0.$((n + 200)):443"
	done
	for n in 2 3; do
		q -e -u "$SVC4" -r "$(rs4 "$n"):443" -i -w 0
		defer "q -e -u $SVC4 -r $(rs4 "$n"):443 -i -w 1"
	done
	refused 1 "Error: $SVC4: of 12 real servers with weight none answers within 300 ms (quiclbadm doctor -u $SVC4 --from ADDRESS)." \
		quiclbadm check-director -u "$SVC4" --timeout 300
	q -e -u "$SVC4" -r "$(rs4 3):443" -i -w 1
	OUT=$(q check-director -u "$SVC4" --timeout 3000)
	[[ $OUT =~ ^$SVC4\ is\ forwarded:\ $(rs4 3)\ answers,\ in\ [0-9]+\.[0-9]{3}\ ms$ ]] || fail "$OUT"
	refused 1 "Error: service $VIP4:444: no such service." quiclbadm check-director -u "$VIP4:444"
	q -A -u "$VIP4:444"
	defer "q -D -u $VIP4:444"
	refused 1 "Error: $VIP4:444: no real server has weight." quiclbadm check-director -u "$VIP4:444"
}

backup() {
	forwarded "$(rs4 1)"
	ipvsadm --start-daemon backup --mcast-interface lo
	defer "ipvsadm --stop-daemon backup"
	forwarded "$(rs4 1)"
	sysctl -qw net.ipv4.vs.backup_only=1
	defer "sysctl -qw net.ipv4.vs.backup_only=0"
	refused 1 "Error: $SVC4: this director forwards nothing: its sync daemon is a backup, and net.ipv4.vs.backup_only is 1." \
		quiclbadm check-director -u "$SVC4" "${LONG[@]}"
}

tcase "each real server, IPv4 and IPv6" each_one
tcase "a host without a server" no_server
tcase "a server that is not of QUIC" wrong
tcase "without a server in the pool, and without a service" not_in_the_pool
tcase "what cannot be asked" not_asked
tcase "a director with strict source validation and firewall" strict_director
tcase "nine at once" beside
tcase "IPVS sees nothing of it" unseen
tcase "direct routing" direct
tcase "masquerading" masquerading
tcase "outer sources by flow" by_flow
tcase "check-director: one server that answers is enough, and none is not" director
tcase "check-director: a backup forwards nothing" backup
tcase "a server of ngtcp2's" real_server
finish
