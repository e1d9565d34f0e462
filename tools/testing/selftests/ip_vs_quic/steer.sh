#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Several quiclb-h3server behind one address of one real server, with one server ID: quiclb-steer has the kernel give each datagram to the
# process that its CID names. Clients move, and processes are replaced, in the middle of downloads.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=h3.sh
. "$(dirname "$0")/h3.sh"
need_module
need_h3
command -v quiclb-steer >/dev/null || skip_all "quiclb-steer is not installed"
lab_up
FROM=$CL4.21 TO=$CL4.22
FROM6=${CL6}:21 TO6=${CL6}:22
ip -n "$LAB-cl" -b - <<-END
	addr replace $FROM6/128 dev lo
	addr replace $TO6/128 dev lo
END
GROUP=ivq$$

# one_server SERVICE REAL [KEYFILE]: restore input for a service with real server 1 alone
one_server() {
	cat <<-END
		-A -u $1 -s quic
		config add -u $1 --id 0 --server-id-len 2 --nonce-len 8${3:+ --key-file $3}
		-a -u $1 -r $2 -i -w 1 --server-id 0:0a01
	END
}

# director [KEYFILE]
director() {
	q -C
	{
		one_server "$SVC4" "$(rs4 1)" "$@"
		one_server "$SVC6" "$(rs6 1)" "$@"
	} | q -R
}

steer() { quiclb-steer "$@"; }

# worker N KEY|plain: process sN of real server 1, with the number N; $PIDS has its pid
declare -a PIDS
worker() {
	local config=0:0a01:8:$2 several=()
	if [ "$2" = plain ]; then
		config=0:0a01:8
		several=(--many-cids)
	fi
	rm -f "$WORK/s$1.pid"
	spawn s1 quiclb-h3server --listen "$SVC4" --listen "$SVC6" --root "$WORK/root" \
		--tls-cert "$WORK/tls-cert.pem" --tls-key "$WORK/tls-key.pem" \
		--config "$config" "${several[@]}" --steer "$GROUP" --worker "$1" --name "s$1" \
		--verbose --log "$WORK/s$1.log" --pid-file "$WORK/s$1.pid" >/dev/null
	PIDS[$1]=$SPAWNED
	poll 30 "process s$1" test -s "$WORK/s$1.pid"
}

# stop N...
stop() {
	local n
	for n in "$@"; do
		kill "${PIDS[n]}"
		await "${PIDS[n]}" || fail "process s$n ended with status $?"
	done
}

# listed: the group, one word for each number: NUMBER-STATE-IPV4-IPV6-PROGRAM
listed() { steer list "$GROUP" | sed '1,2d' | awk '{ pid = $2; $2 = ""; gsub(/ +/, "-"); print }'; }

# counts: "BY-WORKER ABSENT OTHERS"
counts() { steer list "$GROUP" | sed -n '1s/[^ ]* [^ ]* \([0-9]*\)[^0-9]* \([0-9]*\)[^0-9]* \([0-9]*\).*/\1 \2 \3/p'; }

# survived ADDRESS: one process had the connection, and knows the client's last address
survived() {
	local server
	arrived
	server=$(told request server)
	same "processes that answered a request" "${server/[123]/N}" sN
	same "processes that have minted a CID" "$(told cid server | sort -u)" "$server"
	same "address at the end" "$(told request peer | sed 's/:[0-9]*$//')" "$1"
}

moving() {
	local from=$1 to=$2
	fetch_moving "$from" "$to"
	survived "${to/#*:*/[$to]}"
}

# moving_twice FROM TO: and back
moving_twice() {
	moving "$1" "$2"
	moving "$2" "$1"
}

# box_until_the_end PUBLIC OTHER: a NAT box, for this case
box_until_the_end() {
	defer "in_ns rt nft delete table ip box"
	nat_box "$@"
}

# grows OCTETS: the file is longer than that
grows() { [ "$(stat -c %s "$WORK/got-files/blob" 2>/dev/null || echo 0)" -gt "$1" ]; }

