#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# -R --yang --check says of a document what yanglint says, by the modules in ../yang.  TAP.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd -P)
quiclbadm=$here/sanitize/quiclbadm
yang=$here/../yang
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
umask 077
count=0

result() { # STATUS NAME
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
	fi
}

if ! command -v yanglint >/dev/null; then
	echo "1..1"
	echo "ok 1 - documents # SKIP yanglint is not installed"
	exit 0
fi

# by_yanglint MIDDLEBOX|SERVER FILE
by_yanglint() { yanglint -p "$yang" "$yang/ip-vs-quic-$1.yang" "$yang/ietf-quic-lb-$1.yang" "$2" 2>"$tmp/lint"; }

by_us() { "$quiclbadm" -R --yang --check "$1" 2>"$tmp/us"; }

# document CONFIG: as the one element of the list, or several
document() { printf '{ "ietf-quic-lb-middlebox:quic-lb": { "cid-configs": [ %s ] } }\n' "$1" >"$tmp/document.json"; }

# agree good|bad NAME: on the document
agree() {
	local ours=good theirs=good status=0
	by_us "$tmp/document.json" || ours=bad
	by_yanglint middlebox "$tmp/document.json" || theirs=bad
	if [ "$ours" != "$1" ] || [ "$theirs" != "$1" ]; then
		echo "# quiclbadm: $ours, yanglint: $theirs"
		sed 's/^/# /' "$tmp/document.json" "$tmp/us" "$tmp/lint"
		status=1
	fi
	result "$status" "$1: $2"
}

# with NAME VALUE: the config with that member as it is there, or without it
with() { sed -E "s|\"$1\": (\"[^\"]*\"\|[0-9]+)|${2:+\"$1\": $2}|; s/, ,/,/; s/\{ , /{ /; s/, \}/ }/" <<<"$config"; }

key=8f:95:f0:92:45:76:5f:80:25:69:34:e5:0c:66:20:7f
echo "${key//:/}" >"$tmp/key"
config='{ "config-rotation-bits": 0, "server-id-length": 2, "nonce-length": 6, "cid-key": "'$key'", "server-id-mappings": [ { "server-id": "0a:01", "server-address": "10.0.0.1" } ] }'

while IFS='|' read -r verdict name member value; do
	document "$(with "$member" "$value")"
	agree "$verdict" "$name"
done <<-END
	good|as it is|none|
	good|a config ID of 6|config-rotation-bits|6
	bad|a config ID of 7|config-rotation-bits|7
	bad|a negative config ID|config-rotation-bits|-1
	bad|a config ID in quotation marks|config-rotation-bits|"0"
	bad|no config ID|config-rotation-bits|
	bad|server IDs of another length|server-id-length|3
	bad|server IDs of length 0|server-id-length|0
	bad|lengths of 20 together|nonce-length|18
	bad|a nonce of 3|nonce-length|3
	bad|a nonce of 19|nonce-length|19
	bad|a nonce of 4.5|nonce-length|4.5
	bad|a nonce of null|nonce-length|null
	bad|no nonce length|nonce-length|
	good|no key|cid-key|
	good|a key in capitals|cid-key|"${key^^}"
	bad|a key without colons|cid-key|"${key//:/}"
	bad|a short key|cid-key|"${key%:*}"
	bad|a long key|cid-key|"$key:00"
	bad|a key with a letter|cid-key|"${key%f}g"
	bad|a key that is a number|cid-key|8
	good|a server ID in capitals|server-id|"0A:01"
	bad|a server ID without colons|server-id|"0a01"
	bad|half an octet of a server ID|server-id|"0a:1"
	bad|an empty server ID|server-id|""
	bad|no server ID|server-id|
	good|an IPv6 address|server-address|"fd00::1"
	bad|an address with a port|server-address|"10.0.0.1:443"
	bad|a name|server-address|"server1"
	bad|no address|server-address|
	bad|a node of no module|nonce-length|6, "nonce": 6
	good|a key file|cid-key|"$key", "ip-vs-quic-middlebox:key-file": "$tmp/key"
	bad|a relative key file|cid-key|"$key", "ip-vs-quic-middlebox:key-file": "key"
	bad|a key file of another module|cid-key|"$key", "key-file": "$tmp/key"
END

document ""
agree good "no config"
document "$config, $(with config-rotation-bits 1)"
agree good "two configs"
document "$config, $config"
agree bad "a config twice"
document "$(sed -E 's/\[ (.*) \]/[ \1, \1 ]/' <<<"$config")"
agree bad "a server ID twice"
document "$config"
head -c 150 "$tmp/document.json" >"$tmp/part"
mv "$tmp/part" "$tmp/document.json"
agree bad "a document that is cut"
document "1"
agree bad "a config that is a number"
echo '{ "ietf-quic-lb-middlebox:quic-lb": [] }' >"$tmp/document.json"
agree bad "an array in place of the container"
echo '{ "ietf-quic-lb-middlebox:other": {} }' >"$tmp/document.json"
agree bad "another node of the module"

# what a server gets is the other module's
echo '{ "ietf-quic-lb-server:quic-lb": { "config-id": 0, "server-id-length": 2, "nonce-length": 6, "server-id": "0a:01" } }' >"$tmp/server.json"
status=0
by_yanglint server "$tmp/server.json" || status=1
if by_us "$tmp/server.json"; then
	status=1
fi
result "$status" "a server's document is none of a director"
echo "1..$count"
