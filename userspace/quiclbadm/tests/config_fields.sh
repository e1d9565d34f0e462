#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A field that is added to the list of what a config is (kmod/core/config_fields.h) reaches every
# consumer of the list, or does not compile there.  Tried on a copy.  TAP.
set -euo pipefail

top=$(cd "$(dirname "$0")/../../.." && pwd -P)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
read -ra flags <<<"$(pkg-config --cflags libmnl jansson nettle)"
flags+=(-std=gnu11 -D_GNU_SOURCE -iquote "$tmp/userspace/quiclbadm" -I"$tmp/kmod/core" -I"$tmp/kmod/uapi" -I"$top/userspace/lib")
count=0

# copy SYMBOL NAME KIND: the tree with this field at the list's end
copy() {
	rm -rf "$tmp/kmod" "$tmp/userspace"
	mkdir -p "$tmp/kmod" "$tmp/userspace/quiclbadm"
	cp -R "$top/kmod/core" "$top/kmod/uapi" "$top/kmod/config.c" "$tmp/kmod"
	(cd "$top/userspace/quiclbadm" && cp --parents ./*/*.[ch] "$tmp/userspace/quiclbadm")
	sed -i "s/X(KEY, key, KEY)\$/X($1, $2, $3) SEP &/" "$tmp/kmod/core/config_fields.h"
	grep -q "X($1, $2, $3)" "$tmp/kmod/core/config_fields.h"
}

# expanded FILE: its own lines, without those of headers
expanded() {
	"${CC:-cc}" -E "${flags[@]}" "$1" | awk -v file="$1" '/^# [0-9]+ "/ { own = $3 == "\"" file "\"" } own'
}

# reaches NAME FILE: FILE uses the member, or the compiler says that something of that name is missing
reaches() {
	if "${CC:-cc}" -fsyntax-only "${flags[@]}" "$2" 2>"$tmp/errors"; then
		expanded "$2" | grep -w "$1" >/dev/null
	else
		grep -qi "error: .*$1" "$tmp/errors"
	fi
}

# the module's headers are not here: what its list expands to is enough
reaches_module() {
	sed '/^#include/d; 1i #include "config_fields.h"' "$tmp/kmod/config.c" >"$tmp/kmod/alone.c"
	"${CC:-cc}" -E -I"$tmp/kmod/core" "$tmp/kmod/alone.c" | grep "same_$1(a, b)" >/dev/null
}

refuses() {
	! "${CC:-cc}" -fsyntax-only "${flags[@]}" "-DCONFIG_$1(name)=int name;" "$2" 2>"$tmp/errors" && grep -q "$1" "$tmp/errors"
}

result() { # STATUS NAME
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
		return
	fi
	echo "not ok $count - $2"
	sed 's/^/# /' "$tmp/errors"
}

consumers="model/config.c cli/build.c kernel/quic.c output/text.c output/json.c restore/state_file_write.c"
: >"$tmp/errors"
for field in "FLAVOUR flavour NUMBER" "FLAVOUR flavour LENGTH" "FLAVOUR flavour OPTIONAL" "FLAVOUR flavour FLAG"; do
	# shellcheck disable=SC2086 # three words
	copy $field
	for consumer in $consumers; do
		status=0
		reaches flavour "$tmp/userspace/quiclbadm/$consumer" || status=1
		result $status "${field##* }: $consumer"
	done
	status=0
	reaches_module flavour || status=1
	result $status "${field##* }: kmod/config.c"
done
copy COLOUR colour PAINT
for consumer in $consumers; do
	status=0
	refuses PAINT "$tmp/userspace/quiclbadm/$consumer" || status=1
	result $status "a kind that it does not know: $consumer"
done
echo "1..$count"
