#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The examples for users: all have nonces of 8 octets or more, which do not repeat after a restart (draft, section "Connection ID
# Entropy").  Prints TAP.
set -euo pipefail

cd "$(dirname "$0")/../.."
# Layouts of others, as SERVER-ID-LENGTH:NONCE-LENGTH: AWS NLB, kyache, mvfst.
foreign=(8:7 2:5 3:4)
shopt -s nullglob extglob
files=(README.md Documentation/*.rst userspace/*/*.[1-9] userspace/*/README.md userspace/lib/quiclb.h bindings/*/!(test_*).py bindings/go/!(*_test).go
	bindings/rust/src/*.rs examples/*/!(*_test).go examples/*/*.[ch] examples/*/src/*.rs examples/*/*.md tools/demo/demo.sh)

# options: FILE SERVER-ID-LENGTH:NONCE-LENGTH of each --server-id-len and --nonce-len, which a backslash may keep apart
options() {
	local file
	for file in "${files[@]}"; do
		tr '\n' ' ' <"$file" | grep -oE -- '--server-id-len [0-9]+[^-]{1,8}--nonce-len [0-9]+|--server-id [0-6]:[0-9a-f]+ --nonce-len [0-9]+' |
			sed -E "s|--server-id-len ([0-9]+).*--nonce-len |$file \1:|; s|--server-id .*--nonce-len |$file -:|" || true
	done
}

# lines: the same of each ID:SERVER-ID:NONCE-LENGTH
lines() {
	local file id length
	grep -noE '(^|[^0-9a-fA-F:.])[0-6]:([0-9a-f]{2})+:[0-9]{1,2}\b' "${files[@]}" | sed -E 's/:[0-9]+:[^0-9]?[0-6]:([0-9a-f]+):/ \1 /' |
		while read -r file id length; do
			printf '%s %s:%s\n' "$file" $((${#id} / 2)) "$length"
		done
}

# short NAME: reads what the above print
short() {
	local file lengths found=0 seen=0
	while read -r file lengths; do
		seen=$((seen + 1))
		[ "${lengths#*:}" -lt 8 ] || continue
		[[ " ${foreign[*]} " != *" $lengths "* ]] || continue
		printf '# %s: server ID and nonce of %s octets\n' "$file" "$lengths"
		found=1
	done
	if [ "$seen" -lt 5 ] || [ "$found" = 1 ]; then
		printf 'not ok %s - examples: %s: %s seen\n' "$1" "$2" "$seen"
		return 1
	fi
	printf 'ok %s - examples: %s\n' "$1" "$2"
}

echo 1..2
status=0
options | short 1 "nonces in options have 8 octets or more" || status=1
lines | short 2 "nonces in lines have 8 octets or more" || status=1
exit "$status"
