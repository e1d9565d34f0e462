#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The driver path beside XDP programs of others: the manual's program ("XDP programs of your own"), compiled and loaded by the commands
# there, alone and behind libxdp's dispatcher; and a filter in front of ours.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=packets.sh
. "$here/packets.sh"
# shellcheck source=expresslib.sh
. "$here/expresslib.sh"
need_module
[ -e /sys/kernel/btf/ip_vs_quic ] || skip_all "the kernel has no BTF"
command -v quiclbadm-driver >/dev/null || skip_all "quiclbadm-driver is not built"
[ -x "$here/xdpload" ] || skip_all "xdpload is not built"
command -v clang bpftool >/dev/null || skip_all "clang or bpftool is not installed"
# Where there has been a routing rule, routing is asked about each datagram, which the driver path cannot do.
own_lab_up
manual=$here/../../../../Documentation/ip_vs_quic.rst

# as in driver.sh
in_ns rt quiclbadm-driver on lb

# manual_command PATTERN: the line of the manual that matches
manual_command() { sed -n "s/^ \{4,\}\($1.*\)/\1/p" "$manual"; }

# compile: the manual's program is filter.bpf.o in $WORK; without the question it is only.bpf.o, whose program is "only"
compile() {
	local command
	sed -n '/^ *\/\/ SPDX-License-Identifier/,/^ *char _license/s/^    //p' "$manual" >"$WORK/filter.bpf.c"
	sed -e '/if (ip_vs_quic_xdp/,/bpf_redirect/c return XDP_PASS;' -e '/struct ip_vs_quic_xdp way/d' -e 's/^int filter/int only/' \
		"$WORK/filter.bpf.c" >"$WORK/only.bpf.c"
	command=$(manual_command "clang -g")
	command=${command//-I kmod/-I $here/../../../../kmod}
	(cd "$WORK" && eval "$command" && eval "${command//filter.bpf/only.bpf}")
	grep -q "ip_vs_quic_xdp(" "$WORK/filter.bpf.c"
	! grep -q "ip_vs_quic_xdp(" "$WORK/only.bpf.c"
}

load() {
	"$here/xdpload" on eth0 "$WORK/$1.bpf.o"
	defer "$here/xdpload off eth0 $1 2>/dev/null || true"
}

# from_7 ARRIVES WHAT...: a datagram of a client's address that the manual blocks
from_7() {
	forget
	one "ip4 src=$CL4.7 dst=$VIP4 ttl=9 udp sport=998 dport=$PORT data=40${CID[1]} pad=30"
	happened "${@:2}"
	# what is dropped never arrives; a datagram that is sent later has, and nothing else
	if [ "$1" = 0 ]; then
		one "$ip ttl=9 udp sport=997 dport=$PORT data=40${CID[1]} pad=30"
		arrived 1 "sport=99"
		counters_mark
	else
		arrived 1 "sport=998"
	fi
}

block_7() {
	local command
	command=$(manual_command "bpftool map update")
	same "whom the manual blocks" "$CL4.7" "198.51.100.7"
	eval "$command"
}

programs() { "$here/xdpload" list eth0 | xargs; }

start() {
	family 4
	pool 4 4 -i
}

# Alone on the device, as the manual says.
asks_itself() {
	local svc ip
	start
	on eth0
	(cd "$WORK" && eval "$(manual_command "ip link set dev eth0 xdpdrv obj")")
	defer "ip link set dev eth0 xdpdrv off"
	warm 4
	driven 1
	same "mode" "$(mode eth0)" ingress
	from_7 1 eth0.driver=1 "$svc.routed=1"
	block_7
	from_7 0
	driven 1
	refused 1 "Error: driver path of eth0: another XDP program is on the device, which does not share it by libxdp (ip link show DEVICE)." \
		q express add eth0 --mode driver
	same "mode" "$(mode eth0)" ingress
	q express del eth0
	q -C
	in_ns rt quiclbadm-driver off lb
	if modprobe -r ip_vs_quic 2>/dev/null; then
		fail "a program that calls the module did not hold it"
	fi
	ip link set dev eth0 xdpdrv off
	reload
	in_ns rt quiclbadm-driver on lb
}

# The same program, as one of several; it takes what ours would have.
asks_behind_dispatcher() {
	local svc ip
	start
	drive eth0
	load filter
	same "programs" "$(programs)" "filter ip_vs_quic"
	warm 4
	driven 1
	block_7
	from_7 0
	driven 1
	q express add eth0 --mode ingress
	same "programs" "$(programs)" filter
	warm 4
	driven 1
}

# A filter in front of ours; ours was there first, then the filter.
filtered() {
	local svc ip
	start
	drive eth0
	load only
	same "programs" "$(programs)" "only ip_vs_quic"
	same "mode" "$(mode eth0)" driver
	warm 4
	driven 1
	from_7 1 eth0.driver=1 "$svc.routed=1"
	block_7
	from_7 0
	# each goes without the other
	"$here/xdpload" off eth0 only
	warm 4
	from_7 1 eth0.driver=1 "$svc.routed=1"
	load only
	q express del eth0
	same "programs" "$(programs)" only
	drive eth0
	same "programs" "$(programs)" "only ip_vs_quic"
	warm 4
	driven 1
	block_7
	from_7 0
	q express del eth0
}

mint_cids
watch
tcase "the manual's program is compiled" compile
tcase "it asks the module itself" asks_itself
tcase "it asks behind libxdp's dispatcher" asks_behind_dispatcher
tcase "a filter runs in front of ours" filtered
finish
