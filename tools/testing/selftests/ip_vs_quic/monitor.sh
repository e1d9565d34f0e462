#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the module tells of changes: each kind of event once, in the namespace of the change alone, to those who may hear it; and what
# "quiclbadm monitor" makes of it, of events that are lost, and of the module's end.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need_module
lab_up
top=$here/../../../..
LOG=$WORK/monitor

# listen NAMESPACE [ARG...]: "quiclbadm monitor" in the background, once it has joined; sets $SPAWNED. Output goes to $LOG.
listen() {
	: >"$LOG"
	spawn "$1" quiclbadm monitor "${@:2}" >"$LOG" 2>"$LOG.stderr"
	poll 60 "monitor to listen" grep -q Listening "$LOG.stderr"
}

# heard N: N lines have come; prints them, and empties the file that the monitor appends to
has_lines() { [ "$(wc -l <"$LOG")" -ge "$1" ]; }
heard() {
	poll 60 "$1 events: $(<"$LOG")" has_lines "$1"
	cat "$LOG"
}

# ends STATUS: the monitor ends by SIGINT or by itself
ends() {
	local rc=0
	await "$SPAWNED" || rc=$?
	same "status of the monitor" "$rc" "$1"
}

stop() {
	kill -INT "$SPAWNED"
	ends 0
}

# Standard output of a command that is started in the background is a file, so each line must be flushed to be seen here.
each_kind() {
	q -C
	listen lb
	ipvsadm -A -u "$SVC4" -s quic
	q config add -u "$SVC4" --id 1 --server-id-len 2 --nonce-len 6 --key-file "$WORK/key"
	q -a -u "$SVC4" -r "$(rs4 1)" -i -w 1 --server-id 1:0a01
	ipvsadm -a -u "$SVC4" -r "$(rs4 2)" -g -w 3
	q server-id move -u "$SVC4" -r "$(rs4 2)" --server-id 1:0a01
	ipvsadm -e -u "$SVC4" -r "$(rs4 2)" -g -w 0
	ipvsadm -e -u "$SVC4" -r "$(rs4 2)" -i -w 0
	q set -u "$SVC4" --dcid-max 100
	q server-id del -u "$SVC4" --server-id 1:0a01
	q config del -u "$SVC4" --id 1 --force
	ipvsadm -d -u "$SVC4" -r "$(rs4 2)"
	q express add eth0
	q express del eth0
	ipvsadm -D -u "$SVC4"
	same "events" "$(heard 15)" "service added $SVC4 tuple-timeout 60 tuple-max 131072 table-bits 16 dcid-max 0
config set $SVC4 id 1 server-id-len 2 nonce-len 6 algorithm four-pass key-fingerprint $(q fingerprint "$WORK/key")
server-id added $SVC4 1:0a01 to $(rs4 1):443
pool added $SVC4 $(rs4 1):443 Tunnel weight 1
pool added $SVC4 $(rs4 2):443 Route weight 3
server-id moved $SVC4 1:0a01 to $(rs4 2):443 from $(rs4 1):443
pool changed $SVC4 $(rs4 2):443 Route weight 0 was 3
pool changed $SVC4 $(rs4 2):443 Tunnel weight 0 was Route
service set $SVC4 tuple-timeout 60 tuple-max 131072 table-bits 16 dcid-max 100 dcid-timeout 60
server-id deleted $SVC4 1:0a01 of $(rs4 2):443
config deleted $SVC4 id 1 server-id-len 2 nonce-len 6 algorithm four-pass key-fingerprint $(q fingerprint "$WORK/key")
pool removed $SVC4 $(rs4 2):443 Tunnel weight 0
express on eth0
express off eth0
service deleted $SVC4"
	stop
}

# A service that comes with servers, and one that goes to another scheduler.
schedulers() {
	q -C
	ipvsadm -A -u "$SVC6" -s rr
	ipvsadm -a -u "$SVC6" -r "[$(rs6 1)]:443" -i -w 2
	listen lb
	ipvsadm -E -u "$SVC6" -s quic
	ipvsadm -E -u "$SVC6" -s rr
	same "events" "$(heard 3)" "service added $SVC6 tuple-timeout 60 tuple-max 131072 table-bits 16 dcid-max 0
pool added $SVC6 [$(rs6 1)]:443 Tunnel weight 2
service deleted $SVC6"
	stop
}

# What changes nothing is no event: the next one is that of the end.
nothing_new() {
	fresh "$SVC4" rs4 0:3:4
	listen lb
	service "$SVC4" rs4 0:3:4 | q -R
	ipvsadm -e -u "$SVC4" -r "$(rs4 1)" -i -w 1
	q set -u "$SVC4" --tuple-timeout 60
	refused 1 "Error: server IDs of $SVC4: there is no server ID 0:ffffff." q server-id del -u "$SVC4" --server-id 0:ffffff
	q set -u "$SVC4" --tuple-timeout 61
	same "events" "$(heard 1)" "service set $SVC4 tuple-timeout 61 tuple-max 131072 table-bits 16 dcid-max 0"
	stop
}

# Nothing of the key in the messages themselves, nor where it came from.
no_keys() {
	q -C
	ipvsadm -A -u "$SVC4" -s quic
	listen lb -j
	q config add -u "$SVC4" --id 1 --server-id-len 8 --nonce-len 8 --key-file "$WORK/key"
	heard 1 >"$WORK/event"
	jq -e '.event == "config" and .action == "set" and .config.key_fingerprint != null' "$WORK/event"
	! grep -qE "$KEY|key_source|$WORK" "$WORK/event" || fail "a key or its file: $(<"$WORK/event")"
	stop
}

