#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# quiclbadm trace: the decisions and drops that it shows, its filters, and that it leaves tracefs unchanged.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need_module
TRACEFS=/sys/kernel/tracing
[ -d $TRACEFS/instances ] || skip_all "tracefs is not mounted"
[ -e /sys/kernel/btf/vmlinux ] || skip_all "the kernel has no BTF"
grep -q '^\s*e\[:\[<group>' $TRACEFS/README || skip_all "the kernel has no event probes"
lab_up
serve "$SVC4" "$SVC6"

# trace NAME NAMESPACE OPTION...: starts it, with its lines in $WORK/NAME; $SPAWNED is its pid
trace() { text "$1" "$2" -j "${@:3}"; }
text() {
	spawn "$2" quiclbadm trace "${@:3}" >"$WORK/$1" 2>"$WORK/$1.err"
	poll 180 "the trace" grep -q "^Tracing" "$WORK/$1.err"
}

# ended PID: it ends with status 0 when it gets a signal
ended() {
	local rc=0
	kill "$1"
	await "$1" || rc=$?
	same "status of the trace" "$rc" 0
}

# lines NAME N: waits until it has shown that many
lines() { poll 30 "$2 lines of $1" has_lines "$1" "$2"; }
has_lines() { [ "$(wc -l <"$WORK/$1")" -ge "$2" ]; }

# On a busy host events come faster than they are shown, without end.
busy() {
	local flood
	flood -w 32 -c 0:3:4 "to=$SVC4" "from=$CL4.56:5600" name=x "mint=0:$(sid 3 2)"
	flood=$FLOOD
	trace t lb -v
	lines t 1000
	kill "$SPAWNED"
	poll 60 "the trace's end" has_ended "$SPAWNED"
	await "$SPAWNED" || fail "status $?"
	kill "$flood"
	await "$flood"
}

# shows NAME FILTER LINE...: its lines, after the jq filter, are these
shows() { same "$1" "$(jq -r "$2" "$WORK/$1")" "$(printf '%s\n' "${@:3}")"; }

# tracefs: lists all that a trace might leave
tracefs() {
	ls "$TRACEFS/instances" "$TRACEFS/events"
	cat "$TRACEFS/dynamic_events" "$TRACEFS/set_event" "$TRACEFS/events/skb/kfree_skb/enable" "$TRACEFS/trace_clock" "$TRACEFS/buffer_size_kb" "$TRACEFS/tracing_on"
}

# s2's tunnel drops datagrams from here to the end of the case
eat() {
	in_ns s2 sh -c 'echo 1 >/proc/sys/net/ipv4/conf/tunl0/rp_filter'
	defer "in_ns s2 sh -c 'echo 0 >/proc/sys/net/ipv4/conf/tunl0/rp_filter'"
}

decisions() {
	trace t lb
	send -c 0:3:4 "to=$SVC4" "from=$CL4.50:5000" name=x "mint=0:$(sid 3 2)"
	answers "x s2 1"
	send "to=$SVC6" "from=[${CL6}:50]:5001" name=x form=long version=6b3343cf dcid=ff1122
	lines t 4
	ended "$SPAWNED"
	shows t '"\(.event) \(.client.address) \(.client.port) \(.vip.address) \(.outcome) \(.form) \(.config) \(.server_id)"' \
		"decision $CL4.50 5000 $VIP4 routed short 0 $(sid 3 2)" \
		"decision ${CL6}:50 5001 $VIP6 unroutable-reserved long null null" \
		"unroutable ${CL6}:50 5001 $VIP6 unroutable-reserved long null null" \
		"schedule ${CL6}:50 5001 $VIP6 fallback-new null null null"
	shows t 'select(.event == "decision") | .server.address' "$(rs4 2)" null
	shows t 'select(.event == "unroutable") | "\(.version) \(.dcid)"' "$((16#6b3343cf)) ff1122"
}

# The text has a line for each datagram, and a sum at the end.
datagrams() {
	text t lb
	send "to=$SVC6" "from=[${CL6}:61]:6100" name=x form=long version=6b3343cf dcid=ff1122
	send -c 0:3:4 "to=$SVC4" "from=$CL4.61:6100" name=x "mint=0:$(sid 3 2)"
	lines t 2
	ended "$SPAWNED"
	same "lines" "$(sed -E 's/^[0-9:.]{15} //; s/ server=.*//' "$WORK/t")" "decision unroutable-reserved, fallback-new [${CL6}:61]:6100 > $SVC6 long version=0x6b3343cf dcid=ff1122
decision routed $CL4.61:6100 > $SVC4 short config=0 server-id=$(sid 3 2)"
	same "sum" "$(grep ^Seen "$WORK/t.err")" "Seen: 1 routed, 1 unroutable-reserved, 1 fallback-new."
}

