#!/usr/bin/env python3
"""Checks the rules of the project: layers, sizes, banned words with their replacement, names, first comments, citations.

usage: tidy.py FOLDER        look at the repository in FOLDER; exit 1 and one line per fault
       tidy.py --self-test   feed every rule something bad and see it refused

A line may carry `tidy: allow RULE, because ...` in a comment; the reason is for the reader.
"""
import ast
import pathlib
import re
import subprocess
import sys

import citations

FUNCTION_LINES_MAX = 70
RANKS = {"base": 0, "http": 1, "limits": 1, "telemetry": 1, "settings": 1, "runtime": 2, "store": 3, "outbound": 3,
         "vault": 4, "tiktok": 4, "webhooks": 4, "tokens": 5, "windows": 5, "user_api": 6, "posts": 7, "files": 7, "connections": 7,
         "api": 7, "idempotency": 7, "actions": 8, "pipeline": 9, "inbound": 10, "app": 11}
# constants alone, without an include of ours: any folder may read them
CONSTANTS = {"tiktok/endpoint.hpp"}
# pairs of equal rank of which the first may use the second
NEIGHBOURS = {("posts", "files"), ("idempotency", "api")}

# rule, pattern (on code without comments and strings), folders it holds for, exceptions, what to do instead
BANNED = [
    # The resolver alone lets a thread go: nothing ends a getaddrinfo that hangs, and shutdown must not wait (docs/promises.md U13).
    ("detached", r"\bdetached\b|\.detach\(\)", ["service", "tests"], ["service/outbound/resolver.cpp"],
     "spawn it in a task_group, which waits for it"),
    ("stdout", r"std::c(out|err|log)\b|\bprintf\(|\bputs\(", ["service", "tests"],
     ["service/app", "service/main.cpp", "tests/simulator/main.cpp", "tests/contract"], "return a value, or tell telemetry"),
    ("timer_race", r"\|\|\s*\w*timer", ["service"], [], "give the wait a deadline; the worker's sweep ends it"),
    ("getenv", r"\bgetenv\b", ["service"], ["service/settings"], "read it in settings/ and hand the value down"),
    ("bare_await", r"\b(if|while|switch) \((?:[^(){};=]|\([^()]*\))*\(*co_await", ["service", "tests"], [],
     "gcc 12 destroys the awaited frame twice: put the result into a named variable first"),
    ("await_in_choice", r"\?[^;{}]*\bco_await\b", ["service", "tests"], [],
     "gcc 12 frees the result of an await inside ?: twice: choose the task first, then await it by name"),
    ("sleep", r"\bthis_thread::sleep_|(?<![\w.>:])u?sleep\(", ["service", "tests"], ["tests/simulator"],
     "wait for the condition, with a deadline"),
    ("clock", r"(system|steady)_clock::now\(\)", ["service"], ["service/base/clock.hpp"], "be handed the time"),
    ("raw_new", r"\bnew\s+[A-Za-z_:]+\s*[({]|\bdelete\s+\w", ["service", "tests"], [], "std::make_unique, or a member"),
    ("released", r"->release\(\)", ["service"], ["service/store"], "give back in a destructor"),
    ("any_executor", r"\bany_io_executor\b", ["service"], [], "executor_type of runtime/task.hpp"),
    ("beast_message_io", r"\bhttp::async_(read|write)\b", ["service"], [], "own buffer and put(); one flat write"),
    ("using_namespace", r"\busing namespace std\b", ["service", "tests"], [], "name what you mean"),
    # Written so that a plain search for skipped tests finds none here; the same in self_test.py.
    ("skipped_test", r"\bGTEST_[S]KIP\b|\bDISABLE[D]_", ["tests"], [], "make it run, or delete it"),
]
# what a third party's header stays within, so that changing the library changes one folder
KEPT_IN = [("prometheus/", ["service/telemetry"]), ("sqlite3.h", ["service/store"]), ("libpq", ["service/store"]),
           ("yaml-cpp/", ["service/settings"]), ("CLI/", ["service/app", "service/main.cpp"]),
           ("benchmark/", ["tests/bench/micro"])]
# spelled in two halves, or this file would find itself
OPEN_ENDS = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX"]) + r")\b")
OUTSIDE = re.compile(r"https?://(deb|registry|security)\.[a-z]+\.(org|com)")


def blank(match):
    return re.sub(r"[^\n]", " ", match.group(0))


def code_of(text):
    """The text with comments and literals blanked out; positions and line numbers stay."""
    literal = (r'R"(?P<d>[^()\s]*)\((?:.|\n)*?\)(?P=d)"' r"|//[^\n]*|/\*(?:.|\n)*?\*/"
               r'|"(?:\\.|[^"\\\n])*"' r"|(?<![0-9A-Za-z])'(?:\\.|[^'\\\n])+'")
    return re.sub(literal, blank, text)


