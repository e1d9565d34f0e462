#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The program itself, sanitized: what no test inside one process sees.  Nothing here
# asks the kernel anything.  TAP.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd -P)
quiclbadm=$here/sanitize/quiclbadm
schema=$here/../../../Documentation/quiclbadm.schema.json
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
umask 077
export TERM=dumb
count=0

# test NAME FUNCTION: it runs with errexit, in a directory of its own
test_case() {
	local rc
	count=$((count + 1))
	mkdir "$tmp/$count"
	set +e
	(
		set -eE
		trap 'echo "# line $LINENO: $BASH_COMMAND"' ERR
		trap - EXIT
		cd "$tmp/$count"
		"$2"
	)
	rc=$?
	set -e
	if [ "$rc" = 0 ]; then
		echo "ok $count - $1"
	elif [ "$rc" = 77 ]; then
		echo "ok $count - $1 # SKIP this machine keeps no cores"
	else
		echo "not ok $count - $1"
	fi
}

# ends STATUS COMMAND...: with this status; what it prints is in out and err
ends() {
	local want=$1 rc=0
	shift
	"$@" >out 2>err </dev/null || rc=$?
	[ "$rc" = "$want" ] || {
		echo "# $*: status $rc, not $want"
		sed 's/^/# /' out err
		return 1
	}
}

exit_codes() {
	ends 0 "$quiclbadm" help
	ends 0 "$quiclbadm" --help
	ends 0 "$quiclbadm" -A --help
	ends 0 "$quiclbadm" version
	ends 0 "$quiclbadm" genkey
	ends 0 "$quiclbadm" decode --id 0 --server-id-len 3 --nonce-len 4 0731441a9c69c275
	ends 1 "$quiclbadm" decode --id 1 --server-id-len 3 --nonce-len 4 0731441a9c69c275
	ends 1 "$quiclbadm" decode --id 0 --server-id-len 3 --nonce-len 4 --key-file /nowhere 00
	ends 2 "$quiclbadm" decode --id 7 --server-id-len 3 --nonce-len 4 00
	ends 2 "$quiclbadm" frobnicate
	ends 2 "$quiclbadm" -A
	ends 2 "$quiclbadm" help frobnicate
	ends 2 "$quiclbadm" metrics --http --output file
	ends 2 "$quiclbadm" metrics --http --prometheus
}

# every line of usage is about a command, and every command has one
helps() {
	local name
	ends 0 "$quiclbadm" help
	cp out overview
	for name in "${commands[@]}"; do
		grep -q "^  $name  *[A-Z].*\.$" overview
		# shellcheck disable=SC2086
		ends 0 "$quiclbadm" help $name
		grep -q "^Usage: quiclbadm $name" out
	done
}

full_disk() {
	local rc=0
	"$quiclbadm" help >/dev/full 2>err || rc=$?
	[ "$rc" = 1 ]
	[ "$(cat err)" = "Error: standard output: No space left on device." ]
	rc=0
	"$quiclbadm" genkey >/dev/full 2>err || rc=$?
	[ "$rc" = 1 ]
}

key_output() {
	"$quiclbadm" genkey >key 2>err
	[ ! -s err ]
	[[ $(cat key) =~ ^[0-9a-f]{32}$ ]]
	"$quiclbadm" genkey >other
	if cmp -s key other; then return 1; fi
	(
		umask 022
		"$quiclbadm" genkey >open 2>err
	)
	[ "$(cat err)" = "Warning: key: any user may read the file it is written to (umask 077)." ]
	[[ $(cat open) =~ ^[0-9a-f]{32}$ ]]
}

# before the kernel is asked
keys_go_nowhere_public() {
	local rc=0
	(
		umask 022
		"$quiclbadm" -S --keys >open 2>err
	) || rc=$?
	[ "$rc" = 1 ]
	[ "$(cat err)" = "Error: --keys: any user may read the file that standard output is (umask 077)." ]
	[ ! -s open ]
	# script(1) is a terminal, and wants a line for the shell
	timeout -k 5 60 script -qec "$(printf %q "$quiclbadm") -S --keys" /dev/null >typed </dev/null || true
	grep -q 'Error: --keys: standard output is a terminal\.' typed
}

dumped() { "$here/../../tests/dumped.py" "$@"; }

