#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Bad input gets the right exit status and one sentence, and changes nothing.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need_module
lab_up
fresh "$SVC4" rs4 0:3:4 "1:8:8:$KEY"
q server-id add -u "$SVC4" -r "$(rs4 1)" --server-id 0:0a0b0c
ipvsadm -A -u "$VIP4:446" -s rr
before=$(q -S)

cd "$WORK"
umask 077
echo 8f95f09245765f80256934e50c6620 >short
echo 8f95f09245765f80256934e50c66207f00 >long
echo 8f95f09245765f80256934e50c66207g >nothex
: >empty
printf '%05000d' 0 >huge
mkdir directory
chmod 755 "$WORK"

unchanged() { same "the configuration" "$(q -S)" "$before"; }

# says STATUS SENTENCE WORD...
says() {
	refused "$@"
	unchanged
}

# unprivileged WORD...
unprivileged() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }

# restore SENTENCE LINE...: -R refuses these lines
restore() {
	local sentence=$1 rc=0
	shift
	printf '%s\n' "$@" >input
	q -R <input >stdout 2>stderr || rc=$?
	same "sentence" "$(cat stderr)" "Error: $sentence."
	same "status" "$rc" 1
	unchanged
}

# with a port of its own: that of a service is refused in any case
tcp_refused() {
	local rc=0
	ipvsadm -A -t "$VIP4:447" -s quic 2>stderr || rc=$?
	same "status" "$rc" 255
	same "sentence" "$(cat stderr)" "Protocol not supported"
	unchanged
}