# The NAT box gives the client five more addresses. For each the kernel's hash has one chance in two to choose the right process.
rebinding() {
	local n got=0 before after
	read -r before _ < <(counts)
	box_until_the_end "$CL4.31" "$CL4.30"
	fetch_start "$CLIENT"
	for n in 32 33 34 35 36; do
		poll 30 "more of the body than $got octets" grows "$got"
		got=$(stat -c %s "$WORK/got-files/blob")
		nat_box "$CL4.$n" "$CL4.$((n - 1))"
	done
	fetch_wait
	survived "$CL4.36"
	same "addresses that the server saw" "$(told migrate to | sed 's/:[0-9]*$//' | xargs)" \
		"$CL4.32 $CL4.33 $CL4.34 $CL4.35 $CL4.36"
	read -r after _ < <(counts)
	[ $((after - before)) -ge 100 ] || fail "only $((after - before)) datagrams by worker"
}

# Without their numbers, processes get what the kernel's hash gives them. A client has one chance in two.
control() {
	local n
	steer leave "$GROUP" 1
	steer leave "$GROUP" 2
	same "the group" "$(listed)" ""
	for n in 1 2 3 4 5 6 7 8 9 10; do
		fetch_moving "$FROM" "$CL4.$((40 + n))"
		if [ "$FETCHED" != 0 ] || ! intact; then
			return
		fi
	done
	fail "ten clients that moved kept their downloads"
}

# Another process puts the sockets into the group, as if they had never been there.
joins() {
	local n
	for n in 1 2; do
		steer leave "$GROUP" "$n"
	done
	same "the group without them" "$(listed)" ""
	for n in 1 2; do
		steer join "$GROUP" "$n" "${PIDS[n]}" "$(fd_of "${PIDS[n]}" udp)" "$(fd_of "${PIDS[n]}" udp6)"
	done
	same "the group" "$(listed)" "1-open-yes-yes-quiclb-h3server
2-open-yes-yes-quiclb-h3server"
	refused 1 "Error: $GROUP: process ${PIDS[1]} has the number 1." \
		quiclb-steer join "$GROUP" 1 "${PIDS[2]}" "$(fd_of "${PIDS[2]}" udp)"
	refused 1 "Error: $GROUP: the socket has a number already." \
		quiclb-steer join "$GROUP" 9 "${PIDS[2]}" "$(fd_of "${PIDS[2]}" udp)"
	moving "$FROM" "$TO"
}

taken() {
	refused 1 "Error: --worker: process ${PIDS[1]} has the number 1" \
		nsenter --net="/run/netns/$LAB-s1" quiclb-h3server --listen "$SVC4" --root "$WORK/root" \
		--tls-cert "$WORK/tls-cert.pem" --tls-key "$WORK/tls-key.pem" --config 0:0a01:8 --steer "$GROUP" --worker 1
	refused 1 "Error: --steer: connection IDs of config 0 have 13 octets here, and 12 in the group's other processes" \
		nsenter --net="/run/netns/$LAB-s1" quiclb-h3server --listen "$SVC4" --root "$WORK/root" \
		--tls-cert "$WORK/tls-cert.pem" --tls-key "$WORK/tls-key.pem" --config 0:0a01:9 --steer "$GROUP" --worker 3
	refused 1 "Error: $GROUP: there is such a group." quiclb-steer create "$GROUP"
	refused 1 "Error: $GROUP: the process with the number 1 takes new connections; have it drain first." \
		quiclb-steer give "$GROUP" 1 2
}

# link_is RATE
link_is() { in_ns rt tc qdisc replace dev cl root tbf rate "$1" burst 32k latency 200ms; }

# ended N: a process of before the case, whose status only the script can have
ended() { poll 60 "the end of process s$1" has_ended "${PIDS[$1]}"; }

