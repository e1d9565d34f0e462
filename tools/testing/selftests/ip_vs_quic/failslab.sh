#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every allocation fails: whoever asked for something gets it or is told why not, what was there goes on working, nothing is
# lost.  At the end the calls of allocators in the module's object code are compared with those that did fail.
#
# The kernel shows a stack for each failure, on purpose; meanwhile its console has errors only.  What else it has to say is looked
# for in its log.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=packets.sh
. "$here/packets.sh"
need_module
FAIL=/sys/kernel/debug/failslab
FAIL_PAGE=/sys/kernel/debug/fail_page_alloc
[ -w "$FAIL/ignore-gfp-wait" ] || skip_all "the kernel injects no failures"
command -v objdump >/dev/null || skip_all "objdump is not installed"
lab_up
serve

# What allocates, called from the module.
ALLOCATORS='__kmalloc|kmalloc_|kmem_cache_alloc|__kvmalloc|kvmalloc_|kstrdup|kmemdup|__alloc_percpu|pcpu_alloc|alloc_workqueue|__alloc_skb'
ALLOCATORS+='|crypto_alloc_|ip_vs_conn_new|nf_register_net_hooks?|register_pernet_subsys|pskb_expand_head|__pskb_pull_tail|__skb_gso_segment'

# faulty COMMAND...: what the program says of sites is kept
faulty() {
	local rc=0
	"$here/exhaust" "$@" >"$WORK/exhausted" || rc=$?
	grep '^site ' "$WORK/exhausted" >>"$SITES" || true
	grep -v '^site ' "$WORK/exhausted" >>"$WORK/figures" || true
	[ "$rc" = 0 ] || fail "exhaust $1 failed"
}

commands() { faulty "$1" "$LAB-cl" "$VIP4" "$(rs4 1)"; }

# Page allocations may fail, too, but only while the per-CPU allocator has no page left.
percpu() {
	modprobe ivq_lab
	defer "echo 1 >$FAIL_PAGE/min-order; echo Y >$FAIL_PAGE/ignore-gfp-wait; echo Y >$FAIL_PAGE/ignore-gfp-highmem"
	echo 0 >"$FAIL_PAGE/min-order"
	echo N >"$FAIL_PAGE/ignore-gfp-wait"
	echo N >"$FAIL_PAGE/ignore-gfp-highmem"
	commands percpu
}

# A config is not made, but its key was there.
key() {
	local uuid secret inverted found
	modprobe ivq_lab
	read -r uuid </proc/sys/kernel/random/uuid
	secret=$(rev <<<"${uuid//-/}")
	inverted=$(tr 0-9a-f fedcba9876543210 <<<"$secret")
	faulty key "$LAB-cl" "$VIP4" "$(rs4 1)" "$inverted"
	found=$("$here/memscan" "$inverted")
	same "how often the key is in memory" "$found" 0
}

unloads() { rmmod ip_vs_quic 2>/dev/null; }

load() {
	local file
	file=$(modinfo -n ip_vs_quic)
	ipvsadm -C
	poll 60 "the module to be let go" unloads
	faulty module "$file" 1
	cache_fails "$file"
	modprobe ip_vs_quic
}

# cache_fails FILE: the cache of CIDs is large: no page in a row, and then none of vmalloc's areas, but for the first few, which
# the module itself lies in
cache_fails() {
	local k size what status=0
	defer "echo 0 >$FAIL_PAGE/probability; echo N >$FAIL_PAGE/task-filter; echo Y >$FAIL_PAGE/ignore-gfp-wait"
	defer "echo 0 >$FAIL/probability; echo N >$FAIL/task-filter; echo N >$FAIL/cache-filter; echo 0 >$FAIL/space"
	defer "echo 0 >/sys/kernel/slab/vmap_area/failslab"
	echo 1 >/sys/kernel/slab/vmap_area/failslab
	read -r size </sys/kernel/slab/vmap_area/object_size
	for what in "$FAIL" "$FAIL_PAGE"; do
		echo -1 >"$what/times"
		echo Y >"$what/task-filter"
		echo N >"$what/ignore-gfp-wait"
	done
	echo Y >"$FAIL/cache-filter"
	for ((k = 0; k < 12; k++)); do
		echo $((k * size)) >"$FAIL/space"
		echo 100 >"$FAIL/probability"
		echo 100 >"$FAIL_PAGE/probability"
		status=0
		(
			echo 1 >/proc/self/make-it-fail
			exec insmod "$1"
		) 2>>"$WORK/insmod" || status=$?
		echo 0 >"$FAIL/probability"
		echo 0 >"$FAIL_PAGE/probability"
		"$here/exhaust" sites | sort -u >>"$SITES"
		[ "$status" != 0 ] || break
	done
	echo "load module without areas: $k failures" >>"$WORK/figures"
	[ "$status" = 0 ] || fail "the module does not load at all: $(<"$WORK/insmod")"
	rmmod ip_vs_quic
}

