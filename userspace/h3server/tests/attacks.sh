# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # variables of h3server.sh
#
# Attacks that a server on the Internet has to expect.  Sourced by h3server.sh.

test_attacks()
{
	check "queue: always knows what is due first" "$(dirname "$program")/test_queue"
	check "a thousand silent clients: others are served, memory is bounded" silent
	check "an address that answers Retry has a part of the handshakes" one_address
	check "a log whose reader stalls: lines are lost and counted" stalled_log
	check "standard output that stalls, at the end too" stalled_output
	check "a client that takes nothing of its response is closed" stalled_client
	check "many downloads of one client: memory is bounded" many_downloads
	check "a silent client that chooses the start of another's CID" chosen_prefix
	if make_namespaces > "$work/out" 2>&1; then
		server_in=(ip netns exec "$netns-s")
		client_in=(ip netns exec "$netns-c")
		check "forged neighbours that do not resolve: others are served" unresolved
		check "a device that is slower than the client: nothing waits, nothing is lost" \
			slow_device
		server_in=() client_in=()
	else
		skip "forged neighbours" "no network namespaces: $(tail -1 "$work/out")"
	fi
}

# SOURCES COUNT PER-SECOND OPTION...
initials()
{
	local to=$1

	shift
	"${client_in[@]}" timeout -k 5 60 "$(dirname "$program")/initials" "$to" "$port" "$@"
}

connections() { sed -n 's/^cid .*conn=\([^ ]*\) .*/\1/p' "$work/log" | sort -u | wc -l; }

kib() { sed -n "s/^$1:[^0-9]*\([0-9]*\).*/\1/p" "/proc/$server_pid/status"; }

