#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Configs are added, changed and deleted while datagrams arrive, without loss; and the counters that show when one can be deleted.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=packets.sh
. "$here/packets.sh"
need_module
lab_up
serve

# As many configs as there are IDs, all of them different, as ID:SERVER_ID_LEN:NONCE_LEN[:KEY].
seven=(0:3:4 "1:8:8:$KEY" "2:4:6:$KEY" "3:3:4:$KEY" "4:9:5:$KEY" "5:15:4:$KEY" "6:1:4:$KEY")

# begin NAME WORD...: sends datagrams of all servers and the configs of $CONFIGS until ended(), each named CONFIG-SERVER
begin() {
	local name=$1 config id len n mints=()
	shift
	for config in "${CONFIGS[@]}"; do
		IFS=: read -r id len _ <<<"$config"
		mints+=(-c "$config")
		for n in 1 2 3; do
			# config 0's say their length
			[ "$id" = 0 ] && echo "name=0-s$n dcid=07$(sid 3 "$n")01020304" || echo "name=$id-s$n mint=$id:$(sid "$len" "$n")"
		done
	done >"$WORK/lines"
	# on a single CPU the commands would hardly run
	nice -n 19 "$QUICGEN" flood -n "$LAB-cl" -t 60000 "${mints[@]}" "$@" - <"$WORK/lines" >"$WORK/$name" &
	pids+=("$!")
	FLOODS[$name]=$!
}

# ended NAME: sets $TOTAL and $SEEN[config] to the numbers of datagrams; all reached the server of their CID
ended() {
	local name server count
	declare -gA SEEN=()
	kill "${FLOODS[$1]}"
	await "${FLOODS[$1]}"
	TOTAL=0
	while read -r name server count; do
		[ "${name#*-}" = "$server" ] || fail "$count datagrams of config ${name%-*} for ${name#*-}: $server"
		SEEN[${name%-*}]=$((${SEEN[${name%-*}]:-0} + count))
		TOTAL=$((TOTAL + count))
	done <"$WORK/$1"
	[ "$TOTAL" -gt 100 ] || fail "hardly any traffic: $(<"$WORK/$1")"
}

declare -A FLOODS

# options CONFIG [KEYFILE]: sets $OPTIONS
options() {
	local id len nonce key
	IFS=: read -r id len nonce key <<<"$1"
	OPTIONS=(--id "$id" --server-id-len "$len" --nonce-len "$nonce" ${key:+--key-file "${2:-$WORK/key}"})
}

has_more() {
	stats "$SVC4"
	[ "${STATS[routed]}" -gt "$1" ]
}

# go_on: waits until enough datagrams have come with the present configuration
go_on() {
	stats "$SVC4"
	poll 20 "more datagrams" has_more $((STATS[routed] + 60))
}

# use ID: sets $DATAGRAMS, $MISSES and $AGE, milliseconds or null
use() {
	read -r DATAGRAMS MISSES AGE < <(q config list -u "$SVC4" -j |
		jq -r --argjson id "$1" '.[] | select(.id == $id) | "\(.datagrams) \(.misses) \(.last_seen_ms)"')
}

# by_server: what each server got by config 0 and by config 1
by_server() { q -L -j -u "$SVC4" | jq -r '[.services[0].servers[] | select(.present) | [.config_counts[] | .datagrams] | join("+")] | join(" ")'; }

ids() { q config list -u "$SVC4" -j | jq -r '[.[].id] | join(" ")'; }

# Five of seven configs carry traffic all the time and are replaced by others that decode the same; the two that have none are
# deleted and added; server IDs come and go.
under_traffic() {
	local round config
	fresh "$SVC4" rs4 "${seven[@]}"
	mark "$SVC4"
	CONFIGS=("${seven[@]:0:5}")
	begin traffic "to=$SVC4" "from=$CL4.91:9100"
	for round in 1 2; do
		go_on
		q config del -u "$SVC4" --id 5
		q config del -u "$SVC4" --id 6
		same "configs" "$(ids)" "0 1 2 3 4"
		for config in "${CONFIGS[@]:1}"; do
			options "$config" "$WORK/same-key"
			q config replace -u "$SVC4" "${OPTIONS[@]}"
		done
		options "${CONFIGS[0]}"
		q config replace -u "$SVC4" "${OPTIONS[@]}" --check-length
		go_on
		q server-id add -u "$SVC4" -r "$(rs4 1)" --server-id 6:e1 --server-id 0:eeeeee
		for config in "${seven[@]:5}"; do
			options "$config"
			q config add -u "$SVC4" "${OPTIONS[@]}"
		done
		same "configs" "$(ids)" "0 1 2 3 4 5 6"
		for config in "${CONFIGS[@]}"; do
			options "$config"
			q config replace -u "$SVC4" "${OPTIONS[@]}"
		done
		q server-id del -u "$SVC4" --server-id 6:e1 --server-id 0:eeeeee
	done
	go_on
	ended traffic
	same "configs with traffic" "${#SEEN[@]}" 5
	counted "$SVC4" "routed=$TOTAL"
	stateless
	# and those that came back are as good as before
	send -c "${seven[5]}" -c "${seven[6]}" "to=$SVC4" "from=$CL4.91:9101" - <<-END
		name=five mint=5:$(sid 15 2)
		name=six mint=6:$(sid 1 3)
	END
	answers "five s2 1" "six s3 1"
}

