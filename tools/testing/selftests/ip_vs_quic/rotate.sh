#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# quiclbadm rotate: from one key to the next under traffic, without loss; no step can be skipped, and old connection IDs are routed until
# the last step.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need_module
lab_up
serve

NEW_KEY=00112233445566778899aabbccddeeff
printf '%s\n' "$NEW_KEY" >"$WORK/new-key"
chmod 600 "$WORK/new-key"
OLD=0:4:6:$KEY
NEW=1:4:6:$NEW_KEY
declare -A FLOODS

# begin NAME CONFIG PORT: sends datagrams of all servers with connection IDs of CONFIG until ended()
begin() {
	local n
	for n in 1 2 3; do
		echo "name=s$n mint=${2%%:*}:$(sid 4 "$n")"
	done >"$WORK/lines"
	# commands have priority
	nice -n 19 "$QUICGEN" flood -n "$LAB-cl" -t 60000 -c "$2" "to=$SVC4" "from=$CL4.80:$3" - <"$WORK/lines" >"$WORK/$1" &
	pids+=("$!")
	FLOODS[$1]=$!
}

# ended NAME: sets $TOTAL to the number of datagrams; all reached the server of their connection ID
ended() {
	local name server count
	kill "${FLOODS[$1]}"
	await "${FLOODS[$1]}"
	TOTAL=0
	while read -r name server count; do
		[ "$name" = "$server" ] || fail "$count datagrams for $name: $server"
		TOTAL=$((TOTAL + count))
	done <"$WORK/$1"
	[ "$TOTAL" -gt 20 ] || fail "hardly any traffic: $(<"$WORK/$1")"
}

rotate() { q rotate -u "$SVC4" --unseen 2 "$@"; }

next_step() { rotate -j | jq -r .next_step; }

has_datagrams() { [ "$(q config list -u "$SVC4" -j | jq -r --argjson id "$1" '.[] | select(.id == $id) | .datagrams')" -gt "$2" ]; }

ids() { q config list -u "$SVC4" -j | jq -r '[.[].id] | join(" ")'; }

# still_refused STEP: config 0 was seen in the last 600 s, which is the default; the sentence has the time and the count
still_refused() {
	local rc=0
	q rotate -u "$SVC4" --step "$1" >"$WORK/stdout" 2>"$WORK/stderr" || rc=$?
	same "status of step $1" "$rc" 1
	grep -qE "^Error: step $1 of $SVC4( is not done:|: step 4 is not done,) config 0 was seen [0-9]+s ago \([0-9]+ datagrams\), and 600 s without any are needed\.$" \
		"$WORK/stderr" || fail "$(<"$WORK/stderr")"
}

skip_before_the_first() {
	local step
	for step in 2 3 4 5; do
		refused 1 "Error: step $step of $SVC4: step 1 is not done, there is no config 1." \
			quiclbadm rotate -u "$SVC4" --key-file "$WORK/new-key" --step "$step"
	done
	refused 1 "Error: step 5 of $SVC4: step 1 is not done, there is no config 1." quiclbadm rotate -u "$SVC4" --step 5 --force
	same configs "$(ids)" 0
	same "next step" "$(next_step)" 1
}

skip_the_servers() {
	refused 1 "Error: step 3 of $SVC4 is not done: config 1 was seen never: 0 datagrams." quiclbadm rotate -u "$SVC4" --step 3
	refused 1 "Error: step 4 of $SVC4: step 3 is not done, config 1 was seen never: 0 datagrams." quiclbadm rotate -u "$SVC4" --step 4
	refused 1 "Error: step 5 of $SVC4: step 3 is not done, config 1 was seen never: 0 datagrams." quiclbadm rotate -u "$SVC4" --step 5
}

