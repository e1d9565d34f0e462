#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: h3server.sh PROGRAM [GROUP...]
#
# Runs the server on loopback addresses against gtlsclient and probe.py.  Exits
# 0 when nothing failed, 4 when a tool is missing (kselftest's SKIP).
# Groups: refusals configs failover migration rotation http addresses packets attacks many log_file

set -euo pipefail

program=$(realpath "$1")
shift
groups=("$@")
[ $# -gt 0 ] || groups=(refusals configs failover migration rotation http addresses
	packets attacks many log_file)
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/rotation.sh"
# shellcheck source-path=SCRIPTDIR
. "$here/attacks.sh"
probe=$here/probe.py
work=$(mktemp -d)
key=8f95f09245765f80256934e50c66207f
client_seconds=60
netns=h3server-$$

passed=0 failed=0 skipped=0 number=0

pass() { number=$((number + 1)) passed=$((passed + 1)); echo "ok $number $1"; }
fail() { number=$((number + 1)) failed=$((failed + 1)); echo "not ok $number $1"; }
skip()
{
	number=$((number + 1)) skipped=$((skipped + 1))
	echo "ok $number $1 # SKIP $2"
}

# NAME COMMAND...: the command's output is shown when it fails.
check()
{
	local name=$1

	shift
	if "$@" > "$work/out" 2>&1; then
		pass "$name"
	else
		fail "$name"
		tail -40 "$work/out" | cut -c 1-300 | sed 's/^/# /'
	fi
}

wait_until()
{
	local deadline=$((SECONDS + 30))

	until "$@"; do
		if [ "$SECONDS" -ge "$deadline" ]; then
			echo "timeout: $*"
			return 1
		fi
		sleep 0.02
	done
}

# -- the server --

server_pid=
server_in=() client_in=()	# ip netns exec NAME, or nothing

# Any address; the port ends up in $port.
start()
{
	: > "$work/log"
	"${server_in[@]}" "$program" --tls-cert "$work/cert.pem" --tls-key "$work/key.pem" \
		--root "$work/root" --name rs1 --verbose "$@" \
		< "${stdin:-/dev/null}" > "$work/log" 2> "$work/err" &
	server_pid=$!
	if ! wait_until started || ! kill -0 "$server_pid" 2>/dev/null; then
		echo "the server does not start: $(cat "$work/err")"
		return 1
	fi
	port=$(sed -n '0,/^listening on/s/^listening on .*://p' "$work/log")
}

started() { grep -q '^ready$' "$work/log" || ! kill -0 "$server_pid" 2>/dev/null; }

# PID: its exit status, once it has ended.  One that does not is killed.
await()
{
	local status=0

	wait_until gone "$1" || kill -KILL "$1"
	wait "$1" 2> /dev/null || status=$?
	return "$status"
}

gone() { ! kill -0 "$1" 2> /dev/null; }

# The exit status counts: sanitizers and LeakSanitizer speak through it.
stop()
{
	local status=0

	kill -TERM "$server_pid"
	await "$server_pid" || status=$?
	server_pid=
	[ ! -s "$work/err" ] || cat "$work/err"
	[ "$status" -eq 0 ] || echo "the server's exit status is $status"
	[ "$status" -eq 0 ] && [ ! -s "$work/err" ]
}

cleanup()
{
	local pid

	for pid in $(jobs -p); do
		kill -KILL "$pid" 2>/dev/null || :
	done
	ip netns del "$netns-s" 2>/dev/null || :
	ip netns del "$netns-c" 2>/dev/null || :
	rm -rf "$work"
}
trap cleanup EXIT

# -- the client --

# DIRECTORY HOST PORT URI OPTION...: downloads into a fresh $dir; the client's log is $dir.log.
fetch_to()
{
	local dir=$1 host=$2 to_port=$3 uri=$4

	shift 4
	mkdir -p "$dir"
	"${client_in[@]}" timeout -k 5 "$client_seconds" gtlsclient --exit-on-all-streams-close \
		--download="$dir" --no-quic-dump --no-http-dump "$@" \
		"$host" "$to_port" "https://localhost$uri" > "$dir.log" 2>&1
}

fetch() { rm -rf "$work/dl"; fetch_to "$work/dl" 127.0.0.1 "$port" "$@"; }

same() { cmp "$work/root/$1" "${2:-$work/dl}/$(basename "$1")"; }

status_is()
{
	grep -F ':status: ' "$work/dl.log"
	grep -qF "[:status: $1]" "$work/dl.log"
}

# NUMBER PATTERN: that many lines of the server's log, which may come after the client's end, and no more.
logged()
{
	wait_until has_logged "$1" "$2"
	[ "$lines" -eq "$1" ] || { echo "$lines lines, not $1: $2"; cat "$work/log"; return 1; }
}

has_logged()
{
	lines=$(grep -Ec "$2" "$work/log") || :
	[ "$lines" -ge "$1" ]
}

# -- connection IDs --

