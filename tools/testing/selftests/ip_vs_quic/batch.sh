#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Commands that are run another way than one by one in a shell: -N NETNS, -b FILE.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need_module
own_lab_up

# A director in s3, seen from the namespace of lb.
elsewhere() {
	q -C
	q -A -u "$SVC4"
	q -N "$LAB-s3" -A -u 192.0.2.9:443
	q -a -u 192.0.2.9:443 -r 10.0.0.11 -i --server-id 0a01 --netns "$LAB-s3"
	q --netns="$LAB-s3" config add -u 192.0.2.9:443 --id 0 --server-id-len 2 --nonce-len 4
	q -S >"$WORK/here"
	same "here" "$(cat "$WORK/here")" "-A -u $SVC4 -s quic"
	q -N "$LAB-s3" -S >"$WORK/there"
	in_ns s3 quiclbadm -S | diff - "$WORK/there"
	grep -q "^config add -u 192.0.2.9:443 " "$WORK/there" || fail "$(cat "$WORK/there")"
	# a file that is one, and a lock and weights of its own
	q -N "/run/netns/$LAB-s3" -C
	q -N "$LAB-s3" -R "$WORK/there"
	q -N "$LAB-s3" -S | diff - "$WORK/there"
	q -S | diff - "$WORK/here"
	# other programs are run there as well
	q -N "$LAB-s3" doctor -u 192.0.2.9:443 -j >"$WORK/report" || true
	same "what the doctor says of the VIP" "$(jq -r '.[] | select(.check == "vip").verdict' "$WORK/report")" fault
	q explain 40000a0111223344 -N "$LAB-s3" -u 192.0.2.9:443 >"$WORK/explained"
	grep -q "server=10.0.0.11:443" "$WORK/explained" || fail "$(cat "$WORK/explained")"
	q -N "$LAB-s3" -C
	refused 1 "Error: -N $LAB-s3: only root may enter a network namespace." \
		setpriv --reuid 65534 --clear-groups "$(command -v quiclbadm)" -N "$LAB-s3" -L
}

lines() {
	q -C
	cat >"$WORK/lines" <<-END
		# what the lines above did, those below find
		-A -u $SVC4
		config add -u $SVC4 --id 0 --server-id-len 2 --nonce-len 4
		quiclbadm -a -u $SVC4 -r $(rs4 1) -i --server-id 0a01
		-S
		decode -u $SVC4 000a0111223344
	END
	q -b "$WORK/lines" >"$WORK/out"
	same "output" "$(sed -n '1,2p; $p' "$WORK/out")" "-A -u $SVC4 -s quic
config add -u $SVC4 --id 0 --server-id-len 2 --nonce-len 4
server     $(rs4 1):443"
	# no transaction, and the lines behind the one that fails are not run
	printf '%s\n' "-e -u $SVC4 -r $(rs4 1) -w 7" "-d -u $SVC4 -r $(rs4 2)" "-C" >"$WORK/bad"
	refused 1 "Error: $WORK/bad:2: real server $(rs4 2):443 of $SVC4: the service has no such real server.
Warning: $WORK/bad:2: the lines behind this one were not run (--force)." quiclbadm -b "$WORK/bad"
	q -S | grep -q -- "-w 7" || fail "$(q -S)"
	refused 1 "Error: $WORK/bad:2: real server $(rs4 2):443 of $SVC4: the service has no such real server." \
		quiclbadm -b "$WORK/bad" --force
	same "services" "$(q -S)" "# no services"
	# in another namespace
	q -N "$LAB-s3" -b "$WORK/lines" >"$WORK/there"
	diff "$WORK/there" "$WORK/out"
	same "services here" "$(q -S)" "# no services"
	q -N "$LAB-s3" -C
}

tcase "-N: a command in another namespace" elsewhere
tcase "-b: commands of a file" lines
finish
