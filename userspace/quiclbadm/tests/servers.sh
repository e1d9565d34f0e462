#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Documentation/servers.rst: in each section, the director takes its lines, the vectors decode as they say there, and lines and vectors are
# of the same configs and server IDs.  The tests that it names are there.  Asks the kernel nothing.  TAP.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd -P)
top=$(cd "$here/../../.." && pwd -P)
quiclbadm=$here/sanitize/quiclbadm
page=$top/Documentation/servers.rst
sections=("The director" quic-go "The generator published with kyache" Caddy nginx "nginx with a preloaded object" HAProxy Envoy quiche
	msquic picoquic lsquic s2n-quic mvfst "AWS NLB" ngtcp2 aioquic quinn)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
umask 077
export TERM=dumb
count=0

# case_of NAME FUNCTION [ARG...]
case_of() {
	local name=$1 status=0
	count=$((count + 1))
	shift
	"$@" >"$tmp/said" 2>&1 || status=1
	if [ "$status" = 0 ]; then
		echo "ok $count - servers: $name"
	else
		sed 's/^/# /' "$tmp/said"
		echo "not ok $count - servers: $name"
	fi
}

# literal SECTION: the lines of its literal blocks, without their indent
literal() {
	awk -v section="$1" '
		/^(=+|-+)$/ && length($0) == length(last) { on = last == section }
		on && /^    / { print substr($0, 5) }
		on && /^$/ { print "" }
		{ last = $0 }' "$page"
}

# director SECTION: what is saved in a file for -R; a section may do without the service's line
director() {
	local lines
	lines=$(literal "$1" | sed -n 's/^quiclbadm //p' | sed 's|/etc/quiclb.key|quiclb.key|')
	[[ $lines == *"-A -u"* ]] || echo "-A -u 192.0.2.1:443"
	printf '%s\n' "$lines"
}

# vectors SECTION: "COMMAND|LINE|LINE..." for each
vectors() {
	literal "$1" | awk '
		/^\$ quiclbadm decode / { text = substr($0, 3); next }
		text && NF { text = text "|" $0; next }
		text { print text; text = "" }
		END { if (text) print text }'
}

lines_are_taken() {
	local rules
	rules=$(director "$1")
	[[ $rules == *"-a -u"* ]] || { echo "no line for a server" && return 1; }
	"$quiclbadm" -R --check <<<"$rules"
}

vectors_decode() {
	local vector command status=0 seen=0
	while read -r vector; do
		read -ra command <<<"${vector%%|*}"
		diff <(tr '|' '\n' <<<"${vector#*|}") <("$quiclbadm" "${command[@]:1}" 2>&1) || status=1
		seen=$((seen + 1))
	done < <(vectors "$1")
	[ "$seen" -gt 0 ] || { echo "no vector" && return 1; }
	return "$status"
}

# fits RULES VECTOR: its config is one of the lines', and its server ID one of the servers'
fits() {
	local config server_id
	config=$(sed -E 's/^quiclbadm decode //; s/ [0-9a-f]+\|.*//' <<<"$2")
	server_id=$(sed -nE 's/.*\|server-id +([0-9a-f]+)(\|.*|$)/\1/p' <<<"$2")
	grep -qxF -- "config add -u 192.0.2.1:443 $config" <<<"$1" || { echo "no line for $config" && return 1; }
	config=$(sed -nE 's/.*\|config +([0-6])(\|.*|$)/\1/p' <<<"$2")
	grep -qE -- "--server-id $config:$server_id\b" <<<"$1" || { [ "$config" = 0 ] && grep -qE -- "--server-id $server_id\b" <<<"$1"; } ||
		{ echo "no server with $config:$server_id" && return 1; }
}

lines_fit() {
	local rules vector status=0
	rules=$(director "$1")
	while read -r vector; do
		[[ $vector != *"|outcome"* ]] || continue
		fits "$rules" "$vector" || status=1
	done < <(vectors "$1")
	return "$status"
}

no_other_sections() {
	local found
	found=$(grep -c '^    \$ quiclbadm decode ' "$page")
	[ "$found" = "$(for section in "${sections[@]}"; do vectors "$section"; done | wc -l)" ] || { echo "$found vectors in all" && return 1; }
}

