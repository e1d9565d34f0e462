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


def sleeps(pid):
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rsplit(")", 1)[1].split()[0] == "S"


def main():
    most = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))
    child = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE)
    deadline = time.monotonic() + SECONDS
    while not sleeps(child.pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(child.pid, signal.SIGQUIT)
    status = os.waitpid(child.pid, 0)[1]
    assert os.WTERMSIG(status) == signal.SIGQUIT
    return 0 if os.WCOREDUMP(status) else 3


sys.exit(main())
