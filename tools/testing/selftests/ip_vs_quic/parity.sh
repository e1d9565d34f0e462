#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# IPVS's features work with this scheduler, too: counters, thresholds, sysctls, and the packets that a server receives, which are
# compared with those of scheduler mh in the same lab.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=packets.sh
. "$here/packets.sh"
need_module
modprobe ip_vs_mh 2>/dev/null || skip_all "the kernel has no ip_vs_mh"
lab_up

# vs NAME VALUE: a sysctl of IPVS, for the case
vs() {
	local file=/proc/sys/net/ipv4/vs/$1 old
	[ -e "$file" ] || skip "IPVS has no sysctl $1 here"
	read -r old <"$file"
	echo "$2" >"$file"
	defer "echo $old >$file"
}

went_to() { grep -c " $1 " <<<"$GOT" || true; }

# lines FROM FIRST COUNT WORD...: a line for each source port from FIRST on
lines() {
	local port
	for ((port = $2; port < $2 + $3; port++)); do
		echo "name=$port from=$1:$port ${*:4}"
	done
}

# pool SCHEDULER OPTION...: one server, s2, for both families
pool() {
	local svc
	ipvsadm -C
	ipvsadm -R <<-END
		-A -u $SVC4 -s $1
		-a -u $SVC4 -r $(rs4 2) ${*:2}
		-A -u $SVC6 -s $1
		-a -u $SVC6 -r [$(rs6 2)]:443 ${*:2}
	END
	[ "$1" = quic ] || return 0
	for svc in "$SVC4" "$SVC6"; do
		q config add -u "$svc" --id 0 --server-id-len 3 --nonce-len 4
	done
	q server-id add -u "$SVC4" -r "$(rs4 2)" --server-id 0:"$(sid 3 2)"
	q server-id add -u "$SVC6" -r "$(rs6 2)" --server-id 0:"$(sid 3 2)"
}

# --- counters -------------------------------------------------------------------

# counts SERVICE: connections, packets and octets of the service and its servers, as ipvsadm prints them
counts() { ipvsadm -Ln --stats --exact -u "$1" | awk '$2 ~ /:447$/ { print $2, $3, $4, $6 }'; }

counts_are() {
	counts "$1" >"$WORK/counts"
	[ "$(<"$WORK/counts")" = "$2" ]
}

# Each path that bypasses IPVS, also that of ICMP errors; an entry counts as a connection.  No other script uses this port: IPVS keeps a
# deleted server for two minutes, and what its estimator has not read by then is counted for a server that is added again.
stats_count() {
	local f=$1 rs=$2 svc=$3 from=$4 client=$5 size error server n want conns packets octets
	drop_connections
	fresh "$svc" "$rs" 0:3:4
	# 32 octets behind IP and UDP
	size=$((f == 4 ? 60 : 80))
	send -c 0:3:4 "to=$svc" "from=$from:5100" size=32 name=x "mint=0:$(sid 3 1)" count=5
	answers "x s1 5"
	send "to=$svc" "from=$from:5101" size=32 name=x form=long dcid=ff count=4
	server=${GOT:3:1}
	send "to=$svc" "from=$from:5101" size=32 name=x dcid=ff count=3
	answers "x s$server 3"
	forget
	if [ "$f" = 4 ]; then
		raw rt ip4 src=203.0.113.9 "dst=$VIP4" icmp type=3 code=1 \
			ip4 "src=$VIP4" "dst=$client" udp sport=447 dport=5100 "data=$(long_header "" "${CID[1]}")"
	else
		raw rt ip6 src=2001:db8:99::9 "dst=$VIP6" icmp6 type=1 code=1 \
			ip6 "src=$VIP6" "dst=$client" udp sport=447 dport=5100 "data=$(long_header "" "${CID[1]}")"
	fi
	arrived 1 "code=1 .* dport=5100"
	# an IP and an ICMP header, then what it quotes: IP, UDP and 22 octets
	error=$((2 * (size - 32) + 22))
	want="$svc 1 13 $((12 * size + error))"
	for n in 1 2 3; do
		conns=0 packets=0 octets=0
		[ "$n" != 1 ] || packets=6 octets=$((5 * size + error))
		[ "$n" != "$server" ] || conns=1 packets=$((packets + 7)) octets=$((octets + 7 * size))
		want+=$'\n'"$(if [ "$f" = 4 ]; then rs4 "$n"; else echo "[$(rs6 "$n")]"; fi):447 $conns $packets $octets"
	done
	defer 'echo "they are:"; cat "$WORK/counts"; q -L -n --stats'
	poll 10 "ipvsadm's counters" counts_are "$svc" "$want"
}