# not the sanitized program: that never leaves one
no_core() {
	local rc=0
	dumped cat || rc=$?
	[ "$rc" != 3 ] || return 77
	[ "$rc" = 0 ]
	dumped "$here/../quiclbadm" -R || rc=$?
	[ "$rc" = 3 ]
}

relative_key_file() {
	echo 8f95f09245765f80256934e50c66207f >key
	ends 0 "$quiclbadm" encode --id 0 --server-id ed793a --nonce ee080dbf --self-len --key-file key
	[ "$(cat out)" = 0720b1d07b359d3c ]
	ends 0 "$quiclbadm" decode --id 0 --server-id-len 3 --nonce-len 4 --key-file key 0720b1d07b359d3c
	grep -qx 'server-id  ed793a' out
}

# draft-ietf-quic-load-balancers, "Load Balancer Test Vectors"; the misprinted ones are
# left out or corrected
vectors() {
	local kind id sid nonce cid
	local -a key
	echo 8f95f09245765f80256934e50c66207f >key
	while read -r kind id sid nonce cid; do
		key=()
		[ "$kind" = plain ] || key=(--key-file key)
		ends 0 "$quiclbadm" encode --id "$id" --server-id "$sid" --nonce "$nonce" --self-len "${key[@]}"
		[ "$(cat out)" = "$cid" ]
		ends 0 "$quiclbadm" decode --id "$id" --server-id-len $((${#sid} / 2)) --nonce-len $((${#nonce} / 2)) \
			"${key[@]}" "$cid"
		printf 'config     %s\nserver-id  %s\nnonce      %s\n' "$id" "$sid" "$nonce" | cmp - out
	done <<-'END'
		plain 0 c4605e 4504cc4f 07c4605e4504cc4f
		keyed 0 ed793a ee080dbf 0720b1d07b359d3c
		keyed 1 ed793a51d49b8f5fab65 ee080dbf48 2fcc381bc74cb4fbad2823a3d1f8fed2
		keyed 2 ed793a51d49b8f5f ee080dbf48c0d1e5 504dd2d05a7b0de9b2b9907afb5ecf8cc3
		keyed 0 ed793a51d49b8f5fab ee080dbf48c0d1e55d 125779c9cc86beb3a3a4a3ca96fce4bfe0cdbc
	END
}

# options_of COMMAND: as its help says
options_of() {
	# shellcheck disable=SC2086
	"$quiclbadm" help $1 | sed -n '1,/^$/{ s/[][]/ /g; p; }' | tr ' ' '\n' | grep -xE -- '--?[a-zA-Z0-9-]+' | sort -u |
		grep -vxE -- '-[AEDCRSaedLZ]|-' || true
}

commands=(-A -E -D -C -R -S -a -e -d -L -Z sync diff batch set "config add" "config replace" "config del" "config list" "server-id add"
	"server-id del" "server-id move" "server-id list" rotate "express add" "express del" "express take" "express list" decode encode explain doctor monitor probe check-director trace genkey fingerprint server-config metrics help version)

documented() {
	local name option
	mandoc -T ascii "$here/../quiclbadm.8" | sed 's,.\x08,,g' >manual
	for name in "${commands[@]}"; do
		for option in $(options_of "$name"); do
			grep -qE -- "(^|[^a-z-])$option([^a-z-]|\$)" manual || {
				echo "# $name: $option is not in the manual"
				return 1
			}
		done
	done
}

# the entries of the manual's SYNOPSIS, one a line
synopsis() {
	mandoc -T ascii -O width=400 "$here/../quiclbadm.8" | sed 's,.\x08,,g' | awk '/^SYNOPSIS/ { on = 1; next } /^[A-Z]/ { on = 0 }
		on && $1 == "quiclbadm" { printf "\n" } on { $1 = $1; printf "%s ", $0 }' | sed 's/^quiclbadm //'
}

# in_synopsis COMMAND: the options that stand there
in_synopsis() {
	local names first sub
	read -r first sub <<<"$1"
	# "-A | -E", "config add | replace"
	names="^(-[A-Za-z] \\| )?$first( \\| -[A-Za-z])?( |\$)"
	[ -z "$sub" ] || names="^$first ([a-z]+ \\| )?$sub( |\$)"
	grep -E -- "$names" entries | sed -E "s/$names//; s/\\bservice\\b/-u -f -6/g" | tr ' |[]' '\n' | grep -xE -- '--?[a-zA-Z0-9][a-zA-Z0-9-]*' | sort -u
}

# What help says is compared with the table of options by test_parse.
synopsis_is_help() {
	local name
	synopsis >entries
	for name in "${commands[@]}"; do
		diff <(options_of "$name") <(in_synopsis "$name") >differences || {
			echo "# $name: its help (<) and the manual's synopsis (>) differ:"
			sed 's/^/# /' differences
			return 1
		}
	done
	# and every command of the table is in the list above
	"$quiclbadm" help | sed -n 's/^  \(.\{18\}\) .*/\1/p' | sed 's/ *$//' >all
	printf '%s\n' "${commands[@]}" | diff all -
}

# complete LINE: what completion offers, on one line, asking the quiclbadm that is first in PATH
complete_line() {
	# shellcheck disable=SC2034
	bash -c 'complete() { :; }; . "$1"; unset -f complete
		COMP_LINE=$2 COMP_POINT=${#2} COMPREPLY=(); _quiclbadm; printf "%s\n" "${COMPREPLY[*]}"' \
		bash "$here/../completion/quiclbadm.bash" "$1"
}

completion_of_options() {
	local name option
	for name in "${commands[@]}"; do
		for option in $(options_of "$name"); do
			[ "$option" != -6 ] || continue
			case " $(complete_line "quiclbadm $name $option") " in
			*" $option "*) ;;
			*)
				echo "# $name: $option is not offered"
				return 1
				;;
			esac
		done
	done
}

completion_of_values() {
	cat >quiclbadm <<-'END'
		#!/bin/sh
		case "$1 $*" in
		"-L "*"-u 192.0.2.1:443"*)
			echo "IP Virtual Server version 1.2.1 (size=4096)"
			echo "Prot LocalAddress:Port Scheduler Flags"
			echo "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn  ServerID"
			echo "UDP  192.0.2.1:443 quic"
			echo "  -> 10.0.0.11:443                Tunnel  1      0          0          0:0a01"
			echo "  -> 10.0.0.12:443                Tunnel  1      0          0         " ;;
		"-L "*)
			echo "UDP  192.0.2.1:443 quic"
			echo "  -> 10.0.0.11:443                Tunnel  1      0          0          0:0a01"
			echo "UDP  [2001:db8::1]:443 quic"
			echo "FWM  5 IPv6 quic" ;;
		"config "*"-f 5 -6")
			echo "Service                      ID Tenant ServerIDLen NonceLen Algorithm   Check     Datagrams  LastSeen       Misses Fingerprint KeySource"
			echo "fwmark 5 (IPv6)               3      0           2        6 plaintext   -                 0     never            0 -           -" ;;
		"server-id "*)
			echo "Service                      ServerID                          Server                       Pool"
			echo "192.0.2.1:443                0:0a01                            10.0.0.11:443                present" ;;
		esac
	END
	chmod +x quiclbadm
	PATH=$PWD:$PATH
	[ "$(complete_line "quiclbadm conf")" = config ]
	[ "$(complete_line "quiclbadm config d")" = del ]
	[ "$(complete_line "quiclbadm --color=never config d")" = del ]
	[ "$(complete_line "quiclbadm --color a")" = "auto always" ]
	[ "$(complete_line "quiclbadm -N nowhere fing")" = fingerprint ]
	[ "$(complete_line "quiclbadm -D -u ")" = "192.0.2.1:443 [2001:db8::1]:443" ]
	# readline has cut the word at the colon
	[ "$(complete_line "quiclbadm -D -u 192.0.2.1:4")" = 443 ]
	[ "$(complete_line "quiclbadm -D -f ")" = 5 ]
	[ "$(complete_line "quiclbadm -d -u 192.0.2.1:443 -r ")" = "10.0.0.11:443 10.0.0.12:443" ]
	[ "$(complete_line "quiclbadm config del -f 5 -6 --id ")" = 3 ]
	[ "$(complete_line "quiclbadm config add -f 5 -6 --id 1 --tenant ")" = "0 1 2 3" ]
	[ -z "$(complete_line "quiclbadm set -f 5 -6 --dcid-max ")" ]
	[ "$(complete_line "quiclbadm server-id del -u 192.0.2.1:443 --server-id 0:0")" = 0a01 ]
	[ "$(complete_line "quiclbadm -a -u 192.0.2.1:443 -i --tun-type g")" = "gue gre" ]
	[ "$(complete_line "quiclbadm config add -f 5 -6 --layout katran-v")" = "katran-v1 katran-v2 katran-v3" ]
	: >file
	[ "$(complete_line "quiclbadm config add --key-file fi")" = file ]
	[ "$(complete_line "quiclbadm -R fi")" = file ]
	[ "$(complete_line "quiclbadm -S --keys fi")" = file ]
	[ "$(complete_line "quiclbadm -S --yang -u ")" = "192.0.2.1:443 [2001:db8::1]:443" ]
	[ "$(complete_line "quiclbadm server-config -u 192.0.2.1:443 -r ")" = "10.0.0.11:443 10.0.0.12:443" ]
	[ "$(complete_line "quiclbadm fingerprint fi")" = file ]
	[ "$(complete_line "quiclbadm metrics --output fi")" = file ]
	# what was given once is not offered again
	case " $(complete_line "quiclbadm -d -u 192.0.2.1:443 --") " in
	" --keep-server-ids ") ;;
	*) return 1 ;;
	esac
	[ -z "$(complete_line "quiclbadm -d --keep-server-ids -u 192.0.2.1:443 --")" ]
}

