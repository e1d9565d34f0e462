#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Faults of a director: trace names the reason, doctor the fault, and the command that the doctor prints repairs it.
# Documentation/troubleshooting.rst describes each.
# shellcheck source=faultlib.sh
. "$(dirname "$0")/faultlib.sh"
# shellcheck source=links.sh
. "$here/links.sh"
need_module
own_lab_up
serve "$SVC4" "$SVC6"
HERE=(-u "$SVC4")
OTHER_KEY=00112233445566778899aabbccddeeff

again() { fresh "$SVC4" rs4 0:3:4; }

no_vip() {
	CLIENT=30
	ip addr del "$VIP4/32" dev lo
	defer "ip addr replace $VIP4/32 dev lo"
	lost
	diagnosed vip "${HERE[@]}"
	mend
	found
	healthy "${HERE[@]}"
}

no_route() {
	CLIENT=31
	ip route add unreachable "$(rs4 2)/32"
	defer "ip route del unreachable $(rs4 2)/32 2>/dev/null || :"
	lost
	diagnosed route "${HERE[@]}"
	same "the printed command" "$FIX" "ip route del unreachable $(rs4 2)/32"
	mend
	found
	healthy "${HERE[@]}"
}

no_gateway() {
	ipvsadm -a -u "$SVC4" -r 203.0.113.9 -i -w 0
	defer "ipvsadm -d -u $SVC4 -r 203.0.113.9"
	ip route del default
	defer "ip route replace default via 10.0.0.254; ip route del 203.0.113.9/32 2>/dev/null || :"
	diagnosed route "${HERE[@]}"
	mend GATEWAY 10.0.0.254
	healthy "${HERE[@]}"
}

# The route to clients uses another device, which is correct on a director: the servers answer clients directly.
asymmetric() {
	CLIENT=32
	ip link add ivqd type dummy 2>/dev/null || skip "the kernel has no dummy"
	defer "ip link del ivqd; echo 0 >/proc/sys/net/ipv4/conf/eth0/rp_filter"
	ip link set ivqd up
	ip route add "$CL4.0/24" dev ivqd
	echo 1 >/proc/sys/net/ipv4/conf/eth0/rp_filter
	mark_trace
	lost
	traces '.reason == "IP_RPFILTER" and .device == "eth0" and .vip.address == "'"$VIP4"'"'
	# without datagrams that are dropped meanwhile, they may come by another device
	advised --client "$CL4.32" rp_filter
	if [ -n "$CAN_TRACE" ]; then
		flood -t 50 -c 0:3:4 "to=$SVC4" "from=$CL4.32:3200" name=x "mint=0:$(sid 3 2)"
		traces '.reason == "IP_RPFILTER" and .client.port == 3200'
		diagnosed rp_filter "${HERE[@]}" --client "$CL4.32"
		flooded || :
	fi
	mend
	found
	healthy "${HERE[@]}" --client "$CL4.32"
}

firewall() {
	CLIENT=$1
	local device=$2
	command -v nft >/dev/null || skip "nft is not installed"
	nft "$3"
	defer "nft delete table inet ivq"
	mark_trace
	lost
	traces '.reason == "NETFILTER_DROP" and (.device // "") == "'"$device"'"'
	if [ -z "$CAN_TRACE" ]; then
		cannot_tell "${HERE[@]}"
		return
	fi
	diagnosed firewall "${HERE[@]}"
	mend
	found
	healthy "${HERE[@]}"
}

small_mtu() {
	CLIENT=35
	ip link set eth0 mtu 1240
	defer "ip link set eth0 mtu 1500; ip addr replace fd00:10::1/64 dev eth0 nodad; ip route replace default via fd00:10::fe"
	lost size=1200
	diagnosed mtu "${HERE[@]}"
	mend
	ip route flush cache
	found size=1200
	healthy "${HERE[@]}"
}

