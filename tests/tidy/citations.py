"""What code, tests and pages cite has to be there: pages and sections of docs/, rows of docs/promises.md, open points of
docs/tiktok-wire.md, and the links between Markdown files. And the other way: what docs/promises.md says of a row (kept by a
test, or not) is held against the names of the tests."""
import fnmatch
import pathlib
import re

# A comment that goes on in the next line is one text; lengths stay, so that positions do.
LINE_BREAK = re.compile(r"\n[ \t]*(?://+|#+|\*)?[ \t]*")
PAGE = re.compile(r"\bdocs/([\w/-]+)\.md\b")
SECTION = re.compile(r"§ ?(\d+(?:\.\d+)*)?")
# What may stand before a `§`: a page of ours or a standard, and further sections or rows of the same.
SOURCE = re.compile(r"(?:docs/(?P<page>[\w/-]+)\.md|(?:RFC|SP|IEC)\s+[\dA-Z-]+),?\s+"
                    r"(?:(?:§[\d.]+(?:[-–]\d[\d.]*)?|[A-Z]\d{1,2})(?: [a-z])?(?:\s*,\s*|\s+(?:and|to|or)\s+|\s+))*$")
ROW = re.compile(r"\b[CGIKLMPQSTUV]\d\d\b")
OPEN_POINT = re.compile(r"\b(?:W[1-9]\d?|C[1-8]|R\d|R10)\b")
TEST = re.compile(r"^(?:TYPED_)?TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", re.M)
COMMENT_OR_TEXT = re.compile(r'R"(?P<d>[^()\s]*)\((?:.|\n)*?\)(?P=d)"' r"|(?P<comment>//[^\n]*|/\*(?:.|\n)*?\*/)"
                             r'|"(?:\\.|[^"\\\n])*"' r"|(?<![0-9A-Za-z])'(?:\\.|[^'\\\n])+'")
NO_TEST, NOT_BUILT = "no test of this ID", "not built yet"


class Pages:
    """What docs/ holds: the sections of each page, the rows of promises.md with their state, and the short marks."""

    def __init__(self, texts):
        self.sections = {name: set(re.findall(r"^#+ (\d+(?:\.\d+)*)[.:]? ", text, re.M)) for name, text in texts.items()}
        promises, wire = texts.get("promises", ""), texts.get("tiktok-wire", "")
        self.rows = {row: cells.rsplit("|", 1)[-1].strip()
                     for row, cells in re.findall(r"^\| ([A-Z]\d\d) \|(.*)\|[ \t]*$", promises, re.M)}
        self.faults = set(re.findall(r"^\| Fault(\w+) \|", promises, re.M))
        self.marks = (set(re.findall(r"^\| ([WC]\d{1,2}) \|", wire, re.M))
                      | set(re.findall(r"\*\*(R\d{1,2})\*\*", promises)))


def pages_of(folder):
    docs = folder / "docs"
    return Pages({str(page.relative_to(docs))[:-3]: page.read_text(encoding="utf-8") for page in docs.rglob("*.md")})


def line_at(text, position):
    return text.count("\n", 0, position) + 1


def comments_of(text):
    """The text with everything but comments blanked out; positions and line numbers stay."""
    out, last = [], 0
    for found in COMMENT_OR_TEXT.finditer(text):
        out.append(re.sub(r"[^\n]", " ", text[last:found.start()]))
        out.append(found.group(0) if found.group("comment") else re.sub(r"[^\n]", " ", found.group(0)))
        last = found.end()
    return "".join(out) + re.sub(r"[^\n]", " ", text[last:])


def section_faults(text, pages):
    flat = LINE_BREAK.sub(lambda found: " " * len(found.group(0)), text)
    for found in PAGE.finditer(flat):
        if found.group(1) not in pages.sections:
            yield line_at(text, found.start()), f"there is no docs/{found.group(1)}.md"
    for found in SECTION.finditer(flat):
        line, before = line_at(text, found.start()), flat[max(0, found.start() - 200):found.start()]
        source = SOURCE.search(before)
        if source is None:
            yield line, "a § without its page: write docs/PAGE.md §N, or the standard's number"
        elif source.group("page") and source.group("page") in pages.sections:
            if found.group(1) not in pages.sections[source.group("page")]:
                yield line, f"docs/{source.group('page')}.md has no section {found.group(1)}"


def row_faults(text, pages):
    for found in ROW.finditer(text):
        if found.group(0) not in pages.rows:
            yield line_at(text, found.start()), f"docs/promises.md has no row {found.group(0)}"
    for found in OPEN_POINT.finditer(text):
        if found.group(0) not in pages.marks:
            yield line_at(text, found.start()), f"neither docs/tiktok-wire.md nor docs/promises.md has {found.group(0)}"


def rows_in_name(name):
    """The rows that a test's name begins with: `T01ToT06…`, `C22U05…`."""
    rows = []
    while found := re.match(r"([A-Z])(\d\d)(?:To\1(\d\d))?(?!\d)", name):
        letter, first, last = found.group(1), int(found.group(2)), int(found.group(3) or found.group(2))
        rows += [f"{letter}{number:02}" for number in range(first, last + 1)]
        name = name[found.end():]
    return rows


