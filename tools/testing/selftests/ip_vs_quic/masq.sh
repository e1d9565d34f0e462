#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Masquerading: the CID decides, also if the 4-tuple has an entry. No datagram removes another connection's entry or redirects its
# answers.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=packets.sh
. "$here/packets.sh"
# shellcheck source=errors.sh
. "$here/errors.sh"
# shellcheck source=masqlib.sh
. "$here/masqlib.sh"
need_module
lab_up

# family 4|6: sets the cases' variables
family() {
	case $1 in
	4) svc=$SVC4 rs=rs4 vip=$VIP4 client=$CL4.31 from=$CL4.31 ip=ip4 ;;
	6) svc=$SVC6 rs=rs6 vip=$VIP6 client=${CL6}:31 from="[${CL6}:31]" ip=ip6 ;;
	esac
}

masqueraded() {
	q -C
	service "$svc" "$rs" 0:3:4 | sed "s/ -i / -m /" | q -R
}

# IPVS's own path and entries; scheduler and hook make the CID decide.
by_cid() {
	local svc rs vip client from ip n
	family "$1"
	masqueraded
	mark "$svc"
	for n in 1 2 3; do
		echo "name=$n from=$from:320$n mint=0:$(sid 3 "$n") count=3"
	done | send -c 0:3:4 "to=$svc" -
	answers "1 s1 3" "2 s2 3" "3 s3 3"
	counted "$svc" deferred=9 sched-cid=3
	# another CID on the same 4-tuple overrides the entry
	for n in 2 3 1; do
		send -c 0:3:4 "to=$svc" "from=$from:3201" name=x "mint=0:$(sid 3 "$n")" count=2
		answers "x s$n 2"
	done
	counted "$svc" deferred=15 sched-cid=5
	same "datagrams by server" "$(q -L -j -u "$svc" | jq -c '[.services[0].servers[].config_counts[0].datagrams]')" "[5,5,5]"
	# a datagram without a CID goes to its 4-tuple's first server, or by the hash
	send "to=$svc" "from=$from:3201" name=x dcid=ff count=2
	answers "x s1 2"
	counted "$svc" deferred=15 sched-cid=5 unroutable-reserved=2 tuple=2
	send "to=$svc" "from=$from:3204" name=x form=long dcid=ff count=2
	same "answers" "${GOT/s[123]/SERVER}" "x SERVER 2"
	counted "$svc" deferred=15 sched-cid=5 unroutable-reserved=4 tuple=3 sched-fallback=1
}

# from_server N PORT: real server N sends a datagram to the client's PORT; sets $HEARD to what arrives there
from_server() {
	local data len=$((20 + $1))
	printf -v data '%0*d' $((2 * len)) 0
	raw "s$1" "$ip" "src=$("$rs" "$1")" "dst=$client" udp sport=443 "dport=$2" "data=$data"
	poll 10 "server $1's datagram to port $2" heard " dport=$2 len=$((8 + len))\$"
}

heard() {
	HEARD=$(grep -E "$1" "$WORK/heard" | tail -n 1)
	[ -n "$HEARD" ]
}

# translated N PORT: what server N sends to the client's PORT arrives with the VIP as source
translated() {
	: >"$WORK/heard"
	from_server "$1" "$2"
	[[ $HEARD == *" src=$vip "*" sport=443 "* ]] || fail "server $1's datagram arrives as: $HEARD"
}

# has_counted SERVICE OUTCOME=N...: since mark() these were counted; errors of the client's kernel may add others
has_counted() {
	local outcome
	stats "$1"
	for outcome in "${@:2}"; do
		same "$outcome" "$((STATS[${outcome%=*}] - MARK[${outcome%=*}]))" "${outcome#*=}"
	done
}

# entries PORT: how many there are of the client's port
entries() { awk -v port="$(printf %04X "$1")" '$3 == port { n++ } END { print n + 0 }' /proc/net/ip_vs_conn; }

# forge N PORT: sends a datagram with a CID of server N and the client's PORT as forged source; waits until a server has it
forge() {
	forget
	raw rt "$ip" "src=$client" "dst=$vip" udp "sport=$2" dport=443 "data=40${CID[$1]}5a5a5a5a5a"
	arrived 1 "sport=$2 dport=443"
	same "where it went" "$SERVERS" "s$1"
}

# The table of 7.x is rebuilt when it fills, which changes the order of entries.
fill_table() {
	local port
	for ((port = 20000; port < 20300; port++)); do
		echo "name=x from=$from:$port dcid=ff"
	done | send "to=$svc" -
	all_answered 300
}