# seconds COMMAND...: runs the doctor while a flood of CIDs of CONFIG arrives
flooded_with() { # CONFIG WORD...
	flood -c "$1" "to=$SVC4" "from=$CL4.36:3600" name=x "${@:2}"
	poll 60 "150 datagrams" counts_at_least 150
}

counts_at_least() {
	local outcome sum=0
	stats "$SVC4"
	for outcome in "${!STATS[@]}"; do
		[[ $outcome != unroutable-* && $outcome != routed ]] || sum=$((sum + STATS[$outcome]))
	done
	[ "$sum" -ge "$1" ]
}

# A metric of a route, and not what the kernel has learned.
configured_mtu() {
	defer "again; ip -6 route del $(rs6 2)/128 dev eth0"
	service "$SVC6" rs6 0:3:4 | q -R
	ip -6 route add "$(rs6 2)/128" dev eth0 mtu 1280
	diagnosed mtu -u "$SVC6"
	mend
	send -t 5000 -c 0:3:4 "to=$SVC6" "from=[${CL6}:48]:4800" name=x "mint=0:$(sid 3 2)" size=1200
	answers "x s2 1"
	healthy -u "$SVC6"
}

# What a backup leaves to the host is no fault of a standby; it is said.
backup() {
	CLIENT=47
	ipvsadm --start-daemon backup --mcast-interface eth0
	defer "ipvsadm --stop-daemon backup; echo 0 >/proc/sys/net/ipv4/vs/backup_only"
	echo 1 >/proc/sys/net/ipv4/vs/backup_only
	lost
	cannot_tell "${HERE[@]}"
	[ -z "$CAN_TRACE" ] ||
		jq -e 'any(.[]; .check == "path" and (.evidence | contains("backup_only is 1")))' "$WORK/report" >/dev/null || fail "$(cat "$WORK/report")"
}

# As keepalived does; the method is that of the others.
taken_out() {
	local n
	defer again
	for n in 1 2 3; do
		ipvsadm -e -u "$SVC4" -r "$(rs4 "$n")" -i --tun-type gue --tun-port 6080
	done
	q -d -u "$SVC4" -r "$(rs4 2)" --keep-server-ids
	advised absent
	same "the printed command" "$FIX" "quiclbadm -a -u $SVC4 -r $(rs4 2):443 -i --tun-type gue --tun-port 6080 -w 1"
}

wrong_key() {
	defer again
	fresh "$SVC4" rs4 "0:3:4:$KEY"
	printf '%s\n' "$OTHER_KEY" >"$WORK/other"
	chmod 600 "$WORK/other"
	flooded_with "0:3:4:$OTHER_KEY" "mint=0:$(sid 3 2)"
	diagnosed config "${HERE[@]}"
	jq -e '.[] | select(.verdict == "fault").evidence | contains("its key or its lengths are not the servers'"'"'")' "$WORK/report" >/dev/null
	mend PATH "$WORK/other"
	poll 20 "routed datagrams" routes
	flooded
	healthy "${HERE[@]}"
}

routes() {
	stats "$SVC4"
	[ "${STATS[routed]}" -gt 0 ]
}

no_config() {
	defer again
	again
	flood -c 3:4:5 "to=$SVC4" "from=$CL4.37:3700" name=x "mint=3:$(sid 4 2)"
	poll 60 "400 datagrams" counts_at_least 400
	diagnosed config "${HERE[@]}"
	mend "--id ID" "--id 3" "--server-id-len OCTETS" "--server-id-len 4" "--nonce-len OCTETS" "--nonce-len 5"
	# then the doctor asks for the server IDs of each real server
	for n in 1 2 3; do
		q server-id add -u "$SVC4" -r "$(rs4 "$n")" --server-id "3:$(sid 4 "$n")"
	done
	# datagrams from before the config are not counted any more
	healthy "${HERE[@]}" --seconds 1
	flooded
}