rate_is_seen() { ipvsadm -Ln --rate -u "$VIP4:447" | awk '$2 ~ /:447$/ && $4 > 0 && $6 > 0 { n++ } END { exit n != 2 }'; }

# Of the service and of one server.
rates() {
	q -C
	service "$VIP4:447" rs4 0:3:4 | q -R
	send -c 0:3:4 "to=$VIP4:447" "from=$CL4.51:5102" name=x "mint=0:$(sid 3 1)" count=300
	poll 20 "a rate of service and server" rate_is_seen
}

# --- thresholds -----------------------------------------------------------------

port=5500
new_ones_reach_s1() {
	port=$((port + 30))
	lines "$CL4.52" "$port" 30 form=long dcid=ff | send "to=$SVC4" -
	[ "$(went_to s1)" -gt 0 ]
}

thresholds() {
	drop_connections
	fresh "$SVC4" rs4 0:3:4
	q set -u "$SVC4" --tuple-timeout 5
	lines "$CL4.52" 5200 30 dcid=ff | send "to=$SVC4" -
	[ "$(went_to s1)" -gt 6 ] || fail "too few at s1: $GOT"
	ipvsadm -e -u "$SVC4" -r "$(rs4 1)" -i -w 1 -x 4 -y 2
	mark "$SVC4"
	lines "$CL4.52" 5200 30 form=long dcid=ff | send "to=$SVC4" -
	all_answered 30
	between "new connections of s1" "$(went_to s1)" 1 4
	counted "$SVC4" unroutable-reserved=30 fallback-new=30
	# datagrams that are routed or only hashed are no new connections
	send -c 0:3:4 "to=$SVC4" "from=$CL4.53:5400" name=x "mint=0:$(sid 3 1)" count=9
	answers "x s1 9"
	lines "$CL4.54" 5200 30 dcid=ff | send "to=$SVC4" -
	[ "$(went_to s1)" -gt 4 ] || fail "garbage left s1: $GOT"
	poll 60 "s1 to get new connections again" new_ones_reach_s1
}

# overload SERVER [OPTION...]: makes connections until the server has one, which is its threshold
overload() {
	local n=$1
	ipvsadm -e -u "$SVC4" -r "$(rs4 "$n")" -i -x 1 "${@:2}"
	port=$((port + 30))
	lines "$CL4.57" "$port" 30 form=long dcid=ff | send "to=$SVC4" -
	same "new connections of s$n" "$(went_to "s$n")" 1
}

# Flows of a server over its threshold go to the others by weight, not to the next by address; other flows stay.
overload_by_weight() {
	local before n
	drop_connections
	fresh "$SVC4" rs4 0:3:4
	for n in 1 3; do
		ipvsadm -e -u "$SVC4" -r "$(rs4 "$n")" -i -w 100
	done
	# by the table
	lines "$CL4.58" 5200 60 dcid=ff | send "to=$SVC4" -
	before=$GOT
	between "flows of s1" "$(went_to s1)" 15 45
	overload 1 -w 100
	mark "$SVC4"
	lines "$CL4.58" 5200 60 form=long dcid=ff | send "to=$SVC4" -
	all_answered 60
	counted "$SVC4" unroutable-reserved=60 fallback-new=60
	same "new connections of s1" "$(went_to s1)" 0
	between "new connections of s2, of weight 1" "$(went_to s2)" 0 5
	same "flows of s3 that moved" "$(comm -13 <(sort <<<"$GOT") <(grep ' s3 ' <<<"$before" | sort))" ""
}

