#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Tests that "includes" finds violations, on copies of the tree with one include too many.  Prints KTAP.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source-path=SCRIPTDIR source=verdicts.sh
. "$here/verdicts.sh"
repo=$here/../..
adm=userspace/quiclbadm
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

fresh() {
	rm -rf "$tmp/tree"
	mkdir "$tmp/tree"
	(cd "$repo" && find kmod userspace \( -name '*.[ch]' -o -name Kbuild -o -name Makefile \) -print0 | xargs -0 cp --parents -t "$tmp/tree")
}

# found SENTENCE FILE INCLUDED: with the include added to the file, that is said
found() {
	fresh
	printf '#include "%s"\n' "$3" >>"$tmp/tree/$2"
	says "$1"
}

# says PATTERN: of the copy
says() {
	local said
	if said=$("$here/includes" "$tmp/tree"); then
		echo "nothing is found"
		return 1
	fi
	grep -q -e "$1" <<<"$said" || {
		printf '%s\n' "$said"
		return 1
	}
}

silent() {
	fresh
	"$here/includes" "$tmp/tree"
}

lost_object() {
	fresh
	sed -i '/ stats\.o$/d' "$tmp/tree/kmod/Kbuild"
	says '^kmod/stats.c is not in kmod/Kbuild$'
}

later_folder() {
	fresh
	mkdir "$tmp/tree/$adm/first" "$tmp/tree/$adm/last"
	echo >"$tmp/tree/$adm/last/header.h"
	echo '#include "last/header.h"' >"$tmp/tree/$adm/first/file.c"
	sed -i '/^LAYERS/,/[^\\]$/d' "$tmp/tree/$adm/Makefile"
	printf 'LAYERS := first \\\n\tlast\n' >>"$tmp/tree/$adm/Makefile"
	says "^$adm/first/file.c includes $adm/last/header.h, of a later layer"
}

plan 7
verdict "includes: the tree as it is" silent
verdict "includes: a ring of two units" found '^include ring: .*kmod/net -> ' kmod/net.c hook.h
verdict "includes: a ring through a header without a .c file" found '^include ring: .*kmod/flow -> ' kmod/flow.h hook.h
verdict "includes: a ring in user space" found '^include ring: .*userspace/h3server/log -> ' userspace/h3server/log.h conn.h
verdict "includes: a header of a later layer of the module" found \
	'^kmod/stats includes kmod/vip, which kmod/Kbuild has after it$' kmod/stats.c vip.h
verdict "includes: an object that is not in Kbuild" lost_object
verdict "includes: a header of a later folder" later_folder
[ "$verdict_failures" = 0 ]
