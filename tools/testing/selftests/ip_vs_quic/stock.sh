#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The lab itself, with stock IPVS only: what the other scripts rely on has to work without the module.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
lab_up
serve
server=${pids[0]}

stock() {
	local rs=$1 svc=$2 from=$3 n
	ipvsadm -C
	ipvsadm -A -u "$svc" -s rr -o
	for n in 1 2 3; do
		ipvsadm -a -u "$svc" -r "$("$rs" "$n")" -i
	done
	send "to=$svc" "from=$from" name=x dcid=00 count=9
	answers "x s1 3" "x s2 3" "x s3 3"
}

received() { awk '$1 == "Ip:" { n = $4 } END { print n }' /proc/net/snmp; }

dsr() {
	local before
	before=$(received)
	send "to=$SVC4" "from=$CL4.9:4000" name=x dcid=00 count=30
	answers "x s1 10" "x s2 10" "x s3 10"
	same "IPv4 packets received by the director" $(($(received) - before)) 30
}

unanswered() {
	ipvsadm -C
	ipvsadm -A -u "$SVC4" -s rr
	send -t 200 "to=$SVC4" "from=$CL4.9:4001" name=x dcid=00
	answers "x refused 1"
	kill -0 "$server"
	send -t 200 "to=$VIP4:444" "from=$CL4.9:4002" name=x dcid=00
	answers "x refused 1"
}

tcase "stock rr over ipip, IPv4: each server answers from the VIP" stock rs4 "$SVC4" "$CL4.9:4000"
tcase "answers do not pass the director" dsr
tcase "stock rr over ip6ip6, IPv6: each server answers from the VIP" stock rs6 "$SVC6" "[${CL6}:9]:4000"
tcase "a service without servers, and no service, refuse by ICMP" unanswered
ipvsadm -C
finish
