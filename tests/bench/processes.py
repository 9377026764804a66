"""Starts programs on given cores and reads what they cost; ends only what it started."""
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


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


class Program:
    def __init__(self, name, argv, cores, log):
        pin = ["taskset", "-c", ",".join(map(str, cores))] if cores else []
        self.name, self.log = name, log
        self.out = open(log, "wb")
        self.process = subprocess.Popen(pin + argv, stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.out,
                                        start_new_session=True)

    def first_line(self, seconds=20):
        """The JSON line a program of ours prints when it listens."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            for line in Path(self.log).read_text(errors="replace").splitlines():
                if line.startswith("{") and "listening" in line:
                    return json.loads(line)
            time.sleep(0.05)
        raise RuntimeError(f"{self.name} did not come up: {Path(self.log).read_text(errors='replace')[-600:]}")

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

    def memory_kib(self, field="VmRSS"):
        total = 0
        for pid in family(self.process.pid):
            match = re.search(rf"^{field}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.M)
            total += int(match[1]) if match else 0
        return total

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)
        self.out.close()