# What the client saw: source CIDs of long headers, NEW_CONNECTION_ID frames.
client_cids()
{
	sed -nE -e 's/.* pkt rx .* scid=0x([0-9a-f]+) version=.*/\1/p' \
		-e 's/.* frm rx .* NEW_CONNECTION_ID.* cid=0x([0-9a-f]+) .*/\1/p' \
		"$1" | sort -u
}

issued_cids() { sed -n 's/^cid .* issue=//p' "$work/log" | sort -u; }

# CONFIG SERVER-ID NONCE-LEN KEY|-: all CIDs that client and server saw name the server.
cids_decode()
{
	local got

	client_cids "$work/dl.log" > "$work/seen"
	issued_cids > "$work/issued"
	if [ "$(wc -l < "$work/seen")" -lt 7 ]; then
		echo "the client saw too few CIDs:"; cat "$work/seen"; return 1
	fi
	if [ -n "$(comm -23 "$work/seen" "$work/issued")" ]; then
		echo "CIDs that the server did not log:"
		comm -23 "$work/seen" "$work/issued"
		return 1
	fi
	got=$("$probe" decode "$1" $((${#2} / 2)) "$3" "$4" < "$work/issued" | sort -u)
	[ "$got" = "$2" ] || { echo "server IDs: $got"; return 1; }
}

# -- tests --

# WHAT STATUS REGEX ARGUMENT...: refused, in one sentence, without listening.
refused()
{
	local name=$1 status=$2 regex=$3

	shift 3
	check "refused: $name" refuses "$status" "$regex" "$@"
}

refuses()
{
	local want=$1 regex=$2 status=0

	shift 2
	timeout -k 5 10 "$program" "$@" < "${stdin:-/dev/null}" > "$work/stdout" \
		2> "$work/stderr" || status=$?
	cat "$work/stderr"
	[ ! -s "$work/stdout" ] || { echo "says something"; return 1; }
	[ "$status" -eq "$want" ] || { echo "exit status $status"; return 1; }
	[ "$(grep -vc '^Warning: ' "$work/stderr")" -eq 1 ] || return 1
	grep -qE "^Error: .*$regex" "$work/stderr"
}

test_refusals()
{
	local tls=(--tls-cert "$work/cert.pem" --tls-key "$work/key.pem")
	local all=("${tls[@]}" --root "$work/root" --listen 127.0.0.1:0)
	local id=(--server-id 0a01 --nonce-len 6)
	local bad

	refused "no arguments" 2 '--listen: missing'
	refused "no certificate" 2 '--tls-cert: missing' --listen 127.0.0.1:0
	refused "no root" 2 '--root: missing' "${tls[@]}" --listen 127.0.0.1:0
	refused "unknown option" 2 '--frob: no such option' "${all[@]}" --frob
	refused "value missing" 2 '--root: wants a value' --root
	refused "stray word" 2 'stray: not an option' "${all[@]}" stray
	for bad in 127.0.0.1 :443 127.0.0.1: ::1:443 localhost:443 127.0.0.1:x \
		   '[::1]443' 127.0.0.1:65536 127.0.0.1:69969 '[::1]:4294967739' \
		   127.0.0.1:+443 '127.0.0.1: 443'; do
		refused "--listen $bad" 2 '--listen: ' "${tls[@]}" \
			--root "$work/root" --listen "$bad"
	done
	refused "address not ours" 1 'Cannot assign' "${tls[@]}" \
		--root "$work/root" --listen 192.0.2.1:4433
	refused "root missing" 1 'No such file' "${tls[@]}" \
		--listen 127.0.0.1:0 --root "$work/none"
	refused "root not a directory" 1 'Not a directory' "${tls[@]}" \
		--listen 127.0.0.1:0 --root "$work/cert.pem"
	refused "certificate missing" 1 "$work/none: " --tls-cert "$work/none" \
		--tls-key "$work/key.pem" --root "$work/root" --listen 127.0.0.1:0
	refused "key of another certificate" 1 'not a certificate with the key' \
		--tls-cert "$work/cert.pem" --tls-key "$work/key2.pem" \
		--root "$work/root" --listen 127.0.0.1:0
	refused "log not writable" 1 "$work/none/log: " "${all[@]}" \
		--log "$work/none/log"
	refused "pid file not writable" 1 "$work/none/pid: " "${all[@]}" \
		--pid-file "$work/none/pid"
	refused "name with a space" 2 '--name: ' "${all[@]}" --name 'a b'
	refused "no connections" 2 '--max-connections: ' "${all[@]}" \
		--max-connections 0
	refused "no time to stall" 2 '--stall-timeout: ' "${all[@]}" --stall-timeout 0

	for bad in 7:0a 8:0a x:0a :0a -1:0a 0: 0:0 0:0g '' 00000009:0a \
		   4294967296:0a '1 :0a' \
		   000102030405060708090a0b0c0d0e0f; do
		refused "--server-id '$bad'" 2 '--server-id: ' "${all[@]}" \
			--server-id "$bad" --nonce-len 4
	done
	refused "two server IDs" 2 '--server-id: given twice' "${all[@]}" \
		"${id[@]}" --server-id 0b01
	for bad in 3 19 x '' -6 6x 99999999999999999999; do
		refused "--nonce-len '$bad'" 2 '--nonce-len: ' "${all[@]}" \
			--server-id 0a --nonce-len "$bad"
	done
	refused "lengths of 20 together" 2 'QUIC-LB configuration: ' "${all[@]}" \
		--server-id 000102030405060708 --nonce-len 11
	refused "server ID without nonce length" 2 '--nonce-len: missing' \
		"${all[@]}" --server-id 0a01
	refused "nonce length without server ID" 2 '--server-id: missing' \
		"${all[@]}" --nonce-len 6
	refused "--config next to --server-id" 2 '--config: ' "${all[@]}" \
		"${id[@]}" --config 0:0a01:6
	refused "--config next to --key-file" 2 '--config: ' "${all[@]}" \
		--config 0:0a01:6 --key-file "$work/qkey"
	refused "--many-cids without a config" 2 '--many-cids: ' "${all[@]}" --many-cids
	refused "--many-cids for those who may not move" 2 '--many-cids: ' "${all[@]}" \
		--config 0:0a01:8 --many-cids --disable-active-migration
	refused "--worker without --steer" 2 '--steer: missing' "${all[@]}" "${id[@]}" --worker 0
	refused "--steer without --worker" 2 '--worker: missing' "${all[@]}" "${id[@]}" --steer web
	refused "--steer without a config" 2 '--steer: needs a config' "${all[@]}" --steer web --worker 0
	for bad in 256 -1 x ''; do
		refused "--worker '$bad'" 2 '--worker: wants a number from 0 to 255$' "${all[@]}" "${id[@]}" \
			--steer web --worker "$bad"
	done
	refused "--steer with a dot" 1 '--steer: wants a name without dots' "${all[@]}" "${id[@]}" \
		--steer web.1 --worker 0
	refused "no such group" 1 '--steer: there is no such group' "${all[@]}" "${id[@]}" \
		--steer /nonexistent/web --worker 0
	for bad in 7:0a:4 0:0a 0:0a:3 0:0a:4: 0:0a:4,self 0:0a:19 0:zz:4 \
		   "0:0a:4:$work/none" "$work/none" "$work"; do
		refused "--config '$bad'" 1 '--config: ' "${all[@]}" --config "$bad"
	done
	refused "key without server ID" 2 '--server-id: missing' "${all[@]}" \
		--key-file "$work/qkey"

	refused "key file missing" 1 "$work/none: No such file" "${all[@]}" \
		"${id[@]}" --key-file "$work/none"
	refused "key file a directory" 1 "Is a directory" "${all[@]}" \
		"${id[@]}" --key-file "$work"
	for bad in "${key%?}" "${key}0" "${key%?}g" ""; do
		printf '%s\n' "$bad" > "$work/badkey"
		refused "key '$bad'" 1 "$work/badkey: " "${all[@]}" "${id[@]}" \
			--key-file "$work/badkey"
		stdin="$work/badkey" refused "key '$bad' on standard input" 1 \
			'standard input: ' "${all[@]}" "${id[@]}" --key-file -
	done
	head -c 100000 /dev/zero > "$work/badkey"
	refused "endless key" 1 "$work/badkey: " "${all[@]}" "${id[@]}" \
		--key-file "$work/badkey"
	check "refusals do not show the key" key_not_shown
	mkfifo "$work/pipe"
	check "SIGTERM ends the wait for a key on standard input" waits_killably \
		"${all[@]}" "${id[@]}" --key-file -
	check "SIGTERM ends the wait for the key in a FIFO" waits_killably \
		"${all[@]}" "${id[@]}" --key-file "$work/pipe"
}

# ARGUMENT...: neither standard input nor the FIFO gives anything.  143 is SIGTERM.
waits_killably()
{
	local pid status=0 writer

	exec {writer}<> "$work/pipe"
	"$program" "$@" < "$work/pipe" > "$work/stdout" 2> "$work/stderr" &
	pid=$!
	wait_until waits "$pid" || :
	kill -TERM "$pid"
	await "$pid" || status=$?
	exec {writer}>&-
	cat "$work/stdout" "$work/stderr"
	[ "$status" -eq 143 ] || { echo "exit status $status"; return 1; }
}

# PID: it is the server by now, and waits
waits()
{
	if [ "$(readlink "/proc/$1/exe")" = "$program" ]; then
		grep -q '^State:.S' "/proc/$1/status"
	else
		gone "$1"
	fi
}

key_not_shown()
{
	printf '%s\n' "${key}0" > "$work/badkey"
	if "$program" --tls-cert "$work/cert.pem" --tls-key "$work/key.pem" \
		--root "$work/root" --listen 127.0.0.1:0 --server-id 0a \
		--nonce-len 4 --key-file "$work/badkey" > "$work/stderr" 2>&1; then
		return 1
	fi
	cat "$work/stderr"
	[ -s "$work/stderr" ] && ! grep -q "${key:0:8}" "$work/stderr"
}

# CONFIG SERVER-ID NONCE-LEN OPTION...: a kind of CID, from first to last packet.
config_kind()
{
	local config=$1 server_id=$2 nonce_len=$3 with_key=-

	shift 3
	case " $* " in *" --key-file "*) with_key=$key ;; esac
	start --listen 127.0.0.1:0 --server-id "$config:$server_id" \
		--nonce-len "$nonce_len" "$@" || return 1
	fetch /big --change-local-addr=30ms --delay-stream=10ms &&
		same big && cids_decode "$config" "$server_id" "$nonce_len" "$with_key" &&
		stop
}

test_configs()
{
	local with=(--key-file "$work/qkey")

	check "decoder of this test knows the draft's vectors" decoder_vectors
	check "plaintext 2 + 6" config_kind 0 0a01 6 --many-cids
	check "plaintext, longest: 1 + 18" config_kind 3 7f 18 --many-cids
	check "four passes, even: 2 + 6" config_kind 1 0a01 6 "${with[@]}"
	check "four passes, odd: 3 + 4" config_kind 2 c4605e 4 "${with[@]}"
	check "four passes, ID longer than nonce: 15 + 4" \
		config_kind 4 000102030405060708090a0b0c0d0e 4 "${with[@]}"
	check "one pass: 8 + 8" config_kind 5 ed793a51d49b8f5f 8 "${with[@]}"
	check "shortest: 1 + 4" config_kind 6 01 4 "${with[@]}"
	check "self-described length" self_len
	check "key from standard input" key_from_stdin
	if [[ $program == */sanitize/* ]]; then
		skip "a signal leaves no core" "no sanitized program leaves one"
	elif dumped cat > "$work/out" 2>&1; then
		check "a signal leaves no core with keys in it" no_core
	else
		skip "a signal leaves no core" "this machine keeps no cores"
	fi
}

decoder_vectors()
{
	[ "$(echo 0720b1d07b359d3c | "$probe" decode 0 3 4 $key)" = ed793a ] &&
	[ "$(echo 2fcc381bc74cb4fbad2823a3d1f8fed2 |
		"$probe" decode 1 10 5 $key)" = ed793a51d49b8f5fab65 ] &&
	[ "$(echo 504dd2d05a7b0de9b2b9907afb5ecf8cc3 |
		"$probe" decode 2 8 8 $key)" = ed793a51d49b8f5f ] &&
	[ "$(echo 125779c9cc86beb3a3a4a3ca96fce4bfe0cdbc |
		"$probe" decode 0 9 9 $key)" = ed793a51d49b8f5fab ]
}

# Config 2 and a length of 10 are 0b010 01010.
self_len()
{
	start --listen 127.0.0.1:0 --server-id 2:0a01 --nonce-len 8 --self-len \
		--key-file "$work/qkey" || return 1
	fetch /small && cids_decode 2 0a01 8 $key && stop || return 1
	! grep -v '^4a' "$work/issued"
}

key_from_stdin()
{
	echo "8F95 F092 4576 5f80 2569 34e5 0c66 207f" > "$work/typed"
	stdin=$work/typed start --listen 127.0.0.1:0 --server-id 0:0a01 \
		--nonce-len 6 --key-file - || return 1
	fetch /small && cids_decode 0 0a01 6 $key && stop
}

# COMMAND...
dumped() { (cd "$work" && "$here/../../tests/dumped.py" "$@"); }

# It waits for the key.
no_core()
{
	local status=0

	dumped "$program" --tls-cert "$work/cert.pem" \
		--tls-key "$work/key.pem" --root "$work/root" --listen 127.0.0.1:0 \
		"${lb[@]}" --key-file - || status=$?
	[ "$status" -eq 3 ]
}

test_failover()
{
	check "no config: one unroutable CID, no active migration" failover
	check "no config: NAT rebinding to another port is followed" other_port
	check "no config: NAT rebinding to another address is not" other_address
	check "plaintext on a shared VIP: one CID, no active migration" shared_vip
}

failover()
{
	start --listen 127.0.0.1:0 || return 1
	# The client does not migrate, although told to.
	fetch /big --change-local-addr=30ms --delay-stream=100ms && same big ||
		return 1
	grep -q 'remote transport_parameters disable_active_migration=1' \
		"$work/dl.log" || return 1
	client_cids "$work/dl.log" > "$work/seen"
	cat "$work/seen"
	# 0xeb: config 0b111, eleven octets follow.
	grep -qxE 'eb[0-9a-f]{22}' "$work/seen" &&
		[ "$(wc -l < "$work/seen")" -eq 1 ] &&
		[ "$(issued_cids | wc -l)" -eq 1 ] && stop
}

other_port()
{
	start --listen 127.0.0.1:0 || return 1
	fetch /big --change-local-addr=50ms --nat-rebinding --delay-stream=200ms &&
		same big && migrated 127.0.0.1 127.0.0.1 && stop
}

# Behind a director it would be another server's.
other_address()
{
	start --listen 127.0.0.1:0 || return 1
	fetch_nat 1000000 /big --timeout=1s || :
	[ -s "$work/dl/big" ] && ! same big && ! grep '^migrate' "$work/log" && stop
}

shared_vip()
{
	start --listen 127.0.0.1:0 --config 1:0a01:6 --disable-active-migration || return 1
	fetch /big --change-local-addr=30ms --delay-stream=100ms && same big || return 1
	grep -q 'remote transport_parameters disable_active_migration=1' \
		"$work/dl.log" || return 1
	client_cids "$work/dl.log" > "$work/seen"
	cat "$work/seen"
	grep -qxE '[23].0a01[0-9a-f]{12}' "$work/seen" && [ "$(wc -l < "$work/seen")" -eq 1 ] &&
		[ "$(issued_cids | wc -l)" -eq 1 ] && ! grep '^migrate' "$work/log" && stop
}

# with or without a key
lb=(--server-id 1:0a01 --nonce-len 6 --many-cids)

test_migration()
{
	check "active migration in mid-download" active_migration
	check "NAT rebinding before a request" rebinding
	check "NAT rebinding in mid-download, to another address" nat_rebinding
}

migrated()
{
	grep '^migrate' "$work/log" || { cat "$work/log"; return 1; }
	logged 1 "^migrate .*server=rs1 from=$1:[0-9]+ to=$2:[0-9]+$"
}

# A download of some seconds, so that the change comes in the middle: the request
# is in the log only when it has ended.
active_migration()
{
	local to

	start --listen 127.0.0.1:0 "${lb[@]}" --key-file "$work/qkey" || return 1
	fetch /huge --change-local-addr=50ms && same huge &&
		cids_decode 1 0a01 6 $key && migrated 127.0.0.1 127.0.0.1 || return 1
	to=$(sed -n 's/^migrate .* to=//p' "$work/log")
	# The server was asked before and answered after, to the new address.
	logged 1 "^path .*peer=$to valid=yes" &&
		logged 1 "^request .*peer=$to .*path=\"/huge\" status=200" &&
		migrates_before_the_end && stop
}

migrates_before_the_end()
{
	grep -E '^(migrate|request)' "$work/log" | head -1 | grep -q '^migrate'
}

rebinding()
{
	start --listen 127.0.0.1:0 "${lb[@]}" --key-file "$work/qkey" || return 1
	fetch /big --change-local-addr=50ms --nat-rebinding --delay-stream=200ms &&
		same big && migrated 127.0.0.1 127.0.0.1 && stop
}

# OCTETS URI OPTION...: through a NAT that changes its address after so many of the server's
fetch_nat()
{
	local nat_pid status=0

	: > "$work/nat"
	"$probe" nat "127.0.0.1:$port" 127.0.0.2 127.0.0.3 "$1" > "$work/nat" &
	nat_pid=$!
	wait_until test -s "$work/nat" || return 1
	rm -rf "$work/dl"
	fetch_to "$work/dl" 127.0.0.1 "$(cat "$work/nat")" "${@:2}" || status=$?
	kill "$nat_pid"
	await "$nat_pid" && return "$status"
}

nat_rebinding()
{
	start --listen 127.0.0.1:0 "${lb[@]}" --key-file "$work/qkey" || return 1
	fetch_nat 1000000 /big && same big && migrated 127.0.0.2 127.0.0.3 &&
		migrates_before_the_end && stop
}

test_http()
{
	check "server starts for HTTP" start --listen 127.0.0.1:0 "${lb[@]}" \
		--pid-file "$work/pid"
	check "pid file" test "$(cat "$work/pid")" = "$server_pid"
	check "index of the root" http 200 / index.html
	check "index of a directory" http 200 /dir/ dir/index.html
	check "query is ignored" http 200 '/small?x=1' small
	check "percent-encoding" http 200 '/sp%61ce%20d' 'spa ce d' 'space d'
	check "symbolic link inside" http 200 /link small
	check "empty file" http 200 /empty empty
	check "header names the server" grep -qF '[x-served-by: rs1]' \
		"$work/dl.log"
	check "content-length" content_length
	check "404" http 404 /none
	check "404 for a directory" http 404 /dir
	check "404 for a file as directory" http 404 /small/x
	check "404 for a FIFO" http 404 /fifo
	check "404 for ../" http 404 /../secret
	check "404 for dir/../../" http 404 /dir/../../secret
	check "404 for encoded ../" http 404 '/%2e%2e/secret'
	check "404 for encoded ..%2f" http 404 '/..%2fsecret'
	check "404 for a second /" http 404 "/$work/secret"
	check "404 for a symbolic link outside" http 404 /outside
	check "400 for bad percent-encoding" http 400 '/%zz'
	check "400 for an encoded NUL" http 400 '/small%00x'
	check "400 for a path that does not fit" http 400 "/$(printf '%01500d' 0)"
	check "414" http 414 "/$(printf '%03000d' 0)"
	check "HEAD" head_request
	check "405 for POST with a body" post
	check "log is safe against quotes" quoted_path
	check "file that shrinks resets its stream" shrinking_file
	check "memory is bounded" bounded_memory
	check "server stops after HTTP" stop
	check "pid file is removed" test ! -e "$work/pid"
}

# STATUS URI [FILE [AS]]
http()
{
	fetch "$2" || return 1
	status_is "$1" || return 1
	[ -z "${3:-}" ] || cmp "$work/root/${4:-$3}" "$(find "$work/dl" -type f)"
}

content_length()
{
	fetch /big && grep -F content-length "$work/dl.log" &&
		grep -qF "[content-length: $(stat -c %s "$work/root/big")]" \
			"$work/dl.log"
}

head_request()
{
	fetch /big -m HEAD && status_is 200 || return 1
	grep -qF "[content-length: $(stat -c %s "$work/root/big")]" \
		"$work/dl.log" || return 1
	logged 1 'method=HEAD path="/big" status=200 bytes=0$'
}

post()
{
	fetch /small -m POST -d "$work/root/big" && status_is 405 &&
		grep -qF '[allow: GET, HEAD]' "$work/dl.log" &&
		logged 1 'method=POST path="/small" status=405 bytes=0$'
}

quoted_path()
{
	fetch '/a"b\c' && status_is 404 || return 1
	grep ^request "$work/log" | tail -1
	grep -qF 'path="/a\x22b\x5cc" status=404' "$work/log"
}

# The client is stopped in the middle, so that the server cannot have read all.
shrinking_file()
{
	local client status=0

	rm -rf "$work/dl"
	truncate -s 300M "$work/root/shrinks"
	fetch_to "$work/dl" 127.0.0.1 "$port" /shrinks &
	client=$!
	wait_until test -s "$work/dl/shrinks" || return 1
	pkill -STOP -P "$client" || return 1
	truncate -s 0 "$work/root/shrinks"
	pkill -CONT -P "$client" || return 1
	wait "$client" || status=$?
	tail -5 "$work/dl.log"
	# 0x102 is H3_INTERNAL_ERROR.
	grep -E 'RESET_STREAM|app_error_code|0x102' "$work/dl.log" | head -5
	grep -q 'RESET_STREAM.*app_error_code=.*0x102' "$work/dl.log" || return 1
	[ "$(stat -c %s "$work/dl/shrinks")" -lt 300000000 ] || return 1
	fetch /small && same small
}

bounded_memory()
{
	local peak

	case $program in */sanitize/*) return 0 ;; esac
	truncate -s 80M "$work/root/sparse"
	fetch /sparse -q && same sparse || return 1
	rm -f "$work/root/sparse" "$work/dl/sparse"
	peak=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$server_pid/status")
	echo "peak: $peak KiB"
	[ "$peak" -lt 20000 ]
}

test_addresses()
{
	check "answers from the address that was asked" wildcard 0.0.0.0 127.0.0.9
	if ip -6 address show dev lo 2>/dev/null | grep -q '::1/'; then
		check "IPv6" wildcard '[::1]' ::1
		check "two sockets" two_sockets
	else
		skip "IPv6" "no IPv6 on the loopback device"
	fi
	if make_namespaces > "$work/out" 2>&1; then
		server_in=(ip netns exec "$netns-s")
		client_in=(ip netns exec "$netns-c")
		check "service address on lo, client elsewhere, IPv4" wildcard \
			0.0.0.0 192.0.2.1
		check "service address on lo, client elsewhere, IPv6" wildcard \
			'[::]' 2001:db8::1
		server_in=() client_in=()
	else
		skip "service address on lo" "no network namespaces: $(tail -1 "$work/out")"
	fi
}

# The server's own address, which a reply would have by default, is 10.0.0.1 and
# fd00::1; the client asks 192.0.2.1 and 2001:db8::1.
make_namespaces()
{
	local ns

	! ip netns exec "$netns-c" true 2> /dev/null || return 0
	for ns in "$netns-s" "$netns-c"; do
		ip netns add "$ns" && ip -n "$ns" link set lo up || return 1
	done
	ip -n "$netns-s" link add veth0 type veth peer name veth0 \
		netns "$netns-c" &&
	ip -n "$netns-s" -b - <<-END && ip -n "$netns-c" -b - <<-END
		link set veth0 up
		address add 10.0.0.1/24 dev veth0
		address add fd00::1/64 dev veth0 nodad
		address add 192.0.2.1/32 dev lo
		address add 2001:db8::1/128 dev lo nodad
	END
		link set veth0 up
		address add 10.0.0.2/24 dev veth0
		address add fd00::2/64 dev veth0 nodad
		route add 192.0.2.1 via 10.0.0.1
		route add 2001:db8::1 via fd00::1
	END
}

# LISTEN CONNECT: the client's socket takes no datagram from another address.
wildcard()
{
	start --listen "$1:0" "${lb[@]}" || return 1
	rm -rf "$work/dl"
	fetch_to "$work/dl" "$2" "$port" /big --change-local-addr=20ms && same big &&
		ecn_capable && stop
}

# The server tells the client what marks arrived, and marks its own packets with 2 (RFC 3168, section 5).
ecn_capable()
{
	grep -E ' path is (not )?ECN capable' "$work/dl.log"
	grep -q ' con path is ECN capable' "$work/dl.log" &&
		! grep -q ' con path is not ECN capable' "$work/dl.log" &&
		grep -q '^Received packet: .* ecn=0x2 ' "$work/dl.log"
}

two_sockets()
{
	local second

	start --listen 127.0.0.1:0 --listen '[::1]:0' "${lb[@]}" || return 1
	second=$(sed -n 's/^listening on \[::1\]://p' "$work/log")
	fetch /small && same small || return 1
	rm -rf "$work/dl"
	fetch_to "$work/dl" ::1 "$second" /small && same small && stop
}

test_packets()
{
	check "version negotiation" version_negotiation
	check "QUIC version 2" version_2
	check "Retry" retry
	check "Retry with a token for another address" retry_moved
	check "stateless reset" stateless_reset
	check "reset secret: same after a restart, other for another server" \
		reset_secrets
	check "client of a server that crashed is told so" crash
	check "garbage" garbage
}

version_negotiation()
{
	start --listen 127.0.0.1:0 "${lb[@]}" &&
		"$probe" version-negotiation "127.0.0.1:$port" && stop
}

version_2()
{
	local name=v2 version=0x6b3343cf

	case $(gtlsclient --help) in
	*v2draft*)	# libngtcp2 0.12
		name=v2draft version=0x709a50c4
		;;
	esac
	start --listen 127.0.0.1:0 "${lb[@]}" && fetch /big -v $name &&
		same big && cids_decode 1 0a01 6 - && stop || return 1
	grep -q "pkt rx .*version=$version" "$work/dl.log"
}

# The Retry's CID is not in the server's log, as no connection exists yet.
retry()
{
	local seen

	start --listen 127.0.0.1:0 "${lb[@]}" --key-file "$work/qkey" --retry &&
		fetch /big --change-local-addr=30ms && same big && stop || return 1
	seen=$(sed -nE 's/.* pkt rx .* scid=0x([0-9a-f]+) .*type=Retry.*/\1/p' \
		"$work/dl.log")
	echo "Retry's CID: $seen"
	[ "$(echo "$seen" | "$probe" decode 1 2 6 $key)" = 0a01 ] || return 1
	client_cids "$work/dl.log" | "$probe" decode 1 2 6 $key | sort -u > "$work/ids"
	[ "$(cat "$work/ids")" = 0a01 ] && [ -n "$seen" ]
}

# The NAT changes the client's address after the Retry: INVALID_TOKEN is 0xb.
retry_moved()
{
	start --listen 127.0.0.1:0 "${lb[@]}" --retry || return 1
	fetch_nat 1 /small || :
	grep CONNECTION_CLOSE "$work/dl.log"
	grep -q 'frm rx .*CONNECTION_CLOSE.*error_code=.*(0xb)' "$work/dl.log" &&
		[ ! -e "$work/dl/small" ] && logged 0 '^request' && stop
}

stateless_reset()
{
	start --listen 127.0.0.1:0 "${lb[@]}" &&
		"$probe" stateless-reset "127.0.0.1:$port" 1 9 > "$work/reset" && stop
}

# CID ARGUMENT...: its token
token_of()
{
	local cid=$1

	shift
	start --listen 127.0.0.1:0 "$@" &&
		"$probe" reset-token "127.0.0.1:$port" "$cid" && stop
}

# The CID's server ID need not be the server's.  No two of the configs may have one secret.
reset_secrets()
{
	local cid=30112233445566778899aabb a b

	a=$(token_of $cid "${lb[@]}" --key-file "$work/qkey") &&
	b=$(token_of $cid "${lb[@]}" --key-file "$work/qkey") || return 1
	[ "$a" = "$b" ] || { echo "$a $b"; return 1; }
	configs "1:0a01:6:$work/qkey" "2:0a01:8:$work/qkey2"
	b=$(token_of $cid --config "$work/configs") || return 1
	[ "$a" = "$b" ] || { echo "$a $b after a rotation"; return 1; }
	{
		echo "$a"
		token_of $cid --config 1:0a02:6:"$work/qkey"
		token_of $cid --config 1:0a01:6:"$work/qkey2"
		token_of $cid --config 1:0a01:6
		token_of $cid --config 1:0a01:6,self-len
		token_of $cid --config 1:0a0100:5
		token_of $cid --config 1:0a01:7
	} > "$work/tokens" || return 1
	cat "$work/tokens"
	[ "$(sort -u "$work/tokens" | wc -l)" -eq 7 ]
}

crash()
{
	local client status=0 same_port

	start --listen 127.0.0.1:0 "${lb[@]}" || return 1
	rm -rf "$work/dl"
	fetch_to "$work/dl" 127.0.0.1 "$port" /small --delay-stream=2s &
	client=$!
	wait_until seven_issued || return 1
	kill -KILL "$server_pid"
	await "$server_pid" || :
	same_port=$port
	start --listen "127.0.0.1:$same_port" "${lb[@]}" || return 1
	wait "$client" || status=$?
	tail -5 "$work/dl.log"
	[ ! -s "$work/dl/small" ] && [ "$status" -ne 124 ] || return 1
	grep -q 'pkt rx .* SR token=' "$work/dl.log" && stop
}

seven_issued() { [ "$(issued_cids | wc -l)" -ge 7 ]; }

garbage()
{
	start --listen 127.0.0.1:0 "${lb[@]}" &&
		"$probe" garbage "127.0.0.1:$port" 5000 &&
		fetch /big && same big && stop
}

test_many()
{
	check "100 clients at once, all migrate" many_clients
	check "250 requests on one connection" many_streams
	check "too many connections are refused" max_connections
	check "stopping closes connections" stop_closes
}

many_clients()
{
	local i pids=() bad=0

	rm -rf "$work"/many
	mkdir "$work/many"
	start --listen 127.0.0.1:0 "${lb[@]}" --key-file "$work/qkey" || return 1
	for i in $(seq 100); do
		fetch_to "$work/many/$i" 127.0.0.1 "$port" /medium \
			--change-local-addr=100ms --delay-stream=80ms -q &
		pids+=($!)
	done
	for i in $(seq 100); do
		wait "${pids[i - 1]}" && same medium "$work/many/$i" ||
			bad=$((bad + 1))
	done
	echo "$bad downloads failed, $(grep -c ^migrate "$work/log") migrations"
	[ "$bad" -eq 0 ] || return 1
	logged 100 '^request .*path="/medium" status=200' || return 1
	[ "$(grep -c ^migrate "$work/log")" -ge 50 ] || return 1
	issued_cids | "$probe" decode 1 2 6 $key | sort -u > "$work/ids"
	[ "$(cat "$work/ids")" = 0a01 ] && stop
}

many_streams()
{
	start --listen 127.0.0.1:0 "${lb[@]}" && fetch /small -n 250 -q &&
		logged 250 '^request .*path="/small" status=200' && stop
}

# CONNECTION_REFUSED is 0x2.
max_connections()
{
	local client

	start --listen 127.0.0.1:0 "${lb[@]}" --max-connections 1 || return 1
	fetch_to "$work/first" 127.0.0.1 "$port" /small --delay-stream=2s &
	client=$!
	wait_until seven_issued || return 1
	fetch /small || :
	grep CONNECTION_CLOSE "$work/dl.log"
	grep -q 'frm rx .*CONNECTION_CLOSE.*error_code=.*(0x2)' "$work/dl.log" ||
		return 1
	wait "$client" && same small "$work/first" && stop
}

stop_closes()
{
	local client

	start --listen 127.0.0.1:0 "${lb[@]}" || return 1
	rm -rf "$work/dl"
	fetch_to "$work/dl" 127.0.0.1 "$port" /small --delay-stream=50s &
	client=$!
	wait_until seven_issued && stop || return 1
	SECONDS=0
	wait "$client" || :
	[ "$SECONDS" -lt 20 ] || { echo "the client waited $SECONDS s"; return 1; }
	# H3_NO_ERROR is 0x100.
	grep -q 'frm rx .*CONNECTION_CLOSE.*error_code=.*(0x100)' "$work/dl.log"
}

test_log_file()
{
	check "log to a file" log_file
}

log_file()
{
	start --listen 127.0.0.1:0 "${lb[@]}" --log "$work/access" || return 1
	fetch /small && stop || return 1
	cat "$work/access"
	grep -qE '^request time=[0-9T:.-]+Z peer=127\.0\.0\.1:[0-9]+ server=rs1 method=GET path="/small" status=200 bytes=6$' \
		"$work/access" && logged 0 '^request'
}

make_site()
{
	local root=$work/root

	mkdir -p "$root/dir"
	echo small > "$root/small"
	echo index > "$root/index.html"
	echo directory > "$root/dir/index.html"
	echo space > "$root/space d"
	: > "$root/empty"
	echo secret > "$work/secret"
	ln -s small "$root/link"
	ln -s ../secret "$root/outside"
	mkfifo "$root/fifo"
	head -c 300000 /dev/urandom > "$root/medium"
	head -c 4000000 /dev/urandom > "$root/big"
	head -c 20000000 /dev/urandom > "$root/huge"
	(umask 077; echo $key > "$work/qkey"; echo "$key2" > "$work/qkey2")
}

make_certificates()
{
	local name

	for name in "" 2; do
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
			-nodes -days 2 -subj /CN=localhost \
			-keyout "$work/key$name.pem" -out "$work/cert$name.pem" \
			2> "$work/openssl" || { cat "$work/openssl"; exit 1; }
	done
}

main()
{
	local tool group

	echo "KTAP version 1"
	for tool in gtlsclient openssl python3 pkill; do
		if ! command -v $tool > /dev/null; then
			echo "1..0 # SKIP $tool is missing"
			echo "0 passed, 0 failed, 1 skipped"
			exit 4
		fi
	done
	make_certificates
	make_site
	for group in "${groups[@]}"; do
		"test_$group"
	done
	echo "1..$number"
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ]
}

main
