#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A key is in no output, log, trace or command line, and in no memory after its config has been deleted.  A user who is not the
# administrator learns and changes nothing.
#
# The keys are made in hex, and inverted in hex, so that only programs that use them have their octets.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need_module
modprobe ivq_lab 2>/dev/null || skip_all "module ivq_lab is not available"
lab_up
TRACING=/sys/kernel/tracing

# new_key: sets $SECRET and $INVERTED.  It is a UUID backwards, because the kernel that made the UUID has it forwards.
new_key() {
	local uuid
	read -r uuid </proc/sys/kernel/random/uuid
	SECRET=$(rev <<<"${uuid//-/}")
	INVERTED=$(tr 0-9a-f fedcba9876543210 <<<"$SECRET")
}

# in_memory: how often the key is there
in_memory() { "$here/memscan" "$INVERTED"; }

# The search comes at once, because freed memory is overwritten sooner or later.
gone() { same "how often the key is in memory" "$(in_memory)" 0; }

# add CONFIG: adds it with the key, which is read from a pipe
add() { printf '%s\n' "$SECRET" | q config "${2:-add}" -u "$SVC4" --id "$1" --server-id-len 8 --nonce-len 8 --key-file -; }

# service_with_keys: input for -R with as many configs as there can be: one key that was not wiped may have been overwritten
service_with_keys() {
	local id
	printf -- '-A -u %s -s quic\n' "$SVC4"
	for id in {0..6}; do
		printf 'config add -u %s --id %d --server-id-len 8 --nonce-len 8 --key %s\n' "$SVC4" "$id" "$SECRET"
	done
}

# A search takes seconds, so only the first case shows that it finds a key that is there.
wiped() {
	new_key
	q -C
	service_with_keys | q -R
	"$@"
	gone
}

by_del() {
	local id
	[ "$(in_memory)" -ge 7 ] || fail "a search of the memory does not find the key"
	for id in {0..6}; do
		q config del -u "$SVC4" --id "$id"
	done
}

by_replace() {
	local old=$INVERTED id
	new_key
	for id in {0..6}; do
		add "$id" replace
	done
	INVERTED=$old
}

by_unload() {
	ipvsadm -C
	poll 60 "the module to be let go" rmmod ip_vs_quic
	defer "modprobe ip_vs_quic"
}

# The namespace's device is deleted after its services.
by_namespace() {
	ip netns add "$LAB-k"
	defer "ip netns del $LAB-k 2>/dev/null || true"
	ip link add k type veth peer name eth0 netns "$LAB-k"
	service_with_keys | in_ns k quiclbadm -R
	ipvsadm -C
	ip netns del "$LAB-k"
	poll 60 "the end of the namespace" k_is_gone
}

k_is_gone() { ! ip link show k; }

# A request that is refused had the key, too.
refusals() {
	local n
	new_key
	fresh "$SVC4" rs4 0:3:4 1:8:8
	for n in 1 0; do
		! add "$n" 2>"$WORK/error" || fail "that was not refused"
		! grep -qi "$SECRET" "$WORK/error" || fail "the refusal tells the key"
	done
	gone
}

# A key in requests that do not use it.
elsewhere() {
	new_key
	fresh "$SVC4" rs4 0:3:4
	"$here/nlask" keys "$INVERTED"
	gone
}

# told WHAT COMMAND...: the key is not in the command's output
told() {
	local text
	text=$("${@:2}" 2>&1) || true
	[ -n "$text" ] || fail "$1 says nothing"
	! grep -qiF -e "$SECRET" -e "${SECRET:0:16}" -e "${SECRET:16}" <<<"$text" || fail "$1 tells the key"
}

outputs() {
	new_key
	fresh "$SVC4" rs4 0:3:4
	add 1
	told -L q -L
	told "-L --stats" q -L -n --stats --all
	told "-L --json" q -L -n --stats -j
	told "config list" q config list
	told "config list --json" q config list -j
	told -S q -S
	told "the netlink dump" "$here/nlask" dump
	told decode q decode -u "$SVC4" 3001020304050607080910111213141516 -j
	told dmesg dmesg
}

traces() {
	new_key
	fresh "$SVC4" rs4 0:3:4
	add 1
	q server-id add -u "$SVC4" -r "$(rs4 1)" --server-id 1:0102030405060708
	defer "echo 0 >$TRACING/events/ip_vs_quic/enable; echo >$TRACING/trace"
	echo 1 >"$TRACING/events/ip_vs_quic/enable"
	send -c "1:8:8:$SECRET" "to=$SVC4" "from=$CL4.60:6000" name=x mint=1:0102030405060708
	send "to=$SVC4" "from=$CL4.60:6000" name=x form=long dcid=ff
	grep -q 'outcome=routed' "$TRACING/trace" || fail "nothing was traced"
	told "the trace" cat "$TRACING/trace"
}

