# SPDX-License-Identifier: GPL-2.0-only
"""The small changes that can be made in a file of kmod/.

Sources are read as tokens, and functions are found by the kernel's layout: a body's braces are in column 0.  A change
stays in the lines that it is made in, so that line numbers in the object code are the same as before.

A mutant's key is the file, the function, the lines as they were and as they are, and which of the equal ones in that
function it is.  So it survives moved lines, and changes anywhere else.
"""
import hashlib
import re

TOKEN = re.compile(r"""
    (?P<space> (?: \s | \\\n )+ )
  | (?P<comment> /\*.*?\*/ | //[^\n]* )
  | (?P<directive> ^[ \t]*\#(?: [^\n\\] | \\\n | \\. )* )
  | (?P<string> "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*' )
  | (?P<number> 0[xX][0-9a-fA-F]+[uUlL]* | [0-9]+[uUlL]* )
  | (?P<word> [A-Za-z_]\w* )
  | (?P<sign> <<= | >>= | \.\.\. | -> | \+\+ | -- | << | >> | <= | >= | == | != | && | \|\|
            | \+= | -= | \*= | /= | %= | &= | \|= | \^= | . )
""", re.X | re.M | re.S)

OPEN, CLOSE = "([{", ")]}"
COMPARED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
ARITHMETIC = {"+": "-", "-": "+", "|": "&", "&": "|", "^": "|", "<<": ">>", ">>": "<<", "%": "/", "/": "%",
              "+=": "-=", "-=": "+=", "|=": "&=", "&=": "|=", "^=": "|=", "++": "--", "--": "++"}
KEYWORDS = set("""if else for while do switch case default return goto break continue sizeof struct union enum static const
    unsigned signed int long short char void bool inline extern typedef volatile u8 u16 u32 u64""".split())
SWAPPED_BYTES = set("htons ntohs htonl ntohl cpu_to_be16 be16_to_cpu cpu_to_be32 be32_to_cpu".split())
LOCKS = {"mutex_lock": "mutex_unlock", "spin_lock": "spin_unlock", "spin_lock_bh": "spin_unlock_bh",
         "lock": "unlock", "local_bh_disable": "local_bh_enable", "rcu_read_lock": "rcu_read_unlock",
         "rcu_read_lock_bh": "rcu_read_unlock_bh", "rtnl_lock": "rtnl_unlock"}
WIPES = re.compile(r"^(memzero_explicit|\w*_sensitive|\w*wipe\w*|explicit_bzero)$")
COUNTS = re.compile(r"^(atomic\w*_(inc|dec|add|sub)|this_cpu_(inc|add)|u64_stats_\w+|\w*_?count|note|\w*_count_\w+|\w*_inc)$")
# What other processors see of an order, a processor that orders stores by itself cannot show.
UNSEEN = re.compile(r"^(smp_\w*mb\w*|barrier|cond_resched|qlb_relax|qlb_spin|cpu_relax|BUILD_BUG_ON|might_sleep"
                    r"|WARN_ON\w*|lockdep_assert\w*|prefetch\w*|net_\w+_ratelimited|pr_\w+|trace_\w+)$")
ERROR = re.compile(r"^E[A-Z0-9]+$")

OPERATORS = {
    "negate": "a condition is its opposite",
    "never": "a condition never holds: dropped checks, error paths and unwinding",
    "drop": "one part of a condition with && or || is left out",
    "bound": "a comparison takes or leaves out the equal, or == is !=",
    "logic": "&& is ||, or the reverse",
    "arithmetic": "another operator: + is -, << is >>, & is |, ...",
    "constant": "a number is one more or one less",
    "statement": "a statement is left out",
    "count": "a counter is left out",
    "wipe": "a secret is not wiped",
    "lock": "a lock is not taken",
    "order": "two statements in a row have changed places",
    "error": "an error is returned as success",
    "return": "a function returns the opposite, or nothing",
    "octets": "a number keeps the machine's order of octets",
}


class Token:
    __slots__ = ("kind", "text", "at", "mate")

    def __init__(self, kind, text, at):
        self.kind, self.text, self.at, self.mate = kind, text, at, None

    @property
    def end(self):
        return self.at + len(self.text)


