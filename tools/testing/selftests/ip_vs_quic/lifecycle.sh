#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Services, servers, configs, namespaces and the module itself come and go while datagrams arrive.  At the end of a case the
# module is unloaded: it warns of every object that it has not freed.
#
# Some cases have a second director, x, beside lb: 10.0.0.2, with the same VIPs.  It gets the datagrams of the upper half of
# the client's addresses: $CL4.128 to .255, and $CL6:1:0/112.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need_module
lab_up
serve

OTHER_KEY=00112233445566778899aabbccddeeff

# unroutable_too N: how N unroutable short headers are counted beside their own outcome
unroutable_too() { printf 'fallback=%d' "$1"; }

# --- the second director -------------------------------------------------

x_routes() {
	ip -n "$LAB-rt" rule "$1" from "$CL4.128/25" to "$VIP4" lookup 100
	ip -n "$LAB-rt" -6 rule "$1" from "${CL6}:1:0/112" to "$VIP6" lookup 100
}

x_up() {
	ip netns add "$LAB-x"
	in_ns x sh -c '
		for c in all default; do
			echo 0 >/proc/sys/net/ipv4/conf/$c/rp_filter
			echo 0 >/proc/sys/net/ipv6/conf/$c/accept_dad
		done'
	# always the same address: the others may have it in their ARP tables
	ip -n "$LAB-rt" link add x type veth peer name eth0 address 02:00:00:00:00:02 netns "$LAB-x"
	ip -n "$LAB-x" -b - <<-END
		link set lo up
		link set eth0 up
		addr add 10.0.0.2/24 dev eth0
		addr add fd00:10::2/64 dev eth0
		addr add $VIP4/32 dev lo
		addr add $VIP6/128 dev lo
		route add default via 10.0.0.254
		route add default via fd00:10::fe
	END
	ip -n "$LAB-rt" -b - <<-END
		link set x master br0 up
		route replace $VIP4 via 10.0.0.2 table 100
		route replace $VIP6 via fd00:10::2 table 100
	END
}

# The kernel dismantles a namespace asynchronously, its devices late.
x_is_gone() { ! ip -n "$LAB-rt" link show x; }

x_down() {
	ip netns del "$LAB-x"
	poll 120 "the end of the namespace" x_is_gone
}

xq() { in_ns x quiclbadm "$@"; }

# --- traffic -----------------------------------------------------------------

# got NAME: sets $GOT to what the traffic of that name got, and $TOTAL to how many datagrams it was
got() {
	local count
	GOT=$(<"$WORK/$1")
	TOTAL=0
	while read -r _ _ count; do
		TOTAL=$((TOTAL + count))
	done <<<"$GOT"
	[ "$TOTAL" -gt 20 ] || fail "hardly any traffic: $GOT"
}

# cid N: sets $CID to the words of datagrams with a CID for server N, by config 1
cid() { CID=(-c "1:8:8:$KEY" "to=$SVC4" "mint=1:$(sid 8 "$1")" name=x); }

# routes_some [NAMESPACE [SERVICE]]: has routed datagrams
routes_some() {
	in_ns "${1:-lb}" quiclbadm -L -n --stats --all |
		awk -v svc="${2:-$SVC4}" '$1 == "UDP" { on = $2 == svc } on && $1 == "routed" { n = $2 } END { exit !n }'
}

arrives() { poll 10 "datagrams to arrive" routes_some "$@"; }

# counts_more OUTCOME N
counts_more() {
	stats "$SVC4"
	[ "${STATS[$1]}" -gt "$2" ]
}

# --- the module -----------------------------------------------------------------

is_loaded() { [ -d /sys/module/ip_vs_quic ]; }

unload() {
	rmmod ip_vs_quic
	! is_loaded || fail "the module is still there"
	unwarned
}

# Deletes all that a case has made, and unloads the module.
leaves_nothing() {
	ipvsadm -C
	unload
	modprobe ip_vs_quic
}

