#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Several configs behind one config ID, and prefixes of server IDs.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need_module
lab_up
serve

KEY2=00112233445566778899aabbccddeeff
printf '%s\n' "$KEY2" >"$WORK/key2"
chmod 600 "$WORK/key2"

# --- several configs with one ID ------------------------------------------------

# usage: "TENANT DATAGRAMS MISSES" of each config
usage() { q config list -u "$SVC4" -j | jq -r '[.[] | "\(.tenant) \(.datagrams) \(.misses)"] | join(", ")'; }

tried_in_vain() {
	local n
	q -C
	q -R <<-END
		-A -u $SVC4 -s quic
		config add -u $SVC4 --id 1 --server-id-len 8 --nonce-len 8 --key-file $WORK/key
		config add -u $SVC4 --id 1 --tenant 1 --server-id-len 8 --nonce-len 8 --key-file $WORK/key2
		config add -u $SVC4 --id 1 --tenant 2 --server-id-len 4 --nonce-len 6
		-a -u $SVC4 -r $(rs4 1) -i -w 1 --server-id 1:$(sid 8 1)
		-a -u $SVC4 -r $(rs4 2) -i -w 1 --server-id 1:$(sid 8 2)
		-a -u $SVC4 -r $(rs4 3) -i -w 1 --server-id 1:$(sid 4 3)
	END
	mark
	for n in 1 2; do
		send -c "1:8:8:$KEY" "to=$SVC4" "from=$CL4.96:9600" name=x "mint=1:$(sid 8 "$n")" count=2
		answers "x s$n 2"
		send -c "1:8:8:$KEY2" "to=$SVC4" "from=$CL4.96:9600" name=x "mint=1:$(sid 8 "$n")" count=3
		answers "x s$n 3"
	done
	same "tenants, datagrams, misses" "$(usage)" "0 4 6, 1 6 0, 2 0 0"
	# too short for the first two
	send -c 1:4:6 "to=$SVC4" "from=$CL4.96:9600" name=x form=long "mint=1:$(sid 4 3)" count=4
	answers "x s3 4"
	counted "$SVC4" routed=14
	stateless
	same "tenants, datagrams, misses" "$(usage)" "0 4 10, 1 6 4, 2 4 0"
	# no server has the ID: all tenants have been tried
	send -c "1:8:8:$KEY" "to=$SVC4" "from=$CL4.96:9601" name=x "mint=1:eeeeeeeeeeeeeeee"
	counted "$SVC4" routed=14 unroutable-server-id=1 fallback=1
	same "tenants, datagrams, misses" "$(usage)" "0 4 11, 1 6 5, 2 4 1"
	# the last tenant is deleted: its server IDs lead to no server then
	q config del -u "$SVC4" --id 1 --tenant 2 --force
	send -c 1:4:6 "to=$SVC4" "from=$CL4.96:9602" name=x form=long "mint=1:$(sid 4 3)"
	counted "$SVC4" routed=14 unroutable-server-id=1 unroutable-short=1 fallback=1 fallback-new=1
	q config del -u "$SVC4" --id 1 --tenant 1 --force
	send -c "1:8:8:$KEY2" "to=$SVC4" "from=$CL4.96:9601" name=x "mint=1:$(sid 8 1)"
	counted "$SVC4" routed=14 unroutable-server-id=2 unroutable-short=1 fallback=2 fallback-new=1
}

