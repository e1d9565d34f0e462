#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Devices, services, weights and namespaces come and go while traffic uses the express path and the default path; and all that the driver
# path looks at, while frames are in it.  ROUNDS of each; "make soak" runs this for hours.
#
#   rt ── eth0: as in every lab
#   rt ── e0: comes and goes, 10.8.0.1
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=packets.sh
. "$here/packets.sh"
# shellcheck source=links.sh
. "$here/links.sh"
need_module
lab_up
ROUNDS=${ROUNDS:-4}
OTHER=$VIP4:444

# Makes a device of the director, to which the router sends the client's datagrams; they leave by eth0.
device_up() {
	ip -n "$LAB-rt" link add r0 type veth peer name e0 netns "$LAB-lb"
	lead lb e0 r0 8
	q express add e0
}

device_dies() { ip link del e0; }
peer_dies() { ip -n "$LAB-rt" link del r0; }
device_moves() {
	ip link set e0 netns "$LAB-s1"
	in_ns s1 ip link del e0
}
express_ends() {
	q express del e0
	ip link del e0
}

# outcome NAME DEVICE: how many datagrams
outcome() { q express list -j | jq --arg dev "$2" ".[] | select(.device == \$dev) | .outcomes.$1"; }

# go_on DEVICE: waits until more datagrams have been taken there
go_on() { counts_more taken "$1"; }

# drive_on DEVICE: the same by the driver path
drive_on() { counts_more driver "$1"; }

counts_more() {
	local before
	before=$(outcome "$1" "$2")
	poll 60 "more datagrams that count as $1 at $2" has_more "$1" "$2" "$before"
}

has_more() { [ "$(outcome "$1" "$2")" -gt "$3" ]; }

# begin_traffic MS: from two CPUs; a datagram without an answer after that time is lost
begin_traffic() {
	local i n
	for i in 8 9; do
		for n in 1 2 3; do
			echo "from=$CL4.$i$n:1000 name=$n mint=$((n % 2)):$(sid $((n % 2 ? 8 : 3)) "$n") count=20 walk=port"
		done | traffic "$i" -t "$1" -w 4 -c 0:3:4 -c "1:8:8:$KEY" "to=$SVC4" -
	done
}

# begin_lossy_traffic: for server 1 alone, from two CPUs; its datagrams may be lost
begin_lossy_traffic() {
	local i
	for i in 8 9; do
		traffic "$i" -t 100 -w 4 -c 0:3:4 "to=$SVC4" "from=$CL4.${i}6:1000" name=x "mint=0:$(sid 3 1)" count=20 walk=port
	done
}

# end_traffic: each answer came from the right server; sets $LOST
end_traffic() {
	local name server count
	quiet
	GOT=$(<"$WORK/8")$'\n'$(<"$WORK/9")
	LOST=0
	while read -r name server count; do
		case $server in
		none | refused) LOST=$((LOST + count)) ;;
		"s$name") ;;
		*) fail "$count datagrams of s$name: $server" ;;
		esac
	done <<<"$GOT"
}

# Datagrams under way over a device that is deleted are lost with it; each answer comes from the right server.
devices() {
	local i how ways=(device_dies peer_dies device_moves express_ends)
	fresh "$SVC4" rs4 0:3:4 "1:8:8:$KEY"
	q express add eth0
	defer "q express del eth0; lead_back; ip link del e0 2>/dev/null || true"
	begin_traffic 200
	for ((i = 0; i < ROUNDS; i++)); do
		how=${ways[i % 4]}
		device_up
		go_on e0
		# in half of the rounds under full traffic; in the others only datagrams under way are lost
		[ $((i % 2)) = 0 ] || lead_back
		$how
		lead_back
		same "devices" "$(q express list -j | jq -r '.[].device')" eth0
		go_on eth0
	done
	end_traffic
	note_lost
	# and all of them afterwards
	send -c 0:3:4 "to=$SVC4" "from=$CL4.84:1000" name=x "mint=0:$(sid 3 2)" count=50 walk=port
	answers "x s2 50"
}