in_use() {
	fresh "$SVC4" rs4 "1:8:8:$KEY"
	refused 1 "rmmod: ERROR: Module ip_vs_quic is in use" rmmod ip_vs_quic
	cid 2
	send "${CID[@]}" "from=$CL4.2:2000"
	answers "x s2 1"
	ipvsadm -C
	# a service in another namespace counts, too
	in_ns s1 ipvsadm -A -u "$SVC4" -s quic
	refused 1 "rmmod: ERROR: Module ip_vs_quic is in use" rmmod ip_vs_quic
	in_ns s1 ipvsadm -C
	leaves_nothing
}

# autoload COMMAND: makes a service, and so loads the module, which is then whole
autoload() {
	unload
	"$1" -A -u "$SVC4" -s quic
	is_loaded || fail "the module was not loaded"
	same "scheduler" "$(ipvsadm -Ln | awk '$1 == "UDP" { print $2, $3 }')" "$SVC4 quic"
	q config add -u "$SVC4" --id 0 --server-id-len 3 --nonce-len 4
	leaves_nothing
}

# A request for the netlink family loads the module, too.
autoload_family() {
	unload
	ipvsadm -A -u "$SVC4" -s rr
	refused 1 "Error: config 0 of $SVC4: No UDP service with scheduler quic at this address." \
		quiclbadm config add -u "$SVC4" --id 0 --server-id-len 3 --nonce-len 4
	is_loaded || fail "the module was not loaded"
	leaves_nothing
}

# Objects may still wait for their grace period when the module is unloaded.
reloads() {
	service "$SVC4" rs4 0:3:4 "1:8:8:$KEY" "4:9:5:$KEY" >"$WORK/state"
	cid 3
	traffic three -t 100 "${CID[@]}" "from=$CL4.3:3000"
	traffic new -t 100 "to=$SVC4" "from=$CL4.4:3000" form=long dcid=ff count=100 walk=port
	for _ in {1..3}; do
		q -R <"$WORK/state"
		arrives
		q config replace -u "$SVC4" --id 4 --server-id-len 9 --nonce-len 8
		q config del -u "$SVC4" --id 0
		leaves_nothing
	done
	# not even by IPVS's own path without the module
	unload
	modprobe ip_vs_quic
	quiet
}

# --- services under traffic ----------------------------------------------------

# Enough services to need a new table: a slot is used only once.
clears() {
	{
		service "$SVC4" rs4 0:3:4 "1:8:8:$KEY"
		printf -- "-A -u $VIP4:%d -s quic\n" 1001 1002
	} >"$WORK/state"
	cid 2
	traffic two -t 100 "${CID[@]}" "from=$CL4.5:5000" count=100 walk=port
	traffic new -t 100 "to=$SVC4" "from=$CL4.6:5000" form=long dcid=ff count=100 walk=port
	for _ in {1..4}; do
		q -R <"$WORK/state"
		arrives
		ipvsadm -C
	done
	quiet
	leaves_nothing
}

# Datagrams that arrive while the server is absent are answered by another one, and counted as such.
removed_and_added() {
	local missed
	fresh "$SVC4" rs4 "1:8:8:$KEY"
	cid 2
	traffic two "${CID[@]}" "from=$CL4.7:7000"
	arrives
	for _ in {1..4}; do
		stats "$SVC4"
		missed=${STATS[unroutable-server]}
		ipvsadm -d -u "$SVC4" -r "$(rs4 2)"
		poll 10 "datagrams to miss their server" counts_more unroutable-server "$missed"
		ipvsadm -a -u "$SVC4" -r "$(rs4 2)" -i
	done
	quiet
	got two
	all_answered "$TOTAL"
	stats "$SVC4"
	missed=${STATS[unroutable-server]}
	counted "$SVC4" "routed=$((TOTAL - missed))" "unroutable-server=$missed" "$(unroutable_too "$missed")"
	send "${CID[@]}" "from=$CL4.7:7000" count=5
	answers "x s2 5"
	leaves_nothing
}

