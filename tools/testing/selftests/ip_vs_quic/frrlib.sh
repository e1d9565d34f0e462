# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For scripts in which FRR runs; sourced after lib.sh. FRR_ROOT is a directory with FRR's files; frr_root() of tools/testing/qemu/lib.sh
# makes one.
# shellcheck disable=SC2034,SC2154

contrib=$here/../../../../contrib/frr
libraries=${FRR_ROOT:-}/usr/lib/x86_64-linux-gnu:${FRR_ROOT:-}/usr/lib/x86_64-linux-gnu/frr:${FRR_ROOT:-}/lib/x86_64-linux-gnu
declare -A DAEMON=()

# FRR's programs run as this group
frr_group() { grep -q ^frrvty: /etc/group || echo "frrvty:x:990:root" >>/etc/group; }

# frr NAMESPACE CONFIG: zebra and bgpd
frr() {
	local ns=$1 dir=$WORK/frr-$1 daemon
	mkdir -p "$dir"
	: >"$dir/zebra.conf"
	echo "username root nopassword" >"$dir/vtysh.conf"
	cp "$2" "$dir/bgpd.conf"
	for daemon in zebra bgpd; do
		rm -f "$dir/$daemon.vty"
		spawn "$ns" env "LD_LIBRARY_PATH=$libraries" "$FRR_ROOT/usr/lib/frr/$daemon" -u root -g root -P 0 -z "$dir/zserv.api" \
			--vty_socket "$dir" -i "$dir/$daemon.pid" -f "$dir/$daemon.conf" --log "file:$dir/$daemon.log" >"$dir/$daemon.out" 2>&1 </dev/null
		DAEMON[$ns-$daemon]=$SPAWNED
		poll 120 "$daemon of $ns: $(tail -n 5 "$dir/$daemon.out" "$dir/$daemon.log" 2>/dev/null)" test -S "$dir/$daemon.vty"
	done
}

# frr_stop NAMESPACE: as systemd does
frr_stop() {
	local daemon
	for daemon in bgpd zebra; do
		kill "${DAEMON[$1-$daemon]}"
		poll 120 "the end of $daemon of $1" has_ended "${DAEMON[$1-$daemon]}"
	done
}

# shows NAMESPACE COMMAND
shows() { LD_LIBRARY_PATH=$libraries "$FRR_ROOT/usr/bin/vtysh" --config_dir "$WORK/frr-$1" --vty_socket "$WORK/frr-$1" -c "$2" 2>/dev/null; }

# next_hops [6]: of the router's route to the VIP, sorted. Those of IPv6 are link-local: the interface's name is the director's, too.
next_hops() {
	if [ "${1:-}" = 6 ]; then
		in_ns rt ip -6 -j route show exact "$VIP6/128" proto bgp
	else
		in_ns rt ip -j route show exact "$VIP4/32" proto bgp
	fi | jq -r '[.[] | if .nexthops then .nexthops[].gateway else .gateway end] | sort | join(" ")'
}

goes_to() { [ "$(next_hops "${family:-}")" = "$1" ]; }

# routed ADDRESS...: waits until the router has these next hops and no other; with family=6, to the VIP of IPv6
routed() {
	(poll 120 "next hops \"$*\"" goes_to "$*") || {
		tail -n 5 "$WORK"/announce-* 2>/dev/null || :
		ip -o addr show dev lo
		shows lb "show bgp all"
		shows rt "show bgp all"
		in_ns rt ip route
		in_ns rt ip -6 route
		exit 1
	}
}

established() { [ "$(shows rt "show bgp ipv4 unicast summary json" | jq "[.peers[] | select(.state == \"Established\")] | length")" = "$1" ]; }