CONFIG="config add -u $SVC4 --id 2 --server-id-len 3 --nonce-len 4"
SID="server-id add -u $SVC4 -r $(rs4 1)"
of="of $SVC4"
# exit status | sentence without "Error: " and the full stop | command
rows=(
	"2|--id 7: not a number from 0 to 6|config add -u $SVC4 --id 7 --server-id-len 3 --nonce-len 4"
	"2|--id 8: not a number from 0 to 6|config add -u $SVC4 --id 8 --server-id-len 3 --nonce-len 4"
	"2|--id x: not a number from 0 to 6|config add -u $SVC4 --id x --server-id-len 3 --nonce-len 4"
	"1|config 0 $of: it exists already (config replace changes it)|config add -u $SVC4 --id 0 --server-id-len 3 --nonce-len 4"
	"2|--server-id-len 0: not a number from 1 to 15|config add -u $SVC4 --id 2 --server-id-len 0 --nonce-len 4"
	"2|--server-id-len 16: not a number from 1 to 15|config add -u $SVC4 --id 2 --server-id-len 16 --nonce-len 4"
	"2|--nonce-len 3: not a number from 4 to 18|config add -u $SVC4 --id 2 --server-id-len 3 --nonce-len 3"
	"2|--nonce-len 19: not a number from 4 to 18|config add -u $SVC4 --id 2 --server-id-len 1 --nonce-len 19"
	"2|config add: server ID and nonce of 20 octets together are more than 19|config add -u $SVC4 --id 2 --server-id-len 15 --nonce-len 5"
	"2|config add: --nonce-len is missing|config add -u $SVC4 --id 2 --server-id-len 3"
	"2|config add: --id is missing|config add -u $SVC4 --server-id-len 3 --nonce-len 4"
	"2|config add: -u is missing|config add --id 2 --server-id-len 3 --nonce-len 4"
	"1|key file short: 30 hex digits, and a key has 32|$CONFIG --key-file short"
	"1|key file long: 34 hex digits, and a key has 32|$CONFIG --key-file long"
	"1|key file nothex: a key is hex digits and nothing else|$CONFIG --key-file nothex"
	"1|key file empty: 0 hex digits, and a key has 32|$CONFIG --key-file empty"
	"1|key file huge: longer than 4096 octets, and a key has 32 hex digits|$CONFIG --key-file huge"
	"1|key file missing: No such file or directory|$CONFIG --key-file missing"
	"1|key file directory: Is a directory|$CONFIG --key-file directory"
	"1|key file (standard input): 0 hex digits, and a key has 32|$CONFIG --key-file -"
	"2|--key: a key on the command line is seen by every user; --key-file|$CONFIG --key $KEY"
	"1|config 2 $of: The service has no config with this ID|config del -u $SVC4 --id 2"
	"1|config 0 $of: server ID 0:0a0b0c has 3 octets, and config 0 server IDs of 4|config replace -u $SVC4 --id 0 --server-id-len 4 --nonce-len 4"
	"1|config 0 of $VIP4:444: No UDP service with scheduler quic at this address|config add -u $VIP4:444 --id 0 --server-id-len 3 --nonce-len 4"
	"1|config 0 of $VIP4:446: No UDP service with scheduler quic at this address|config add -u $VIP4:446 --id 0 --server-id-len 3 --nonce-len 4"
	"1|service $VIP4:444: no such service|config del -u $VIP4:444 --id 0"
	"1|service $VIP4:444: no such service|config list -u $VIP4:444"
	"1|service $VIP4:444: no such service|-L -u $VIP4:444"
	"1|service $VIP4:444: no such service|-D -u $VIP4:444"
	"1|real server $(rs4 1):444 of $VIP4:444: no such service|-a -u $VIP4:444 -r $(rs4 1) -i"
	"1|real server $(rs4 9):443 $of: the service has no such real server|-d -u $SVC4 -r $(rs4 9)"
	"1|real server $(rs4 9):443 $of: the service has no such real server|-e -u $SVC4 -r $(rs4 9) -i --server-id 010203"
	"1|real server $(rs4 1):443 $of: the service has it already|-a -u $SVC4 -r $(rs4 1) -i"
	"1|service $SVC4: it exists already|-A -u $SVC4"
	"2|-u $VIP4: the port is missing (192.0.2.1:443)|-A -u $VIP4"
	"2|-u $VIP6: the port is missing, and before a port an IPv6 address is in brackets ([$VIP6]:443)|-A -u $VIP6"
	"2|-u 224.0.0.1:443: a multicast address, and QUIC is between two hosts|-A -u 224.0.0.1:443"
	"2|-r $(rs6 1): an IPv6 server of an IPv4 service is reached by a tunnel only (-i)|-a -u $SVC4 -r $(rs6 1) -m"
	"2|--serverid: no such option (--server-id?)|-a -u $SVC4 -r $(rs4 4) --serverid 01"
	"2|-t: QUIC runs over UDP (-u); ipvsadm manages the other services|-A -t $VIP4:445"
	"2|-u $VIP4:99999: the port is not a number from 0 to 65535|-A -u $VIP4:99999"
	"2|-p: scheduler quic keeps a client on its server by connection ID, and persistence would override that|-A -u $VIP4:445 -p 300"
	"1|server IDs of $(rs4 1):443 in $SVC4: server ID 0:0102 has 2 octets, and config 0 server IDs of 3|$SID --server-id 0:010203 --server-id 0:0102"
	"2|--server-id (32 characters that look like a key): 16 octets, not 1 to 15|$SID --server-id 0:01020304050607080910111213141516"
	"2|--server-id : 0 octets, not 1 to 15|$SID --server-id 0:"
	"2|--server-id 01020: an odd number of hex digits|$SID --server-id 0:01020"
	"2|--server-id 01020z: not hexadecimal|$SID --server-id 0:01020z"
	"2|--server-id 7:010203: the config ID before the colon is not a number from 0 to 6|$SID --server-id 7:010203"
	"1|server IDs of $(rs4 2):443 in $SVC4: server ID 0:0a0b0c belongs to $(rs4 1):443|server-id add -u $SVC4 -r $(rs4 2) --server-id 0:010203 --server-id 0:0a0b0c"
	"1|server IDs of $(rs4 9):443 in $SVC4: The service has no such real server|server-id add -u $SVC4 -r $(rs4 9) --server-id 0:010203"
	"1|real server $(rs4 4):443 $of: server ID 0:0a0b0c belongs to $(rs4 1):443|-a -u $SVC4 -r $(rs4 4) -i --server-id 0:0a0b0c"
	"1|real server $(rs4 4):443 $of: server ID 0:0a0b has 2 octets, and config 0 server IDs of 3|-a -u $SVC4 -r $(rs4 4) -i --server-id 0:0a0b"
	"1|server IDs $of: there is no server ID 0:ffffff|server-id del -u $SVC4 --server-id 0:ffffff"
	"1|server IDs $of: server ID 0:0a0b0c belongs to $(rs4 1):443|server-id del -u $SVC4 -r $(rs4 2) --server-id 0:0a0b0c"
	"1|service $VIP4:445: there is no scheduler QUIC (quic?)|-A -u $VIP4:445 -s QUIC"
	"1|service $VIP4:445: there is no scheduler maglev (mh?)|-A -u $VIP4:445 -s maglev"
	"1|service $VIP4:445: scheduler nosuch is not found (modprobe ip_vs_nosuch)|-A -u $VIP4:445 -s nosuch"
	"2|decode zz: not hexadecimal|decode -u $SVC4 zz"
	"2|decode: the connection ID is missing|decode -u $SVC4"
	"1|service $VIP4:444: No UDP service with scheduler quic at this address|decode -u $VIP4:444 00"
	"1|config 5 $of: not found|encode -u $SVC4 --id 5 --server-id 010203"
	"2|--server-id: 4 octets, config 0 has server IDs of 3|encode -u $SVC4 --id 0 --server-id 01020304"
	"2|nonsense: no such command (quiclbadm help)|nonsense"
	"2|--nonsense: no such option|-A -u $VIP4:445 --nonsense"
)
for row in "${rows[@]}"; do
	IFS='|' read -r status sentence command <<<"$row"
	IFS=' ' read -ra words <<<"$command"
	tcase "$command" says "$status" "Error: $sentence." quiclbadm "${words[@]}"