# A service with another scheduler has no data of the module; with scheduler quic again it begins without any.
other_scheduler() {
	fresh "$SVC4" rs4 "1:8:8:$KEY"
	cid 2
	traffic two -t 3000 "${CID[@]}" "from=$CL4.8:8000" count=100 walk=port
	for _ in 1 2; do
		arrives
		ipvsadm -E -u "$SVC4" -s rr
		refused 1 "Error: config 0 of $SVC4: No UDP service with scheduler quic at this address." \
			quiclbadm config add -u "$SVC4" --id 0 --server-id-len 3 --nonce-len 4
		ipvsadm -E -u "$SVC4" -s quic
		same "what came back" "$(q -S)" "$(printf '%s\n' "-A -u $SVC4 -s quic" "-a -u $SVC4 -r $(rs4 1):443 -i -w 1" \
			"-a -u $SVC4 -r $(rs4 2):443 -i -w 1" "-a -u $SVC4 -r $(rs4 3):443 -i -w 1")"
		service "$SVC4" rs4 "1:8:8:$KEY" | q -R
	done
	quiet
	ipvsadm -E -u "$SVC4" -s rr
	send "${CID[@]}" "from=$CL4.9:8000" walk=port count=9
	answers "x s1 3" "x s2 3" "x s3 3"
	ipvsadm -E -u "$SVC4" -s quic
	send "${CID[@]}" "from=$CL4.9:8900" count=4
	all_answered 4
	counted "$SVC4" unroutable-config=4 "$(unroutable_too 4)"
	service "$SVC4" rs4 "1:8:8:$KEY" | q -R
	mark "$SVC4"
	send "${CID[@]}" "from=$CL4.9:8900" count=4
	answers "x s2 4"
	counted "$SVC4" routed=4
	leaves_nothing
}

# edit OPTION...: of server 2, whose datagrams reach it the new way from then on
edit() {
	ipvsadm -e -u "$SVC4" -r "$(rs4 2)" "$@"
	send "${CID[@]}" "from=$CL4.10:2000" count=5
	answers "x s2 5"
	ROUTED=$((ROUTED + 5))
}

# Datagrams that are under way during an edit may use IPVS's old route with the new method: they reach the host with the VIP.
edited() {
	fresh "$SVC4" rs4 "1:8:8:$KEY"
	cid 2
	ROUTED=0
	traffic two "${CID[@]}" "from=$CL4.10:1000"
	arrives
	for _ in 1 2; do
		edit -g -w 1
		edit -g -w 0
		edit -i -w 0
		edit -i -w 7
	done
	quiet
	got two
	all_answered "$TOTAL"
	counted "$SVC4" "routed=$((TOTAL + ROUTED))"
	leaves_nothing
}

# Connections that were made for masquerading do not override CIDs afterwards.
masqueraded() {
	fresh "$SVC4" rs4 "1:8:8:$KEY"
	cid 2
	traffic two -t 100 "${CID[@]}" "from=$CL4.11:1000" count=20 walk=port
	for _ in 1 2 3; do
		stats "$SVC4"
		ipvsadm -e -u "$SVC4" -r "$(rs4 2)" -m
		poll 10 "deferred datagrams" counts_more deferred "${STATS[deferred]}"
		ipvsadm -e -u "$SVC4" -r "$(rs4 2)" -i
	done
	quiet
	mark "$SVC4"
	send "${CID[@]}" "from=$CL4.11:1000" count=20 walk=port
	answers "x s2 20"
	counted "$SVC4" routed=20
	leaves_nothing
}

# Config 1 changes its key and back, another config comes and goes.
change_configs() {
	q config replace -u "$SVC4" --id 1 --server-id-len 8 --nonce-len 8 --key-file "$WORK/other-key"
	q config add -u "$SVC4" --id 5 --server-id-len 3 --nonce-len 4
	q server-id add -u "$SVC4" -r "$(rs4 1)" --server-id 5:aaaaaa
	q config del -u "$SVC4" --id 5
	q config replace -u "$SVC4" --id 1 --server-id-len 8 --nonce-len 8 --key-file "$WORK/key"
}

churned_enough() {
	stats "$SVC4"
	[ "${STATS[routed]}" -gt 0 ] && [ "${STATS[unroutable-server]}" -gt 0 ] && [ "${STATS[unroutable-server-id]}" -gt 0 ]
}