# faults_have TEXT...: of the doctor's faults, one has each text
faults_have() {
	local text
	for text in "$@"; do
		jq -e --arg text "$text" 'any(.[] | select(.verdict == "fault"); .evidence | contains($text))' "$WORK/report" >/dev/null ||
			fail "no fault says \"$text\": $(jq -c '.[] | select(.verdict == "fault")' "$WORK/report")"
	done
}

# Servers that lost their config make CIDs with 0b111.  A wrong key beside them is found nevertheless.
lost_config() {
	defer again
	again
	flood "to=$SVC4" "from=$CL4.37:3701" name=x dcid=f1f2f3f4f5f6f7f8
	poll 60 "400 datagrams" counts_at_least 400
	flooded
	diagnosed config "${HERE[@]}"
	faults_have "datagrams with a short header have config ID 0b111"
	fresh "$SVC4" rs4 "0:3:4:$KEY"
	flood -c "0:3:4:$OTHER_KEY" "to=$SVC4" "from=$CL4.37:3702" name=x - <<-END
		mint=0:$(sid 3 2)
		dcid=f1f2f3f4f5f6f7f8
		dcid=f1f2f3f4f5f6f7f8
	END
	poll 60 "600 datagrams" counts_at_least 600
	flooded
	diagnosed config "${HERE[@]}"
	faults_have "datagrams with a short header have config ID 0b111" "its key or its lengths are not the servers'"
	# what was counted before does not count
	healthy "${HERE[@]}" --seconds 1
}

no_server_id() {
	CLIENT=38
	defer again
	q server-id del -u "$SVC4" -r "$(rs4 2)"
	diagnosed server-id "${HERE[@]}"
	mend HEX "$(sid 3 2)"
	found
	healthy "${HERE[@]}"
}

not_in_pool() {
	CLIENT=39
	defer again
	q -d -u "$SVC4" -r "$(rs4 2)" --keep-server-ids
	one
	diagnosed absent "${HERE[@]}"
	mend
	found
	# the counter still has the old datagrams, but the pool is complete
	healthy "${HERE[@]}"
}

no_weight() {
	CLIENT=40
	defer again
	for n in 1 2 3; do
		ipvsadm -e -u "$SVC4" -r "$(rs4 "$n")" -i -w 0
	done
	one dcid=ff11 form=long
	answers "x refused 1"
	diagnosed pool "${HERE[@]}"
	mend
	one dcid=ff11 form=long
	answers "x s1 1"
	healthy "${HERE[@]}"
}

no_servers() {
	defer again
	q -C
	q -A -u "$SVC4"
	q config add -u "$SVC4" --id 0 --server-id-len 3 --nonce-len 4
	diagnosed pool "${HERE[@]}"
}

not_forwarding() {
	defer "$(printf 'echo %s >/proc/sys/net/ipv4/ip_forward' "$(cat /proc/sys/net/ipv4/ip_forward)"); again"
	echo 0 >/proc/sys/net/ipv4/ip_forward
	ipvsadm -e -u "$SVC4" -r "$(rs4 2)" -m
	diagnosed forwarding "${HERE[@]}"
	mend
	healthy "${HERE[@]}"
}

# accept_redirects VALUE: of s2, from its router; a host's default is to believe it
accept_redirects() { in_ns s2 sh -c 'for c in all eth0; do echo '"$1"' >/proc/sys/net/ipv4/conf/$c/accept_redirects; done'; }

# goes_past: s2 sends answers straight to the router
goes_past() { ip -n "$LAB-s2" route get "$CL4.80" from "$(rs4 2)" | grep -q "via 10.0.0.254"; }

