#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A real HTTP/3 client changes its address in the middle of a download, or a NAT box changes it: with scheduler
# quic the connection survives, with stock mh the same client loses it.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=h3.sh
. "$(dirname "$0")/h3.sh"
need_module
need_h3
lab_up
# shellcheck disable=SC2119 # without options
h3_servers
mh_pair
FROM6=${CL6}:21
TO6=${CL6}:22
ip -n "$LAB-cl" -b - <<-END
	addr replace $FROM6/128 dev lo
	addr replace $TO6/128 dev lo
END

# survived SERVICE FROM TO: one server had the connection before and after, and the body is whole
survived() {
	local svc=$1 from=$2 to=$3 server
	arrived
	server=$(told request server)
	same "servers that answered a request" "${server/[123]/N}" sN
	same "server of the address change" "$(told migrate server)" "$server"
	same "address before" "$(told migrate from | sed 's/:[0-9]*$//')" "$from"
	same "address after" "$(told migrate to | sed 's/:[0-9]*$//')" "$to"
	same "address at the end" "$(told request peer | sed 's/:[0-9]*$//')" "$to"
	same "status and octets" "$(told request status) $(told request bytes)" "200 $BLOB_SIZE"
	one_entry
	stats "$svc"
	[ $((STATS[routed] - MARK[routed])) -ge 100 ] || fail "only $((STATS[routed] - MARK[routed])) datagrams were routed by CID"
	same "4-tuples remembered" $((STATS[fallback-new] - MARK[fallback-new])) 1
	same "left to IPVS" $((STATS[sched-fallback] + STATS[sched-cid] - MARK[sched-fallback] - MARK[sched-cid])) 0
}

moving() {
	local svc=$1 from=$2 to=$3
	shift 3
	mark "$svc"
	fetch_moving "$from" "$to" "$@"
	case "$*" in
	*--delay-stream*) same "octets before the request" "$MOVED_AT" 0 ;;
	*) same "moved in the middle of the body, after $MOVED_AT octets" $((MOVED_AT > 0 && MOVED_AT < BLOB_SIZE)) 1 ;;
	esac
	survived "$svc" "${from/#*:*/[$from]}" "${to/#*:*/[$to]}"
}

through_box() {
	mark "$SVC4"
	fetch_through_box "$FROM" "$TO"
	survived "$SVC4" "$FROM" "$TO"
}

# The director routes every CID that a server issues, the first and those of NEW_CONNECTION_ID, to that server.
cids_decode() {
	local cid server cids
	fetch_start "$FROM"
	fetch_wait
	server=$(told request server)
	mapfile -t cids < <(told cid issue)
	[ ${#cids[@]} -ge 3 ] || fail "only ${#cids[@]} CIDs"
	for cid in "${cids[@]}"; do
		same "server of $cid" "$(q decode -u "$SVC4" "$cid" -j | jq -r '"\(.outcome) \(.server.address)"')" \
			"routed $(rs4 "${server#s}")"
	done
}

# For comparison: after the client's move its packets reach a server that does not know the connection.
lost() {
	local server
	[ "$FETCHED" != 0 ] || ! intact || fail "the download was completed"
	server=$(told cid server | sort -u)
	same "server of the first address" "$(server_of "$FROM" | sort -u)" "$server"
	case $(server_of "$TO" | sort -u) in
	"$server") fail "the second address belongs to the same server" ;;
	s[123]) ;;
	*) fail "nothing was heard from the second address" ;;
	esac
}

mh_moving() {
	fetch_moving "$FROM" "$TO" "$@"
	lost
}

mh_through_box() {
	fetch_through_box "$FROM" "$TO"
	lost
}

tcase "control, stock mh: a client that moves loses its download" mh_moving
tcase "control, stock mh: so does one behind a NAT box that rebinds" mh_through_box
fresh "$SVC4" rs4 "$H3_CONFIG"
service "$SVC6" rs6 "$H3_CONFIG" | q -R
# on a debug kernel a case may take longer than the minute that an entry lives, and is to find it at its end
for svc in "$SVC4" "$SVC6"; do
	q set -u "$svc" --tuple-timeout 3600
done
tcase "IPv4: a client that moves to another address keeps its download" moving "$SVC4" "$FROM" "$TO"
tcase "IPv6: a client that moves to another address keeps its download" moving "$SVC6" "$FROM6" "$TO6"
tcase "IPv4: rebinding to another address between handshake and request" moving "$SVC4" "$FROM" "$TO" --nat-rebinding --delay-stream=1500ms
tcase "IPv6: rebinding to another address between handshake and request" moving "$SVC6" "$FROM6" "$TO6" --nat-rebinding --delay-stream=1500ms
tcase "IPv4: a NAT box that changes the address behind the client's back" through_box
tcase "every CID of a connection decodes to its server" cids_decode
finish