done

for command in "-L" "-S" "-C" "$CONFIG" "decode -u $SVC4 00" "-A -u $VIP4:445" "-d -u $SVC4 -r $(rs4 1)"; do
	IFS=' ' read -ra words <<<"$command"
	tcase "unprivileged: $command" says 1 "Error: kernel: only root (CAP_NET_ADMIN) may do this." unprivileged quiclbadm "${words[@]}"
done
tcase "TCP service with scheduler quic" tcp_refused

tcase "unprivileged: unreadable key file" says 1 "Error: key file key: Permission denied." unprivileged quiclbadm \
	config add -u "$SVC4" --id 2 --server-id-len 3 --nonce-len 4 --key-file key

# --- -R ----------------------------------------------------------------------

A="-A -u $SVC4 -s quic"
a="-a -u $SVC4 -r $(rs4 1) -i"
C="config add -u $SVC4 --id 0 --server-id-len 3 --nonce-len 4"
tcase "-R: config ID 7" restore "line 3: --id 7: not a number from 0 to 6" "$A" "$a" "${C/--id 0/--id 7}"
tcase "-R: unknown word" restore "line 2: nonsense: no such command (quiclbadm help)" "$A" nonsense
tcase "-R: server of another service" restore "line 2: -a: no -A line for service $VIP4:444 above" "$A" "${a/:443/:444}"
tcase "-R: service twice" restore "line 2: -A: service $SVC4 is described above already" "$A" "$A"
tcase "-R: a command that is no state" restore "line 2: -C: only -A, -a, set, config add, server-id add and express add describe a state" "$A" -C
tcase "-R: missing key file" restore "line 2: key file missing: No such file or directory" "$A" "$C --key-file missing"
tcase "-R: server ID of the wrong length" restore "line 3: server ID 0:0102: 2 octets, config 0 has server IDs of 3" \
	"$A" "$C" "$a --server-id 0:0102"
tcase "-R: server ID of two servers" restore "line 3: server ID 0:010203: $(rs4 1):443 has it already" \
	"$A" "$a --server-id 0:010203" "${a/$(rs4 1)/$(rs4 2)} --server-id 0:010203"
