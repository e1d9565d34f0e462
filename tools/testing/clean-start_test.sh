#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Tests that every test ends, with its name, its processes and one failure, and starts from the same state, however it was started.
# All files of this test are below a path with a space. Prints KTAP.
#
# shellcheck disable=SC2016 # what is in single quotes is for other shells
set -u
shopt -s lastpipe

here=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source-path=SCRIPTDIR source=verdicts.sh
. "$here/verdicts.sh"
start=$here/clean-start
tmp=$(mktemp -d)
elsewhere=
trap 'rm -rf "$tmp" ${elsewhere:+"$elsewhere"}' EXIT
tree="$tmp/a tree"

# within SECONDS WHAT COMMAND...: polls
within() {
	local deadline=$((SECONDS + $1)) what=$2
	shift 2
	until "$@" 2>/dev/null; do
		if [ "$SECONDS" -ge "$deadline" ]; then
			printf '# timed out waiting for %s\n' "$what"
			return 1
		fi
		read -rt 0.05 <>"$tmp/never" || true
	done
}
mkfifo "$tmp/never"

# runs SECONDS: how many processes sleep for that time
runs() { pgrep -cfx "sleep $1"; }
# shellcheck disable=SC2317 # called by within
one_runs() { [ "$(runs "$1")" = 1 ]; }

# --- the end ---

# A number of seconds that no other process sleeps.
mark() { printf '%s.%s' "$((9000 + $1))" "$$"; }

# hangs NAME SCRIPT: the script, which sleeps $a and $b seconds, is ended, and both processes are shown. All scripts run at once, because
# they take seconds.
hanging=()
hangs() {
	hanging+=("$1")
	hang "$2" "$(mark $((2 * ${#hanging[@]})))" "$(mark $((2 * ${#hanging[@]} + 1)))" "$tmp/hanging.${#hanging[@]}" &
}

hang() {
	local status=0 err=$4.err
	timeout -k 1 60 "$start" --limit 5 --name dull -- env a="$2" b="$3" bash -c "$1" 2>"$err" || status=$?
	echo "$status $(grep -c '^# dull: not over after 5 s' "$err") $(grep -cF "sleep $2" "$err") $(grep -cF "sleep $3" "$err") $(runs "$2") $(runs "$3")" >"$4"
}

# hung: checks the results of all
hung() {
	local n
	wait
	for n in "${!hanging[@]}"; do
		equal "$(<"$tmp/hanging.$((n + 1))")" "124 1 1 1 0 0" "limit: ${hanging[n]}"
	done
}

# status WANTED NAME COMMAND...: clean-start's status for the command
status() {
	local wanted=$1 name=$2 status=0
	shift 2
	timeout -k 1 30 "$start" --limit 20 -- "$@" 2>"$tmp/err" || status=$?
	equal "$status" "$wanted" "status: $name"
}

leftover() {
	local a status=0 err=$tmp/leftover.err
	a=$(mark 100)
	timeout -k 1 30 "$start" --name dull -- sh -c 'sleep "$1" & exit 3' sh "$a" 2>"$err" || status=$?
	echo "$status $(grep -c '^# dull: has ended and left running' "$err") $(runs "$a")" >"$tmp/leftover"
}

left() { equal "$(<"$tmp/leftover")" "3 1 0" "what is left running is shown and ended"; }

# told SIGNAL STATUS: clean-start itself gets the signal, and has this status
told() {
	local a pid status=0
	a=$(mark 200)
	env --default-signal="$1" "$start" -- sleep "$a" &
	pid=$!
	within 20 "the command" one_runs "$a"
	kill -"$1" "$pid"
	wait "$pid" || status=$?
	equal "$status $(runs "$a")" "$2 0" "SIG$1 ends the command first"
}

# like nohup
deaf() {
	local a pid status=0
	a=$(mark 300)
	env --ignore-signal=HUP "$start" -- sleep "$a" &
	pid=$!
	within 20 "the command" one_runs "$a"
	kill -HUP "$pid"
	kill -TERM "$pid"
	wait "$pid" || status=$?
	equal "$status" 143 "SIGHUP is ignored where nohup wants it to be"
}

# --- the beginning ---