note_lost() { echo "$script: $LOST datagrams lost, of: $(tr '\n' ' ' <<<"$GOT")" >>"$WORK/figures"; }

# Weights, and other services that come and go, do not matter for datagrams with a CID: none is lost.
weights_and_services() {
	local i n
	fresh "$SVC4" rs4 0:3:4 "1:8:8:$KEY"
	q express add eth0
	defer "q express del eth0"
	service "$OTHER" rs4 0:3:4 "1:8:8:$KEY" >"$WORK/other"
	begin_traffic 60000
	for ((i = 0; i < ROUNDS; i++)); do
		q -R <"$WORK/other"
		for n in 1 2 3; do
			ipvsadm -e -u "$SVC4" -r "$(rs4 "$n")" -i -w $(((i + n) % 4))
		done
		ipvsadm -A -f 7 -s quic
		ipvsadm -a -f 7 -r "$(rs4 1)" -i
		ipvsadm -D -u "$OTHER"
		ipvsadm -D -f 7
		go_on eth0
	done
	end_traffic
	same "datagrams lost" "$LOST" 0
	note_lost
}

# A namespace ends with a device that has the express path, while datagrams arrive there.
namespaces() {
	local i
	fresh "$SVC4" rs4 0:3:4
	defer "lead_back; ip netns del $LAB-y 2>/dev/null || true"
	begin_lossy_traffic
	for ((i = 0; i < (ROUNDS + 1) / 2; i++)); do
		y_up
		poll 20 "datagrams to be taken" y_takes
		ip netns del "$LAB-y"
		lead_back
		poll 120 "the end of the namespace" y_is_gone
	done
	quiet
	send -c 0:3:4 "to=$SVC4" "from=$CL4.87:1000" name=x "mint=0:$(sid 3 2)" count=50 walk=port
	answers "x s2 50"
}

# --- the driver path ----------------------------------------------------------

# pool_changes I: a server that gets no datagrams, weights, thresholds, configs, settings, another service, neighbours and routes
pool_changes() {
	q -a -u "$SVC4" -r 10.77.0.9:443 -i --server-id "0:$(sid 3 9)"
	ipvsadm -e -u "$SVC4" -r "$(rs4 1)" -i -w $(($1 % 3)) -x $(($1 % 2))
	ipvsadm -d -u "$SVC4" -r 10.77.0.9:443
	q config add -u "$SVC4" --id 2 --server-id-len 2 --nonce-len 6
	q config del -u "$SVC4" --id 2
	q set -u "$SVC4" --source4 10.99.0.0/$((16 + $1 % 8)) --tuple-max $(($1 % 2 * 100))
	q set -u "$SVC4" --source4 none
	q -R <"$WORK/other"
	ipvsadm -D -u "$OTHER"
	ip neigh flush dev eth0
	ip route add 10.77.0.0/24 dev eth0
	ip route del 10.77.0.0/24 dev eth0
}

# begin_frames: until end_frames, the module's function is asked about frames without a driver, good ones and damaged ones, with CIDs of
# server 2 and with those of new connections
begin_frames() {
	local port fill arguments=()
	mint_cids
	printf -v fill '5a%.0s' {1..40}
	for port in 443 444; do
		arguments+=("$VIP4,$port,40${CID[2]}$fill" "$VIP4,$port,$(long_header c0a1b2c3d4e5f607 1122)$fill")
	done
	modprobe ivq_lab
	nice -n 19 "$here/framefuzz" -r eth0 1000000000 "$RANDOM" "${arguments[@]}" >"$WORK/framefuzz" 2>&1 &
	FUZZER=$!
	pids+=("$FUZZER")
	poll 60 "a program" has_begun "$FUZZER"
}

# It says what is wrong, and ends.
end_frames() {
	kill "$FUZZER" 2>/dev/null || fail "$(<"$WORK/framefuzz")"
	await "$FUZZER" || [ $? = 143 ]
}

