#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What becomes of connections when directors, servers, clients and configurations change, for schedulers side by side. Each case is an
# event, and prints for each scheduler how many connections there were and how many were lost:
#	# row: EVENT|SCHEDULER|DIRECTORS|CONNECTIONS|LOST
# A case fails if scheduler quic loses one, unless the event says that it may, or if rr loses none where it must: then the lab sees nothing.
# With FRR_ROOT (see frrlib.sh), the events director-* of two directors have routes of FRR; all others are set by "ip route".
# FLEET_DIRECTORS, FLEET_SCHEDULERS and FLEET_EVENTS, an extended regular expression, choose; tools/testing/fleet runs all.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=packets.sh
. "$here/packets.sh"
# shellcheck source=frrlib.sh
. "$here/frrlib.sh"
# shellcheck source=fleetlib.sh
. "$here/fleetlib.sh"
need_module
own_lab_up

CONNECTIONS=${FLEET_CONNECTIONS:-100}
EVENTS=0

# --- directors ------------------------------------------------------------------------

# The last director is dead; some datagrams are lost before the router knows.
one_dies() {
	unplug "$(port_of "$N")"
	defer "plug $(port_of "$N")"
	pass
	spread_over 1 $((N - 1))
}

director_death() {
	begin 1 1 1
	one_dies
	settle_accounts
}

director_joins() {
	spread_over 1 $((N - 1))
	begin 1 1 1
	spread_over 1 "$N"
	settle_accounts
}

# Its services are deleted when it gets nothing any more.
director_drains() {
	begin 1 1 1
	spread_over 1 $((N - 1))
	pass
	at "$N" quiclbadm -C
	settle_accounts
}

# --- servers --------------------------------------------------------------------------

server_joins() {
	begin 1 1 -
	each_director "-a -u @service -r @server3 -w 1 @id3"
	settle_accounts
}

server_joins_director_dies() {
	begin 1 1 -
	each_director "-a -u @service -r @server3 -w 1 @id3"
	one_dies
	settle_accounts
}

server_drains() {
	begin 1 1 1
	each_director "-e -u @service -r @server3 -w 0"
	settle_accounts
}

server_drains_director_dies() {
	begin 1 1 1
	each_director "-e -u @service -r @server3 -w 0"
	one_dies
	settle_accounts
}

server_dies() {
	begin 1 1 1
	DEAD=s3
	unplug s3
	defer "plug s3"
	each_director "-d -u @service -r @address3"
	[ "${1:-}" != director ] || one_dies
	settle_accounts
}

server_dies_director_dies() { server_dies director; }

weight_changes() {
	begin 1 1 1
	each_director "-e -u @service -r @server3 -w 4"
	settle_accounts
}

weight_changes_director_dies() {
	begin 1 1 1
	each_director "-e -u @service -r @server3 -w 4"
	one_dies
	settle_accounts
}

# --- clients --------------------------------------------------------------------------

# a NAT box gives each connection another port
rebinds() {
	begin 1 1 1
	silence
	new_ports
	settle_accounts
}

rebinds_director_dies() {
	begin 1 1 1
	silence
	new_ports
	talk
	one_dies
	settle_accounts
}

migrates() {
	begin 1 1 1
	silence
	new_addresses
	settle_accounts
}

# --- configurations -------------------------------------------------------------------

# The config is added to all directors, then servers make connection IDs of it, then the old one is deleted.
rotates() {
	begin 1 1 1
	# no director has an entry of these: the connection IDs alone lead to the servers
	silence
	new_ports
	talk
	each_director "rotate -u @service --key-file $WORK/new-key --step 1"
	pass
	silence
	CIDS=1
	talk
	pass
	each_director "config del -u @service --id 0 --force"
	settle_accounts
}

# Each director loses all services and gets them back, while the router sends to it.
restored() {
	local n
	begin 1 1 1
	for ((n = 1; n <= N; n++)); do
		at "$n" quiclbadm -S "$WORK/saved-$n"
		at "$n" quiclbadm -C
		pass
		at "$n" quiclbadm -R "$WORK/saved-$n"
		pass
	done
	settle_accounts
}

# The module and IPVS are unloaded and loaded again on the only director. It takes some time, in which nothing is forwarded.
upgraded() {
	local began ended n
	begin 1 1 1
	quiclbadm -S "$WORK/saved"
	began=${EPOCHREALTIME/./}
	for ((n = 1; n <= MADE; n++)); do
		at "$n" quiclbadm -C
	done
	modprobe -r ip_vs_quic
	[ ! -d /sys/module/ip_vs_mh ] || modprobe -r ip_vs_mh
	[ ! -d /sys/module/ip_vs_rr ] || modprobe -r ip_vs_rr
	modprobe -r ip_vs
	modprobe ip_vs_quic
	quiclbadm -R "$WORK/saved"
	ended=${EPOCHREALTIME/./}
	echo "$(((ended - began) / 1000))" >"$WORK/upgrade"
	settle_accounts
}

# --- what has no connection ID of a server yet ------------------------------------------