# waits PID: the process waits for input from a pipe
waits() { grep -q pipe_read "/proc/$1/wchan"; }

command_lines() {
	local pid out
	new_key
	fresh "$SVC4" rs4 0:3:4
	mkfifo "$WORK/pipe"
	# not the function: its pid is wanted
	quiclbadm config add -u "$SVC4" --id 1 --server-id-len 8 --nonce-len 8 --key-file - <"$WORK/pipe" &
	pid=$!
	exec {out}>"$WORK/pipe"
	printf '%s' "$SECRET" >&"$out"
	poll 20 "the key to be read" waits "$pid"
	grep -qz key-file "/proc/$pid/cmdline" || fail "its own command line is not seen"
	printf '%s\n' "$SECRET" >"$WORK/pattern"
	same "command lines with the key" \
		"$(cat /proc/[0-9]*/{cmdline,environ} 2>/dev/null | tr '\0' '\n' | grep -ciF -f "$WORK/pattern" || true)" 0
	printf '\n' >&"$out"
	exec {out}>&-
	await "$pid"
	q config list -u "$SVC4" -j | jq -e '.[] | select(.id == 1)' >/dev/null
}

errors() {
	local text
	new_key
	fresh "$SVC4" rs4 0:3:4
	for text in "${SECRET:0:31}" "${SECRET}0" "${SECRET:0:30}xy"; do
		printf '%s\n' "$text" >"$WORK/bad"
		chmod 600 "$WORK/bad"
		! q config add -u "$SVC4" --id 1 --server-id-len 8 --nonce-len 8 --key-file "$WORK/bad" 2>"$WORK/error" || fail "that was not refused"
		! grep -qiF "${SECRET:0:8}" "$WORK/error" || fail "the refusal tells the key: $(<"$WORK/error")"
	done
}

# none_permitted COMMAND...: all its requests to the family are refused, or there is no such request
none_permitted() {
	local answers request
	answers=$("$@" "$WORK/nlask" all)
	for request in "1 do" "2 do" "3 dump" "4 do" "5 do" "6 do" "7 dump"; do
		grep -qx "$request EPERM" <<<"$answers" || fail "request $request: $answers"
	done
	same "number of answers" "$(grep -cxE '[1-7] (do|dump) (EPERM|EOPNOTSUPP)' <<<"$answers")" 14
}

# as_nobody COMMAND...: runs it without any capability
as_nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all --bounding-set=-all "$@"; }

unprivileged() {
	fresh "$SVC4" rs4 0:3:4
	q -S >"$WORK/before"
	none_permitted as_nobody
	none_permitted setpriv --bounding-set=-net_admin --inh-caps=-net_admin
	same "configuration" "$(q -S)" "$(<"$WORK/before")"
}

# Root of a user namespace only: the family is for the administrator alone, in every network namespace.
# IPVS's socket options are allowed to the owner of the network namespace, so a service can be made, as with any scheduler; but no
# config, server ID or express path.
user_namespace() {
	fresh "$SVC4" rs4 0:3:4
	q -S >"$WORK/before"
	none_permitted as_nobody unshare -Ur
	none_permitted as_nobody unshare -Urn
	same "a service of its own" "$(as_nobody unshare -Urn "$WORK/nlask" ipvs)" "add 0"
	! as_nobody unshare -Ur "$WORK/nlask" ipvs 2>"$WORK/error" || fail "a service of others can be made"
	same "a service of others" "$(<"$WORK/error")" "nlask: socket: Operation not permitted"
	same "configuration" "$(q -S)" "$(<"$WORK/before")"
	# its services are deleted with its network namespace, and release the module
	ipvsadm -C
	poll 60 "the module to be let go" rmmod ip_vs_quic
	unwarned
	modprobe ip_vs_quic
}

serve
# where no other user can start it
chmod 711 "$WORK"
cp "$here/nlask" "$WORK/"
defer "modprobe ip_vs_quic; q -C; rmmod ivq_lab"
tcase "a config is deleted: its key is in no memory" wiped by_del
tcase "a key is replaced: the old one is in no memory" wiped by_replace
tcase "the module is unloaded: its keys are in no memory" wiped by_unload
tcase "a namespace goes: its keys are in no memory" wiped by_namespace
tcase "a config is refused: its key is in no memory, nor in the sentence" refusals
tcase "a command that wants no config gets one: its key is in no memory" elsewhere
tcase "no output tells a key" outputs
tcase "no trace tells a key" traces
tcase "no command line nor environment tells a key" command_lines
tcase "no error tells a key" errors
tcase "without CAP_NET_ADMIN nothing is told or done" unprivileged
tcase "root of a user namespace" user_namespace
finish