# as those for zsh and fish run it; with these shells it is tested where the packages are
completion_as_program() {
	local run=(bash "$here/../completion/quiclbadm.bash")
	[ "$("${run[@]}" "quiclbadm config " | xargs)" = "add replace del list" ]
	[ "$("${run[@]}" "quiclbadm server-id del --server-id 0:0")" = "" ]
	[ "$("${run[@]}" "quiclbadm -a --tun-type g" | xargs)" = "gue gre" ]
	[ "$("${run[@]}" "quiclbadm -R ")" = FILES ]
	[ "$("${run[@]}" "quiclbadm explain --saved x")" = FILES ]
	# no readline cuts the word at a colon
	printf '#!/bin/sh\necho "UDP  192.0.2.1:443 quic"\n' >quiclbadm
	chmod +x quiclbadm
	[ "$(PATH=$PWD:$PATH "${run[@]}" "quiclbadm -D -u 192.0.2.1:4")" = 192.0.2.1:443 ]
}

# explain and trace are run by quiclbadm-diag, whose libraries no other command loads
other_program() {
	local libraries
	printf -- '%s\n' '-A -u 192.0.2.1:443 -s quic' 'config add -u 192.0.2.1:443 --id 0 --server-id-len 2 --nonce-len 4' \
		'-a -u 192.0.2.1:443 -r 10.0.0.11:443 -i -w 1 --server-id 0:0a01' >saved
	ends 0 "$quiclbadm" explain --saved saved 40000a01deadbeef00
	grep -q 'config=0 server-id=0a01 routed server=10.0.0.11:443' out
	ends 2 "$quiclbadm" explain
	ends 1 "$quiclbadm" explain --saved missing 40
	cp "$quiclbadm" .
	ends 1 ./quiclbadm explain --saved saved 40000a01deadbeef00
	[ "$(cat err)" = "Error: /nowhere/quiclbadm-diag: No such file or directory." ]
	libraries=$(ldd "$here/../quiclbadm")
	[[ $libraries == *libmnl* && $libraries != *libpcap* && $libraries != *libtrace* && $libraries != *libbpf* ]]
}

