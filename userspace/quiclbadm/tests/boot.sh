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
	local name=$1 status=0
	shift
	count=$((count + 1))
	rm -f "$tmp"/rules* "$tmp"/calls* "$tmp/elsewhere"
	set +e
	(set -e && trap - EXIT && "$@") >"$tmp/log" 2>&1
	status=$?
	set -e
	if [ "$status" = 0 ]; then
		echo "ok $count - $name"
	else
		sed 's/^/# /' "$tmp/log"
		echo "not ok $count - $name"
	fi
}

no_file() {
	boot restore
	same "status" "$rc" 0
	[ ! -e "$CALLS" ]
}

restores() {
	echo '-A -u 192.0.2.1:443' >"$rules"
	boot restore
	same "status" "$rc" 0
	same "calls" "$(<"$CALLS")" "quiclbadm -R $rules"
	same "what was said" "$(<"$tmp/err")" ""
}

refused() {
	echo '-A -u 192.0.2.1:443' >"$rules"
	REFUSES=1 boot "$1"
	same "status" "$rc" 1
	same "what was said" "$(<"$tmp/err")" "Error: kernel: no."
}

not_asked() {
	echo old >"$rules"
	boot save
	SAVE_AT_STOP=no boot save
	same "status" "$rc" 0
	[ ! -e "$CALLS" ]
}

saves() {
	SAVE_AT_STOP=yes boot save
	same "status" "$rc" 0
	echo "config add -u 192.0.2.1:443 --id 0 --key-file /k" >"$rules"
	SAVE_AT_STOP=yes boot save
	same "calls" "$(<"$CALLS")" "quiclbadm -S $rules"$'\n'"quiclbadm -S $rules"
}

save_refused() { SAVE_AT_STOP=yes refused save; }

keeps_keys() {
	local line
	for line in '--key 00' '--key=00' '--key-file /k --key 00'; do
		echo "config add -u 192.0.2.1:443 --id 0 $line" >"$rules"
		rm -f "$CALLS"
		SAVE_AT_STOP=yes boot save
		same "calls" "$(<"$CALLS")" "quiclbadm -S --keys $rules"
	done
}

# Each placeholder is filled in, and systemd takes the units.
units() {
	local unit
	for unit in quiclbadm.service quiclbadm-express@.service; do
		sed 's|@SBINDIR@|/bin|; s|@LIBEXECDIR@|/bin|; s|^Exec\([A-Za-z]*\)=/bin/[^ ]*|Exec\1=/bin/true|' \
			"$here/boot/$unit.in" >"$tmp/$unit"
		[ "$(grep -c @ "$tmp/$unit")" = 0 ]
	done
	type systemd-analyze >/dev/null 2>&1 || return 0
	same "what systemd says" "$(systemd-analyze verify "$tmp/quiclbadm.service" "$tmp/quiclbadm-express@.service" 2>&1 |
		grep -F "$tmp")" ""
}

test_case "restore: without a file there is nothing to do" no_file
test_case "restore: the file is restored" restores
test_case "restore: a refusal is passed on" refused restore
test_case "save: not unless it is asked for" not_asked
test_case "save: the file is replaced" saves
test_case "save: a refusal is passed on" save_refused
test_case "save: keys stay in a file that has them" keeps_keys
test_case "the units are systemd's" units
echo "1..$count"
