#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Whether the list of the selftests' groups is complete: every script with cases is in it, once, with a guest it can run in. The
# programs that the scripts call have to be built and ignored by git too. Prints KTAP.
set -eu

# shellcheck source-path=SCRIPTDIR source=verdicts.sh
. "$(dirname "$0")/verdicts.sh"
cd "$(dirname "$0")/selftests/ip_vs_quic"

# same WHAT GOT WANTED
same() { equal "$2" "$3" "groups: $1"; }

# made NAME: what the Makefile has in the variable, one word a line
made() { make -s --no-print-directory --eval="print: ; @printf '%s\\n' \$($1)" print; }

runs() { ./run_all.sh --list "$@"; }

listed=$(awk '!/^#/ { print $1 }' groups)
sorted=$(sort <<<"$listed")
printf 'KTAP version 1\n'
same "every script with cases is listed, once" "$sorted" "$(grep -l '^finish$' ./*.sh | sed 's|^\./||; s|\.sh$||' | sort)"
same "every script that is listed can be executed" "$(while read -r group; do
	[ ! -x "$group.sh" ] || printf '%s\n' "$group"
done <<<"$listed")" "$listed"
same "every guest is one that run_all.sh knows" "$(awk '!/^#/ && (NF != 2 || $2 !~ /^(one|several|alone|debug|tools)$/)' groups)" ""
same "make has the same scripts" "$(made TEST_PROGS)" "${listed//$'\n'/$'.sh\n'}.sh"
same "run_all.sh's guests have all groups, each once" "$({
	runs one
	runs several
	runs alone
	[ -w /sys/kernel/debug/failslab/probability ] || awk '!/^#/ && $2 == "debug" { print $1 }' groups
	awk '!/^#/ && $2 == "tools" { print $1 }' groups
} | sort)" "$sorted"
same "the shares of one guest are all of its groups, each once" "$(for share in 1 2 3 4; do runs one ${share}of4; done | sort)" "$(runs one | sort)"
programs=$(grep -l '^int main(' ./*.c | sed 's|^\./||; s|\.c$||' | sort)
same "make builds every program" "$(made TEST_GEN_FILES | sort)" "$programs"
same "git ignores every program" "$(sed -n 's|^/||p' .gitignore | sort)" "$programs"
end
