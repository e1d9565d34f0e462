#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# One source of truth: what the director has is printed for each real server, the servers are started with it, and their connection
# IDs lead to them. -S --yang and -R --yang: valid by yanglint, back to the same state, no datagram lost.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=h3.sh
. "$(dirname "$0")/h3.sh"
need_module
need_h3
command -v yanglint >/dev/null || skip_all "yanglint is not installed"
lab_up
YANG=$here/../../../../userspace/quiclbadm/yang
# shellcheck disable=SC2034 # of h3.sh
# Nothing is to be lost here, so a busy machine gets the time that it needs: after 4 s of silence a server has forgotten its client.
BLOB_SIZE=20000 H3_IDLE=60s
h3_files
umask 077

# valid MIDDLEBOX|SERVER FILE [own]: by the draft's module alone or, with "own", also by this project's
valid() {
	local modules=("$YANG/ietf-quic-lb-$1.yang")
	[ "${3:-}" != own ] || modules=("$YANG/ip-vs-quic-$1.yang" "${modules[@]}")
	yanglint -p "$YANG" "${modules[@]}" "$2" 2>&1
}

# line N [OPTION...]: what real server N needs
line() { q server-config -u "$SVC4" -r "$(rs4 "$1")" "${@:2}"; }

lines() {
	local n
	for n in 1 2 3; do
		same "line of server $n" "$(line "$n")" "0:$(sid 2 "$n"):8:$WORK/key"
		same "JSON of server $n" "$(line "$n" -j | jq -r '.[] | "\(.line) \(.key_fingerprint) \(.server.address)"')" \
			"0:$(sid 2 "$n"):8:$WORK/key $(q fingerprint "$WORK/key") $(rs4 "$n")"
	done
	refused 1 "Error: real server $(rs4 9):443 of $SVC4: the service has no such real server." line 9
}

# Servers that know nothing but their line.
servers() {
	local n
	for n in 1 2 3; do
		h3_server "$n" --config "$(line "$n")"
	done
	h3_await
}

