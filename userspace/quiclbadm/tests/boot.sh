#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# quiclbadm-boot, which quiclbadm.service runs, with a quiclbadm that only notes what it is asked for.  TAP.
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd -P)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
count=0
rules=$tmp/rules
mkdir "$tmp/bin"
# REFUSES makes it fail, as the real one does.
cat >"$tmp/bin/quiclbadm" <<-'END'
	#!/bin/sh
	echo "quiclbadm $*" >>"$CALLS"
	case $1 in
	-R) cat >"$CALLS.input" ;;
	-S) echo "-A -u 192.0.2.1:443 -s quic" ;;
	esac
	[ -z "${REFUSES:-}" ] || { echo "Error: kernel: no." >&2; exit 1; }
END
chmod +x "$tmp/bin/quiclbadm"
export CALLS=$tmp/calls PATH=$tmp/bin:$PATH
umask 022

# boot VERB: sets rc, $tmp/err has what was said
boot() {
	rc=0
	"$here/boot/quiclbadm-boot" "$1" "$rules" >"$tmp/out" 2>"$tmp/err" || rc=$?
}

# same WHAT GOT WANT
same() {
	[ "$2" != "$3" ] || return 0
	printf '%s differs (<: wanted, >: got):\n' "$1"
	diff <(printf '%s\n' "$3") <(printf '%s\n' "$2") || true
	return 1
}

test_case() {
	local status=0
	count=$((count + 1))
	rm -f "$tmp"/rules* "$tmp"/calls* "$tmp/elsewhere"
	set +e
	(set -e && trap - EXIT && "$2") >"$tmp/log" 2>&1
	status=$?
	set -e
	if [ "$status" = 0 ]; then
		echo "ok $count - $1"
	else
		sed 's/^/# /' "$tmp/log"
		echo "not ok $count - $1"
	fi
}

no_file() {
	boot restore
	same "status" "$rc" 0
	[ ! -e "$CALLS" ]
}

restores() {
	printf -- '-A -u 192.0.2.1:443\nexpress add lo # the loopback device\n' >"$rules"
	boot restore
	same "status" "$rc" 0
	same "calls" "$(<"$CALLS")" "quiclbadm -R"
	same "input" "$(<"$CALLS.input")" "$(<"$rules")"
	same "what was said" "$(<"$tmp/err")" ""
}

# The second line is empty instead, so that a refusal names the right line.
missing_device() {
	printf -- 'express add lo\nquiclbadm express add "nosuch0.100" # not yet\n-A -u 192.0.2.1:443\n' >"$rules"
	boot restore
	same "status" "$rc" 0
	same "input" "$(<"$CALLS.input")" $'express add lo\n\n-A -u 192.0.2.1:443'
	same "what was said" "$(<"$tmp/err")" \
		'Warning: express path of nosuch0.100: there is no such device; do "quiclbadm express add nosuch0.100" when there is.'
}

refused() {
	echo '-A -u 192.0.2.1:443' >"$rules"
	REFUSES=1 boot restore
	same "status" "$rc" 1
	same "what was said" "$(<"$tmp/err")" "Error: kernel: no."
	same "files" "$(cd "$tmp" && echo rules*)" rules
}

not_asked() {
	echo old >"$rules"
	boot save
	SAVE_AT_STOP=no boot save
	same "status" "$rc" 0
	same "rules" "$(<"$rules")" old
	[ ! -e "$CALLS" ]
}

# A new file is for its owner alone; a file that is there keeps its mode, and a link stays a link.
saves() {
	SAVE_AT_STOP=yes boot save
	same "status" "$rc" 0
	same "rules" "$(<"$rules")" "-A -u 192.0.2.1:443 -s quic"
	same "mode" "$(stat -c %a "$rules")" 600
	echo old >"$tmp/elsewhere"
	chmod 640 "$tmp/elsewhere"
	ln -sf "$tmp/elsewhere" "$rules"
	SAVE_AT_STOP=yes boot save
	[ -L "$rules" ]
	same "rules" "$(<"$tmp/elsewhere")" "-A -u 192.0.2.1:443 -s quic"
	same "mode" "$(stat -c %a "$tmp/elsewhere")" 640
	same "calls" "$(<"$CALLS")" $'quiclbadm -S\nquiclbadm -S'
}

save_refused() {
	echo old >"$rules"
	SAVE_AT_STOP=yes REFUSES=1 boot save
	same "status" "$rc" 1
	same "what was said" "$(<"$tmp/err")" "Error: kernel: no."
	same "rules" "$(<"$rules")" old
	same "files" "$(cd "$tmp" && echo rules*)" rules
}

keeps_keys() {
	local line
	for line in '--key 00' '--key=00' '--key-file /k --key 00'; do
		echo "config add -u 192.0.2.1:443 --id 0 $line" >"$rules"
		rm -f "$CALLS"
		SAVE_AT_STOP=yes boot save
		same "calls" "$(<"$CALLS")" "quiclbadm -S --keys"
	done
	echo "config add -u 192.0.2.1:443 --id 0 --key-file /k" >"$rules"
	rm "$CALLS"
	SAVE_AT_STOP=yes boot save
	same "calls" "$(<"$CALLS")" "quiclbadm -S"
}

# Its express path could not be restored, so -S does not print it.
keeps_missing_device() {
	printf 'express add nosuch0\nexpress add lo\n' >"$rules"
	SAVE_AT_STOP=yes boot save
	same "rules" "$(<"$rules")" $'-A -u 192.0.2.1:443 -s quic\nexpress add nosuch0'
}

test_case "restore: without a file there is nothing to do" no_file
test_case "restore: the file is restored" restores
test_case "restore: a missing device is left out, with a warning" missing_device
test_case "restore: a refusal is passed on" refused
test_case "save: not unless it is asked for" not_asked
test_case "save: the file is replaced" saves
test_case "save: a refusal leaves the file as it is" save_refused
test_case "save: keys stay in a file that has them" keeps_keys
test_case "save: the express path of a missing device stays in the file" keeps_missing_device
echo "1..$count"
