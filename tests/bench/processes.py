"""Starts programs on given cores and reads what they cost; ends only what it started."""
import ctypes
import json
import os
import re
import resource
import signal
import subprocess
import time
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


def end_with_parent():
    """Call in a child: it ends when this process is killed and cannot stop it any more."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def allow_many_files():
    """As many open files as this user may have: for ourselves, and for what we start."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def pinned(cores):
    return ["taskset", "-c", ",".join(map(str, cores))] if cores else []


def family(pid):
    """pid and its living descendants."""
    children = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                stat = Path(f"/proc/{name}/stat").read_text()
            except OSError:
                continue
            children.setdefault(int(stat[stat.rindex(")") + 2:].split()[1]), []).append(int(name))
    found, todo = [], [pid]
    while todo:
        found.append(todo.pop())
        todo += children.get(found[-1], [])
    return found


def share_kib(pid):
    """The proportional set size, so that what master and worker share counts once; where it may not be read, the RSS."""
    for file, field in ((f"/proc/{pid}/smaps_rollup", "Pss"), (f"/proc/{pid}/status", "VmRSS")):
        try:
            match = re.search(rf"^{field}:\s+(\d+)", Path(file).read_text(), re.M)
        except OSError:
            continue
        if match:
            return int(match[1])
    return 0


class Program:
    def __init__(self, name, argv, cores, log, environment=None):
        self.name, self.log = name, log
        Path(log).write_bytes(b"")
        self.out = open(log, "ab")
        self.began = time.monotonic()
        self.process = subprocess.Popen(pinned(cores) + argv, stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.out,
                                        env={**os.environ, **(environment or {})}, start_new_session=True,
                                        preexec_fn=end_with_parent)

    def said(self):
        return Path(self.log).read_text(errors="replace")

    def first_line(self, seconds=20):
        """The JSON line a program of ours prints when it listens."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            for line in self.said().splitlines():
                if line.startswith("{") and "listening" in line:
                    return json.loads(line)
            time.sleep(0.002)
        raise RuntimeError(f"{self.name} did not come up: {self.said()[-600:]}")

    def forget_log(self):
        """A line per call fills a disk before long."""
        os.truncate(self.log, 0)

    def cpu_seconds(self):
        total = 0
        for pid in family(self.process.pid):
            try:
                stat = Path(f"/proc/{pid}/stat").read_text()
            except OSError:
                continue
            fields = stat[stat.rindex(")") + 2:].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICK

    def memory_kib(self):
        return sum(share_kib(pid) for pid in family(self.process.pid))

    def peak_kib(self):
        total = 0
        for pid in family(self.process.pid):
            match = re.search(r"^VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.M)
            total += int(match[1]) if match else 0
        return total

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)
        self.out.close()