def tokens_of(text, begin, end):
    """without blanks, comments and directives; brackets know their mates"""
    found, still_open = [], []
    for match in TOKEN.finditer(text, begin, end):
        if match.lastgroup in ("space", "comment", "directive"):
            continue
        token = Token(match.lastgroup, match.group(), match.start())
        if token.kind == "sign" and token.text in OPEN:
            still_open.append(len(found))
        elif token.kind == "sign" and token.text in CLOSE and still_open:
            token.mate = still_open.pop()
            found[token.mate].mate = len(found)
        found.append(token)
    return found


class Mutant:
    def __init__(self, file, function, operator, before, after, number, line, text):
        self.file, self.function, self.operator = file, function, operator
        self.before, self.after, self.number, self.line, self.text = before, after, number, line, text

    @property
    def key(self):
        return (self.file, self.function, self.before, self.after, self.number)

    @property
    def id(self):
        return hashlib.sha256("\0".join(map(str, self.key)).encode()).hexdigest()[:10]

    def __str__(self):
        number = f" {self.number}" if self.number > 1 else ""
        return f"{self.file} {self.function}{number}\n- {self.before}\n+ {self.after}\n"


def squeezed(text):
    return " ".join(text.split())


class Function:
    """one body and what can be changed in it"""

    def __init__(self, name, text, begin, end, head):
        self.name, self.text, self.head = name, text, head
        self.tokens = tokens_of(text, begin, end)
        self.edits = []     # (operator, [(at, end, replacement), ...])

    def edit(self, operator, *changes):
        self.edits.append((operator, sorted(changes)))

    def change(self, operator, token, new):
        self.edit(operator, (token.at, token.end, new))

    # -- where things end --

    def operand_end(self, i):
        """the index behind an operand of && or || that begins at i"""
        while i < len(self.tokens):
            token = self.tokens[i]
            if token.kind == "sign":
                if token.text in OPEN and token.mate:
                    i = token.mate
                elif token.text in CLOSE or token.text in ("&&", "||", "?", ":", ";", ","):
                    return i
            i += 1
        return i

    def statement_end(self, i):
        """the index of the ; that ends an expression statement beginning at i, or None"""
        while i < len(self.tokens):
            token = self.tokens[i]
            if token.kind == "sign":
                if token.text == ";":
                    return i
                if token.text == "{" or token.text in CLOSE:
                    return None
                if token.text in OPEN and token.mate:
                    i = token.mate
            i += 1
        return None

    def starts_statement(self, i):
        before = self.tokens[i - 1] if i else None
        if before is None or before.kind == "word":
            return before is None or before.text == "else"
        if before.text in (";", "{", "}"):
            return not self.in_parentheses(i)
        if before.text == ":":
            return self.is_label(i - 1)
        if before.text == ")" and before.mate:
            head = self.tokens[before.mate - 1]
            return head.text in ("if", "while", "for") or "for_each" in head.text
        return False

    def is_label(self, i):
        return self.tokens[i - 1].kind == "word" and (i < 2 or self.tokens[i - 2].text in (";", "}", "{"))

    def in_parentheses(self, i):
        depth = 0
        for token in reversed(self.tokens[:i]):
            if token.kind == "sign":
                depth += {"(": -1, ")": 1}.get(token.text, 0)
                if depth < 0:
                    return True
                if token.text in "{}" and depth == 0:
                    return False
        return False

    def statements(self):
        """(first, last, called) of expression statements; called is None for an assignment"""
        for i, token in enumerate(self.tokens):
            if token.kind != "word" or token.text in KEYWORDS or not self.starts_statement(i):
                continue
            last = self.statement_end(i)
            if last is None:
                continue
            after = self.tokens[i + 1]
            if after.kind == "word" or (after.text == "*" and self.tokens[i + 2].kind == "word"):
                continue    # a declaration
            if after.text == ":" or (after.text == ";" and last == i + 1):
                continue
            called = token.text if after.text == "(" and after.mate == last - 1 else None
            yield i, last, called

    # -- operators --

    def conditions(self):
        for i, token in enumerate(self.tokens):
            if token.text not in ("if", "while") or self.tokens[i + 1].text != "(":
                continue
            first, last = self.tokens[i + 1], self.tokens[self.tokens[i + 1].mate]
            inner = self.text[first.end:last.at]
            if inner.strip() in ("0", "1", "true"):
                continue
            is_do = token.text == "while" and self.tokens[i - 1].text == "}" and self.tokens[first.mate + 1].text == ";"
            self.edit("negate", (first.end, first.end, "!("), (last.at, last.at, ")"))
            if token.text == "if":
                self.edit("never", (first.end, first.end, "0 && ("), (last.at, last.at, ")"))
            elif is_do:
                self.edit("never", (first.end, first.end, "0 && ("), (last.at, last.at, ")"))

    def parts(self):
        for i, token in enumerate(self.tokens):
            if token.text not in ("&&", "||"):
                continue
            self.change("logic", token, "||" if token.text == "&&" else "&&")
            after = self.tokens[self.operand_end(i + 1)]
            self.blank("drop", token.at, after.at)

    def blank(self, operator, begin, end, put=""):
        """leaves text out, but not the ends of its lines"""
        kept = "".join(re.findall(r"\n[ \t]*", self.text[begin:end]))
        self.edit(operator, (begin, end, put + kept))

    def signs(self):
        for i, token in enumerate(self.tokens):
            if token.kind != "sign" or not i:
                continue
            before = self.tokens[i - 1]
            binary = before.kind in ("number", "string") or before.text in (")", "]") or \
                (before.kind == "word" and before.text not in ("return", "case", "sizeof"))
            if token.text in COMPARED and binary:
                self.change("bound", token, COMPARED[token.text])
            elif token.text in ARITHMETIC and (binary or token.text in ("++", "--")):
                if before.text == ")" and token.text in ("&", "-", "+") and self.is_cast(before.mate):
                    continue
                self.change("arithmetic", token, ARITHMETIC[token.text])

    def is_cast(self, i):
        words = self.tokens[i + 1:self.tokens[i].mate]
        return bool(words) and words[0].text in KEYWORDS - {"sizeof"}

    def numbers(self):
        for i, token in enumerate(self.tokens):
            if token.kind != "number":
                continue
            digits = re.match(r"0[xX][0-9a-fA-F]+|[0-9]+", token.text).group()
            suffix, value = token.text[len(digits):], int(digits, 0 if digits[:2].lower() == "0x" or digits == "0" else 10)
            for other in (value + 1, value - 1):
                if other < 0 or value == 0 and self.tokens[i - 1].text in ("{", "="):
                    continue
                shown = hex(other) if digits[:2].lower() == "0x" else str(other)
                self.change("constant", token, shown + suffix)

    def left_out(self):
        for first, last, called in self.statements():
            if called and UNSEEN.match(called):
                continue
            begin, end = self.tokens[first].at, self.tokens[last].at
            if called in LOCKS:
                self.unlocked(first, last, called)
            elif called in LOCKS.values():
                continue    # a lock that is held for ever is no small change
            else:
                operator = "statement"
                if called and WIPES.match(called):
                    operator = "wipe"
                elif called and COUNTS.match(called):
                    operator = "count"
                self.blank(operator, begin, end)
            if called == "kfree_sensitive":
                self.change("wipe", self.tokens[first], "kfree")

    def unlocked(self, first, last, called):
        """without the lock, and without all that give it back in this function"""
        argument = squeezed(self.text[self.tokens[first + 1].at:self.tokens[last].at])
        changes = [(self.tokens[first].at, self.tokens[last].at, "")]
        for begin, end, other in self.statements():
            if other == LOCKS[called] and squeezed(self.text[self.tokens[begin + 1].at:self.tokens[end].at]) == argument:
                changes.append((self.tokens[begin].at, self.tokens[end].at, ""))
        if len(changes) > 1:
            self.edit("lock", *changes)

    def exchanged(self):
        all_of_them = list(self.statements())
        for (first, last, called), (after, end, other) in zip(all_of_them, all_of_them[1:]):
            if after != last + 1 or not (called or other):
                continue
            if any(c and (UNSEEN.match(c) or c in LOCKS or c in LOCKS.values()) for c in (called, other)):
                continue
            one = self.text[self.tokens[first].at:self.tokens[last].end]
            two = self.text[self.tokens[after].at:self.tokens[end].end]
            # both ends of lines stay where they are: what is moved is put on one line
            self.edit("order", (self.tokens[first].at, self.tokens[last].end, squeezed(two) + "\n" * one.count("\n")),
                      (self.tokens[after].at, self.tokens[end].end, squeezed(one) + "\n" * two.count("\n")))

    def returned(self):
        is_bool = bool(re.search(r"\bbool\b", self.head))
        is_int = bool(re.search(r"\bint\b", self.head)) and "*" not in self.head.split("(")[0]
        is_pointer = "*" in self.head.split("(")[0]
        for i, token in enumerate(self.tokens):
            if token.text != "return" or self.tokens[i + 1].text == ";":
                continue
            end = self.statement_end(i + 1)
            if end is None:
                continue
            first, last = self.tokens[i + 1], self.tokens[end]
            value = self.text[first.at:last.at].strip()
            if value.startswith("-") and ERROR.match(value[1:]):
                self.blank("error", first.at, last.at, "0")
            elif is_bool:
                self.edit("return", (first.at, first.at, "!("), (last.at, last.at, ")"))
            elif is_pointer and value != "NULL":
                self.blank("return", first.at, last.at, "NULL")
            elif is_int and not re.fullmatch(r"[0-9]+", value):
                self.blank("return", first.at, last.at, "0")
        for i, token in enumerate(self.tokens[1:-1], 1):
            # an error code that is not returned at once
            if token.text == "-" and ERROR.match(self.tokens[i + 1].text) and self.tokens[i - 1].text in ("=", "?", ":", ","):
                self.edit("error", (token.at, self.tokens[i + 1].end, "0"))

    def octets(self):
        for i, token in enumerate(self.tokens):
            if token.text in SWAPPED_BYTES and self.tokens[i + 1].text == "(":
                self.change("octets", token, "")

    def mutants(self, file, seen):
        for operator in (self.conditions, self.parts, self.signs, self.numbers, self.left_out, self.exchanged,
                         self.returned, self.octets):
            operator()
        for operator, changes in self.edits:
            yield from self.made(file, operator, changes, seen)

    def made(self, file, operator, changes, seen):
        text, begin, end = self.text, changes[0][0], changes[-1][1]
        begin = text.rfind("\n", 0, begin) + 1
        end = text.find("\n", end)
        new, at = [], begin
        for first, last, put in changes:
            new += [text[at:first], put]
            at = last
        new.append(text[at:end])
        new = "".join(new)
        before, after = squeezed(text[begin:end]), squeezed(new)
        if before == after:
            return
        whole = text[:begin] + new + text[end:]
        # two operators may make the same change
        if whole in seen:
            return
        seen[whole] = True
        same = self.name, before, after
        number = seen[same] = seen.get(same, 0) + 1
        yield Mutant(file, self.name, operator, before, after, number, text.count("\n", 0, changes[0][0]) + 1, whole)


