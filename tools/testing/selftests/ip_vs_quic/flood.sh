#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Floods: of random short headers, Initials, CIDs that have to be decrypted, ICMP errors.  Memory stays where it is, and of the
# datagrams between them that have a server's CID none is lost.  FLOOD packets each.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=packets.sh
. "$here/packets.sh"
# shellcheck source=storm.sh
. "$here/storm.sh"
need_module
lab_up
FLOOD=${FLOOD:-2000}
TUPLES=1000

# kB of the kernel's own memory; objects that were freed wait for a grace period, under KASAN in a quarantine
slab() { awk '$1 == "Slab:" { print $2 }' /proc/meminfo; }

slack() {
	SLACK=2048
	! grep -qw kasan_report /proc/kallsyms || SLACK=$((SLACK + $(awk '$1 == "MemTotal:" { print $2 }' /proc/meminfo) / 32))
}

slab_is_flat() { [ $(($(slab) - SLAB)) -le "$SLACK" ]; }

# flood_of KIND: sets $ASKED
flood_of() {
	local begin=${EPOCHREALTIME/./}
	SLAB=$(slab)
	mark "$SVC4"
	storm "$1" "$FLOOD"
	poll 30 "flat memory" slab_is_flat
	echo "$1: $FLOOD packets, $ASKED datagrams between them, in $(((${EPOCHREALTIME/./} - begin) / 1000)) ms; $(($(slab) - SLAB)) kB more slab" >>"$WORK/figures"
}

# unroutable: sets $UNROUTABLE to how many datagrams have not been since mark()
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

# Each is from a 4-tuple of its own: connections are made as long as there is room.
initials() {
	q set -u "$SVC4" --tuple-max "$TUPLES"
	flood_of initial
	counted "$SVC4" "routed=$ASKED" "unroutable-config=$FLOOD" "fallback-new=$TUPLES" "fallback=$((FLOOD - TUPLES))"
	same "connections" "$(new_conns | wc -l)" "$TUPLES"
	q set -u "$SVC4" --tuple-max 131072
	drop_connections
	storm_services
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
[ ! -e "$WORK/figures" ] || note "$(<"$WORK/figures")"
finish