# as_the_table FIRST COUNT: a flow without an entry follows the table, also to a busy server, its Initials like its short headers.
# Sets $TABLE to the servers.
as_the_table() {
	mark "$SVC4"
	lines "$CL4.59" "$1" "$2" dcid=ff | send "to=$SVC4" -
	TABLE=$GOT
	[ "$(went_to s1)" -gt 0 ] || fail "none at s1: $GOT"
	lines "$CL4.59" "$1" "$2" form=long dcid=ff | send "to=$SVC4" -
	same "servers of long headers" "$GOT" "$TABLE"
	counted "$SVC4" "unroutable-reserved=$((2 * $2))" "fallback=$((2 * $2))"
	stateless
}

# A service at its limit; a service that was at its limit a moment ago, where a flow without an entry gets an entry now, but no other
# server; one that was some time ago; and one-packet scheduling.
overload_forgotten() {
	drop_connections
	fresh "$SVC4" rs4 0:3:4
	q set -u "$SVC4" --tuple-timeout 300
	overload 1
	q set -u "$SVC4" --tuple-max 0
	as_the_table 5200 20
	q set -u "$SVC4" --tuple-max 131072
	mark "$SVC4"
	lines "$CL4.59" 5200 20 form=long dcid=ff | send "to=$SVC4" -
	same "servers of those with an entry" "$GOT" "$TABLE"
	counted "$SVC4" unroutable-reserved=20 fallback-new=20
	q set -u "$SVC4" --tuple-max 0 --tuple-timeout 1
	send "to=$SVC4" "from=$CL4.59:5300" form=long dcid=ff
	q set -u "$SVC4" --tuple-max 131072
	poll 60 "the threshold to count again" is_passed_over
	ipvsadm -E -u "$SVC4" -s quic -o
	as_the_table 5400 20
}

is_passed_over() {
	port=$((port + 30))
	lines "$CL4.57" "$port" 30 form=long dcid=ff | send "to=$SVC4" -
	[ "$(went_to s1)" = 0 ]
}

# overload_drop_packet [DEVICE]: every second datagram that could make an entry makes none: the flow still has only one server. With the
# express path on that device, which hands a datagram on if it has found another server for it than it has without an entry.
overload_drop_packet() {
	drop_connections
	fresh "$SVC4" rs4 0:3:4
	if [ -n "${1:-}" ]; then
		q express add "$1"
		defer "q express del $1 2>/dev/null || :"
	fi
	overload 1
	vs am_droprate 2
	vs drop_packet 3
	poll 20 "IPVS to defend itself" drops_some
	mark "$SVC4"
	lines "$CL4.60" 5200 40 form=long dcid=ff count=4 | send "to=$SVC4" -
	same "flows with several servers" "$(cut -d ' ' -f 1 <<<"$GOT" | sort | uniq -d)" ""
	all_answered 160
	[ "$(went_to s1)" -gt 0 ] || fail "none at s1: $GOT"
	stats "$SVC4"
	[ "$(since fallback)" -gt 0 ] || fail "each flow had an entry at once"
	[ "$(since tuple)" -gt 0 ] || fail "no flow had an entry"
	[ -z "${1:-}" ] || between "datagrams taken" "$(q express list -j | jq '.[0].outcomes.taken')" 100 300
}

since() { echo $((${STATS[$1]} - ${MARK[$1]})); }

drops_some() {
	port=$((port + 10))
	mark "$SVC4"
	lines "$CL4.55" "$port" 8 form=long dcid=ff | send "to=$SVC4" -
	stats "$SVC4"
	[ "$(since fallback)" -gt 0 ]
}

