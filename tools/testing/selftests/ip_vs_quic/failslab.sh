#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Each allocation fails once.  A command is done or returns an error, existing configuration keeps working, and no memory is
# leaked.  At the end the calls of allocators in the module's object code are compared with those that did fail.
#
# The kernel prints a stack for each failure, on purpose, so its console shows errors only.  Its other messages are looked for in its
# log, by the programs after each failure and at the end.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=packets.sh
. "$here/packets.sh"
# shellcheck source=masqlib.sh
. "$here/masqlib.sh"
need_module
FAIL=/sys/kernel/debug/failslab
FAIL_PAGE=/sys/kernel/debug/fail_page_alloc
[ -w "$FAIL/ignore-gfp-wait" ] || skip_all "the kernel injects no failures"
command -v objdump >/dev/null || skip_all "objdump is not installed"
lab_up
serve

# Allocators that the module calls.
ALLOCATORS='__kmalloc|kmalloc_|kmem_cache_alloc|__kvmalloc|kvmalloc_|__vmalloc|kstrdup|kmemdup|__alloc_percpu|pcpu_alloc|alloc_workqueue|__alloc_skb'
ALLOCATORS+='|crypto_alloc_|ip_vs_conn_new|nf_register_net_hooks?|pskb_expand_head|__pskb_pull_tail|__skb_gso_segment|skb_copy$'

# faulty PROGRAM ARG...: keeps the sites that it prints, and its figures with $WHAT in front
faulty() {
	local rc=0
	"$here/$1" "${@:2}" >"$WORK/said" || rc=$?
	grep '^site ' "$WORK/said" >>"$SITES" || true
	grep -vE '^(site|key) ' "$WORK/said" | sed "s/^/${WHAT:+$WHAT: }/" >>"$WORK/figures" || true
	[ "$rc" = 0 ] || fail "$1 $2${WHAT:+ ($WHAT)} failed"
}

commands() { faulty exhaust "$1" "$LAB-cl" "$VIP4" "$(rs4 2)"; }

# Page allocations fail, too, while the per-CPU allocator has no page left.  The program runs with real-time priority.  Without a limit
# for that it is not interrupted once a second by the worker that gets new pages for the allocator.
percpu() {
	local runtime
	modprobe ivq_lab
	read -r runtime </proc/sys/kernel/sched_rt_runtime_us
	defer "echo $runtime >/proc/sys/kernel/sched_rt_runtime_us"
	echo -1 >/proc/sys/kernel/sched_rt_runtime_us
	defer "echo 1 >$FAIL_PAGE/min-order; echo Y >$FAIL_PAGE/ignore-gfp-wait; echo Y >$FAIL_PAGE/ignore-gfp-highmem"
	echo 0 >"$FAIL_PAGE/min-order"
	echo N >"$FAIL_PAGE/ignore-gfp-wait"
	echo N >"$FAIL_PAGE/ignore-gfp-highmem"
	commands percpu
}