# sees WANTED NAME COMMAND...: the command's output when the caller's state is as bad as possible
sees() {
	local wanted=$1 name=$2
	shift 2
	(
		umask 077
		ulimit -S -c unlimited -n 200 2>/dev/null
		exec 9<"$start"
		# timeout(1) would reset some of the signals
		timeout -k 1 30 env -u HOME --ignore-signal=INT,QUIT,HUP,PIPE,TERM,CHLD,USR1,TTOU --block-signal=USR2,CHLD,QUIT LC_ALL=tr_TR.UTF-8 LANG=tr_TR \
			TMPDIR=/nonexistent CDPATH=/ GREP_OPTIONS=-v MAKEFLAGS=-n NO_COLOR=1 POSIXLY_CORRECT=1 BASH_ENV=/nonexistent \
			PYTHONPATH=/nonexistent TZ=Asia/Tokyo COLUMNS=20 TERM=xterm PATH=bin:/usr/bin:/bin \
			"$start" --limit 20 -- "$@" </dev/zero 2>&1
	) | readarray -t got
	equal "${got[*]}" "$wanted" "start: $name"
}

# signals: a command's signal handling, except for 32 and 33, which are the C library's own
signals='sed -n "s/\t/ /; s/\(Ign.*\)180000000/\1000000000/; /^Sig\(Ign\|Blk\)/p" /proc/self/status'
none="SigBlk: 0000000000000000 SigIgn: 0000000000000000"

# Bash, like other shells, cannot reset a signal that was ignored, so none must be.
begin() {
	sees "$none" "no signal is ignored or blocked" sh -c "$signals"
	sees 0022 "umask" sh -c umask
	sees "C.UTF-8 UTC0 dumb /bin/sh" "locale, time zone, terminal, shell" sh -c 'echo $LC_ALL $TZ $TERM $SHELL'
	sees "LC_ALL PATH SHELL TERM TZ" "no other variable" \
		sh -c 'env | sed -n "s/=.*//p" | grep -vxE "HOME|TMPDIR|USER|LOGNAME|PWD|OLDPWD|_|SHLVL|DEBIAN_FRONTEND|(CPPF|CF|LDF)LAGS|.*_PATH|SSL_.*|.*_(proxy|PROXY)|CC|AR|V|XDG_CACHE_HOME" | sort'
	sees "/bin/sh: absent absent absent" "nothing of CDPATH, MAKEFLAGS, GREP_OPTIONS" \
		sh -c 'echo /bin/sh: ${CDPATH-absent} ${MAKEFLAGS-absent} ${GREP_OPTIONS-absent}'
	sees "0 1 2" "no other file" sh -c 'ls /proc/$$/fd'
	sees "/dev/null none" "standard input, terminal" bash -c 'readlink /proc/$$/fd/0; (: >/dev/tty) 2>/dev/null && echo one || echo none'
	sees "0 1024 unlimited" "limits" sh -c 'ulimit -S -c; ulimit -S -n; ulimit -S -f'
	sees "own own" "HOME, TMPDIR" sh -c '[ -w "$HOME" ] && echo own; [ "$(stat -c %a "$TMPDIR")" = 700 ] && [ -O "$TMPDIR" ] && echo own'
	sees "/usr/sbin" "PATH has what root's has, and no relative name" sh -c 'echo $PATH | tr : "\n" | grep -e ^bin -e ^/usr/sbin\$'
	# shellcheck disable=SC2012
	"$start" -- sh -c 'echo $TMPDIR; : >$TMPDIR/left; mkdir -m 0 $TMPDIR/closed' >"$tmp/out"
	equal "$([ -s "$tmp/out" ] && ls -d "$(<"$tmp/out")" 2>/dev/null)" "" "TMPDIR is removed"
	(cd "$tmp" && timeout -k 1 60 env --ignore-signal=QUIT --block-signal=QUIT "$here/../../userspace/tests/dumped.py" cat) >"$tmp/out" 2>&1
	case $? in
	0 | 3) equal ended ended "dumped.py ends, though SIGQUIT is ignored" ;;
	*) equal "$(<"$tmp/out")" ended "dumped.py ends, though SIGQUIT is ignored" ;;
	esac
}

# --- the runners ---

# program NAME: makes a test program from standard input
program() {
	cat >"$tree/$1"
	chmod +x "$tree/$1"
}

# An orphan's time is the command's.
cost() {
	"$start" --cost "$tmp/cost" -- sh -c '(n=0; while [ $n -lt 200000 ]; do n=$((n + 1)); done) & exit 0'
	equal "$(awk '{ print NF, ($1 > 0) }' "$tmp/cost")" "1 1" "the processor's time is told"
}

# run.sh runs one program of several
one_program() {
	local status=0
	program good <<-'END'
		#!/bin/sh
		echo "1..1"
		echo "ok 1 - x"
	END
	program stuck <<-END
		#!/bin/sh
		echo "1..2"
		echo "ok 1 - y"
		sleep $(mark 400)
	END
	(cd "$tree" && timeout -k 1 60 "$here/../../userspace/tests/run.sh" --limit 3 ./stuck ./good) >"$tmp/out" 2>&1 || status=$?
	equal "$status $(tail -n 1 "$tmp/out")" "1 2 passed, 1 failed, 0 skipped" "run.sh: a program that hangs is one failure, and the others are run"
	equal "$(grep -c "# ./stuck: not over after 3 s" "$tmp/out") $(grep -c "sleep $(mark 400)" "$tmp/out")" "1 1" \
		"run.sh: it is named and its processes are shown"
}

