#!/usr/bin/env python3
"""Tests of places.py, and of how mutate.py tries one change: with programs of the test's own in place of ours."""
import json
import pathlib
import sys
import tempfile
import time
import unittest

import mutate
import places as pure
import workshop

CODE = """#include <a.hpp>
// if (!x) return true;
bool f(int a, int b) {
    const auto* text = "a <= b && c"; // a == b
    /* a + b
       a == b */
    static_assert(sizeof(int) == 4);
    if (!g(a)) return false;
    note(a, b);
    co_await wait_for(a);
    const char* raw = R"(x == y)";
    return a <= b;
}
"""


def changes_of(text, file="service/limits/a.cpp"):
    return [pure.old_and_new(text, place) for place in pure.places_in(file, text)]


class Places(unittest.TestCase):
    def test_are_in_code_alone_and_not_in_texts_comments_and_static_asserts(self):
        self.assertEqual(sorted(new for _, new in changes_of(CODE)), [
            "(void)0;", "(void)0;", "if (!g(a)) return true;", "if (g(a)) return false;", "return a < b;"])

    def test_change_one_line_and_nothing_else(self):
        for place in pure.places_in("service/limits/a.cpp", CODE):
            before, after = CODE.split("\n"), pure.changed(CODE, place).split("\n")
            self.assertEqual(len(before), len(after))
            self.assertEqual([i for i, line in enumerate(before) if line != after[i]], [place.line])

    def test_keep_the_indentation_of_a_dropped_call(self):
        place = next(one for one in pure.places_in("service/limits/a.cpp", CODE) if "(void)0" in one.new)
        self.assertEqual(pure.changed(CODE, place).split("\n")[place.line], "    (void)0;")

    def test_are_spread_over_the_folders_and_decided_by_the_seed(self):
        found = [pure.Place(f"service/{folder}/a.cpp", line, 0, 1, "x") for folder in "abc" for line in range(20)]
        order = list(pure.spread(found, 7))
        self.assertEqual(sorted(order, key=str), sorted(found, key=str))
        self.assertEqual([one.folder for one in order[:6]], ["a", "b", "c", "a", "b", "c"])
        self.assertEqual(order, list(pure.spread(reversed(found), 7)))
        self.assertNotEqual(order, list(pure.spread(found, 8)))
        others = [one for one in found if one.folder != "b"]
        self.assertEqual([one for one in order if one.folder != "b"], list(pure.spread(others, 7)))


class Verdicts(unittest.TestCase):
    def setUp(self):
        self.place = next(iter(pure.places_in("service/limits/a.cpp", CODE)))
        self.old, self.new = pure.old_and_new(CODE, self.place)
        self.line = json.dumps({"file": self.place.file, "digest": pure.digest(CODE), "line": self.place.line + 1,
                                "first": self.place.first, "old": self.old, "new": self.new, "verdict": "killed", "by": "x"})

    def test_hold_for_the_same_text_of_the_file_only(self):
        known = pure.Verdicts([self.line, self.line[:30]])
        self.assertEqual(known.of(self.place, CODE, self.new)["verdict"], "killed")
        self.assertIsNone(known.of(self.place, CODE + "// another text\n", self.new))

    def test_equal_programs_are_found_wherever_their_line_has_moved(self):
        equals = pure.Equals(json.dumps([{"file": self.place.file, "old": self.old, "new": self.new, "reason": "why"}]))
        self.assertEqual(equals.reason(self.place.file, self.old, self.new), "why")
        self.assertIsNone(equals.reason("service/limits/b.cpp", self.old, self.new))

    def test_the_table_counts_by_folder_and_names_survivors(self):
        one = json.loads(self.line)
        text = "\n".join(pure.table([one, one | {"verdict": "survived"}]))
        self.assertIn(f"SURVIVED service/limits/a.cpp:{self.place.line + 1}", text)
        self.assertRegex(text, r"limits +1 +1 +0 +0")

    def test_the_list_of_equal_programs_has_a_reason_for_each_that_still_fits_its_file(self):
        for one in json.loads((mutate.HERE / "equal.json").read_text(encoding="utf-8")):
            self.assertTrue(one["reason"], one)
            text = (mutate.ROOT / one["file"]).read_text(encoding="utf-8")
            self.assertIn((one["old"], one["new"]), changes_of(text, one["file"]), "no change of this file any more")