def test_name_faults(text, pages):
    for found in TEST.finditer(text):
        name, line = found.group(2), line_at(text, found.start())
        for row in rows_in_name(name):
            if row not in pages.rows:
                yield line, f"{name}: docs/promises.md has no row {row}"
            elif pages.rows[row] != "":
                yield line, f"{name}: docs/promises.md says of {row} \"{pages.rows[row]}\""
        letters = re.match(r"Fault([A-Z]{2}|[A-Z0-9])", name)
        if letters and not {letters.group(1), letters.group(1)[0]} & pages.faults:
            yield line, f"{name}: docs/promises.md has no row Fault{letters.group(1)[0]}"


def link_faults(path, text, folder):
    """Links and paths of a Markdown file: what they lead to is there, and has that heading."""
    prose = re.sub(r"```.*?```", lambda found: re.sub(r"[^\n]", " ", found.group(0)), text, flags=re.S)
    for found in re.finditer(r"\]\(([^()\s]+)\)", prose):
        target, _, anchor = found.group(1).partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        there = (folder / path).parent / target if target else folder / path
        if not there.exists():
            yield line_at(text, found.start()), f"the link leads nowhere: {found.group(1)}"
        elif anchor and there.suffix == ".md" and anchor not in anchors_of(there.read_text(encoding="utf-8")):
            yield line_at(text, found.start()), f"no such heading: {found.group(1)}"
    for found in re.finditer(r"`((?:service|tests|docs|config|deploy|cmake)/[\w./-]+)`", prose):
        if not (folder / found.group(1)).exists():
            yield line_at(text, found.start()), f"there is no {found.group(1)}"


def anchors_of(text):
    """Headings as GitHub makes anchors of them."""
    headings = re.findall(r"^#+ (.*)$", text, re.M)
    plain = [re.sub(r"\[([^\]]*)\]\([^)]*\)|[`*]", r"\1", heading).strip().lower() for heading in headings]
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in plain}


def citation_faults(path, text, pages):
    """Faults of one file outside of docs/, as (line, message)."""
    cpp = path.endswith((".hpp", ".cpp"))
    yield from section_faults(comments_of(text) if cpp else text, pages)
    if cpp:
        yield from row_faults(comments_of(text), pages)
        yield from test_name_faults(text, pages)
    else:  # there only what follows the page's name is surely a row
        for found in re.finditer(r"docs/promises\.md((?:[ ,-]+[A-Z]\d\d\b)+)", text):
            yield from ((line_at(text, found.start()), message) for _, message in row_faults(found.group(1), pages))


def state_faults(tests, pages):
    """Rows marked as kept without a test that has their ID."""
    shown = {row for text in tests for found in TEST.finditer(text) for row in rows_in_name(found.group(2))}
    for row, state in pages.rows.items():
        if state not in ("", NO_TEST, NOT_BUILT):
            yield f"docs/promises.md: [citation] {row}: the state \"{state}\" is none of the three"
        elif state == "" and row not in shown:
            yield f"docs/promises.md: [citation] {row}: no test carries this ID; say \"{NO_TEST}\" or \"{NOT_BUILT}\""


def named_test_faults(page, tests):
    """Tests that docs/security.md names, as `Suite.Name` or with a `*` for any end: each has to be there."""
    there = {f"{found.group(1)}.{found.group(2)}" for text in tests for found in TEST.finditer(text)}
    for named in re.findall(r"`([A-Z]\w*\.[\w*]+)`", page):
        if not any(fnmatch.fnmatchcase(name, named) for name in there):
            yield f"docs/security.md: [citation] {named}: there is no such test"


def rank_faults(ranks, drawn):
    """The listing of folders in docs/architecture.md, held against the ranks that are enforced."""
    listed = {name: int(rank) for rank, name in re.findall(r"^ *(\d+) +(\w+)/ ", drawn, re.M)}
    for name in sorted(set(ranks) | set(listed)):
        if ranks.get(name) != listed.get(name):
            yield (f"docs/architecture.md: [citation] the rank of {name}/ is {ranks.get(name, 'not there')}, "
                   f"the listing says {listed.get(name, 'nothing')}")


def look_at(folder, texts, ranks):
    """All faults of the repository; `texts`: path → text of what is tracked; `ranks`: of the folders of service/."""
    pages = pages_of(folder)
    for path, text in texts.items():
        found = [] if path.startswith("docs/") else list(citation_faults(path, text, pages))
        if path.endswith(".md"):
            found += link_faults(path, text, folder)
        yield from (f"{path}:{line}: [citation] {message}" for line, message in found)
    yield from rank_faults(ranks, texts.get("docs/architecture.md", ""))
    tests = [text for path, text in texts.items() if path.endswith(".cpp")]
    yield from state_faults(tests, pages)
    yield from named_test_faults(texts.get("docs/security.md", ""), tests)