# Makes a tree with a copy of check whose suite harness is replaced, in $scripts scripts.
scripts=0
make_tree() {
	local script
	mkdir -p "$tree/tools/testing/qemu"
	cp "$here/check" "$here/clean-start" "$here/tally.awk" "$tree/tools/testing/"
	cp "$here/qemu/lib.sh" "$tree/tools/testing/qemu/"
	for script in "$here"/*_test.sh; do
		program "tools/testing/${script##*/}" <<-'END'
			#!/bin/sh
			printf 'ok 1 a\n1..1\n'
		END
		scripts=$((scripts + 1))
	done
	check=$tree/tools/testing/check
}

# harness SCRIPT: makes the suite do that
harness() {
	printf '#!/bin/bash\n%s\n' "$1" | program tools/testing/tally_test.sh
}

one_suite() {
	local status=0 a
	a=$(mark 500)
	harness "printf 'ok 1 a\nnot ok 2 b\nok 3 c\n'; sleep $a"
	timeout -k 1 60 "$check" --limit 5 harness >"$tmp/out" 2>&1 || status=$?
	equal "$status $(tail -n 1 "$tmp/out") $(runs "$a")" "1 0 passed, 1 failed, 0 skipped 0" "check: a suite that hangs is one failure"
	equal "$(grep -c '^# harness: not over after 5 s' "$tmp/out") $(grep -c "sleep $a" "$tmp/out")" "1 1" \
		"check: it is named and its processes are shown"
	status=0
	timeout -k 1 60 "$check" -j 2 --limit 5 harness harness >"$tmp/out" 2>&1 || status=$?
	equal "$status $(tail -n 1 "$tmp/out") $(runs "$a")" "1 0 passed, 2 failed, 0 skipped 0" "check -j: likewise"
}

# listed EXPECTED NAME: the failures that the last lines list
listed() {
	timeout -k 1 60 "$check" --limit 20 harness >"$tmp/out" 2>&1
	equal "$(tail -n 4 "$tmp/out" | sed -n 's/^# failed: harness: //p' | xargs -d '\n' printf '%s, ')" "$1" "$2"
}

failures() {
	harness "printf 'ok 1 a\nnot ok 2 b\nnot ok 3 c\n1..3\n'; exit 1"
	listed 'not ok 2 b, not ok 3 c, ' "check: what failed is listed before the totals"
	harness "printf 'ok 1 a\n1..2\n'; exit 1"
	listed 'tally: the plan promised 2 results, there are 1, ' "check: what is missing is listed too"
}

# counts FIRST EXPECTED NAME [OPTION]: the first suite's line, without its times, and the last line, by check of two suites
counts() {
	XDG_CACHE_HOME="$tmp/cache" "$check" --limit 60 ${4:+"$4"} harness netlink >"$tmp/out" 2>&1
	equal "$(sed -n 's/ \(in\|on\) [0-9].*//; s/^# harness: //p' "$tmp/out"), $(tail -n 1 "$tmp/out")" "$1, $2" "$3"
}

resume() {
	local vcs=(git -C "$tree" -c user.name=test -c user.email=test@example.com)
	printf '#!/bin/sh\nprintf "1..1\\nok 1 x\\n"\n' | program tools/testing/netlink-gen
	harness "printf 'ok 1 a\n1..1\n'"
	XDG_CACHE_HOME="$tmp/cache" "$check" --resume harness >"$tmp/out" 2>&1
	equal "$? $(grep -c 'is no git checkout' "$tmp/out")" "125 1" "check --resume: a tree that is no checkout is refused"
	"${vcs[@]}" init -q
	"${vcs[@]}" add -A
	"${vcs[@]}" commit -qm first
	local one="$scripts passed, 0 failed, 0 skipped" both="$((scripts + 1)) passed, 0 failed, 0 skipped"
	counts "$one" "$both" "check: what passes at a commit is kept"
	counts "$one at this commit" "$both" "check --resume: ... and counted" --resume
	counts "$one" "$both" "check: ... and run again without --resume"
	harness "printf 'not ok 1 a\n1..1\n'; exit 1"
	XDG_CACHE_HOME="$tmp/cache" "$check" --resume harness >"$tmp/out" 2>&1
	equal "$? $(grep -c 'the tree has changes; commit them first: tools/testing/tally_test.sh' "$tmp/out")" "125 1" \
		"check --resume: a tree with changes is refused"
	one="$((scripts - 1)) passed, 1 failed, 0 skipped" both="$scripts passed, 1 failed, 0 skipped"
	counts "$one" "$both" "check: a tree with changes is run"
	"${vcs[@]}" commit -qam second
	counts "$one" "$both" "check --resume: another commit is run" --resume
	counts "$one" "$both" "check --resume: what failed is run again" --resume
}

