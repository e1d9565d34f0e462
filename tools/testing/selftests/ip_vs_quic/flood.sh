#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Floods of random short headers, Initials, CIDs that have to be decrypted, and ICMP errors, FLOOD packets each.  Memory does not
# grow, and no datagram with a server's CID between or beside them is lost.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=packets.sh
. "$here/packets.sh"
# shellcheck source=storm.sh
. "$here/storm.sh"
need_module
lab_up
TUPLES=1000

# kB of the kernel's own memory; freed objects wait for a grace period, and with KASAN in a quarantine
memory() { awk '/^(Slab|Percpu|VmallocUsed):/ { sum += $2 } END { print sum }' /proc/meminfo; }

# 8000 packets may leave less memory than a connection or a datagram for each.
slack() {
	SLACK=2048
	if grep -qw kasan_report /proc/kallsyms; then
		SLACK=$((SLACK + $(awk '$1 == "MemTotal:" { print $2 }' /proc/meminfo) / 32))
		FLOOD=${FLOOD:-2000}
	fi
	FLOOD=${FLOOD:-8000}
}

memory_is_flat() { [ $(($(memory) - MEMORY)) -le "$SLACK" ]; }

# flood_of KIND: sets $ASKED
flood_of() {
	local begin=${EPOCHREALTIME/./}
	MEMORY=$(memory)
	mark "$SVC4"
	storm "$1" "$FLOOD"
	poll 30 "flat memory" memory_is_flat
	echo "$1: $FLOOD packets, $ASKED datagrams between them, in $(((${EPOCHREALTIME/./} - begin) / 1000)) ms; $(($(memory) - MEMORY)) kB more memory" >>"$WORK/figures"
}

# unroutable: sets $UNROUTABLE to how many datagrams have been unroutable since mark()
unroutable() {
	local outcome
	UNROUTABLE=0
	stats "$SVC4"
	for outcome in "${!STATS[@]}"; do
		case $outcome in
		unroutable-* | malformed) UNROUTABLE=$((UNROUTABLE + STATS[$outcome] - MARK[$outcome])) ;;
		esac
	done
}

# of OUTCOME: its count since mark()
of() { echo $((STATS[$1] - MARK[$1])); }

garbage() {
	flood_of short
	unroutable
	same "routed" "$(of routed)" "$ASKED"
	same "unroutable" "$UNROUTABLE" "$FLOOD"
	same "sent by hashing" "$(of fallback)" "$FLOOD"
	stateless
}

# Each packet has a 4-tuple of its own: connections are made up to the limit.
initials() {
	defer "drop_connections; storm_services"
	q set -u "$SVC4" --tuple-max "$TUPLES"
	flood_of initial
	counted "$SVC4" "routed=$ASKED" "unroutable-config=$FLOOD" "fallback-new=$TUPLES" "fallback=$((FLOOD - TUPLES))"
	same "connections" "$(new_conns | wc -l)" "$TUPLES"
}

encrypted() {
	flood_of cids
	counted "$SVC4" "routed=$ASKED" "unroutable-server-id=$FLOOD" "fallback=$FLOOD"
	stateless
	same "datagrams that config 1 was of no use for" "$(q config list -u "$SVC4" -j | jq '.[] | select(.id == 1) | .misses')" "$FLOOD"
}

errors() {
	flood_of icmp
	counted "$SVC4" "routed=$ASKED" "icmp-fallback=$FLOOD"
	stateless
}

# express FUNCTION: with the express path on the device that the floods arrive on; it leaves none of them to IPVS
express() {
	local outcomes
	q express add eth0
	defer "q express del eth0 2>/dev/null || :"
	"$1"
	outcomes=$(q express list -j | jq -c '.[0].outcomes')
	jq -e ".taken >= $ASKED + $FLOOD * 4 / 5 and .unroutable == 0" <<<"$outcomes" || fail "$outcomes"
}

# beside KIND: a flood beside a client's continuous traffic
beside() {
	local name server count total=0 packets=$FLOOD
	drop_connections
	storm_services
	flood -t 60000 -c 0:3:4 -w 8 "to=$SVC4" - <<-END
		from=$CL4.66:6600 name=s1 mint=0:$(sid 3 1)
		from=$CL4.67:6700 name=s3 mint=0:$(sid 3 3)
	END
	storm "$1" "$packets"
	flooded
	while read -r name server count; do
		[ "$name" = "$server" ] || fail "$count datagrams for $name: $server"
		total=$((total + count))
	done <<<"$GOT"
	echo "$1: $packets packets, $total datagrams beside them" >>"$WORK/figures"
	[ "$total" -gt 20 ] || fail "hardly any traffic: $GOT"
}

serve
slack
mute 70
defer "unmute 70; q -C"
drop_connections
storm_services
tcase "random short headers" garbage
tcase "Initials" initials
tcase "random CIDs to decrypt" encrypted
tcase "ICMP errors" errors
tcase "random short headers, express path" express garbage
tcase "Initials, express path" express initials
tcase "random CIDs to decrypt, express path" express encrypted
for kind in short initial cids icmp; do
	tcase "$kind: traffic beside it loses nothing" beside $kind
done
[ ! -e "$WORK/figures" ] || note "$(<"$WORK/figures")"
finish