# IPVS itself calls the scheduler for clients on the director: once for each 4-tuple or, with one-packet scheduling, for each packet.
# overload_sched none|some [OPTION]: what s1 gets of 30
overload_sched() {
	local i got
	drop_connections
	fresh "$SVC4" rs4 0:3:4
	overload 1
	[ $# = 1 ] || ipvsadm -E -u "$SVC4" -s quic "$2"
	mark "$SVC4"
	forget
	for ((i = 7000; i < 7030; i++)); do
		echo "ip4 src=10.0.0.1 dst=$VIP4 udp sport=$i data=40ff"
	done | raw lb -
	poll 20 "30 datagrams" has_lines 30 "sport=70"
	counted "$SVC4" sched-fallback=30
	got=$(grep -c "^s1 .*sport=70" "$WORK/watched" || true)
	if [ "$1" = none ]; then
		same "datagrams for s1" "$got" 0
	else
		between "datagrams for s1" "$got" 1 29
	fi
}

# --- sysctls --------------------------------------------------------------------

# As with any scheduler, a director forwards nothing only if both the backup daemon and the sysctl are on.
backup_only() {
	local words before
	fresh "$SVC4" rs4 0:3:4
	service "$SVC6" rs6 0:3:4 | q -R
	q set -u "$SVC4" --dcid-max 100
	ipvsadm --start-daemon backup --mcast-interface eth0
	defer "ipvsadm --stop-daemon backup 2>/dev/null || true"
	send -c 0:3:4 "to=$SVC4" "from=$CL4.53:5301" name=x "mint=0:$(sid 3 1)"
	answers "x s1 1"
	vs backup_only 1
	stats "$SVC6"
	before=$(declare -p STATS)
	mark "$SVC4"
	forget
	for words in dcid=ff "form=long dcid=ff" "mint=0:$(sid 3 1)"; do
		echo "to=$SVC4 from=$CL4.53:5300 $words"
		echo "to=$SVC6 from=[${CL6}:53]:5300 $words"
	done | send -w 1 -t 1000 -c 0:3:4 name=x -
	answers "x refused 6"
	raw rt ip4 src=203.0.113.9 "dst=$VIP4" icmp type=3 code=1 \
		ip4 "src=$VIP4" "dst=$CL4.53" udp sport=443 dport=5300 "data=$(long_header "" "${CID[1]}")"
	in_ns cl ping -q -c 1 -W 5 "$VIP4"
	counted "$SVC4"
	stateless
	stats "$SVC6"
	same "outcomes of $SVC6" "$(declare -p STATS)" "$before"
	same "packets at the servers" "$(<"$WORK/watched")" ""
	ipvsadm --stop-daemon backup
	send -c 0:3:4 "to=$SVC4" "from=$CL4.53:5301" name=x "mint=0:$(sid 3 1)"
	answers "x s1 1"
}

# known: how many flows of the client conntrack has; the director's own flows are not counted
known() { grep -c "src=$CL4.52 " /proc/net/nf_conntrack || true; }

# tracked SCHEDULER: sets $TRACKED to how many of 12 flows conntrack has afterwards
tracked() {
	local before
	FLOWS=$((FLOWS + 12))
	before=$(known)
	pool "$1" -i
	lines "$CL4.52" $((5600 + FLOWS)) 12 "mint=0:$(sid 3 2)" name=x | send -c 0:3:4 "to=$SVC4" -
	answers "x s2 12"
	TRACKED=$(($(known) - before))
}

conntrack() {
	local sysctl mh FLOWS=0
	command -v nft >/dev/null || skip "nft is not installed"
	vs conntrack 0
	defer "nft delete table inet ivq"
	nft -f - <<-END
		table inet ivq {
			chain in {
				type filter hook input priority 0
				ct state new accept
			}
		}
	END
	echo 600 >/proc/sys/net/netfilter/nf_conntrack_udp_timeout
	for sysctl in 1 0; do
		echo "$sysctl" >/proc/sys/net/ipv4/vs/conntrack
		tracked mh
		mh=$TRACKED
		same "flows that conntrack knows, mh, conntrack=$sysctl" "$mh" $((12 * sysctl))
		tracked quic
		same "flows that conntrack knows, conntrack=$sysctl" "$TRACKED" "$mh"
	done
	# while it is switched, with the same targets
	echo 1 >/proc/sys/net/ipv4/vs/conntrack
	mh=$(known)
	lines "$CL4.52" 5700 12 "mint=0:$(sid 3 2)" name=x | send -c 0:3:4 "to=$SVC4" -
	same "flows that conntrack knows, switched on" $(($(known) - mh)) 12
}

no_more_entries() {
	port=$((port + 1))
	mark "$SVC4"
	send "to=$SVC4" "from=$CL4.55:$port" form=long dcid=ff
	[ -z "$(new_conns)" ]
}

# IPVS drops one of am_droprate new connections then; with 1, each.
drop_packet() {
	fresh "$SVC4" rs4 0:3:4
	vs am_droprate 1
	vs drop_packet 3
	# IPVS applies the sysctl once a second
	poll 20 "IPVS to defend itself" no_more_entries
	mark "$SVC4"
	lines "$CL4.55" 5800 20 form=long dcid=ff | send "to=$SVC4" -
	all_answered 20
	send -c 0:3:4 "to=$SVC4" "from=$CL4.55:5800" name=x "mint=0:$(sid 3 1)" count=5
	answers "x s1 5"
	counted "$SVC4" unroutable-reserved=20 fallback=20 routed=5
	stateless
}

# In a persistent service the template decides, not the CID. When its server has weight 0 the sysctl decides about the template.
expire_quiescent_template() {
	local first from=$CL4.$((56 + $1))
	q -C
	# quiclbadm would refuse
	ipvsadm -A -u "$SVC4" -s quic -p 300
	service "$SVC4" rs4 0:3:4 | q -R
	ipvsadm -E -u "$SVC4" -s quic -p 300
	vs expire_quiescent_template "$1"
	vs expire_nodest_conn 1
	send "to=$SVC4" "from=$from:5601" form=long dcid=ff name=x
	first=${GOT:2:2}
	lines "$from" 5602 8 form=long dcid=ff | send "to=$SVC4" -
	same "connections at the template's server" "$(went_to "$first")" 8
	ipvsadm -e -u "$SVC4" -r "$(rs4 "${first#s}")" -i -w 0
	lines "$from" 5620 8 form=long dcid=ff | send "to=$SVC4" -
	all_answered 8
	same "new connections at the server of weight 0" "$(went_to "$first")" $((8 * (1 - $1)))
}

# --- packets at the servers ----------------------------------------------------

# packets N: short and long headers in all kinds of IP, from host N of the client's networks
packets() {
	local tos ttl df data
	for data in "40${CID[2]}5a5a" "$(long_header ff "")" 40ff; do
		for tos in 0 1 2 3 0xb8 0xbb; do
			echo "ip4 src=$CL4.$1 dst=$VIP4 tos=$tos ttl=64 df=1 udp data=$data"
			echo "ip6 src=${CL6}:$1 dst=$VIP6 tos=$tos ttl=64 udp data=$data"
		done
		for ttl in 1 2 3 255; do
			for df in 0 1; do
				echo "ip4 src=$CL4.$1 dst=$VIP4 ttl=$ttl df=$df udp data=$data"
			done
			echo "ip6 src=${CL6}:$1 dst=$VIP6 ttl=$ttl udp data=$data"
		done
	done
	echo "ip6 src=${CL6}:$1 dst=$VIP6 udp sport=9999 data=40${CID[2]}5a5a"
	echo "ip4 src=$CL4.$1 dst=$VIP4 udp sport=9999 data=40${CID[2]}5a5a"
}

# looks N OPTION...: every field of a packet at a server is the same as with mh, for datagrams routed by CID, 4-tuple and hash; except
# GUE's source port, a hash of the addresses
looks() {
	local n=$1 scheduler
	shift
	for scheduler in mh quic; do
		# IPVS keeps the connections of earlier services
		n=$((n + 1))
		pool "$scheduler" "$@"
		forget
		packets "$n" | raw rt -
		poll 20 "the last packets" has_lines 2 "sport=9999"
		grep -v " icmp" "$WORK/watched" | sed "s/\([.:]\)$n dst/\1N dst/; s/sport=[0-9]* dport=6080/dport=6080/" | sort >"$WORK/$scheduler"
	done
	[ "$(wc -l <"$WORK/mh")" -ge 60 ] || fail "packets of mh: $(<"$WORK/mh")"
	same "packets, compared with mh" "$(<"$WORK/quic")" "$(<"$WORK/mh")"
}

# The outer header's DF is that of the datagram. Without path MTU discovery it is not set, and datagrams that are too large are fragmented.
pmtu_disc() {
	local scheduler outer
	vs pmtu_disc "$1"
	looks $((60 + 2 * $1)) -i
	outer=$(grep -c '^s2 ip4 .* df=1 ip4' "$WORK/quic" || true)
	if [ "$1" = 1 ]; then
		[ "$outer" -gt 0 ] || fail "no outer DF: $(<"$WORK/quic")"
	else
		same "outer headers with DF" "$outer" 0
	fi
	defer "flush_routes cl lb"
	for scheduler in mh quic; do
		pool "$scheduler" -i
		flush_routes cl lb
		send -t 2000 -c 0:3:4 "to=$SVC4" "from=$CL4.70:6000" size=1472 name=x "mint=0:$(sid 3 2)"
		answers "x $([ "$1" = 1 ] && echo refused || echo s2) 1"
	done
}

serve "$SVC4" "$SVC6" "$VIP4:447" "[$VIP6]:447"
watch
mint_cids
q -C
tcase "IPv4: ipvsadm --stats counts what passes IPVS by" stats_count 4 rs4 "$VIP4:447" "$CL4.51" "$CL4.51"
tcase "IPv6: ipvsadm --stats counts what passes IPVS by" stats_count 6 rs6 "[$VIP6]:447" "[${CL6}:51]" "${CL6}:51"
tcase "ipvsadm --rate sees what passes IPVS by" rates
tcase "thresholds keep new connections away, and nothing else" thresholds
tcase "thresholds: others get new connections by weight" overload_by_weight
tcase "thresholds do not count where no entry is made" overload_forgotten
tcase "thresholds and drop_packet: a flow has one server" overload_drop_packet
tcase "thresholds and drop_packet, by the express path" overload_drop_packet eth0
tcase "thresholds count when IPVS asks the scheduler for a connection" overload_sched none
tcase "thresholds do not count when it asks for each packet" overload_sched some -o
tcase "backup_only: a backup forwards nothing" backup_only
tcase "conntrack, as with mh" conntrack
tcase "drop_packet: no entries are made, datagrams are forwarded" drop_packet
tcase "expire_quiescent_template=0: a template outlives its server's weight" expire_quiescent_template 0
tcase "expire_quiescent_template=1: it does not" expire_quiescent_template 1
tcase "pmtu_disc=1, TTL, DSCP and ECN of ipip, as with mh" pmtu_disc 1
tcase "pmtu_disc=0, TTL, DSCP and ECN of ipip, as with mh" pmtu_disc 0
tcase "TTL, DSCP and ECN of gre, as with mh" looks 64 -i --tun-type gre
tcase "TTL, DSCP and ECN of gue, as with mh" looks 66 -i --tun-type gue --tun-port 6080
tcase "TTL, DSCP and ECN of direct routing, as with mh" looks 68 -g
ipvsadm -C
finish
