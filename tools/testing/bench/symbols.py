# SPDX-License-Identifier: GPL-2.0-only
"""The symbols of a guest's kernel."""
import bisect


class Symbols:
    """Functions by address, from lines of /proc/kallsyms."""

    def __init__(self):
        self.found = []

    def add(self, line):
        word = line.split()
        if len(word) >= 3 and len(word[0]) == 16 and word[1] in "tTwW":
            self.found.append((int(word[0], 16), word[2], word[3][1:-1] if len(word) > 3 else "vmlinux"))

    def seal(self):
        self.found.sort()
        self.starts = [start for start, _, _ in self.found]
        self.cache = {}

    def at(self, address):
        """(name, module), offset"""
        if address not in self.cache:
            start, name, module = self.found[bisect.bisect_right(self.starts, address) - 1]
            self.cache[address] = ((name, module), address - start)
        return self.cache[address]
