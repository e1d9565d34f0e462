#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Coming and going: module, services, servers and namespaces, with traffic all the while.  That the kernel is well afterwards is
# for tools/testing/qemu/run to say, which fails on any report.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need_module
lab_up
serve

refcount() { cat /sys/module/ip_vs_quic/refcnt; }
unused() { [ "$(refcount)" = 0 ]; }
absent() { [ ! -d /sys/module/ip_vs_quic ]; }

unloaded() {
	q -C
	poll 20 "the last reference" unused
	rmmod ip_vs_quic
	absent
}

autoload() {
	unloaded
	ipvsadm -A -u "$SVC4" -s quic
	[ -d /sys/module/ip_vs_quic ]
	same "references" "$(refcount)" 1
}

unload_refused() {
	fresh "$SVC4" rs4 0:3:4
	refused 1 "rmmod: ERROR: Module ip_vs_quic is in use" rmmod ip_vs_quic
	send -c 0:3:4 "to=$SVC4" "from=$CL4.97:9700" name=x "mint=0:$(sid 3 1)"
	answers "x s1 1"
}

# lost_none: the flood was answered, but for what was sent while nobody was there
answered() { [ "$(awk '$2 ~ /^s[123]$/ { n += $3 } END { print n + 0 }' <<<"$GOT")" -ge "$1" ] || fail "the flood was hardly answered: $GOT"; }

reload_under_traffic() {
	service "$SVC4" rs4 0:3:4 "1:8:8:$KEY" >"$WORK/state"
	flood -c 0:3:4 -c "1:8:8:$KEY" -w 8 -t 100 "to=$SVC4" - <<-END
		name=a from=$CL4.98:9800 mint=0:$(sid 3 1)
		name=b from=$CL4.98:9801 mint=1:$(sid 8 2)
		name=c from=$CL4.98:9802 dcid=ff
	END
	for _ in 1 2 3; do
		modprobe ip_vs_quic
		q -R <"$WORK/state"
		ipvsadm -C
		poll 20 "the last reference" unused
		rmmod ip_vs_quic
	done
	modprobe ip_vs_quic
	q -R <"$WORK/state"
	flooded
	answered 20
	send -c 0:3:4 "to=$SVC4" "from=$CL4.97:9700" name=x "mint=0:$(sid 3 3)"
	answers "x s3 1"
}

clear_under_traffic() {
	service "$SVC4" rs4 0:3:4 >"$WORK/state"
	flood -c 0:3:4 -w 8 -t 100 "to=$SVC4" - <<-END
		name=a from=$CL4.98:9803 mint=0:$(sid 3 1)
		name=c from=$CL4.98:9804 dcid=ff
	END
	for _ in 1 2 3 4 5 6; do
		ipvsadm -C
		q -R <"$WORK/state"
	done
	flooded
	answered 20
}

# Servers come and go, configs and server IDs change: what concerns none of that loses not a datagram.
churn() {
	fresh "$SVC4" rs4 0:3:4 "1:8:8:$KEY"
	flood -c 0:3:4 -w 4 "to=$SVC4" "from=$CL4.99:9900" name=x "mint=0:$(sid 3 1)"
	for _ in 1 2 3; do
		ipvsadm -d -u "$SVC4" -r "$(rs4 3)"
		q config add -u "$SVC4" --id 4 --server-id-len 2 --nonce-len 4
		ipvsadm -e -u "$SVC4" -r "$(rs4 2)" -i -w 9
		q server-id add -u "$SVC4" -r "$(rs4 2)" --server-id 0:bbbbbb --server-id 4:bbbb
		ipvsadm -a -u "$SVC4" -r "$(rs4 3)" -i
		q server-id del -u "$SVC4" --server-id 0:bbbbbb --server-id 4:bbbb
		q config del -u "$SVC4" --id 4
		echo "$KEY" | q config replace -u "$SVC4" --id 1 --server-id-len 8 --nonce-len 8 --key-file -
	done
	flooded
	same "what the flood got" "${GOT% *}" "x s1"
	[ "${GOT##* }" -gt 20 ] || fail "hardly a flood: $GOT"
	counted "$SVC4" "routed=${GOT##* }"
	# the one that came back
	send -c 0:3:4 "to=$SVC4" "from=$CL4.97:9701" name=x "mint=0:$(sid 3 3)"
	answers "x s3 1"
}

