#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the model of the kernel in fake.c cannot show: quiclbadm against the real one.  Needs root, the module and no service
# that matters:
#   tools/testing/qemu/run userspace/quiclbadm/tests/guest.sh
# KTAP.
set -euo pipefail

export LC_ALL=C
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
umask 077
cd "$tmp"
count=0 failed=0
svc=192.0.2.1:443
writers=()

test_case() { # NAME FUNCTION
	local rc
	count=$((count + 1))
	quiclbadm -C
	set +e
	(
		set -eE
		trap 'echo "# line $LINENO: $BASH_COMMAND"' ERR
		trap - EXIT
		"$2"
	)
	rc=$?
	set -e
	if [ "$rc" = 0 ]; then
		echo "ok $count $1"
	else
		failed=$((failed + 1))
		echo "not ok $count $1"
	fi
}

# refused STATUS SENTENCE COMMAND...: and the state is what it was
refused() {
	local status=$1 sentence=$2 rc=0
	shift 2
	quiclbadm -L -j | grep -vE 'per_second|last_seen_ms' >before
	"$@" >out 2>err <"${input:-/dev/null}" || rc=$?
	if [ "$rc" != "$status" ] || [ "$(cat err)" != "$sentence" ] || [ -s out ]; then
		echo "# $*: status $rc, $(cat err out)"
		return 1
	fi
	quiclbadm -L -j | grep -vE 'per_second|last_seen_ms' | diff before -
}

everything() {
	quiclbadm genkey >key
	cat <<-END
		-A -u $svc -s quic
		set -u $svc --tuple-timeout 86400 --tuple-max 2147483647 --dcid-max 1000 --dcid-timeout 7
		config add -u $svc --id 0 --server-id-len 2 --nonce-len 6
		config add -u $svc --id 4 --server-id-len 1 --nonce-len 15 --key-file $tmp/key
		config add -u $svc --id 4 --tenant 1 --server-id-len 3 --nonce-len 13 --check-length --key-file $tmp/key
		config add -u $svc --id 4 --tenant 2 --server-id-len 3 --nonce-len 14
		-a -u $svc -r 10.0.0.1:443 -i -w 1 --server-id 0:0a* --server-id 0:0a01 --server-id 4:01 --server-id 4:01* --server-id 4:010203
		-a -u $svc -r 10.0.0.2:443 -i --tun-type gue --tun-port 6080 --tun-remcsum -w 0 -x 7 -y 3 --server-id 0:0a02
		-a -u $svc -r 10.0.0.3:443 -i --tun-type gre --tun-csum -w 1
		server-id add -u $svc -r 10.0.0.4:443 --absent --server-id 0:0a04 --server-id 5:01020304
		-A -u [2001:db8::1]:443 -s quic -o
		-a -u [2001:db8::1]:443 -r 10.0.0.1:443 -i -w 65535
		-a -u [2001:db8::1]:443 -r [fd00::1]:8443 -m -w 1
		-A -u [2001:db8::1]:444 -s mh -p 60 -M 64 -b flag-1,flag-2
		-A -f 5 -s quic
		-a -f 5 -r 10.0.0.1:0 -g -w 1
		-A -f 5 -6 -s rr -p 300
	END
}

round_trip() {
	everything >rules
	quiclbadm -R <rules
	quiclbadm -S | diff rules -
	quiclbadm -L -j | grep -vE 'per_second|last_seen_ms' >before
	quiclbadm -R <rules
	quiclbadm -L -j | grep -vE 'per_second|last_seen_ms' | diff before -
	quiclbadm -S --keys >with-keys
	quiclbadm -C
	rm key
	quiclbadm -R <with-keys
	quiclbadm -S | diff rules -
	# ipvsadm sees the same services
	[ "$(ipvsadm -Sn | grep -c -- '^-A')" = 5 ]
	ipvsadm -Sn | grep -qx -- "-a -u $svc -r 10.0.0.2:443 -i -w 0 --tun-type gue --tun-port 6080 --tun-remcsum"
}