# "said TEXT": what the last command wrote to stderr
said() {
	[ "$(cat err)" = "$1" ] || {
		sed 's/^/# /' err
		return 1
	}
}

batches() {
	echo 8f95f09245765f80256934e50c66207f >key
	cat >lines <<-'END'
		# a comment
		fingerprint key
		quiclbadm decode --id 0 --server-id-len 3 --nonce-len 4 07c4605e4504cc4f

		encode --id 0 --server-id c4605e --nonce "4504cc4f" --self-len -j
	END
	ends 0 "$quiclbadm" -b lines
	printf '%s\n' b85b6e69 'config     0' 'server-id  c4605e' 'nonce      4504cc4f' '{' '  "cid": "07c4605e4504cc4f"' '}' >wanted
	sed 1d wanted >rest
	sed 1d out | cmp - rest
	mv out first
	ends 0 "$quiclbadm" batch lines
	cmp out first
	"$quiclbadm" -b - <lines | cmp - first
	# the first that fails ends it
	printf '%s\n' version 'decode -w 1 00' 'fingerprint nowhere' version >bad
	ends 2 "$quiclbadm" -b bad
	[ "$(wc -l <out)" = 1 ]
	said $'Error: bad:2: -w: decode does not take it.\nWarning: bad:2: the lines behind this one were not run (--force).'
	ends 2 "$quiclbadm" -b bad --force
	[ "$(wc -l <out)" = 2 ]
	said $'Error: bad:2: -w: decode does not take it.\nError: bad:3: key file nowhere: No such file or directory.'
	# the last line has nothing behind it
	printf 'fingerprint nowhere' >bad
	ends 1 "$quiclbadm" batch bad
	said "Error: bad:1: key file nowhere: No such file or directory."
	ends 1 "$quiclbadm" -b nowhere
	said "Error: nowhere: No such file or directory."
	# a batch's input is not a command's, nor can it be ended or left by one
	printf '%s\n' -R 'sync -' 'explain 00' trace 'batch lines' '-N x version' 'fingerprint -' >bad
	ends 2 "$quiclbadm" --force -b bad
	said "Error: bad:1: -R: in a batch it needs the name of a file.
Error: bad:2: sync: in a batch it needs the name of a file.
Error: bad:3: explain: not in a batch.
Error: bad:4: trace: not in a batch.
Error: bad:5: batch: not in a batch.
Error: bad:6: -N: a batch is in one network namespace (quiclbadm -N NETNS -b FILE).
Error: bad:7: key file (standard input): 0 hex digits, and a key has 32."
	# a file within, with lines of its own
	printf '%s\n' '-A -u 192.0.2.1' >state
	echo '-R --check state' >bad
	ends 1 "$quiclbadm" -b bad
	said "Error: bad:1: line 1: -u 192.0.2.1: the port is missing (192.0.2.1:443)."
	# ipvsadm's letter, with ipvsadm's commands
	ends 2 "$quiclbadm" -b flag-9 -A -u 192.0.2.1:443 -s sh
	[[ $(cat err) == "Error: -b flag-9: "* ]]
}