# With every configuration each datagram is answered and counted once. Datagrams whose server and config do not change are not
# affected.
churned() {
	local configs deadline name outcome rounds=0 all=0 sum=0
	fresh "$SVC4" rs4 "1:8:8:$KEY" 0:3:4
	# otherwise IPVS drops datagrams of a connection whose server has been deleted
	echo 1 >/proc/sys/net/ipv4/vs/expire_nodest_conn
	traffic one -c 0:3:4 "to=$SVC4" "mint=0:$(sid 3 1)" name=x "from=$CL4.12:1000"
	cid 2
	traffic two "${CID[@]}" "from=$CL4.13:1000"
	cid 3
	traffic three "${CID[@]}" "from=$CL4.14:1000"
	: >"$WORK/going"
	while [ -e "$WORK/going" ]; do
		change_configs
	done &
	configs=$!
	deadline=$((SECONDS + 60))
	until [ "$rounds" -ge 6 ] && churned_enough; do
		ipvsadm -d -u "$SVC4" -r "$(rs4 2)"
		ipvsadm -d -u "$SVC4" -r "$(rs4 3)"
		ipvsadm -a -u "$SVC4" -r "$(rs4 2)" -i
		ipvsadm -a -u "$SVC4" -r "$(rs4 3)" -g -w 2
		rounds=$((rounds + 1))
		[ "$SECONDS" -lt "$deadline" ] || break
	done
	rm "$WORK/going"
	await "$configs"
	quiet
	got one
	answers "x s1 $TOTAL"
	sum=$TOTAL
	for name in two three; do
		got "$name"
		all_answered "$TOTAL"
		sum=$((sum + TOTAL))
	done
	churned_enough || fail "not all kinds of datagrams: $(declare -p STATS)"
	for outcome in routed unroutable-server unroutable-server-id; do
		all=$((all + STATS[$outcome]))
	done
	same "datagrams counted" "$all" "$sum"
	send "${CID[@]}" "from=$CL4.14:1000" count=5
	answers "x s3 5"
	leaves_nothing
}

# --- namespaces -------------------------------------------------------------------

x_conns() {
	in_ns x tail -n +2 /proc/net/ip_vs_conn
	xq -L -c | tail -n +3
}

# In a new namespace IPVS's tables and the module's of 4-tuples are empty, and stay so.
no_conns() {
	x_up
	service "$SVC4" rs4 "1:8:8:$KEY" 0:3:4 | xq -R
	for n in 1 2 3; do
		echo "mint=1:$(sid 8 "$n") from=$CL4.130:2000 walk=port count=200"
		echo "mint=0:$(sid 3 "$n") from=$CL4.131:2000 walk=port count=200 form=long"
	done | send -c "1:8:8:$KEY" -c 0:3:4 "to=$SVC4" -
	all_answered 1200
	routes_some x
	same "connection entries" "$(x_conns)" ""
	same "ActiveConn and InActConn" "$(in_ns x ipvsadm -Ln | awk '/->.*Tunnel/ { print $5, $6 }')" $'0 0\n0 0\n0 0'
	same "connections counted" "$(in_ns x ipvsadm -Ln --stats --exact | awk -v svc="$SVC4" '$2 == svc { print $3 }')" 0
	# the test would have seen entries
	send "to=$SVC4" "from=$CL4.132:2000" form=long dcid=ff
	same "number of connection entries" "$(x_conns | wc -l)" 1
	x_down
	leaves_nothing
}

# sends_to_both KEY: the same CID, four times, to either director
sends_to_both() {
	send -c "1:8:8:$1" "to=$SVC4" - <<-END
		name=lb from=$CL4.20:2000 mint=1:$(sid 8 1) count=4
		name=x from=$CL4.220:2000 mint=1:$(sid 8 1) count=4
	END
}

# outcomes_of_x OUTCOME...: their counts
outcomes_of_x() { xq -L -n --stats -j | jq -r '[.services[0].outcomes[$ARGS.positional[]]] | join(" ")' --args "$@"; }

