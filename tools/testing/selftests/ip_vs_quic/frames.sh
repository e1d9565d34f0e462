#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The driver path takes plain frames only, reads nothing outside of them, and makes good packets of them: frames cut off at each octet, with
# each amount of headroom, and FRAMES damaged ones; SEED chooses others.  They are given to the module's function directly, so neither a
# driver nor BTF is needed.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=packets.sh
. "$here/packets.sh"
# shellcheck source=expresslib.sh
. "$here/expresslib.sh"
need_module
modprobe fou
# Where there has been a routing rule, routing is asked about each datagram, which the driver path cannot do.
own_lab_up
FRAMES=${FRAMES:-20000}
SEED=${SEED:-1}

# PORT FAMILY OUTER OPTION...
kinds=(
	"443 4 4 -i"
	"444 4 4 -i --tun-type gue --tun-port 6080"
	"445 4 6 -i"
	"443 6 6 -i"
	"444 6 6 -i --tun-type gue --tun-port 6080"
	"445 6 4 -i"
)

set_up() {
	local row port f outer svc ip options
	for row in "${kinds[@]}"; do
		read -r port f outer options <<<"$row"
		family "$f"
		# shellcheck disable=SC2086 # words
		pool_at "${svc%:*}:$port" "$outer" $options
	done | q -R 2>/dev/null
	on eth0
	warm 4 443 444 445
	warm 6 443 444 445
}

# arguments: sets $SERVICES; the CID's server is 1, 2 or 3, and one of them is too long for the fast decision
arguments() {
	local row port f n=0 vip
	SERVICES=()
	for row in "${kinds[@]}"; do
		read -r port f _ <<<"$row"
		vip=$VIP4
		[ "$f" = 4 ] || vip=$VIP6
		n=$((n + 1))
		SERVICES+=("$vip,$port,40${CID[n % 3 + 1]}$(printf '5a%.0s' {1..40})")
	done
	SERVICES+=("$VIP4,443,$(long_header "${CID[2]}" 1122)" "$VIP6,443,40${CID[3]}")
}

# The module counts as taken what leaves, and nothing else.
ask() {
	local taken left services
	set_up
	arguments
	modprobe ivq_lab
	dmesg -C
	counters_mark
	read -r taken left < <("$here/framefuzz" eth0 "$FRAMES" "$SEED" "${SERVICES[@]}" | sed -n 's/^\([0-9]*\) taken, \([0-9]*\) left$/\1 \2/p')
	echo "$taken frames taken, $left left"
	[ "$taken" -gt $((FRAMES / 10)) ] && [ "$left" -gt $((FRAMES / 10)) ]
	counters
	same "frames that the module counted" "$((${COUNTERS[eth0.driver]} - ${MARKED[eth0.driver]}))" "$taken"
	services=0
	for n in "${!COUNTERS[@]}"; do
		[[ $n != *.@(routed|tuple|fallback|fallback-new) ]] || services=$((services + COUNTERS[$n] - ${MARKED[$n]:-0}))
	done
	same "datagrams that services counted" "$services" "$taken"
	same "the kernel's complaints" "$(dmesg | grep -E 'KASAN|BUG|WARNING|suspicious' || true)" ""
}

# On a device without the express path nothing is taken.
elsewhere() {
	arguments
	modprobe ivq_lab
	q express del eth0 2>/dev/null || true
	if "$here/framefuzz" eth0 1 1 "${SERVICES[0]}" 2>"$WORK/said"; then
		fail "a frame was taken without the express path"
	fi
	grep -q 'a plain frame was not taken' "$WORK/said"
}

watch
mint_cids
tcase "$FRAMES damaged frames, and each length" ask
tcase "no frame without the express path" elsewhere
finish
