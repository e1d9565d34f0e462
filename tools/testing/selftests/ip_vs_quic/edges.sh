#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Who waits for whom. Each of the module's entries is held open, with all locks that its callers have, while others are entered: those
# that do not wait for it by Documentation/locking.rst end meanwhile, and the rest end when the first is let go.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2317,SC2329 # called by name
need_module
modprobe ivq_lab 2>/dev/null || skip_all "module ivq_lab is not available"
[ -e /sys/module/ivq_lab/parameters/hold ] || skip_all "the kernel has no kprobes"
lab_up

LABMOD=/sys/module/ivq_lab/parameters
# Far less than the lab's kernels wait before they call a task hung, and many times what a command takes.
PATIENCE=60
MAJOR=$(uname -r)
MAJOR=${MAJOR%%.*}

# --- holding -------------------------------------------------------------------

# address FUNCTION: sets $ADDRESS
address() {
	ADDRESS=$(awk -v name="$1" '$3 == name && $4 == "[ip_vs_quic]" { print $1 }' /proc/kallsyms)
	[ -n "$ADDRESS" ] || fail "the module has no function $1"
}

# hold FUNCTION: the next task that calls it waits there
hold() {
	address "$1"
	echo "$ADDRESS" >"$LABMOD/hold"
	defer let_go
}

is_held() { [ "$(<"$LABMOD/held")" = 1 ]; }

let_go() { echo 0 >"$LABMOD/hold"; }

# --- tasks that are held ----------------------------------------------------------

# nobody COMMAND...: as a user without any right, who is root of a user namespace of his own
nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all --bounding-set=-all unshare -Urn "$@"; }

add_service() { ipvsadm -A -u "$VIP4:444" -s quic; }
add_service_as_nobody() { nobody "$WORK/nlask" ipvs; }
del_service() { ipvsadm -D -u "$VIP4:445"; }
add_server() { ipvsadm -a -u "$SVC4" -r "$(rs4 3)" -i; }
set_config() { quiclbadm config add -u "$SVC4" --id 3 --server-id-len 3 --nonce-len 4; }
add_express() { quiclbadm express add eth0 --mode ingress; }
del_device() { ip link del d0; }
del_namespace() { ip netns del "$LAB-dying"; }
list() { quiclbadm -L -n; }
list_flows() { quiclbadm -L -c; }
new_flow() { send "from=$CL4.8:1000" "to=$SVC4" form=long dcid=0102030405060708; }

# --- those that enter meanwhile ---------------------------------------------------------

# a datagram whose CID names a server, and one that makes an entry
enter_datagram() {
	send "from=$CL4.7:1000" "to=$SVC4" "name=routed" "dcid=$CID"
	answers "routed s1 1"
	new_flow
}

enter_scheduler() {
	modprobe ip_vs_lc
	rmmod ip_vs_lc
}

enter_list() { list; }
enter_flows() { list_flows; }

# Changes in another namespace. quiclbadm would ask IPVS, too.
enter_config() { [ "$(in_ns other "$WORK/nlask" batch "$WORK/batch" <<<commit)" = $'begin 0\ncommit 0' ]; }

enter_server() {
	in_ns other ipvsadm -a -u "$SVC4" -r "$(rs4 3)" -i
	in_ns other ipvsadm -d -u "$SVC4" -r "$(rs4 3)"
}

enter_nobody() { [ "$(add_service_as_nobody)" = "add 0" ]; }

enter_link() {
	ip -n "$LAB-other" link set lo down
	ip -n "$LAB-other" link set lo up
}

enter_express() {
	in_ns other quiclbadm express add e0 --mode ingress
	in_ns other quiclbadm express del e0
}

# one that had a service and an express path
namespace_made() {
	ip netns add "$LAB-$1"
	ip link add "$1" type veth peer name eth0 netns "$LAB-$1"
	in_ns "$1" quiclbadm -R <<-END
		-A -u $SVC4
		express add eth0
	END
}

# The kernel dismantles namespaces one at a time; the devices of one are gone before its services are.
is_gone() { ! [ -e "/sys/class/net/$1" ] && ! grep -qs cleanup_net /proc/[0-9]*/stack; }

enter_namespace() {
	ip netns del "$LAB-leaving"
	poll "$PATIENCE" "the end of a namespace" is_gone leaving
}

# --- the cases ------------------------------------------------------------------------

set_up() {
	q -C
	in_ns other quiclbadm -C
	q -R <<-END
		-A -u $SVC4
		config add -u $SVC4 --id 0 --server-id-len 3 --nonce-len 4
		-a -u $SVC4 -r $(rs4 1) -i --server-id 0:$(sid 3 1)
		-a -u $SVC4 -r $(rs4 2) -i --server-id 0:$(sid 3 2)
		-A -u $VIP4:445
	END
	in_ns other quiclbadm -A -u "$SVC4"
	ip link add d0 type dummy
	namespace_made leaving
	namespace_made dying
}