# IPVS refuses the last of many changes: all are taken back, the keys' included
restore_undone() {
	everything >rules
	quiclbadm -R <rules
	quiclbadm genkey >other
	{
		sed -e '/^set/d' -e "/--id 4/s,$tmp/key,$tmp/other," -e 's/--check-length//' -e '/--tenant 2/d' -e '/10.0.0.2:443/d' -e 's/-w 65535/-w 9/' -e 's/0:0a01/0:0a77/' -e 's/-s mh.*/-s quic/' rules
		echo "-A -u 192.0.2.2:443"
		echo "config add -u 192.0.2.2:443 --id 0 --server-id-len 2 --nonce-len 6"
		echo "-a -u 192.0.2.2:443 -r 10.0.0.1"
		echo "-a -u 192.0.2.2:443 -r 224.0.0.1"
	} >bad
	input=bad refused 1 "Error: real server 224.0.0.1:443 of 192.0.2.2:443: IPVS does not take it so: an address of no single host, or another address family without -i." quiclbadm -R
	quiclbadm -S | diff rules -
	# without that one it is done, and so is the way back
	grep -v 224.0.0.1 bad >good
	quiclbadm -R <good
	quiclbadm -S >after
	[ "$(grep -c . after)" = 17 ]
	grep -q "id 4 .*$tmp/other" after
	quiclbadm -R <rules
	quiclbadm -D -u 192.0.2.2:443
	quiclbadm -S | diff rules -
}

refusals() {
	quiclbadm genkey >key
	quiclbadm -A -u $svc
	quiclbadm -A -u 192.0.2.2:443 -s rr
	quiclbadm -a -u $svc -r 10.0.0.1 -i --server-id 0a01
	quiclbadm config add -u $svc --id 0 --server-id-len 2 --nonce-len 6
	refused 1 "Error: service $svc: it exists already." quiclbadm -A -u $svc
	refused 1 "Error: service 192.0.2.9:443: no such service." quiclbadm -D -u 192.0.2.9:443
	refused 1 "Error: config 0 of $svc: it exists already (config replace changes it)." \
		quiclbadm config add -u $svc --id 0 --server-id-len 2 --nonce-len 6
	refused 1 "Error: config 0 of $svc: server ID 0:0a01 has 2 octets, and config 0 server IDs of 3." \
		quiclbadm config replace -u $svc --id 0 --server-id-len 3 --nonce-len 6
	refused 1 "Error: config 1 of $svc: The service has no config with this ID." quiclbadm config del -u $svc --id 1
	refused 1 "Error: config 1 of 192.0.2.2:443: No UDP service with scheduler quic at this address." \
		quiclbadm config add -u 192.0.2.2:443 --id 1 --server-id-len 2 --nonce-len 6
	refused 1 "Error: real server 10.0.0.2:443 of $svc: server ID 0:0a01 belongs to 10.0.0.1:443." \
		quiclbadm -a -u $svc -r 10.0.0.2 -i --server-id 0a02 --server-id 0a01
	refused 1 "Error: real server 10.0.0.1:443 of $svc: the service has it already." \
		quiclbadm -a -u $svc -r 10.0.0.1 -i --server-id 0a03
	refused 2 "Error: -r 255.255.255.255: neither a host's address nor one that a datagram of QUIC is sent to." \
		quiclbadm -a -u $svc -r 255.255.255.255 -i --server-id 0a03
	refused 1 "Error: server IDs of 10.0.0.2:443 in $svc: The service has no such real server." \
		quiclbadm server-id add -u $svc -r 10.0.0.2 --server-id 0a02
	refused 1 "Error: server IDs of $svc: there is no server ID 0:0a02." quiclbadm server-id del -u $svc --server-id 0a02
	refused 1 "Error: service 192.0.2.2:443: No UDP service with scheduler quic at this address." quiclbadm decode -u 192.0.2.2:443 00
	refused 1 "Error: config 0 tenant 1 of 192.0.2.2:443: No UDP service with scheduler quic at this address." \
		quiclbadm config add -u 192.0.2.2:443 --id 0 --tenant 1 --server-id-len 2 --nonce-len 6
	refused 1 "Error: config 0 tenant 2 of $svc: A config's tenants must be numbered from 0 without gaps." \
		quiclbadm config add -u $svc --id 0 --tenant 2 --server-id-len 2 --nonce-len 6
	refused 1 "Error: server IDs of 10.0.0.1:443 in $svc: server ID 0:0a0102* has 3 octets, and config 0 server IDs of 2." \
		quiclbadm server-id add -u $svc -r 10.0.0.1 --server-id '0a0102*'
	refused 1 "Error: settings of $svc: The table of unroutable CIDs is off and has no timeout." \
		quiclbadm set -u $svc --dcid-timeout 5
	refused 1 "Error: settings of 192.0.2.2:443: No UDP service with scheduler quic at this address." \
		quiclbadm set -u 192.0.2.2:443 --tuple-max 5
	refused 1 "Error: service 192.0.2.2:443: its scheduler is rr, not quic." quiclbadm config del -u 192.0.2.2:443 --id 0
	refused 1 "Error: kernel: only root (CAP_NET_ADMIN) may do this." \
		setpriv --reuid 65534 --clear-groups "$(command -v quiclbadm)" -C
}