nothing_taken() {
	local svc rs vip client from ip port=$((3300 + $1))
	family "$1"
	masqueraded
	send -c 0:3:4 "to=$svc" "from=$from:$port" name=x "mint=0:$(sid 3 1)"
	answers "x s1 1"
	mark "$svc"
	forge 2 "$port"
	same "entries of the 4-tuple" "$(entries "$port")" 2
	translated 1 "$port"
	translated 2 "$port"
	for _ in 1 2 3 4 5; do
		forge 2 "$port"
	done
	forge 3 "$port"
	same "entries of the 4-tuple" "$(entries "$port")" 3
	has_counted "$svc" deferred=7 sched-cid=2 sched-none=0
	# datagrams without a CID, and errors, go to the same server as before
	for _ in before after; do
		send "to=$svc" "from=$from:$port" name=x dcid=ff
		answers "x s1 1"
		forget
		if [ "$1" = 4 ]; then
			raw rt - <<<"$(error4 3 1 0) $(quote4 "$client" "$port") data=40112233445566778899"
		else
			raw rt - <<<"$(error6 1 1 0) $(quote6 "$client" "$port") data=40112233445566778899"
		fi
		arrived 1 "code=1 .* dport=$port"
		same "server of the error" "$SERVERS" s1
		translated 1 "$port"
		translated 2 "$port"
		translated 3 "$port"
		fill_table
	done
}

# Two connections of one socket, in turn.
two_connections() {
	local svc rs vip client from ip n
	family "$1"
	masqueraded
	for n in 1 2 2 1 3 1 2 3; do
		echo "name=$n mint=0:$(sid 3 "$n")"
	done | send -w 1 -c 0:3:4 "to=$svc" "from=$from:3310" -
	answers "1 s1 3" "2 s2 3" "3 s3 2"
}

# Second entries have the same limit as others. Without one the datagram is dropped: its answer would disclose the server.
bounded() {
	local svc rs vip client from ip before port=$((3320 + $1))
	family "$1"
	masqueraded
	send -c 0:3:4 "to=$svc" "from=$from:$port" name=x "mint=0:$(sid 3 1)"
	answers "x s1 1"
	before=$(entries "$port")
	q set -u "$svc" --tuple-max 0
	mark "$svc"
	send -t 1000 -c 0:3:4 "to=$svc" "from=$from:$port" name=x "mint=0:$(sid 3 2)"
	answers "x none 1"
	counted "$svc" deferred=1 sched-none=1
	same "entries of the 4-tuple" "$(entries "$port")" "$before"
	translated 1 "$port"
	send -c 0:3:4 "to=$svc" "from=$from:$port" name=x "mint=0:$(sid 3 1)"
	answers "x s1 1"
}

# A server behind a tunnel has an entry of the module; the entry of a masqueraded server does not replace it.
mixed() {
	local svc rs vip client from ip first n
	family "$1"
	q -C
	for n in 1 2; do
		direct del "$n"
		defer "direct add $n"
	done
	service "$svc" "$rs" 0:3:4 | sed "/-r $("$rs" 3) /s/ -i / -m /" | q -R
	ipvsadm -e -u "$svc" -r "$(end "$1" 3)" -m -w 0
	send "to=$svc" "from=$from:3330" name=x form=long dcid=ff
	first=$GOT
	mark "$svc"
	forge 3 3330
	translated 3 3330
	send "to=$svc" "from=$from:3330" name=x form=long dcid=ff
	same "the server" "$GOT" "$first"
	has_counted "$svc" deferred=1 sched-cid=1 unroutable-reserved=1 tuple=1 fallback=0
}

end() { if [ "$1" = 4 ]; then rs4 "$2"; else printf '[%s]:443' "$(rs6 "$2")"; fi; }

# With persistence the template decides, not the CID.
persistent() {
	local svc rs vip client from ip first other line port=$((3340 + $1))
	family "$1"
	q -C
	ipvsadm -A -u "$svc" -s quic -p 300
	service "$svc" "$rs" 0:3:4 | sed "s/ -i / -m /" | grep -v ^-A | while read -r line; do
		eval "q $line"
	done
	send "to=$svc" "from=$from:$port" name=x form=long dcid=ff
	first=${GOT:3:1}
	other=$((first % 3 + 1))
	send -c 0:3:4 "to=$svc" "from=$from:$port" name=x "mint=0:$(sid 3 "$other")"
	answers "x s$first 1"
	same "entries of the 4-tuple" "$(entries "$port")" 1
	translated "$first" "$port"
}

defer masq_down
masq_up "$SVC4" "$SVC6"
watch
: >"$WORK/heard"
pids+=("$("$RAWGEN" watch "$WORK/heard" "cl=$LAB-cl")")
mint_cids
for f in 4 6; do
	tcase "IPv$f: each CID beats the entry" by_cid $f
	tcase "IPv$f: a forged datagram takes nothing from a connection" nothing_taken $f
	tcase "IPv$f: connections to several servers by one socket" two_connections $f
	tcase "IPv$f: no more entries than the service allows" bounded $f
	tcase "IPv$f: a connection through a tunnel keeps its entry as well" mixed $f
	tcase "IPv$f: the template of a persistent service decides" persistent $f
done
ipvsadm -C
finish
