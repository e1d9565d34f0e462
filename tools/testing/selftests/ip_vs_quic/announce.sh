#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Directors whose VIP FRR announces while they forward: what makes a route come and go, and what is lost of connections meanwhile. The
# configurations are those of contrib/frr. FRR_ROOT is a directory with FRR's files; tools/testing/check's suite "fleet" gives one.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=frrlib.sh
. "$here/frrlib.sh"
need_module
[ -x "${FRR_ROOT:-}/usr/lib/frr/bgpd" ] || skip_all "FRR_ROOT has no bgpd"
[ -n "${QLB_LAB:-}" ] || skip_all "this writes to /etc: only in the lab"
own_lab_up
serve "$SVC4" "$SVC6" "$VIP4:8443"
announce=$here/../../../../userspace/quiclbadm/boot/quiclbadm-announce
# an emulated machine may stop for seconds
export TIMEOUT=20000
frr_group
declare -A ANNOUNCER=() INSTANCE=()

# announcer NAMESPACE [INSTANCE]
announcer() {
	spawn "$1" "$announce" "${2:-$SVC4}" >"$WORK/announce-$1" 2>&1
	ANNOUNCER[$1]=$SPAWNED
	INSTANCE[$1]=${2:-$SVC4}
}

# end NAMESPACE [SIGNAL]: what systemd does
end() {
	[ -n "${ANNOUNCER[$1]:-}" ] || return 0
	# at the end of a case it may have been told already
	kill "-${2:-TERM}" "${ANNOUNCER[$1]}" 2>/dev/null || :
	await "${ANNOUNCER[$1]}" || :
	in_ns "$1" "$announce" --withdraw "${INSTANCE[$1]}"
	ANNOUNCER[$1]=
}

said() { grep -qF -- "$2" "$WORK/announce-$1"; }

# A director like the first one, with the same service, at 10.0.0.2.
second_director() {
	ip netns add "$LAB-lb2"
	in_ns lb2 sh -c 'for c in all default; do echo 0 >/proc/sys/net/ipv4/conf/$c/rp_filter; done'
	printf '%s\n' "link add lb2 type veth peer name eth0 netns $LAB-lb2" "link set lb2 master br0 up" | ip -n "$LAB-rt" -b -
	printf '%s\n' "link set lo up" "link set eth0 up" "addr add 10.0.0.2/24 dev eth0" "route add default via 10.0.0.254" |
		ip -n "$LAB-lb2" -b -
}

# connections: of each server two, whose ports change all the time
connections() {
	local n
	for n in 1 2 3; do
		echo "name=s$n mint=0:$(sid 3 "$n") from=$CL4.7:$((3000 + 100 * n))"
	done | traffic connections -w 4 -c 0:3:4 "to=$SVC4" walk=port count=3 -
	poll 60 "datagrams" sent_more 30
}

sent() { in_ns cl awk '$1 == "eth0:" { print $11 }' /proc/self/net/dev; }

sent_more() {
	[ -n "${SENT_FROM:-}" ] || SENT_FROM=$(sent)
	[ "$(sent)" -ge $((SENT_FROM + $1)) ]
}

# none_lost: each of the connections' datagrams was answered by its server
none_lost() {
	local name server count total=0
	SENT_FROM=
	poll 60 "datagrams" sent_more 30
	SENT_FROM=
	quiet
	while read -r name server count; do
		[ "$name" = "$server" ] || fail "$count datagrams of $name: $server"
		total=$((total + count))
	done <"$WORK/connections"
	[ "$total" -gt 50 ] || fail "hardly any traffic: $(<"$WORK/connections")"
}

# --- one director ---------------------------------------------------------------------

# The daemons are to outlive a case.
begin() {
	ip addr del "$VIP4/32" dev lo
	ip -n "$LAB-rt" route del "$VIP4/32"
	second_director
	frr rt "$contrib/router.conf"
	frr lb "$contrib/director.conf"
	sed 's/router-id 10.0.0.1$/router-id 10.0.0.2/' "$contrib/director.conf" >"$WORK/second.conf"
	frr lb2 "$WORK/second.conf"
}

