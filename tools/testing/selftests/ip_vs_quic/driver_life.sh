#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What becomes of the driver path when its namespace ends; and an HTTP/3 download over it, whose client moves.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=packets.sh
. "$here/packets.sh"
# shellcheck source=links.sh
. "$here/links.sh"
# shellcheck source=expresslib.sh
. "$here/expresslib.sh"
need_module
[ -e /sys/kernel/btf/ip_vs_quic ] || skip_all "the kernel has no BTF"
own_lab_up
# as in driver.sh
in_ns rt quiclbadm-driver on lb

y_drives() {
	raw rt -c 1 ip4 "src=10.9.0.2" "dst=$VIP4" udp sport=7 "dport=$PORT" "data=40${CID[1]}"
	[ "$(in_ns y quiclbadm express list -j | jq '.[0].outcomes.driver')" -gt 0 ]
}

# The device of another namespace is gone with it, and has left its pins.
namespace_ends() {
	q -C
	defer "lead_back; ip netns del $LAB-y 2>/dev/null || true"
	y_up
	in_ns y quiclbadm express add eth0 --mode driver 2>/dev/null
	poll 10 "the driver path" y_drives
	# a command in this namespace does not take it away
	refused 1 "Error: express path of nodev0: There is no such device." q express del nodev0
	same "mode" "$(in_ns y quiclbadm express list -j | jq -r '.[0].mode')" driver
	ip netns del "$LAB-y"
	lead_back
	poll 30 "the end of the namespace" y_is_gone
	refused 1 "Error: express path of nodev0: There is no such device." q express del nodev0
	in_ns rt quiclbadm-driver off lb
	reload
	in_ns rt quiclbadm-driver on lb
}

# A veth device leaves the checksum to the stack, which XDP does not pass; a wire does not.
download() {
	local from=$CL4.21 to=$CL4.22 server
	# in this case only: it has another arrived()
	# shellcheck source=h3.sh
	. "$here/h3.sh"
	in_ns cl ethtool -K eth0 tx off >/dev/null
	# shellcheck disable=SC2119 # without options
	h3_servers
	fresh "$SVC4" rs4 "$H3_CONFIG"
	drive eth0
	mark "$SVC4"
	fetch_moving "$from" "$to"
	arrived
	server=$(told request server)
	same "server of the address change" "$(told migrate server)" "$server"
	same "address after" "$(told migrate to | sed 's/:[0-9]*$//')" "$to"
	counters
	[ "${COUNTERS[eth0.driver]}" -ge 100 ] || fail "only ${COUNTERS[eth0.driver]} datagrams went the driver path"
	same "4-tuples remembered" "$(stats "$SVC4"; echo $((STATS[fallback-new] - MARK[fallback-new])))" 1
}

mint_cids
watch
tcase "a namespace ends with the driver path on" namespace_ends
tcase "a client that moves keeps its download over the driver path" download
finish
