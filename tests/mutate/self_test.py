#!/usr/bin/env python3
"""Tests of places.py, and of how mutate.py tries one change: with programs of the test's own in place of ours."""
import json
import pathlib
import sys
import tempfile
import unittest

import mutate
import places as pure

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


class Trying(unittest.TestCase):
    """mutate.verdict_on with stages of our own."""

    def try_it(self, *commands, builds=True):
        with tempfile.TemporaryDirectory() as name:
            workshop = mutate.Workshop(pathlib.Path(name), 1)
            workshop.build_folder.mkdir(parents=True)
            path = workshop.tree / "service/limits/a.cpp"
            path.parent.mkdir(parents=True)
            path.write_text(CODE, encoding="utf-8")
            seen = []

            def build(_):
                seen.append(path.read_text(encoding="utf-8"))
                return builds
            workshop.build = build
            workshop.stages = lambda quick, slow: (
                (command, [], lambda command=command: workshop.run(["sh", "-c", command], 1)) for command in commands)
            place = next(iter(pure.places_in("service/limits/a.cpp", CODE)))
            got = mutate.verdict_on(workshop, place, CODE, True)
            self.assertEqual(seen[0], pure.changed(CODE, place))
            self.assertEqual(path.read_text(encoding="utf-8"), CODE, "it is put back")
            return got

    def test_the_first_program_that_fails_kills_it(self):
        self.assertEqual(self.try_it("exit 0", "exit 1", "exit 2"), ("killed", "exit 1"))

    def test_one_that_hangs_is_ended_with_its_children_and_counts_as_killed(self):
        self.assertEqual(self.try_it("tail -f /dev/null & wait"), ("killed", "tail -f /dev/null & wait (hangs)"))

    def test_what_nothing_notices_survives_and_what_does_not_build_is_no_mutant(self):
        self.assertEqual(self.try_it("exit 0", "true"), ("survived", ""))
        self.assertEqual(self.try_it("exit 0", builds=False), ("unbuilt", ""))


if __name__ == "__main__":
    sys.exit(0 if unittest.main(exit=False, verbosity=0).result.wasSuccessful() else 1)
