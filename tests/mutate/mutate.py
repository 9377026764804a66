#!/usr/bin/env python3
"""Which small changes of the code does no test notice? `./dev mutate` starts it.

One change at a time is made in service/ (a comparison turned, a call dropped, a branch negated) of a clone of what is
committed, in build/mutate/tree; it is built, and the tests that know it run until one fails: the quick programs first,
then the flow, fault and PostgreSQL tests. A verdict is kept in build/mutate/verdicts.jsonl, so a run can be ended at any
time and goes on later. A survivor is a missing test, code that changes nothing, or an equal program: then it is named
with its reason in tests/mutate/equal.json.
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import places as pure

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FOLDERS = ["vault", "tiktok", "tokens", "posts", "store", "pipeline", "idempotency", "outbound", "limits", "windows",
           "connections", "user_api"]
PURE_FOLDERS = {"base", "http", "limits", "settings", "telemetry"}  # unit_tests knows them, and is built in seconds
QUICK = ["unit_core_tests", "unit_tests", "deterministic_tests"]
SLOW_PROGRAMS = ["tiktok-gateway", "tests/tiktok-simulator", "tests/flow_tests", "tests/fault_tests",
                 "tests/postgresql_tests"]
SLOW_TESTS = r"^(flow|fault|postgresql)\."
LIMIT_LEAST_S, LIMIT_TIMES, BUILD_LIMIT_S = 60, 4, 1800


class Workshop:
    """The clone and its build."""

    def __init__(self, folder, jobs):
        self.folder, self.tree, self.jobs = folder, folder / "tree", jobs
        self.build_folder = self.tree / "build/dev"
        self.limits = {}  # seconds, by the name of a program or "slow"

    def prepare(self):
        commit = self.output(["git", "rev-parse", "HEAD"], ROOT)
        if not (self.tree / ".git").exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(self.tree, ignore_errors=True)
            self.check(["git", "clone", "--quiet", "--no-checkout", str(ROOT), str(self.tree)], ROOT)
        self.check(["git", "fetch", "--quiet", str(ROOT), commit], self.tree)
        # What an interrupted run left is undone, and nothing else is touched, or all would be built again.
        self.check(["git", "checkout", "--quiet", "--force", "--detach", commit], self.tree)
        self.check(["cmake", "--preset", "dev"], self.tree)

    @staticmethod
    def output(command, where):
        return subprocess.run(command, cwd=where, check=True, capture_output=True, text=True).stdout.strip()

    @staticmethod
    def check(command, where):
        subprocess.run(command, cwd=where, check=True, stdout=subprocess.DEVNULL)

    def run(self, command, limit_s):
        """The exit status; None if it was ended because the time was over. Its children end with it."""
        process = subprocess.Popen(command, cwd=self.build_folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   start_new_session=True)
        try:
            return process.wait(limit_s)
        except subprocess.TimeoutExpired:
            return None
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)  # also what an ended test left behind
            except ProcessLookupError:
                pass
            process.wait()

    def build(self, targets, limit_s=BUILD_LIMIT_S):
        return self.run(["ninja", "-j", str(self.jobs), *targets], limit_s) == 0

    def run_quick(self, program):
        command = [f"./tests/{program}", "--gtest_brief=1", "--gtest_fail_fast"]
        return self.run(command, self.limits.get(program, BUILD_LIMIT_S))

    def run_slow(self):
        command = ["ctest", "-R", SLOW_TESTS, "--parallel", str(self.jobs), "--stop-on-failure"]
        return self.run(command, self.limits.get("slow", 2 * BUILD_LIMIT_S))

    def measure(self, slow):
        """How long the tests take on code that is not changed; they must pass."""
        for name, targets, run in self.stages(QUICK, slow):
            began = time.monotonic()
            if not self.build(targets, None):  # the first one builds everything
                sys.exit(f"mutate: {' '.join(targets)} is not built, without any change")
            built = time.monotonic()
            if run() != 0:
                sys.exit(f"mutate: {name} fails without any change")
            took = time.monotonic() - built
            self.limits[name] = max(LIMIT_LEAST_S, LIMIT_TIMES * took)
            say(f"{name}: built in {built - began:.0f} s, runs {took:.0f} s")

    def stages(self, quick, slow):
        for program in quick:
            yield program, ["tests/" + program], lambda program=program: self.run_quick(program)
        if slow:
            yield "slow", SLOW_PROGRAMS, self.run_slow


def say(text):
    print(text, flush=True)


def programs_for(folder):
    """The quick programs, the one that knows the folder best first."""
    return sorted(QUICK, key=lambda program: program != "unit_tests") if folder in PURE_FOLDERS else QUICK


def verdict_on(workshop, place, text, slow):
    """(verdict, by whom): builds and tries it, and puts the file back."""
    path = workshop.tree / place.file
    try:
        path.write_text(pure.changed(text, place), encoding="utf-8")
        for name, targets, run in workshop.stages(programs_for(place.folder), slow):
            if not workshop.build(targets):
                return "unbuilt", ""
            status = run()
            if status != 0:
                return "killed", name + (" (hangs)" if status is None else "")
        return "survived", ""
    finally:
        path.write_text(text, encoding="utf-8")


def files_of(tree, folders):
    for folder in folders:
        if not (tree / "service" / folder).is_dir():
            sys.exit(f"mutate: there is no service/{folder}")
        yield from sorted((tree / "service" / folder).rglob("*.cpp"))


class Campaign:
    def __init__(self, workshop, options):
        self.workshop, self.options = workshop, options
        self.equals = pure.Equals((HERE / "equal.json").read_text(encoding="utf-8"))
        self.log = workshop.folder / ("verdicts.jsonl" if options.slow else "quick_verdicts.jsonl")
        self.known = pure.Verdicts(self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else [])
        self.told = []

    def places(self):
        texts = {str(path.relative_to(self.workshop.tree)): path.read_text(encoding="utf-8")
                 for path in files_of(self.workshop.tree, self.options.folders)}
        found = [place for file, text in texts.items() for place in pure.places_in(file, text)]
        say(f"{len(found)} places in {len(texts)} files")
        return ((place, texts[place.file]) for place in pure.spread(found, self.options.seed))

    def tried(self):
        return sum(one["verdict"] in ("killed", "survived") for one in self.told)

    def look_at(self, place, text):
        old, new = pure.old_and_new(text, place)
        known = self.known.of(place, text, new)
        reason = self.equals.reason(place.file, old, new)
        one = {"file": place.file, "digest": pure.digest(text), "line": place.line + 1, "first": place.first, "old": old,
               "new": new}
        if reason:
            self.told.append(one | {"verdict": "equal", "by": reason})
        elif known:
            self.told.append(known)
        else:
            began = time.monotonic()
            verdict, by = verdict_on(self.workshop, place, text, self.options.slow)
            self.told.append(one | {"verdict": verdict, "by": by})
            with self.log.open("a", encoding="utf-8") as log:
                log.write(json.dumps(self.told[-1]) + "\n")
            say(f"{self.tried():4} {verdict:<9}{time.monotonic() - began:5.0f} s  {place.file}:{place.line + 1}  {new[:80]}  {by}")

    def run(self):
        end = time.monotonic() + self.options.minutes * 60
        for place, text in self.places():
            if self.tried() >= self.options.count or time.monotonic() > end:
                break
            self.look_at(place, text)
        say("\n".join(pure.table(self.told)))
        return 1 if any(one["verdict"] == "survived" for one in self.told) else 0


def read_options():
    parser = argparse.ArgumentParser(prog="./dev mutate", description="Which small changes does no test notice?")
    parser.add_argument("folders", nargs="*", default=FOLDERS, metavar="FOLDER", help="of service/; default: " + " ".join(FOLDERS))
    parser.add_argument("--count", type=int, default=150, help="mutants that are built and tried (150)")
    parser.add_argument("--seed", type=int, default=1, help="which ones (1)")
    parser.add_argument("--minutes", type=float, default=60 * 24 * 7, help="ends after this time; a later run goes on")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="compilers and tests at once")
    parser.add_argument("--quick", dest="slow", action="store_false", help="without the flow, fault and PostgreSQL tests")
    return parser.parse_args()


def main():
    options = read_options()
    workshop = Workshop(ROOT / "build/mutate", options.jobs)
    say("preparing build/mutate/tree")
    workshop.prepare()
    workshop.measure(options.slow)
    return Campaign(workshop, options).run()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # what was changed is put back, and what was found out is kept
        sys.exit("mutate: ended; the next run goes on")
