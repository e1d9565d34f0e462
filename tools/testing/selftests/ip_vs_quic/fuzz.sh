#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Random requests and packets: the kernel reports no defect, services that they do not name are unchanged, and the traffic
# between them is routed.  INPUTS requests and as many packets for each path; SEED chooses others.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=packets.sh
. "$here/packets.sh"
# shellcheck source=storm.sh
. "$here/storm.sh"
need_module
lab_up
INPUTS=${INPUTS:-1000}
PREY=("$VIP4:444" "[$VIP6]:444")

# The configuration of the other services, without counters
others() {
	q -L -n -j | jq -S '[.services[] | select(.port != 444) | walk(if type == "object" then
		del(.stats, .outcomes, .active_conns, .inactive_conns, .persistent_conns, .datagrams, .misses, .last_seen_ms)
		else . end)]'
}

# Requests may have switched on the express path on any device.
no_express() {
	local device
	for device in $(q express list -j | jq -r '.[].device'); do
		q express del "$device"
	done
}

# usable SERVICE I: the resulting configuration can be listed and changed
usable() {
	q config list -u "$1" >/dev/null
	q set -u "$1" --dcid-max $((16 + $2))
	ipvsadm -D -u "$1"
}

# set_ipv6: how many SET requests for the IPv6 service succeeded
set_ipv6() { awk '/^command 1:/ { n += $5 } END { print n + 0 }' "$WORK/figures"; }

# The services are made again now and then: how far requests get depends on their contents.
requests() {
	local before rounds=4 i
	storm_services
	# what is done is told, too
	spawn lb quiclbadm monitor >"$WORK/events" 2>&1
	before=$(others)
	same "number of other services" "$(jq length <<<"$before")" 2
	for ((i = 0; i < rounds; i++)); do
		{
			service "${PREY[0]}" rs4 0:3:4 "1:8:8:$KEY"
			service "${PREY[1]}" rs6 0:3:4 "1:8:8:$KEY"
		} | q -R
		"$here/nlfuzz" -n $((INPUTS / rounds)) -s $((SEED + i)) 444 "$VIP4" "$(rs4 1)" "$VIP6" "$(rs6 1)" >>"$WORK/figures"
		same "configuration of the other services" "$(others)" "$before"
		q -L -n --stats -j | jq -e '.services | length == 4' >/dev/null
		usable "${PREY[0]}" "$i"
		usable "${PREY[1]}" "$i"
	done
	[ "$(set_ipv6)" -gt 0 ] || fail "no request reached the IPv6 service"
	no_express
	kill -INT "$SPAWNED"
	await "$SPAWNED"
	[ "$(wc -l <"$WORK/events")" -gt 100 ] || fail "few events: $(<"$WORK/events")"
	# the module still forwards
	storm short 1
	counted "$SVC4" routed=2 "$(unroutable)" fallback=1
}

# Prints the outcome of storm's one packet.
unroutable() {
	local outcome
	stats "$SVC4"
	for outcome in "${!STATS[@]}"; do
		case $outcome in
		unroutable-* | malformed) [ "${STATS[$outcome]}" = 0 ] || printf '%s=%s' "$outcome" "${STATS[$outcome]}" ;;
		esac
	done
}

# packets_are_routed default|express
packets_are_routed() {
	storm_services
	[ "$1" = default ] || { q express add eth0; defer "q express del eth0"; }
	storm fuzz "$INPUTS"
	# the last ones have been answered: each was counted
	stats "$SVC4"
	[ "${STATS[routed]}" -ge "$ASKED" ] || fail "only ${STATS[routed]} of $ASKED datagrams were routed"
	stats "$SVC6"
	[ "${STATS[routed]}" -ge "$ASKED" ] || fail "only ${STATS[routed]} of $ASKED datagrams were routed"
	if [ "$1" = express ]; then
		q express list >>"$WORK/figures"
		same "datagrams taken" "$(q express list -j | jq ".[0].outcomes.taken > $ASKED / 2")" true
	fi
	echo "$1 path: $INPUTS packets, $ASKED datagrams of either family between them" >>"$WORK/figures"
}

kept() {
	local redirects
	for redirects in /proc/sys/net/ipv4/conf/{all,eth0}/accept_redirects /proc/sys/net/ipv6/conf/{all,eth0}/accept_redirects; do
		defer "echo $(<"$redirects") >$redirects"
		echo 0 >"$redirects"
	done
}

# Restores the lab for other scripts.
restore() {
	no_express
	q -C
	ip neigh flush all
	flush_routes lb rt s1 s2 s3 cl
}

serve
kept
mute 70
defer "unmute 70; restore"
tcase "$INPUTS requests" requests
tcase "$INPUTS packets for the default path" packets_are_routed default
tcase "$INPUTS packets for the express path" packets_are_routed express
tcase "the kernel has nothing to report" unwarned
note "SEED=$SEED"
[ ! -e "$WORK/figures" ] || note "$(<"$WORK/figures")"
finish