tcase "-R: quotation without end" restore "line 1: a quotation does not end" '-A -u "'
tcase "-R: what only the kernel refuses, after services that it took" restore \
	"service $VIP4:452: scheduler nosuch is not found (modprobe ip_vs_nosuch)" \
	"-A -u $VIP4:450 -s quic" "-a -u $VIP4:450 -r $(rs4 1) -i -w 1" "-A -u $VIP4:446 -s quic" "$A" "$C" \
	"-A -u $VIP4:452 -s nosuch"

# --- netlink -------------------------------------------------------------------

# The module's own sentences are compared in full; for netlink's own checks only the error is.
requests=(
	"well-formed|0|"
	"no attribute at all|EINVAL|The service is missing"
	"service without a family|EINVAL|The service's address family is missing"
	"service of family 99|EAFNOSUPPORT|Address family must be AF_INET or AF_INET6"
	"IPv4 service with 16 octets of address|EINVAL|Address must be 4 octets for AF_INET, 16 for AF_INET6"
	"IPv4 service with 3 octets of address|ERANGE|*"
	"IPv6 service with 4 octets of address|EINVAL|Address must be 4 octets for AF_INET, 16 for AF_INET6"
	"IPv6 service with 17 octets of address|ERANGE|*"
	"empty service|EINVAL|The service's address family is missing"
	"unknown service|ESRCH|No UDP service with scheduler quic at this address"
	"service that is no nest|EINVAL|*"
	"inner attribute longer than its nest|EINVAL|*"
	"unknown flag|EOPNOTSUPP|Unknown flag"
	"empty config|EINVAL|A config needs an ID, a server ID length and a nonce length"
	"config ID 7|EINVAL|Config ID must be 0 to 6"
	"config ID 255|EINVAL|Config ID must be 0 to 6"
	"server ID length 0|EINVAL|Server ID length must be 1 to 15 octets"
	"server ID length 16|EINVAL|Server ID length must be 1 to 15 octets"
	"nonce length 3|EINVAL|Nonce length must be 4 to 18 octets"
	"nonce length 19|EINVAL|Nonce length must be 4 to 18 octets"
	"lengths of 20 together|EINVAL|Server ID and nonce together must be at most 19 octets"
	"config that does not fit its server IDs|EINVAL|A server ID's length is not that of its config"
	"key of 0 octets|ERANGE|*"
	"key of 15 octets|ERANGE|*"
	"key of 17 octets|ERANGE|*"
	"key source of 2000 octets|EINVAL|*"
	"key source without its end|EINVAL|*"
	"fingerprint of a key that is not there|ENOKEY|A key's fingerprint may stand for the key only where the service has the same config with that key; give the key"
	"fingerprint of no key|ENOKEY|A key's fingerprint may stand for the key only where the service has the same config with that key; give the key"
	"key and fingerprint|EINVAL|A config has a key or the fingerprint of one, not both"
	"datagrams of a config|EINVAL|*"
	"last use of a config|EINVAL|*"
	"misses of a config|EINVAL|*"
	"unknown algorithm|EOPNOTSUPP|Unknown algorithm"
	"layout without bits|EINVAL|A layout's server ID must have 1 to 120 bits"
	"layout of 121 bits|EINVAL|A layout's server ID must have 1 to 120 bits"
	"layout behind 20 octets|EINVAL|A layout's server ID must end within the connection ID, of 20 octets at most"
	"layout behind its connection ID|EINVAL|A layout's server ID must end within the connection ID, of 20 octets at most"
	"layout of 21 octets|EINVAL|A layout's connection IDs must have at most 20 octets"
	"fixed bit outside the mask|EINVAL|A layout's fixed bits must be within its mask and connection ID, and not in the server ID"
	"fixed bit in the server ID|EINVAL|A layout's fixed bits must be within its mask and connection ID, and not in the server ID"
	"mask of 21 octets|ERANGE|*"
	"layout of another config ID|EINVAL|A layout's config ID must be one that the fixed bits of its first octet allow"
	"layout of config 7|EINVAL|Config ID must be 0 to 6"
	"layout of a tenant|EINVAL|A config with a layout has no other tenants"
	"layout with a key|EINVAL|A config with a layout has an ID and the layout: no other lengths, no key"
	"layout with a nonce|EINVAL|A config with a layout has an ID and the layout: no other lengths, no key"
	"layout of the draft's algorithm|EINVAL|A config needs an ID, a server ID length and a nonce length"
	"layout that has another config's first octets|EINVAL|A layout and another config of the service would get connection IDs with the same first octet"
	"layout that is missing|EINVAL|A config with a layout has an ID and the layout: no other lengths, no key"
	"counters of a service|EINVAL|*"
	"counters of a device|EINVAL|*"
	"config ID of 4 octets|EINVAL|*"
	"unknown attribute in a config|EINVAL|*"
	"one config ID twice|EINVAL|A config appears twice in the request"
	"server ID of config 7|EINVAL|Config ID must be 0 to 6"
	"server ID of 0 octets|ERANGE|*"
	"server ID of 16 octets|ERANGE|*"
	"server ID shorter than its config says|EINVAL|A server ID's length is not that of its config"
	"server ID of an unknown server|ENOENT|The service has no such real server"
	"server ID of another server|EEXIST|The server ID belongs to another real server already"
	"server ID without a server|EINVAL|A server ID needs a config ID, a value and a real server"
	"good ones and then a bad one|EINVAL|A server ID's length is not that of its config"
	"replacement by a bad one|EINVAL|Config ID must be 0 to 6"
	"unknown attribute|EINVAL|*"
	"attribute longer than the message|EINVAL|*"
	"attribute of length 0|EINVAL|*"
	"message without a whole header|EINVAL|*"
	"deletion of an unknown config|ENOENT|The service has no config with this ID"
	"deletion of a config by its fingerprint|EINVAL|A config is deleted by its ID and tenant, whatever its key"
	"deletion of an unknown server ID|ENOENT|The service has no such server ID"
	"deletion of a server ID not named|EINVAL|Neither a server ID nor a real server is named"
	"deletion of another server's server ID|ENOENT|The service has no such server ID"
	"deletion of a server ID twice|ENOENT|The service has no such server ID"
	"deletion of a server ID without its config|EINVAL|A server ID is named by its config ID and its value"
	"deletion of a server ID without its value|EINVAL|A server ID is named by its config ID and its value"
	"deletion of a server ID of half a server|EINVAL|A real server is named by its address family, address and port"
	"get without dump|EOPNOTSUPP|"
	"decode without a CID|EINVAL|The connection ID is missing"
	"decode of an empty CID|ERANGE|*"
	"decode of a CID of 256 octets|ERANGE|*"
	"unknown command|EOPNOTSUPP|*"
)
mapfile -t answers < <("$here/nlbad" "$VIP4" "$PORT" "$(rs4 1)")

# netlink ROW ANSWER
netlink() {
	case $2 in
	"${1%\*}"*) ;;
	*) same "the kernel's answer" "$2" "$1" ;;
	esac
	[ "${1%\*}" != "$1" ] || same "the kernel's answer" "$2" "$1"
}

for i in "${!requests[@]}"; do
	tcase "netlink: ${requests[i]%%|*}" netlink "${requests[i]}" "${answers[i]:-}"
done
tcase "netlink: none of these changed anything" unchanged
tcase "netlink: each request of nlbad is known here" same "requests" "${#answers[@]}" "${#requests[@]}"
unprivileged_netlink() {
	same "answers" "$(unprivileged "$here/nlbad" "$VIP4" "$PORT" "$(rs4 1)" | grep -E '^(well-formed|deletion of an unknown config|decode without a CID)')" \
		"$(printf '%s|EPERM|\n' well-formed "deletion of an unknown config" "decode without a CID")"
	unchanged
}
tcase "netlink: unprivileged" unprivileged_netlink
finish
