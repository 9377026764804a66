#!/usr/bin/env python3
"""Which small changes of the code does no test notice? `./dev mutate` starts it.

One change at a time is made in service/ (a comparison turned, a call dropped, a branch negated) of a clone of what is
committed, in build/mutate/tree; it is built, and the quick programs run until one fails, the suites of its own folder
first. The flow, fault and PostgreSQL tests take minutes, so what the quick ones leave is tried together, some changes
at once; whatever test fails then is run with each of them alone. A verdict is kept in build/mutate/verdicts.jsonl, so
a run can be ended at any time and goes on later. A survivor is a missing test, code that changes nothing, or an equal
program: then it is named with its reason in tests/mutate/equal.json.
"""
import argparse
import json
import os
import pathlib
import sys
import time

import places as pure
from workshop import QUICK, SLOW_PROGRAMS, Workshop

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FOLDERS = ["vault", "tiktok", "tokens", "posts", "store", "pipeline", "idempotency", "outbound", "limits", "windows",
           "connections", "user_api"]
TOGETHER = 10  # changes in one run of the slow tests


def say(text):
    print(text, flush=True)


class Changed:
    """Changes that stand in the tree as long as this lives; `texts` are the files as they were."""

    def __init__(self, tree, changes):
        self.tree, self.texts = tree, {}
        by_file = {}
        for place, text in changes:
            self.texts[place.file] = text
            by_file.setdefault(place.file, []).append(place)
        self.changed = {file: pure.changed(self.texts[file], *places) for file, places in by_file.items()}

    def __enter__(self):
        for file, text in self.changed.items():
            (self.tree / file).write_text(text, encoding="utf-8")

    def __exit__(self, *_):
        for file, text in self.texts.items():
            (self.tree / file).write_text(text, encoding="utf-8")


def quick_verdict(workshop, place, text):
    """(verdict, by whom) of the quick programs: unbuilt, killed, or unnoticed."""
    with Changed(workshop.tree, [(place, text)]):
        if not workshop.build(["tests/" + program for program in QUICK]):
            return "unbuilt", ""
        own = workshop.suites_of(place.folder)
        failed = (own and workshop.run_quick("quick", own)) or workshop.run_quick("quick", "*")
        return ("killed", failed) if failed else ("unnoticed", "")


def slow_verdicts(workshop, changes):
    """(verdict, by whom) for each change, which the quick programs have not noticed."""
    if len(changes) > 1:
        with Changed(workshop.tree, changes):
            suspects = workshop.run_slow() if workshop.build(SLOW_PROGRAMS) else None
        if suspects == []:
            return [("survived", "")] * len(changes)
        say(f"together {len(changes)}: {'not built' if suspects is None else ' '.join(suspects)}")
    else:
        suspects = None
    return [slow_verdict(workshop, change, suspects) for change in changes]


def slow_verdict(workshop, change, names):
    with Changed(workshop.tree, [change]):
        if not workshop.build(SLOW_PROGRAMS):
            return "unbuilt", ""
        failed = workshop.run_slow([name for name in names or [] if "." in name])
        return ("killed", failed[0]) if failed else ("survived", "")


class Campaign:
    def __init__(self, workshop, options):
        self.workshop, self.options = workshop, options
        self.equals = pure.Equals((HERE / "equal.json").read_text(encoding="utf-8"))
        self.log = workshop.folder / "verdicts.jsonl"
        self.known = pure.Verdicts(self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else [])
        self.told = []      # one for each place
        self.waiting = []   # (index in told, place, text): what the quick programs left
        self.end = time.monotonic() + options.minutes * 60

    def places(self):
        texts = {str(path.relative_to(self.workshop.tree)): path.read_text(encoding="utf-8")
                 for path in files_of(self.workshop.tree, self.options.folders)}
        found = [place for file, text in texts.items() for place in pure.places_in(file, text)]
        say(f"{len(found)} places in {len(texts)} files")
        return ((place, texts[place.file]) for place in pure.spread(found, self.options.seed))

    def tried(self):
        return sum(one["verdict"] != "unbuilt" and one["verdict"] != "equal" for one in self.told)

    def over(self):
        return time.monotonic() > self.end

    def tell(self, index, verdict, by, took_s):
        one = self.told[index]
        one |= {"verdict": verdict, "by": by}
        with self.log.open("a", encoding="utf-8") as log:
            log.write(json.dumps(one) + "\n")
        say(f"{index + 1:4} {verdict:<10}{took_s:5.0f} s  {one['file']}:{one['line']}  {one['new'][:80]}  {by}")

    def look_at(self, place, text):
        old, new = pure.old_and_new(text, place)
        one = {"file": place.file, "digest": pure.digest(text), "line": place.line + 1, "first": place.first, "old": old,
               "new": new, "verdict": "equal", "by": self.equals.reason(place.file, old, new)}
        index = len(self.told)
        self.told.append(one)
        if one["by"]:
            return
        known = self.known.of(place, text, new)
        if known and not (self.options.again and known["verdict"] in ("survived", "unnoticed")):
            one |= known
        else:
            began = time.monotonic()
            self.tell(index, *quick_verdict(self.workshop, place, text), time.monotonic() - began)
        if one["verdict"] == "unnoticed":
            self.waiting.append((index, place, text))

    def look_slowly(self):
        """At what waits; no two changes of one line are tried together."""
        while self.waiting and not self.over():
            group, later = pure.apart(self.waiting, TOGETHER)
            self.waiting = later
            began = time.monotonic()
            verdicts = slow_verdicts(self.workshop, [(place, text) for _, place, text in group])
            took_s = (time.monotonic() - began) / len(group)
            for (index, _, _), (verdict, by) in zip(group, verdicts):
                self.tell(index, verdict, by, took_s)

    def run(self):
        for place, text in self.places():
            if self.tried() >= self.options.count or self.over():
                break
            self.look_at(place, text)
        if self.options.slow:
            self.look_slowly()
        say("\n".join(pure.table(self.told)))
        return 1 if any(one["verdict"] in ("survived", "unnoticed") for one in self.told) else 0


def files_of(tree, folders):
    for folder in folders:
        if not (tree / "service" / folder).is_dir():
            sys.exit(f"mutate: there is no service/{folder}")
        yield from sorted((tree / "service" / folder).rglob("*.cpp"))


def read_options():
    parser = argparse.ArgumentParser(prog="./dev mutate", description="Which small changes does no test notice?")
    parser.add_argument("folders", nargs="*", default=FOLDERS, metavar="FOLDER", help="of service/; default: " + " ".join(FOLDERS))
    parser.add_argument("--count", type=int, default=150, help="mutants that are built and tried (150)")
    parser.add_argument("--seed", type=int, default=1, help="which ones (1)")
    parser.add_argument("--minutes", type=float, default=60 * 24 * 7, help="ends after this time; a later run goes on")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="compilers and tests at once")
    parser.add_argument("--again", action="store_true", help="tries again what survived before")
    parser.add_argument("--quick", dest="slow", action="store_false", help="without the flow, fault and PostgreSQL tests")
    return parser.parse_args()


def main():
    options = read_options()
    workshop = Workshop(ROOT, ROOT / "build/mutate", options.jobs)
    say("preparing build/mutate/tree")
    workshop.prepare()
    workshop.measure(options.slow)
    return Campaign(workshop, options).run()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # what was changed is put back, and what was found out is kept
        sys.exit("mutate: ended; the next run goes on")