whole() {
	local old new saved n step
	fresh "$SVC4" rs4 "$OLD"
	mark "$SVC4"
	begin old "$OLD" 8000
	poll 60 "datagrams of config 0" has_datagrams 0 30
	skip_before_the_first

	rotate --key-file "$WORK/new-key" --step 1 >"$WORK/plan"
	grep -q '^ 1  done ' "$WORK/plan" || fail "$(<"$WORK/plan")"
	grep -q '^ 2  next ' "$WORK/plan" || fail "$(<"$WORK/plan")"
	same configs "$(ids)" "0 1"
	for n in 1 2 3; do
		q server-id list -u "$SVC4" -r "$(rs4 "$n")" | grep -q " 1:$(sid 4 "$n") " || fail "server $n has no ID of config 1"
	done
	saved=$(q -S)
	rotate --key-file "$WORK/new-key" --step 1 >"$WORK/plan"
	same "state after the step again" "$(q -S)" "$saved"
	rotate --step 2 >"$WORK/servers"
	same "servers of step 2" "$(grep -c '^  -> ' "$WORK/servers")" 3
	! grep -qi "$NEW_KEY" "$WORK/servers" "$WORK/plan" || fail "a key is printed"
	skip_the_servers

	# one that was forgotten
	send -c "$NEW" "to=$SVC4" "from=$CL4.80:8004" - <<-END
		name=s1 mint=1:$(sid 4 1) count=2
		name=s3 mint=1:$(sid 4 3)
	END
	refused 1 "Error: step 3 of $SVC4 is not done: real server $(rs4 2):443 makes no connection IDs of config 1 yet: 0 datagrams." \
		quiclbadm rotate -u "$SVC4" --step 3
	rotate --step 2 >"$WORK/servers"
	grep -qE "^  -> $(rs4 1):443 .* 2 datagrams " "$WORK/servers" || fail "$(<"$WORK/servers")"
	# one without weight gets no new connections
	q -e -u "$SVC4" -r "$(rs4 2)" -i -w 0
	rotate --step 3 >"$WORK/plan"
	q -e -u "$SVC4" -r "$(rs4 2)" -i -w 1
	same "next step" "$(next_step)" 2
	begin new "$NEW" 8001
	poll 60 "connection IDs of config 1" rotate --step 3
	poll 60 "datagrams of config 0" has_datagrams 0 60
	still_refused 4
	still_refused 5
	same configs "$(ids)" "0 1"
	ended old
	old=$TOTAL
	poll 30 "config 0 to be unseen" rotate --step 4
	same "next step" "$(next_step)" 5
	# another director still sees it
	q metrics --prometheus |
		sed -E "s/^(quiclb_config_last_seen_age_seconds\\{service=\"$SVC4\",config=\"0\".*\\}) .*/\\1 0.5/" >"$WORK/other"
	for step in 4 5; do
		refused 1 "Error: step $step of $SVC4$([ "$step" = 4 ] && echo " is not done:" || echo ": step 4 is not done,") config 0 was seen 0s ago by $WORK/other, and 2 s without that are needed." \
			quiclbadm rotate -u "$SVC4" --unseen 2 --seen-by "$WORK/other" --step "$step"
	done
	same "configs after that" "$(ids)" "0 1"
	sed -i -E "s/^(quiclb_config_last_seen_age_seconds\\{.*\\}) 0\\.5$/\\1 9999/" "$WORK/other"
	rotate --seen-by "$WORK/other" --step 4 >"$WORK/plan"
	send -c "$OLD" "to=$SVC4" "from=$CL4.80:8002" name=x "mint=0:$(sid 4 2)"
	answers "x s2 1"
	still_refused 5
	poll 30 "config 0 to be unseen" rotate --step 5
	same configs "$(ids)" 1
	! q server-id list -u "$SVC4" | grep -q ' 0:' || fail "server IDs of config 0 are left"
	ended new
	new=$TOTAL
	counted "$SVC4" "routed=$((old + new + 4))"
	stateless
	# now they are dead
	send -c "$OLD" "to=$SVC4" "from=$CL4.80:8002" name=x "mint=0:$(sid 4 2)"
	counted "$SVC4" "routed=$((old + new + 4))" unroutable-config=1 fallback=1
	rotate --id 1 --step 5 >"$WORK/plan"
	rotate --key-file "$WORK/new-key" --step 5 >"$WORK/plan"
	same configs "$(ids)" 1
	refused 1 "Error: step 5 of $SVC4: step 1 is not done, there is no config 2." quiclbadm rotate -u "$SVC4" --step 5
}

# Another operator, after a restart of the director.
continued() {
	fresh "$SVC4" rs4 "$OLD"
	rotate --key-file "$WORK/new-key" --step 1 >"$WORK/plan"
	q -S >"$WORK/rules"
	q -C
	q -R <"$WORK/rules"
	same "next step" "$(next_step)" 2
	send -c "$NEW" "to=$SVC4" "from=$CL4.80:8003" - <<-END
		name=x mint=1:$(sid 4 1)
		name=y mint=1:$(sid 4 2)
		name=z mint=1:$(sid 4 3) count=5
	END
	answers "x s1 1" "y s2 1" "z s3 5"
	# config 0 was never seen, and the machine is up for longer than 2 s
	poll 30 "the machine to be up" rotate --step 5
	same configs "$(ids)" 1
}

forced() {
	fresh "$SVC4" rs4 "$OLD"
	rotate --key-file "$WORK/new-key" --step 1 >"$WORK/plan"
	rotate --step 5 --force >"$WORK/plan" 2>"$WORK/stderr"
	same warning "$(<"$WORK/stderr")" "Warning: step 5 of $SVC4: by --force, though step 3 is not done: config 1 was seen never: 0 datagrams; what has a connection ID of config 0 is no longer routed by it."
	same configs "$(ids)" 1
}

# One server ID is another's: neither the config nor the other server IDs are added.
all_or_nothing() {
	local saved
	fresh "$SVC4" rs4 "$OLD"
	q server-id add -u "$SVC4" -r "$(rs4 1)" --server-id "1:$(sid 4 2)"
	saved=$(q -S)
	refused 1 "Error: config 1 of $SVC4: server ID 1:$(sid 4 2) belongs to $(rs4 1):443." \
		quiclbadm rotate -u "$SVC4" --key-file "$WORK/new-key" --id 1 --step 1
	same "state after a refusal" "$(q -S)" "$saved"
	# an ID without server IDs is chosen
	rotate --key-file "$WORK/new-key" --step 1 >"$WORK/plan"
	same configs "$(ids)" "0 2"
}

tcase "a rotation under traffic: nothing lost, no step skipped, old connection IDs live until the last step" whole
tcase "another operator goes on after a restart" continued
tcase "--force deletes at once, and says what that costs" forced
tcase "the first step is done whole or not at all" all_or_nothing
finish
