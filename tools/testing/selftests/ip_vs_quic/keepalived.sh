#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Debian's keepalived as health checker of a service with scheduler quic: what is lost when it starts, stops, reloads, crashes, and when
# a director fails. The table of Documentation/keepalived.rst is this, and each of its rows is compared. KEEPALIVED_ROOT is a root file
# system with keepalived in it; tools/testing/check's suite keepalived@RELEASE gives one.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need_module
[ -n "${QLB_LAB:-}" ] || skip_all "this writes to /etc and /usr/sbin: only in the lab"
[ -x "${KEEPALIVED_ROOT:-}/usr/sbin/keepalived" ] || skip_all "KEEPALIVED_ROOT has no keepalived"
own_lab_up
doc=$here/../../../../Documentation/keepalived.rst
conf=$here/../../../../contrib/keepalived/keepalived.conf

# Another release's program runs with its own libraries. The name of the process is the program's.
libraries=$KEEPALIVED_ROOT/usr/lib/x86_64-linux-gnu:$KEEPALIVED_ROOT/lib/x86_64-linux-gnu
cp -L "$KEEPALIVED_ROOT/lib64/ld-linux-x86-64.so.2" "$WORK/keepalived"
# 2.3 reads what it was built with from a file
[ ! -e "$KEEPALIVED_ROOT/etc/keepalived/keepalived.config-opts" ] ||
	install -D -m 644 "$KEEPALIVED_ROOT/etc/keepalived/keepalived.config-opts" /etc/keepalived/keepalived.config-opts
# keepalived runs no script that another user than root could replace
[ -e /usr/sbin/quiclbadm ] || install -m 755 "$(command -v quiclbadm)" /usr/sbin/quiclbadm
note "$("$WORK/keepalived" --library-path "$libraries" "$KEEPALIVED_ROOT/usr/sbin/keepalived" --version 2>&1 | head -n 1)"

# An emulated machine may stop for seconds. keepalived's own time is not touched.
slow() { sed -e 's/--timeout 1000/--timeout 20000/' -e 's/timeout 3$/timeout 60/'; }

# recipe FILE: the documentation's, without VRRP
recipe() { sed '/^# Two directors/,$d' "$conf" | slow >"$1"; }

# naive FILE: what one would write for another scheduler
naive() {
	sed '/^# Two directors/,$d' "$conf" | slow |
		sed -e 's/lvs_sched mh/lvs_sched wlc/' -e '/^\talpha$/d' -e '/inhibit_on_failure/d' -e '/notify_down/d' >"$1"
}

# what was measured is printed also when the case passes
exec {out}>&1
measured() { note "$@" >&"$out"; }

# begin NAMESPACE CONFIG OPTION...: sets $KEEPALIVED
begin() {
	local ns=$1 config=$2
	shift 2
	spawn "$ns" "$WORK/keepalived" --library-path "$libraries" "$KEEPALIVED_ROOT/usr/sbin/keepalived" --dont-fork --log-console \
		--log-detail --use-file "$config" --pid "$WORK/$ns.pid" --checkers_pid "$WORK/$ns.checkers" --vrrp_pid "$WORK/$ns.vrrp" \
		"$@" >"$WORK/$ns.log" 2>&1 </dev/null
	KEEPALIVED=$SPAWNED
	RUNNING[$ns]=$SPAWNED
}

declare -A RUNNING=()

# said NAMESPACE N TEXT: at least N lines of its log have it
said() { [ "$(grep -cF -- "$3" "$WORK/$1.log")" -ge "$2" ]; }

hears() { poll 120 "keepalived to say \"$3\" $2 times; it said: $(tail -n 20 "$WORK/$1.log")" said "$@"; }

