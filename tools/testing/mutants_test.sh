#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Tests of the mutants: does the table "judges" have every file of kmod/, and only tests that there are? Does the list "equivalent" name
# mutants that can be made? Does the generator make what it should, and find a mutant again when lines have moved? Prints KTAP.
set -eu

here=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source-path=SCRIPTDIR source=verdicts.sh
. "$here/verdicts.sh"
cd "$here/mutants"
tests=$here/../../userspace/tests

# table COLUMN: one word a line, without "-"
table() { awk -v column="$1" '!/^#/ && NF { print $column }' judges | tr , '\n' | grep -vx -e - | sort -u; }

# files: what the module is made of, but uapi/ and compat/, in which nothing is decided
files() { (cd "$here/../../kmod" && printf '%s\n' *.[ch] core/*.[ch]); }

# python PROGRAM [ARG...]
python() { python3 -B -c "import sys; sys.path.insert(0, '.'); import mutate
$1" "${@:2}"; }

# made: what can be made of standard input, in its order: FUNCTION OPERATOR BEFORE -> AFTER
made() { python 'for m in mutate.mutants("x.c", sys.stdin.read()): print(f"{m.function} {m.operator} {m.before} -> {m.after}")'; }

# keys: their IDs
keys() { python 'print(*sorted(m.id for m in mutate.mutants("x.c", sys.stdin.read())))'; }

sample() {
	cat <<-'END'
		static int f(struct s *s, int n)
		{
			int i = 0;

			mutex_lock(&s->lock);
			if (n < 2 && s->on)
				goto out;
			s->n = htons(n | i);
			publish(s);
			atomic_inc(&s->count);
			memzero_explicit(s->key, 16);
		out:
			mutex_unlock(&s->lock);
			return n ? -EINVAL : 0;
		}
	END
}

wanted() {
	cat <<-'END'
		f negate if (n < 2 && s->on) -> if (!(n < 2 && s->on))
		f never if (n < 2 && s->on) -> if (0 && (n < 2 && s->on))
		f logic if (n < 2 && s->on) -> if (n < 2 || s->on)
		f drop if (n < 2 && s->on) -> if (n < 2 )
		f bound if (n < 2 && s->on) -> if (n <= 2 && s->on)
		f arithmetic s->n = htons(n | i); -> s->n = htons(n & i);
		f constant if (n < 2 && s->on) -> if (n < 3 && s->on)
		f constant if (n < 2 && s->on) -> if (n < 1 && s->on)
		f constant memzero_explicit(s->key, 16); -> memzero_explicit(s->key, 17);
		f constant memzero_explicit(s->key, 16); -> memzero_explicit(s->key, 15);
		f constant return n ? -EINVAL : 0; -> return n ? -EINVAL : 1;
		f lock mutex_lock(&s->lock); if (n < 2 && s->on) goto out; s->n = htons(n | i); publish(s); atomic_inc(&s->count); memzero_explicit(s->key, 16); out: mutex_unlock(&s->lock); -> ; if (n < 2 && s->on) goto out; s->n = htons(n | i); publish(s); atomic_inc(&s->count); memzero_explicit(s->key, 16); out: ;
		f statement s->n = htons(n | i); -> ;
		f statement publish(s); -> ;
		f count atomic_inc(&s->count); -> ;
		f wipe memzero_explicit(s->key, 16); -> ;
		f order s->n = htons(n | i); publish(s); -> publish(s); s->n = htons(n | i);
		f order publish(s); atomic_inc(&s->count); -> atomic_inc(&s->count); publish(s);
		f order atomic_inc(&s->count); memzero_explicit(s->key, 16); -> memzero_explicit(s->key, 16); atomic_inc(&s->count);
		f return return n ? -EINVAL : 0; -> return 0;
		f error return n ? -EINVAL : 0; -> return n ? 0 : 0;
		f octets s->n = htons(n | i); -> s->n = (n | i);
	END
}

# moved: the same function behind another one
moved() {
	printf 'int g(void)\n{\n\tint n = 5;\n\n\treturn n;\n}\n\n'
	sample
}

found_again() {
	local moved
	moved=$(moved | keys)
	for id in $(sample | keys); do
		[[ " $moved " = *" $id "* ]] || { echo "$id is not found again" && return 1; }
	done
}

# lines_stay: no mutant of the module has another number of lines
lines_stay() {
	local files
	mapfile -t files < <(files)
	python '
for file in sys.argv[1:]:
	text = open("../../../kmod/" + file).read()
	for m in mutate.mutants(file, text):
		if m.text.count("\n") != text.count("\n") or m.text == text:
			sys.exit(f"{m.id} {m}")' "${files[@]}"
}

same_choice() { diff <(./run --list -n 40 --seed "$1") <(./run --list -n 40 --seed "$2"); }

# stale: entries of the list that name no mutant
stale() {
	python '
import importlib.machinery, importlib.util
loader = importlib.machinery.SourceFileLoader("run", "run")
run = importlib.util.module_from_spec(importlib.util.spec_from_loader("run", loader))
loader.exec_module(run)
listed, there = run.equivalents(), {m.key for m in run.all_mutants(sorted(run.judges()))}
for key, why in listed.items():
	if key not in there or not why:
		print(*key)'
}

printf 'KTAP version 1\n'
equal "$(awk '!/^#/ && NF { print $1 }' judges | sort)" "$(files | sort)" "mutants: every file of the module is in the table, once"
# shellcheck disable=SC2016 # make's variable
equal "$(table 2 | grep -vxFf <(make -s -C "$tests" --eval='print: ; @printf "%s\n" $(PROGRAMS)' print))" "" \
	"mutants: the table names unit tests that there are"
equal "$(table 3 | grep -vxFf <("$here/selftests/ip_vs_quic/run_all.sh" --list one))" "" "mutants: and groups for a guest with one processor"
equal "$(awk '!/^#/ && NF && $2 == "-" && $3 == "-"' judges)" "" "mutants: every file has something that judges it"
equal "$(stale)" "" "mutants: each entry of the list of equivalent ones is a mutant, and has a reason"
equal "$(sample | made)" "$(wanted)" "mutants: each operator makes what it should"
equal "$(sample | made | cut -d' ' -f2 | sort -u)" "$(python 'print(*sorted(mutate.OPERATORS), sep="\n")')" "mutants: the sample has each operator"
verdict "mutants: a mutant is found again when lines have moved" found_again
verdict "mutants: lines stay where they are" lines_stay
verdict "mutants: a seed always chooses the same" same_choice 7 7
verdict "mutants: another seed others" eval '! same_choice 7 8 >/dev/null'
end