# The process that has the download is told to leave in the middle of it, and the client moves then. Who comes after it is process 3.
hot_restart() {
	local old other number n cids
	printf 'small\n' >"$WORK/root/small"
	defer "link_is 12mbit"
	link_is 2mbit
	box_until_the_end "$CL4.31" "$CL4.30"
	fetch_start "$CLIENT"
	in_the_middle
	old=$(told cid server | sort -u)
	number=${old#s}
	other=$((3 - number))
	worker 3 "$WORK/key"
	kill -QUIT "${PIDS[number]}" "${PIDS[other]}"
	ended "$other"
	poll 30 "a process that drains" grep -q '^leave .* connections=[1-9]' "$WORK/$old.log"
	same "the group" "$(listed | sort -n)" "$(printf '%s\n' "$number-draining-yes-yes-quiclb-h3server" \
		"$other-given-to-3-no-no--" 3-open-yes-yes-quiclb-h3server | sort -n)"
	nat_box "$CL4.32" "$CL4.31"
	source_is "$FROM"
	for n in 1 2 3 4; do
		in_ns cl gtlsclient --no-quic-dump --no-http-dump --exit-on-all-streams-close --timeout=20s \
			--download="$WORK/got-files" "$VIP4" 443 https://www.example/small >"$WORK/small.log" 2>&1 ||
			fail "new connection $n: $(tail -n 3 "$WORK/small.log")"
	done
	same "who took the new connections" "$(sed -n 's/^request .* server=\(s.\) .*/\1/p' "$WORK/s3.log" | xargs)" "s3 s3 s3 s3"
	link_is 12mbit
	fetch_wait
	arrived
	same "who had the download" "$(sed -n 's|^request .* server=\(s.\) .*path="/blob".*|\1|p' "$WORK"/s[123].log)" "$old"
	ended "$number"
	same "its successor" "$(sed -n 's/^leave .* successor=//p' "$WORK/$old.log")" 3
	same "the group" "$(listed)" "1-given-to-3-no-no--
2-given-to-3-no-no--
3-open-yes-yes-quiclb-h3server"
	mapfile -t cids < <(told cid issue)
	late "${cids[0]}"
}

# late CID: a datagram of a connection that has ended reaches the successor
late() {
	local before after absent now_absent
	read -r before absent _ < <(counts)
	send -t 300 "to=$SVC4" "from=$TO:4000" "dcid=$1" 2>/dev/null || true
	read -r after now_absent _ < <(counts)
	same "datagrams by worker, and of absent ones" "$((after - before)) $((now_absent - absent))" "1 0"
}

# The kernel takes the sockets of a process that was killed out of the group.
killed() {
	worker 1 "$WORK/key"
	worker 2 "$WORK/key"
	kill -KILL "${PIDS[1]}"
	await "${PIDS[1]}" || true
	same "the group" "$(listed)" 2-open-yes-yes-quiclb-h3server
	worker 1 "$WORK/key"
	moving "$FROM" "$TO"
	stop 1 2
	same "the group" "$(listed)" ""
	steer delete "$GROUP"
	refused 1 "Error: $GROUP: there is no such group; make it with quiclb-steer create." quiclb-steer list "$GROUP"
}

h3_files
# slow enough to change the address during a download
link_is 12mbit
steer create "$GROUP"
# outside of cases, so that they last
director
worker 1 plain
worker 2 plain
tcase "plaintext: a NAT box that rebinds five times" rebinding
tcase "plaintext: a client that moves" moving "$FROM" "$TO"
tcase "refusals leave what was" taken
stop 1 2
director "$WORK/key"
worker 1 "$WORK/key"
worker 2 "$WORK/key"
tcase "with a key: a NAT box that rebinds five times" rebinding
tcase "with a key: a client that moves, by IPv6" moving_twice "$FROM6" "$TO6"
tcase "control, without numbers: a client that moves loses its download" control
# they still have the connection that was lost
stop 1 2
worker 1 "$WORK/key"
worker 2 "$WORK/key"
tcase "quiclb-steer puts sockets of running processes into the group" joins
tcase "hot restart in mid-download" hot_restart
tcase "the number of a killed process is free" killed
finish