kinds() {
	q -C
	listen lb -t config express
	ipvsadm -A -u "$SVC4" -s quic
	q config add -u "$SVC4" --id 0 --server-id-len 3 --nonce-len 4
	ipvsadm -a -u "$SVC4" -r "$(rs4 1)" -i
	q express add eth0
	q express del eth0
	same "events" "$(heard 3 | sed -E 's/^\[[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}\] //')" \
		"config set $SVC4 id 0 server-id-len 3 nonce-len 4 algorithm plaintext
express on eth0
express off eth0"
	kill -TERM "$SPAWNED"
	ends 0
	refused 2 "Error: monitor configs: there are no such events (config?)." q monitor configs
}

# The same things happen in another namespace first.
other_namespace() {
	q -C
	listen cl
	fresh "$SVC4" rs4 0:3:4
	q express add eth0
	q express del eth0
	in_ns cl ipvsadm -A -u "$SVC6" -s quic
	same "events in another namespace" "$(heard 1)" "service added $SVC6 tuple-timeout 60 tuple-max 131072 table-bits 16 dcid-max 0"
	in_ns cl ipvsadm -C
	stop
}

unprivileged() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }

who_may() {
	local program
	program=$(command -v quiclbadm)
	refused 1 "Error: monitor: CAP_NET_ADMIN is needed in this network namespace (sudo)." unprivileged "$program" monitor
	# in a namespace of its own it may, and sees nothing of this one
	q -C
	: >"$LOG"
	spawn lb setpriv --reuid 65534 --regid 65534 --clear-groups unshare -Urn "$program" monitor >"$LOG" 2>"$LOG.stderr"
	poll 60 "monitor to listen" grep -q Listening "$LOG.stderr"
	fresh "$SVC4" rs4 0:3:4
	stop
	same "what the owner of another namespace hears" "$(<"$LOG")" ""
}

# Membership of every group that no family has yet, and what is heard in them: prints the first message, or nothing at the end.
early_joiner() {
	unprivileged python3 - "$1" <<-'END' &
		import select, socket, sys
		s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
		joined = 0
		for group in range(1, 1024):
		    try:
		        s.setsockopt(270, 1, group)
		        joined += 1
		    except OSError:
		        pass
		open(sys.argv[1], "w").write(f"{joined}\n")
		while True:
		    select.select([s], [], [])
		    data = s.recv(65536)
		    if bytes([192, 0, 2, 1]) in data:
		        open(sys.argv[1], "a").write("heard\n")
	END
	SPAWNED=$!
	pids+=("$SPAWNED")
	poll 60 "the groups to be joined" test -s "$1"
}

unloads() { rmmod ip_vs_quic 2>/dev/null; }

# The monitor ends with the module.  Who has joined the group's number meanwhile, without a capability, hears nothing of the next one.
unloading() {
	q -C
	listen lb
	poll 60 "the module to be let go" unloads
	ends 1
	same "sentence" "$(tail -n 1 "$LOG.stderr")" "Error: monitor: the module has been unloaded: there are no more events."
	install -m 666 /dev/null "$WORK/early"
	chmod 755 "$WORK"
	early_joiner "$WORK/early"
	modprobe ip_vs_quic
	listen lb
	ipvsadm -A -u "$SVC4" -s quic
	same "events" "$(heard 1)" "service added $SVC4 tuple-timeout 60 tuple-max 131072 table-bits 16 dcid-max 0"
	stop
	[ "$(head -n 1 "$WORK/early")" -gt 10 ] || fail "it could not join any group"
	same "what a process hears that joined before" "$(tail -n +2 "$WORK/early")" ""
}

# One change that is too large to be told, while the monitor does not read.
lost() {
	fresh "$SVC4" rs4 1:4:4
	listen lb -j service express
	awk -v first="server-id add -u $SVC4 -r $(rs4 1)" 'BEGIN {
		printf "%s", first
		for (n = 0; n < 9000; n++)
			printf " --server-id 1:%08x", 268435456 + n
		print ""
	}' >"$WORK/many"
	service "$SVC4" rs4 1:4:4 | cat - "$WORK/many" | q -R
	heard 2 >"$WORK/events"
	same "events" "$(jq -r '"\(.event) \(.action)"' "$WORK/events")" "lost null
service present"
	same "sentence" "$(tail -n 1 "$LOG.stderr")" \
		'Warning: monitor: events came too fast and some are lost; what there is now follows as "present".'
	# and it goes on
	q express add eth0
	q express del eth0
	heard 4 | "$top/userspace/tests/schema.py" "$top/Documentation/quiclbadm.schema.json" monitor LINES
	stop
}

tcase "one line for each kind of event, in the order of the changes" each_kind
tcase "a service that gets the scheduler, or another one" schedulers
tcase "what changes nothing is no event" nothing_new
tcase "no key in an event, nor where it came from" no_keys
tcase "the kinds that are asked for alone, with the time" kinds
tcase "nothing is heard in another namespace" other_namespace
tcase "only who has CAP_NET_ADMIN over the namespace hears its events" who_may
tcase "events that are lost are said to be, and the state follows" lost
tcase "the monitor ends with the module; who had joined the number of its group before hears nothing" unloading
tcase "the kernel has warned of nothing" unwarned
q -C
finish
