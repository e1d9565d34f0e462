#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The command line of quiclb-steer: every refusal is one sentence.  Asks the kernel for nothing but files in a directory that is no bpffs.  TAP.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd -P)
steer=$here/../quiclb-steer
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
# a path of a group has no dot
nowhere=/nonexistent/group
umask 077
count=0

# refused STATUS SENTENCE [ARG...]
refused() {
	local want=$1 sentence=$2 status=0
	shift 2
	count=$((count + 1))
	"$steer" "$@" >"$tmp/out" 2>"$tmp/err" || status=$?
	if [ "$status" = "$want" ] && [ "$(<"$tmp/err")" = "Error: $sentence." ] && [ ! -s "$tmp/out" ]; then
		echo "ok $count - refused: $*"
	else
		printf '# status %s: %s\n' "$status" "$(<"$tmp/err")"
		echo "not ok $count - refused: $*"
	fi
}

# said PATTERN [ARG...]: on standard output
said() {
	local pattern=$1 status=0
	shift
	count=$((count + 1))
	"$steer" "$@" >"$tmp/out" 2>"$tmp/err" || status=$?
	if [ "$status" = 0 ] && grep -qE -- "$pattern" "$tmp/out" && [ ! -s "$tmp/err" ]; then
		echo "ok $count - said: $*"
	else
		sed 's/^/# /' "$tmp/err"
		echo "not ok $count - said: $*"
	fi
}

said '^Usage: quiclb-steer create' --help
said '^Usage: quiclb-steer create' drain --help
said "^quiclb-steer $(<"$here/../../../VERSION")\$" --version
refused 2 "command: missing; see --help"
refused 2 "attach: no such command; see --help" attach web
refused 2 "create: wants other arguments; see --help" create
refused 2 "create: wants other arguments; see --help" create web more
refused 2 "join: wants other arguments; see --help" join web 1 1
refused 2 "join: wants other arguments; see --help" join web 1 1 2 3 4
refused 2 "give: wants other arguments; see --help" give web 1
refused 2 "give: wants two different numbers" give web 1 1
refused 2 "--cid-len: no such option here; see --help" drain web 1 --cid-len 0:12
refused 2 "--key: no such option here; see --help" create web --key x
refused 2 "--key-file: wants a value" create web --key-file
refused 2 "--cid-len: wants a config's ID, a colon and a number of octets, such as 0:12" create web --cid-len 12
refused 2 "--cid-len: ID: wants a number from 0 to 6" create web --cid-len 7:12
refused 2 "--cid-len: ID: wants a number from 0 to 6" create web --cid-len :12
refused 2 "--cid-len: octets: wants a number from 7 to 20" create web --cid-len 0:21
refused 2 "--cid-len: octets: wants a number from 7 to 20" create web --cid-len 0:6
refused 2 "--cid-len: octets: wants a number from 7 to 20" create web --cid-len 0:12x
for number in 256 -1 '' x 4294967297 18446744073709551617; do
	refused 2 "NUMBER: wants a number from 0 to 255" drain web "$number"
done
refused 2 "TO: wants a number from 0 to 255" give web 0 256
refused 2 "PID: wants a number from 1 to 2147483647" join web 0 0 3
refused 2 "FD: wants a number from 0 to 2147483647" join web 0 1 x

printf '000102030405060708090a0b0c0d0e0' >"$tmp/short"
printf '000102030405060708090a0b0c0d0e0f\n0' >"$tmp/long"
printf 'key: 0405060708090a0b0c0d0e0f0001\n' >"$tmp/words"
printf '000102030405060708090a0b0c0d0e0f\n' >"$tmp/open"
refused 1 "$tmp/none: No such file or directory" create web --key-file "$tmp/none"
refused 1 "$tmp/short: has no key of 32 hex digits" create web --key-file "$tmp/short"
refused 1 "$tmp/words: has no key of 32 hex digits" create web --key-file "$tmp/words"
refused 1 "$tmp/long: has more than a key of 32 hex digits" create web --key-file "$tmp/long"
chmod 604 "$tmp/open"
refused 1 "$tmp/open: others can read or write the key (chmod 600 mends it)" create web --key-file "$tmp/open"

for command in "drain" "leave" "list" "delete"; do
	words=("$command" "$nowhere")
	case $command in drain | leave) words+=(3) ;; esac
	refused 1 "$nowhere: there is no such group; make it with quiclb-steer create" "${words[@]}"
done
refused 1 "a.b: wants a name without dots, or the path of a directory in bpffs" list a.b
refused 1 "$(printf '/%.0s' {1..300}): File name too long" list "$(printf '/%.0s' {1..300})"

# Completion, with commands that are not there: a group of two processes, and two with UDP sockets
mkdir "$tmp/bin" && cd "$tmp"
cat >bin/quiclb-steer <<'END'
#!/bin/sh
[ "$1" = list ] || exit 1
case $2 in
'' | web) ;;
*) exit 1 ;;
esac
echo "Group web: 12 datagrams by worker, 0 of absent workers, 3 others"
echo "Number  Process  State         IPv4  IPv6  Program"
echo "1       4711     open          yes   no    nginx"
echo "20      4712     draining      yes   no    nginx"
END
cat >bin/ss <<'END'
#!/bin/sh
echo 'UNCONN 0 0 192.0.2.1:443 0.0.0.0:* users:(("nginx",pid=4712,fd=6))'
echo 'UNCONN 0 0 192.0.2.1:443 0.0.0.0:* users:(("nginx",pid=4711,fd=6))'
echo 'UNCONN 0 0 [2001:db8::1]:443 [::]:* users:(("nginx",pid=4711,fd=17))'
END
chmod +x bin/*
completion=$here/../completion/quiclb-steer.bash

# completes LINE CANDIDATES: in bash, and for the other shells
completes() {
	local in_bash alone=$2
	count=$((count + 1))
	# shellcheck disable=SC2016 # the inner shell expands it
	in_bash=$(PATH=$tmp/bin:$PATH bash -c 'complete() { :; }; . "$1"; unset -f complete
		COMP_LINE=$2 COMP_POINT=${#2} COMPREPLY=(); _quiclb_steer; printf "%s\n" "${COMPREPLY[*]}"' bash "$completion" "$1")
	[[ $1 != *--key-file\ * ]] || alone=FILES
	if [ "$in_bash" = "$2" ] && [ "$(PATH=$tmp/bin:$PATH bash "$completion" "$1" | xargs)" = "$alone" ]; then
		echo "ok $count - completes: $1"
	else
		printf '# %s\n' "$in_bash"
		echo "not ok $count - completes: $1"
	fi
}

touch here.key
completes "quiclb-steer " "create join leave drain give list delete --help --version"
completes "quiclb-steer d" "drain delete"
completes "quiclb-steer list " web
completes "quiclb-steer create " "--key-file --cid-len"
completes "quiclb-steer create web --k" --key-file
completes "quiclb-steer create web --key-file here" here.key
completes "quiclb-steer create web --cid-len " ""
completes "quiclb-steer drain web " "1 20"
completes "quiclb-steer drain web 2" 20
completes "quiclb-steer drain other " ""
completes "quiclb-steer give web 1 " 20
completes "quiclb-steer join web " ""
completes "quiclb-steer join web 1 " "4711 4712"
completes "quiclb-steer join web 1 4711 " "6 17"
completes "quiclb-steer list web " ""
echo "1..$count"
