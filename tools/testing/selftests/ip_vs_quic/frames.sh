#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The driver path takes plain frames only, reads nothing outside of them, and makes good packets of them: frames cut off at each octet, with
# datagrams of each length, with each amount of headroom, and FRAMES damaged ones, half of them of a VLAN; SEED chooses others.  They are
# given to the module's function directly, so neither a driver nor BTF is needed.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=packets.sh
. "$here/packets.sh"
# shellcheck source=links.sh
. "$here/links.sh"
# shellcheck source=expresslib.sh
. "$here/expresslib.sh"
need_module
modprobe -a fou 8021q 2>/dev/null || true
# Where there has been a routing rule, routing is asked about each datagram, which the driver path cannot do.
own_lab_up
FRAMES=${FRAMES:-20000}
HALF=$((FRAMES / 2))
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

# arguments: sets $SERVICES; the CID's server is 1, 2 or 3, and one of them is too long for the fast decision. Others are encrypted, or name no
# server, so that the 4-tuple counts.
arguments() {
	local row port f n=0 vip fill
	SERVICES=()
	printf -v fill '5a%.0s' {1..40}
	for row in "${kinds[@]}"; do
		read -r port f _ <<<"$row"
		vip=$VIP4
		[ "$f" = 4 ] || vip=$VIP6
		n=$((n + 1))
		SERVICES+=("$vip,$port,40${CID[n % 3 + 1]}$fill")
	done
	SERVICES+=("$VIP4,443,$(long_header "${CID[2]}" 1122)" "$VIP6,443,40${CID[3]}"
		"$VIP4,443,40$KEYED$fill" "$VIP6,445,40$KEYED"
		"$VIP4,445,$(long_header c0a1b2c3d4e5f607 1122)$fill" "$VIP6,443,$(long_header c0a1b2c3d4e5f607 "")"
		"$VIP4,444,40ff$fill")
}

# grown PATTERN: by how much the counters of such names have, in sum, since the last mark; call counters() before
grown() {
	local name sum=0
	for name in "${!COUNTERS[@]}"; do
		# shellcheck disable=SC2053 # a pattern it is
		[[ $name != $1 ]] || sum=$((sum + ${COUNTERS[$name]} - ${MARKED[$name]:-0}))
	done
	echo "$sum"
}

# ask [OPTION...]: of framefuzz. The module counts as taken what leaves, and nothing else.
ask() {
	local taken left
	arguments
	modprobe ivq_lab
	dmesg -C
	counters_mark
	read -r taken left < <("$here/framefuzz" "$@" eth0 "$HALF" "$SEED" "${SERVICES[@]}" | sed -n 's/^\([0-9]*\) taken, \([0-9]*\) left$/\1 \2/p')
	echo "$taken frames taken, $left left" | tee -a "$WORK/figures"
	[ "$taken" -gt $((HALF / 10)) ] && [ "$left" -gt $((HALF / 10)) ]
	counters
	same "frames that the module counted" "$(grown '*.driver')" "$taken"
	same "datagrams that services counted" "$(grown '*.@(routed|tuple|fallback|fallback-new)')" "$taken"
	for outcome in tuple fallback fallback-new; do
		[ "$(grown "*.$outcome")" -gt 0 ] || fail "no frame counted as $outcome"
	done
	same "the kernel's complaints" "$(dmesg | grep -E 'KASAN|BUG|WARNING|suspicious' || true)" ""
}

untagged() {
	set_up
	ask
}

# Frames of a VLAN, whose device has the express path as well.
tagged() {
	defer "ip -n $LAB-rt route replace $VIP6 via fd00:10::1"
	vlan_up
	# XDP sees the tags then
	ethtool -K eth0 rxvlan off
	defer "ethtool -K eth0 rxvlan on"
	ip addr add fd05::1/64 dev v5
	ip -n "$LAB-rt" -b - <<-END
		addr add fd05::2/64 dev v5
		route replace $VIP6 via fd05::1 dev v5
	END
	on v5
	set_up
	ask -v 5
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
KEYED=$("$QUICGEN" mint -c "1:3:15:$KEY" "mint=1:$(sid 3 2)")
tcase "$HALF damaged frames, and each length" untagged
tcase "$HALF damaged frames of a VLAN, and each length" tagged
tcase "no frame without the express path" elsewhere
[ ! -e "$WORK/figures" ] || note "$(<"$WORK/figures")"
finish