def functions(text):
    """each body, and for constants each enum of the file's own"""
    for match in re.finditer(r"^\{$.*?^\}", text, re.M | re.S):
        head = text[max(text.rfind("\n\n", 0, match.start()), 0):match.start()]
        head = re.sub(r"/\*.*?\*/|^[ \t]*#[^\n]*", "", head, flags=re.S | re.M)
        named = re.search(r"(\w+)\s*\(", re.sub(r"__\w+(\(\w*\))?|\bnoinline\b", "", head))
        if named:
            yield Function(named.group(1), text, match.start() + 1, match.end() - 1, head)
    for match in re.finditer(r"^enum (\w* ?)\{$.*?^\};", text, re.M | re.S):
        yield Function("enum", text, match.start(), match.end(), "")


def mutants(file, text):
    """all mutants of a file, in its order"""
    seen = {}
    return [mutant for function in functions(text) for mutant in function.mutants(file, seen)]


def chosen(all_of_them, seed):
    """in the order in which they are tried: in turn from each file and operator, at random within these.

    The choice depends on nothing but the seed and a mutant's key, so a change elsewhere leaves it as it is."""
    ranks = {}

    def draw(mutant):
        return hashlib.sha256(f"{seed} {mutant.id}".encode()).hexdigest()

    ranked = []
    for mutant in sorted(all_of_them, key=draw):
        kind = mutant.file, mutant.operator
        ranks[kind] = ranks.get(kind, 0) + 1
        ranked.append((ranks[kind], draw(mutant), mutant))
    return [mutant for _, _, mutant in sorted(ranked, key=lambda item: item[:2])]