# As in the manual: the new config is added, the servers change to it, the old one is deleted when it is not used any more.
by_the_book() {
	local n old new deadline
	fresh "$SVC4" rs4 0:3:4
	mark "$SVC4"
	CONFIGS=(0:3:4)
	begin old "to=$SVC4" "from=$CL4.92:9200"
	go_on
	q config add -u "$SVC4" --id 1 --server-id-len 8 --nonce-len 8 --key-file "$WORK/key"
	for n in 1 2 3; do
		q server-id add -u "$SVC4" -r "$(rs4 "$n")" --server-id "1:$(sid 8 "$n")"
	done
	CONFIGS=("1:8:8:$KEY")
	begin new "to=$SVC4" "from=$CL4.93:9200"
	go_on
	! q config del -u "$SVC4" --id 0 2>"$WORK/stderr" || fail "deleted under traffic"
	grep -qE "^Error: config 0 of $SVC4: seen .+, so connections still use it \(--force deletes it all the same\)\.$" "$WORK/stderr" ||
		fail "$(<"$WORK/stderr")"
	ended old
	old=$TOTAL
	poll 30 "config 0 to be unused for a second" q config del -u "$SVC4" --id 0 --seen-within 1
	go_on
	use 1
	between "age of what is in use" "$AGE" 0 20000
	ended new
	new=$TOTAL
	counted "$SVC4" "routed=$((old + new))"
	use 1
	same "datagrams and misses of config 1" "$DATAGRAMS $MISSES" "$new 0"
	send -c 0:3:4 "to=$SVC4" "from=$CL4.92:9201" name=x "mint=0:$(sid 3 1)"
	counted "$SVC4" "routed=$((old + new))" unroutable-config=1 fallback=1
}

older() {
	use "$1"
	[ "$AGE" -gt "$2" ]
}

usage() {
	local age
	fresh "$SVC4" rs4 0:3:4 "1:8:8:$KEY"
	q server-id add -u "$SVC4" -r "$(rs4 9)" --absent --server-id 0:eeeeee
	use 0
	same "use of config 0" "$DATAGRAMS $MISSES $AGE" "0 0 null"
	send -c 0:3:4 -c "1:8:8:$KEY" "to=$SVC4" "from=$CL4.94:9400" - <<-END
		name=x mint=0:$(sid 3 1) count=7
		name=x mint=0:eeeeee count=4
		name=x mint=1:$(sid 8 2) count=5 form=long
		name=x mint=1:dddddddddddddddd count=2
		name=x dcid=2112233445566778 count=3 size=9
	END
	use 0
	same "use of config 0" "$DATAGRAMS $MISSES" "11 0"
	between "age of config 0" "$AGE" 0 60000
	use 1
	same "datagrams and misses of config 1" "$DATAGRAMS $MISSES" "5 2"
	# neither those of a server that is not in the pool, nor those of no server
	same "datagrams by server" "$(by_server)" "7+0 0+5 0+0"
	age=$AGE
	poll 10 "config 1 to grow older" older 1 "$age"
	age=$AGE
	send -c "1:8:8:$KEY" "to=$SVC4" "from=$CL4.94:9400" name=x "mint=1:dddddddddddddddd"
	use 1
	[ "$AGE" -ge "$age" ] || fail "a server ID that no server has updates the age of config 1: $AGE ms, was $age ms"
	same "datagrams and misses of config 1" "$DATAGRAMS $MISSES" "5 3"
	# an unchanged config keeps its counters, a changed one begins at 0
	q config replace -u "$SVC4" --id 0 --server-id-len 3 --nonce-len 4
	use 0
	same "datagrams of config 0, replaced by itself" "$DATAGRAMS" 11
	same "datagrams by server" "$(by_server)" "7+0 0+5 0+0"
	q config replace -u "$SVC4" --id 0 --server-id-len 3 --nonce-len 5
	use 0
	same "use of config 0, replaced by another" "$DATAGRAMS $MISSES $AGE" "0 0 null"
	same "datagrams by server, config 0 replaced" "$(by_server)" "0+0 0+5 0+0"
	# a weight is no new server, another method is
	q -e -u "$SVC4" -r "$(rs4 2)" -i -w 3
	same "datagrams by server, another weight" "$(by_server)" "0+0 0+5 0+0"
	q -d -u "$SVC4" -r "$(rs4 2)"
	q -a -u "$SVC4" -r "$(rs4 2)" -i -w 1
	same "datagrams by server, added again" "$(by_server)" "0+0 0+0 0+0"
}

# A config that was never used is deleted at once, one in use only with --force.
retired() {
	fresh "$SVC4" rs4 0:3:4 "1:8:8:$KEY"
	send -c 0:3:4 "to=$SVC4" "from=$CL4.95:9500" name=x "mint=0:$(sid 3 1)"
	q config del -u "$SVC4" --id 1
	! q config del -u "$SVC4" --id 0 2>"$WORK/stderr" || fail "deleted while in use"
	same "configs" "$(ids)" 0
	send -c 0:3:4 "to=$SVC4" "from=$CL4.95:9500" name=x "mint=0:$(sid 3 1)"
	answers "x s1 1"
	q config del -u "$SVC4" --id 0 --force
	same "configs" "$(ids)" ""
	send -c 0:3:4 "to=$SVC4" "from=$CL4.95:9500" name=x "mint=0:$(sid 3 1)"
	counted "$SVC4" routed=2 unroutable-config=1 fallback=1
}

cp -p "$WORK/key" "$WORK/same-key"
tcase "seven configs: adding, replacing and deleting loses no datagram" under_traffic
tcase "from one config to the next, without loss" by_the_book
tcase "config list tells what is in use, and since when not" usage
tcase "a config in use is deleted by force only" retired
finish