sessions() {
	poll 120 "two sessions" established 2
	same "next hops without a director that forwards" "$(next_hops)" ""
}

# FRR might go on announcing it.
of_no_other_device() {
	defer "ip addr del $VIP4/32 dev eth0"
	ip addr add "$VIP4/32" dev eth0
	refused 1 "$SVC4: the device eth0 has the address $VIP4/32, and only lo may; take it away with \"ip addr del $VIP4/32 dev eth0\"" \
		"$announce" "$SVC4"
}

# The director's own lookup is the same whether the VIP is announced or not.
stays_local() { [[ $(ip route get "$VIP4") == "local $VIP4 "* ]] || fail "the VIP is not local: $(ip route get "$VIP4")"; }

follows_the_service() {
	q -C
	announcer lb
	defer "end lb"
	same "next hops without a service" "$(next_hops)" ""
	fresh "$SVC4" rs4 0:3:4
	routed 10.0.0.1
	send -c 0:3:4 "to=$SVC4" "from=$CL4.9:900" name=x "mint=0:$(sid 3 2)"
	answers "x s2 1"
	stays_local
	q -C
	routed ""
	stays_local
	said lb "$SVC4: withdrawn: Error: service $SVC4: no such service." || fail "$(<"$WORK/announce-lb")"
}

# No number of checks would do. A service that is there again when it is looked at was not gone.
noticed_at_once() {
	fresh "$SVC4" rs4 0:3:4
	FALL=100000 announcer lb
	defer "end lb"
	routed 10.0.0.1
	poll 60 "the announcer to listen" said lb "$SVC4: listening to events"
	q -C
	routed ""
	same "announcer's words" "$(<"$WORK/announce-lb")" "$SVC4: announced
$SVC4: listening to events
$SVC4: withdrawn: Error: service $SVC4: no such service."
	# and the next time as well
	service "$SVC4" rs4 0:3:4 | q -R
	routed 10.0.0.1
	q -C
	routed ""
	# no monitor outlives it
	end lb KILL
	poll 60 "the end of the monitor" no_monitor
}

no_monitor() { ! grep -qzx '[m]onitor' /proc/[0-9]*/cmdline; }

follows_the_servers() {
	local n
	defer "for n in 1 2 3; do ip -n $LAB-s\$n link set tunl0 up; done"
	fresh "$SVC4" rs4 0:3:4
	TIMEOUT=2000 announcer lb
	defer "end lb"
	routed 10.0.0.1
	# one dead server is no reason
	ip -n "$LAB-s1" link set tunl0 down
	q check-director -u "$SVC4" --timeout 20000 >/dev/null
	for n in 2 3; do
		ip -n "$LAB-s$n" link set tunl0 down
	done
	routed ""
	said lb "of 3 real servers with weight none answers" || fail "$(<"$WORK/announce-lb")"
	same "times that it was announced" "$(grep -c ': announced$' "$WORK/announce-lb")" 1
	ip -n "$LAB-s3" link set tunl0 up
	routed 10.0.0.1
}

killed() {
	fresh "$SVC4" rs4 0:3:4
	announcer lb
	defer "end lb"
	routed 10.0.0.1
	end lb KILL
	routed ""
	# one that finds a route of another run does not believe it
	ip addr add "$VIP4/32" dev lo
	routed 10.0.0.1
	q -C
	announcer lb
	routed ""
}

