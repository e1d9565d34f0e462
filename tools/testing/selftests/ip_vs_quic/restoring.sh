#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A restore is never worse than nothing at all: the director gets traffic while its services are restored, and no datagram is routed wrong,
# because the module holds back changes of servers until configs and server IDs come with them. A batch of changes ends with a commit, with
# its netlink socket, with its service, or after a minute.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need_module
lab_up
serve "$SVC4" "$SVC6"
FLOWS=60 BATCHES=0

# rules SERVER...: the service with these real servers, and their server IDs by two configs
rules() {
	local n
	printf '%s\n' "-A -u $SVC4 -s quic" "config add -u $SVC4 --id 0 --server-id-len 3 --nonce-len 4" \
		"config add -u $SVC4 --id 1 --server-id-len 8 --nonce-len 8 --key-file $WORK/key"
	for n in "$@"; do
		printf -- '-a -u %s -r %s:443 -i -w 1 --server-id 0:%s --server-id 1:%s\n' "$SVC4" "$(rs4 "$n")" "$(sid 3 "$n")" "$(sid 8 "$n")"
	done
}

# others: 30 more services, each with 16 servers
others() {
	local port n
	for ((port = 5001; port <= 5030; port++)); do
		printf -- '-A -u %s:%d -s quic\n' "$VIP4" "$port"
		for ((n = 1; n <= 16; n++)); do
			printf -- '-a -u %s:%d -r 10.9.0.%d -i --server-id 0:%06x\n' "$VIP4" "$port" "$n" "$n"
		done
	done
}

# by_cid: datagrams of live connections of each server, by each config, from new addresses all the time
by_cid() {
	local n
	for n in 1 2 3; do
		printf 'name=s%d from=%s.%d:%d mint=0:%s\n' "$n" "$CL4" $((70 + n)) $((7000 + case_count)) "$(sid 3 "$n")"
		printf 'name=s%d from=%s.%d:%d mint=1:%s\n' "$n" "$CL4" $((80 + n)) $((7000 + case_count)) "$(sid 8 "$n")"
	done
}

# by_own FILE: each answer in it came from the server that its name says; sets $RIGHT to how many
by_own() {
	local name server count wrong=''
	RIGHT=0
	while read -r name server count; do
		case $server in
		"$name") RIGHT=$((RIGHT + count)) ;;
		s[123]) wrong+=" $count of $name by $server" ;;
		esac
	done <"$1"
	[ -z "$wrong" ] || fail "answered by another server:$wrong"
}

# routed N: more than N datagrams have been
routed() {
	stats "$SVC4"
	[ "${STATS[routed]}" -gt "$1" ]
}

# hashed: how many datagrams were sent by hashing, or where one like them had been. Before its first servers come, a service has nowhere to
# send them.
hashed() {
	local key sum=0
	stats "$SVC4"
	for key in tuple dcid fallback fallback-new sched-fallback; do
		sum=$((sum + STATS[$key]))
	done
	echo "$sum"
}

# slowly ARGUMENT...: quiclbadm with no priority over the traffic
slowly() { nice -n 19 quiclbadm "$@"; }

# The director has lost its services, gets the traffic of live connections, and its services again.
from_nothing() {
	q -C
	{ rules 1 2 3; others; } >"$WORK/rules"
	by_cid | traffic live -c "0:3:4" -c "1:8:8:$KEY" -t 100 "to=$SVC4" -
	slowly -R "$WORK/rules"
	poll 20 "traffic by the restored service" routed 50
	quiet
	by_own "$WORK/live"
	[ "$RIGHT" -gt 50 ] || fail "hardly any traffic: $(<"$WORK/live")"
	same "datagrams that were hashed" "$(hashed)" 0
}

# Servers come and go in one restore; those that stay keep all of theirs.
of_more() {
	local n
	q -C
	rules 1 2 | q -R
	mark "$SVC4"
	by_cid | grep -v name=s3 | traffic live -c "0:3:4" -c "1:8:8:$KEY" "to=$SVC4" -
	for n in {1..3}; do
		rules 1 2 {20..60} | slowly -R
		rules 1 2 {40..80} | slowly -R
	done
	poll 20 "traffic" routed 50
	quiet
	by_own "$WORK/live"
	same "what was lost" "$(grep -vE ' s[12] ' "$WORK/live" || :)" ""
	same "datagrams that were hashed" "$(hashed)" 0
}

# reached: the servers of datagrams that are hashed
reached() {
	local n
	for ((n = 0; n < FLOWS; n++)); do
		printf 'name=%03d from=%s:%d dcid=e7001122334455\n' "$n" "$CL4.9" $((2000 + n))
	done | send "to=$SVC4" -
	all_answered "$FLOWS"
	cut -d' ' -f2 <<<"$GOT" | sort -u | xargs
}

