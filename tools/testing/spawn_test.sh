#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Whether the selftests can start and end processes whatever the machine's speed: bash forgets a signal that reaches its child before the
# child's program has begun, and does not notice a child's end while it has SIGCHLD blocked, see has_ended() in their lib.sh. Prints KTAP.
set -eu

here=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source-path=SCRIPTDIR source=verdicts.sh
. "$here/verdicts.sh"

# with_lib COMMANDS: in a shell of its own, because lib.sh sets traps and options
with_lib() {
	LAB=none bash -c '
		. "$1/selftests/ip_vs_quic/lib.sh"
		finished=1
		nsenter() { exec "${@:2}"; }
		ends() {
			spawn none tail -f /dev/null
			kill "$SPAWNED"
			poll 20 "the end of a process" has_ended "$SPAWNED"
		}
		eval "$2"' spawn_test "$here" "$1"
}

# Without spawn()'s wait, about one of twenty stays.
ended_at_once() { with_lib 'for _ in {1..100}; do ends; done'; }

# shellcheck disable=SC2016 # expanded by with_lib
not_begun() { with_lib 'spawn none /dev/null/none; ! await "$SPAWNED"'; }

# A time that is over at once. The mask depends on addresses; in about every second of these shells it has SIGCHLD.
# shellcheck disable=SC2016 # expanded by with_lib
late() {
	for _ in {1..12}; do
		with_lib 'for _ in {1..30}; do read -rt 0.000001 -u "$never" || true; done; ends' || return
	done
}

printf 'KTAP version 1\n'
verdict "spawn: a process can be ended at once" ended_at_once
verdict "spawn: a program that does not begin is not waited for" not_begun
verdict "spawn: the end of a process is noticed with any signals blocked" late
end