# A second instance is refused, and what systemd then runs for it takes the VIP from nobody.
all_ports() {
	fresh "$SVC4" rs4 0:3:4
	service "$VIP4:8443" rs4 0:3:4 | q -R
	announcer lb "$SVC4,8443"
	defer "end lb"
	routed 10.0.0.1
	refused 1 "$SVC4: another instance announces $VIP4; one has to have all ports of a VIP, as in 192.0.2.1:443,8443" "$announce" "$SVC4"
	"$announce" --withdraw "$SVC4"
	[ -n "$(ip -o addr show dev lo to "$VIP4/32")" ] || fail "the VIP was withdrawn"
	q -D -u "$VIP4:8443"
	routed ""
	said lb "withdrawn: Error: service $VIP4:8443: no such service." || fail "$(<"$WORK/announce-lb")"
	service "$VIP4:8443" rs4 0:3:4 | q -R
	routed 10.0.0.1
	end lb
	routed ""
}

# The VIP of IPv6 by its own session; the one of IPv4 does not come with it.
ipv6() {
	local family=6
	ip addr del "$VIP6/128" dev lo
	defer "ip addr add $VIP6/128 dev lo"
	defer "ip -n $LAB-rt route replace $VIP6 via fd00:10::1"
	ip -n "$LAB-rt" route del "$VIP6"
	fresh "$SVC6" rs6 0:3:4
	announcer lb "$SVC6"
	defer "end lb"
	poll 120 "a next hop" has_next_hop
	same "IPv4's next hops" "$(next_hops)" ""
	send -c 0:3:4 "to=$SVC6" "from=[${CL6}:9]:900" name=x "mint=0:$(sid 3 2)"
	answers "x s2 1"
	q -C
	routed ""
	[[ $(ip -6 route get "$VIP6") == *"local $VIP6 "* ]] || fail "the VIP is not local: $(ip -6 route get "$VIP6")"
}

has_next_hop() { [ -n "$(next_hops 6)" ]; }

# --- two ------------------------------------------------------------------------------

both() {
	fresh "$SVC4" rs4 0:3:4
	service "$SVC4" rs4 0:3:4 | in_ns lb2 quiclbadm -R
	announcer lb
	defer "end lb; end lb2; in_ns lb2 quiclbadm -C"
	announcer lb2
	routed 10.0.0.1 10.0.0.2
}

drained() {
	both
	connections
	end lb
	routed 10.0.0.2
	said lb "$SVC4: drained" || fail "$(<"$WORK/announce-lb")"
	# nothing comes any more, so the services can go
	mark "$SVC4"
	SENT_FROM=
	poll 60 "datagrams" sent_more 30
	counted "$SVC4"
	q -C
	none_lost
	# and it comes back
	connections
	service "$SVC4" rs4 0:3:4 | q -R
	announcer lb
	routed 10.0.0.1 10.0.0.2
	none_lost
}

# A dead bgpd: the router learns of it by the end of the session.
daemon_dies() {
	both
	kill -KILL "${DAEMON[lb2-bgpd]}"
	routed 10.0.0.1
	connections
	none_lost
}

# restarted: FRR finds the VIP announced when it starts, and announces it
restarted() {
	frr_stop lb
	routed ""
	frr lb "$contrib/director.conf"
	routed 10.0.0.1
}

withdrawn_after_restart() {
	fresh "$SVC4" rs4 0:3:4
	announcer lb
	defer "end lb"
	routed 10.0.0.1
	restarted
	end lb
	routed ""
	stays_local
	announcer lb
	routed 10.0.0.1
	restarted
	q -C
	routed ""
}

begin
tcase "FRR in front of two directors" sessions
tcase "the VIP is to be an address of no other device" of_no_other_device
tcase "the route follows the service" follows_the_service
tcase "a service that goes is noticed at once, not by checks" noticed_at_once
tcase "a VIP of several ports: all services, and one instance" all_ports
tcase "IPv6" ipv6
tcase "the route follows the servers, but not a single one" follows_the_servers
tcase "SIGKILL leaves no route" killed
tcase "a director is drained and comes back: nothing is lost" drained
tcase "a routing daemon dies" daemon_dies
# the last one: the daemons that it starts end with it
tcase "FRR is restarted while a VIP is announced: then stopping the unit, or a failing check, withdraws it" withdrawn_after_restart
finish
