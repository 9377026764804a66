"""The clone in which changes are tried: its build, and the tests of one try. `mutate.py` owns it."""
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

QUICK = ["unit_tests", "unit_core_tests", "deterministic_tests"]
SHARDS = {"unit_core_tests": 6}  # most of its time it waits
SLOW_PROGRAMS = ["tiktok-gateway", "tests/tiktok-simulator", "tests/flow_tests", "tests/fault_tests",
                 "tests/postgresql_tests"]
SLOW_TESTS = r"^(flow|fault|postgresql)\."
LIMIT_LEAST_S, LIMIT_TIMES, BUILD_LIMIT_S = 60, 4, 1800
FAILED_OF_GTEST = re.compile(r"^\[  FAILED  \] ([\w./]+)", re.M)
FAILED_OF_CTEST = re.compile(r"^\s*\d+ - (\S+) \((?:Failed|Timeout|SEGFAULT|Subprocess|ILLEGAL|NUMERICAL|OTHER)", re.M)
SUITE = re.compile(r"^(?:TEST|TEST_F|TEST_P|TYPED_TEST)\((\w+),", re.M)


class Process:
    """A program in a session of its own, with its output in a file; nothing of it outlives `end`."""

    def __init__(self, command, where, variables=None):
        self.output = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, cwd=where, stdin=subprocess.DEVNULL, stdout=self.output,
                                        stderr=subprocess.STDOUT, start_new_session=True,
                                        env=os.environ | (variables or {}))

    def wait(self, limit_s):
        """The exit status, or None if the time was over before."""
        try:
            return self.process.wait(limit_s)
        except subprocess.TimeoutExpired:
            return None

    def end(self):
        """Also ends what an ended test left behind, and gives the output."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.output.seek(0)
        text = self.output.read().decode(errors="replace")
        self.output.close()
        return text


class Workshop:
    def __init__(self, root, folder, jobs):
        self.root, self.folder, self.tree, self.jobs = root, folder, folder / "tree", jobs
        self.build_folder = self.tree / "build/dev"
        self.limits = {}  # seconds, by the name of a stage

    def prepare(self):
        commit = self.output(["git", "rev-parse", "HEAD"], self.root)
        if not (self.tree / ".git").exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(self.tree, ignore_errors=True)
            self.check(["git", "clone", "--quiet", "--no-checkout", str(self.root), str(self.tree)], self.root)
        self.check(["git", "fetch", "--quiet", str(self.root), commit], self.tree)
        # What an interrupted run left is undone, and nothing else is touched, or all would be built again.
        self.check(["git", "checkout", "--quiet", "--force", "--detach", commit], self.tree)
        self.check(["cmake", "--preset", "dev"], self.tree)

    @staticmethod
    def output(command, where):
        return subprocess.run(command, cwd=where, check=True, capture_output=True, text=True).stdout.strip()

    @staticmethod
    def check(command, where):
        subprocess.run(command, cwd=where, check=True, stdout=subprocess.DEVNULL)

    def run(self, command, limit_s, where=None):
        """(exit status, output); the status is None if it was ended because the time was over."""
        process = Process(command, where or self.build_folder)
        try:
            status = process.wait(limit_s)
        finally:
            text = process.end()
        return status, text

    def build(self, targets, limit_s=BUILD_LIMIT_S):
        # The preset, and not ninja alone: it lets ccache take over what another folder has built.
        command = ["cmake", "--build", "--preset", "dev", "--parallel", str(self.jobs), "--target", *targets]
        return self.run(command, limit_s, self.tree)[0] == 0

    def limit(self, stage):
        return self.limits.get(stage, 2 * BUILD_LIMIT_S)

    def suites_of(self, folder):
        """The filter of the suites in tests/unit/FOLDER."""
        names = {name for path in (self.tree / "tests/unit" / folder).glob("*.cpp")
                 for name in SUITE.findall(path.read_text(encoding="utf-8"))}
        return ":".join(f"{name}.*:*/{name}.*" for name in sorted(names))

    def run_quick(self, stage, filter_text):
        """What failed of the quick programs, "" if all passed; all run at once, and the first failure ends them."""
        running = []
        for program in QUICK:
            shards = SHARDS.get(program, 1)
            for shard in range(shards):
                variables = {"GTEST_TOTAL_SHARDS": str(shards), "GTEST_SHARD_INDEX": str(shard)}
                command = [f"./tests/{program}", "--gtest_brief=1", "--gtest_fail_fast", f"--gtest_filter={filter_text}"]
                running.append(Process(command, self.build_folder, variables))
        try:
            return self.first_failure(running, time.monotonic() + self.limit(stage))
        finally:
            for process in running:
                process.end()

    @staticmethod
    def first_failure(running, end):
        while running:
            for process in running:
                status = process.wait(0.1 if time.monotonic() < end else 0)
                if status is None and time.monotonic() < end:
                    continue
                running.remove(process)
                text = process.end()
                if status != 0:
                    found = FAILED_OF_GTEST.search(text)
                    return found.group(1) if found else ("hangs" if status is None else f"ends with {status}")
                break
        return ""

    def run_slow(self, names=None):
        """The flow, fault and PostgreSQL tests that failed, all of them or those of these names."""
        chosen = "^(" + "|".join(re.escape(name) for name in names) + ")$" if names else SLOW_TESTS
        status, text = self.run(["ctest", "-R", chosen, "--parallel", str(3 * self.jobs)], self.limit("slow"))
        failed = sorted(set(FAILED_OF_CTEST.findall(text)))
        return failed or ([] if status == 0 else ["hangs" if status is None else f"ctest ends with {status}"])

    def measure(self, slow):
        """How long the tests take on code that is not changed; they must pass."""
        stages = [("quick", ["tests/" + program for program in QUICK], lambda: self.run_quick("quick", "*"))]
        if slow:
            stages.append(("slow", SLOW_PROGRAMS, self.run_slow))
        for name, targets, run in stages:
            began = time.monotonic()
            if not self.build(targets, None):  # the first one builds everything
                sys.exit(f"mutate: {' '.join(targets)} is not built, without any change")
            built = time.monotonic()
            failed = run()
            if failed:
                sys.exit(f"mutate: without any change fails {failed}")
            took = time.monotonic() - built
            self.limits[name] = max(LIMIT_LEAST_S, LIMIT_TIMES * took)
            print(f"{name}: built in {built - began:.0f} s, runs {took:.0f} s", flush=True)