# end NAMESPACE [SIGNAL]: and all of its processes
end() {
	local checkers=''
	[ -n "${RUNNING[$1]:-}" ] || return 0
	[ ! -e "$WORK/$1.checkers" ] || read -r checkers <"$WORK/$1.checkers" || :
	kill "-${2:-TERM}" "${RUNNING[$1]}" 2>/dev/null || :
	await "${RUNNING[$1]}" || :
	[ -z "$checkers" ] || poll 60 "the end of the health checkers" has_ended "$checkers"
	RUNNING[$1]=
}

# With "alpha" a server is down until its first check has succeeded; keepalived "enables" it then.
begin_recipe() {
	recipe "$WORK/recipe.conf"
	begin lb "$WORK/recipe.conf" --dont-release-ipvs
	defer "end lb"
}

# activated N: it has begun to check servers so often
activated() { hears lb "$1" "ctivating healthchecker for service"; }

# 2.3 does not name again the servers that it goes on checking; this is what either says last
reloaded() { hears lb 2 "Activating BFD healthchecker"; }

checked() { hears lb "${1:-3}" "Enabling service ["; }

begin_naive() {
	naive "$WORK/naive.conf"
	begin lb "$WORK/naive.conf"
	defer "end lb"
	activated 3
}

# --- what was lost ------------------------------------------------------------------

weights() { q -L -n -u "$SVC4" -j 2>/dev/null | jq -r '[.services[] | .servers[] | "\(.address)=\(.weight)"] | sort | join(" ")'; }

# service_state: sets $SCHED, $CONFIGS, $IDS, $POOL
service_state() {
	local json
	SCHED='' CONFIGS=0 IDS=0 POOL=''
	json=$(q -L -n -u "$SVC4" -j 2>/dev/null) || return 0
	SCHED=$(jq -r '.services[0].scheduler // ""' <<<"$json")
	POOL=$(jq -r '[.services[0].servers[] | select(.present) | .address + " " + (.tunnel // "")] | sort | join(",")' <<<"$json")
	[ "$SCHED" = quic ] || return 0
	CONFIGS=$(q config list -u "$SVC4" -j | jq length)
	IDS=$(q server-id list -u "$SVC4" -j | jq length)
}

# nothing but the service
fresh_service() {
	fresh "$SVC4" rs4 0:3:4 "1:8:8:$KEY"
	service_state
	WANT_POOL=$POOL
}

# connect [OPTION...]: datagrams of two connections of each server, which change their ports all the time. Each has ports of its own: an ICMP
# error names no connection, but a port.
connect() {
	local n port=3000
	for n in 1 2 3; do
		echo "name=s$n mint=0:$(sid 3 "$n") from=$CL4.7:$port"
		echo "name=s$n mint=1:$(sid 8 "$n") from=$CL4.7:$((port + 100))"
		port=$((port + 200))
	done | traffic connections "$@" -w 4 -c 0:3:4 -c "1:8:8:$KEY" "to=$SVC4" walk=port count=3 -
	more_datagrams 24
}

# packets that the client has sent
sent() { in_ns cl awk '$1 == "eth0:" { print $11 }' /proc/self/net/dev; }

# more_datagrams N: the client sends so many from now on
more_datagrams() { poll 120 "$1 more datagrams" has_sent $(($(sent) + $1)); }

has_sent() { [ "$(sent)" -ge "$1" ]; }

# lost_connections: sets $LOST_OF to the servers whose connections had a datagram that another server answered, or none did
lost_connections() {
	local name server count total=0
	LOST_OF=
	# those of after the event; only four wait for an answer at a time
	more_datagrams 24
	quiet
	while read -r name server count; do
		total=$((total + count))
		[ "$name" = "$server" ] || case " $LOST_OF " in
		*" $name "*) ;;
		*) LOST_OF+=" $name" ;;
		esac
	done <"$WORK/connections"
	[ "$total" -gt 20 ] || fail "hardly any traffic: $(<"$WORK/connections")"
	LOST_OF=${LOST_OF# }
}

