# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The lab of the ip_vs_quic selftests, and KTAP.
#
#                                       br0, 10.0.0.0/24, fd00:10::/64
#      172.16.0.0/30                   ┌──────── .1  lb   director; VIPs on lo
#  cl ───────────────── rt ────────────┼──────── .11 s1 ┐
#  client: all of       router, and    ├──────── .12 s2 ├ real servers: VIPs on lo,
#  198.51.100.0/24      the NAT box    └──────── .13 s3 ┘ tunl0 and ip6tnl0
#  2001:db8:c::/64                .254, ::fe
#
# rt sends the VIPs to lb; the servers' default route is rt: answers never see lb (direct server return).
# Every address of the client's networks is local to cl, so a test may send from thousands of them without configuring one.
#
# A script sources this file, calls lab_up, declares cases with "tcase NAME FUNCTION [ARG...]" and ends with "finish".  lab_up
# puts the script into lb, so that quiclbadm and ipvsadm are called as on any director; quicgen enters the others by itself.
# Under emulation forking costs more than anything else, so these functions use bash's own means instead of pipelines.

export LC_ALL=C
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
QUICGEN=$here/quicgen

VIP4=192.0.2.1
VIP6=2001:db8:f::1
PORT=443
SVC4=$VIP4:$PORT
SVC6=[$VIP6]:$PORT
CL4=198.51.100
CL6=2001:db8:c:
KEY=8f95f09245765f80256934e50c66207f	# the key of the draft's appendix

# rs4 N, rs6 N: address of real server N
rs4() { printf '10.0.0.1%d' "$1"; }
rs6() { printf 'fd00:10::1%d' "$1"; }

# --- KTAP ---------------------------------------------------------------

case_count=0
fail_count=0
script=$(basename "$0" .sh)
WORK=$(mktemp -d "${TMPDIR:-/tmp}/ivq-$script.XXXXXX")
printf '%s\n' "$KEY" >"$WORK/key"
chmod 600 "$WORK/key"
# a read from it always times out: a pause without a process
exec {never}<> <(:)
pids=()
deferred=:
own_lab=
finished=
running=	# the case

# note TEXT: a diagnostic
note() { printf '%s\n' "$*" | sed 's/^/# /'; }

# may_skip REASON: the lab has everything, except what a debug kernel lacks
may_skip() {
	[ -z "${QLB_LAB:-}" ] || { [ -e /sys/kernel/debug/kmemleak ] && [[ $1 = "the kernel has no "@(BTF|kprobes) ]]; }
}

# skip_all REASON: ends the script without running anything
skip_all() {
	if ! may_skip "$1"; then
		printf 'KTAP version 1\n# %s\nnot ok 1 what it needs is there\n1..1\n' "$1"
		finished=1
		exit 1
	fi
	printf 'KTAP version 1\n1..0 # SKIP %s\n' "$1"
	finished=1
	exit 4
}

# skip REASON: ends the case that is running; may only be called from a case
skip() {
	may_skip "$1" || fail "$1"
	printf '%s\n' "$1" >"$WORK/skip"
	exit 4
}

fail() {
	printf '%s\n' "$*"
	exit 1
}

# tcase NAME FUNCTION [ARG...]
# The function runs in a subshell with errexit: a command that fails in it fails the case.  It must not be called in a condition,
# which would switch errexit off.
tcase() {
	local name=$1 rc
	shift
	case_count=$((case_count + 1))
	running=$name
	set +e
	(
		set -eE
		trap 'echo "line $LINENO of ${BASH_SOURCE[0]##*/}: \"$BASH_COMMAND\" returned $?"' ERR
		pids=()
		deferred=:
		trap end_case EXIT
		"$@"
	) >"$WORK/case" 2>&1
	rc=$?
	set -e
	running=
	# jq -e has this status as well
	[ "$rc" != 4 ] || [ -s "$WORK/skip" ] || rc=1
	case $rc in
	0)
		printf 'ok %d %s\n' "$case_count" "$name"
		;;
	4)
		printf 'ok %d %s # SKIP %s\n' "$case_count" "$name" "$(cat "$WORK/skip")"
		rm "$WORK/skip"
		;;
	*)
		fail_count=$((fail_count + 1))
		sed 's/^/# /' "$WORK/case"
		printf 'not ok %d %s\n' "$case_count" "$name"
		;;
	esac
}