other_scheduler() {
	fresh "$SVC4" rs4 0:3:4
	ipvsadm -E -u "$SVC4" -s rr -o
	send -c 0:3:4 "to=$SVC4" "from=$CL4.97:9702" name=x "mint=0:$(sid 3 1)" count=9
	answers "x s1 3" "x s2 3" "x s3 3"
	refused 1 "Error: config 1 of $SVC4: No UDP service with scheduler quic at this address." \
		quiclbadm config add -u "$SVC4" --id 1 --server-id-len 3 --nonce-len 4
	ipvsadm -E -u "$SVC4" -s quic
	send -c 0:3:4 "to=$SVC4" "from=$CL4.97:9703" name=x "mint=0:$(sid 3 1)" count=3
	same "answers without a config" "${GOT/s[123]/SERVER}" "x SERVER 3"
	service "$SVC4" rs4 0:3:4 | q -R
	send -c 0:3:4 "to=$SVC4" "from=$CL4.97:9704" name=x "mint=0:$(sid 3 1)" count=3
	answers "x s1 3"
	counted "$SVC4" unroutable-config=3 sched-fallback=1 routed=3
}

# A second lab with the same addresses, whose director maps the same server IDs the other way round.
second_lab() {
	local first=$LAB
	make_lab "$first-b"
	defer "LAB=$LAB lab_down"
	fresh "$SVC4" rs4 0:3:4
	in_ns lb ipvsadm -A -u "$SVC4" -s quic
	in_ns lb quiclbadm -R <<-END
		-A -u $SVC4 -s quic
		config add -u $SVC4 --id 0 --server-id-len 3 --nonce-len 4
		-a -u $SVC4 -r $(rs4 1) -i -w 1 --server-id 0:$(sid 3 3)
		-a -u $SVC4 -r $(rs4 3) -i -w 1 --server-id 0:$(sid 3 1)
	END
	same "references" "$(refcount)" 2
	serve
	send -c 0:3:4 "to=$SVC4" "from=$CL4.97:9705" name=second "mint=0:$(sid 3 1)" count=3
	answers "second s3 3"
	LAB=$first send -c 0:3:4 "to=$SVC4" "from=$CL4.97:9705" name=first "mint=0:$(sid 3 1)" count=2
	answers "first s1 2"
	counted "$SVC4" routed=2
	# the second goes away in the middle of traffic
	flood -c 0:3:4 -w 8 -t 100 "to=$SVC4" - <<-END
		name=cid from=$CL4.98:9806 mint=0:$(sid 3 1)
		name=new from=$CL4.98:9807 dcid=ff
	END
	in_flood() { [ "$(in_ns lb quiclbadm -L -n --stats | awk '$1 == "routed" { print $2 }')" -gt 20 ]; }
	poll 20 "traffic in the second lab" in_flood
	ip netns del "$LAB-lb"
	gone() { [ "$(refcount)" = 1 ]; }
	poll 30 "the end of the second lab's service" gone
	flooded
	answered 20
	LAB=$first
	send -c 0:3:4 "to=$SVC4" "from=$CL4.97:9706" name=first "mint=0:$(sid 3 2)"
	answers "first s2 1"
}

tcase "ipvsadm -A -s quic loads the module" autoload
tcase "rmmod is refused while there is a service" unload_refused
tcase "rmmod after ipvsadm -C, under traffic, and again" reload_under_traffic
tcase "ipvsadm -C and -R under traffic" clear_under_traffic
tcase "servers, configs and server IDs change under traffic, nothing is lost" churn
tcase "another scheduler and back" other_scheduler
tcase "two namespaces with services, one is deleted under traffic" second_lab
tcase "rmmod after all of this" unloaded
modprobe ip_vs_quic
finish