# The script that starts check is in the same process group, and must not be ended with it. Its word goes to a file: what is left of the
# suite's output may come after it.
one_signal() {
	local a
	a=$(mark 600)
	harness "printf 'ok 1 a\n'; sleep $a"
	program starter <<-END
		#!/bin/bash
		"$check" "\$@" harness &
		until pgrep -fx "sleep $a" >/dev/null; do sleep 0.1; done
		kill -TERM \$!
		wait \$!
		echo "status \$?" >"$tmp/told"
	END
	timeout -k 1 60 "$tree/starter" >"$tmp/out" 2>&1
	equal "$(cat "$tmp/told") $(runs "$a")" "status 143 0" "check: SIGTERM ends its suite, and not who started it"
	rm -f "$tmp/told"
	timeout -k 1 60 env --ignore-signal=INT,QUIT,HUP "$tree/starter" -j 2 >"$tmp/out" 2>&1
	equal "$(cat "$tmp/told") $(runs "$a")" "status 143 0" "check -j: likewise, where all other signals are ignored"
}

# starts a suite in every way, without waiting for it
background() {
	# bash itself ignores one
	harness "[ \"\$($signals | xargs)\" = '$none' ] || printf 'not '; printf 'ok 1 signals\n1..1\n'"
	printf '#!/bin/sh\nsetsid nohup "%s" harness >"%s" 2>&1 &\n' "$check" "$tmp/log" | program starter
	: >"$tmp/log"
	"$tree/starter"
	within 60 "the runner's last line" grep -q '^[0-9]* passed, ' "$tmp/log"
	equal "$(tail -n 1 "$tmp/log")" "$scripts passed, 0 failed, 0 skipped" "check: by setsid and nohup in the background of a script"
}

# One real program, built and run in every way at once: below a path with a space, in the background, with nohup, umask 077, no HOME, and
# by the user "nobody" if this test runs as root. TMPDIR may be below a directory that "nobody" cannot enter; the copy is then elsewhere.
real() {
	local as=() status=0 copy="$tree/copy"
	if [ "$(id -u)" = 0 ]; then
		as=(setpriv --reuid nobody --regid nogroup --clear-groups)
		chmod go+x "$tmp"
		if ! "${as[@]}" test -x "$tree"; then
			elsewhere=$(mktemp -d -p /tmp)
			chmod go+x "$elsewhere"
			copy="$elsewhere/a tree/copy"
		fi
	fi
	mkdir -p "$copy"
	(cd "$here/../.." && cp -r --parents kmod userspace/tests userspace/lib VERSION tools/testing/clean-start "$copy/")
	find "$copy" \( -name '*.[od]' -o -name '*.so*' -o -name '*.a' \) -delete
	rm -rf "$copy/userspace/tests"/{plain,sanitize}
	[ "${#as[@]}" = 0 ] || chown -R nobody "$copy"
	printf '#!/bin/sh\numask 077\nexec nohup env -u HOME "$@" >"%s" 2>&1 &\nwait "$!"\n' "$tmp/log" | program starter
	timeout -k 1 200 "$tree/starter" "${as[@]}" "$copy/tools/testing/clean-start" --limit 100 -- sh -c '
		make -s -C "$1" plain/test_quic_hdr && cd "$1" && ./run.sh plain/test_quic_hdr' sh "$copy/userspace/tests" || status=$?
	equal "$status $(tail -n 1 "$tmp/log")" "0 8 passed, 0 failed, 0 skipped" "a real test is built and run in every way at once"
	[ "$status" = 0 ] || sed 's/^/# /' "$tmp/log"
}

mkdir "$tree"
printf 'KTAP version 1\n'
hangs "a command and its child" 'sleep $a & exec sleep $b'
hangs "a session of its own" '(setsid sleep $a &); sleep $b'
hangs "a process that ignores SIGTERM" 'trap "" TERM; sleep $a & sleep $b'
hangs "what is stopped" 'sleep $a & until grep -q sleep /proc/$!/comm; do :; done; kill -STOP $!; sleep $b'
leftover &
hung
status 7 "a number" sh -c 'exit 7'
status 139 "a signal" sh -c 'kill -SEGV $$'
status 125 "no such command" "$tree/none"
begin
left
told TERM 143
told INT 130
deaf
cost
one_program
make_tree
one_suite
failures
resume
one_signal
background
real
end