# defer COMMAND: runs it at the end of the case or, outside of cases, of the script, also after a failure
defer() { deferred="$1; $deferred"; }

# Ends the processes that a case has started.
end_case() {
	local status=$?
	kill_all
	eval "$deferred"
	exit "$status"
}

kill_all() {
	local pid
	for pid in ${pids[@]+"${pids[@]}"}; do
		kill -CONT "$pid" 2>/dev/null || true
		kill "$pid" 2>/dev/null || true
	done
}

# finish: prints the plan and exits.  A script that does not get here has no plan, which is a failure.
finish() {
	printf '1..%d\n' "$case_count"
	finished=1
	[ "$fail_count" = 0 ] || exit 1
	exit 0
}

cleanup() {
	local status=$?
	trap - EXIT
	kill_all
	eval "$deferred" || true
	[ -z "$own_lab" ] || lab_down
	[ -n "$finished" ] || printf '# %s ended early with status %d%s\n' "$script" "$status" "${running:+, in \"$running\"}"
	[ -z "$running" ] || sed 's/^/# /' "$WORK/case"
	rm -rf "$WORK"
	exit "$status"
}

# --- assertions ----------------------------------------------------------

# same WHAT GOT WANT
same() {
	[ "$2" != "$3" ] || return 0
	printf '%s differs (<: wanted, >: got):\n' "$1"
	diff <(printf '%s\n' "$3") <(printf '%s\n' "$2") || true
	exit 1
}

# refused STATUS SENTENCE COMMAND...: it ends with STATUS, prints exactly SENTENCE on stderr and nothing on stdout
refused() {
	local status=$1 sentence=$2 rc=0
	shift 2
	"$@" >"$WORK/stdout" 2>"$WORK/stderr" </dev/null || rc=$?
	same "status of '$*'" "$rc" "$status"
	same "sentence of '$*'" "$(cat "$WORK/stderr")" "$sentence"
	same "output of '$*'" "$(cat "$WORK/stdout")" ""
}

# poll SECONDS WHAT COMMAND...: until it succeeds
poll() {
	local deadline=$((SECONDS + $1)) what=$2
	shift 2
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$deadline" ] || fail "timed out waiting for $what: $*"
		read -rt 0.05 -u "$never" || true
	done
}