# one message of more than a megabyte each way
many_server_ids() {
	awk -v svc=$svc 'BEGIN {
		print "-A -u " svc " -s quic"
		print "config add -u " svc " --id 0 --server-id-len 15 --nonce-len 4"
		for (s = 1; s <= 16; s++) {
			printf "-a -u %s -r 10.0.0.%d:443 -i -w 1", svc, s
			for (n = 0; n < 1024; n++)
				printf " --server-id 0:%026x%04x", 12345, s * 1024 + n
			print ""
		}
	}' | sort -V >rules
	# sort -V puts -a before -A and "config": any order that has -A first will do
	{
		grep -- -A rules
		grep config rules
		grep -- '^-a' rules
	} >ordered
	quiclbadm -R <ordered
	quiclbadm -S >saved
	diff ordered saved
	[ "$(quiclbadm server-id list -u $svc | wc -l)" = $((16384 + 1)) ]
	quiclbadm -d -u $svc -r 10.0.0.1
	[ "$(quiclbadm server-id list -u $svc | wc -l)" = $((15 * 1024 + 1)) ]
	quiclbadm -R <ordered
	quiclbadm -S | cmp - ordered
}

# Lists are whole although the state changes all the time: a dump that is interrupted starts anew.
consistent_lists() {
	local n pid
	for n in 1 2; do
		quiclbadm -A -u 192.0.2.$n:443
		# shellcheck disable=SC2046
		quiclbadm server-id add -u 192.0.2.$n:443 -r 10.0.0.1 --absent $(seq -f '--server-id 1:%08.0f' 3000)
	done
	(
		while [ ! -e stop ]; do
			quiclbadm config replace -u 192.0.2.1:443 --id 0 --server-id-len 2 --nonce-len 6
		done
	) &
	pid=$!
	writers+=("$pid")
	for n in 1 2 3 4 5 6 7 8; do
		quiclbadm server-id list >listed || {
			touch stop
			return 1
		}
		[ "$(wc -l <listed)" = 6001 ] || {
			touch stop
			wc -l listed
			return 1
		}
	done
	touch stop
	wait "$pid"
}

decode_and_encode() {
	local cid
	quiclbadm genkey >key
	quiclbadm -A -u $svc
	quiclbadm config add -u $svc --id 2 --server-id-len 3 --nonce-len 5 --key-file key
	quiclbadm -a -u $svc -r 10.0.0.1 -i --server-id 2:010203
	cid=$(quiclbadm encode -u $svc --id 2 --server-id 010203 --nonce a1a2a3a4a5)
	printf 'outcome    routed\nconfig     2\nserver-id  010203\nnonce      a1a2a3a4a5\nserver     10.0.0.1:443\n' >wanted
	quiclbadm decode -u $svc "$cid" | diff wanted -
	# kernel and userspace agree
	quiclbadm decode --id 2 --server-id-len 3 --nonce-len 5 --key-file key "$cid" | diff <(sed -n '2,4p' wanted) -
	quiclbadm -d -u $svc -r 10.0.0.1 --keep-server-ids
	! quiclbadm decode -u $svc "$cid" >out || return 1
	grep -qx 'outcome    unroutable-server' out
	quiclbadm -a -u $svc -r 10.0.0.1 -i
	quiclbadm decode -u $svc "$cid" | diff wanted -
}

