# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For scripts that look at packets, or send packets that no socket would; sourced after lib.sh, which sets $here.
# shellcheck disable=SC2154

RAWGEN=$here/rawgen

# raw NAME [OPTION...] [WORD...] [-]: sends packets from a namespace
raw() { "$RAWGEN" send -n "$LAB-$1" "${@:2}"; }

# watch: from now on, packets that arrive at the real servers are in $WORK/watched; watch_octets: with all octets
watch() { start_watching ''; }
watch_octets() { start_watching -x; }
start_watching() {
	local pid
	: >"$WORK/watched"
	pid=$("$RAWGEN" watch ${1:+"$1"} "$WORK/watched" "s1=$LAB-s1" "s2=$LAB-s2" "s3=$LAB-s3")
	pids+=("$pid")
}

forget() { : >"$WORK/watched"; }

# seen PATTERN: sets $MATCHED to the matching packets that have arrived since forget(); starts no program
seen() {
	local line
	local -a lines
	mapfile -t lines <"$WORK/watched"
	MATCHED=()
	for line in ${lines[@]+"${lines[@]}"}; do
		[[ ! $line =~ $1 ]] || MATCHED+=("$line")
	done
}

has_lines() {
	seen "$2"
	[ ${#MATCHED[@]} -ge "$1" ]
}

# arrived N PATTERN: waits until N matching packets have arrived since forget(); the servers are in $SERVERS
arrived() {
	local deadline=$((SECONDS + 5))
	until has_lines "$1" "$2"; do
		[ "$SECONDS" -lt "$deadline" ] || fail "timed out waiting for $1 packets that match $2 among $(<"$WORK/watched")"
		read -rt 0.05 -u "$never" || true
	done
	[ ${#MATCHED[@]} = "$1" ] || fail "not $1 packets that match $2: $(<"$WORK/watched")"
	printf -v SERVERS '%s\n' ${MATCHED[@]+"${MATCHED[@]%% *}"}
	SERVERS=${SERVERS%$'\n'}
}

# mute N: from now on the client sends no ICMP errors for its address N, which has no socket and which the director would count, and the
# servers do not answer it; unmute N ends it
mute() { blackhole add "$1"; }
unmute() { blackhole del "$1"; }
blackhole() {
	local ns
	for ns in cl s1 s2 s3; do
		printf "route $1 blackhole %s table local\n" "$CL4.$2/32" "${CL6}:$2/128" | ip -n "$LAB-$ns" -b -
	done
}

# mint_cids: sets ${CID[N]} to one of config 0 (3:4, plaintext) of server N, 1 to 3
mint_cids() {
	mapfile -t -O 1 CID < <("$QUICGEN" mint -c 0:3:4 "mint=0:$(sid 3 1)" "mint=0:$(sid 3 2)" "mint=0:$(sid 3 3)")
}

# long_header DCID SCID: prints the beginning of a version 1 Initial
long_header() { printf 'c000000001%02x%s%02x%s00441a00000000' $((${#1} / 2)) "$1" $((${#2} / 2)) "$2"; }

# flush_routes NAME...: makes them forget learned path MTUs
flush_routes() {
	local ns
	for ns in "$@"; do
		ip -n "$LAB-$ns" route flush cache
		ip -n "$LAB-$ns" -6 route flush cache
	done
}

# path_mtu NAME ADDR: sets $MTU to the learned path MTU, or nothing
path_mtu() {
	local text
	MTU=
	text=$(ip -n "$LAB-$1" route get "$2")
	[[ ! $text =~ \ mtu\ ([0-9]+) ]] || MTU=${BASH_REMATCH[1]}
}

# between WHAT GOT LOW HIGH
between() {
	if [ "${2:-0}" -lt "$3" ] || [ "$2" -gt "$4" ]; then
		fail "$1: $2, not $3 to $4"
	fi
}