def line_at(text, position):
    return text.count("\n", 0, position) + 1


def within(path, folders):
    return any(path == folder or path.startswith(folder + "/") for folder in folders)


def allowed(text, line, rule):
    lines = text.split("\n")
    around = lines[max(0, line - 2):line]
    return any(re.search(r"tidy: allow " + rule + r"\b.*\bbecause\b", one) for one in around)


def check_layers(path, text, code):
    parts = path.split("/")
    for found in re.finditer(r'^#include "([^"]+)"', text, re.M):
        target = found.group(1).split("/")[0] if "/" in found.group(1) else ""
        line = line_at(text, found.start())
        if "/".join(parts[1:]) in CONSTANTS:
            yield line, "layers", f'"{found.group(1)}": {path} is read by every layer, so it includes none'
        elif parts[0] == "service":
            own = parts[1] if len(parts) > 2 else "app"  # main.cpp stands beside app/
            if target not in RANKS:
                yield line, "layers", f'"{found.group(1)}": include with the folder\'s name'
            elif (target != own and RANKS[target] >= RANKS[own] and (own, target) not in NEIGHBOURS
                  and found.group(1) not in CONSTANTS):
                yield line, "layers", f"{own}/ (rank {RANKS[own]}) may not use {target}/ (rank {RANKS[target]})"
        elif within(path, ["tests/simulator"]) and target in RANKS and target != "base" and not (
                pathlib.Path("tests/simulator") / target).is_dir():
            yield line, "layers", "the simulator is an oracle: of the gateway it shares base/ only"


def check_banned(path, text, code):
    for rule, pattern, folders, exceptions, instead in BANNED:
        if within(path, folders) and not within(path, exceptions):
            for found in re.finditer(pattern, code):
                yield line_at(code, found.start()), rule, f"`{found.group(0).strip()}`: {instead}"


def check_returned_results(path, text, code):
    """`const auto done = …; co_return done;` of a result<bool> gives whether there is a value, and not the value: of a
    constant one the compiler makes a bool."""
    for function in re.finditer(r"task<result<bool>>[^;{]*\{(.*?)\n\}", code, re.S):
        for name in re.findall(r"const auto (\w+) =", function.group(1)):
            found = re.search(rf"co_return {name};", function.group(1))
            if found:
                yield (line_at(code, function.start(1) + found.start()), "constant_result",
                       f"`{found.group(0)}`: make {name} no constant, else its being good is returned")


def check_third_parties(path, text, code):
    for prefix, homes in KEPT_IN:
        for found in re.finditer(r"^#include <" + re.escape(prefix), text, re.M):
            # What only tests have as their home is kept from other tests too.
            kept_from = ["service", "tests"] if homes[0].startswith("tests/") else ["service"]
            if within(path, kept_from) and not within(path, homes):
                yield line_at(text, found.start()), "third_party", f"<{prefix}…> only in {', '.join(homes)}"


def is_function(header):
    """Whether the text before a `{` is a function's head and not a type, a namespace or a braced list."""
    header = re.sub(r"^\s*#.*$", "", header, flags=re.M).strip()
    if "(" not in header or re.search(r"=\s*$|\breturn\b[^;]*$", header):
        return False
    return not re.match(r"(template\s*<.*>\s*)?(namespace|struct|class|union|enum|extern|if|for|while|switch|catch)\b",
                        header, re.S)


def check_function_lengths(path, text, code):
    stack, head, outer = [], 0, None
    for position, letter in enumerate(code):
        if letter == "{":
            function = outer is None and is_function(code[head:position])
            if function:
                outer = (len(stack), line_at(code, position))
            stack.append(position)
        elif letter == "}" and stack:
            stack.pop()
            if outer is not None and outer[0] == len(stack):
                length = line_at(code, position) - outer[1] + 1
                if length > FUNCTION_LINES_MAX:
                    yield outer[1], "function_length", f"{length} lines; at most {FUNCTION_LINES_MAX}"
                outer = None
        if letter in "{};":
            head = position + 1


def check_header(path, text, code):
    if not path.endswith(".hpp") or not within(path, ["service", "tests"]):
        return
    if "#pragma once" not in code:
        yield 1, "header", "#pragma once is missing"
    elif not text.startswith("// "):
        yield 1, "header", "begin with a comment: what it is for, who owns it, which thread"
    if re.search(r"^using namespace\b", code, re.M):
        yield 1, "header", "a header opens no namespace for others"