# The first half of the directors gets the Initial, the other half the next datagram, which has the client's own connection ID as well.
handshakes_elsewhere() {
	configure 1 1 "${1:--}"
	new_clients
	spread_over 1 $((N / 2))
	handshakes
	[ "${1:--}" = 1 ] || in_turn : "-a -u @service -r @server3 -w 1 @id3"
	spread_over $((N / 2 + 1)) "$N"
	initials | shuf | send -t 10000 -w 400 -
	printf '%s\n' "$GOT" >"$AFTER"
	account
}

handshakes_directors_change() { handshakes_elsewhere 1; }
handshakes_directors_and_pool_change() { handshakes_elsewhere -; }

# The same directors.
handshakes_pool_changes() {
	configure 1 1 -
	new_clients
	handshakes
	in_turn : "-a -u @service -r @server3 -w 1 @id3"
	initials | send -t 10000 -w 400 -
	printf '%s\n' "$GOT" >"$AFTER"
	account
}

# An error about a server's datagram arrives at a director that has not seen the connection.
# icmp_elsewhere DATA: what is quoted behind the UDP header; CID is the server's connection ID
icmp_elsewhere() {
	local n
	begin 1 1 1
	silence
	watch
	: >"$AFTER"
	for n in 1 2; do
		spread_over "$n" "$n"
		forget
		errors "$1" | raw rt -
		# what was before this has passed when it has
		with_cids 0 | send -t 10000 -w 400 "${CIPHERS[@]}" -
		poll 60 "the datagrams behind the errors" has_watched "$(wc -l <"$CONNS_FILE")"
		errors_arrived >>"$AFTER"
	done
	account_errors 2
}

icmp_long() { icmp_elsewhere long; }
icmp_short() { icmp_elsewhere short; }

# --- the table ------------------------------------------------------------------------

# event NAME FUNCTION [OPTION...]: OPTIONs are "may-lose" (quic may, too) and "rr-loses"
event() {
	EVENT=$1
	[[ $EVENT =~ ${FLEET_EVENTS:-.} ]] || return 0
	EVENTS=$((EVENTS + 1))
	: >"$WORK/rows"
	tcase "$EVENT, $N directors: ${SCHEDULERS// /, }" judged "${@:2}"
	sed 's/^/# row: /' "$WORK/rows"
}

# lost_by SCHEDULER: how many, but not the dead server's own; nothing if it was not there
lost_by() { awk -F '|' -v name="$1" '$2 == name && $1 !~ /dead-server/ { n += $5; there = 1 } END { if (there) print n + 0 }' "$WORK/rows"; }

judged() {
	DEAD=
	[ "$N" != 2 ] || [ -z "${FRR_ROOT:-}" ] || [[ $EVENT != director-* ]] || by_frr
	spread_over 1 "$N"
	"$1"
	[ -s "$WORK/rows" ] || fail "no rows"
	if [[ " $* " != *" may-lose "* ]] && [ -n "$(lost_by quic)" ] && [ "$(lost_by quic)" != 0 ]; then
		printf '%s\n' "connections of quic at another server:"
		{ other_server "none refused error" <"$DURING"; other_server "" <"$AFTER"; } | grep ^quic/
		fail "quic loses connections"
	fi
	[[ " $* " != *" rr-loses "* ]] || [ "$(lost_by rr)" != 0 ] || fail "rr loses none: the lab sees nothing"
}

# all_events: those that any scheduler can have
all_events() {
	event director-death director_death rr-loses
	event director-join director_joins rr-loses
	event director-drain director_drains rr-loses
	event server-join server_joins
	event server-join+director-death server_joins_director_dies rr-loses
	event server-drain server_drains
	event server-drain+director-death server_drains_director_dies rr-loses
	event server-death server_dies
	event server-death+director-death server_dies_director_dies rr-loses
	event weight-change weight_changes
	event weight-change+director-death weight_changes_director_dies rr-loses
	event nat-rebinding rebinds rr-loses
	event nat-rebinding+director-death rebinds_director_dies rr-loses
	event client-migration migrates rr-loses
	event restore restored
	event icmp-elsewhere/long-header icmp_long rr-loses
	event icmp-elsewhere/short-header icmp_short rr-loses
	event handshakes:director-change handshakes_directors_change rr-loses
	event handshakes:pool-change handshakes_pool_changes
	event handshakes:pool-and-director-change handshakes_directors_and_pool_change may-lose rr-loses
}

# one_director: with one director alone, which all others share their kernel with
one_director() {
	N=1
	event module-upgrade upgraded
	[ ! -e "$WORK/upgrade" ] || note "the director was without its services for $(<"$WORK/upgrade") ms"
}

gue_up
router_up
serve "$VIP4:443" "[$VIP6]:443" "$VIP4:444" "[$VIP6]:444" "$VIP4:445" "[$VIP6]:445" "$VIP4:446" "[$VIP6]:446" "$VIP4:447" "[$VIP6]:447"
all=${FLEET_SCHEDULERS:-quic rr}
SCHEDULERS=${all% rr+sync}
one_director
for N in ${FLEET_DIRECTORS:-2}; do
	make_directors "$N"
	[ "$N" != 2 ] || [ -z "${FRR_ROOT:-}" ] || frr_up
	SCHEDULERS=${all% rr+sync}
	all_events
	SCHEDULERS=quic
	event rotation rotates
	if [[ $all = *rr+sync ]]; then
		SCHEDULERS=rr+sync
		sync_daemons start
		all_events
		sync_daemons stop
	fi
done
finish