# Two directors with one VIP share nothing: neither keys nor server IDs nor counters.
two_namespaces() {
	x_up
	fresh "$SVC4" rs4 "1:8:8:$KEY"
	{
		echo "-A -u $SVC4 -s quic"
		echo "config add -u $SVC4 --id 1 --server-id-len 8 --nonce-len 8 --key-file $WORK/other-key"
		echo "-a -u $SVC4 -r $(rs4 3) -i -w 1 --server-id 1:$(sid 8 1)"
	} | xq -R
	sends_to_both "$KEY"
	same "answers to lb's CID" "${GOT/x s[123]/x SOME}" $'lb s1 4\nx SOME 4'
	counted "$SVC4" routed=4
	same "routed and unroutable of x" "$(outcomes_of_x routed unroutable-server-id)" "0 4"
	sends_to_both "$OTHER_KEY"
	same "answers to x's CID" "${GOT/lb s[123]/lb SOME}" $'lb SOME 4\nx s3 4'
	counted "$SVC4" routed=4 unroutable-server-id=4 "$(unroutable_too 4)"
	same "routed and unroutable of x" "$(outcomes_of_x routed unroutable-server-id)" "4 4"
	# the end of one namespace does not affect the other
	x_down
	sends_to_both "$KEY"
	same "answers of lb" "$(grep ^lb <<<"$GOT")" "lb s1 4"
	leaves_nothing
}

# traffic_for_x: routable and not, of both families
traffic_for_x() {
	cid 2
	traffic four -t 100 "${CID[@]}" "from=$CL4.140:1000" count=50 walk=port
	traffic mix -t 100 -c "1:8:8:$KEY" - <<-END
		to=$SVC4 from=$CL4.141:1000 form=long dcid=ff count=50 walk=port
		to=$SVC6 from=[${CL6}:1:1]:1000 form=long dcid=ff count=50 walk=port
		to=$SVC6 from=[${CL6}:1:2]:1000 mint=1:$(sid 8 1) count=50 walk=port
	END
}

x_dies() {
	x_up
	{
		service "$SVC4" rs4 0:3:4 "1:8:8:$KEY"
		service "$SVC6" rs6 "1:8:8:$KEY"
	} | xq -R
	arrives x
	arrives x "$SVC6"
	ip netns del "$LAB-x"
}

deleted_namespace() {
	fresh "$SVC4" rs4 "1:8:8:$KEY"
	traffic_for_x
	for _ in 1 2 3; do
		x_dies
		poll 120 "the end of the namespace" x_is_gone
	done
	quiet
	cid 2
	send "${CID[@]}" "from=$CL4.40:1000" count=5
	answers "x s2 5"
	counted "$SVC4" routed=5
	leaves_nothing
}

# The module can be unloaded as soon as the services of a namespace that exits have released it.
unloaded_behind_namespace() {
	ipvsadm -C
	traffic_for_x
	for _ in 1 2; do
		x_dies
		poll 120 "the module to be let go" rmmod ip_vs_quic
		unwarned
		poll 120 "the end of the namespace" x_is_gone
		modprobe ip_vs_quic
	done
	quiet
}

# Restores the lab for other scripts, also after a case has failed.
restore_lab() {
	ipvsadm -C
	! ip netns list | grep -qw "$LAB-x" || x_down
	x_routes del
	modprobe ip_vs_quic
}

echo "$OTHER_KEY" >"$WORK/other-key"
chmod 600 "$WORK/other-key"
x_routes add
tcase "rmmod is refused while a service uses the scheduler, in any namespace" in_use
tcase "ipvsadm -s quic loads the module" autoload ipvsadm
tcase "quiclbadm -A loads the module" autoload quiclbadm
tcase "asking for its netlink family loads the module" autoload_family
tcase "the module is reloaded again and again, datagrams arriving" reloads
tcase "ipvsadm -C again and again, datagrams arriving" clears
tcase "a server removed and re-added keeps its server IDs, datagrams arriving" removed_and_added
tcase "another scheduler and back: configs and server IDs are gone" other_scheduler
tcase "weight and method of a server are edited: no datagram is lost" edited
tcase "tunnel, masquerading and back: CIDs beat what is left of it" masqueraded
tcase "servers and configs change at once, datagrams on all CPUs" churned
tcase "routed datagrams leave no connections" no_conns
tcase "two namespaces with one VIP are independent" two_namespaces
tcase "namespaces are deleted with live services, datagrams arriving" deleted_namespace
tcase "the module is unloaded right behind a deleted namespace" unloaded_behind_namespace
tcase "and everything is gone" restore_lab
finish
