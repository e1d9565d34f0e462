#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# SCALE datagrams, each with a 4-tuple of its own and a routable CID, leave nothing on the director; what as many leave with
# scheduler mh is printed beside it.  The full test is SCALE=1000000.  A kernel with KASAN, where 100000 connections of mh take more
# than two minutes to expire, gets a fifth.  Then a service of thousands of servers gets one more under traffic, and
# loses one.  Last, the memory of services is charged to the process that makes them.
#
# The datagrams come from a tunnel device and leave, in IPIP, by a dummy device.  Both are in the director, so only the director is
# measured, and each datagram is handled at once, so none is lost.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=packets.sh
. "$here/packets.sh"
need_module
modprobe -a ip_vs_mh tun dummy 2>/dev/null || skip_all "the kernel has no ip_vs_mh, tun or dummy"
lab_up
KASAN=
! grep -qw kasan_report /proc/kallsyms || KASAN=1
SCALE=${SCALE:-$((KASAN ? 20000 : 100000))}
SERVERS=4096
TRACING=/sys/kernel/tracing
TRACE=$TRACING/instances/$LAB-$$

far() { printf '10.77.0.%d' "$1"; }

# value FILE NAME: the number that a line of FILE has behind NAME, "NAME:" as in /proc/meminfo
value() { awk -v name="$2:" '$1 == name { print $2 }' "$1"; }

# sent: how many packets the dummy devices have sent
sent() { awk '/^ *ivq[de]:/ { n += $11 } END { print n }' /proc/self/net/dev; }

# sends N: more than N by now
sends() { [ "$(sent)" -gt "$1" ]; }

# connections: of all servers
connections() { ipvsadm -Ln | awk '/->.*Tunnel/ { n += $5 + $6 } END { print n + 0 }'; }

# Freed objects wait for a grace period, and with KASAN in a quarantine of a 32nd of the memory.
slack() {
	SLACK=2048
	[ -z "$KASAN" ] || SLACK=$((SLACK + $(value /proc/meminfo MemTotal) / 32))
}

slab_is_flat() { [ $(($(value /proc/meminfo Slab) - SLAB)) -le "$SLACK" ]; }

# pour SCHEDULER: sends all datagrams, and each is forwarded; sets $CONNECTIONS and $GROWN (kB) to what they have left
pour() {
	local before begin
	SLAB=$(value /proc/meminfo Slab)
	before=$(sent)
	begin=${EPOCHREALTIME/./}
	"$here/flowgen" ivqf "$SCALE" "$CL4.0" "$VIP4" "$PORT" "40${CID[1]}" "40${CID[2]}" "40${CID[3]}"
	TIME=$(((${EPOCHREALTIME/./} - begin) / 1000))
	same "packets for the servers" "$(($(sent) - before))" "$SCALE"
	[ "$1" = mh ] || poll 20 "flat slab use" slab_is_flat
	GROWN=$(($(value /proc/meminfo Slab) - SLAB))
	CONNECTIONS=$(connections)
	echo "$1: $SCALE datagrams in $TIME ms leave $CONNECTIONS connections and $GROWN kB of slab" >>"$WORK/figures"
}

quic() {
	drop_connections
	fresh "$SVC4" far 0:3:4
	pour quic
	counted "$SVC4" "routed=$SCALE"
	same "connections" "$CONNECTIONS" 0
	no_connections || fail "the connection table has entries: $(head -n 5 /proc/net/ip_vs_conn)"
}

# This shows that the measurement sees connections: without it, 0 for quic would prove nothing.
mh() {
	local n
	ipvsadm -C
	ipvsadm -A -u "$SVC4" -s mh
	for n in 1 2 3; do
		ipvsadm -a -u "$SVC4" -r "$(far "$n")" -i
	done
	# the connections must still exist when they are counted
	ipvsadm --set 0 0 3600
	pour mh
	same "connections" "$CONNECTIONS" "$SCALE"
	[ "$GROWN" -gt $((SCALE / 8)) ] || fail "$SCALE connections in $GROWN kB"
	ipvsadm -C
	poll 120 "an empty connection table" no_connections
}

# services FIRST LAST: makes services on ports of the VIP, with another scheduler at first, each with 8 servers
services() {
	local port n
	for ((port = $1; port <= $2; port++)); do
		echo "-A -u $VIP4:$port -s rr"
		for ((n = 1; n <= 8; n++)); do
			echo "-a -u $VIP4:$port -r 10.77.1.$n:443 -i"
		done
	done
}

# become_quic CGROUP FIRST LAST: changes as many of them to quic as the cgroup has memory for
become_quic() {
	local port
	for ((port = $2; port <= $3; port++)); do
		# shellcheck disable=SC2016
		sh -c 'echo $$ >"$0/cgroup.procs" && exec ipvsadm -E -u "$1" -s quic' "$1" "$VIP4:$port" || true
	done
}

