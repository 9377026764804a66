"""Where and how a line of C++ can be changed a little: pure, text in and text out."""
import dataclasses
import hashlib
import itertools
import json
import re

# A pattern of code without texts and comments, and what stands in its place.
CHANGES = [
    (r"(?<![<>=!\-&|+*/])<=(?!>)", "<"), (r"(?<![<>=!\-])>=", ">"), (r"(?<=\s)<(?=\s)", "<="), (r"(?<=\s)>(?=\s)", ">="),
    (r"(?<=\s)==(?=\s)", "!="), (r"(?<=\s)!=(?=\s)", "=="), (r"(?<=\s)&&(?=\s)", "||"), (r"(?<=\s)\|\|(?=\s)", "&&"),
    (r"(?<=\s)\+(?=\s)", "-"), (r"(?<=\s)-(?=\s)", "+"), (r"\+ 1\b", "+ 2"), (r"- 1\b", "- 0"),
    (r"\breturn true;", "return false;"), (r"\breturn false;", "return true;"), (r"= true;", "= false;"),
    (r"= false;", "= true;"), (r"\bcontinue;", "break;"), (r"if \(!", "if ("), (r"\bmin\(", "max("), (r"\bmax\(", "min("),
    # A call that is a statement is dropped, also one that is waited for.
    (r"^(\s+)(?:co_await )?([a-z_][\w.\->]*\([^;{}]*\));\s*$", r"\1(void)0;"),
]
NO_CODE = re.compile(r"^\s*(#|\*|//|$)|static_assert|\btemplate\b|\bassert\(|\bfailpoint\(")


@dataclasses.dataclass(frozen=True)
class Place:
    """One possible change: `first` and `last` are columns of the line, counted from 0."""
    file: str
    line: int
    first: int
    last: int
    new: str

    @property
    def folder(self):
        return self.file.split("/")[1]


def without_texts(line):
    """The line's code; texts and comments are zero bytes, so that columns stay."""
    def blank(found):
        return "\0" * len(found.group(0))
    return re.sub(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])+\'|//.*', blank, line)


def places_in(file, text):
    """All changes of one file. Raw texts and block comments, which may hold anything, are left out whole."""
    def keep_lines(found):
        return re.sub(r"[^\n]", "\0", found.group(0))
    bare = re.sub(r'R"(?P<d>[^()\s]*)\((?:.|\n)*?\)(?P=d)"|/\*(?:.|\n)*?\*/', keep_lines, text)
    for number, (line, code) in enumerate(zip(text.split("\n"), bare.split("\n"))):
        if NO_CODE.search(code):
            continue
        code = without_texts(code)
        for pattern, new in CHANGES:
            for found in re.finditer(pattern, code):
                # The replaced statement is taken from the real line: only its indentation is used.
                replacement = found.expand(new) if "\\1" in new else new
                place = Place(file, number, found.start(), found.end(), replacement)
                if changed_line(line, place) != line:
                    yield place


def changed_line(line, place):
    return line[:place.first] + place.new + line[place.last:]


def old_and_new(text, place):
    """The line before and after, without indentation."""
    line = text.split("\n")[place.line]
    return line.strip(), changed_line(line, place).strip()


def changed(text, *places):
    """The text with these changes, each on a line of its own."""
    lines = text.split("\n")
    for place in places:
        lines[place.line] = changed_line(lines[place.line], place)
    return "\n".join(lines)


def apart(waiting, most):
    """(group, rest) of (index, place, text): a group has at most one change of each line."""
    group, rest, lines = [], [], set()
    for one in waiting:
        line = (one[1].file, one[1].line)
        free = len(group) < most and line not in lines
        (group if free else rest).append(one)
        if free:
            lines.add(line)
    return group, rest


def spread(places, seed):
    """The places in the order in which they are tried: one of each folder in turn, by the dice of the seed. Each place
    has dice of its own, so that a change of one file leaves the places of all others where they were."""
    by_folder = {}
    for place in sorted(places, key=lambda one: (digest(f"{seed} {one}"), dataclasses.astuple(one))):
        by_folder.setdefault(place.folder, []).append(place)
    turns = [by_folder[folder] for folder in sorted(by_folder)]
    for row in itertools.zip_longest(*turns):
        yield from (place for place in row if place is not None)


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Equals:
    """Changes that make an equal program, each with its reason; found by file and texts, since lines move."""

    def __init__(self, text):
        self.reasons = {(one["file"], one["old"], one["new"]): one["reason"] for one in json.loads(text)}

    def reason(self, file, old, new):
        return self.reasons.get((file, old, new))


class Verdicts:
    """What was found out before, one JSON object a line. One of another text of the file is void."""

    def __init__(self, lines):
        self.all = {}
        for line in lines:
            try:
                self.add(json.loads(line))
            except ValueError:  # the run was ended in the middle of this line
                continue

    def add(self, one):
        self.all[(one["file"], one["digest"], one["line"], one["first"], one["new"])] = one

    def of(self, place, text, new):
        return self.all.get((place.file, digest(text), place.line + 1, place.first, new))


def table(verdicts):
    """Lines of text: how many by folder, and the survivors."""
    kinds = ("killed", "survived", "unnoticed", "equal", "unbuilt")
    rows = {}
    for one in verdicts:
        rows.setdefault(one["file"].split("/")[1], dict.fromkeys(kinds, 0))[one["verdict"]] += 1
    out = [f"{'folder':<14}" + "".join(f"{kind:>10}" for kind in kinds)]
    out += [f"{folder:<14}" + "".join(f"{row[kind]:>10}" for kind in kinds) for folder, row in sorted(rows.items())]
    out.append(f"{'all':<14}" + "".join(f"{sum(row[kind] for row in rows.values()):>10}" for kind in kinds))
    survivors = [one for one in verdicts if one["verdict"] in ("survived", "unnoticed")]
    for one in sorted(survivors, key=lambda each: (each["file"], each["line"])):
        out.append(f"{one['verdict'].upper()} {one['file']}:{one['line']}\n    - {one['old']}\n    + {one['new']}")
    return out
