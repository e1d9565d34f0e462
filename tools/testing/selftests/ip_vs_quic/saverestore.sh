#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# -S prints what -R reads, byte for byte the same every time; -R is one transaction, and none at all where nothing differs.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need_module
lab_up
serve

# Something of everything, in another order than -S has.
everything() {
	echo 00112233445566778899aabbccddeeff >"$WORK/other key"
	chmod 600 "$WORK/other key"
	service "$SVC6" rs6 "6:1:18:$KEY" 0:15:4
	service "$SVC4" rs4 0:3:4 "1:8:8:$KEY"
	cat <<-END
		config add -u $SVC4 --id 5 --server-id-len 2 --nonce-len 6 --key-file "$WORK/other key"
		server-id add -u $SVC4 -r $(rs4 9) --absent --server-id 0:eeeeee --server-id 5:eeee
		server-id add -u $SVC4 -r $(rs4 1) --server-id 0:000001
		-A -u $VIP4:8443 -s quic -o
		-a -u $VIP4:8443 -r $(rs4 2):8443 -g -w 0 -x 1000 -y 10
		-a -u $VIP4:8443 -r $(rs4 3):8443 -m -w 65535
		-a -u $VIP4:8443 -r $(rs4 1):8443 -i -w 7 --tun-type gue --tun-port 6080 --tun-nocsum
		-A -f 17 -s quic
		-a -f 17 -r $(rs4 1):443 -i -w 1
		-A -f 17 -6 -s quic
		-A -u $VIP4:53 -s rr
	END
}

round_trip() {
	q -C
	everything | q -R
	q -S >"$WORK/saved"
	q -C
	same "after -C" "$(q -S)" ""
	q -R <"$WORK/saved"
	q -S >"$WORK/again"
	cmp "$WORK/saved" "$WORK/again"
	same "fingerprints in all" "$(q config list -j | jq -c '[.[] | select(.key_fingerprint)] | length')" 3
}

# Counters go on, connections stay, not one datagram is lost.
restore_live() {
	local before
	q -S >"$WORK/saved"
	mark "$SVC4"
	flood -c 0:3:4 -w 4 "to=$SVC4" - <<-END
		name=cid from=$CL4.90:9000 mint=0:$(sid 3 3)
		name=tuple from=$CL4.91:9000 dcid=ff
	END
	for _ in 1 2 3 4 5; do
		q -R <"$WORK/saved"
	done
	flooded
	same "what the flood got" "$(sed 's/[0-9]*$//; s/tuple s[123]/tuple SERVER/' <<<"$GOT")" $'cid s3 \ntuple SERVER '
	same "after -R" "$(q -S)" "$(cat "$WORK/saved")"
	before=$(awk '/^cid/ { print $3 }' <<<"$GOT")
	[ "$before" -gt 20 ] || fail "only $before datagrams while -R was at work"
	counted "$SVC4" "routed=$before" "unroutable-reserved=$(awk '/^tuple/ { print $3 }' <<<"$GOT")" sched-fallback=1
}

# What the file does not have goes, within the services that it names.
restore_less() {
	q -C
	service "$SVC4" rs4 0:3:4 "1:8:8:$KEY" | q -R
	service "$SVC6" rs6 0:3:4 | q -R
	service "$SVC4" rs4 0:3:4 | sed "/-r $(rs4 2) /d; s/-w 1/-w 5/" >"$WORK/less"
	q -R <"$WORK/less"
	same "the service" "$(q -S | grep -F " $SVC4 ")" "$(printf '%s\n' "-A -u $SVC4 -s quic" \
		"config add -u $SVC4 --id 0 --server-id-len 3 --nonce-len 4" \
		"-a -u $SVC4 -r $(rs4 1):443 -i -w 5 --server-id 0:$(sid 3 1)" \
		"-a -u $SVC4 -r $(rs4 3):443 -i -w 5 --server-id 0:$(sid 3 3)")"
	same "lines about the other service" "$(q -S | grep -cF " $SVC6 ")" 5
}

keys_by_path() {
	fresh "$SVC4" rs4 "1:8:8:$KEY"
	q -S >"$WORK/saved"
	grep -q -- "--key-file $WORK/key" "$WORK/saved"
	same "keys in -S, -L and config list" "$({ cat "$WORK/saved"; q -L; q -L -j; q config list; q config list -j; } | grep -ic "$KEY" || true)" 0
}

keys_when_asked() {
	fresh "$SVC4" rs4 "1:8:8:$KEY"
	rm "$WORK/saved"
	(umask 077 && q -S --keys >"$WORK/saved")
	grep -q -- "--key $KEY" "$WORK/saved"
	mv "$WORK/key" "$WORK/moved"
	q -C
	q -R <"$WORK/saved"
	send -c "1:8:8:$KEY" "to=$SVC4" "from=$CL4.92:9200" name=x "mint=1:$(sid 8 2)"
	mv "$WORK/moved" "$WORK/key"
	answers "x s2 1"
}

tcase "-S, -C, -R, -S: byte for byte the same" round_trip
tcase "-R of the state that is changes nothing, under traffic" restore_live
tcase "-R of less removes the rest" restore_less
tcase "keys are saved by path, and shown nowhere" keys_by_path
tcase "-S --keys is complete without the key file" keys_when_asked
finish