# fail_in CACHE...: what may not sleep gets nothing from these caches any more; succeed ends it
fail_in() {
	local cache
	for cache in "$@"; do
		echo 1 >"/sys/kernel/slab/$cache/failslab"
		defer "echo 0 >/sys/kernel/slab/$cache/failslab"
	done
	defer succeed
	echo Y >"$FAIL/cache-filter"
	echo Y >"$FAIL/ignore-gfp-wait"
	echo -1 >"$FAIL/times"
	echo 100 >"$FAIL/probability"
}

succeed() {
	echo 0 >"$FAIL/probability"
	echo N >"$FAIL/cache-filter"
	echo N >"$FAIL/ignore-gfp-wait"
	"$here/exhaust" sites | sort -u >>"$SITES"
}

# Without a connection a client's first packets go where hashing sends them.
no_connection() {
	mark "$SVC4"
	fail_in ip_vs_conn
	send "to=$SVC4" "from=$CL4.50:5000" name=x form=long dcid=ff count=5
	succeed
	same "answers" "${GOT/s[123]/SERVER}" "x SERVER 5"
	counted "$SVC4" unroutable-reserved=5 fallback=5
	stateless
	mark "$SVC4"
	send "to=$SVC4" "from=$CL4.50:5000" name=x form=long dcid=ff count=5
	counted "$SVC4" unroutable-reserved=5 fallback-new=1 tuple=4
}

# What a packet's head is in; a packet that somebody has a copy of needs another one.
heads() {
	local cache
	for cache in kmalloc-256 kmalloc-512 kmalloc-1k kmalloc-2k skbuff_small_head skbuff_head_cache; do
		[ ! -e "/sys/kernel/slab/$cache" ] || echo "$cache"
	done
}

copied() {
	local pid
	pid=$("$RAWGEN" watch "$WORK/copies" "lb=$LAB-lb")
	pids+=("$pid")
}

# lost WORD...: the datagram is, for want of memory, but not the one after it
lost() {
	local caches
	mapfile -t caches < <(heads)
	send -c 0:3:4 -c "1:8:8:$KEY" "$@" name=x
	answers "x s2 ${COUNT:-1}"
	fail_in "${caches[@]}"
	send -t 500 -c 0:3:4 -c "1:8:8:$KEY" "$@" name=x
	succeed
	answers "x none ${COUNT:-1}"
	send -c 0:3:4 -c "1:8:8:$KEY" "$@" name=x
	answers "x s2 ${COUNT:-1}"
}

# Each kind of datagram has its outer header made in another place.
no_header() {
	copied
	q express add eth0
	defer "q express del eth0"
	lost "to=$SVC4" "from=$CL4.51:5100" "mint=0:$(sid 3 2)"
	lost "to=$SVC4" "from=$CL4.51:5101" "mint=0:$(sid 3 2)" form=long
	lost "to=$SVC6" "from=[${CL6}:51]:5102" "mint=0:$(sid 3 2)"
	q express del eth0
	q set -u "$SVC4" --source4 10.1.0.0/16
	defer "q set -u $SVC4 --source4 none"
	lost "to=$SVC4" "from=$CL4.51:5103" "mint=0:$(sid 3 2)"
}

# Merged datagrams, which are not in one piece, either.
no_parts() {
	copied
	COUNT=4
	lost -g 4 "to=$SVC4" "from=$CL4.52:5200" "mint=0:$(sid 3 2)" count=4 size=100
	q express add eth0
	defer "q express del eth0"
	lost -g 4 "to=$SVC4" "from=$CL4.52:5200" "mint=0:$(sid 3 2)" count=4 size=100
	lost -g 4 "to=$SVC6" "from=[${CL6}:52]:5200" "mint=0:$(sid 3 2)" count=4 size=100
}

