#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Shows and explains the main job: a real HTTP/3 client changes its address in the middle of a download.  With scheduler quic it keeps
# its connection, with a stock scheduler it loses it.  Runs inside the QEMU guest ("sudo make demo"); the status is 0 only if both
# happened.
set -euo pipefail
selftests=$(cd "$(dirname "$0")/../testing/selftests/ip_vs_quic" && pwd -P)
# shellcheck source-path=SCRIPTDIR source=../testing/selftests/ip_vs_quic/lib.sh
. "$selftests/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../testing/selftests/ip_vs_quic/h3.sh
. "$selftests/h3.sh"

say() { printf '\n%s\n' "$*"; }
tell() { printf '    %s\n' "$@"; }

# run COMMAND...: prints the command, then runs it
run() {
	printf '    # %s\n' "$*"
	"$@" | sed 's/^/      /'
}

# mebibytes OCTETS
mebibytes() { printf '%d.%d MiB' $(($1 / 1048576)) $(($1 % 1048576 * 10 / 1048576)); }

# why: the client's last message.  Its status is useless: it is 0 even after the client has given up.
why() {
	local words
	words=$(tail -n 1 "$WORK/client.log")
	case $words in
	*ERR_IDLE_CLOSE*) echo "for 4 seconds nothing came that it could read (ERR_IDLE_CLOSE)" ;;
	*) echo "$words (status $FETCHED)" ;;
	esac
}

# outcome: the result of the download
outcome() {
	local got
	got=$(stat -c %s "$WORK/got-files/blob" 2>/dev/null) || got=0
	tell "client at $FROM began the download of $(mebibytes "$BLOB_SIZE")" \
		"client moved to $TO when it had $(mebibytes "$MOVED_AT")"
	if [ "$got" = "$BLOB_SIZE" ]; then
		tell "client ended with all of it"
	else
		tell "client gave up with $(mebibytes "$got"): $(why)"
	fi
}

# summed: whether IPVS's estimator, which runs every two seconds, has counted every datagram that has an outcome
summed() {
	quiclbadm -L -j -u "$SVC4" | jq -e '.services[0] | .stats.in_packets == ([.outcomes | to_entries[] |
		select(.key | test("^(routed|deferred|malformed|unroutable-)")).value] | add)'
}

set_up() {
	need_module
	need_h3
	# starts this script again in the director, so it has to come before any output
	lab_up
	say "A client, a router, a director and three real servers, each a network namespace of this Linux $(uname -r):"
	tell "client 198.51.100.0/24 ── router ──┬── director    VIP $SVC4, IPVS, ip_vs_quic" \
		"                                   ├── s1 10.0.0.11  VIP on lo, tunl0 ┐" \
		"                                   ├── s2 10.0.0.12                   ├ answer the client" \
		"                                   └── s3 10.0.0.13                   ┘ directly"
	# shellcheck disable=SC2119 # without options
	h3_servers
	tell "Each server runs quiclb-h3server: HTTP/3, with its server ID encrypted in every connection ID."
}

stock() {
	say "1. The stock scheduler mh, which knows addresses only:"
	mh_pair
	run ipvsadm -Ln
	fetch_moving "$FROM" "$TO"
	outcome
	if [ "$FETCHED" = 0 ] && intact; then
		tell "The download survived: that is not what this demo is about."
		return 1
	fi
	tell "mh sent its packets to $(server_of "$FROM" | sort -u) before and to $(server_of "$TO" | sort -u) after the move," \
		"and the second server does not know the connection: LOST."
}

quic() {
	local before after n
	say "2. The same client, the same two addresses, scheduler quic:"
	ipvsadm -C
	run quiclbadm -A -u "$SVC4"
	run quiclbadm config add -u "$SVC4" --id 0 --server-id-len 2 --nonce-len 8 --key-file "$WORK/key"
	for n in 1 2 3; do
		run quiclbadm -a -u "$SVC4" -r "$(rs4 $n)" -i --server-id "0:$(sid 2 $n)"
	done
	fetch_moving "$FROM" "$TO"
	outcome
	before=$(told request server) after=$(told migrate server)
	if [ "$FETCHED" != 0 ] || ! intact || [ "$before" != "$after" ]; then
		tell "The download was lost: $(tail -n 3 "$WORK/client.log")"
		return 1
	fi
	tell "$before answered the request, and $after saw it move from $(told migrate from) to $(told migrate to)." \
		"All $(mebibytes "$BLOB_SIZE") are the same as the server's: SURVIVED."
}

explain() {
	local cid
	say "3. How the director knew:"
	cid=$(told cid issue | tail -n 1)
	run quiclbadm decode -u "$SVC4" "$cid"
	# so that both kinds of counters are from the same moment
	poll 10 "IPVS's sums" summed
	run quiclbadm -L -n --stats -u "$SVC4"
	tell "IPVS's InPkts is the sum of the datagrams that were routed and of those that were unroutable."
	tell "The first datagram carries an ID of the client's choice: unroutable, so it was hashed, and IPVS has one connection for it." \
		"All others were routed by the server's ID and left no state behind."
}

set_up
stock
quic
explain
say "Both as it should be: a stock scheduler loses the migrating connection, ip_vs_quic keeps it."
# shellcheck disable=SC2034 # for lib.sh's cleanup()
finished=1