class Apart(unittest.TestCase):
    def test_a_group_has_one_change_of_a_line_and_is_of_bounded_size(self):
        waiting = [(i, pure.Place("service/a/a.cpp", line, i, i + 1, "x"), "") for i, line in enumerate([1, 1, 2, 3])]
        group, rest = pure.apart(waiting, 2)
        self.assertEqual([one[0] for one in group], [0, 2])
        self.assertEqual([one[0] for one in rest], [1, 3])

    def test_all_changes_of_a_group_stand_in_the_text_at_once(self):
        first, second = pure.Place("a", 0, 0, 1, "x"), pure.Place("a", 2, 0, 1, "y")
        self.assertEqual(pure.changed("1\n2\n3", first, second), "x\n2\ny")


class Trying(unittest.TestCase):
    """What mutate.py makes of builds and tests: a workshop of our own, in which tests read the changed file."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.workshop = workshop.Workshop(pathlib.Path(folder.name), pathlib.Path(folder.name), 1)
        self.workshop.build_folder.mkdir(parents=True)
        self.path = self.workshop.tree / "service/limits/a.cpp"
        self.path.parent.mkdir(parents=True)
        self.path.write_text(CODE, encoding="utf-8")
        by_line = {place.line: place for place in pure.places_in("service/limits/a.cpp", CODE)}
        self.changes = [(place, CODE) for place in by_line.values()]
        self.workshop.build = lambda targets: True

    def tearDown(self):
        self.assertEqual(self.path.read_text(encoding="utf-8"), CODE, "it is put back")

    def code(self):
        return self.path.read_text(encoding="utf-8")

    def test_what_the_quick_programs_notice_is_killed_by_the_test_that_failed(self):
        self.workshop.run_quick = lambda stage, names: "A.B" if self.code() != CODE else ""
        self.assertEqual(mutate.quick_verdict(self.workshop, *self.changes[0]), ("killed", "A.B"))

    def test_what_nothing_notices_is_left_and_what_does_not_build_is_no_mutant(self):
        self.workshop.run_quick = lambda stage, names: ""
        self.assertEqual(mutate.quick_verdict(self.workshop, *self.changes[0]), ("unnoticed", ""))
        self.workshop.build = lambda targets: False
        self.assertEqual(mutate.quick_verdict(self.workshop, *self.changes[0]), ("unbuilt", ""))

    def test_the_one_of_a_group_that_a_slow_test_notices_is_found(self):
        line = self.changes[1][0].line
        asked = []

        def run_slow(names=None):
            asked.append(names)
            return ["flow.A.B"] if self.code().split("\n")[line] != CODE.split("\n")[line] else []
        self.workshop.run_slow = run_slow
        self.assertEqual(mutate.slow_verdicts(self.workshop, self.changes[:3]),
                         [("survived", ""), ("killed", "flow.A.B"), ("survived", "")])
        self.assertEqual(asked, [None, ["flow.A.B"], ["flow.A.B"], ["flow.A.B"]])

    def test_a_group_that_no_slow_test_notices_survives_at_once(self):
        self.workshop.run_slow = lambda names=None: []
        self.assertEqual(mutate.slow_verdicts(self.workshop, self.changes[:2]), [("survived", "")] * 2)

    def test_a_program_that_hangs_is_ended_with_its_children(self):
        status, _ = self.workshop.run(["sh", "-c", "tail -f /dev/null & wait"], 0.2)
        self.assertIsNone(status)

    def test_the_first_failure_of_several_programs_is_named(self):
        def started(text):
            return workshop.Process(["sh", "-c", text], self.workshop.build_folder)
        good, bad = started("exit 0"), started("echo '[  FAILED  ] A.B (1 ms)'; exit 1")
        self.assertEqual(self.workshop.first_failure([good, bad], time.monotonic() + 30), "A.B")
        self.assertEqual(self.workshop.first_failure([started("exit 0")], time.monotonic() + 30), "")
        hanging = started("tail -f /dev/null")
        self.assertEqual(self.workshop.first_failure([hanging], time.monotonic()), "hangs")


if __name__ == "__main__":
    sys.exit(0 if unittest.main(exit=False, verbosity=0).result.wasSuccessful() else 1)