# One device to clients and servers: the kernel tells a masqueraded server of the shorter way past the director.
redirected() {
	defer "$(printf 'echo %s >/proc/sys/net/ipv4/ip_forward' "$(cat /proc/sys/net/ipv4/ip_forward)"); ip -n $LAB-s2 route del $CL4.0/24 via 10.0.0.1; ip -n $LAB-s2 route flush cache; accept_redirects 0; again"
	echo 1 >/proc/sys/net/ipv4/ip_forward
	for c in all eth0; do
		echo 1 >"/proc/sys/net/ipv4/conf/$c/send_redirects"
	done
	accept_redirects 1
	ip -n "$LAB-s2" route add "$CL4.0/24" via 10.0.0.1
	ipvsadm -e -u "$SVC4" -r "$(rs4 2)" -m
	! goes_past || fail "it goes past the director before any redirect"
	in_ns s2 ping -c 3 -i 0.2 -W 5 "$CL4.80" >/dev/null 2>&1 || :
	poll 20 "the redirect" goes_past
	advised redirects
	mend
	ip -n "$LAB-s2" route flush cache
	in_ns s2 ping -c 3 -i 0.2 -W 5 "$CL4.80" >/dev/null 2>&1 || :
	! goes_past || fail "it still goes past the director"
	advised
}

# The doctor cannot know which server ID belongs to which server; the trace shows where a connection ID leads.
wrong_server() {
	CLIENT=41
	local cid
	defer again
	q server-id del -u "$SVC4" -r "$(rs4 3)"
	q server-id del -u "$SVC4" -r "$(rs4 2)"
	q server-id add -u "$SVC4" -r "$(rs4 3)" --server-id "0:$(sid 3 2)"
	q server-id add -u "$SVC4" -r "$(rs4 2)" --server-id "0:$(sid 3 3)"
	healthy "${HERE[@]}"
	mark_trace
	one
	answers "x s3 1"
	poll 20 "the decision in the trace" happened decision '.outcome == "routed" and .server_id == "'"$(sid 3 2)"'" and .server.address == "'"$(rs4 3)"'"'
	cid=$(q encode -u "$SVC4" --id 0 --server-id "$(sid 3 2)")
	q decode -u "$SVC4" "$cid" | grep -qx "server  *$(rs4 3):$PORT"
	q server-id del -u "$SVC4" -r "$(rs4 3)"
	q server-id del -u "$SVC4" -r "$(rs4 2)"
	q server-id add -u "$SVC4" -r "$(rs4 3)" --server-id "0:$(sid 3 3)"
	q server-id add -u "$SVC4" -r "$(rs4 2)" --server-id "0:$(sid 3 2)"
	found
}

# probed LEVEL SERVER...: the probe has this verdict for these servers, of the three
probed() {
	same "probes" "$(jq -r '.[] | select(.check == "probe") | "\(.verdict) \(.evidence | capture("^(?<what>[^ ]+ (answers|does not answer|has))").what)"' "$WORK/report")" "$(printf '%s\n' "$@")"
}

# One real server of three drops packets: the probe says which.  The director's other checks find no fault.
which_one() {
	defer "again; in_ns s2 sh -c 'echo 0 >/proc/sys/net/ipv4/conf/tunl0/rp_filter'"
	healthy "${HERE[@]}" --from 10.0.0.1
	probed "ok $(rs4 1) answers" "ok $(rs4 2) answers" "ok $(rs4 3) answers"
	in_ns s2 sh -c 'echo 1 >/proc/sys/net/ipv4/conf/tunl0/rp_filter'
	diagnosed probe "${HERE[@]}" --from 10.0.0.1
	probed "ok $(rs4 1) answers" "fault $(rs4 2) does not answer" "ok $(rs4 3) answers"
	# the command that it prints is run on that server
	jq -e --arg todo "quiclbadm doctor -u $SVC4 -r $(rs4 2)" '.[] | select(.verdict == "fault").evidence | endswith($todo)' "$WORK/report" >/dev/null
	in_ns s2 sh -ec "$(in_ns s2 quiclbadm doctor -u "$SVC4" -r "$(rs4 2)" -j | jq -r '.[] | select(.verdict == "fault").fix' || :)"
	healthy "${HERE[@]}" --from 10.0.0.1
	# no server listens
	service "$VIP4:448" rs4 0:3:4 | q -R
	diagnosed probe -u "$VIP4:448" --from 10.0.0.1
	probed "fault $(rs4 1) has" "fault $(rs4 2) has" "fault $(rs4 3) has"
	refused 1 "Error: --from 10.0.0.77: no address of this host, and answers go there." quiclbadm doctor --from 10.0.0.77
}