NEEDS = {"string": r"std::(string|to_string)\b", "string_view": r"std::string_view\b", "vector": r"std::vector\b",
         "optional": r"std::(optional|nullopt)\b", "memory": r"std::(unique_ptr|shared_ptr|make_unique|weak_ptr)\b",
         "functional": r"std::function\b", "map": r"std::map\b", "unordered_map": r"std::unordered_map\b",
         "span": r"std::span\b", "array": r"std::array\b", "variant": r"std::variant\b", "mutex": r"std::mutex\b",
         "atomic": r"std::atomic\b", "cstdint": r"std::u?int(8|16|32|64)_t\b", "deque": r"std::deque\b"}


def check_includes(path, text, code):
    """What a precompiled header would hide: a header names the standard headers it needs."""
    if not path.endswith(".hpp") or not path.startswith("service/"):
        return
    have = set(re.findall(r"^#include <([a-z_]+)>", text, re.M))
    for header, pattern in NEEDS.items():
        found = re.search(pattern, code)
        if found and header not in have:
            yield line_at(code, found.start()), "includes", f"uses {found.group(0)} without <{header}>"


def check_tests(path, text, code):
    for found in re.finditer(r"^(?:TYPED_)?TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", code, re.M):
        for name in found.groups():
            if "_" in name or not name[0].isupper():
                yield line_at(code, found.start()), "test_name", f"{name}: a sentence in CamelCase"


def check_text(path, text, code):
    for found in OPEN_ENDS.finditer(text):
        yield line_at(text, found.start()), "open_end", f"{found.group(0)}: end it, or file an issue"
    for found in OUTSIDE.finditer(text):
        yield line_at(text, found.start()), "outside", "no host of a package registry in the project"
    for found in re.finditer(r"[ \t]+$", text, re.M):
        yield line_at(text, found.start()), "white_space", "at the end of the line"
    if text and not text.endswith("\n"):
        yield line_at(text, len(text)), "white_space", "no newline at the end of the file"


def check_file_name(path, text, code):
    if within(path, ["service", "tests"]) and not re.fullmatch(r"[a-z0-9_./-]+", path.replace("CMakeLists", "").replace("README.md", "")):
        yield 1, "file_name", "small letters, digits and underscores"


def check_python(path, text, code):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno + 1 > FUNCTION_LINES_MAX:
            yield node.lineno, "function_length", f"{node.name} is longer than {FUNCTION_LINES_MAX} lines"


CPP_CHECKS = [check_layers, check_banned, check_returned_results, check_third_parties, check_function_lengths,
              check_header, check_includes, check_tests]


def faults_of(path, text):
    checks = [check_text, check_file_name]
    if path.endswith((".hpp", ".cpp")):
        checks += CPP_CHECKS
    if path.endswith(".py"):
        checks.append(check_python)
    code = code_of(text) if path.endswith((".hpp", ".cpp")) else text
    for check in checks:
        for line, rule, message in check(path, text, code):
            if not allowed(text, line, rule):
                yield f"{path}:{line}: [{rule}] {message}"


def error_code_faults(errc_text, contract):
    rows = re.findall(r"GATEWAY_ERROR\((\d{5}), (\w+),", errc_text)
    for place, kind in ((0, "number"), (1, "name")):
        seen = [row[place] for row in rows]
        for one in sorted({s for s in seen if seen.count(s) > 1}):
            yield f"service/base/errc.hpp: [error_codes] the {kind} {one} is used twice"
    for _, name in rows:
        if contract is not None and not re.search(r"\b" + name + r"\b", contract):
            yield f"openapi.yaml: [error_codes] {name} of errc.hpp is not documented"


def tracked(folder):
    try:
        listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=folder,
                                check=True, capture_output=True, text=True).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):  # an archive without .git, or no git at all
        listed = [str(p.relative_to(folder)) for top in ("service", "tests", "config") for p in (folder / top).rglob("*")]
    return sorted(p for p in listed if p and "node_modules" not in p and (folder / p).is_file())


def look_at(folder):
    faults, texts = [], {}
    for path in tracked(folder):
        if path.endswith((".png", ".mp4", ".jpg", "package-lock.json")) or within(path, ["tests/tidy"]):
            continue
        try:
            text = (folder / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:  # a corpus of the fuzzers
            continue
        if path.endswith((".hpp", ".cpp", ".py", ".sh", ".yaml", ".yml", ".md", ".txt", ".cmake")) or path == "dev":
            faults += faults_of(path, text)
            texts[path] = text
    faults += citations.look_at(folder, texts, RANKS)
    contract = folder / "openapi.yaml"
    faults += error_code_faults((folder / "service/base/errc.hpp").read_text(),
                                contract.read_text() if contract.exists() else None)
    return faults


def main():
    if sys.argv[1:] == ["--self-test"]:
        import self_test
        return self_test.run(faults_of, error_code_faults)
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    faults = look_at(pathlib.Path(sys.argv[1]).resolve())
    print("\n".join(faults) if faults else "tidy: no faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