# row SET-UP EVENT: the row of the documentation's table has what was lost
row() {
	local lost=()
	service_state
	lost_connections
	if [ -z "$SCHED" ]; then
		lost=("the service")
	else
		[ "$SCHED" = quic ] || lost+=("the scheduler")
		[ "$CONFIGS" = 2 ] || lost+=("configs")
		[ "$IDS" = 6 ] || lost+=("server IDs")
		[ "$POOL" = "$WANT_POOL" ] || lost+=("servers")
	fi
	case $2/$LOST_OF in
	*/) ;;
	"a server fails/s1") lost+=("its connections") ;;
	*) lost+=("connections") ;;
	esac
	LOST=$(printf ', %s' "${lost[@]}")
	LOST=${LOST#, }
	LOST=${LOST:-nothing}
	measured "$1: $2: $LOST"
	[ -z "$LOST_OF" ] || measured "  datagrams by connection and who answered: $(sort "$WORK/connections" | paste -sd ,)"
	documented "$1" "$2" "$LOST"
}

# documented SET-UP EVENT LOST
documented() {
	local found
	found=$(awk -v event="$2" -v column="$([ "$1" = naive ] && echo 2 || echo 3)" '
		/^=+ +=+ +=+$/ { inside++; at[2] = index($0, " ") ; while (substr($0, at[2], 1) == " ") at[2]++
			at[3] = at[2] + index(substr($0, at[2]), " "); while (substr($0, at[3], 1) == " ") at[3]++ ; next }
		inside == 2 {
			first = substr($0, 1, at[2] - 1)
			sub(/ +$/, "", first)
			if (first == event) {
				cell = column == 2 ? substr($0, at[2], at[3] - at[2]) : substr($0, at[3])
				sub(/ +$/, "", cell)
				print cell
			}
		}' "$doc")
	same "the documentation's row \"$2\", $1" "$found" "$3"
}

# --- without the recipe ---------------------------------------------------------------

naive_start() {
	fresh_service
	connect -t 3000
	begin_naive
	row naive start
	# and the doctor says what is going to happen
	doctor_says fault "needs --dont-release-ipvs"
}

# doctor_says VERDICT TEXT
doctor_says() {
	q doctor -u "$SVC4" -j >"$WORK/report" || :
	jq -e --arg verdict "$1" --arg text "$2" \
		'any(.[] | select(.check == "keepalived" and .verdict == $verdict); .evidence | contains($text))' "$WORK/report" >/dev/null ||
		fail "$(jq -c '.[] | select(.check == "keepalived")' "$WORK/report")"
}

naive_stop() {
	fresh_service
	begin_naive
	connect -t 3000
	end lb
	row naive stop
}

naive_restart() {
	fresh_service
	begin_naive
	connect -t 3000
	end lb
	begin_naive
	row naive restart
}

naive_reload() {
	fresh_service
	begin_naive
	connect -t 3000
	kill -HUP "$KEEPALIVED"
	reloaded
	row naive reload
}

naive_crash() {
	fresh_service
	begin_naive
	connect -t 3000
	end lb KILL
	row naive "SIGKILL of the parent"
}

naive_checkers() {
	fresh_service
	begin_naive
	connect -t 3000
	kill -KILL "$(<"$WORK/lb.checkers")"
	activated 6
	row naive "SIGKILL of the checkers"
}

# Its connections are the dead server's: nothing can be done about them. The others' must not move.
naive_failure() {
	defer "speak 1"
	fresh_service
	begin_naive
	connect -t 3000
	silence 1
	hears lb 1 "Removing service [10.0.0.11]"
	row naive "a server fails"
}

# As systemd does, with Debian's unit.
systemctl() {
	local DAEMON_ARGS=''
	same "the command" "$*" "restart keepalived"
	end lb
	# shellcheck source=/dev/null
	. /etc/default/keepalived
	# shellcheck disable=SC2086 # they are several
	begin lb "$WORK/naive.conf" $DAEMON_ARGS
	activated 3
}

# The doctor's commands, verbatim.
doctors_fix() {
	fresh_service
	begin_naive
	doctor_says fault "needs --dont-release-ipvs"
	defer "rm -f /etc/default/keepalived /etc/quiclbadm.rules"
	eval "$(jq -r '.[] | select(.check == "keepalived").fix' "$WORK/report")"
	service_state
	same "the service" "$SCHED $CONFIGS $IDS $POOL" "quic 2 6 $WANT_POOL"
	doctor_says advice "without inhibit_on_failure"
	end lb
	service_state
	same "the service after a stop" "$SCHED $CONFIGS $IDS $POOL" "quic 2 6 $WANT_POOL"
}

# --- with it ------------------------------------------------------------------------------

silence() { ip -n "$LAB-s$1" link set tunl0 down; }
speak() { ip -n "$LAB-s$1" link set tunl0 up; }

recipe_start() {
	fresh_service
	connect
	begin_recipe
	checked
	row recipe start
	doctor_says ok "leaves the service alone"
}

recipe_stop() {
	fresh_service
	begin_recipe
	checked
	connect
	end lb
	row recipe stop
}

recipe_restart() {
	fresh_service
	begin_recipe
	checked
	connect
	end lb
	begin_recipe
	checked
	row recipe restart
}

recipe_reload() {
	fresh_service
	begin_recipe
	checked
	connect
	kill -HUP "$KEEPALIVED"
	reloaded
	row recipe reload
}

recipe_crash() {
	fresh_service
	begin_recipe
	checked
	connect
	end lb KILL
	row recipe "SIGKILL of the parent"
}

recipe_checkers() {
	fresh_service
	begin_recipe
	checked
	connect
	kill -KILL "$(<"$WORK/lb.checkers")"
	checked 6
	row recipe "SIGKILL of the checkers"
}

weighs() { [ "$(weights)" = "$1" ]; }

all_up="$(rs4 1)=1 $(rs4 2)=1 $(rs4 3)=1"
one_down="$(rs4 1)=0 $(rs4 2)=1 $(rs4 3)=1"

# A server fails: weight 0, and its connections would still reach it. -R respects the checker. It comes back by itself.
recipe_failure() {
	defer "speak 1"
	fresh_service
	begin_recipe
	checked
	connect -t 3000
	silence 1
	poll 60 "weight 0" weighs "$one_down"
	LOST_OF=
	q -S | sed 's/ -w 0/ -w 1/' | q -R 2>/dev/null
	weighs "$one_down" || fail "-R raised the weight: $(weights)"
	q -L -n -u "$SVC4" -j | jq -e '.services[0].servers[] | select(.address == "10.0.0.11").held' >/dev/null || fail "it is not shown as held"
	row recipe "a server fails"
	speak 1
	poll 60 "weight 1" weighs "$all_up"
	service_state
	same "the pool" "$POOL" "$WANT_POOL"
}

# While keepalived does not run, a server fails, or comes back: the next start finds out.
meanwhile() {
	defer "speak 1"
	fresh_service
	begin_recipe
	checked
	end lb
	silence 1
	begin_recipe
	poll 60 "weight 0 for the server that failed meanwhile" weighs "$one_down"
	end lb
	speak 1
	begin_recipe
	poll 60 "weight 1 for the server that came back meanwhile" weighs "$all_up"
}

# The options that the documentation warns of.
without_alpha() {
	fresh_service
	ipvsadm -e -u "$SVC4" -r "$(rs4 1):443" -i -w 0
	recipe "$WORK/recipe.conf"
	sed -i '/^\talpha$/d' "$WORK/recipe.conf"
	begin lb "$WORK/recipe.conf" --dont-release-ipvs
	defer "end lb"
	activated 3
	doctor_says advice "without alpha"
	# it thinks that all are up, and changes nothing when their checks succeed
	hears lb 3 "Misc check for ["
	weighs "$one_down" || fail "documented otherwise: $(weights)"
}

without_notify_down() {
	defer "speak 1"
	fresh_service
	recipe "$WORK/recipe.conf"
	sed -i '/notify_down/d' "$WORK/recipe.conf"
	silence 1
	begin lb "$WORK/recipe.conf" --dont-release-ipvs
	defer "end lb"
	checked 2
	doctor_says advice "without notify_down"
	# for it the server was down from the beginning
	hears lb 1 "Misc check for [[$(rs4 1)]"
	same "weights, documented otherwise" "$(weights)" "$all_up"
}

# A change of the weight writes the rest of the server, too.
rewritten() {
	fresh_service
	ipvsadm -e -u "$SVC4" -r "$(rs4 1):443" -g -x 77
	begin_recipe
	poll 60 "method and threshold of keepalived.conf" is_rewritten
}

is_rewritten() {
	q -L -n -u "$SVC4" -j |
		jq -e '.services[0].servers[] | select(.address == "10.0.0.11") | .forward == "Tunnel" and .upper_threshold == 0 and .weight == 1'
}

other_scheduler() {
	fresh_service
	begin_recipe
	checked
	connect -t 3000
	sed -i 's/lvs_sched mh/lvs_sched rr/' "$WORK/recipe.conf"
	kill -HUP "$KEEPALIVED"
	reloaded
	row recipe "reload with another lvs_sched"
}

removed_server() {
	fresh_service
	begin_recipe
	checked
	connect -t 3000
	sed -i '/real_server 10.0.0.13/,/^\t}/d' "$WORK/recipe.conf"
	kill -HUP "$KEEPALIVED"
	reloaded
	row recipe "reload without a server"
}

removed_service() {
	fresh_service
	begin_recipe
	checked
	connect -t 3000
	sed -i '/^virtual_server/,$d' "$WORK/recipe.conf"
	kill -HUP "$KEEPALIVED"
	hears lb 1 "Removing Virtual Server"
	row recipe "reload without the service"
}

# --- two directors -------------------------------------------------------------------------

second_director() {
	local n
	ip netns add "$LAB-lb2"
	defer "end lb; end lb2; ip netns del $LAB-lb2"
	in_ns lb2 sh -c 'for c in all default; do echo 0 >/proc/sys/net/ipv4/conf/$c/rp_filter; done'
	printf '%s\n' "link add lb2 type veth peer name eth0 netns $LAB-lb2" "link set lb2 master br0 up" "route replace $VIP4/32 dev br0" |
		ip -n "$LAB-rt" -b -
	printf '%s\n' "link set lo up" "link set eth0 up" "addr add 10.0.0.2/24 dev eth0" "route add default via 10.0.0.254" |
		ip -n "$LAB-lb2" -b -
	# servers and clients are on one link: only the director answers for the VIP
	for n in 1 2 3; do
		in_ns "s$n" sh -c 'cd /proc/sys/net/ipv4/conf/all; echo 1 >arp_ignore; echo 2 >arp_announce'
	done
	ip addr del "$VIP4/32" dev lo
	defer "ip addr add $VIP4/32 dev lo 2>/dev/null || :"
	service "$SVC4" rs4 0:3:4 "1:8:8:$KEY" | in_ns lb2 quiclbadm -R
	slow <"$conf" >"$WORK/first.conf"
	sed 's/priority 150/priority 100/' "$WORK/first.conf" >"$WORK/second.conf"
}

owns() { [ -n "$(ip -n "$LAB-$1" -4 -o addr show dev eth0 to "$VIP4")" ]; }

# reached: all connections reach their servers, each by the config that it had before
reached() {
	local n
	GOT=$(for n in 1 2 3; do
		echo "name=s$n mint=0:$(sid 3 "$n")"
		echo "name=s$n mint=1:$(sid 8 "$n")"
	done | "$QUICGEN" send -n "$LAB-cl" -t 3000 -c 0:3:4 -c "1:8:8:$KEY" "to=$SVC4" "from=$CL4.8:3000" walk=port -)
	[ "$(sort <<<"$GOT" | xargs)" = "s1 s1 2 s2 s2 2 s3 s3 2" ]
}

# vip_moves EVENT NAMESPACE COMMAND...: COMMAND makes it move to NAMESPACE; no datagram reaches another server than its connection's
vip_moves() {
	local event=$1 to=$2 name server count gone=0 began
	shift 2
	connect -t 3000
	began=$SECONDS
	"$@"
	poll 60 "$to to have the VIP" owns "$to"
	poll 60 "$to" reached
	measured "$event: reached again after $((SECONDS - began)) s"
	more_datagrams 24
	quiet
	while read -r name server count; do
		case $server in
		"$name") ;;
		none | refused) gone=$((gone + count)) ;;
		*) fail "$event: $count datagrams of a connection of $name reached $server" ;;
		esac
	done <"$WORK/connections"
	measured "$event: $gone datagrams lost"
	[ -z "$event" ] || documented recipe "$event" "only datagrams until the other has the VIP"
}

