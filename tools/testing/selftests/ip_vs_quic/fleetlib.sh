# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For fleet.sh: any number of directors behind one router, and emulated connections through them; sourced after lib.sh, packets.sh and
# frrlib.sh.
#
#                    br0
#   cl ──── rt ───────┼─── .1    lb    director 1
#      spreads flows  ├─── .2    lb2   director 2
#      over directors ├─── ...         up to 16; from 10 on at .110 ...
#                     └─── .11 s1 (GUE), .12 s2, .13 s3 (IPIP)
#
# Each scheduler has a port of its own, so that one event is the same event for several of them; each has services of both families.
# The sync daemon sends the connections of all services, so "rr+sync" needs a round of its own.
#
# $CONNS_FILE   NAME FROM TO of each connection; NAME is SCHEDULER/NUMBER
# $HELD         NAME SERVER: the server that answered the connection's Initial, and so holds it
# $DURING       what answered while the event went on, $AFTER: once it was over; both NAME SERVER COUNT
# shellcheck disable=SC2034,SC2153,SC2154

declare -A PORT_OF=([quic]=443 [mh]=444 [mh-port]=445 [rr]=446 [rr+sync]=447)
declare -A SCHEDULER_OF=([quic]="quic" [mh]="mh" [mh-port]="mh -b mh-port" [rr]="rr" [rr+sync]="rr")
CONNS_FILE=$WORK/connections HELD=$WORK/held DURING=$WORK/during AFTER=$WORK/after
NEW_KEY=00112233445566778899aabbccddeeff
printf '%s\n' "$NEW_KEY" >"$WORK/new-key"
chmod 600 "$WORK/new-key"
CIPHERS=(-c "0:3:4:$KEY" -c "1:3:4:$NEW_KEY")
SIDS=(- "$(sid 3 1)" "$(sid 3 2)" "$(sid 3 3)")

# --- directors ------------------------------------------------------------------

# host_of DIRECTOR: the last part of its addresses
host_of() {
	if [ "$1" -lt 10 ]; then
		HOST=$1
	else
		HOST=1$1
	fi
}

# at DIRECTOR COMMAND...
at() {
	if [ "$1" = 1 ]; then
		"${@:2}"
	else
		in_ns "lb$1" "${@:2}"
	fi
}

# make_directors N: those that are not there yet
make_directors() {
	local n HOST
	for ((n = MADE + 1; n <= $1; n++)); do
		host_of "$n"
		ip netns add "$LAB-lb$n"
		defer "ip netns del $LAB-lb$n"
		in_ns "lb$n" sh -c 'for c in all default; do
			echo 0 >/proc/sys/net/ipv4/conf/$c/rp_filter
			echo 0 >/proc/sys/net/ipv6/conf/$c/accept_dad
		done'
		printf '%s\n' "link add lb$n type veth peer name eth0 netns $LAB-lb$n" "link set lb$n master br0 up" | ip -n "$LAB-rt" -b -
		ip -n "$LAB-lb$n" -b - <<-END
			link set lo up
			link set eth0 up
			addr add 10.0.0.$HOST/24 dev eth0
			addr add fd00:10::$HOST/64 dev eth0
			addr add $VIP4/32 dev lo
			addr add $VIP6/128 dev lo
			route add default via 10.0.0.254
			route add default via fd00:10::fe
		END
		MADE=$n
	done
}
MADE=1

# The router hashes both addresses, the protocol and both ports. With policy 1 it would take the hash that the sender's socket left in
# the packet, and two sockets of one 4-tuple would be spread differently.
router_up() {
	in_ns rt sh -c 'for f in 4 6; do
		echo 3 >/proc/sys/net/ipv$f/fib_multipath_hash_policy
		echo 0x37 >/proc/sys/net/ipv$f/fib_multipath_hash_fields
	done'
}

# server 1 takes GUE
gue_up() {
	modprobe -a fou fou6
	ip -n "$LAB-s1" fou add port 6080 gue
	ip -n "$LAB-s1" -6 fou add port 6080 gue
}

