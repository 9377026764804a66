"""System calls of a program, counted between two moments.

strace starts the program and writes down each call; -D makes the program our child, so that ending it ends both.
"""
import re
import time
from collections import Counter

SETTLING_S = 0.3
CALL = re.compile(rb"^\d+ +(\w+)\((?:\d+<([^>]*)>)?")


class Trace:
    """All calls, or only those named."""

    def __init__(self, file, only=()):
        self.file = file
        self.only = only

    def argv(self):
        some = ["--seccomp-bpf", "-e", "trace=" + ",".join(self.only)] if self.only else []
        return ["strace", "-D", "-f", "-y", "--quiet=all", *some, "-e", "signal=none", "-o", str(self.file)]

    def now(self):
        """Starts the count when earlier requests have ended. Timers continue, but are few."""
        time.sleep(SETTLING_S)
        return self.file.stat().st_size

    def counted(self, since, until):
        """{name: how often}."""
        return Counter(name for name, _ in self.calls(since, until))

    def calls(self, since, until):
        """(name, path of the file it is about, if any) of each."""
        with open(self.file, "rb") as lines:
            lines.seek(since)
            # A call that is interrupted by another thread's line has two lines; the second is no call.
            found = (CALL.match(line) for line in lines.read(until - since).splitlines())
            return [(match[1].decode(), (match[2] or b"").decode()) for match in found if match]
