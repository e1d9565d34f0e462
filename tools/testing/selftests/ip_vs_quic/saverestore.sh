#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# -S prints what -R reads, byte for byte the same every time.  -R is one transaction: all of it is done or nothing, unchanged parts are
# not touched, and no datagram is lost.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need_module
lab_up
serve
umask 077
FINGERPRINT=$(q fingerprint "$WORK/key")
OTHER=$WORK/'it'\''s "the other" \ key'
echo 00112233445566778899aabbccddeeff >"$OTHER"
OTHER_FINGERPRINT=$(q fingerprint "$OTHER")

# An example of everything, as -S prints it: services by address, then by firewall mark; of each its configs, its real servers, and the
# server IDs of absent servers.
state() {
	local other=${OTHER//\\/\\\\}
	other=${other//\"/\\\"}
	cat <<-END
		-A -u $VIP4:53 -s rr
		-a -u $VIP4:53 -r $(rs4 1):53 -m -w 1
		-A -u $SVC4 -s quic
		config add -u $SVC4 --id 0 --server-id-len 3 --nonce-len 4
		config add -u $SVC4 --id 1 --server-id-len 8 --nonce-len 8 --key-file $WORK/key --key-fingerprint $FINGERPRINT
		config add -u $SVC4 --id 5 --server-id-len 2 --nonce-len 6 --key-file "$other" --key-fingerprint $OTHER_FINGERPRINT
		-a -u $SVC4 -r $(rs4 1):443 -i -w 1 --server-id 0:000001 --server-id 0:$(sid 3 1) --server-id 1:$(sid 8 1) --server-id 6:aa
		-a -u $SVC4 -r $(rs4 2):443 -i -w 2 --server-id 0:$(sid 3 2) --server-id 1:$(sid 8 2)
		-a -u $SVC4 -r $(rs4 3):443 -i -w 65535 --server-id 0:$(sid 3 3) --server-id 1:$(sid 8 3)
		-a -u $SVC4 -r $(rs4 4):443 -i -w 0
		server-id add -u $SVC4 -r $(rs4 8):443 --absent --server-id 6:ab
		server-id add -u $SVC4 -r $(rs4 9):443 --absent --server-id 0:eeeeee --server-id 5:eeee
		-A -u $VIP4:8443 -s quic
		-a -u $VIP4:8443 -r $(rs4 1):8443 -i --tun-type gue --tun-port 6080 -w 7
		-a -u $VIP4:8443 -r $(rs4 2):8443 -i --tun-type gue --tun-port 6081 --tun-csum -w 7
		-a -u $VIP4:8443 -r $(rs4 3):8443 -i --tun-type gre -w 7
		-a -u $VIP4:8443 -r $(rs4 4):8443 -g -w 2147483647 -x 1000 -y 10
		-a -u $VIP4:8443 -r [$(rs6 4)]:8443 -i -w 1
		-A -u $SVC6 -s quic
		config add -u $SVC6 --id 0 --server-id-len 15 --nonce-len 4
		config add -u $SVC6 --id 6 --server-id-len 1 --nonce-len 18 --key-file $WORK/key --key-fingerprint $FINGERPRINT
		-a -u $SVC6 -r [$(rs6 1)]:443 -i -w 1 --server-id 0:$(sid 15 1) --server-id 6:01
		-a -u $SVC6 -r [$(rs6 2)]:443 -m -w 1 --server-id 6:02
		-A -f 17 -s quic
		config add -f 17 --id 2 --server-id-len 4 --nonce-len 6 --key-file $WORK/key --key-fingerprint $FINGERPRINT
		-a -f 17 -r $(rs4 1):0 -i -w 1 --server-id 2:00000001
		-A -f 17 -6 -s quic -o
		config add -f 17 -6 --id 2 --server-id-len 4 --nonce-len 6
		-a -f 17 -6 -r [$(rs6 2)]:0 -i -w 3 --server-id 2:00000001
	END
}

# In another order: the lines of a service only have to come after its -A.
shuffled() { state | tac | grep -v '^-A' | cat <(state | grep '^-A' | tac) -; }

saved() { same "what is saved" "$(q -S)" "$(state)"; }

round_trip() {
	q -C
	shuffled | q -R
	q -S >"$WORK/saved"
	same "what is saved" "$(<"$WORK/saved")" "$(state)"
	q -C
	same "what is saved after -C" "$(q -S)" "# no services"
	q -R <"$WORK/saved"
	q -S | cmp - "$WORK/saved"
}

arrived() {
	stats "$SVC4"
	[ "${STATS[routed]}" -gt "${MARK[routed]}" ] && [ "${STATS[unroutable-reserved]}" -gt "${MARK[unroutable-reserved]}" ]
}

# undisturbed: sends datagrams that nothing may disturb, by a CID and by a connection with an entry in IPVS
undisturbed() {
	mark "$SVC4"
	flood -c "1:8:8:$KEY" -w 4 "to=$SVC4" - <<-END
		name=cid from=$CL4.90:9000 mint=1:$(sid 8 1)
		name=tuple from=$CL4.91:$((9000 + case_count)) form=long dcid=ff
	END
	poll 10 "both kinds of datagrams" arrived
}

# none_lost: they were not disturbed, and their counters have gone on
none_lost() {
	local cids tuples
	flooded
	cids=$(awk '$1 == "cid" && $2 == "s1" { print $3 }' <<<"$GOT")
	tuples=$(awk '$1 == "tuple" && $2 ~ /^s[123]$/ { print $3 }' <<<"$GOT")
	[ "${cids:-0}" -gt 20 ] || fail "hardly any traffic: $GOT"
	answers "cid s1 $cids" "$(grep ^tuple <<<"$GOT")"
	[ "${tuples:-0}" -gt 1 ] || fail "hardly any traffic by 4-tuple: $GOT"
	counted "$SVC4" "routed=$cids" "unroutable-reserved=$tuples" fallback-new=1 "tuple=$((tuples - 1))"
}

restore_live() {
	undisturbed
	for _ in {1..5}; do
		q -R <"$WORK/saved"
	done
	none_lost
	saved
}

# Two states; server 1 and config 1 are the same in both.
restore_other() {
	state | grep -vE -- "--id 5|-r $(rs4 2):443|-r $(rs4 9)|--server-id 6:ab" |
		sed "/-u $SVC4/s/nonce-len 4/nonce-len 9/; s/-w 65535 --server-id 0:$(sid 3 3)/-w 1 --server-id 0:$(sid 3 3) --server-id 0:eeeeee/" \
			>"$WORK/other"
	undisturbed
	for _ in 1 2 3; do
		q -R <"$WORK/other"
		q -S | cmp - "$WORK/other"
		q -R <"$WORK/saved"
		saved
	done
	none_lost
}

# What the input does not have of its services is removed; other services are not touched.
restore_less() {
	printf '%s\n' "-A -u $SVC4 -s quic" "-a -u $SVC4 -r $(rs4 3) -i -w 5 --server-id 0:$(sid 3 1)" | q -R --rekey 2>/dev/null
	same "the service" "$(q -S | grep -F " $SVC4 ")" \
		"$(printf '%s\n' "-A -u $SVC4 -s quic" "-a -u $SVC4 -r $(rs4 3):443 -i -w 5 --server-id 0:$(sid 3 1)")"
	same "the others" "$(q -S | grep -vF " $SVC4 ")" "$(state | grep -vF " $SVC4 ")"
	q -R <"$WORK/saved"
	saved
}

# fails SENTENCE: -R refuses standard input in these words, and nothing has changed
fails() {
	local rc=0
	q -R >"$WORK/stdout" 2>"$WORK/stderr" || rc=$?
	same "sentence" "$(<"$WORK/stderr")" "Error: $1."
	same "output" "$(<"$WORK/stdout")" ""
	same "status" "$rc" 1
	saved
}

# changed: a state that differs everywhere
changed() { state | sed 's/-w 1\b/-w 9/; s/-r 10.0.0.12/-r 10.0.0.15/; s/--nonce-len 6/--nonce-len 7/'; }

# bad_line NUMBER LINE SENTENCE: with that line in the middle
bad_line() { changed | sed "$1i\\
$2" | fails "line $1: $3"; }

# in_the_end LINE SENTENCE: the last lines, of a service that does not exist yet, are refused by the kernel
in_the_end() { printf '%s\n' "-A -u $VIP4:9443 -s quic" "$1" | cat <(changed) - | fails "$2"; }

kernel_refuses_scheduler() {
	changed | sed "s/-A -u $VIP4:53 -s rr/-A -u $VIP4:53 -s nosuch/" |
		fails "service $VIP4:53: scheduler nosuch is not found (modprobe ip_vs_nosuch)"
}

# The configs and server IDs of all other services have been replaced by then, and are put back.
kernel_refuses_map() {
	local ids
	printf -v ids ' --server-id 0:%06x' {0..65536}
	saved
	undisturbed
	in_the_end "-a -u $VIP4:9443 -r $(rs4 1) -i$ids" "service $VIP4:9443: A service can have 65536 server IDs"
	none_lost
}

key_by_stdin() {
	q config replace -u "$SVC4" --id 5 --server-id-len 2 --nonce-len 6 --key-file - <"$OTHER"
	refused 1 "Error: config 5 of $SVC4: its key came from standard input, and there is no file to name." quiclbadm -S --keys
	quiclbadm -S "$WORK/named" 2>"$WORK/stderr"
	same "what -S says" "$(<"$WORK/stderr")" \
		"Warning: config 5 of $SVC4: its key came from standard input; -R finds it by its fingerprint as long as the kernel has it, not after a restart."
	same "the line" "$(grep -c -- "--id 5 .* --key-fingerprint $OTHER_FINGERPRINT\$" "$WORK/named")" 1
	# the rest of the service changes, and the key stays
	q set -u "$SVC4" --tuple-timeout 77
	q -R "$WORK/named"
	q server-id move -u "$SVC4" -r "$(rs4 1)" --server-id 5:eeee
	send -c "5:2:6:$(<"$OTHER")" "to=$SVC4" "from=$CL4.93:9300" name=x mint=5:eeee
	answers "x s1 1"
	# where the key has gone there is nothing to be had
	q -C
	refused 1 "Error: config 5 of $SVC4: its key, fingerprint $OTHER_FINGERPRINT, is not in the kernel, and no file is named; add the config by \"config add --key-file\", or write --key-file into the line." \
		quiclbadm -R "$WORK/named"
	same "what is saved after that" "$(q -S)" "# no services"
	q -R "$WORK/saved"
	saved
}

# What another key at the same path would do to connections that are there.
key_in_use() {
	saved
	send -c "1:8:8:$KEY" "to=$SVC4" "from=$CL4.94:9400" name=x "mint=1:$(sid 8 2)"
	answers "x s2 1"
	cp "$WORK/key" "$WORK/kept"
	defer "mv $WORK/kept $WORK/key"
	cp "$OTHER" "$WORK/key"
	quiclbadm -R "$WORK/saved" 2>"$WORK/stderr" && fail "it is taken"
	same "refusals by the fingerprint" "$(grep -c "it has the key $OTHER_FINGERPRINT, and the line was saved with" "$WORK/stderr")" 3
	sed 's/ --key-fingerprint [0-9a-f]*//' "$WORK/saved" >"$WORK/plain"
	quiclbadm sync "$WORK/plain" 2>"$WORK/stderr" && fail "it is taken"
	same "refusals by the use" "$(grep -c "^Error: config 1 of $SVC4: seen [0-9]*s ago with key $FINGERPRINT, so connections use it, and it would have key $OTHER_FINGERPRINT (--rekey does it all the same)\.\$" "$WORK/stderr")" 1
	saved
	quiclbadm -R --rekey "$WORK/saved" 2>"$WORK/stderr"
	same "warnings" "$(grep -c "by --rekey it would have key" "$WORK/stderr")" 1
	send -c "1:8:8:$(<"$OTHER")" "to=$SVC4" "from=$CL4.94:9401" name=y "mint=1:$(sid 8 2)"
	answers "y s2 1"
	mv "$WORK/kept" "$WORK/key"
	cp "$WORK/key" "$WORK/kept"
	q -R --rekey "$WORK/saved"
	saved
}

nowhere_shown() {
	same "keys in -S, -L and config list" "$({ q -S; q -L; q -L -j; q config list; q config list -j; } |
		grep -icE "$KEY|$(<"$OTHER")" || true)" 0
}

saved_with_keys() {
	(umask 077 && q -S --keys >"$WORK/with-keys")
	same "what is saved with keys" "$(sed "s/ --key [0-9a-f]*\$//" "$WORK/with-keys")" "$(state)"
	same "keys" "$(grep -o -- '--key [0-9a-f]*$' "$WORK/with-keys" | sort | uniq -c | awk '{ print $1, $3 }')" \
		"$(printf '%s\n' "1 $(<"$OTHER")" "3 $KEY")"
	# the output is complete without the files, and still names them
	mv "$WORK/key" "$WORK/moved"
	q -C
	q -R <"$WORK/with-keys"
	send -c "1:8:8:$KEY" "to=$SVC4" "from=$CL4.92:9200" name=x "mint=1:$(sid 8 2)"
	answers "x s2 1"
	saved
	refused 1 "Error: key file $WORK/key: No such file or directory." quiclbadm -S --keys
	cp "$OTHER" "$WORK/key"
	refused 1 "Error: config 1 of $SVC4: $WORK/key holds another key now." quiclbadm -S --keys
	mv "$WORK/moved" "$WORK/key"
}

# A file that is good stays so, whatever -S says; what takes its place is complete.
file_is_replaced() {
	local rc=0
	cp "$WORK/saved" "$WORK/rules"
	chmod 640 "$WORK/rules"
	ln -s rules "$WORK/link"
	q -S "$WORK/link"
	cmp "$WORK/rules" "$WORK/saved"
	same "mode and kind" "$(stat -c %a:%F "$WORK/rules" "$WORK/link")" $'640:regular file\n777:symbolic link'
	echo good >"$WORK/rules"
	q config replace -u "$SVC4" --id 5 --server-id-len 2 --nonce-len 6 --key-file - <"$OTHER"
	refused 1 "Error: config 5 of $SVC4: its key came from standard input, and there is no file to name." quiclbadm -S --keys "$WORK/rules"
	same "the file" "$(<"$WORK/rules")" good
	q -R "$WORK/saved"
	# a disk that is full, half way
	mkdir "$WORK/disk"
	mount -t tmpfs -o size=4k none "$WORK/disk"
	defer "umount $WORK/disk"
	echo good >"$WORK/disk/rules"
	q -S "$WORK/disk/rules" 2>"$WORK/stderr" || rc=$?
	same "status" "$rc" 1
	same "sentence" "$(<"$WORK/stderr")" "Error: $WORK/disk/rules: No space left on device."
	same "the directory" "$(ls -A "$WORK/disk")" rules
	same "the file" "$(<"$WORK/disk/rules")" good
	saved
}

# Back and forth, datagrams of other server IDs arriving; what has moved is routed to its new server.
server_id_moves() {
	undisturbed
	for _ in 1 2 3; do
		q server-id move -u "$SVC4" -r "$(rs4 2):443" --server-id "1:$(sid 8 3)"
		q server-id move -u "$SVC4" -r "$(rs4 3):443" --server-id "1:$(sid 8 3)"
	done
	none_lost
	saved
	q server-id move -u "$SVC4" -r "$(rs4 2):443" --server-id "1:$(sid 8 3)"
	send -c "1:8:8:$KEY" "to=$SVC4" "from=$CL4.93:9300" name=x "mint=1:$(sid 8 3)"
	answers "x s2 1"
	q -R "$WORK/saved"
	send -c "1:8:8:$KEY" "to=$SVC4" "from=$CL4.93:9301" name=x "mint=1:$(sid 8 3)"
	answers "x s3 1"
	saved
}

# ipvsadm stands for a health checker.
checker() {
	local warnings
	q -R "$WORK/saved"
	ipvsadm -e -u "$SVC4" -r "$(rs4 1):443" -i -w 0
	ipvsadm -d -u "$SVC4" -r "$(rs4 2):443"
	warnings=$(printf "Warning: real server %s:443 of $SVC4: another program %s, and it stays so (--weights).\n" \
		"$(rs4 1)" "set its weight to 0" "$(rs4 2)" "took it away")
	q -R "$WORK/saved" 2>"$WORK/stderr"
	same "warnings of -R" "$(<"$WORK/stderr")" "$warnings"
	q sync "$WORK/saved" 2>"$WORK/stderr"
	same "warnings of sync" "$(<"$WORK/stderr")" "$warnings"
	same "servers that are held" "$(q -L -u "$SVC4" | awk '$NF == "held" { print $2, $4 }')" \
		"$(printf '%s:443 %s\n' "$(rs4 1)" 0 "$(rs4 2)" -)"
	q sync --weights "$WORK/saved"
	saved
}

# services: those of IPVS, with their schedulers
services() { ipvsadm -S -n | awk '$1 == "-A" { print $2, $3, $5 }' | sort; }

# What has scheduler quic, and devices, are those of the file, which are not disturbed; other schedulers and TCP are not its business.
sync_removes() {
	local before
	before=$(services)
	ipvsadm -A -t "$VIP4:80" -s rr
	ipvsadm -a -t "$VIP4:80" -r "$(rs4 1)" -i
	q -A -u "$VIP4:54" -s rr
	q -A -u "$VIP4:9443"
	q config add -u "$VIP4:9443" --id 0 --server-id-len 1 --nonce-len 4
	q -a -u "$VIP4:9443" -r "$(rs4 1)" -i --server-id 01
	q -e -u "$SVC4" -r "$(rs4 2)" -w 9
	q express add eth0
	undisturbed
	q sync "$WORK/saved"
	none_lost
	same "services" "$(services)" "$(printf '%s\n' "$before" "-t $VIP4:80 rr" "-u $VIP4:54 rr" | sort)"
	same "servers of TCP" "$(ipvsadm -S -n | grep -c "^-a -t $VIP4:80")" 1
	q -D -u "$VIP4:54"
	ipvsadm -D -t "$VIP4:80"
	saved
}

# -C deletes what -S saves, and -C --all the rest.
clears() {
	ipvsadm -A -t "$VIP4:80" -s rr
	q express add eth0
	q -C
	same "devices after -C" "$(q express list -j | jq length)" 0
	same "services after -C" "$(services)" "-t $VIP4:80 rr"
	q -R "$WORK/saved"
	saved
	q -C --all
	same "services after -C --all" "$(services)" ""
	q -R "$WORK/saved"
	saved
}

# ipvsadm without -s makes it wlc; IPVS then has neither configs nor server IDs.
scheduler_lost() {
	local command
	for command in "-R $WORK/saved" "sync $WORK/saved"; do
		ipvsadm -E -u "$SVC4"
		same "the service" "$(q -S | grep -e "-A -u $SVC4 \|config.* $SVC4 \|$SVC4 .*--server-id" || true)" "-A -u $SVC4 -s wlc"
		# shellcheck disable=SC2086 # words
		q $command
		saved
		send -c "1:8:8:$KEY" "to=$SVC4" "from=$CL4.94:9400" name=x "mint=1:$(sid 8 2)"
		answers "x s2 1"
	done
}

# Two states that differ everywhere, restored at once, again and again: the end is one of them. The full test is TRIES=70.
two_at_once() {
	local round first second got
	changed | sed "s/-r 10.0.0.15/-r 10.0.0.12/" >"$WORK/changed"
	q -R "$WORK/changed"
	q -S >"$WORK/changed"
	for ((round = 1; round <= ${TRIES:-20}; round++)); do
		quiclbadm -R "$WORK/saved" &
		first=$!
		quiclbadm -R "$WORK/changed" &
		second=$!
		wait "$first"
		wait "$second"
		got=$(q -S)
		[ "$got" = "$(<"$WORK/saved")" ] || [ "$got" = "$(<"$WORK/changed")" ] || {
			diff "$WORK/saved" - <<<"$got"
			fail "round $round: neither of the two"
		}
	done
	q -R "$WORK/saved"
	saved
}

# Who holds the lock for good is named. No other user can hold it.
lock_is_held() {
	local path holder files
	# the one that a command of this network namespace has signed last
	q -S >"$WORK/stdout"
	files=(/run/quiclbadm/*.lock)
	path=$(for path in "${files[@]}"; do stat -c '%.Y %n' "$path"; done | sort -n | tail -n 1)
	path=${path#* }
	same "who may look into the directory, and the lock" "$(stat -c %u:%a /run/quiclbadm "$path")" $'0:700\n0:600'
	exec {holder}>>"$path"
	flock -n "$holder"
	printf '4711 (-R)' >"$path"
	refused 1 "Error: lock $path: quiclbadm with process ID 4711 (-R) has not ended its change for 30 seconds; wait for it or end it, then try again." \
		quiclbadm -D -u "$SVC4"
	exec {holder}>&-
	saved
}

# A terminal, or a file that everyone can read.
keys_refused() {
	local rc=0
	(umask 022 && : >"$WORK/open" && chmod 644 "$WORK/open")
	q -S --keys >"$WORK/open" 2>"$WORK/stderr" || rc=$?
	same "status" "$rc" 1
	same "sentence" "$(<"$WORK/stderr")" "Error: --keys: any user may read the file that standard output is (umask 077)."
	same "output" "$(<"$WORK/open")" ""
	rc=0
	script -qec "quiclbadm -S --keys" /dev/null </dev/null >"$WORK/stdout" || rc=$?
	same "status on a terminal" "$rc" 1
	same "sentence on a terminal" "$(tr -d '\r' <"$WORK/stdout")" "Error: --keys: standard output is a terminal."
}

# What ipvsadm printed, its TCP services among it.
of_ipvsadm() {
	ipvsadm -C
	ipvsadm -A -t "$VIP4:80" -s wlc
	ipvsadm -a -t "$VIP4:80" -r "$(rs4 1):80" -i -w 5
	ipvsadm -A -u "$SVC4" -s rr
	ipvsadm -a -u "$SVC4" -r "$(rs4 1)" -i -w 3
	ipvsadm -S -n >"$WORK/ipvsadm"
	q -C
	ipvsadm -e -t "$VIP4:80" -r "$(rs4 1):80" -i -w 6
	q -R "$WORK/ipvsadm" 2>"$WORK/note"
	grep -qxE "Warning: line [0-9]: 2 lines are of TCP or SCTP, .*" "$WORK/note" || fail "$(cat "$WORK/note")"
	same "what is there" "$(ipvsadm -S -n | sort)" "$(sed "s/:80 -i -w 5/:80 -i -w 6/" "$WORK/ipvsadm" | sort)"
	ipvsadm -C
}

# differs STATUS LINE...: what diff says of $WORK/changed
differs() {
	local rc=0
	q diff "$WORK/changed" >"$WORK/stdout" || rc=$?
	same "status of diff" "$rc" "$1"
	shift
	same "differences" "$(<"$WORK/stdout")" "$(printf '%s\n' "$@")"
}

differences() {
	saved
	cp "$WORK/saved" "$WORK/changed"
	differs 0 ""
	# another server ID; a service less; a file with another key by the same name
	sed "s/--server-id 6:aa/--server-id 6:ac/; / -f 17 -6 /d" "$WORK/saved" >"$WORK/changed"
	q diff "$WORK/changed" >"$WORK/stdout" && fail "no difference"
	same "what only the file has" "$(grep '^+' "$WORK/stdout" | grep -c -- '--server-id 6:ac')" 1
	same "how many lines only the kernel has" "$(grep -c '^-' "$WORK/stdout")" 4
	same "the same as JSON" "$({ q diff -j "$WORK/changed" || :; } | jq '[(.only_here | length), (.only_in_file | length)]' -c)" "[4,1]"
	cp "$WORK/saved" "$WORK/changed"
	cp "$WORK/key" "$WORK/kept"
	cp "$OTHER" "$WORK/key"
	q diff "$WORK/changed" >"$WORK/stdout" && fail "no difference between two keys"
	mv "$WORK/kept" "$WORK/key"
	same "keys of the kernel" "$(grep -c "^- config add .* --key-fingerprint $FINGERPRINT\$" "$WORK/stdout")" 3
	same "keys of the file" "$(grep -c "^+ config add .* --key-fingerprint $OTHER_FINGERPRINT\$" "$WORK/stdout")" 3
	saved
	refused 2 "Error: $WORK/none: No such file or directory." quiclbadm diff "$WORK/none"
}

tcase "-R in another order, -S, -C, -R, -S: byte for byte the same" round_trip
tcase "-R of the state that is changes nothing, datagrams arriving" restore_live
tcase "-R of another state and back loses nothing that both have" restore_other
tcase "-R of less removes the rest, and leaves other services alone" restore_less
tcase "-R fails: no such option" bad_line 9 "-a -u $SVC4 -r $(rs4 6) --bad" "--bad: no such option"
tcase "-R fails: a server ID that another server has" bad_line 9 "-a -u $SVC4 -r $(rs4 6) -i --server-id 1:$(sid 8 1)" \
	"server ID 1:$(sid 8 1): $(rs4 1):443 has it already"
tcase "-R fails: key file is missing" bad_line 6 "config add -u $SVC4 --id 3 --server-id-len 8 --nonce-len 8 --key-file $WORK/none" \
	"key file $WORK/none: No such file or directory"
tcase "-R fails: key file cannot be read" bad_line 6 "config add -u $SVC4 --id 3 --server-id-len 8 --nonce-len 8 --key-file $WORK" \
	"key file $WORK: Is a directory"
tcase "-R fails: the kernel has no such scheduler" kernel_refuses_scheduler
tcase "-R fails: the kernel does not take a real server" in_the_end "-a -u $VIP4:9443 -r 224.0.0.1 -i" \
	"real server 224.0.0.1:9443 of $VIP4:9443: IPVS does not take it so: an address of no single host, or another address family without -i"
tcase "-R fails: the kernel does not take a server map" kernel_refuses_map
tcase "-S: a key from standard input is saved by its fingerprint" key_by_stdin
tcase "-R, sync: a config in use keeps its key" key_in_use
tcase "keys are shown nowhere" nowhere_shown
tcase "-S --keys is complete without the key files" saved_with_keys
tcase "-S FILE replaces it whole, or leaves it" file_is_replaced
tcase "-R and sync leave a server as a checker wants it" checker
tcase "server-id move is one step" server_id_moves
tcase "sync removes what the file does not have, datagrams arriving" sync_removes
tcase "-C deletes what -S saves, -C --all everything" clears
tcase "-R and sync undo ipvsadm -E without -s" scheduler_lost
tcase "diff: what sync would change" differences
tcase "-R twice at once ends as one of the two" two_at_once
tcase "-R: the lock's holder is named" lock_is_held
tcase "-S --keys: not where everybody sees them" keys_refused
q -C
tcase "-R reads what ipvsadm -S prints, and leaves TCP alone" of_ipvsadm
finish