# frr_up: FRR on the router and on two directors, which announce the IPv4 VIP while it is an address of lo. A route keeps it local, as
# quiclbadm-announce has it.
frr_up() {
	local n
	for n in 1 2; do
		printf '%s\n' "route append local $VIP4/32 dev lo proto static" "addr del $VIP4/32 dev lo" | at "$n" ip -b -
	done
	frr_group
	frr rt "$contrib/router.conf"
	frr lb "$contrib/director.conf"
	sed 's/router-id 10.0.0.1$/router-id 10.0.0.2/' "$contrib/director.conf" >"$WORK/second.conf"
	frr lb2 "$WORK/second.conf"
	poll 120 "two sessions" established 2
}

# by_frr: until the end of the case, the route to the IPv4 VIP is FRR's
by_frr() {
	BGP=1
	ip -n "$LAB-rt" route del "$VIP4/32"
	defer "announces 1; announces 2; BGP=; spread_over 1 2"
}
BGP=

# has_vip DIRECTOR: on lo
has_vip() { [ -n "$(at "$1" ip -o addr show dev lo to "$VIP4/32")" ]; }

# announces DIRECTOR: zebra takes an address that is given twice for two
announces() { has_vip "$1" || at "$1" ip addr add "$VIP4/32" dev lo; }

# announced FIRST LAST: by these directors and no other
announced() {
	local n
	local -a hops=()
	for ((n = 1; n <= 2; n++)); do
		if [ "$n" -ge "$1" ] && [ "$n" -le "$2" ]; then
			announces "$n"
			hops+=("10.0.0.$n")
		elif has_vip "$n"; then
			at "$n" ip addr del "$VIP4/32" dev lo
		fi
	done
	routed "${hops[@]}"
}

# spread_over FIRST LAST: the router sends the VIPs to these directors
spread_over() {
	local n HOST four='' six=''
	FIRST=$1 LAST=$2
	for ((n = $1; n <= $2; n++)); do
		host_of "$n"
		four+=" nexthop via 10.0.0.$HOST" six+=" nexthop via fd00:10::$HOST"
	done
	{
		echo "route replace $VIP6/128$six"
		[ -n "$BGP" ] || echo "route replace $VIP4/32$four"
	} | ip -n "$LAB-rt" -b -
	[ -z "$BGP" ] || announced "$1" "$2"
}

# unplug PORT, plug PORT: a machine, by its port at the router
unplug() { ip -n "$LAB-rt" link set "$1" nomaster; }
plug() { ip -n "$LAB-rt" link set "$1" master br0 up; }
port_of() { [ "$1" = 1 ] && echo lb || echo "lb$1"; }

# --- services -------------------------------------------------------------------