silent()
{
	local n rss

	start --listen 127.0.0.1:0 "${lb[@]}" || return 1
	initials 127.0.0.1 127.0.0.2,127.0.0.3 1100 500 || return 1
	SECONDS=0
	fetch /small && same small || return 1
	n=$(connections) rss=$(kib VmRSS)
	echo "$n connections, $rss KiB, $SECONDS s"
	[ "$n" -ge 64 ] && [ "$n" -le 66 ] && [ "$SECONDS" -le 3 ] &&
		logged 1 '^load .*unvalidated=64' || return 1
	# No Retry any more when they are gone.
	wait_until has_closed 64 && fetch /small && same small || return 1
	! grep -q 'pkt rx .*type=Retry' "$work/dl.log" || return 1
	[[ $program == */sanitize/* ]] || [ "$rss" -lt 20000 ] || return 1
	stop
}

has_closed() { [ "$(grep -c '^close' "$work/log")" -ge "$1" ]; }

# 10 of 40
one_address()
{
	local n

	start --listen 127.0.0.1:0 "${lb[@]}" --retry --max-connections 40 || return 1
	initials 127.0.0.1 127.0.0.2 30 500 --retry || return 1
	n=$(connections)
	echo "$n connections"
	[ "$n" -eq 10 ] && fetch /small && same small && stop
}

# The other's packets go on reaching its connection, not only when this one's handshake has timed out.
chosen_prefix()
{
	local cid

	start --listen 127.0.0.1:0 "${lb[@]}" || return 1
	begin /small --delay-stream=4s && wait_until seven_issued || return 1
	cid=$(sed -n '0,/^cid/s/^cid .* issue=//p' "$work/log")
	initials 127.0.0.1 127.0.0.2 1 100 "${cid:0:16}" || return 1
	[ "$(connections)" -eq 2 ] || { echo "$(connections) connections"; return 1; }
	logged 0 '^request' || { echo "the other was too slow"; return 1; }
	SECONDS=0
	end_client && same small && [ "$SECONDS" -le 8 ] && stop
}

# What waits for ARP stays in the socket's buffer; here for a minute, and as much as fits.
unresolved()
{
	ip netns exec "$netns-s" sh -c 'cd /proc/sys/net/ipv4/neigh/veth0 &&
		echo 8000000 > unres_qlen_bytes && echo 60 > mcast_solicit' &&
		ip -n "$netns-s" address replace 172.31.0.1/16 dev veth0 || return 1
	start --listen 10.0.0.1:0 "${lb[@]}" || return 1
	initials 10.0.0.1 172.31.0.50,172.31.0.51,172.31.0.52,172.31.0.53,172.31.0.54 \
		1200 2000 || return 1
	buffered 20 || { echo "nothing waits"; return 1; }
	SECONDS=0
	rm -rf "$work/dl"
	fetch_to "$work/dl" 10.0.0.1 "$port" /medium && same medium || return 1
	echo "$SECONDS s"
	[ "$SECONDS" -le 3 ] && stop
}

# PERCENT: of the server's send buffer is in use.  It asks for 256 KiB, and the kernel counts twice.
buffered()
{
	local queues size

	size=$(cat /proc/sys/net/core/wmem_max)
	size=$((2 * (size < 262144 ? size : 262144)))
	# shellcheck disable=SC2016 # awk's
	queues=$("${server_in[@]}" awk '$2 ~ /^0100000A:/ { print $5 }' /proc/net/udp)
	[ "$((16#${queues%%:*}))" -ge $((size * $1 / 100)) ]
}

# RATE: of a queue that holds more than the socket's buffer
slow_down()
{
	ip netns exec "$netns-s" tc qdisc replace dev veth0 root tbf rate "$1" burst 16k limit 16000000
}

# Enough clients to fill it.  Those whose packet did not fit go on when it does.
slow_device()
{
	local i pids=() bad=0

	slow_down 20mbit && start --listen 10.0.0.1:0 "${lb[@]}" || return 1
	rm -rf "$work"/many
	mkdir "$work/many"
	for i in $(seq 8); do
		fetch_to "$work/many/$i" 10.0.0.1 "$port" /big -q &
		pids+=($!)
	done
	wait_until buffered 80 && slow_down 400mbit || return 1
	for i in $(seq 8); do
		wait "${pids[i - 1]}" && same big "$work/many/$i" || bad=$((bad + 1))
	done
	ip netns exec "$netns-s" tc qdisc del dev veth0 root
	echo "$bad downloads failed"
	[ "$bad" -eq 0 ] && stop
}

# A log that nobody reads does not stop the server, and its reader learns how many lines are lost.
stalled_log()
{
	local reader before

	mkfifo "$work/log_pipe"
	exec {reader}<> "$work/log_pipe"
	start --listen 127.0.0.1:0 "${lb[@]}" --log "$work/log_pipe" || return 1
	SECONDS=0
	# 64 KiB are in the pipe, 128 KiB in the server; a line has about 2 KiB
	fetch "/$(printf '%01990d' 0)" -n 250 -q && fetch /small && same small || return 1
	echo "$SECONDS s"
	before=$SECONDS
	timeout 5 grep -m 1 '^lost ' <&"$reader" > "$work/lost"
	exec {reader}>&-
	cat "$work/lost"
	[ "$before" -le 10 ] && grep -qE '^lost time=[^ ]+ lines=[0-9]+$' "$work/lost" && stop
}

# The same with standard output, which another process has too, and no reader at the end.
stalled_output()
{
	local reader

	mkfifo "$work/out_pipe"
	exec {reader}<> "$work/out_pipe"
	"$program" --tls-cert "$work/cert.pem" --tls-key "$work/key.pem" --root "$work/root" \
		--verbose "${lb[@]}" --listen 127.0.0.1:0 < /dev/null > "$work/out_pipe" \
		2> "$work/err" &
	server_pid=$!
	IFS= read -r -t 10 -u "$reader" line || return 1
	port=${line##*:}
	fetch "/$(printf '%01990d' 0)" -n 250 -q && fetch /small && same small || return 1
	SECONDS=0
	stop && [ "$SECONDS" -le 5 ]
}

# Stopped, it takes what fits the server's window; the idle timeout is 30 s.
stalled_client()
{
	local pid

	start --listen 127.0.0.1:0 "${lb[@]}" --stall-timeout 3 || return 1
	begin /huge && wait_until test -s "$work/dl/huge" || return 1
	pid=$(pgrep -x gtlsclient -P "$(pgrep -x timeout -P "$client")") || return 1
	kill -STOP "$pid"
	SECONDS=0
	logged 1 '^close .*reason="stalled"' || return 1
	echo "$SECONDS s"
	kill -KILL "$pid"
	wait "$client" || :
	[ "$SECONDS" -ge 2 ] && [ "$SECONDS" -le 10 ] &&
		fetch /small --delay-stream=4s && same small && stop
}

# 60 at once, with windows that would take all of them.  (Mostly libngtcp2's congestion window bounds what is held.)
many_downloads()
{
	local peak

	truncate -s 1M "$work/root/sparse"
	start --listen 127.0.0.1:0 "${lb[@]}" || return 1
	fetch /sparse -n 60 -q --max-data=100M --max-stream-data-bidi-local=10M &&
		logged 60 '^request .*path="/sparse" status=200 bytes=1048576$' || return 1
	peak=$(kib VmHWM)
	echo "peak: $peak KiB"
	[[ $program == */sanitize/* ]] || [ "$peak" -lt 20000 ] || return 1
	rm "$work/root/sparse"
	stop
}
