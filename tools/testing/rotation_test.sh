#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Whether CI's rotation reaches everything: each share of each kernel, each share of the static checks and two servers are chosen by
# some number, and a run has three suites. Prints KTAP.
set -eu

here=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source-path=SCRIPTDIR source=verdicts.sh
. "$here/verdicts.sh"

# chosen PATTERN: by so many numbers that everything was: the kernels and shares of two kinds, one inside the other
all=$(seq 0 399 | xargs "$here/rotation" | sort -u)
chosen() { grep "$1" <<<"$all"; }

printf 'KTAP version 1\n'
equal "$(chosen @)" "$("$here/rotation" --all | grep -v '@kcsan-' | sort -u)" \
	"rotation: each share of each kernel is chosen by some number, and nothing else"
equal "$(chosen ^lint:)" "$(printf 'lint:%sof4\n' 1 2 3 4)" "rotation: each share of the static checks is chosen by some number"
equal "$(chosen ^servers: | sed 's/.*://' | tr , '\n' | grep -vxFf <("$here/servers" --list))" "" "rotation: there are such servers"
equal "$(chosen ^servers: | wc -l)" 2 "rotation: quic-go and nginx are chosen by some number"
kinds() {
	for number; do
		"$here/rotation" "$number" | sed 's/[@:].*//' | xargs
	done
}
equal "$(kinds 4294967295 4294967296 3 2 1)" "debug selftests lint
debug servers lint
debug selftests lint
debug selftests lint
debug selftests lint" "rotation: one run of four has servers in place of a packaged kernel"
equal "$("$here/rotation" | xargs)" "$("$here/rotation" $((0x0$(git -C "$here" rev-parse HEAD 2>/dev/null | cut -c1-8))) | xargs)" \
	"rotation: without a number, the commit's hash chooses"
equal "$("$here/rotation" x 2>&1)" "Error: rotation: x: neither a number nor --all." "rotation: what is no number is refused"
end
