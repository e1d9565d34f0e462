# SPDX-License-Identifier: GPL-2.0-only
"""Mutants judged by the selftests in a guest.  Each is a module that is built beforehand, and several share a boot."""
import hashlib
import json
import os
import pathlib
import selectors
import signal
import subprocess
import time

from units import code_of, in_time

MAKE_SECONDS = 900
BOOT = 12               # mutants of one boot
SILENT_SECONDS = 420    # a guest that says nothing for so long is ended: longer than its own limits
CONTROL = "unchanged"


class Broken(Exception):
    """the module does not build, or the groups fail, without a change"""


class Workshop:
    def __init__(self, repo, where, table):
        self.repo, self.where, self.table = repo, where, table
        self.lab = repo / "tools/testing/qemu"
        self.kernel = pathlib.Path(self.ask([self.lab / "kernel"]).splitlines()[-1])
        self.build = self.kernel / "lib/modules" / (self.kernel / "release").read_text().strip() / "build"
        self.modules = where / "built"
        self.modules.mkdir(parents=True, exist_ok=True)
        subprocess.run(["rsync", "-rlc", "--delete", "--exclude=*.o", "--exclude=*.ko", "--exclude=*.mod", "--exclude=*.mod.c",
                        "--exclude=.*", "--exclude=Module.symvers", "--exclude=modules.order", f"{repo}/kmod", f"{repo}/VERSION",
                        f"{where}/"], check=True)
        status, said = self.make()
        if status != 0:
            raise Broken(f"the module does not build: {said}")
        self.codes = self.code()
        self.control = self.modules / f"{CONTROL}.ko"
        self.take(self.control)

    @staticmethod
    def ask(command):
        status, said = in_time(command, 7200)
        if status != 0:
            raise Broken(said)
        return said

    def make(self):
        return in_time(["make", "-s", f"-j{os.cpu_count()}", "-C", self.build, f"M={self.where}/kmod", "modules"], MAKE_SECONDS)

    def code(self):
        kmod = self.where / "kmod"
        return {path: code_of(path) for path in sorted([*kmod.glob("*.o"), *kmod.glob("core/*.o")])
                if not path.name.startswith("ip_vs_quic.")}

    def take(self, place):
        """the module that was just built, with BTF for the driver path"""
        built = self.where / "kmod/ip_vs_quic.ko"
        self.ask([self.repo / "tools/btf/add", built, self.kernel / "vmlinuz"])
        os.replace(built, place)

    def prepare(self, mutant):
        """builds the mutant's module; a verdict if there is nothing to run, else None"""
        path = self.where / "kmod" / mutant.file
        original = path.read_text()
        path.write_text(mutant.text)
        try:
            status, said = self.make()
            if status != 0:
                return "stillborn", next((line for line in said.splitlines() if "error" in line.lower()), "it does not compile")[:200]
            if self.code() == self.codes:
                return "equivalent", "same code"
            self.take(self.modules / f"{mutant.id}.ko")
            return None
        finally:
            path.write_text(original)

    def proved(self):
        """groups that have passed without a change, with the module and the selftests as they are"""
        state, kept = hashlib.sha256(), self.where / "proved"
        for directory in ("kmod", "tools/testing/selftests"):
            for path in sorted((self.repo / directory).rglob("*.[chs]*")):
                if path.suffix in (".c", ".h", ".sh"):
                    state.update(path.read_bytes())
        known = json.loads(kept.read_text()) if kept.exists() else {}
        return kept, {state.hexdigest(): known.get(state.hexdigest(), [])}

    def judge(self, mutants):
        """verdicts as they come: (mutant, verdict, by)"""
        left = list(mutants)
        kept, known = self.proved()
        proved = next(iter(known.values()))
        while left:
            batch = []
            while left and len(batch) < BOOT:
                mutant = left.pop(0)
                verdict = self.prepare(mutant)
                if verdict:
                    yield (mutant, *verdict)
                else:
                    batch.append(mutant)
            while batch:
                batch = yield from self.boot(batch, proved)
                kept.write_text(json.dumps(known))

    def boot(self, batch, proved):
        """one guest; returns those that need another"""
        groups = {mutant.id: self.table[mutant.file][1] for mutant in batch}
        new = [name for name in dict.fromkeys(name for names in groups.values() for name in names) if name not in proved]
        lines = [f"{CONTROL} {self.control} {' '.join(new)}"] if new else []
        lines += [f"{mutant.id} {self.modules / (mutant.id + '.ko')} {' '.join(groups[mutant.id])}" for mutant in batch]
        (self.where / "list").write_text("\n".join(lines) + "\n")
        of, begun, verdicts = {mutant.id: mutant for mutant in batch}, None, {}
        for name, what in self.run():
            if name is None:
                why = what
            elif what == "begins":
                begun = name
            else:
                verdicts[name] = what
                if name in of:
                    verdict, _, by = what.partition(" ")
                    yield of.pop(name), verdict, by or " ".join(groups[name])
                    (self.modules / f"{name}.ko").unlink()
                elif what != "survived":
                    raise Broken(f"without a change: {what} (groups {' '.join(new)}).")
        if new and CONTROL not in verdicts:
            raise Broken(f"without a change: {why} (groups {' '.join(new)}).")
        proved += new
        if begun in of:
            dead = of.pop(begun)
            if dead is batch[0] and not new:
                yield dead, "killed", why
                (self.modules / f"{begun}.ko").unlink()
            else:
                # those before it may have left something behind: it has to do so again as the first of a guest
                return [dead, *of.values()]
        elif of and not verdicts:
            raise Broken(f"the guest has run nothing: {why}")
        return list(of.values())

    def run(self):
        """(ID, what the guest says of it) as it comes, and at last (None, why the guest ended)"""
        said = []
        command = [self.lab / "run", "--timeout", "7200", "--console", self.where / "console", "--",
                   self.repo / "tools/testing/mutants/guest", self.where / "list"]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              start_new_session=True) as process:
            try:
                for line in self.lines(process):
                    said = (said + [line])[-200:]
                    words = line.split(" ", 2)
                    if line.startswith("# ") and ".sh: " in line:
                        print(line, flush=True)
                    elif words[0] == "mutant" and len(words) == 3 and not words[2].startswith("judged"):
                        yield words[1], words[2]
            except BaseException:
                os.killpg(process.pid, signal.SIGTERM)
                raise
            status = process.wait()
        yield None, f"the guest said nothing for {SILENT_SECONDS} s" if status < 0 else self.reason(status, said)

    @staticmethod
    def lines(process):
        """what it says, until it ends or has said nothing for too long"""
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            rest, last = b"", time.monotonic()
            while True:
                if not selector.select(max(0, last + SILENT_SECONDS - time.monotonic())):
                    os.killpg(process.pid, signal.SIGTERM)
                    process.wait()
                    process.returncode = -signal.SIGTERM
                    return
                piece = os.read(process.stdout.fileno(), 65536)
                if not piece:
                    return
                last = time.monotonic()
                *whole, rest = (rest + piece).split(b"\n")
                for line in whole:
                    yield line.decode(errors="replace").rstrip("\r")

    def reason(self, status, said):
        if status == 123:
            return "the kernel reports: " + self.report(said)
        return {124: "the guest was not over in time"}.get(status, f"the guest ended with status {status}: " + " / ".join(said[-3:]))

    @staticmethod
    def report(said):
        for word in ("BUG:", "WARNING:", "Oops", "general protection", "soft lockup", "stall", "panic"):
            for line in said:
                if word in line:
                    return line[line.index(word):][:160]
        return "a defect"