# A config cannot be made, and its key must not stay in memory.
key() {
	local uuid keys='' found
	modprobe ivq_lab
	for _ in 1 2 3 4; do
		read -r uuid </proc/sys/kernel/random/uuid
		keys+=" $(rev <<<"${uuid//-/}" | tr 0-9a-f fedcba9876543210)"
	done
	# shellcheck disable=SC2086
	faulty exhaust key "$LAB-cl" "$VIP4" "$(rs4 2)" $keys
	found=$("$here/memscan" "$(sed -n 's/^key //p' "$WORK/said")")
	same "how often the key is in memory" "$found" 0
}

# not_rebuilt N: the N-th allocation of a change of a server's weight was for the module's pool; IPVS has the new weight, the pool has not
not_rebuilt() {
	local rc=0
	"$here/exhaust" nth "$LAB-cl" "$VIP4" "$(rs4 2)" "$1" >"$WORK/said" || rc=$?
	grep '^site ' "$WORK/said" >>"$SITES" || true
	[ "$rc" = 0 ] || fail "no allocation of the change leaves the pool behind: exhaust nth $1: status $rc"
	[ "$(rebuild_error)" != null ] || { ipvsadm -e -u "$VIP4:444" -r "$(rs4 2):444" -i -w 1 && return 1; }
}

rebuild_error() { q -L -u "$VIP4:444" -j | jq -r '.services[0].rebuild_error'; }
failed_gauge() { q metrics | awk -v service="{service=\"$VIP4:444\"}" '$1 == "quiclb_service_rebuild_failed" service { print $2 }'; }

# The pool is built again with the next change, of whichever server.
left_behind() {
	local n=1
	ipvsadm -A -u "$VIP4:444" -s quic
	defer "ipvsadm -D -u $VIP4:444"
	ipvsadm -a -u "$VIP4:444" -r "$(rs4 1):444" -i -w 1
	ipvsadm -a -u "$VIP4:444" -r "$(rs4 2):444" -i -w 1
	same "gauge before" "$(failed_gauge)" 0
	spawn lb quiclbadm monitor pool >"$WORK/events" 2>"$WORK/listening"
	poll 60 "monitor to listen" grep -q Listening "$WORK/listening"
	until not_rebuilt "$n"; do n=$((n + 1)); done
	echo "a pool is left behind by failure $n of a change" >>"$WORK/figures"
	same "rebuild_error" "$(rebuild_error)" "Cannot allocate memory"
	same "gauge" "$(failed_gauge)" 1
	q -L -u "$VIP4:444" | grep -q ' rebuild-failed$' || fail "-L says nothing of it: $(q -L -u "$VIP4:444")"
	poll 60 "the event" grep -qx "pool rebuild-failed $VIP4:444: Cannot allocate memory" "$WORK/events"
	ipvsadm -e -u "$VIP4:444" -r "$(rs4 1):444" -i -w 2
	poll 60 "the change that goes through" grep -qx "pool changed $VIP4:444 $(rs4 1):444 Tunnel weight 2 was 1" "$WORK/events"
	same "events since then" "$(sed '0,/rebuild-failed/d' "$WORK/events" | sort)" "pool changed $VIP4:444 $(rs4 1):444 Tunnel weight 2 was 1
pool changed $VIP4:444 $(rs4 2):444 Tunnel weight 7 was 1"
	same "rebuild_error afterwards" "$(rebuild_error)" null
	same "gauge afterwards" "$(failed_gauge)" 0
}

both_services() {
	fresh "$SVC4" rs4 0:3:4 "1:8:8:$KEY"
	service "$SVC6" rs6 0:3:4 | q -R
}

unloads() { rmmod ip_vs_quic 2>/dev/null; }

load() {
	local file
	file=$(modinfo -n ip_vs_quic)
	ipvsadm -C
	poll 60 "the module to be let go" unloads
	faulty starve module "$file"
	modprobe ip_vs_quic
}

# datagrams FATE ALLOCATOR COUNT VERSION OCTETS HEX: to the service of that IP version; zeros are appended to HEX
datagrams() {
	local hex=$6 from=$CL4.50 to=$VIP4 who=s2
	[ "$4" = 4 ] || from=${CL6}:50 to=$VIP6
	printf -v hex '%s%0*d' "$hex" $((2 * $5 - ${#hex})) 0
	faulty starve datagrams "$1" "$LAB-cl" "$from" "$to" "$who" "$hex" "$3" "$2"
}

# A packet that is shared with a capture needs a header of its own.
copied() {
	local pid
	pid=$("$RAWGEN" watch "$WORK/copies" "lb=$LAB-lb")
	pids+=("$pid")
}

express() {
	q express add eth0
	defer "q express del eth0"
}

# Each kind of datagram has its outer header made in another place.
no_header() {
	copied
	mint_cids
	q set -u "$SVC4" --source4 10.1.0.0/16
	WHAT="source addresses" datagrams lost pskb_expand_head 1 4 64 "40${CID[2]}"
	q set -u "$SVC4" --source4 none
	express
	WHAT=express datagrams lost pskb_expand_head 1 4 64 "40${CID[2]}"
	WHAT="express, long header" datagrams lost pskb_expand_head 1 4 100 "$(long_header "${CID[2]}" '')"
	WHAT="express, IPv6" datagrams lost pskb_expand_head 1 6 64 "40${CID[2]}"
}

# Merged datagrams, which are not linear either: if the express path cannot read them, the default path can.
no_parts() {
	copied
	mint_cids
	WHAT=merged datagrams lost __skb_gso_segment 4 4 100 "40${CID[2]}"
	express
	WHAT="express, merged" datagrams sent __pskb_pull_tail 4 4 100 "40${CID[2]}"
	WHAT="express, IPv6, merged" datagrams sent __pskb_pull_tail 4 6 100 "40${CID[2]}"
}

# An ICMP error about a tunnel packet; the error is not linear.
no_quote() {
	local quote
	copied
	quote=4500006400004000400400000a0000010a00000c
	quote+=450000500000400040110000c6336446c0000201
	quote+=138801bb003c0000
	WHAT="ICMP error" faulty starve errors "$LAB-rt" 10.0.0.1 __pskb_pull_tail 0304000000000500 "$quote"
	flush_routes lb
}

# An ICMP error that may be about the service of a mark: a copy of it is sent.
no_copy() {
	local quote
	q -C
	service "$SVC4" rs4 0:3:4 | sed "s/-u $SVC4/-f 7/" | q -R
	defer "fresh $SVC4 rs4 0:3:4; service '$SVC6' rs6 0:3:4 | q -R"
	quote=450000500000400040110000c0000201c6336432
	quote+=01bb1388003c000040112233445566778899aabb
	WHAT="ICMP error, copied" faulty starve errors "$LAB-rt" "$VIP4" skb_copy 0301000000000000 "$quote"
}

# The second masqueraded server of a 4-tuple gets no entry then.
no_second() {
	defer "masq_down; fresh $SVC4 rs4 0:3:4; service '$SVC6' rs6 0:3:4 | q -R"
	# shellcheck disable=SC2119 # without options
	masq_up
	q -C
	service "$SVC4" rs4 0:3:4 | sed "s/ -i / -m /" | q -R
	mint_cids
	WHAT="second server" faulty starve datagrams lost "$LAB-cl" "$CL4.50" "$VIP4" s2 "40${CID[1]}5a5a,40${CID[2]}5a5a" 1 ip_vs_conn_new
}

# sites FILE: prints for each call of an allocator in the object code FUNCTION+OFFSET of the return address and the allocator's name;
# for each jump to an allocator "tail" and the names of function and allocator, because its caller is not known
sites() {
	objdump -dr --no-show-raw-insn "$1" | mawk -v allocators="^($ALLOCATORS)" '
		function number(hex,    i, n) {
			for (i = 1; i <= length(hex); i++)
				n = 16 * n + index("123456789abcdef", substr(hex, i, 1))
			return n
		}
		/^[0-9a-f]+ <.*>:$/ {
			start = number($1)
			name = substr($2, 2, length($2) - 3)
			called = ""
			next
		}
		/R_X86_64_(PLT32|PC32)/ {
			symbol = $3
			sub(/[-+]0x[0-9a-f]+$/, "", symbol)
			if (kind == "call" && symbol ~ allocators)
				called = symbol
			else if (kind ~ /^j/ && symbol ~ allocators)
				printf "tail %s %s\n", name, symbol
			next
		}
		/^ *[0-9a-f]+:/ {
			at = $1
			sub(":", "", at)
			if (called != "")
				printf "%s+0x%x %s\n", name, number(at) - start, called
			called = ""
			kind = $2
		}'
}

# missed: prints a line for each allocation in the module that has not failed yet; sets $total
missed() {
	local site symbol allocator
	total=0
	sort -u "$SITES" | sed 's/^site //' >"$WORK/hit"
	while read -r site symbol allocator; do
		[ "$site" != tail ] || fail "$symbol ends with a jump to $allocator, whose failing could not be seen"
		total=$((total + 1))
		grep -qxF "$site" "$WORK/hit" || echo "$symbol has not failed at $site"
	done <"$WORK/sites"
}

# The kernel makes some allocations only now and then. One of these in the N-th try alone, and the N-th of the other tries is missed, so the
# commands get another chance.
every_site() {
	local total tries=3
	sites "$(modinfo -n ip_vs_quic)" | sort -u >"$WORK/sites"
	missed >"$WORK/missed"
	both_services
	while [ -s "$WORK/missed" ] && [ $((tries -= 1)) -gt 0 ]; do
		sed 's/$/, once more/' "$WORK/missed" >>"$WORK/figures"
		WHAT="once more" commands commands
		missed >"$WORK/missed"
	done
	cat "$WORK/missed"
	echo "$total allocations in the module, $(wc -l <"$WORK/missed") missed" >>"$WORK/figures"
	[ "$total" -gt 20 ] || fail "only $total allocations in the module"
	[ ! -s "$WORK/missed" ]
}

# Messages that the console did not show.
silent() {
	! dmesg | grep -vE 'Call Trace:' | grep -E -f "$here/../../qemu/reports" | head -n 5 | grep . || fail "the kernel reports a defect"
}

restore() {
	local trigger
	echo 0 >"$FAIL/probability"
	echo 0 >"$FAIL_PAGE/probability"
	echo N >"$FAIL/task-filter"
	echo Y >"$FAIL/ignore-gfp-wait"
	for trigger in /sys/kernel/tracing/events/kmem/*/trigger; do
		echo '!stacktrace if ptr == 0' >"$trigger" || true
	done 2>/dev/null
	dmesg -n "$level"
}

SITES=$WORK/sites-hit
: >"$SITES"
read -r level _ </proc/sys/kernel/printk
trap 'restore; cleanup' EXIT
dmesg -n 4
dmesg -C
both_services
tcase "each command without memory: all of it or nothing" commands commands
tcase "no memory to rebuild a pool: the old one stays, and list, metrics and monitor say so" left_behind
tcase "a network namespace that is not made has no effect on another" commands namespace
tcase "each command without memory for each CPU: all of it or nothing" percpu
tcase "the key of a config that could not be made is in no memory" key
tcase "no memory for an outer header: the datagram is lost, but not the next" no_header
tcase "no memory to take merged datagrams apart: they are lost, but not the next" no_parts
tcase "no memory to read an ICMP error: it is not heeded, but the next" no_quote
tcase "no memory to copy an ICMP error: it is not sent on, but the next" no_copy
tcase "no memory for a second masqueraded server's entry: the datagram is lost, but not the next" no_second
tcase "the module does not load without memory, and leaves nothing" load
tcase "every allocation in the module has failed" every_site
tcase "the kernel has nothing else to report" silent
[ ! -e "$WORK/figures" ] || note "$(<"$WORK/figures")"
finish