# A connection by one of its CIDs: whatever its client sends from then on, from each address that has it.
follows() {
	local cid
	cid=$("$QUICGEN" mint -c 0:3:4 "mint=0:$(sid 3 2)")
	trace t lb --follow "$cid"
	send -c 0:3:4 "to=$SVC4" name=x - <<-END
		from=$CL4.62:6200 mint=0:$(sid 3 1)
		from=$CL4.62:6201 dcid=$cid
		from=$CL4.62:6201 mint=0:$(sid 3 3)
		from=$CL4.63:6300 mint=0:$(sid 3 1)
		from=$CL4.64:6400 dcid=$cid
		from=$CL4.64:6400 mint=0:$(sid 3 1)
	END
	lines t 4
	ended "$SPAWNED"
	shows t '"\(.event) \(.client.address) \(.client.port) \(.server.address)"' \
		"decision $CL4.62 6201 $(rs4 2)" "decision $CL4.62 6201 $(rs4 3)" \
		"decision $CL4.64 6400 $(rs4 2)" "decision $CL4.64 6400 $(rs4 1)"
}

steps() {
	trace t s2 -v -u "$SVC4"
	trace d lb -v -u "$SVC4"
	local director=$SPAWNED
	send -c 0:3:4 "to=$SVC4" "from=$CL4.65:6500" name=x "mint=0:$(sid 3 2)"
	answers "x s2 1"
	lines t 4
	lines d 3
	ended "$director"
	shows t '"\(.event) \(.device) \(.tunnel) \(.outer_source.address)"' \
		"received eth0 ipip 10.0.0.1" "received tunl0 ipip 10.0.0.1" "queued tunl0 ipip 10.0.0.1" "sent eth0 null null"
	grep -q quicgen <<<"$(jq -r .owner "$WORK/t")" || fail "the server is not named: $(cat "$WORK/t")"
	shows d '"\(.event) \(.device) \(.tunnel) \(.outer_destination.address)"' \
		"received eth0 null null" "decision null null null" "sent eth0 ipip $(rs4 2)"
}

# Who sees nothing is told what there was.
hints() {
	text t lb --client "$CL4.99"
	send -c 0:3:4 "to=$SVC4" "from=$CL4.66:6600" name=x "mint=0:$(sid 3 2)"
	poll 60 "a hint" grep -q "^Nothing so far; 1 events were not of --client.*\.$" "$WORK/t.err"
	ended "$SPAWNED"
	! grep "^Seen" "$WORK/t.err" || fail "a sum of nothing"
}

restores() {
	local before during
	before=$(tracefs)
	trace t lb
	during=$(tracefs)
	[ "$during" != "$before" ] || fail "nothing to restore"
	ended "$SPAWNED"
	same "tracefs after SIGTERM" "$(tracefs)" "$before"
	in_ns lb quiclbadm trace --seconds 1 2>/dev/null
	same "tracefs after the time" "$(tracefs)" "$before"
	trace t lb
	kill -INT "$SPAWNED" || true
	await "$SPAWNED" || true
	same "tracefs after SIGINT" "$(tracefs)" "$before"
	trace t lb --count 1 --seconds 60
	send -c 0:3:4 "to=$SVC4" "from=$CL4.59:5900" name=x "mint=0:$(sid 3 2)"
	await "$SPAWNED"
	same "lines" "$(wc -l <"$WORK/t")" 1
	same "tracefs after the count" "$(tracefs)" "$before"
}

is_as_before() { [ "$(tracefs)" = "$1" ]; }

killed() {
	local before
	before=$(tracefs)
	trace t lb
	kill -9 "$SPAWNED"
	await "$SPAWNED" || true
	poll 60 "tracefs as before" is_as_before "$before"
	# nor when what waits for its end is killed as well, which it has in the same control group
	trace t lb
	pkill -9 -P "$SPAWNED" || fail "nothing waits for its end"
	kill -9 "$SPAWNED"
	await "$SPAWNED" || true
	! is_as_before "$before" || fail "nothing is left of it"
	# other instances are not touched
	mkdir "$TRACEFS/instances/quiclb-other"
	defer "rmdir $TRACEFS/instances/quiclb-other"
	in_ns lb quiclbadm trace --seconds 1 2>/dev/null
	[ -d "$TRACEFS/instances/quiclb-other" ] || fail "it removed another's instance"
	rmdir "$TRACEFS/instances/quiclb-other"
	deferred=:
	same "tracefs after the next run" "$(tracefs)" "$before"
}

several() {
	local before first
	before=$(tracefs)
	trace one lb -u "$SVC4"
	first=$SPAWNED
	trace two lb -u "$SVC6"
	send -c 0:3:4 "to=$SVC4" "from=$CL4.51:5100" name=x "mint=0:$(sid 3 2)"
	send -c 0:3:4 "to=$SVC6" "from=[${CL6}:51]:5100" name=x "mint=0:$(sid 3 2)"
	lines one 1
	lines two 1
	ended "$first"
	send -c 0:3:4 "to=$SVC6" "from=[${CL6}:51]:5101" name=x "mint=0:$(sid 3 3)"
	lines two 2
	ended "$SPAWNED"
	shows one .vip.address "$VIP4"
	shows two '"\(.vip.address) \(.client.port)"' "$VIP6 5100" "$VIP6 5101"
	same "tracefs after both" "$(tracefs)" "$before"
}

