#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# SCALE datagrams, each with a 4-tuple of its own and a routable CID, leave nothing behind on the director; what as many leave with
# scheduler mh is printed beside it.  The full measure is SCALE=1000000.
#
# They come from a tunnel device and leave, in IPIP, by a dummy device: all in the director, so that it is the director that is
# measured, and in one go each, so that none is lost.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=packets.sh
. "$here/packets.sh"
need_module
modprobe -a ip_vs_mh tun dummy 2>/dev/null || skip_all "the kernel has no ip_vs_mh, tun or dummy"
lab_up
SCALE=${SCALE:-100000}

far() { printf '10.77.0.%d' "$1"; }

# value FILE NAME: the number that a line of FILE has behind NAME, "NAME:" as in /proc/meminfo
value() { awk -v name="$2:" '$1 == name { print $2 }' "$1"; }

# sent: how many packets the dummy device has been given
sent() { awk '$1 == "ivqd:" { print $11 }' /proc/self/net/dev; }

# connections: of all servers
connections() { ipvsadm -Ln | awk '/->.*Tunnel/ { n += $5 + $6 } END { print n + 0 }'; }

# Objects that were freed wait for a grace period, under KASAN in a quarantine of a 32nd of the memory.
slack() {
	SLACK=2048
	! grep -qw kasan_report /proc/kallsyms || SLACK=$((SLACK + $(value /proc/meminfo MemTotal) / 32))
}

slab_is_flat() { [ $(($(value /proc/meminfo Slab) - SLAB)) -le "$SLACK" ]; }

# pour SCHEDULER: all of them, each of which is forwarded; sets $CONNECTIONS and $GROWN, kB, to what that has left
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

# Without this, a flat quic would say nothing.
mh() {
	local n
	ipvsadm -C
	ipvsadm -A -u "$SVC4" -s mh
	for n in 1 2 3; do
		ipvsadm -a -u "$SVC4" -r "$(far "$n")" -i
	done
	# they shall be there still when they are counted
	ipvsadm --set 0 0 3600
	pour mh
	same "connections" "$CONNECTIONS" "$SCALE"
	[ "$GROWN" -gt $((SCALE / 8)) ] || fail "$SCALE connections in $GROWN kB"
	ipvsadm -C
	poll 120 "an empty connection table" no_connections
}

restore() {
	ipvsadm -C
	ipvsadm --set 0 0 300
	echo "$expire" >"$EXPIRE"
	ip link del ivqd 2>/dev/null || true
}

# connections go with their servers, and do not stay for whoever comes after
read -r expire <"$EXPIRE"
echo 1 >"$EXPIRE"
trap 'restore; cleanup' EXIT
ip link add ivqd type dummy
# or it would say hello
echo 1 >/proc/sys/net/ipv6/conf/ivqd/disable_ipv6
ip -b - <<-END
	link set ivqd up
	route add 10.77.0.0/24 dev ivqd
END
slack
mint_cids
tcase "quic: $SCALE 4-tuples leave nothing" quic
tcase "mh: $SCALE 4-tuples leave as many connections" mh
[ ! -e "$WORK/figures" ] || note "$(<"$WORK/figures")"
finish