# has_ended PID: a zombie has. When a busy machine is late for the time of "read -t", bash 5.2 takes over a random mask of signals; if SIGCHLD
# is among them, this shell does not notice that its child has ended until it waits for one.
has_ended() {
	local state
	! read -r state <"/proc/$1/stat" || [[ ${state##*) } = [ZX]* ]]
}

# stuck PID: what it and its children are doing
stuck() {
	local pid
	for pid in "$1" $(pgrep -P "$1" || :); do
		echo "process $pid: $(tr '\0' ' ' <"/proc/$pid/cmdline")"
		grep -E '^(State|Sig...|ShdPnd):' "/proc/$pid/status"
		cat "/proc/$pid/stack"
	done
}

# await PID: its status, once it has ended
await() {
	(poll 300 "the end of process $1" has_ended "$1") || {
		stuck "$1"
		exit 1
	}
	wait "$1"
}

# --- namespaces -----------------------------------------------------------

# in_ns NAME COMMAND...; without the mounts of "ip netns exec", which cost more than most commands here
in_ns() {
	local ns=$1
	shift
	nsenter --net="/run/netns/$LAB-$ns" "$@"
}

# spawn NAME COMMAND...: the same in the background; sets $SPAWNED to COMMAND's own pid, which cleanup() ends
spawn() {
	nsenter --net="/run/netns/$LAB-$1" "${@:2}" &
	SPAWNED=$!
	pids+=("$SPAWNED")
	poll 60 "a program" has_begun "$SPAWNED"
}

# has_begun PID: a child is no copy of this shell any more. Before that, bash forgets a signal for it.
has_begun() {
	local ours its
	mapfile -d '' ours <"/proc/$BASHPID/cmdline"
	! mapfile -d '' its <"/proc/$1/cmdline" || [ "${its[*]}" != "${ours[*]}" ]
}

lab_addresses() {
	local n
	ip -n "$LAB-cl" -b - <<-END
		link set lo up
		link set eth0 up
		addr add 172.16.0.2/30 dev eth0
		addr add fd00:c::2/64 dev eth0
		route add default via 172.16.0.1
		route add default via fd00:c::1
		route add local $CL4.0/24 dev lo
		route add local ${CL6}:/64 dev lo
	END
	ip -n "$LAB-rt" -b - <<-END
		link set lo up
		addr add 172.16.0.1/30 dev cl
		addr add fd00:c::1/64 dev cl
		link set cl up
		link add br0 address 02:00:00:00:00:fe type bridge mcast_snooping 0
		link set lb master br0 up
		link set s1 master br0 up
		link set s2 master br0 up
		link set s3 master br0 up
		addr add 10.0.0.254/24 dev br0
		addr add fd00:10::fe/64 dev br0
		link set br0 up
		route add $CL4.0/24 via 172.16.0.2
		route add ${CL6}:/64 via fd00:c::2
		route add $VIP4 via 10.0.0.1
		route add $VIP6 via fd00:10::1
	END
	ip -n "$LAB-lb" -b - <<-END
		link set lo up
		link set eth0 up
		addr add 10.0.0.1/24 dev eth0
		addr add fd00:10::1/64 dev eth0
		addr add $VIP4/32 dev lo
		addr add $VIP6/128 dev lo
		route add default via 10.0.0.254
		route add default via fd00:10::fe
	END
	for n in 1 2 3; do
		ip -n "$LAB-s$n" -b - <<-END
			link set lo up
			link set eth0 up
			link set tunl0 up
			link set ip6tnl0 up
			addr add $(rs4 $n)/24 dev eth0
			addr add $(rs6 $n)/64 dev eth0
			addr add $VIP4/32 dev lo
			addr add $VIP6/128 dev lo
			route add default via 10.0.0.254
			route add default via fd00:10::fe
		END
	done
}

# Called before there are addresses: with duplicate address detection, the first datagrams would wait for it.
lab_sysctls() {
	local ns
	for ns in cl rt lb s1 s2 s3; do
		in_ns $ns sh -c '
			for c in all default; do
				echo 0 >/proc/sys/net/ipv4/conf/$c/rp_filter
				echo 0 >/proc/sys/net/ipv6/conf/$c/accept_dad
			done
			case $1 in
			rt)	echo 1 >/proc/sys/net/ipv4/ip_forward
				echo 0 >/proc/sys/net/ipv4/conf/all/send_redirects
				echo 0 >/proc/sys/net/ipv4/conf/default/send_redirects
				echo 1 >/proc/sys/net/ipv6/conf/all/forwarding ;;
			s*)	echo 0 >/proc/sys/net/ipv4/conf/tunl0/rp_filter ;;
			esac' sh $ns
	done
}

# make_lab NAME: becomes LAB, the prefix of the namespaces' names
make_lab() {
	local ns
	[ "$(id -u)" = 0 ] || skip_all "only root can make network namespaces"
	modprobe -a ip_vs ipip ip6_tunnel veth bridge || skip_all "the kernel has no IPVS, ipip, ip6_tunnel, veth or bridge"
	export LAB=$1
	own_lab=1
	for ns in cl rt lb s1 s2 s3; do
		echo "netns add $LAB-$ns"
	done | ip -b -
	lab_sysctls
	for ns in cl lb s1 s2 s3; do
		echo "link add $ns type veth peer name eth0 netns $LAB-$ns"
	done | ip -n "$LAB-rt" -b -
	lab_addresses
	[ "$(nproc)" = 1 ] || hold_hooks
}

# The kernel rewrites its own code when the first hook of a kind is registered and when the last one is removed.  An emulated processor
# that executes this code at that moment may hit the breakpoint forever ("RCU stall", "int3").  So with several processors there is always
# another hook of each kind.
hold_hooks() {
	in_ns s3 nft "table netdev ivqhold { chain in { type filter hook ingress device lo priority 0; }; }
		table inet ivqhold {
			chain prerouting { type filter hook prerouting priority 0; }
			chain input { type filter hook input priority 0; }
			chain forward { type filter hook forward priority 0; }
			chain output { type filter hook output priority 0; }
			chain postrouting { type filter hook postrouting priority 0; }
		}"
}

# lab_up: makes the lab unless run_all.sh has done so, and starts the script again in lb
lab_up() {
	if [ -z "${LAB:-}" ]; then
		make_lab ivq$$
		rm -rf "$WORK"
		LAB_OWNED=1 exec nsenter --net="/run/netns/$LAB-lb" "$0"
	fi
	own_lab=${LAB_OWNED:-}
	unset LAB_OWNED
	# the last script's services are none of this one's, and -R would not take away configs that it used a moment ago
	[ ! -e /sys/module/ip_vs_quic ] || q -C
}

# own_lab_up: the same, with a lab that no other script uses.  Services that the last script left in the common lab would hold the module.
own_lab_up() {
	if [ -z "${LAB_OWNED:-}" ]; then
		[ -z "${LAB:-}" ] || ! [ -e /sys/module/ip_vs_quic ] || q -C
		unset LAB
	fi
	lab_up
}

lab_down() {
	local ns
	for ns in cl rt lb s1 s2 s3; do
		echo "netns del $LAB-$ns"
	done | ip -force -b - 2>/dev/null || true
}

# serve [ADDR:PORT...]: quicgen plays the three real servers
serve() {
	local pid
	[ $# -gt 0 ] || set -- "$SVC4" "$SVC6"
	pid=$("$QUICGEN" serve "s1=$LAB-s1" "s2=$LAB-s2" "s3=$LAB-s3" -- "$@")
	pids+=("$pid")
}

# send [OPTION...] [WORD...] [-]: sends from the client; the answers are in $GOT
send() { GOT=$("$QUICGEN" send -n "$LAB-cl" "$@"); }

# flood [OPTION...] [WORD...] [-]: sends until flooded(), which sets $GOT
flood() {
	# the shell would give a background process /dev/null
	"$QUICGEN" flood -n "$LAB-cl" "$@" <&0 >"$WORK/flooded" &
	FLOOD=$!
	pids+=("$FLOOD")
}

flooded() {
	kill "$FLOOD"
	await "$FLOOD"
	GOT=$(cat "$WORK/flooded")
}

floods=()

# traffic NAME [OPTION...] [WORD...] [-]: sends until quiet(), on a CPU of its own if there are enough.  A datagram without an answer
# after 20 s is lost, unless -t says otherwise: a debug kernel on a busy machine may stop for seconds.  Commands that change the
# configuration have priority.
traffic() {
	[ -n "${CPUS:-}" ] || CPUS=$(nproc)
	nice -n 19 taskset -c $((${#floods[@]} % CPUS)) "$QUICGEN" flood -n "$LAB-cl" -t 20000 "${@:2}" <&0 >"$WORK/$1" &
	floods+=("$!")
	defer quiet
}

# quiet: ends all traffic.  Each datagram has been answered or counted as lost.  quicgen fails if an answer came after that; this is
# ignored here, and a case that needs all answers checks $WORK/NAME.
quiet() {
	local pid
	for pid in ${floods[@]+"${floods[@]}"}; do
		kill "$pid" 2>/dev/null || true
		await "$pid" 2>/dev/null || true
	done
	floods=()
}

# answers LINE...: $GOT is exactly this, in any order
answers() {
	local line lines
	mapfile -t lines <<<"$GOT"
	[ ${#lines[@]} = $# ] || same answers "$GOT" "$(printf '%s\n' "$@")"
	for line in "$@"; do
		case $'\n'$GOT$'\n' in
		*$'\n'"$line"$'\n'*) ;;
		*) same answers "$GOT" "$(printf '%s\n' "$@")" ;;
		esac
	done
}

# all_answered N: $GOT has N answers and nothing else
all_answered() {
	local total=0 server count
	while read -r _ server count; do
		case $server in
		s[123]) total=$((total + count)) ;;
		*) fail "$count datagrams: $server" ;;
		esac
	done <<<"$GOT"
	same "answers" "$total" "$1"
}

# conns: sets $CONNS to the director's entries, by their keys: of IPVS's connection table and of the module's table of 4-tuples
declare -A CONNS MARK_CONNS
conns() {
	CONNS=()
	ipvs_conns
	flow_entries
}

# ipvs_conns: adds the connections of IPVS
ipvs_conns() {
	local line lines
	mapfile -t lines </proc/net/ip_vs_conn
	for line in "${lines[@]:1}"; do
		[[ ! $line =~ ^([^ ]+\ ){5} ]] || CONNS[${BASH_REMATCH[0]}]=1
	done
}

# flow_entries: adds the module's entries
flow_entries() {
	local key
	[ -d /sys/module/ip_vs_quic ] || return 0
	while read -r key; do
		CONNS[$key]=1
	done < <(flow_lines | cut -d ' ' -f 1-3)
}

# flow_lines: prints CLIENT VIP SERVER STATE of each entry of the module's table of 4-tuples
flow_lines() { q -L -c | awk '$3 == "TUPLE" || $3 == "ROUTED" { print $4, $5, $6, $3 }'; }

# --- module and quiclbadm --------------------------------------------------

need_module() {
	modprobe ip_vs_quic 2>/dev/null || skip_all "module ip_vs_quic is not available"
	command -v quiclbadm >/dev/null || skip_all "quiclbadm is not installed"
	command -v jq >/dev/null || skip_all "jq is not installed"
}

q() { quiclbadm "$@"; }

# holders: prints what may hold the module: services and devices of any namespace, programs that are pinned
holders() {
	local ns
	printf 'references: %s, modules: %s\n' "$(</sys/module/ip_vs_quic/refcnt)" "$(ls /sys/module/ip_vs_quic/holders)"
	for ns in /run/netns/*; do
		nsenter --net="$ns" quiclbadm -S | grep -E '^-A .* quic|^express' | sed "s|^|${ns##*/}: |" || true
	done
	find /sys/fs/bpf -type f
}

# reload: unloads the module as soon as nothing holds it, and loads it again
reload() {
	(poll 30 "the end of the module" modprobe -r ip_vs_quic) || fail "$(holders)"
	modprobe ip_vs_quic
}

declare -A STATS MARK

# stats SERVICE: sets $STATS to quiclbadm's count of each outcome
stats() {
	local line word lines found=
	mapfile -t lines < <(quiclbadm -L -n --stats --all)
	STATS=()
	for line in "${lines[@]}"; do
		read -ra word <<<"$line"
		case ${word[0]:-} in
		UDP | FWM | EXP)
			found=
			[ "${word[1]}" != "$1" ] || found=1
			;;
		-'>') ;;
		*)
			[ -z "$found" ] || STATS[${word[0]}]=${word[1]}
			;;
		esac
	done
	[ ${#STATS[@]} -gt 0 ] || fail "no outcomes of $1: ${lines[*]}"
}

# mark [SERVICE]: counted() and new_conns() count from here
mark() {
	mark_outcomes "${1:-$SVC4}"
	mark_conns
}

# mark_outcomes SERVICE: the same for outcomes alone
mark_outcomes() {
	local outcome
	stats "$1"
	MARK=()
	for outcome in "${!STATS[@]}"; do
		MARK[$outcome]=${STATS[$outcome]}
	done
}

# mark_conns: the same for connection entries alone
mark_conns() {
	local conn
	# IPVS's table is read in pieces: when an entry expires in between, the one that moves to its place is missed.
	CONNS=()
	ipvs_conns
	ipvs_conns
	flow_entries
	MARK_CONNS=()
	for conn in "${!CONNS[@]}"; do
		MARK_CONNS[$conn]=1
	done
}

# counted SERVICE OUTCOME=N...: since mark(), or since the service was made, exactly these outcomes were counted
counted() {
	local service=$1 outcome bad=
	local -A want=()
	shift
	for outcome in "$@"; do
		want[${outcome%=*}]=${outcome#*=}
	done
	stats "$service"
	for outcome in "${!STATS[@]}"; do
		STATS[$outcome]=$((STATS[$outcome] - ${MARK[$outcome]:-0}))
		[ "${STATS[$outcome]}" = "${want[$outcome]:-0}" ] || bad+=" $outcome: ${STATS[$outcome]}, not ${want[$outcome]:-0}"
		unset "want[$outcome]"
	done
	[ -z "$bad" ] || fail "outcomes of $service:$bad"
	[ ${#want[@]} = 0 ] || fail "no such outcome: ${!want[*]}"
}

# new_conns: prints the connection entries made since mark(); those of before may have expired
new_conns() {
	local conn
	conns
	for conn in "${!CONNS[@]}"; do
		[ -n "${MARK_CONNS[$conn]:-}" ] || printf '%s\n' "$conn"
	done
}

# stateless: since mark(), no connection entry was made
stateless() { same "new connection entries" "$(new_conns)" ""; }

# one_entry: since mark(), one connection entry was made
one_entry() { same "number of new connection entries" "$(new_conns | wc -l)" 1; }

# sid LENGTH N: a server ID of LENGTH octets for real server N; only the last octet tells them apart
sid() {
	local fill=5a0fc3962d1e4b7887f0e1d2c3b4a5
	printf '%s%02x' "${fill:0:$((2 * ($1 - 1)))}" "$2"
}

# service SERVICE RS CONFIG...: restore input for a service with the three servers RS 1..3, each with a server ID in each
# CONFIG, ID:SERVER_ID_LEN:NONCE_LEN[:KEY]; the key is the one in $WORK/key
service() {
	local svc=$1 rs=$2 config id sl nl key n sids
	shift 2
	printf -- '-A -u %s -s quic\n' "$svc"
	for config in "$@"; do
		IFS=: read -r id sl nl key <<<"$config"
		printf 'config add -u %s --id %s --server-id-len %s --nonce-len %s%s\n' \
			"$svc" "$id" "$sl" "$nl" "${key:+ --key-file $WORK/key}"
	done
	for n in 1 2 3; do
		sids=
		for config in "$@"; do
			IFS=: read -r id sl nl key <<<"$config"
			sids+=" --server-id $id:$(sid "$sl" "$n")"
		done
		printf -- '-a -u %s -r %s -i -w 1%s\n' "$svc" "$("$rs" "$n")" "$sids"
	done
}

# fresh SERVICE RS CONFIG...: nothing but that service on the director, counters at 0
fresh() {
	q -C
	service "$@" | q -R
}

TAINT_WARN=512

unwarned() { [ $(($(</proc/sys/kernel/tainted) & TAINT_WARN)) = 0 ] || fail "the kernel has warned of something"; }

EXPIRE=/proc/sys/net/ipv4/vs/expire_nodest_conn

# Reading the whole table takes quadratic time.
no_connections() {
	local lines
	mapfile -n 2 lines </proc/net/ip_vs_conn
	[ ${#lines[@]} -lt 2 ] || return 1
	[ ! -d /sys/module/ip_vs_quic ] || [ -z "$(flow_lines)" ]
}

# drop_connections: deletes all services and connections. A server that is added again while IPVS has connections of it gets these
# back, also those of earlier scripts. With this sysctl IPVS drops connections without a server when a server is deleted.
drop_connections() {
	local expire
	read -r expire <"$EXPIRE"
	echo 1 >"$EXPIRE"
	ipvsadm -C
	ipvsadm -A -u "$SVC4" -s rr
	ipvsadm -a -u "$SVC4" -r "$(rs4 1)" -i
	ipvsadm -C
	poll 30 "an empty connection table" no_connections
	echo "$expire" >"$EXPIRE"
}

trap cleanup EXIT
trap 'exit 130' INT TERM
# "... | send" has to set $GOT in this shell.
shopt -s lastpipe
set -euE -o pipefail
