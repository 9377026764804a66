"""wrk against several targets in interleaved rounds, and what a request cost each of them."""
import json
import os
import statistics
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from processes import Program, pinned

HERE = Path(__file__).resolve().parent
# wrk's Lua holds that many ready requests without trouble.
REQUESTS_MAX = 100_000


@dataclass
class Target:
    """Who is asked, and what. `@USER@` in the path stands for `users` users in turn, spread evenly over `among`."""
    name: str
    program: Program
    base: str
    path: str
    method: str = "GET"
    body: str = ""
    headers: list = field(default_factory=list)
    users: int = 1
    among: int = 0

    def environment(self):
        visited = min(self.users, REQUESTS_MAX)
        stride = max(1, (self.among or self.users) // visited)
        return {**os.environ, "BENCH_METHOD": self.method, "BENCH_PATH": self.path, "BENCH_BODY": self.body,
                "BENCH_HEADERS": "\n".join(self.headers), "BENCH_USERS": str(visited), "BENCH_STRIDE": str(stride)}


def ask(target, connections, secs, cores):
    """One run of wrk; its figures, and the CPU time of a request."""
    before = target.program.cpu_seconds()
    done = subprocess.run(pinned(cores) + ["wrk", "-t1", f"-c{connections}", f"-d{secs}s", "--timeout", "10s", "-s",
                                           str(HERE / "request.lua"), target.base],
                          env=target.environment(), capture_output=True, text=True, timeout=secs + 90)
    spent = target.program.cpu_seconds() - before
    target.program.forget_log()
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            sample = json.loads(line[7:])
            if sample["bad"] or not sample["requests"]:
                raise RuntimeError(f"{target.name}: {sample['bad']} bad answers of {sample['requests']}")
            return {**sample, "cpu_us": spent / sample["requests"] * 1e6}
    raise RuntimeError(f"wrk: {done.stdout[-300:]} {done.stderr[-300:]}")


def interleaved(targets, connections, rounds, secs, cores, ask=ask):
    """{name: [sample, ...]}; every round begins with another target, so that drift cancels in the ratios. `ask` runs one."""
    samples = {target.name: [] for target in targets}
    for target in targets:
        ask(target, connections, 1, cores)  # pools fill, pages fault
    for number in range(rounds):
        turn = number % len(targets)
        for target in targets[turn:] + targets[:turn]:
            samples[target.name].append(ask(target, connections, secs, cores))
    return samples


@dataclass
class Ratio:
    """The median of the ratios of each round, and how far they went."""
    middle: float
    least: float
    most: float

    def __str__(self):
        return f"{self.middle:.2f} ({self.least:.2f}-{self.most:.2f})"


def ratio(samples, name, reference, key="cpu_us"):
    ratios = [mine[key] / max(1e-9, other[key]) for mine, other in zip(samples[name], samples[reference])]
    return Ratio(statistics.median(ratios), min(ratios), max(ratios))


def middle(samples, name, key):
    return statistics.median(sample[key] for sample in samples[name])


def show(title, samples, reference, connections):
    print(f"\n{title}\n{'':<10}{'clients':>8}{'req/s':>9}{'cpu us/req':>12}{'p50 us':>8}{'p99 us':>8}   cpu against {reference}")
    for name, rows in samples.items():
        rate = statistics.median(row["requests"] / row["duration_us"] * 1e6 for row in rows)
        print(f"{name:<10}{connections:>8}{rate:>9.0f}{middle(samples, name, 'cpu_us'):>12.2f}"
              f"{middle(samples, name, 'p50_us'):>8.0f}{middle(samples, name, 'p99_us'):>8.0f}   {ratio(samples, name, reference)}",
              flush=True)
