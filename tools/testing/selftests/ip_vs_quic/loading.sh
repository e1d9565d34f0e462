#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Loading waits for nothing that waits for IPVS.  IPVS requests a scheduler's module with its mutex held, and up to 6.12 there
# is one mutex for all namespaces.  A task that takes a device down waits for it with RTNL held, one that dismantles a namespace with
# pernet_ops_rwsem held.  The kernel's modprobe is a script that waits until these tasks wait.
#
# If the module waited for them, no task would go on until the requester is killed: only then IPVS releases its mutex.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need_module
lab_up

MODPROBE=/proc/sys/kernel/modprobe
# half of the time after which the lab's kernel reports a hung task
PATIENCE=60
# 7.x has a mutex in each namespace, and a device that goes down does not wait for it
MAJOR=$(uname -r)
MAJOR=${MAJOR%%.*}

# --- the kernel's modprobe --------------------------------------------------------

# Waits for longer than any test here, but not forever, so that the lab always ends.
write_modprobe() {
	cat >"$WORK/modprobe" <<-END
		#!/bin/bash
		read -r held <"$WORK/held"
		case " \$* " in
		*" \$held "*)
			echo >"$WORK/asked"
			read -rt $((PATIENCE * 3 / 2)) _ <>"$WORK/go"
			;;
		esac
		exec $REAL "\$@"
	END
	chmod +x "$WORK/modprobe"
	mkfifo "$WORK/go"
	exec {go}<>"$WORK/go"
	echo none >"$WORK/held"
	echo "$WORK/modprobe" >"$MODPROBE"
}

# hold MODULE: from now on modprobe waits when it is asked for MODULE
hold() {
	rm -f "$WORK/asked"
	echo "$1" >"$WORK/held"
	defer let_go
}

has_asked() { [ -e "$WORK/asked" ]; }

let_go() {
	[ "$(<"$WORK/held")" != none ] || return 0
	echo none >"$WORK/held"
	! has_asked || echo >&"$go"
}

# --- tasks that wait ------------------------------------------------------------------

# task_in PLACE: a task is in that function of the kernel
task_in() { grep -qsE "$1" /proc/[0-9]*/stack; }

# waits_in PLACE: up to 6.12, waits until a task is in that function
waits_in() { [ "$MAJOR" -ge 7 ] || poll 40 "a task in $1" task_in "$1"; }

others=()

# Like any program that needs RTNL.
link_goes_down() {
	spawn other ip link set lo down
	others+=("$SPAWNED")
	waits_in ip_vs_dst_event
}

# While a link goes down, this does not reach IPVS: it waits for RTNL.
namespace_goes() {
	ip netns del "$LAB-dying"
	waits_in "$1"
}

# others_start [link] [namespace]
others_start() {
	ip netns add "$LAB-other"
	defer "ip netns del $LAB-other; ip netns del $LAB-dying 2>/dev/null || true"
	ip -n "$LAB-other" link set lo up
	ip netns add "$LAB-dying"
	case $* in
	link) link_goes_down ;;
	namespace) namespace_goes ip_vs_service_nets_cleanup ;;
	'link namespace')
		link_goes_down
		namespace_goes cleanup_net
		;;
	esac
}

# ends PID WHAT: it ends in time; otherwise it is killed, after which the other tasks go on
ends() {
	(poll "$PATIENCE" "the end of $2" has_ended "$1") || {
		kill -KILL "$1"
		fail "$2 did not end"
	}
	wait "$1" || fail "$2 failed: $(<"$WORK/said")"
}

others_end() {
	local pid
	for pid in ${others[@]+"${others[@]}"}; do
		ends "$pid" "the other one"
	done
	others=()
}

# --- requesters ---------------------------------------------------------------------

by_netlink() { spawn lb ipvsadm -A -u "$SVC4" -s quic; }
by_sockopt() { spawn lb "$WORK/nlask" ipvs; }
as_nobody() {
	spawn lb setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all --bounding-set=-all \
		unshare -Urn "$WORK/nlask" ipvs
}

is_loaded() { [ "$(cat /sys/module/ip_vs_quic/initstate 2>/dev/null)" = live ]; }

unload() {
	# a namespace that exits may still have a service
	poll "$PATIENCE" "the module to be let go" rmmod ip_vs_quic
	unwarned
}

# whole: loading's work has been done, too
whole() {
	is_loaded || fail "the module was not loaded"
	ipvsadm -C
	ipvsadm -A -u "$SVC4" -s quic
	q config add -u "$SVC4" --id 0 --server-id-len 3 --nonce-len 4
	q express add eth0
	q express del eth0
	ipvsadm -C
	unload
}

# autoload ASKER [link] [namespace]
autoload() {
	local asker
	ipvsadm -C
	! is_loaded || unload
	hold ip_vs_quic
	"$1" >"$WORK/said" 2>&1
	asker=$SPAWNED
	poll "$PATIENCE" "IPVS to ask for the module" has_asked
	others_start "${@:2}"
	let_go
	ends "$asker" "the one who asked"
	others_end
	[ "$1" = by_netlink ] || same "what came of it" "$(<"$WORK/said")" "add 0"
	whole
}