failover() {
	fresh_service
	second_director
	begin lb "$WORK/first.conf" --dont-release-ipvs
	poll 120 "the first director to have the VIP" owns lb
	begin lb2 "$WORK/second.conf" --dont-release-ipvs
	checked
	hears lb2 3 "Enabling service ["
	poll 30 "the first director" reached
	vip_moves "stop of the VRRP master" lb2 end lb
	service_state
	same "the first director's service" "$SCHED $CONFIGS $IDS $POOL" "quic 2 6 $WANT_POOL"
	# it starts again and, having the higher priority, takes it back
	vip_moves "" lb begin lb "$WORK/first.conf" --dont-release-ipvs
	# its cable is cut
	defer "ip -n $LAB-rt link set lb up"
	vip_moves "a director fails (VRRP)" lb2 ip -n "$LAB-rt" link set lb down
}

# The director that has the VIP would not forward any more; it gets the VIP back when it does.
tracked() {
	fresh_service
	second_director
	begin lb "$WORK/first.conf" --dont-release-ipvs
	poll 120 "the first director to have the VIP" owns lb
	begin lb2 "$WORK/second.conf" --dont-release-ipvs
	checked
	hears lb2 3 "Enabling service ["
	poll 120 "the second director's check" said lb2 1 "VRRP_Script(forwards) succeeded"
	poll 30 "the first director" reached
	q -S "$WORK/saved.rules"
	vip_moves "the service goes (VRRP)" lb2 ipvsadm -D -u "$SVC4"
	vip_moves "" lb q -R --weights "$WORK/saved.rules"
}

serve "$SVC4"
tcase "not the recipe: start" naive_start
tcase "not the recipe: stop" naive_stop
tcase "not the recipe: restart" naive_restart
tcase "not the recipe: reload" naive_reload
tcase "not the recipe: crash" naive_crash
tcase "not the recipe: crash of the checkers" naive_checkers
tcase "not the recipe: a server fails" naive_failure
tcase "not the recipe: the doctor's fix" doctors_fix
tcase "the recipe: start" recipe_start
tcase "the recipe: stop" recipe_stop
tcase "the recipe: restart" recipe_restart
tcase "the recipe: reload" recipe_reload
tcase "the recipe: crash" recipe_crash
tcase "the recipe: crash of the checkers" recipe_checkers
tcase "the recipe: a server fails and comes back" recipe_failure
tcase "the recipe: a server fails, and comes back, while keepalived does not run" meanwhile
tcase "without alpha" without_alpha
tcase "without notify_down" without_notify_down
tcase "keepalived writes method and thresholds" rewritten
tcase "reload with another scheduler" other_scheduler
tcase "reload without a server" removed_server
tcase "reload without the service" removed_service
tcase "two directors and VRRP" failover
tcase "two directors and VRRP: who would not forward gives the VIP away" tracked
finish