# commands LINE...: each LINE for each scheduler of the round and both families, with these words replaced: @service, @scheduler, @addressN
# and @serverN (with its tunnel) of real server N, and its @idN. Lines that begin with "quic:" are for that scheduler alone.
commands() {
	local name family line n svc address tunnel id
	for name in $SCHEDULERS; do
		for family in 4 6; do
			svc=$VIP4:${PORT_OF[$name]}
			[ "$family" = 4 ] || svc=[$VIP6]:${PORT_OF[$name]}
			for line in "$@"; do
				[[ $line != quic:* || $name = quic ]] || continue
				line=${line#quic:}
				line=${line//@service/$svc}
				line=${line//@scheduler/${SCHEDULER_OF[$name]}}
				for n in 1 2 3; do
					address=10.0.0.1$n:${PORT_OF[$name]} tunnel=-i id=
					[ "$family" = 4 ] || address="[fd00:10::1$n]:${PORT_OF[$name]}"
					[ "$n" != 1 ] || tunnel="-i --tun-type gue --tun-port 6080"
					[ "$name" != quic ] || id="--server-id 0:${SIDS[n]}"
					line=${line//@address$n/$address}
					line=${line//@server$n/$address $tunnel}
					line=${line//@id$n/$id}
				done
				printf '%s\n' "$line"
			done
		done
	done
}

# rules WEIGHT...: the services with these weights of servers 1 to 3; "-": it is not in the pool
rules() {
	local n=0 weight
	local lines=("-A -u @service -s @scheduler" "quic:config add -u @service --id 0 --server-id-len 3 --nonce-len 4 --key-file $WORK/key")
	for weight in "$@"; do
		n=$((n + 1))
		[ "$weight" = - ] || lines+=("-a -u @service -r @server$n -w $weight @id$n")
	done
	commands "${lines[@]}"
}

# in_turn THEN LINE...: these commands on one director after another, and THEN after each
in_turn() {
	local n
	commands "${@:2}" >"$WORK/commands"
	for ((n = 1; n <= N; n++)); do
		at "$n" quiclbadm batch "$WORK/commands" >"$WORK/said"
		"$1"
	done
}

# each_director LINE...: with few directors, each connection sends a datagram after each
each_director() {
	if [ "$N" -le 4 ]; then
		in_turn pass "$@"
	else
		in_turn : "$@"
	fi
}

# configure WEIGHT...: all directors, with nothing but these services
configure() {
	local n
	rules "$@" >"$WORK/rules"
	printf '%s\n' "-C" "-R $WORK/rules" >"$WORK/commands"
	for ((n = 1; n <= N; n++)); do
		at "$n" quiclbadm batch "$WORK/commands"
	done
}

# --- connections ------------------------------------------------------------------

# new_clients: writes $CONNS_FILE. Ports are those of no other event: entries of these may be left.
new_clients() {
	local name
	for name in $SCHEDULERS; do
		echo "$name ${PORT_OF[$name]}"
	done | awk -v count="$CONNECTIONS" -v base=$((2000 + 150 * EVENTS)) -v four="$CL4" -v six="$CL6" -v vip4="$VIP4" -v vip6="$VIP6" '{
		for (i = 1; i <= count; i++) {
			host = (7 * base + i) % 250 + 1
			if (i % 2)
				printf "%s/%d %s.%d:%d %s:%d\n", $1, i, four, host, base + i, vip4, $2
			else
				printf "%s/%d [%s:%x]:%d [%s]:%d\n", $1, i, six, host, base + i, vip6, $2
		}
	}' >"$CONNS_FILE"
}

# new_ports, new_addresses: of each client
new_ports() {
	awk '{
		port = $2
		sub(/.*:/, "", port)
		sub(/:[0-9]+$/, ":" port + 30000, $2)
		print
	}' "$CONNS_FILE" >"$WORK/moved"
	mv "$WORK/moved" "$CONNS_FILE"
}

new_addresses() {
	awk '{
		port = $2
		sub(/.*:/, "", port)
		host = (port + 125) % 250 + 1
		if ($2 ~ /^\[/)
			sub(/:[0-9a-f]+\]/, sprintf(":%x]", 4096 + host), $2)
		else
			sub(/[0-9]+:/, host ":", $2)
		print
	}' "$CONNS_FILE" >"$WORK/moved"
	mv "$WORK/moved" "$CONNS_FILE"
}

# initials: lines with the connection ID that each client chose; no config has it
initials() {
	awk '{ split($1, part, "/"); printf "name=%s from=%s to=%s form=long dcid=c0%06x%08x\n", $1, $2, $3, NR, part[2] * 65537 }' "$CONNS_FILE"
}

# with_cids CONFIG WORD...: lines with connection IDs that name the server that holds the connection. In the order in which they began, rr
# might give all of them the same servers again.
with_cids() {
	awk -v config="$1" -v words="${*:2}" -v s1="${SIDS[1]}" -v s2="${SIDS[2]}" -v s3="${SIDS[3]}" '
		BEGIN { id["s1"] = s1; id["s2"] = s2; id["s3"] = s3 }
		NR == FNR { held[$1] = $2; next }
		{ printf "name=%s from=%s to=%s mint=%d:%s %s\n", $1, $2, $3, config, id[held[$1]], words }' "$HELD" "$CONNS_FILE" | shuf
}

# handshakes: an Initial of each connection through directors $FIRST to $LAST; who answers holds it
handshakes() {
	local n
	local -a before
	for ((n = FIRST; n <= LAST; n++)); do
		before[n]=$(got_by "$n")
	done
	initials | send -t 20000 -w 64 -
	awk '{ print $1, $2 }' <<<"$GOT" >"$HELD"
	: >"$DURING"
	same "connections that began" "$(grep -cE ' s[123]$' "$HELD")" "$(wc -l <"$CONNS_FILE")"
	for ((n = FIRST; n <= LAST; n++)); do
		[ $(($(got_by "$n") - before[n])) -ge $(($(wc -l <"$CONNS_FILE") / (LAST - FIRST + 1) / 8)) ] || fail "director $n was hardly used"
	done
}

# got_by DIRECTOR: packets
got_by() { at "$1" awk '$1 == "eth0:" { print $3 }' /proc/self/net/dev; }

# begin WEIGHT...: directors, a pool, and connections through them that have sent what it takes to be synchronised (net.ipv4.vs.sync_threshold)
begin() {
	configure "$@"
	new_clients
	handshakes
	CIDS=0
	{
		with_cids 0 form=long type=2
		with_cids 0 count=3
	} | send -t 20000 -w 64 "${CIPHERS[@]}" -
	same "datagrams of connections that went to another server" "$(other_server "" <<<"$GOT")" ""
	[[ $SCHEDULERS != *+sync* ]] || synchronised
	talk
}

# talk: from now on each connection sends again and again; silence ends it. Nothing else may use their sockets meanwhile.
talk() {
	with_cids "$CIDS" | traffic talk -t 1000 -w 400 "${CIPHERS[@]}" -
	poll 60 "a program" has_begun "${floods[-1]}"
}

silence() {
	quiet
	[ ! -e "$WORK/talk" ] || cat "$WORK/talk" >>"$DURING"
	rm -f "$WORK/talk"
}

# other_server HARMLESS: of lines NAME SERVER COUNT, those with another SERVER than the one that holds the connection and no HARMLESS word
other_server() { awk -v harmless="$1" 'NR == FNR { held[$1] = $2; next } $2 != held[$1] && index(" " harmless " ", " " $2 " ") == 0' "$HELD" -; }

# pass: waits until each connection has sent once more
pass() { poll 120 "a datagram of each connection" has_sent $(($(sent) + $(wc -l <"$CONNS_FILE"))); }

sent() { in_ns cl awk '$1 == "eth0:" { print $11 }' /proc/self/net/dev; }
has_sent() { [ "$(sent)" -ge "$1" ]; }

# has_synchronised DIRECTOR
has_synchronised() {
	[ "$(at "$1" ipvsadm -L -n -c | awk -v low=$((2000 + 150 * EVENTS)) -v count="$CONNECTIONS" '
		{ port = $4; sub(/.*:/, "", port) }
		port > low && port <= low + count && $5 ~ /:447$/ { n++ }
		END { print n + 0 }')" -ge "$CONNECTIONS" ]
}

# synchronised: waits until each director has all connections
synchronised() {
	local n
	for ((n = 1; n <= N; n++)); do
		poll 60 "connections at director $n" has_synchronised "$n"
	done
}

# sync_daemons start|stop: on the directors of the events that follow
sync_daemons() {
	local n
	for ((n = 1; n <= N; n++)); do
		if [ "$1" = start ]; then
			at "$n" ipvsadm --start-daemon master --mcast-interface eth0 --syncid 1
			at "$n" ipvsadm --start-daemon backup --mcast-interface eth0 --syncid 1
		else
			at "$n" ipvsadm --stop-daemon master
			at "$n" ipvsadm --stop-daemon backup
		fi
	done
}

# --- ICMP -----------------------------------------------------------------------------

# errors long|short: the words of an ICMP error for each connection, about a datagram of its server that has such a header
errors() {
	mint_cids
	awk -v kind="$1" -v c1="${CID[1]}" -v c2="${CID[2]}" -v c3="${CID[3]}" -v vip4="$VIP4" -v vip6="$VIP6" '
		BEGIN { cid["s1"] = c1; cid["s2"] = c2; cid["s3"] = c3 }
		NR == FNR { held[$1] = $2; next }
		{
			client = $2
			sub(/:[0-9]+$/, "", client)
			gsub(/[][]/, "", client)
			port = $2
			sub(/.*:/, "", port)
			vport = $3
			sub(/.*:/, "", vport)
			own = cid[held[$1]]
			data = kind == "short" ? "40112233445566778899" : sprintf("c0000000010801020304050607%02x%02x%s00441a00000000", NR % 256, length(own) / 2, own)
			if ($2 ~ /^\[/)
				printf "ip6 src=2001:db8:99::9 dst=%s icmp6 type=2 code=0 mtu=1400 ip6 src=%s dst=%s ttl=50", vip6, vip6, client
			else
				printf "ip4 src=203.0.113.9 dst=%s icmp type=3 code=4 mtu=1400 ip4 src=%s dst=%s df=1 ttl=50", vip4, vip4, client
			printf " udp sport=%d dport=%d claim=1000 data=%s\n", vport, port, data
		}' "$HELD" "$CONNS_FILE"
}

# has_watched N: the servers got so many datagrams since forget()
has_watched() { [ "$(grep -cvE ' icmp6? ' "$WORK/watched")" -ge "$1" ]; }

# errors_arrived: NAME SERVER of each that did
errors_arrived() {
	awk '
		function field(name, line,   at) {
			# the last one is that of the quoted datagram
			while (at = match(line, " " name "=[0-9]+")) {
				found = substr(line, RSTART + length(name) + 2, RLENGTH - length(name) - 2)
				line = substr(line, RSTART + RLENGTH)
			}
			return found
		}
		NR == FNR {
			port = $2
			sub(/.*:/, "", port)
			vport = $3
			sub(/.*:/, "", vport)
			of[vport " " port] = $1
			next
		}
		/ icmp6? / { print of[field("sport", $0) " " field("dport", $0)], $1 }' "$CONNS_FILE" "$WORK/watched"
}

# account_errors COUNT: a connection is lost if fewer than COUNT errors reached the server that holds it, or any reached another
account_errors() {
	awk -v count="$1" '
		NR == FNR { held[$1] = $2; next }
		{ if (held[$1] == $2) good[$1]++; else bad[$1] = $2 }
		END {
			for (name in held)
				print name, name in bad ? bad[name] : good[name] == count ? held[name] : "none", 1
		}' "$HELD" "$AFTER" >"$WORK/verdicts"
	mv "$WORK/verdicts" "$AFTER"
	account
}

# --- what became of them ------------------------------------------------------------

# settle_accounts: a connection is lost if a datagram of it reached another server than the one that holds it, at any time, or if none
# answers it once the event is over. A datagram that is lost on the way is sent again. Connections of server $DEAD are another row.
settle_accounts() {
	silence
	with_cids "$CIDS" | send -t 10000 -w 400 "${CIPHERS[@]}" -
	printf '%s\n' "$GOT" >"$AFTER"
	account
}

account() {
	{
		other_server "none refused error" <"$DURING"
		other_server "" <"$AFTER"
	} | awk -v dead="$DEAD" -v event="$EVENT" -v directors="$N" '
		NR == FNR {
			split($1, part, "/")
			row = part[1] " " ($2 == dead)
			if (!(row in count))
				order[++rows] = row
			count[row]++
			of[$1] = row
			next
		}
		!seen[$1]++ { lost[of[$1]]++ }
		END {
			for (i = 1; i <= rows; i++) {
				split(order[i], part, " ")
				printf "%s%s|%s|%d|%d|%d\n", event, part[2] == 1 ? "/dead-server" : "", part[1], directors, count[order[i]], lost[order[i]]
			}
		}' "$HELD" - >"$WORK/rows"
}
