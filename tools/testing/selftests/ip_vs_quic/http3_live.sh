#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What a QUIC server and the director do together beyond migration: ECN marks through each kind of tunnel and by either path, and the
# rotation of configs in the middle of a download.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=h3.sh
. "$(dirname "$0")/h3.sh"
need_module
need_h3
modprobe -a ip_gre fou 2>/dev/null || true
lab_up
BLOB_SIZE=1048576
H3_IDLE=60s		# no connection has to be lost here
FROM=$CL4.21 TO=$CL4.22
ingress=	# the device that has the express path
(umask 077 && echo 00112233445566778899aabbccddeeff >"$WORK/key2")

# The servers receive IPIP already.
tunnels_up() {
	local n
	for n in 1 2 3; do
		ip -n "$LAB-s$n" -force -b - 2>/dev/null <<-END || true
			link set gre0 up
			fou add port 6080 gue
		END
		in_ns "s$n" sh -c 'echo 0 | tee /proc/sys/net/ipv4/conf/*/rp_filter' >/dev/null
	done
}

tunnels_down() {
	local n
	for n in 1 2 3; do
		ip -n "$LAB-s$n" -force -b - 2>/dev/null <<-END || true
			link set gre0 down
			fou del port 6080
		END
	done
}

# congested MATCH: the servers take what MATCH matches of the director, and nothing else of it.  On the way, every third of its packets
# that says that its ends understand marks gets the mark of congestion; packets that do not say it would be dropped by a real router.
congested() {
	local n
	defer relieved
	for n in 1 2 3; do
		in_ns "s$n" nft -f - <<-END
			table ip way {
				chain pre {
					type filter hook prerouting priority raw;
					ip saddr != 10.0.0.1 return
					$1 ip ecn ect0 numgen inc mod 3 0 ip ecn set ce
					$1 return
					drop
				}
			}
		END
	done
}

relieved() {
	local n
	for n in 1 2 3; do
		in_ns "s$n" nft delete table ip way 2>/dev/null || true
	done
}

# whole: the body has arrived whole, and the director has routed by CID
whole() {
	arrived
	stats "$SVC4"
	[ $((STATS[routed] - MARK[routed])) -ge 20 ] || fail "only $((STATS[routed] - MARK[routed])) datagrams were routed by CID"
}

# capable MATCH OPTION...: of quiclbadm -a.  The client and the server find that ECN works, each by what the other one reports, and the
# client is told of the marks that its packets got on the tunnel's outer header.
capable() {
	case " $* " in
	*" gre "*) ip -n "$LAB-s1" link show gre0 up | grep -q . || skip "this kernel has no GRE" ;;
	*" gue "*) ip -n "$LAB-s1" fou show | grep -q "port 6080 gue" || skip "this kernel has no GUE" ;;
	esac
	congested "$1"
	q -C
	service "$SVC4" rs4 "$H3_CONFIG" | sed "s/ -i / ${*:2} /" | q -R
	[ -z "$ingress" ] || q express add "$ingress"
	mark "$SVC4"
	fetch_start "$FROM"
	fetch_wait
	whole
	grep -q ' con path is ECN capable' "$WORK/client.log" || fail "the client did not find ECN"
	! grep -q ' con path is not ECN capable' "$WORK/client.log" || fail "the client lost ECN again"
	# RFC 3168, section 5
	grep -q '^Received packet: .* ecn=0x2 ' "$WORK/client.log" || fail "the server sends no marks"
	grep -qE ' ACK\(0x03\) ect0=[1-9][0-9]* ect1=0 ce=[1-9]' "$WORK/client.log" ||
		fail "the client was not told of congestion: $(grep ' ect0=' "$WORK/client.log" | tail -n 1)"
}

# by_express MATCH OPTION...: the same, with the outer header by the express path
by_express() {
	local taken
	ingress=eth0
	defer "q express del eth0 2>/dev/null || true"
	capable "$@"
	taken=$(q express list -j | jq '.[0].outcomes.taken')
	[ "$taken" -ge 20 ] || fail "the express path has taken $taken datagrams"
}

# configs [NEW]: what the servers read
configs() {
	local n
	for n in 1 2 3; do
		{
			echo "0:$(sid 2 "$n"):8:$WORK/key"
			[ $# = 0 ] || echo "1:$(sid 2 "$n"):8:$WORK/key2"
		} >"$WORK/cids.$n"
	done
}

# rotate: the second config, on the director first, then on the servers
rotate() {
	local n
	q config add -u "$SVC4" --id 1 --server-id-len 2 --nonce-len 8 --key-file "$WORK/key2"
	for n in 1 2 3; do
		q server-id add -u "$SVC4" -r "$(rs4 "$n")" --server-id "1:$(sid 2 "$n")"
	done
	configs new
	for n in 1 2 3; do
		kill -HUP "$(<"$WORK/s$n.pid")"
	done
	for n in 1 2 3; do
		poll 20 "the reload of s$n" grep -q '^config .*generation=' "$WORK/s$n.log"
	done
}

# The client retires the seven CIDs that it had.
retired() { [ "$(told cid retire | wc -l)" -ge 7 ]; }

# The client is behind a NAT box, which rebinds after the rotation: the director only has the new config by then.  The client is stopped
# while a command runs, so that the body is not over before that.
rotated() {
	local server cid new
	fresh "$SVC4" rs4 "$H3_CONFIG"
	defer "in_ns rt nft delete table ip box"
	nat_box "$FROM" "$TO"
	fetch_start "$CLIENT"
	in_the_middle
	kill -STOP "$FETCH"
	rotate
	kill -CONT "$FETCH"
	poll 20 "the end of the old CIDs" retired
	kill -STOP "$FETCH"
	same "octets, which are not all" $(($(stat -c %s "$WORK/got-files/blob") < BLOB_SIZE)) 1
	q config del -u "$SVC4" --id 0 --force
	mark "$SVC4"
	nat_box "$TO" "$FROM"
	kill -CONT "$FETCH"
	fetch_wait
	whole
	server=$(told request server)
	same "server of the address change" "$(told migrate server)" "$server"
	same "address after" "$(told migrate to | sed 's/:[0-9]*$//')" "$TO"
	same "4-tuples remembered" $((STATS[fallback-new] - MARK[fallback-new])) 0
	mapfile -t new < <(sed '1,/^config /d' "$WORK/$server.log" | sed -n 's/^cid .* issue=//p')
	[ ${#new[@]} -ge 2 ] || fail "only ${#new[@]} new CIDs"
	for cid in "${new[@]}"; do
		same "server of $cid" "$(q decode -u "$SVC4" "$cid" -j | jq -r '"\(.outcome) \(.config) \(.server.address)"')" \
			"routed 1 $(rs4 "${server#s}")"
	done
}

configs
h3_servers config
defer tunnels_down
tunnels_up
defer "in_ns rt tc qdisc del dev cl root"
in_ns rt tc qdisc replace dev cl root tbf rate 4mbit burst 32k latency 200ms
tcase "ECN through ipip" capable "ip protocol 4" -i
tcase "ECN through gre" capable "ip protocol 47" -i --tun-type gre
tcase "ECN through gue" capable "udp dport 6080" -i --tun-type gue --tun-port 6080
tcase "ECN through ipip, by the express path" by_express "ip protocol 4" -i
tcase "ECN through gue, by the express path" by_express "udp dport 6080" -i --tun-type gue --tun-port 6080
tcase "rotation in mid-download, and a rebinding after it" rotated
finish
