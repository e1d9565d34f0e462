#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Tests that tally.awk counts a run's output correctly, above all that nothing broken counts as passed; and that the patterns of
# qemu/reports match real reports and no ordinary lines. Prints KTAP.
set -u

here=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source-path=SCRIPTDIR source=verdicts.sh
. "$here/verdicts.sh"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# tally SCORE NAME KTAP
tally() {
	printf '%b' "$3" | awk -v totals="$tmp/totals" -f "$here/tally.awk" >"$tmp/out"
	equal "$(cat "$tmp/totals")" "$1" "tally: $2"
}

# named FAILURES NAME KTAP: what is said to have failed, with commas between
named() {
	rm -f "$tmp/failures"
	printf '%b' "$3" | awk -v totals="$tmp/totals" -v failures="$tmp/failures" -f "$here/tally.awk" >"$tmp/out"
	equal "$(paste -sd, "$tmp/failures")" "$1" "tally: $2"
}

# console VERDICT LINE
console() {
	local found=clean
	printf '[    1.234567] %s\n' "$2" | grep -qE -f "$here/qemu/reports" && found=report
	equal "$found" "$1" "console: $2"
}

printf 'KTAP version 1\n'
tally "2 0 1" "passes and a skip" 'KTAP version 1\n1..3\nok 1 a\nok 2 b # SKIP no\nok 3 c\n'
tally "1 1 0" "a failure" '1..2\nok 1 a\nnot ok 2 b\n'
tally "2 0 0" "a plan at the end" 'ok 1 a\nok 2 b\n1..2\n'
tally "2 1 0" "results missing" '1..3\nok 1 a\nok 2 b\n'
tally "2 1 0" "results too many" '1..1\nok 1 a\nok 2 b\n'
tally "2 1 0" "no plan" 'ok 1 a\nok 2 b\n'
tally "2 1 0" "a number left out" '1..2\nok 1 a\nok 3 b\n'
tally "0 1 0" "nothing at all" ''
tally "1 1 0" "bailing out" '1..1\nok 1 a\nBail out! x\n'
tally "0 0 1" "all of it skipped" '1..0 # SKIP x\n'
tally "3 0 0" "subtests instead of their parent" '1..2\n    ok 1 a\n    ok 2 b\n    1..2\nok 1 p\nok 2 q\n'
tally "1 1 0" "a failed subtest once, not with its parent" '1..2\n  1..1\n  not ok 1 a\nnot ok 1 p\nok 2 q\n'
tally "2 1 0" "a parent that failed by itself" '1..2\n  1..1\n  ok 1 a\nnot ok 1 p\nok 2 q\n'
tally "1 1 0" "subtests without a plan" '1..1\n  ok 1 a\nok 1 p\n'

named "not ok 1 a" "what failed" 'not ok 1 a\nok 2 b\n1..2\n'
named "not ok 2 b (n: 1, not 2),not ok 3 c" "why it failed" 'KTAP version 1\n# x\nok 1 a\n# y\n# n: 1, not 2\nnot ok 2 b\nnot ok 3 c\n1..3\n'
named "not ok 1 p.a (why)" "why a subtest failed" '1..1\n  # why\n  not ok 1 p.a\n  1..1\n# other\nnot ok 1 p\n'

console report 'Kernel panic - not syncing: Attempted to kill init! exitcode=0x00007f00'
console report 'BUG: KASAN: slab-use-after-free in ivq_decide+0x1/0x2 [ip_vs_quic]'
console report 'BUG: kernel NULL pointer dereference, address: 0000000000000008'
console report 'WARNING: CPU: 0 PID: 1 at kernel/softirq.c:376 __local_bh_enable_ip+0x6f/0x90'
console report 'WARNING: possible circular locking dependency detected'
console report 'WARNING: suspicious RCU usage'
console report 'rcu: INFO: rcu_preempt self-detected stall on CPU'
console report 'watchdog: BUG: soft lockup - CPU#0 stuck for 48s! [ip:123]'
console report 'INFO: task kworker/0:1:9 blocked for more than 120 seconds.'
console report 'UBSAN: array-index-out-of-bounds in kmod/core/qlb.c:12:3'
console report 'kmemleak: 2 new suspected memory leaks (see /sys/kernel/debug/kmemleak)'
console report 'kmemleak: Kernel memory leak detector disabled'
console report 'refcount_t: underflow; use-after-free.'
console report 'ODEBUG: free active (active state 0) object type: timer_list hint: f+0x0/0x1'
console report 'unregister_netdevice: waiting for lo to become free. Usage count = 2'
console report 'general protection fault, probably for non-canonical address 0xdead: 0000 [#1] SMP'
console clean 'ip_vs_quic: loading out-of-tree module taints kernel.'
console clean 'ip_vs_quic: module verification failed: signature and/or required key missing - tainting kernel'
console clean 'Command line: console=ttyS0 panic=-1 oops=panic panic_on_warn=1 softlockup_panic=1 hung_task_panic=1'
console clean 'kmemleak: Automatic memory scanning thread started'
console clean 'IPVS: [quic] scheduler registered.'
console clean 'ODEBUG: selftest passed'
console clean 'rcu: Hierarchical RCU implementation.'
end