# A client of its own: what this machine sends itself, IPVS schedules on its way out.
client_up() {
	ip netns add client
	ip link add to-client type veth peer name eth0 netns client
	ip addr add 192.0.2.1/24 dev to-client
	ip link set lo up
	ip link set to-client up
	ip -n client addr add 192.0.2.100/24 dev eth0
	ip -n client link set eth0 up
}

# send CID COUNT: short headers to the service
send() {
	# in one piece, whatever is in it: printf alone ends a datagram at a newline
	printf '%b' "\\x40${1//??/\\x&}0123456789abcdef" >datagram
	# shellcheck disable=SC2016 # it is for the other bash
	ip netns exec client bash -c 'for ((n = 0; n < $1; n++)); do cat datagram >/dev/udp/192.0.2.1/443; done' bash "$2"
}

# what config list says of config 0, of the tenant
listed() { # TENANT FIELD
	quiclbadm config list -u $svc -j | jq ".[] | select(.id == 0 and .tenant == $1) | .$2"
}

outcome() { # NAME
	quiclbadm -L -n --stats | awk -v name="$1" '$1 == name { print $2 }'
}

# "Is it safe to retire config 0?"
usage() {
	local cid age
	quiclbadm -A -u $svc
	quiclbadm config add -u $svc --id 0 --server-id-len 2 --nonce-len 6
	quiclbadm -a -u $svc -r 10.0.0.1 -i --server-id 0a01
	cid=$(quiclbadm encode -u $svc --id 0 --server-id 0a01)
	[ "$(listed 0 last_seen_ms)" = null ]
	quiclbadm config list | grep -q ' never '
	quiclbadm config del -u $svc --id 0
	quiclbadm config add -u $svc --id 0 --server-id-len 2 --nonce-len 6
	send "$cid" 5
	[ "$(listed 0 datagrams)" = 5 ]
	[ "$(listed 0 misses)" = 0 ]
	age=$(listed 0 last_seen_ms)
	[ "$age" -lt 30000 ]
	quiclbadm config list | grep -qE ' [0-9]+s ago '
	! quiclbadm config del -u $svc --id 0 2>err || return 1
	grep -qxE "Error: config 0 of $svc: seen [0-9]+s ago, so connections still use it \(--force deletes it all the same\)\." err
	! quiclbadm config del -u $svc --id 0 --seen-within 3600 2>err || return 1
	send "$(quiclbadm encode -u $svc --id 0 --server-id 0b01)" 2
	[ "$(listed 0 misses)" = 2 ]
	# neither of these makes it another config
	quiclbadm -S >rules
	quiclbadm -R <rules
	sed -i 's/-w 1/-w 2 --server-id 0c01/' rules
	quiclbadm -R <rules
	[ "$(listed 0 datagrams)" = 5 ]
	quiclbadm config del -u $svc --id 0 --force
	[ -z "$(listed 0 datagrams)" ]
}

tenants() {
	local n cid
	quiclbadm -A -u $svc
	for n in 0 1 2; do
		quiclbadm genkey >key$n
		quiclbadm config add -u $svc --id 0 --tenant $n --server-id-len 6 --nonce-len 8 --key-file key$n
		quiclbadm -a -u $svc -r 10.0.0.1$n -i --server-id 01020304050$n
	done
	for n in 0 1 2; do
		cid=$(quiclbadm encode -u $svc --id 0 --tenant $n --server-id 01020304050$n)
		quiclbadm decode -u $svc -j "$cid" >out
		[ "$(jq -r '.outcome, .tenant, .server_id, .server.address' out | xargs)" = "routed $n 01020304050$n 10.0.0.1$n" ]
		[ $n = 0 ] || quiclbadm decode -u $svc "$cid" | grep -qx "tenant     $n"
		send "$cid" $((n + 1))
	done
	[ "$(listed 0 datagrams) $(listed 1 datagrams) $(listed 2 datagrams)" = "1 2 3" ]
	# tried in vain for those behind
	[ "$(listed 0 misses) $(listed 1 misses) $(listed 2 misses)" = "5 3 0" ]
	refused 1 "Error: config 0 tenant 1 of $svc: A config's tenants must be numbered from 0 without gaps." \
		quiclbadm config del -u $svc --id 0 --tenant 1 --force
	quiclbadm config del -u $svc --id 0 --tenant 2 --force
	! quiclbadm decode -u $svc "$cid" >out || return 1
	grep -qx 'outcome    unroutable-server-id' out
}