# there FILE: PATTERN: the test that the page names
there() {
	case $1 in
	test_steer) grep -qE "[(, ]$2[,)]" "$top/userspace/quiclb-steer/tests/$1.c" ;;
	test_*) grep -qE "[(, ]$2\)" "$top/userspace/tests/$1.c" ;;
	go) grep -qE "^func $2\(" "$top"/bindings/go/*_test.go "$top"/examples/*/*_test.go ;;
	h3server) grep -qF "check \"$2\"" "$top"/userspace/h3server/tests/*.sh ;;
	*) return 1 ;;
	esac
}

tests_are_there() {
	local name status=0 seen=0
	while IFS= read -r name; do
		seen=$((seen + 1))
		there "${name%%: *}" "${name#*: }" || { echo "no test \"$name\"" && status=1; }
	done < <(tr '\n' ' ' <"$page" | tr -s ' ' | sed 's/``/\n/g' | grep -E '^(test_[a-z]+|go|h3server): [^.]' | sort -u)
	[ "$seen" -gt 20 ] || { echo "only $seen tests are named" && return 1; }
	return "$status"
}

# published ADDRESS PORT: the server ID that the generator published with kyache computes, in 16 bits
published() {
	local octet id
	IFS=. read -ra octet <<<"$1"
	id=$((octet[2] << 8 | octet[3]))
	id=$(((id << 8 | ($2 & 0xff)) & 0xffff))
	id=$(((id << 8 | $2 >> 8) & 0xffff))
	printf '%04x' "$id"
}

one_id_for_all() {
	local address
	for address in 10.0.0.11 10.0.0.12 10.1.2.3 192.0.2.254; do
		[ "$(published "$address" 443)" = bb01 ] || { echo "$address: $(published "$address" 443)" && return 1; }
	done
	[ "$(published 10.0.0.11 4433)" = 5111 ]
}

# of_envoy NAME: the octets of one of its settings, as hex
of_envoy() { literal Envoy | sed -nE "s/^ *$1: \{ inline_bytes: ([^ ]*) \}.*/\1/p" | base64 -d | od -An -tx1 | tr -d ' \n'; }

# Envoy's settings are those of the director's lines. Its CIDs, and so the vector, are the QUIC-LB part, whose first octet says how long it
# is, and one octet more.
envoy_fits() {
	local id server_id nonce_len cid rules
	rules=$(director Envoy)
	server_id=$(of_envoy server_id)
	id=$((16#$(of_envoy configuration_version)))
	nonce_len=$(literal Envoy | sed -nE 's/^ *nonce_length_bytes: ([0-9]+).*/\1/p')
	grep -qE -- "--id $id --server-id-len $((${#server_id} / 2)) --nonce-len $nonce_len " <<<"$rules" || { echo "no such config" && return 1; }
	grep -qE -- "--server-id $server_id\$" <<<"$rules" || { echo "no server with $server_id" && return 1; }
	[[ $rules != *--check-length* ]] || { echo "the length is not that of a long header's CID" && return 1; }
	cid=$(vectors Envoy | sed -E "s/.* ([0-9a-f]+)\\|config .*/\1/")
	[ "${cid:0:2}" = "$(printf %02x $((id << 5 | (${#server_id} / 2 + nonce_len))))" ] || { echo "first octet of $cid" && return 1; }
	[ ${#cid} = $((${#server_id} + 2 * nonce_len + 4)) ] || { echo "length of $cid" && return 1; }
}

printf '%s\n' 8f95f09245765f80256934e50c66207f >"$tmp/quiclb.key"
cd "$tmp"
echo "1..$((3 * ${#sections[@]} + 4))"
for section in "${sections[@]}"; do
	case_of "$section: the director takes its lines" lines_are_taken "$section"
	case_of "$section: the vectors decode as they say" vectors_decode "$section"
	case_of "$section: lines and vectors are of the same config" lines_fit "$section"
done
case_of "Envoy: settings, lines and vector are of the same config, and one octet follows" envoy_fits
case_of "there is no vector in another section" no_other_sections
case_of "the tests that it names are there" tests_are_there
case_of "the generator published with kyache gives all servers on one port one ID" one_id_for_all