# An error about a tunnel packet in two fragments, of which the first ends before the quote.
no_quote() {
	local caches quote
	copied
	quote=4500006400004000400400000a0000010a00000c
	quote+=450000500000400040110000c6336446c0000201
	quote+=138801bb003c0000
	mapfile -t caches < <(heads)
	mark "$SVC4"
	fail_in "${caches[@]}"
	printf '%s\n' "ip4 src=$CL4.70 dst=$VIP4 id=77 mf=1 proto=1 data=0304000000000500" \
		"ip4 src=$CL4.70 dst=$VIP4 id=77 offset=8 proto=1 data=$quote" | raw rt -
	succeed
	send -c 0:3:4 "to=$SVC4" "from=$CL4.53:5300" "mint=0:$(sid 3 2)" name=x
	counted "$SVC4" routed=1
	flush_routes lb
	mark "$SVC4"
	printf '%s\n' "ip4 src=$CL4.70 dst=$VIP4 id=78 mf=1 proto=1 data=0304000000000500" \
		"ip4 src=$CL4.70 dst=$VIP4 id=78 offset=8 proto=1 data=$quote" | raw rt -
	send -c 0:3:4 "to=$SVC4" "from=$CL4.53:5300" "mint=0:$(sid 3 2)" name=x
	counted "$SVC4" routed=1 icmp-tunnel=1
	flush_routes lb
}

# sites: of the object code: FUNCTION+OFFSET, where an allocator returns to, and the allocator's name
sites() {
	objdump -dr --no-show-raw-insn "$(modinfo -n ip_vs_quic)" | mawk -v allocators="^($ALLOCATORS)" '
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
			if (call && symbol ~ allocators)
				called = symbol
			next
		}
		/^ *[0-9a-f]+:/ {
			at = $1
			sub(":", "", at)
			if (called != "")
				printf "%s+0x%x %s\n", name, number(at) - start, called
			called = ""
			call = $2 == "call"
		}'
}

every_site() {
	local site symbol missed=0 total=0
	sort -u "$SITES" | sed 's/^site //' >"$WORK/hit"
	sites | sort -u >"$WORK/sites"
	while read -r site symbol; do
		total=$((total + 1))
		! grep -qxF "$site" "$WORK/hit" || continue
		echo "$symbol has not failed at $site"
		missed=$((missed + 1))
	done <"$WORK/sites"
	echo "$total allocations in the module, $missed missed" >>"$WORK/figures"
	[ "$total" -gt 20 ] || fail "only $total allocations in the module"
	[ "$missed" = 0 ]
}

# What the console did not show.
silent() {
	! dmesg | grep -vE 'Call Trace:' | grep -E -f "$here/../../qemu/reports" | head -n 5 | grep . || fail "the kernel reports a defect"
}

restore() {
	succeed
	echo Y >"$FAIL/ignore-gfp-wait"
	dmesg -n "$level"
}

SITES=$WORK/sites-hit
: >"$SITES"
read -r level _ </proc/sys/kernel/printk
trap 'restore; cleanup' EXIT
dmesg -n 4
dmesg -C
echo N >"$FAIL/ignore-gfp-wait"
fresh "$SVC4" rs4 0:3:4 "1:8:8:$KEY"
service "$SVC6" rs6 0:3:4 | q -R
tcase "each command without memory: all of it or nothing" commands commands
tcase "each command without memory for each CPU: all of it or nothing" percpu
tcase "the key of a config that could not be made is in no memory" key
tcase "no memory for a connection: the datagram is sent nevertheless" no_connection
tcase "no memory for an outer header: the datagram is lost, but not the next" no_header
tcase "no memory to take merged datagrams apart: they are lost, but not the next" no_parts
tcase "no memory to read an ICMP error: it is not heeded, but the next" no_quote
tcase "the module does not load without memory, and leaves nothing" load
tcase "every allocation in the module has failed" every_site
tcase "the kernel has nothing else to report" silent
[ ! -e "$WORK/figures" ] || note "$(<"$WORK/figures")"
finish