# Where there is one is the selftest's.
namespaces() {
	ends 1 "$quiclbadm" -N ivq-nowhere -L
	said "Error: -N ivq-nowhere: there is no such network namespace (ip netns list)."
	ends 1 "$quiclbadm" -N ivq-nowhere config list
	ends 1 "$quiclbadm" config list --netns=ivq-nowhere
	ends 1 "$quiclbadm" -N /dev/null -L
	said "Error: -N /dev/null: it is no network namespace."
	ends 1 "$quiclbadm" -N ivq-nowhere
	ends 0 "$quiclbadm" -N ivq-nowhere config list --help
	printf '%s\n' '-A -u 192.0.2.1:443 -N x' >state
	ends 1 "$quiclbadm" -R --check state
	said "Error: line 1: -N: it is for a whole command, not for a line of a file."
}

# has_color: did the last command print any?
has_color() { grep -q $'\033\\[3[1-3]m' out err; }

# on_terminal COMMAND...: ends as COMMAND does, which has a terminal for output and errors
on_terminal() {
	local command
	printf -v command '%q ' "$@"
	script -qec "$command" /dev/null
}

colors() {
	# of a masqueraded server no datagram is followed, so root does not trace this machine
	# of a masqueraded server no datagram is followed, so root does not trace this machine
	local doctor=("$quiclbadm" doctor --role server -u 192.0.2.1:443 -r 192.0.2.99 -m)
	export TERM=xterm
	unset NO_COLOR
	ends 1 "${doctor[@]}"
	! has_color || return 1
	ends 1 "${doctor[@]}" --color=always
	has_color
	sed $'s/\033\\[[0-9]*m//g' out >plain
	ends 1 "${doctor[@]}"
	cmp out plain
	ends 1 "${doctor[@]}" --color=always -j
	! has_color || return 1
	ends 2 "$quiclbadm" --color=always frobnicate
	[ "$(cat err)" = $'\033[31mError\033[0m: frobnicate: no such command (quiclbadm help).' ]
	ends 2 "$quiclbadm" --color=sometimes frobnicate
	said "Error: --color sometimes: not one of auto, always and never."
	ends 1 on_terminal "${doctor[@]}"
	has_color
	ends 1 on_terminal "${doctor[@]}" --color never
	! has_color || return 1
	ends 1 on_terminal env NO_COLOR=1 "${doctor[@]}"
	! has_color || return 1
	ends 1 on_terminal env NO_COLOR= "${doctor[@]}"
	has_color
	ends 1 on_terminal env TERM=dumb "${doctor[@]}"
	! has_color || return 1
}

