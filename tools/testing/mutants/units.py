# SPDX-License-Identifier: GPL-2.0-only
"""Mutants judged by the unit tests of userspace/tests, in a copy of what these are built of."""
import hashlib
import os
import pathlib
import resource
import signal
import subprocess
import tempfile

BUILDS = "plain", "sanitize", "threads"
MAKE_SECONDS = 300
TEST_SECONDS = 900
# A test may take so many times the processor's seconds that it takes without the change, and at least so many.
TIMES, LEAST_SECONDS = 3, 5


class Broken(Exception):
    """the tests do not run without a change"""


def in_time(command, seconds, **options):
    """the status of a command, which is ended with all that it has started; None if its time was up"""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
                          **options) as process:
        try:
            said, _ = process.communicate(timeout=seconds)
            return process.returncode, said.decode(errors="replace")
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            said, _ = process.communicate()
            return None, said.decode(errors="replace")
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise


def code_of(path):
    """an object file's code and data: neither where lines are nor what types there are"""
    with tempfile.NamedTemporaryFile() as stripped:
        subprocess.run(["objcopy", "--strip-debug", path, stripped.name], check=True)
        return hashlib.sha256(pathlib.Path(stripped.name).read_bytes()).hexdigest()


class Workshop:
    def __init__(self, repo, where, table):
        self.where, self.repo, self.table = where, repo, table
        self.tests = where / "userspace/tests"
        self.codes, self.limits = {}, {}
        where.mkdir(parents=True, exist_ok=True)
        for directory in ("kmod", "userspace", "bindings"):
            subprocess.run(["rsync", "-rlc", "--delete", "--exclude=*.o", "--exclude=*.d", "--exclude=*.so*", "--exclude=plain",
                            "--exclude=sanitize", "--exclude=threads", f"{repo}/{directory}", f"{where}/"], check=True)

    def make(self, *targets):
        # what is not used any more is no mistake in a mutant
        return in_time(["make", "-s", f"-j{os.cpu_count()}", "-C", self.tests, "CC=cc -w", *targets], MAKE_SECONDS)

    def programs(self, name, build):
        """the targets of a test in a build; the thread sanitizer is for few"""
        made = (self.tests / "Makefile").read_text()
        threaded = next(line for line in made.splitlines() if line.startswith("THREADED")).split(":=")[1].split()
        return [f"{build}/{name}"] if build != "threads" or name in threaded else []

    def targets(self, names, build):
        targets = [program for name in names for program in self.programs(name, build)]
        return targets + (["../lib/libquiclb.so"] if build == "plain" and "test_libquiclb" in names else [])

    def objects(self, names):
        """of the plain build, by their place"""
        status, said = in_time(["make", "-s", "-C", self.tests, "--eval=print: ; @echo " + " ".join(f"$({name}-objs)" for name in names),
                                "print"], MAKE_SECONDS)
        if status != 0:
            raise Broken(f"userspace/tests/Makefile does not name the objects of {' '.join(names)}: {said}")
        return sorted({self.tests / "plain" / word for word in said.split()})

    def prepare(self, names):
        """builds and runs them without a change, once"""
        names = [name for name in names if name not in self.codes]
        if not names:
            return
        for name in names:
            for target in self.targets([name], "plain"):
                self.try_unchanged(target)
            self.codes[name] = {path: code_of(path) for path in self.objects([name])}

    def try_unchanged(self, target):
        status, said = self.make(target)
        if status != 0:
            raise Broken(f"{target} does not build without a change: {said}")
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        status, said = self.run(target, TEST_SECONDS)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if status != 0:
            raise Broken(f"{target} fails without a change: {said}")
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        self.limits[target] = max(LEAST_SECONDS, round(TIMES * used + 0.5))

    def run(self, target, seconds):
        """with a limit in seconds of a processor: a busy machine is not a test's fault"""
        def limit():
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        if target.startswith(".."):
            return 0, ""
        return in_time([self.tests / target], TEST_SECONDS, cwd=self.tests, preexec_fn=limit,
                       env={**os.environ, "CMOCKA_MESSAGE_OUTPUT": "TAP"})

    def judge(self, mutant):
        """a verdict, and by what"""
        names = self.table[mutant.file][0]
        self.prepare(names)
        path = self.where / "kmod" / mutant.file
        original = path.read_text()
        path.write_text(mutant.text)
        try:
            verdict = self.verdict(names)
        finally:
            path.write_text(original)
        if verdict:
            return verdict
        # other builds see more, and take longer; what they do without a change is tried only if it is needed
        for build in BUILDS[1:]:
            for name in names:
                for target in self.targets([name], build):
                    if target not in self.limits:
                        self.try_unchanged(target)
        path.write_text(mutant.text)
        try:
            return self.others(names) or ("survived", " ".join(names))
        finally:
            path.write_text(original)

    def verdict(self, names):
        """by the plain build; None if it passes. A program is built when those before it have passed."""
        for name in names:
            for target in self.targets([name], "plain"):
                found = self.tried(target)
                if found:
                    return found
        if all(code_of(path) == code for name in names for path, code in self.codes[name].items()):
            return "equivalent", "same code"
        return None

    def others(self, names):
        for build in BUILDS[1:]:
            for target in self.targets(names, build):
                found = self.tried(target)
                if found:
                    return found
        return None

    def tried(self, target):
        """a verdict if the program does not build or fails"""
        status, said = self.make(target)
        if status != 0:
            return "stillborn", next((line for line in said.splitlines() if "error" in line), "it does not compile")[:200]
        status, said = self.run(target, self.limits[target])
        if status in (None, -signal.SIGXCPU, -signal.SIGKILL):
            return "killed", f"{target}: not over after {self.limits[target]} s of a processor"
        return ("killed", f"{target}: {self.failure(status, said)}") if status != 0 else None

    @staticmethod
    def failure(status, said):
        for line in said.splitlines():
            if line.startswith("not ok"):
                return line.split("-", 1)[-1].strip()
            if "ERROR: " in line or "runtime error:" in line or "WARNING: ThreadSanitizer" in line:
                return line.strip()[:160]
        return f"status {status}"
