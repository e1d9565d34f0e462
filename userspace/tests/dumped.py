#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""dumped.py COMMAND... - ends a command that reads standard input by a signal.

Status 0: it left a core, which is where the machine has them; 3: it did not.
"""
import os
import resource
import signal
import subprocess
import sys
import time

SECONDS = 60


def until(done, child, what):
    deadline = time.monotonic() + SECONDS
    while not done():
        if time.monotonic() >= deadline:
            child.kill()
            sys.exit(f"dumped: timed out after {SECONDS} s waiting for {what}")
        time.sleep(0.01)


def sleeps(pid):
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rsplit(")", 1)[1].split()[0] == "S"


def mortal():
    """nohup, and a script's &, hand down that a signal is ignored."""
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGQUIT})


def main():
    most = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))
    child = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, preexec_fn=mortal)
    until(lambda: sleeps(child.pid), child, "it to read")
    os.kill(child.pid, signal.SIGQUIT)
    ended = []

    def has_ended():
        pid, status = os.waitpid(child.pid, os.WNOHANG)
        ended.append(status)
        return pid

    until(has_ended, child, "its end")
    assert os.WTERMSIG(ended[-1]) == signal.SIGQUIT
    return 0 if os.WCOREDUMP(ended[-1]) else 3


sys.exit(main())