# both_ways FIRST SECOND: server ID and nonce length of two tenants that both decode a CID, to an ID of s1 or of s2
both_ways() {
	q -C
	q -R <<-END
		-A -u $SVC4 -s quic
		config add -u $SVC4 --id 1 --server-id-len ${1%:*} --nonce-len ${1#*:}
		config add -u $SVC4 --id 1 --tenant 1 --server-id-len ${2%:*} --nonce-len ${2#*:}
		-a -u $SVC4 -r $(rs4 1) -i -w 1 --server-id 1:a1a2
		-a -u $SVC4 -r $(rs4 2) -i -w 1 --server-id 1:a1a2a3
		-a -u $SVC4 -r $(rs4 3) -i -w 1
	END
	mark
}

ask() { send "to=$SVC4" "from=$CL4.97:$1" name=x dcid=27a1a2a304050607 count=3; }

in_order() {
	both_ways 2:5 3:4
	ask 9700
	answers "x s1 3"
	same "tenants, datagrams, misses" "$(usage)" "0 3 0, 1 0 0"
	# a tenant whose server is absent does not win
	ipvsadm -d -u "$SVC4" -r "$(rs4 1)"
	ask 9700
	answers "x s2 3"
	counted "$SVC4" routed=6
	same "tenants, datagrams, misses" "$(usage)" "0 3 3, 1 3 0"
	# absent is not the same as unknown
	ipvsadm -d -u "$SVC4" -r "$(rs4 2)"
	ask 9701
	answers "x s3 3"
	counted "$SVC4" routed=6 unroutable-server=3 fallback=3
	both_ways 3:4 2:5
	ask 9700
	answers "x s2 3"
	same "tenants, datagrams, misses" "$(usage)" "0 3 0, 1 0 0"
}

# --- prefixes -------------------------------------------------------------------

longest() {
	local svc=$1 rs=$2 from=$3
	q -C
	q -R <<-END
		-A -u $svc -s quic
		config add -u $svc --id 0 --server-id-len 4 --nonce-len 4
		config add -u $svc --id 1 --server-id-len 4 --nonce-len 6 --key-file $WORK/key
		-a -u $svc -r $("$rs" 1) -i -w 1 --server-id 0:5a* --server-id 1:5a*
		-a -u $svc -r $("$rs" 2) -i -w 1 --server-id 0:5a0f* --server-id 1:5a0fc3*
		-a -u $svc -r $("$rs" 3) -i -w 1 --server-id 0:5a0fc396 --server-id 1:c0*
	END
	mark "$svc"
	send -c 0:4:4 -c "1:4:6:$KEY" "to=$svc" "from=$from" - <<-END
		name=one mint=0:5a000000
		name=one mint=0:5affffff
		name=two mint=0:5a0f0000
		name=two mint=0:5a0fc397
		name=three mint=0:5a0fc396
		name=one mint=1:5a0fc200
		name=two mint=1:5a0fc300
		name=three mint=1:c0000000
		name=unknown mint=0:5b0fc396
		name=unknown mint=0:c0000000
	END
	same "answers" "$(grep -v unknown <<<"$GOT")" "$(printf 'one s1 3\nthree s3 2\ntwo s2 3')"
	counted "$svc" routed=8 unroutable-server-id=2 fallback=2
	stateless
	q server-id del -u "$svc" --server-id "0:5a0f*"
	send -c 0:4:4 "to=$svc" "from=$from" - <<-END
		name=one mint=0:5a0f0000
		name=three mint=0:5a0fc396
	END
	answers "one s1 1" "three s3 1"
	q server-id del -u "$svc" --server-id "0:5a*"
	send -c 0:4:4 "to=$svc" "from=$from" - <<-END
		name=unknown mint=0:5a0f0000
		name=three mint=0:5a0fc396
	END
	counted "$svc" routed=11 unroutable-server-id=3 fallback=3
}

# The longest matching prefix decides alone, also if its server is absent.
longest_is_gone() {
	q -C
	q -R <<-END
		-A -u $SVC4 -s quic
		config add -u $SVC4 --id 0 --server-id-len 4 --nonce-len 4
		-a -u $SVC4 -r $(rs4 1) -i -w 1 --server-id 0:5a*
		-a -u $SVC4 -r $(rs4 2) -i -w 1 --server-id 0:5a0f*
	END
	ipvsadm -d -u "$SVC4" -r "$(rs4 2)"
	mark
	send -c 0:4:4 "to=$SVC4" "from=$CL4.98:9800" name=x mint=0:5a0f0000
	counted "$SVC4" unroutable-server=1 fallback=1
}

tcase "several configs with one ID: tried in turn, and counted" tried_in_vain
tcase "several configs with one ID: the first with a server wins" in_order
tcase "IPv4: the longest prefix of a server ID wins" longest "$SVC4" rs4 "$CL4.98:9800"
tcase "IPv6: the longest prefix of a server ID wins" longest "$SVC6" rs6 "[${CL6}:98]:9800"
tcase "the longest prefix decides, server or not" longest_is_gone
finish
