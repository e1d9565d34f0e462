#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Directors of one VIP hash alike: the same flows reach the same servers, however a director has come to its pool. A server that comes or
# goes moves no flow of others.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need_module
lab_up
serve "$SVC4" "$SVC6"
FLOWS=120

# flows FAMILY: sends a datagram of each flow; sets $GOT to the servers. Short headers make no entries: each is hashed.
flows() {
	local svc=$SVC4 from=$CL4.9 n
	[ "$1" = 4 ] || svc=$SVC6 from="[$CL6:9]"
	for ((n = 0; n < FLOWS; n++)); do
		printf 'name=%03d from=%s:%d dcid=e7001122334455\n' "$n" "$from" $((2000 + n))
	done | send "to=$svc" -
	all_answered "$FLOWS"
}

# pool FAMILY PORT WEIGHT SERVER...: the rules of a service with these servers, in this order
pool() {
	local svc=$SVC4 host=rs4 n
	[ "$1" = 4 ] || svc=$SVC6 host=rs6
	printf -- '-A -u %s -s quic\n' "$svc"
	for n in "${@:4}"; do
		printf -- '-a -u %s -r %s -i -w %d\n' "$svc" "$(at "$("$host" "$n")" "$2")" "$3"
	done
}

at() {
	case $1 in
	*:*) printf '[%s]:%s' "$1" "$2" ;;
	*) printf '%s:%s' "$1" "$2" ;;
	esac
}

# moved BEFORE: the old and the new server of the flows that have another one in $GOT
moved() { join <(sort <<<"$1") <(sort <<<"$GOT") | awk '$2 != $4 { print $2, $4 }' | sort | uniq -c | awk '{ print $2, $3 }'; }

# has SERVER FLOWS...: how many of them it has
has() { grep -c " $1 " <<<"$2" || :; }

# directors FAMILY: another director, which has the same servers in another order, by other ports, with weights of the same ratio, and a server of weight 0
directors() {
	local first number svc=$SVC4 host=rs4
	[ "$1" = 4 ] || svc=$SVC6 host=rs6
	q -C
	pool "$1" 443 1 1 2 3 | q -R
	flows "$1"
	first=$GOT
	[ "$(cut -d' ' -f2 <<<"$first" | sort -u | wc -l)" = 3 ] || fail "not all servers have flows: $first"
	number=$(q fingerprint -u "$svc")
	q -C
	pool "$1" 8443 100 3 1 2 | q -R 2>/dev/null
	flows "$1"
	same "flows" "$GOT" "$first"
	same "fingerprint" "$(q fingerprint -u "$svc")" "$number"
	q -C
	pool "$1" 4433 7 2 9 3 1 | q -R 2>/dev/null
	q -e -u "$svc" -r "$(at "$("$host" 9)" 4433)" -w 0
	flows "$1"
	same "flows beside a server of weight 0" "$GOT" "$first"
	same "fingerprint beside a server of weight 0" "$(q fingerprint -u "$svc")" "$number"
	same "fingerprint in -L -j" "$(q -L -j | jq -r '.services[0].fingerprint')" "$number"
}

# What sends some datagram elsewhere changes the fingerprint, and what is taken back gives it back.
fingerprints() {
	local first before
	q -C
	{
		pool 4 443 1 1 2 3
		echo "config add -u $SVC4 --id 0 --server-id-len 2 --nonce-len 4"
		echo "server-id add -u $SVC4 -r $(rs4 1):443 --server-id 0:0001"
		echo "server-id add -u $SVC4 -r $(rs4 8):443 --absent --server-id 0:0008"
	} | q -R
	first=$(q fingerprint -u "$SVC4")
	[[ $first =~ ^[0-9a-f]{12}$ ]] || fail "no fingerprint: $first"
	changed_by "another server ID" server-id add -u "$SVC4" -r "$(rs4 1):443" --server-id 0:0002
	changed_by "its end" server-id del -u "$SVC4" --server-id 0:0002
	same "fingerprint as before" "$before" "$first"
	changed_by "a server ID that moves" server-id move -u "$SVC4" -r "$(rs4 2):443" --server-id 0:0001
	changed_by "an absent server that comes" -a -u "$SVC4" -r "$(rs4 8):443" -i -w 0
	changed_by "a weight" -e -u "$SVC4" -r "$(rs4 2):443" -i -w 2
	changed_by "a key" config replace -u "$SVC4" --id 0 --server-id-len 2 --nonce-len 4 --key-file "$WORK/key"
	changed_by "the table's size" set -u "$SVC4" --table-bits 12
	before=$(q fingerprint -u "$SVC4")
	q set -u "$SVC4" --tuple-timeout 7
	same "fingerprint with another timeout" "$(q fingerprint -u "$SVC4")" "$before"
}

# changed_by WHAT COMMAND...: sets $before to what it is then
changed_by() {
	before=$(q fingerprint -u "$SVC4")
	q "${@:2}"
	[ "$(q fingerprint -u "$SVC4")" != "$before" ] || fail "it is the same after $1"
	before=$(q fingerprint -u "$SVC4")
}

# server 3 goes, and comes back, and weighs more: flows move from it and to it alone
moves() {
	local with
	q -C
	pool 4 443 1 1 2 3 | q -R
	flows 4
	with=$GOT
	[ "$(has s3 "$with")" -gt 0 ] || fail "server 3 has no flow"
	q -d -u "$SVC4" -r "$(rs4 3):443"
	flows 4
	same "moves when it goes" "$(moved "$with")" "$(printf '%s\n' "s3 s1" "s3 s2")"
	q -a -u "$SVC4" -r "$(rs4 3):443" -i -w 1
	flows 4
	same "moves there and back" "$(moved "$with")" ""
	q -e -u "$SVC4" -r "$(rs4 3):443" -i -w 4
	flows 4
	same "moves to more weight" "$(moved "$with")" "$(printf '%s\n' "s1 s3" "s2 s3")"
	[ "$(has s3 "$GOT")" -gt "$(has s3 "$with")" ] || fail "it has no more flows"
}

# A table of another size is another contract; the size is saved and restored.
sizes() {
	local first bits
	q -C
	pool 4 443 1 1 2 3 | q -R
	flows 4
	first=$GOT
	same "contract" "$(q -L -j | jq -c '.services[0] | [.contract, .settings.table_bits]')" '[2,16]'
	q set -u "$SVC4" --table-bits 8
	flows 4
	[ "$GOT" != "$first" ] || fail "the table has kept its size"
	q -S "$WORK/saved"
	grep -qx "set -u $SVC4 --table-bits 8" "$WORK/saved" || fail "it is not saved: $(<"$WORK/saved")"
	first=$GOT
	q -C
	q -R "$WORK/saved"
	flows 4
	same "flows after the restore" "$GOT" "$first"
	# a server that comes is put into a table of that size, too
	q -d -u "$SVC4" -r "$(rs4 2):443"
	q -a -u "$SVC4" -r "$(rs4 2):443" -i -w 1
	flows 4
	same "flows after a rebuild" "$GOT" "$first"
	for bits in 19 16; do
		q set -u "$SVC4" --table-bits "$bits"
	done
	flows 4
	refused 2 "Error: --table-bits 20: not a number from 8 to 19." q set -u "$SVC4" --table-bits 20
}

tcase "IPv4: two directors send flows alike" directors 4
tcase "IPv6: two directors send flows alike" directors 6
tcase "a server that comes or goes moves no flow of others" moves
tcase "the size of a table" sizes
tcase "a service's fingerprint: all that decides and nothing else" fingerprints
finish
