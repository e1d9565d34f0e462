# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# HTTP/3 in the lab: three quiclb-h3server, and gtlsclient that changes its address in the middle of a download.  Sourced after
# lib.sh by http3.sh, steer.sh, servers.sh and the demo.

BLOB_SIZE=4194304
H3_CONFIG="0:2:8:$KEY"
H3_IDLE=4s		# after so long without a datagram a connection is lost: the server is told this, too
CLIENT=$CL4.200		# behind the NAT box, see fetch_through_box

need_h3() {
	local tool
	for tool in gtlsclient quiclb-h3server openssl nft tc; do
		command -v "$tool" >/dev/null || skip_all "$tool is not installed"
	done
}

# h3_files: what the servers serve, and their certificate
h3_files() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=www.example -days 2 \
		-keyout "$WORK/tls-key.pem" -out "$WORK/tls-cert.pem" 2>/dev/null
	mkdir "$WORK/root" "$WORK/got-files"
	head -c $BLOB_SIZE /dev/urandom >"$WORK/root/blob"
}

# h3_server N OPTION...: real server N's, on both VIPs
h3_server() {
	spawn "s$1" quiclb-h3server --listen "$SVC4" --listen "$SVC6" --root "$WORK/root" \
		--tls-cert "$WORK/tls-cert.pem" --tls-key "$WORK/tls-key.pem" "${@:2}" --name "s$1" \
		--verbose --log "$WORK/s$1.log" --pid-file "$WORK/s$1.pid" >/dev/null
}

h3_await() {
	local n
	for n in 1 2 3; do
		poll 30 "server s$n" test -s "$WORK/s$n.pid"
	done
}

# h3_servers [config]: with the server IDs that service() gives them for $H3_CONFIG; or with the configs of $WORK/cids.N
h3_servers() {
	local n cids
	h3_files
	for n in 1 2 3; do
		cids=(--server-id "0:$(sid 2 $n)" --nonce-len 8 --key-file "$WORK/key")
		[ $# = 0 ] || cids=(--config "$WORK/cids.$n")
		h3_server $n "${cids[@]}"
	done
	h3_await
	# slow enough to change the address during a download
	in_ns rt tc qdisc replace dev cl root tbf rate 12mbit burst 32k latency 200ms
}

# source_is ADDRESS: the client's next sockets for the VIPs have this address
source_is() {
	local address=$1
	case $address in
	*:*) ip -n "$LAB-cl" route replace "$VIP6" via fd00:c::1 src "$address" ;;
	*) ip -n "$LAB-cl" route replace "$VIP4" via 172.16.0.1 src "$address" ;;
	esac
}

# fetch_start ADDRESS OPTION...: begins a download of the blob; returns once the client has its socket.  Sets $FETCH, a pid.
fetch_start() {
	local address=$1 vip=$VIP4 n
	shift
	case $address in
	*:*) vip=$VIP6 ;;
	esac
	for n in 1 2 3; do
		: >"$WORK/s$n.log"
	done
	rm -f "$WORK/got-files/blob"
	source_is "$address"
	spawn cl gtlsclient --no-quic-dump --no-http-dump --exit-on-all-streams-close "--timeout=$H3_IDLE" \
		--download="$WORK/got-files" "$@" "$vip" 443 https://www.example/blob >"$WORK/client.log" 2>&1
	FETCH=$SPAWNED
	(poll 120 "a server that hears the client" logged) || say_all
}

# say_all: what client and servers said; the case fails
say_all() {
	cat "/proc/$FETCH/stat"
	tail -n 30 "$WORK/client.log" "$WORK"/s[123].log
	exit 1
}

logged() { [ -s "$WORK/s1.log" ] || [ -s "$WORK/s2.log" ] || [ -s "$WORK/s3.log" ]; }

# fetch_wait: sets $FETCHED to the client's exit status
fetch_wait() {
	FETCHED=0
	(poll 300 "the client's end" has_ended "$FETCH") || say_all
	await "$FETCH" || FETCHED=$?
}

in_the_middle() { poll 120 "the body's first octets" test -s "$WORK/got-files/blob"; }

# fetch_moving FROM TO [OPTION...]: the client itself changes its address, one second after the handshake.  It is stopped while
# its network changes, so that the order does not depend on the speed of the machine.  Sets $MOVED_AT to the octets of the body that
# it had by then.
# After --nat-rebinding gtlsclient ignores what arrives on its old socket, and does not send first on the new one:
# --delay-stream has to delay the request until after the change.
fetch_moving() {
	local from=$1 to=$2
	shift 2
	fetch_start "$from" --change-local-addr=1s "$@"
	kill -STOP "$FETCH"
	source_is "$to"
	kill -CONT "$FETCH"
	poll 120 "the client's move" grep -q "Local address is now" "$WORK/client.log"
	# one that has lost its connection by its move may have ended
	kill -STOP "$FETCH" 2>/dev/null || true
	MOVED_AT=$(stat -c %s "$WORK/got-files/blob" 2>/dev/null) || MOVED_AT=0
	# A client that has moved to another network cannot be reached in the old one.  Behind a NAT it can, after its mapping has changed.
	case "$*" in
	*--nat-rebinding*) ;;
	*) ip -n "$LAB-rt" route replace blackhole "$from" ;;
	esac
	kill -CONT "$FETCH" 2>/dev/null || true
	fetch_wait
	ip -n "$LAB-rt" route del "$from" 2>/dev/null || true
}

