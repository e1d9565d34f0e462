#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What becomes of the driver path when its namespace ends, and when quiclbadm or its helper is killed in the middle of a change; and an HTTP/3
# download over it, whose client moves.
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

# --- killed in the middle -----------------------------------------------------

# points VERB: prints which system calls of the helper change something on e1, by name and number
points() {
	strace -o "$WORK/calls" -e trace=bpf,sendto,mkdir,unlink,rmdir quiclbadm-driver "$1" e1
	awk '/^[a-z]+\(/ { name = $1; sub(/\(.*/, "", name); count[name]++ }
		/^bpf\(BPF_(OBJ_PIN|LINK_|RAW_TRACEPOINT)|^(sendto|mkdir|unlink|rmdir)\(/ { print name, count[name] }' "$WORK/calls"
}

# kill_at SYSCALL N COMMAND...: at its Nth such call; fails if it ends before
kill_at() {
	local status=0
	strace -o /dev/null -e trace="$1" -e inject="$1:signal=KILL:when=$2" "${@:3}" >/dev/null 2>&1 || status=$?
	[ "$status" = 137 ]
}

# as_listed WHAT: what is on e1 is listed; "express del" leaves nothing of it, and nothing that holds the module
as_listed() {
	local mode program
	program=$(ip -j link show e1 | jq '.[0].xdp.prog.id')
	mode=$(mode e1)
	case $program/$mode in
	null/ | null/ingress | [0-9]*/driver) ;;
	*) fail "after $1, e1 has the program $program and the mode \"$mode\"" ;;
	esac
	q express del e1 2>/dev/null || [ -z "$mode" ]
	same "programs after $1" "$(ip -j link show e1 | jq '.[0].xdp.prog.id')" null
	same "pins after $1" "$(find /sys/fs/bpf/xdp -name "dispatch-$(</sys/class/net/e1/ifindex)-*")" ""
	(poll 20 "the end of the program" is_let_go) || fail "after $1: $(holders)"
}

# The kernel frees programs asynchronously.
is_let_go() { [ "$(</sys/module/ip_vs_quic/refcnt)" = "$references" ]; }

e1_up() {
	command -v strace >/dev/null || skip "strace is not installed"
	q -C
	ip link add e1 type veth peer name e2
	defer "ip link del e1"
	ip link set e1 up
	ip link set e2 up
	references=$(</sys/module/ip_vs_quic/refcnt)
}

# killed VERB MODE: the helper, at each change that it makes when VERB is done in mode MODE
killed() {
	local name n references count=0
	e1_up
	q express add e1 --mode "$2" 2>/dev/null
	points "$1" >"$WORK/points"
	as_listed "$1"
	while read -r name n <&7; do
		q express add e1 --mode "$2" 2>/dev/null
		kill_at "$name" "$n" quiclbadm-driver "$1" e1
		as_listed "$name $n of $1"
		count=$((count + 1))
	done 7<"$WORK/points"
	echo "$count points"
	[ "$count" -ge 4 ]
}

no_helper() { ! pgrep -x quiclbadm-drive >/dev/null; }

# abandoned COMMAND...: quiclbadm, at each message to the kernel; its helper goes on
abandoned() {
	local references n=0
	e1_up
	while n=$((n + 1)) && prepare_"$2" && kill_at sendto "$n" quiclbadm "$@"; do
		poll 60 "the helper's end" no_helper
		as_listed "message $n of $*"
	done
	echo "$n messages"
	[ "$n" -ge 3 ]
	q express del e1 2>/dev/null || true
}

prepare_add() { q express del e1 2>/dev/null || true; }
prepare_del() { q express add e1 --mode driver 2>/dev/null || true; }

mint_cids
watch
tcase "the helper is killed when it puts the program on a device" killed on ingress
tcase "the helper is killed when it takes it off" killed off driver
tcase "express add is killed" abandoned express add e1 --mode driver
tcase "express del is killed" abandoned express del e1
tcase "a namespace ends with the driver path on" namespace_ends
tcase "a client that moves keeps its download over the driver path" download
finish