# s2 does not get packets of more than N octets, and the sender is not told
no_larger_than() {
	in_ns s2 nft "flush ruleset; table netdev ivq { chain in { type filter hook ingress device eth0 priority 0; meta length > $1 drop; }; }"
}

# What its own doctor cannot see: large packets are lost on the way to a server.
sizes() {
	command -v nft >/dev/null || skip "nft is not installed"
	defer "again; in_ns s2 nft flush ruleset"
	no_larger_than 1240
	diagnosed size "${HERE[@]}" --from 10.0.0.1
	same "the server" "$(jq -r '.[] | select(.verdict == "fault").server.address' "$WORK/report")" "$(rs4 2)"
	no_larger_than 1400
	healthy "${HERE[@]}" --from 10.0.0.1
	probed "ok $(rs4 1) answers" "ok $(rs4 2) answers" "ok $(rs4 3) answers"
	same "advice" "$(jq -r '.[] | select(.check == "size") | "\(.verdict) \(.server.address)"' "$WORK/report")" "advice $(rs4 2)"
	ip route add "$(rs4 2)/32" dev eth0 mtu 1400
	defer "ip route del $(rs4 2)/32 dev eth0"
	healthy "${HERE[@]}" --from 10.0.0.1
	same "advice" "$(jq -r '.[] | select(.check == "size").verdict' "$WORK/report")" ""
	service "$SVC6" rs6 0:3:4 | q -R
	no_larger_than 1280
	diagnosed size -u "$SVC6" --from fd00:10::1
	# nothing answers the small packet either
	no_larger_than 50
	diagnosed probe "${HERE[@]}" --from 10.0.0.1
}

probe_of_any_kind() {
	defer "again; ip -n $LAB-s1 fou del port 6080 2>/dev/null || :; ip -n $LAB-s2 link set gre0 down 2>/dev/null || :"
	service "$SVC6" rs6 0:3:4 | q -R
	healthy -u "$SVC6" --from fd00:10::1
	[ "$(jq '[.[] | select(.check == "probe" and .verdict == "ok")] | length' "$WORK/report")" = 3 ] || fail "$(cat "$WORK/report")"
	modprobe -a ip_gre fou 2>/dev/null || skip "the kernel has neither GRE nor GUE"
	ip -n "$LAB-s1" fou add port 6080 gue
	ip -n "$LAB-s2" link set gre0 up
	ipvsadm -e -u "$SVC4" -r "$(rs4 1)" -i --tun-type gue --tun-port 6080
	ipvsadm -e -u "$SVC4" -r "$(rs4 2)" -i --tun-type gre
	healthy -u "$SVC4" --from 10.0.0.1
	probed "ok $(rs4 1) answers" "ok $(rs4 2) answers" "ok $(rs4 3) answers"
}

right() {
	service "$SVC6" rs6 0:3:4 "1:8:8:$KEY" | q -R
	CLIENT=42
	found
	healthy
	same "advice on what is right" "$(jq -r '.[] | select(.verdict == "advice" and .check != "config").check' "$WORK/report")" ""
	q -D -u "$SVC6"
}