tear_down() {
	ip link del d0 2>/dev/null || true
	ip netns del "$LAB-leaving" 2>/dev/null || true
	ip netns del "$LAB-dying" 2>/dev/null || true
	poll "$PATIENCE" "the end of a namespace" is_gone leaving
	poll "$PATIENCE" "the end of a namespace" is_gone dying
	q express del eth0 2>/dev/null || true
}

# begin NAME COMMAND...: in the background; its end is the file NAME.ended
begin() {
	local name=$1
	shift
	rm -f "$WORK/$name.ended"
	(
		trap - EXIT ERR
		set +e
		("$@") >"$WORK/$name.said" 2>&1
		echo $? >"$WORK/$name.status"
		mv "$WORK/$name.status" "$WORK/$name.ended"
	) &
	started+=("$name")
}

has_come() { [ -e "$WORK/$1.ended" ]; }

# edge FUNCTION TASK PASSES...: TASK is held in FUNCTION; the entries of PASSES do not wait for it, all others may
edge() {
	local started=() name
	set_up
	defer tear_down
	hold "$1"
	begin held "$2"
	poll "$PATIENCE" "a task in $1" is_held
	for name in "${@:3}"; do
		begin "$name" "enter_$name"
		(poll "$PATIENCE" "$name, which shall not wait for $2," has_come "$name") || {
			grep -H . /proc/[0-9]*/stack | grep -E 'mutex|rwsem|held|wait_for'
			exit 1
		}
	done
	for name in "${entries[@]}"; do
		[[ " ${*:3} " == *" $name "* ]] || begin "$name" "enter_$name"
	done
	is_held || fail "the task was not held for long enough"
	let_go
	for name in "${started[@]}"; do
		poll "$PATIENCE" "the end of $name" has_come "$name"
		[ "$(<"$WORK/$name.ended")" = 0 ] || fail "$name: $(<"$WORK/$name.said")"
	done
	unwarned
}

# edges TASK FUNCTION PASSES: a row of the page
edges() {
	local passes
	read -ra passes <<<"$3"
	tcase "$1 is held in $2: these go on: $3" edge "$2" "$1" "${passes[@]}"
}

entries=(datagram scheduler list flows config server nobody express link namespace)
cp "$here/nlask" "$WORK"
chmod 755 "$WORK"
serve "$SVC4"
CID=$("$QUICGEN" mint -c 0:3:4 "mint=0:$(sid 3 1)")
ip netns add "$LAB-other"
defer "ip netns del $LAB-other"
ip -n "$LAB-other" -b - <<-END
	link set lo up
	link add e0 type dummy
	link set e0 up
END

all="${entries[*]}"
# what holds generic netlink's locks, which the tools need to find a family; with RTNL, which a new namespace and a link need, too
generic="datagram scheduler nobody link namespace"
rtnl="datagram scheduler"
if [ "$MAJOR" -ge 7 ]; then
	# IPVS has a mutex in each namespace, and no lock of generic netlink for its commands. quiclbadm lists flows beside services.
	ipvs_netlink=$all ipvs=$all
	pool="datagram scheduler config server nobody express link namespace"
else
	# one mutex for all, which a device that goes down waits for with RTNL held
	ipvs_netlink="datagram scheduler" ipvs="datagram scheduler config express"
	pool=$ipvs_netlink
fi
# On kernels that change a server's thresholds without a lock, one by one, a softirq comes in between and sees a lower one above the upper
# one. Then the mark of a busy server may be neither right nor wrong; whoever waited for it to be right would wait for ever, on the very
# processor that has to write the other threshold.
torn_thresholds() {
	local port
	q -C
	ipvsadm -A -u "$SVC4" -s quic
	ipvsadm -a -u "$SVC4" -r "$(rs4 1)" -i -x 100 -y 80
	for port in {2000..2019}; do
		echo "from=$CL4.9:$port form=long dcid=0102030405060708 name=known"
	done | send "to=$SVC4" -
	answers "known s1 20"
	address ivq_dest_changed
	echo "$ADDRESS 10 80" >"$LABMOD/torn"
	defer "echo 0 >$LABMOD/torn"
	ipvsadm -e -u "$SVC4" -r "$(rs4 1)" -i -x 100 -y 80
	new_flow
	send "from=$CL4.9:2000" "to=$SVC4" form=long dcid=0102030405060708 name=known
	answers "known s1 1"
}

tcase "thresholds of which one is new and one is not" torn_thresholds
edges add_service ivq_service_new "$ipvs_netlink"
edges add_service_as_nobody ivq_service_new "$ipvs"
edges add_server ivq_service_update_pool "$pool"
edges del_service ivq_done_svc "$ipvs_netlink"
edges set_config ivq_service_commit "$generic"
edges list ip_vs_quic_nl_get_dumpit "$generic"
edges list_flows ip_vs_quic_nl_flow_get_dumpit "$generic"
edges add_express ivq_express_add "$rtnl"
edges del_device event "datagram scheduler config server"
edges del_namespace pre_exit "${all% namespace}"
edges list ivq_rebuild_release "$all"
edges new_flow sweep "$all"
edges del_namespace ivq_svctable_destroy "$all"
finish