# neither root nor the module, and each error has its line
checks() {
	printf '%s\n' '-A -u 192.0.2.1:443 -s quic' 'config add -u 192.0.2.1:443 --id 0 --server-id-len 2 --nonce-len 4' >saved
	ends 0 "$quiclbadm" -R --check saved
	[ ! -s out ] && [ ! -s err ]
	printf '%s\n' '-a -u 192.0.2.9:443 -r 10.0.0.1' '-A -u 192.0.2.1' >>saved
	ends 1 "$quiclbadm" -R --check saved
	[ "$(sed 's/\(line [0-9]*\).*/\1/' err)" = $'Error: line 3\nError: line 4' ]
	: >saved
	ends 1 "$quiclbadm" -R --check saved
}

# fits NAME [LINES]: what the last command printed is what the schema says
fits() {
	"$here/../../tests/schema.py" "$schema" "$@" <out
}

# with what needs no kernel; the others are in the selftest "schema"
json_output() {
	"$here/../../tests/schema.py" "$schema"
	echo 8f95f09245765f80256934e50c66207f >key
	ends 0 "$quiclbadm" fingerprint key -j
	fits fingerprint
	ends 0 "$quiclbadm" version -j
	fits version_of_quiclbadm
	ends 0 "$quiclbadm" encode --id 0 --server-id ed793a --nonce ee080dbf --self-len --key-file key -j
	fits encode
	ends 0 "$quiclbadm" decode --id 0 --server-id-len 3 --nonce-len 4 --key-file key 0720b1d07b359d3c -j
	fits decode
	printf -- '%s\n' '-A -u 192.0.2.1:443 -s quic' 'config add -u 192.0.2.1:443 --id 0 --server-id-len 2 --nonce-len 4' \
		'-a -u 192.0.2.1:443 -r 10.0.0.11:443 -i -w 1 --server-id 0:0a01' >saved
	ends 0 "$quiclbadm" explain --saved saved 40000a01deadbeef00 -j
	fits explain LINES
	# 1: there are faults
	ends 1 "$quiclbadm" doctor --role server -u 192.0.2.1:443 -r 192.0.2.99 -m -j
	fits doctor
}

# a field that is not described, one of the wrong type, one that is missing, a name with a hyphen, a number for flags
schema_is_closed() {
	local text
	for text in '{"key_fingerprint": "00000000", "more": 1}' '{"key_fingerprint": 0}' '{}' '{"key_fingerprint": "0000000"}'; do
		echo "$text" >out
		! fits fingerprint >differences || return 1
		[ -s differences ]
	done
	sed 's/"conn_tab_size": {/"conn-tab-size": {/' "$schema" >bad
	! "$here/../../tests/schema.py" bad >differences || return 1
	sed 's/"tunnel_checksum": {/"flags": { "type": "integer" }, &/' "$schema" >bad
	! "$here/../../tests/schema.py" bad >differences || return 1
}

test_case "exit status" exit_codes
test_case "JSON is what its schema says" json_output
test_case "the schema leaves no field undescribed" schema_is_closed
test_case "-R --check" checks
test_case "batches" batches
test_case "colours" colors
test_case "-N: a network namespace" namespaces
test_case "another program explains and traces" other_program
test_case "every command is explained" helps
test_case "a full disk is no success" full_disk
test_case "genkey" key_output
test_case "-S --keys writes no public file and no terminal" keys_go_nowhere_public
test_case "a signal leaves no core with keys in it" no_core
test_case "a key file by a relative path" relative_key_file
test_case "the draft's vectors" vectors
test_case "every option is in the manual" documented
test_case "the manual's synopsis is what help says" synopsis_is_help
test_case "completion knows every option" completion_of_options
test_case "completion asks for names" completion_of_values
test_case "completion as a program, for zsh and fish" completion_as_program
echo "1..$count"