# Frames are in the module's function all the time, also on kernels that have no driver path.
frames() {
	local i
	fresh "$SVC4" rs4 0:3:4 "1:8:8:$KEY"
	service "$OTHER" rs4 0:3:4 >"$WORK/other"
	q express add eth0
	defer "q express del eth0 2>/dev/null || true"
	begin_traffic 1000
	begin_frames
	for ((i = 0; i < ROUNDS; i++)); do
		drive_on eth0
		pool_changes "$i"
		drive_on eth0
		q express del eth0
		q express add eth0
	done
	drive_on eth0
	end_frames
	end_traffic
	unwarned
}

# drivers_on: what XDP sends back by a veth is received if the other end has an XDP program, too; and checksums have to be in the frame
drivers_on() {
	[ -e /sys/kernel/btf/ip_vs_quic ] || skip "the kernel has no BTF"
	command -v quiclbadm-driver >/dev/null || skip "quiclbadm-driver is not built"
	in_ns rt quiclbadm-driver on lb
	in_ns cl ethtool -K eth0 tx off >/dev/null
	defer "in_ns rt quiclbadm-driver off lb; in_ns cl ethtool -K eth0 tx on >/dev/null"
}

drive() { q express add "$1" --mode driver 2>/dev/null; }

# The same with drivers: the program comes and goes, and so does its device.
drivers() {
	local i
	drivers_on
	fresh "$SVC4" rs4 0:3:4 "1:8:8:$KEY"
	service "$OTHER" rs4 0:3:4 >"$WORK/other"
	drive eth0
	defer "lead_back; q express del eth0 2>/dev/null || true; ip link del e0 2>/dev/null || true"
	begin_traffic 200
	for ((i = 0; i < (ROUNDS + 1) / 2; i++)); do
		drive_on eth0
		pool_changes "$i"
		drive_on eth0
		q express add eth0 --mode ingress
		go_on eth0
		drive eth0
		device_up
		drive e0
		drive_on e0
		ip link del e0
		lead_back
		q express del eth0
		drive eth0
	done
	drive_on eth0
	end_traffic
	note_lost
	unwarned
}

# The module goes with its program on a device, under traffic.
module_drives() {
	local i
	for ((i = 0; i < (ROUNDS + 1) / 2; i++)); do
		drivers_on
		fresh "$SVC4" rs4 0:3:4
		drive eth0
		begin_lossy_traffic
		drive_on eth0
		refused 1 "rmmod: ERROR: Module ip_vs_quic is in use" rmmod ip_vs_quic
		q -C
		in_ns rt quiclbadm-driver off lb
		poll 60 "the module to be let go" rmmod ip_vs_quic
		unwarned
		modprobe ip_vs_quic
		quiet
	done
}

# rmmod while the express path is on and packets are in it; a service with the scheduler keeps the module loaded.
module() {
	local i
	for ((i = 0; i < (ROUNDS + 1) / 2; i++)); do
		fresh "$SVC4" rs4 0:3:4
		q express add eth0
		begin_lossy_traffic
		go_on eth0
		refused 1 "rmmod: ERROR: Module ip_vs_quic is in use" rmmod ip_vs_quic
		ipvsadm -C
		poll 60 "the module to be let go" rmmod ip_vs_quic
		unwarned
		modprobe ip_vs_quic
		same "devices" "$(q express list -j | jq length)" 0
		quiet
	done
}

serve
tcase "devices with the express path vanish under traffic" devices
tcase "weights change, services come and go: no datagram is lost" weights_and_services
tcase "namespaces with the express path die under traffic" namespaces
tcase "frames are in the driver path's function while all around it changes" frames
tcase "the driver path comes and goes under traffic" drivers
tcase "the module goes with the driver path on, under traffic" module_drives
tcase "the module goes with the express path on, under traffic" module
[ ! -e "$WORK/figures" ] || note "$(<"$WORK/figures")"
finish