filters() {
	local cid client pids_of=()
	cid=$("$QUICGEN" mint -c 0:3:4 "mint=0:$(sid 3 1)")
	trace client lb --client "$CL4.53"
	pids_of+=("$SPAWNED")
	trace cid lb --cid "$cid"
	pids_of+=("$SPAWNED")
	trace prefix lb --cid ff11
	pids_of+=("$SPAWNED")
	trace sid lb --server-id "0:$(sid 3 2)"
	pids_of+=("$SPAWNED")
	send -c 0:3:4 "to=$SVC4" name=x - <<-END
		from=$CL4.52:5200 dcid=$cid
		from=$CL4.53:5300 mint=0:$(sid 3 2)
		from=$CL4.54:5400 dcid=ff112233 form=long
		from=$CL4.55:5500 dcid=ff22 form=long
	END
	lines client 1
	lines cid 1
	lines prefix 1
	lines sid 1
	for client in "${pids_of[@]}"; do
		ended "$client"
	done
	shows client '"\(.event) \(.client.address)"' "decision $CL4.53"
	shows cid '"\(.event) \(.client.address)"' "decision $CL4.52"
	shows prefix '"\(.event) \(.client.address)"' "unroutable $CL4.54"
	shows sid '"\(.event) \(.client.address)"' "decision $CL4.53"
}

# On a real server, which has neither services of IPVS nor the module.
drop_filters() {
	local cid mine
	eat
	cid=$("$QUICGEN" mint -c 0:3:4 "mint=0:$(sid 3 2)")
	trace all s2
	mine=("$SPAWNED")
	trace cid s2 --cid "$cid"
	mine+=("$SPAWNED")
	trace client s2 --client "$CL4.57"
	mine+=("$SPAWNED")
	trace vip s2 -u "$VIP4:444"
	mine+=("$SPAWNED")
	trace elsewhere s1
	mine+=("$SPAWNED")
	send -t 300 "to=$SVC4" name=x - <<-END
		from=$CL4.56:5600 dcid=$cid
		from=$CL4.57:5700 dcid=${cid}77 form=long
	END
	lines all 2
	lines cid 2
	lines client 1
	for pid in "${mine[@]}"; do
		ended "$pid"
	done
	shows all '"\(.event) \(.reason) \(.device) \(.client.port) \(.form)"' "drop IP_RPFILTER tunl0 5600 short" "drop IP_RPFILTER tunl0 5700 long"
	shows all 'if .form == "long" then .dcid else .dcid[:16] end' "$cid" "${cid}77"
	shows cid .client.port 5600 5700
	shows client .client.port 5700
	shows vip . ""
	shows elsewhere . ""
}

without_module() {
	eat
	q -S >"$WORK/saved"
	q -C
	rmmod ip_vs_quic || skip "the module is in use"
	defer "modprobe ip_vs_quic; q -R <$WORK/saved"
	ipvsadm -A -u "$SVC4" -s rr
	ipvsadm -a -u "$SVC4" -r "$(rs4 2)" -i
	trace t s2
	send -t 300 "to=$SVC4" "from=$CL4.58:5800" name=x dcid=00
	lines t 1
	ended "$SPAWNED"
	ipvsadm -C
	shows t '"\(.reason) \(.tunnel)"' "IP_RPFILTER ipip"
}

# A pool that changes, and an error about a server's datagram.
rebuilds() {
	trace t lb
	ipvsadm -e -u "$SVC4" -r "$(rs4 3)" -i -w 2
	lines t 1
	ended "$SPAWNED"
	shows t '"\(.event) \(.vip.address) \(.servers) \(.slots > 3) \(.error)"' "rebuild $VIP4 3 true 0"
	ipvsadm -e -u "$SVC4" -r "$(rs4 3)" -i -w 1
}

refusals() {
	local dir
	# so that every user can run it
	dir=$(mktemp -d)
	defer "rm -r $dir"
	chmod 755 "$dir"
	cp "$(command -v quiclbadm)" "$(command -v quiclbadm-diag)" "$dir"
	refused 1 "Error: tracefs: it is not mounted, or this is not root." setpriv --reuid=65534 --clear-groups "$dir/quiclbadm" trace
}

fresh "$SVC4" rs4 0:3:4
service "$SVC6" rs6 0:3:4 | q -R
tcase "decisions" decisions
tcase "a line for each datagram" datagrams
tcase "a connection" follows
tcase "steps" steps
tcase "a hint when nothing matches" hints
tcase "it ends on a busy host, too" busy
tcase "tracefs is as before" restores
tcase "after a kill nothing is left, or until the next run" killed
tcase "several at once" several
tcase "filters of decisions" filters
tcase "filters of drops, and only of this namespace" drop_filters
tcase "a real server without the module" without_module
tcase "rebuilt pools" rebuilds
tcase "refusals" refusals
finish