reaches() { [ "$(reached)" = "$1" ]; }

# batch: begins one, by a program that holds it until unbatch()
batch() {
	BATCHES=$((BATCHES + 1))
	mkfifo "$WORK/words.$case_count.$BATCHES"
	exec {WORDS}<>"$WORK/words.$case_count.$BATCHES"
	"$here/nlask" batch "$WORK/said.$case_count.$BATCHES" <"$WORK/words.$case_count.$BATCHES" >"$WORK/answers" &
	BATCH=$!
	pids+=("$BATCH")
	poll 10 "a batch" test -e "$WORK/said.$case_count.$BATCHES"
	same "answer" "$(tail -n 1 "$WORK/answers")" "begin 0"
}

answered() { [ "$(wc -l <"$WORK/answers")" -ge "$1" ]; }

# says WORD ANSWER: it asks the kernel, which answers so
says() {
	local n
	n=$(wc -l <"$WORK/answers")
	echo "$1" >&"$WORDS"
	poll 10 "an answer to $1" answered $((n + 1))
	same "answer" "$(tail -n 1 "$WORK/answers")" "$1 $2"
}

unbatch() {
	exec {WORDS}>&-
	kill -9 "$BATCH"
	await "$BATCH" 2>/dev/null || true
}

# held_back: a pool of two servers, and a third that a batch holds back
held_back() {
	q -C
	rules 1 2 | q -R
	batch
	q -a -u "$SVC4" -r "$(rs4 3):443" -i
	same "servers while it is held back" "$(reached)" "s1 s2"
	same "IPVS's servers" "$(ipvsadm -Ln | grep -c 'Tunnel')" 3
}

committed() {
	held_back
	says commit 0
	same "servers after the commit" "$(reached)" "s1 s2 s3"
	# it is over: the next change is seen at once
	q -d -u "$SVC4" -r "$(rs4 3):443"
	same "servers after the next change" "$(reached)" "s1 s2"
	unbatch
}

killed() {
	held_back
	unbatch
	poll 10 "the end of its batch" reaches "s1 s2 s3"
}

# A removal counts at once: nothing is sent where IPVS has no server.
removals() {
	q -C
	rules 1 2 3 | q -R
	batch
	q -d -u "$SVC4" -r "$(rs4 3):443"
	q -e -u "$SVC4" -r "$(rs4 2):443" -i -w 0
	same "servers" "$(reached)" "s1"
	unbatch
	poll 10 "the end of its batch" reaches "s1"
}

# A method that is edited is used after the commit, also by the route that IPVS keeps for the server.
edited() {
	q -C
	rules 1 2 3 | q -R
	batch
	q -e -u "$SVC4" -r "$(rs4 2):443" -g
	says commit 0
	poll 10 "the method" is_direct
	q -e -u "$SVC4" -r "$(rs4 2):443" -i
	same "servers" "$(reached)" "s1 s2 s3"
	unbatch
}

is_direct() { ipvsadm -Ln | grep -q "$(rs4 2):443 *Route"; }

one_at_a_time() {
	held_back
	rules 1 2 4 5 >"$WORK/rules"
	refused 1 "Error: service $SVC4: Another process is changing the servers of this service." q -R "$WORK/rules"
	says begin 0
	says delete "EOPNOTSUPP"
	unbatch
	poll 10 "the end of its batch" reaches "s1 s2 s3"
	rules 1 2 | q -R
	same "servers" "$(reached)" "s1 s2"
}

# The service goes, and is another one when its batch's socket goes.
with_service() {
	held_back
	q -D -u "$SVC4"
	rules 1 3 | q -R
	same "servers" "$(reached)" "s1 s3"
	unbatch
	same "servers" "$(reached)" "s1 s3"
	held_back
	q -C --all
	unbatch
}

# A process that is stopped holds others' changes back for a minute and no longer.
a_minute() {
	held_back
	kill -STOP "$BATCH"
	poll 120 "the end of the minute" changed_reaches "s1 s2 s3"
	kill -CONT "$BATCH"
	unbatch
}

# changed_reaches SERVERS: after one more change
changed_reaches() {
	q -e -u "$SVC4" -r "$(rs4 3):443" -i -w $((WEIGHT = 5 - WEIGHT))
	reaches "$1"
}
WEIGHT=2

tcase "-R of a director that gets traffic: no datagram is routed wrong" from_nothing
tcase "-R of more and of other servers: those that stay keep theirs" of_more
tcase "a batch: its servers are seen at the commit" committed
tcase "a batch: removals and weight 0 count at once" removals
tcase "a batch: a method that is edited" edited
tcase "a batch ends with its process" killed
tcase "a batch ends with its service" with_service
tcase "a batch: one process at a time" one_at_a_time
tcase "a batch ends after a minute" a_minute
finish