# nat_box PUBLIC [OTHER] [drop]: the client's packets get the source PUBLIC; packets for PUBLIC reach the client. Those for OTHER do, too,
# or are dropped.
nat_box() {
	local other=
	[ -z "${2:-}" ] || other="add rule ip box pre iifname br0 ip daddr $2 ${3:-ip daddr set $CLIENT}"
	in_ns rt nft -f - <<-END
		add table ip box
		add chain ip box pre { type filter hook prerouting priority raw; }
		flush chain ip box pre
		add rule ip box pre iifname "cl" ip saddr $CLIENT ip saddr set $1
		add rule ip box pre iifname "br0" ip daddr $1 counter ip daddr set $CLIENT
		$other
	END
}

# answered PUBLIC: packets have come for it since nat_box
answered() { in_ns rt nft list chain ip box pre | grep -q "ip daddr $1 counter packets [1-9]"; }

# fetch_through_box FROM TO: the NAT box changes its mapping in the middle of the download, FROM becomes TO.  The client is stopped
# meanwhile, so that it cannot finish before, however slow the machine is.
fetch_through_box() {
	nat_box "$1" "$2"
	fetch_start "$CLIENT"
	in_the_middle
	kill -STOP "$FETCH"
	nat_box "$2" "$1"
	kill -CONT "$FETCH"
	fetch_wait
	in_ns rt nft delete table ip box
}

# told EVENT KEY: prints the values of KEY in the EVENT lines of the servers' logs
told() {
	local event=$1 key=$2 line
	cat "$WORK"/s[123].log | while read -r line; do
		case $line in
		"$event "*" $key="*)
			line=${line#*" $key="}
			echo "${line%% *}"
			;;
		esac
	done
}

intact() { cmp -s "$WORK/root/blob" "$WORK/got-files/blob"; }

# fd_of PID udp|udp6: a process's descriptor of its UDP socket
fd_of() {
	local fd inode
	for fd in /proc/"$1"/fd/*; do
		case $(readlink "$fd") in
		socket:*)
			inode=$(readlink "$fd")
			inode=${inode//[!0-9]/}
			! grep -q " $inode " "/proc/$1/net/$2" || echo "${fd##*/}"
			;;
		esac
	done
}

# arrived: the client has ended well, and has the whole body
arrived() {
	[ "$FETCHED" = 0 ] || fail "the client ended with status $FETCHED: $(tail -n 3 "$WORK/client.log"; cat "$WORK"/s[123].log)"
	intact || fail "of $BLOB_SIZE octets arrived $(stat -c %s "$WORK/got-files/blob"): $(cat "$WORK"/s[123].log)"
}

# mh_pair: with stock mh, which hashes the client's address, finds two addresses of the client that belong to different servers.
# Sets $FROM and $TO.  An address that an earlier script used may have connections to all servers.
mh_pair() {
	local word address dest first='' n
	drop_connections
	ipvsadm -A -u "$SVC4" -s mh
	for n in 1 2 3; do
		ipvsadm -a -u "$SVC4" -r "$(rs4 "$n")" -i
	done
	# the servers have no such connection and answer with a stateless reset, which quicgen does not expect
	send -t 100 "to=$SVC4" "from=$CL4.210:4000" walk=addr count=10 dcid=ff 2>/dev/null || true
	FROM='' TO=''
	while read -ra word; do
		[ "${word[0]} ${word[2]}" = "UDP 0FA0" ] || continue
		address=$CL4.$((16#${word[1]:6:2}))
		dest=${word[5]}
		if [ -z "$first" ]; then
			first=$dest FROM=$address
		elif [ "$dest" != "$first" ]; then
			TO=$address
			break
		fi
	done </proc/net/ip_vs_conn
	[ -n "$TO" ] || fail "mh gave ten addresses to one server"
}

# server_of ADDRESS: the name of the server that IPVS's connection table has for a client's address
server_of() {
	local word hex
	# shellcheck disable=SC2086
	hex=$(printf '%02X' ${1//./ })
	while read -ra word; do
		[ "${word[1]}" != "$hex" ] || echo "s$((16#${word[5]:6:2} - 10))"
	done </proc/net/ip_vs_conn
}
