#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# RATE (100000) new connections a second for a minute: first datagrams of RATE * 62 flows, and the table of 4-tuples has the entries of 61
# seconds at once, as Documentation/performance.rst says.  Each flow is remembered or counted as refused, the kernel's memory grows by
# 512 MiB at most, and datagrams with a server's CID lose nothing beside it.
#
# The datagrams come from a tunnel device and leave by a dummy device, as in scale.sh, so none is lost.  An emulated processor takes longer
# than a minute for them, so entries have to live for longer; what counts is how many there are at once.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need_module
modprobe -a tun dummy 2>/dev/null || skip_all "the kernel has no tun or dummy"
own_lab_up
RATE=${RATE:-100000}
LIMIT=$((61 * RATE))
MEMORY_MAX=$((512 * 1024 * RATE / 100000))	# kB
# a long header whose CID names no server; flowgen puts the flow's number at its end
FIRST=c00000000108c0a1b2c3d4e5f6070211220000000000

# memory_used: kB of the kernel's own
memory_used() { awk '/^(Slab|Percpu|VmallocUsed):/ { sum += $2 } END { print sum }' /proc/meminfo; }

# connections: of all servers, as IPVS counts them
connections() { ipvsadm -Ln | awk '/->.*Tunnel/ { n += $5 + $6 } END { print n + 0 }'; }

# The lab's servers only get what their CIDs ask for.
set_up() {
	local n
	q -C
	reload_with "flows=$LIMIT"
	MEMORY=$(memory_used)
	{
		service "$SVC4" rs4 0:3:4
		for n in {1..8}; do
			echo "-a -u $SVC4 -r 10.77.0.$n:443 -i"
		done
		echo "set -u $SVC4 --tuple-max $LIMIT --tuple-timeout 3600"
	} | q -R
	for n in 1 2 3; do
		ipvsadm -e -u "$SVC4" -r "$(rs4 "$n")" -i -w 0
	done
	mark_outcomes "$SVC4"
}

reload_with() {
	poll 30 "the end of the module" modprobe -r ip_vs_quic
	modprobe ip_vs_quic "$@"
}

# grown OUTCOME: since mark_outcomes(), by the last stats()
grown() { echo $((STATS[$1] - MARK[$1])); }

# beside PID: a client's datagrams with CIDs until the process has ended, all of them answered by the right servers; sets $ASKED
beside() {
	local n
	ASKED=0
	while ! has_ended "$1"; do
		for n in 1 2 3; do
			echo "from=$CL4.77:7$n name=s$n mint=0:$(sid 3 "$n") count=20"
		done | send -t 20000 -c 0:3:4 "to=$SVC4" -
		answers "s1 s1 20" "s2 s2 20" "s3 s3 20"
		ASKED=$((ASKED + 60))
	done
}

# pour FLOWS: the first datagram of each, in the background
pour() {
	"$here/flowgen" ivqf "$1" "$CL4.0" "$VIP4" "$PORT" "$FIRST" &
	POURING=$!
	pids+=("$POURING")
}

minute() {
	local begin=$SECONDS flows=$((62 * RATE)) kept memory
	set_up
	pour "$flows"
	beside "$POURING"
	await "$POURING"
	memory=$(($(memory_used) - MEMORY))
	stats "$SVC4"
	kept=$(grown fallback-new)
	echo "$flows flows in $((SECONDS - begin)) s: $kept remembered, $(grown fallback) not; $memory kB of memory; $ASKED datagrams beside them" |
		tee -a "$WORK/figures"
	counted "$SVC4" "routed=$ASKED" "unroutable-config=$flows" "fallback-new=$kept" "fallback=$((flows - kept))"
	same "connections" "$(connections)" "$kept"
	[ "$kept" -ge $((60 * RATE)) ] || fail "no room for $((60 * RATE))"
	[ "$kept" -le "$LIMIT" ] || fail "more than $LIMIT"
	[ "$memory" -le "$MEMORY_MAX" ] || fail "more than $MEMORY_MAX kB of memory"
	unwarned
}

# Those that came first are known, and stay with their servers when the pool changes.
known() {
	local before after
	before=$(by_server)
	ipvsadm -e -u "$SVC4" -r 10.77.0.1:443 -i -w 9
	mark_outcomes "$SVC4"
	pour "$RATE"
	beside "$POURING"
	await "$POURING"
	counted "$SVC4" "routed=$ASKED" "unroutable-config=$RATE" "tuple=$RATE"
	after=$(by_server)
	same "connections by server" "$after" "$before"
	unwarned
}

by_server() { ipvsadm -Ln | awk '/->.*Tunnel/ { print $2, $5 + $6 }'; }

# The service takes all of them with it.
gone() {
	local begin=${EPOCHREALTIME/./}
	ipvsadm -D -u "$SVC4"
	echo "all entries are deleted in $(((${EPOCHREALTIME/./} - begin) / 1000)) ms" >>"$WORK/figures"
	reload_with
	unwarned
}

serve
ip link add ivqd type dummy
# otherwise the device would send packets of its own
echo 1 >/proc/sys/net/ipv6/conf/ivqd/disable_ipv6
ip link set ivqd up
ip route add 10.77.0.0/24 dev ivqd
defer "ip link del ivqd"
tcase "$((60 * RATE)) flows have entries at once, and others lose nothing" minute
tcase "known flows stay with their servers" known
tcase "a service takes its entries with it" gone
[ ! -e "$WORK/figures" ] || note "$(<"$WORK/figures")"
finish
