#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The length that a CID contains: the draft's three checks, for the configs with --check-length and for no others.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need_module
lab_up
CHECKED=$VIP4:445
CHECKED6=[$VIP6]:445
serve "$SVC4" "$CHECKED" "$CHECKED6"

# length SERVICE FROM OUTCOME WORD...: this is the outcome when the length is checked
length() {
	local svc=$1 from=$2 outcome=$3 how=fallback
	shift 3
	mark "$svc"
	send "to=$svc" "from=$from" name=x count=2 "$@"
	if [ "$outcome" = routed ]; then
		answers "x s2 2"
		counted "$svc" routed=2
	elif [[ " $* " = *" form=long "* ]]; then
		all_answered 2
		counted "$svc" "$outcome=2" fallback-new=1 tuple=1
	else
		all_answered 2
		counted "$svc" "$outcome=2" fallback=2
	fi
}

# unchecked WORD...: it is routed when the length is not checked
unchecked() { length "$SVC4" "$1" routed "${@:2}"; }

# The check is a property of a config: it is switched on and off for one config only.
switched() {
	local words=(form=long "dcid=0a${sid}01020304")
	length "$SVC4" "$CL4.99:9001" routed "${words[@]}"
	q config replace -u "$SVC4" --id 0 --server-id-len 3 --nonce-len 4 --check-length
	length "$SVC4" "$CL4.99:9002" unroutable-length "${words[@]}"
	length "$SVC4" "$CL4.99:9003" routed form=long "dcid=30${sid}01020304"
	q config replace -u "$SVC4" --id 0 --server-id-len 3 --nonce-len 4
	length "$SVC4" "$CL4.99:9004" routed "${words[@]}"
}

q -C
for svc in "$SVC4" "$CHECKED"; do
	service "$svc" rs4 0:3:4 1:3:4 | q -R
done
service "$CHECKED6" rs6 0:3:4 | q -R
q config replace -u "$CHECKED" --id 0 --server-id-len 3 --nonce-len 4 --check-length
q config replace -u "$CHECKED6" --id 0 --server-id-len 3 --nonce-len 4 --check-length

# config 0, server 2: 3 octets of server ID, 4 of nonce, 8 with the first one, which has the length 07
sid=$(sid 3 2)
seventeen=$(printf '5a%.0s' {1..17})
rows=(
	"right, short header|routed|dcid=07${sid}01020304"
	"right, long header|routed|form=long dcid=07${sid}01020304"
	"long header's is longer|unroutable-length|form=long dcid=07${sid}0102030405"
	"long header's is shorter|unroutable-length|form=long dcid=09${sid}01020304"
	"20 octets in version 1|routed|form=long dcid=13${sid}${seventeen:2}"
	"21 octets in version 1|unroutable-length|form=long dcid=14${sid}$seventeen"
	"21 octets in version 2|unroutable-length|form=long version=6b3343cf dcid=14${sid}$seventeen"
	"21 octets in a version that may have them|routed|form=long version=1a2a3a4a dcid=14${sid}$seventeen"
	"too short for the config|unroutable-length|dcid=06${sid}01020304"
	"longer than the config, short header|routed|dcid=09${sid}010203040506"
)
port=9100
for row in "${rows[@]}"; do
	IFS='|' read -r name outcome words <<<"$row"
	IFS=' ' read -ra words <<<"$words"
	port=$((port + 1))
	tcase "IPv4: $name: $outcome" length "$CHECKED" "$CL4.99:$port" "$outcome" "${words[@]}"
	tcase "IPv6: $name: $outcome" length "$CHECKED6" "[${CL6}:99]:$port" "$outcome" "${words[@]}"
	[ "$outcome" = routed ] || tcase "$name: routed when not checked" unchecked "$CL4.99:$port" "${words[@]}"
done
tcase "the check is a config's own, and can be switched" switched
finish
