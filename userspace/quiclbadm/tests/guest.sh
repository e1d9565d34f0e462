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
	quiclbadm -L -j | grep -v per_second >before
	"$@" >out 2>err <"${input:-/dev/null}" || rc=$?
	if [ "$rc" != "$status" ] || [ "$(cat err)" != "$sentence" ] || [ -s out ]; then
		echo "# $*: status $rc, $(cat err out)"
		return 1
	fi
	quiclbadm -L -j | grep -v per_second | diff before -
}

everything() {
	quiclbadm genkey >key
	cat <<-END
		-A -u $svc -s quic
		config add -u $svc --id 0 --server-id-len 2 --nonce-len 6
		config add -u $svc --id 4 --server-id-len 1 --nonce-len 15 --key-file $tmp/key
		-a -u $svc -r 10.0.0.1:443 -i -w 1 --server-id 0:0a01 --server-id 4:01
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
	quiclbadm -L -j | grep -v per_second >before
	quiclbadm -R <rules
	quiclbadm -L -j | grep -v per_second | diff before -
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
		sed -e "/--id 4/s,$tmp/key,$tmp/other," -e '/10.0.0.2:443/d' -e 's/-w 65535/-w 9/' -e 's/0:0a01/0:0a77/' -e 's/-s mh.*/-s quic/' rules
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
	[ "$(grep -c . after)" = 16 ]
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
	refused 1 "Error: config 0 of $svc: A server ID's length is not that of its config." \
		quiclbadm config replace -u $svc --id 0 --server-id-len 3 --nonce-len 6
	refused 1 "Error: config 1 of $svc: The service has no config with this ID." quiclbadm config del -u $svc --id 1
	refused 1 "Error: config 1 of 192.0.2.2:443: No UDP service with scheduler quic at this address." \
		quiclbadm config add -u 192.0.2.2:443 --id 1 --server-id-len 2 --nonce-len 6
	refused 1 "Error: real server 10.0.0.2:443 of $svc: The server ID belongs to another real server already." \
		quiclbadm -a -u $svc -r 10.0.0.2 -i --server-id 0a02 --server-id 0a01
	refused 1 "Error: real server 10.0.0.1:443 of $svc: the service has it already." \
		quiclbadm -a -u $svc -r 10.0.0.1 -i --server-id 0a03
	refused 1 "Error: real server 255.255.255.255:443 of $svc: IPVS does not take it so: an address of no single host, or another address family without -i." \
		quiclbadm -a -u $svc -r 255.255.255.255 -i --server-id 0a03
	refused 1 "Error: server IDs of 10.0.0.2:443 in $svc: The service has no such real server." \
		quiclbadm server-id add -u $svc -r 10.0.0.2 --server-id 0a02
	refused 1 "Error: server IDs of $svc: The service has no such server ID." quiclbadm server-id del -u $svc --server-id 0a02
	refused 1 "Error: service 192.0.2.2:443: No UDP service with scheduler quic at this address." quiclbadm decode -u 192.0.2.2:443 00
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
quiclbadm -C
echo "1..$count"
[ "$failed" = 0 ]