# ip_vs_quic is loaded and unloaded while IPVS waits for another module and other tasks wait for IPVS.
by_others() {
	local asker pid
	ipvsadm -C
	! is_loaded || unload
	hold ip_vs_nosuch
	spawn lb ipvsadm -A -u "$SVC4" -s nosuch 2>"$WORK/said"
	asker=$SPAWNED
	poll "$PATIENCE" "IPVS to ask for a module" has_asked
	others_start link namespace
	modprobe ip_vs_quic &
	pid=$!
	ends "$pid" "modprobe"
	is_loaded || fail "the module was not loaded"
	# loading's work may still have to be waited for
	rmmod ip_vs_quic &
	pid=$!
	let_go
	ends "$pid" "rmmod"
	! wait "$asker" || fail "there is a scheduler nosuch"
	others_end
	[ ! -d /sys/module/ip_vs_quic ] || fail "the module is still there"
	unwarned
	modprobe ip_vs_quic
	whole
}

# probing Y|N: whether a driver is probing a device that does not answer
probing() { echo "$1" >/sys/module/ivq_lab/parameters/probing; }

# The kernel waits for drivers once a module's init has returned.
beside_probing() {
	local asker
	ipvsadm -C
	! is_loaded || unload
	# what is loaded before the module, and waits
	modprobe aesni_intel 2>/dev/null || true
	modprobe ivq_lab
	defer "rmmod ivq_lab"
	defer "probing N"
	for asker in by_netlink by_sockopt as_nobody; do
		probing Y
		"$asker" >"$WORK/said" 2>&1
		ends "$SPAWNED" "the one who asked"
		is_loaded || fail "the module was not loaded"
		in_time ipvsadm -C
		# who unloads a module does wait for drivers
		probing N
		unload
	done
	modprobe ip_vs_quic
	whole
}

# --- at random times -----------------------------------------------------------------------

# again COMMAND...: repeats it until it is told to stop
again() {
	while [ -e "$WORK/going" ]; do
		"$@" >/dev/null 2>&1 || true
	done &
	others+=("$!")
}

link_flaps() {
	ip -n "$LAB-other" -b - <<-END
		link set lo down
		link set lo up
	END
}

namespace_flaps() {
	ip netns add "$LAB-dying"
	ip netns del "$LAB-dying"
}

flaps_begin() {
	ip netns add "$LAB-other"
	defer "ip netns del $LAB-other"
	: >"$WORK/going"
	again link_flaps
	again namespace_flaps
}

flaps_end() {
	rm -f "$WORK/going"
	others_end
}

in_time() { timeout -s KILL "$PATIENCE" "$@"; }

beside_churn() {
	local asker
	ipvsadm -C
	flaps_begin
	defer flaps_end
	for asker in by_netlink as_nobody by_sockopt as_nobody by_netlink; do
		! is_loaded || unload
		"$asker" >"$WORK/said" 2>&1
		ends "$SPAWNED" "the one who asked"
		is_loaded || fail "the module was not loaded"
		in_time ipvsadm -C
	done
	flaps_end
	whole
}

unloads() {
	rmmod ip_vs_quic
	modprobe ip_vs_quic
	rmmod ip_vs_quic
}

# A request while the module is being unloaded is refused; no task waits forever.
beside_unloading() {
	local n made=0
	ipvsadm -C
	: >"$WORK/going"
	defer flaps_end
	again unloads
	again as_nobody_once
	for n in {1..20}; do
		in_time ipvsadm -A -u "$SVC4" -s quic 2>"$WORK/said" || {
			same "why there is no service ($n)" "$(<"$WORK/said")" "Scheduler or persistence engine not found"
			continue
		}
		made=$((made + 1))
		in_time ipvsadm -C
	done
	flaps_end
	[ "$made" -gt 0 ] || fail "no service was made"
	modprobe ip_vs_quic
	whole
}

as_nobody_once() {
	as_nobody
	wait "$SPAWNED"
}

restore() {
	echo "$REAL" >"$MODPROBE"
	modprobe ip_vs_quic
}

read -r REAL <"$MODPROBE"
defer restore
cp "$here/nlask" "$WORK"
chmod 755 "$WORK"
write_modprobe
for asker in by_netlink by_sockopt as_nobody; do
	for what in link namespace 'link namespace'; do
		# shellcheck disable=SC2086
		tcase "IPVS loads the module, asked $asker, beside who waits for IPVS: $what" autoload $asker $what
	done
done
tcase "the module loads and unloads while IPVS loads another" by_others
tcase "IPVS loads the module while a driver probes a device that does not answer" beside_probing
tcase "IPVS loads the module while devices and namespaces come and go" beside_churn
tcase "IPVS loads the module while it is unloaded" beside_unloading
finish