# Downloads until each server has had a client: all connection IDs that it gave lead to it.
arrive() {
	local n server cid count=0 downloads=0
	local -A seen=()
	servers
	mark "$SVC4"
	for n in {21..60}; do
		fetch_start "$CL4.$n"
		fetch_wait
		downloads=$((downloads + 1))
		arrived
		server=$(told request server)
		for cid in $(told cid issue); do
			same "where $cid of $server leads" "$(q decode -u "$SVC4" "$cid" -j | jq -r '"\(.outcome) \(.server.address)"')" \
				"routed $(rs4 "${server#s}")"
			count=$((count + 1))
		done
		seen[$server]=1
		[ ${#seen[@]} -lt 3 ] || break
	done
	same "servers with clients" "${#seen[@]}" 3
	[ "$count" -ge 9 ] || fail "only $count connection IDs"
	stats "$SVC4"
	same "4-tuples remembered" $((STATS[fallback-new] - MARK[fallback-new])) "$downloads"
	# the rest of a handshake, the request and acknowledgements
	[ $((STATS[routed] - MARK[routed])) -ge $((4 * downloads)) ] ||
		fail "only $((STATS[routed] - MARK[routed])) datagrams of $downloads downloads were routed by their connection IDs"
}

yang_of_servers() {
	local n
	for n in 1 2 3; do
		line "$n" --yang >"$WORK/server.json"
		valid server "$WORK/server.json" own
		line "$n" --yang --keys >"$WORK/server.json"
		jq 'del(.["ietf-quic-lb-server:quic-lb"]["ip-vs-quic-server:key-file"])' "$WORK/server.json" >"$WORK/draft.json"
		valid server "$WORK/draft.json"
		same "server ID" "$(jq -r '.[]["server-id"]' "$WORK/draft.json" | tr -d :)" "$(sid 2 "$n")"
		same "key" "$(jq -r '.[]["cid-key"]' "$WORK/draft.json" | tr -d :)" "$KEY"
	done
}

# With all seven config IDs, and what YANG has no word for.
round_trip() {
	fresh "$SVC4" rs4 0:3:4 "1:8:8:$KEY" "2:4:6:$KEY" 3:3:4 "4:9:5:$KEY" "5:15:4:$KEY" "6:1:4:$KEY"
	q set -u "$SVC4" --tuple-max 99
	q server-id add -u "$SVC4" -r "$(rs4 9)" --absent --server-id 0:eeeeee
	q -e -u "$SVC4" -r "$(rs4 2)" -w 5 -x 100
	q -S >"$WORK/before"
	q -S --yang --keys "$WORK/saved.json"
	same "mode of the file" "$(stat -c %a "$WORK/saved.json")" 600
	valid middlebox "$WORK/saved.json" own
	jq 'del(.[]["cid-configs"][]["ip-vs-quic-middlebox:key-file"])' "$WORK/saved.json" >"$WORK/draft.json"
	valid middlebox "$WORK/draft.json"
	q -S --yang >"$WORK/nokeys.json"
	valid middlebox "$WORK/nokeys.json" own
	serve
	! grep -q cid-key "$WORK/nokeys.json" || fail "the key is in the output"

	flood -c 0:3:4 -c "1:8:8:$KEY" "to=$SVC4" "from=$CL4.90:9000" - <<-END
		name=plain mint=0:$(sid 3 1)
		name=keyed mint=1:$(sid 8 2)
	END
	q -R --yang "$WORK/saved.json"
	jq '.[]["cid-configs"] |= .[:2]' "$WORK/saved.json" >"$WORK/two.json"
	for _ in 1 2; do
		q -R --yang "$WORK/two.json"
		same "configs" "$(q config list -u "$SVC4" -j | jq -c '[.[].id]')" "[0,1]"
		q -R --yang "$WORK/nokeys.json"
	done
	flooded
	! grep -v 'plain s1\|keyed s2' <<<"$GOT" || fail "datagrams were lost, or went astray"
	awk '$3 < 20 { few = 1 } END { exit few || NR != 2 }' <<<"$GOT" || fail "hardly any traffic: $GOT"
	q -S | diff "$WORK/before" -
}

# A service that a document made is the one it came from, and a document is all of it or nothing.
refusals() {
	local path=/ietf-quic-lb-middlebox:quic-lb/cid-configs
	q -C
	service "$SVC4" rs4 | q -R
	q server-id add -u "$SVC4" -r "$(rs4 9)" --absent --server-id 0:eeeeee
	q -R --yang <"$WORK/saved.json"
	q -S --yang --keys | diff "$WORK/saved.json" -
	q -S >"$WORK/before"
	jq '.[]["cid-configs"][6]["nonce-length"] = "4"' "$WORK/saved.json" >"$WORK/bad.json"
	refused 1 "Error: $path/6/nonce-length: a string, and it has to be a number: without quotation marks." \
		q -R --yang "$WORK/bad.json"
	jq '.[]["cid-configs"][2]["server-id-mappings"][1]["server-address"] = "10.0.0.77"' "$WORK/saved.json" >"$WORK/bad.json"
	refused 1 "Error: $path/2/server-id-mappings/1/server-address: no real server of $SVC4 has this address; \
add it by -a, or give --absent." q -R --yang "$WORK/bad.json"
	jq 'del(.[]["cid-configs"][6]["cid-key", "ip-vs-quic-middlebox:key-file"])' "$WORK/saved.json" >"$WORK/bad.json"
	refused 1 "Error: $path/6/cid-key: missing, and config 6 has a key; without one any observer could read server IDs: \
give the key, or do \"config del\" first." q -R --yang "$WORK/bad.json"
	q -S | diff "$WORK/before" -
	# a checker's hand stays on a server
	ipvsadm -e -u "$SVC4" -r "$(rs4 3)" -i -w 0
	q -R --yang "$WORK/two.json"
	q -R --yang "$WORK/saved.json"
	same "weight of server 3" "$(q -L -j | jq '.services[0].servers[] | select(.address == "'"$(rs4 3)"'") | .weight')" 0
}

fresh "$SVC4" rs4 "$H3_CONFIG"
tcase "server-config prints what the director has" lines
tcase "servers configured with it get what they mint" arrive
tcase "server-config --yang is valid" yang_of_servers
tcase "-S --yang is valid, -R --yang makes the same of it, without loss" round_trip
tcase "-R --yang makes a service anew; what is refused changes nothing" refusals
finish