quics() { ipvsadm -Ln | grep -c ' quic' || true; }

# A service's memory is charged to the memory cgroup of the process that makes it, and a service beyond its limit is not made.  When
# memory is short the kernel may also kill the process, and prints a stack then, on purpose.
charged() {
	local cgroup=/sys/fs/cgroup/ivq$$ level before after table=$((2 * 65521))
	grep -qw memory /sys/fs/cgroup/cgroup.controllers || return 0
	echo +memory >/sys/fs/cgroup/cgroup.subtree_control
	mkdir "$cgroup"
	defer "ipvsadm -C; rmdir $cgroup"
	ipvsadm -C
	services 1 32 | ipvsadm -R
	before=$(<"$cgroup/memory.current")
	become_quic "$cgroup" 1 16
	same "services with scheduler quic" "$(quics)" 16
	after=$(<"$cgroup/memory.current")
	echo "16 services of 8 servers: $(((after - before) / 16)) octets each are charged" >>"$WORK/figures"
	[ $((after - before)) -ge $((16 * table)) ] || fail "$((after - before)) octets are charged"
	read -r level _ </proc/sys/kernel/printk
	defer "dmesg -n $level"
	dmesg -n 4
	echo $((after + 8 * table)) >"$cgroup/memory.max"
	become_quic "$cgroup" 17 32
	[ "$(quics)" -lt 25 ] || fail "services beyond the limit: $(quics)"
	[ "$(<"$cgroup/memory.current")" -le "$(<"$cgroup/memory.max")" ] || fail "the limit is exceeded"
}