# advised [OPTION...] [CHECK...]: the doctor has exactly this advice, and no fault; the commands that it prints are in $FIX
advised() {
	local options=()
	while [[ ${1:-} == --* ]]; do
		options+=("$1" "$2")
		shift 2
	done
	healthy "${HERE[@]}" ${options[@]+"${options[@]}"}
	FIX=$(jq -r 'map(select(.verdict == "advice" and .check != "config")) | (map(.check) | join(" ")), (.[].fix // empty)' "$WORK/report")
	same "advice" "${FIX%%$'\n'*}" "$*"
	FIX=${FIX#"$*"}
	FIX=${FIX#$'\n'}
}

# Settings that work but could be better.
advice() {
	command -v ethtool >/dev/null || skip "ethtool is not installed"
	ethtool -K eth0 rx-udp-gro-forwarding on || skip "the kernel has no GRO forwarding of UDP"
	echo 1 >/proc/sys/net/ipv4/vs/schedule_icmp
	defer "ethtool -K eth0 rx-udp-gro-forwarding off; echo 0 >/proc/sys/net/ipv4/vs/schedule_icmp"
	advised gro icmp
	mend
	advised
}

# The express path and outer sources by flow cause neither a fault nor advice.
express() {
	defer "q express del eth0 2>/dev/null || :; again; ip route del local 10.99.0.0/16 dev lo 2>/dev/null || :"
	q express add eth0
	q set -u "$SVC4" --source4 10.99.0.0/16
	ip route add local 10.99.0.0/16 dev lo
	CLIENT=43
	found
	found
	advised
	[ "$(jq -r '.[] | select(.check == "express").evidence' "$WORK/report")" != "" ] || fail "nothing is said about it"
	healthy "${HERE[@]}" --from 10.0.0.1
	probed "ok $(rs4 1) answers" "ok $(rs4 1) answers" "ok $(rs4 2) answers" "ok $(rs4 2) answers" "ok $(rs4 3) answers" "ok $(rs4 3) answers"
	ip route del local 10.99.0.0/16 dev lo
	advised source
	mend
	advised
	echo 1 >/proc/sys/net/ipv4/vs/conntrack
	defer "echo 0 >/proc/sys/net/ipv4/vs/conntrack"
	advised express
	mend
	advised
}

# One real server drops the tunnel's packets from these sources.
odd_source() {
	defer "again; in_ns s2 sh -c 'echo 0 >/proc/sys/net/ipv4/conf/eth0/rp_filter'; ip -n $LAB-s2 link del ivqd 2>/dev/null || :"
	local todo
	todo="quiclbadm doctor -u $SVC4 -r $(rs4 2) --from 10.99.0.1"
	q set -u "$SVC4" --source4 10.99.0.0/16
	ip -n "$LAB-s2" link add ivqd type dummy 2>/dev/null || skip "the kernel has no dummy"
	printf '%s\n' "link set ivqd up" "route add 10.99.0.0/16 dev ivqd" | ip -n "$LAB-s2" -b -
	in_ns s2 sh -c 'echo 1 >/proc/sys/net/ipv4/conf/eth0/rp_filter'
	diagnosed probe "${HERE[@]}" --from 10.0.0.1
	probed "ok $(rs4 1) answers" "ok $(rs4 1) answers" "ok $(rs4 2) answers" "fault $(rs4 2) does not answer" "ok $(rs4 3) answers" "ok $(rs4 3) answers"
	jq -e --arg todo "$todo" '.[] | select(.check == "probe" and .verdict == "fault").evidence | endswith($todo)' "$WORK/report" >/dev/null || fail "$(cat "$WORK/report")"
	in_ns s2 sh -ec "$(in_ns s2 sh -c "$todo -j" | jq -r '.[] | select(.verdict == "fault").fix' || :)"
	healthy "${HERE[@]}" --from 10.0.0.1
}

# What the express path leaves: the advice names the reason.
left_by_express() {
	defer "q express del eth0 2>/dev/null || :; again; nft delete table inet ivq 2>/dev/null || :"
	q express add eth0
	CLIENT=44
	found
	ipvsadm -e -u "$SVC4" -r "$(rs4 2)" -i --tun-type gre
	modprobe ip_gre 2>/dev/null || skip "the kernel has no GRE"
	defer "ip -n $LAB-s2 link set gre0 down"
	ip -n "$LAB-s2" link set gre0 up
	WAIT=5000 one count=80
	answers "x s2 80"
	advised express
	jq -e '.[] | select(.check == "express").evidence | contains("most of them as method")' "$WORK/report" >/dev/null || fail "$(cat "$WORK/report")"
	# the advice is gone
	again
	q express add eth0
	advised --seconds 1
	command -v nft >/dev/null || skip "nft is not installed"
	nft "table inet ivq { chain in { type filter hook input priority filter; ip saddr $CL4.99 drop; }; }"
	advised --seconds 1 express
	jq -e '.[] | select(.check == "express" and .verdict == "advice").evidence | contains("inet ivq in")' "$WORK/report" >/dev/null || fail "$(cat "$WORK/report")"
}

# A VLAN is a device of its own; the express path is set on that device.
left_vlan() {
	defer "q express del eth0 2>/dev/null || :; again"
	vlan_up
	q express add eth0
	CLIENT=45
	WAIT=5000 one count=80
	answers "x s2 80"
	advised express
	same "the printed command" "$FIX" "quiclbadm express add v5"
	mend
	advised --seconds 1
	found
	found
	[ "$(q express list -j | jq '.[] | select(.device == "v5").outcomes.taken')" -ge 1 ] || fail "it took nothing: $(q express list)"
}

# tracked: sets $TRACKED to how many datagrams of the VIP began a tracked flow
tracked() { TRACKED=$(nft list table inet ivq | sed -n 's/.*counter packets \([0-9]*\).*/\1/p'); }

# Tracking the flows of a VIP is useless; the printed rule ends it. Routed datagrams leave no entry, so the case makes one that stays.
notrack() {
	local before
	command -v nft >/dev/null || skip "nft is not installed"
	nft "table inet ivq { chain in { type filter hook input priority filter; ct state invalid drop; udp dport $PORT ct state new counter; }; }"
	defer "nft delete table inet ivq; nft delete table inet quiclb 2>/dev/null || :"
	CLIENT=46
	found
	tracked
	[ "$TRACKED" -gt 0 ] || fail "flows are not tracked"
	in_ns cl ping -q -c 1 -W 5 "$VIP4" >/dev/null
	advised conntrack
	mend
	tracked
	before=$TRACKED
	found
	tracked
	same "datagrams tracked" "$TRACKED" "$before"
}

again
trace_in lb
tcase "a right director" right
tcase "advice" advice
tcase "express path and outer sources by flow" express
tcase "an outer source that a real server does not let pass" odd_source
tcase "what the express path leaves" left_by_express
tcase "what the express path leaves: VLANs" left_vlan
tcase "VIP missing" no_vip
tcase "a route forbids a real server" no_route
tcase "no route to a real server" no_gateway
tcase "strict rp_filter, and clients are reached elsewhere" asymmetric
tcase "firewall drops clients' datagrams" firewall 33 eth0 \
	"table inet ivq { chain in { type filter hook input priority filter; ip daddr $VIP4 udp dport $PORT drop; }; }"
tcase "firewall drops the tunnel's packets" firewall 34 eth0 \
	"table inet ivq { chain out { type filter hook output priority filter; meta l4proto 4 drop; }; }"
tcase "MTU too small" small_mtu
tcase "an MTU that is configured, IPv6" configured_mtu
tcase "a backup that forwards nothing" backup
tcase "a checker has taken a server behind GUE out" taken_out
tcase "wrong key on one side" wrong_key
tcase "servers without a config" lost_config
tcase "config missing" no_config
tcase "real server without a server ID" no_server_id
tcase "server IDs of a real server that is not in the pool" not_in_pool
tcase "no real server has weight" no_weight
tcase "no real servers" no_servers
tcase "forwarding off with masquerading" not_forwarding
tcase "redirects with masquerading" redirected
tcase "server ID of another real server" wrong_server
tcase "probes name the real server that drops packets" which_one
tcase "probes of several sizes" sizes
tcase "probes by every tunnel" probe_of_any_kind
tcase "flows that are tracked" notrack
finish