# where a server ID leads
leads() { # SERVER-ID SERVER
	[ "$(quiclbadm decode -u $svc "$(quiclbadm encode -u $svc --id 0 --server-id "$1")" | awk '$1 == "server" { print $2 }')" = "$2:443" ]
}

prefixes() {
	quiclbadm -A -u $svc
	quiclbadm config add -u $svc --id 0 --server-id-len 3 --nonce-len 5
	quiclbadm -a -u $svc -r 10.0.0.1 -i --server-id '0a*'
	quiclbadm -a -u $svc -r 10.0.0.2 -i --server-id '0a01*'
	quiclbadm -a -u $svc -r 10.0.0.3 -i --server-id 0a0102 --server-id '0a0103*'
	leads 0a0202 10.0.0.1
	leads 0a0101 10.0.0.2
	leads 0a0102 10.0.0.3
	leads 0a0103 10.0.0.3
	quiclbadm server-id del -u $svc --server-id '0a01*'
	leads 0a0101 10.0.0.1
	! quiclbadm server-id del -u $svc --server-id 0a0103 2>err || return 1
	quiclbadm server-id list -j | jq -c '.[] | [.server_id, .prefix]' | xargs >out
	[ "$(cat out)" = "[0a,true] [0a0102,false] [0a0103,true]" ]
}

length_checked() {
	quiclbadm -A -u $svc
	quiclbadm config add -u $svc --id 0 --server-id-len 2 --nonce-len 6 --check-length
	quiclbadm -a -u $svc -r 10.0.0.1 -i --server-id 0a01
	[ "$(quiclbadm encode -u $svc --id 0 --server-id 0a01 --nonce 010203040506)" = 080a01010203040506 ]
	quiclbadm decode -u $svc 080a01010203040506 | grep -qx 'outcome    routed'
	! quiclbadm decode -u $svc 090a01010203040506 >out || return 1
	grep -qx 'outcome    unroutable-length' out
	send 070a01010203040506 3
	[ "$(outcome unroutable-length)" = 3 ]
	quiclbadm config replace -u $svc --id 0 --server-id-len 2 --nonce-len 6
	quiclbadm decode -u $svc 090a01010203040506 | grep -qx 'outcome    routed'
}

settings() {
	quiclbadm -A -u $svc
	[ "$(quiclbadm -L -n -j | jq -c '.services[0].settings')" = '{"tuple_timeout":60,"tuple_max":131072,"table_bits":16,"dcid_max":0}' ]
	quiclbadm set -u $svc --tuple-timeout 1 --tuple-max 0
	quiclbadm set -u $svc --dcid-max 1048576
	quiclbadm set -u $svc --dcid-timeout 86400
	quiclbadm -L -n | grep -qx "UDP  $svc quic no-config tuple-timeout 1 tuple-max 0 dcid-max 1048576 dcid-timeout 86400"
	quiclbadm -S >rules
	printf '%s\n' "-A -u $svc" "set -u $svc --dcid-max 1" | quiclbadm -R
	quiclbadm -S | grep -qx "set -u $svc --dcid-max 1"
	quiclbadm -R <rules
	quiclbadm -S | diff rules -
	echo "-A -u $svc" | quiclbadm -R
	[ "$(quiclbadm -S)" = "-A -u $svc -s quic" ]
}

if ! modprobe ip_vs_quic; then
	echo "1..0 # SKIP there is no module ip_vs_quic"
	exit 4
fi
echo "KTAP version 1"
test_case "what is saved is restored" round_trip
test_case "a refused restore leaves what was there" restore_undone
test_case "refusals change nothing" refusals
test_case "16,384 server IDs" many_server_ids
test_case "lists are whole" consistent_lists
test_case "encode, decode, and a real server that comes and goes" decode_and_encode
client_up
test_case "config list and config del know what is used" usage
test_case "several keys behind one config ID" tenants
test_case "prefixes of server IDs" prefixes
test_case "CIDs with a length" length_checked
test_case "settings" settings
ip netns del client
quiclbadm -C
echo "1..$count"
[ "$failed" = 0 ]