# The first service of a namespace has the table of 4-tuples made, which is charged to who makes the service.
charged_table() {
	local cgroup=/sys/fs/cgroup/ivq$$ grown flows
	grep -qw memory /sys/fs/cgroup/cgroup.controllers || return 0
	echo +memory >/sys/fs/cgroup/cgroup.subtree_control
	mkdir "$cgroup"
	defer "rmdir $cgroup"
	# shellcheck disable=SC2016
	grown=$(sh -c 'echo $$ >"$0/cgroup.procs" && exec unshare -n sh -c "$1" "$0" "$2"' "$cgroup" '
		ipvsadm -A -u "$1" -s rr && before=$(cat "$0/memory.current") && ipvsadm -E -u "$1" -s quic &&
		echo $(($(cat "$0/memory.current") - before))' "$VIP4:9")
	flows=$(</sys/module/ip_vs_quic/parameters/flows)
	echo "a namespace's first service, without servers: $grown octets are charged" >>"$WORK/figures"
	between "octets charged" "$grown" $((flows * 64)) $((flows * 72 + 262144))
}

has_kprobes() { [ -e "$TRACING/kprobe_events" ]; }

# traced EVENT: traces the beginning and the end of building a table, or only a later event if the kernel has no kprobes; and EVENT
traced() {
	local probes=ivq$$
	mkdir "$TRACE"
	if has_kprobes; then
		printf '%s\n' "p:$probes/begin maglev_build" "r:$probes/end maglev_build" >>"$TRACING/kprobe_events"
		defer "printf '%s\n' -:$probes/begin -:$probes/end >>$TRACING/kprobe_events"
	else
		probes=ip_vs_quic/ip_vs_quic_rebuild
	fi
	defer "echo 0 >$TRACE/events/enable; rmdir $TRACE"
	echo 16384 >"$TRACE/buffer_size_kb"
	echo 1 >"$TRACE/events/$probes/enable"
	echo 1 >"$TRACE/events/$1/enable"
}

# crowd: makes a service of $SERVERS servers; the third server's datagrams leave by a device of their own
crowd() {
	local n
	drop_connections
	{
		printf -- '-A -u %s -s rr\n' "$SVC4"
		for ((n = 1; n <= SERVERS; n++)); do
			printf -- '-a -u %s -r 10.77.%d.%d -i\n' "$SVC4" $((n / 256)) $((n % 256))
		done
	} | q -R
	ipvsadm -E -u "$SVC4" -s quic
	q config add -u "$SVC4" --id 0 --server-id-len 3 --nonce-len 4
	for n in 1 2 3; do
		q server-id add -u "$SVC4" -r "$(far "$n")" --server-id "0:$(sid 3 "$n")"
	done
}

# stream: sends datagrams for the three servers until dry(), some long enough for the fast path and some not; sets $BEFORE
stream() {
	local pad
	printf -v pad %048d 0
	mark "$SVC4"
	BEFORE=$(sent)
	"$here/flowgen" ivqf 16000000 "$CL4.0" "$VIP4" "$PORT" "40${CID[1]}" "40${CID[2]}" "40${CID[3]}" \
		"40${CID[1]}$pad" "40${CID[2]}$pad" "40${CID[3]}$pad" &
	pids+=($!)
	poll 20 "datagrams" sends "$BEFORE"
	: >"$TRACE/trace"
}

# dry: ends that; sets $POURED to their number
dry() {
	local pid
	echo 0 >"$TRACE/tracing_on"
	kill_all
	for pid in "${pids[@]}"; do
		await "$pid" || true
	done
	POURED=$(($(sent) - BEFORE))
}

# The traffic and the command that adds a server share a processor: how long the build runs between two datagrams does not matter, as
# long as it lets them pass. That takes a tick of the timer, which an emulator on a busy machine may bring late: builds that saw fewer than
# two do not count.
one_more() {
	local server added=4
	crowd
	traced ip_vs_quic/ip_vs_quic_decision
	! has_kprobes || echo 1 >"$TRACE/events/irq_vectors/local_timer_entry/enable"
	stream
	for ((server = 1; server <= added; server++)); do
		q -a -u "$SVC4" -r "10.77.200.$server" -i --server-id "0:$(sid 3 $((100 + server)))"
	done
	dry
	counted "$SVC4" "routed=$POURED"
	same "servers" "$(q -L -n -j | jq '.services[0].servers | length')" $((SERVERS + added))
	has_kprobes || return 0
	passed >"$WORK/passed"
	awk -v servers="$SERVERS" '
		{ printf "a table of %d servers: %d datagrams meanwhile, at most %d us between two\n", servers + NR, $1, $2 }' \
		"$WORK/passed" >>"$WORK/figures"
	same "tables built" "$(wc -l <"$WORK/passed")" "$added"
	[ -n "$(awk '$3 >= 2' "$WORK/passed")" ] || fail "no build saw two ticks: $(<"$WORK/passed")"
	same "those without datagrams meanwhile" "$(awk '$3 >= 2 && $1 < 20' "$WORK/passed")" ""
}

# A deleted server gets nothing, even while the published pool still contains it.  No decision is traced: that would disable the fast
# path.
one_less() {
	local before after tables
	traced net/net_dev_xmit
	echo 'name == "ivqe"' >"$TRACE/events/net/net_dev_xmit/filter"
	stream
	poll 20 "datagrams for the server" grep -q ivqe "$TRACE/trace"
	ipvsadm -d -u "$SVC4" -r "$(far 3)"
	dry
	read -r before after tables < <(awk '
		/ begin: | ip_vs_quic_rebuild: / { tables++ }
		/ivqe/ { n[tables > 0]++ }
		END { print n[0] + 0, n[1] + 0, tables }' "$TRACE/trace")
	echo "for the server: $before datagrams before it goes, $after after that"
	same "tables built" "$tables" 1
	[ "$before" -gt 0 ]
	same "datagrams for a server that has gone" "$after" 0
	stats "$SVC4"
	same "datagrams that were routed or hashed" \
		$((STATS[routed] - MARK[routed] + STATS[fallback] - MARK[fallback])) "$POURED"
	same "datagrams without their server" $((STATS[unroutable-server] - MARK[unroutable-server])) \
		$((STATS[fallback] - MARK[fallback]))
}

# passed: prints for each build of a table the datagrams meanwhile, the longest time between two events in microseconds, and the timer's
# ticks
passed() {
	awk '
		/^#/ { next }
		{ match($0, /[0-9]+\.[0-9]+: /); now = substr($0, RSTART) * 1000000 }
		/ begin: / { building = 1; n = most = ticks = 0 }
		building && !/ begin: / && now - last > most { most = now - last }
		/ end: / { building = 0; print n, most, ticks }
		/ local_timer_entry: / { ticks++ }
		/ ip_vs_quic_decision: / { n++ }
		{ last = now }' "$TRACE/trace"
}

restore() {
	ipvsadm -C
	ipvsadm --set 0 0 300
	echo "$expire" >"$EXPIRE"
	ip link del ivqd 2>/dev/null || true
	ip link del ivqe 2>/dev/null || true
}

# connections are deleted with their servers, so that later scripts do not find them
read -r expire <"$EXPIRE"
echo 1 >"$EXPIRE"
trap 'restore; cleanup' EXIT
for device in ivqd ivqe; do
	ip link add $device type dummy
	# otherwise the device would send packets of its own
	echo 1 >/proc/sys/net/ipv6/conf/$device/disable_ipv6
done
ip -b - <<-END
	link set ivqd up
	link set ivqe up
	route add 10.77.0.0/16 dev ivqd
	route add $(far 3) dev ivqe
END
slack
mint_cids
tcase "quic: $SCALE 4-tuples leave nothing" quic
tcase "quic: a server is added to $SERVERS under traffic" one_more
tcase "quic: a server is removed under traffic" one_less
tcase "quic: memory is charged to who asks for it" charged
tcase "quic: so is a namespace's table of 4-tuples" charged_table
tcase "mh: $SCALE 4-tuples leave as many connections" mh
[ ! -e "$WORK/figures" ] || note "$(<"$WORK/figures")"
finish
