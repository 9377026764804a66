#!/usr/bin/env python3
"""What `cmake --install` brings: check.py BUILD_FOLDER [--shells]

Installs into a folder of its own and looks at it: every file in its place, manual pages without a remark of mandoc,
completion that completes in bash, and every option and command of --help in all of them. With --shells (./dev test
--long) zsh and fish complete, too. PROGRAMS are run from the build folder.
"""
import os
import pty
import re
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

TOP = Path(__file__).resolve().parents[2]
PROGRAMS = {"tiktok-gateway": "tiktok-gateway", "tiktok-simulator": "tests/tiktok-simulator"}
FAULTS = []
WITHIN_S = 60


def check(well, what):
    if not well:
        FAULTS.append(what)


def said(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=WITHIN_S, **more).stdout


def install(build, folder, prefix, *more):
    said("cmake", "--install", str(build), "--prefix", prefix, *more, env={**os.environ, "DESTDIR": str(folder)})
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def manual(prefix, zsh):
    files = {f"{prefix}/share/man/man5/tiktok-gateway.yaml.5"}
    for name in PROGRAMS:
        files |= {f"{prefix}/share/man/man1/{name}.1", f"{prefix}/share/bash-completion/completions/{name}",
                  f"{prefix}/share/zsh/{zsh}/_{name}", f"{prefix}/share/fish/vendor_completions.d/{name}.fish"}
    return files


def check_places(build):
    """Below /usr/local all of it; below /usr the manual alone, as the image takes it."""
    with tempfile.TemporaryDirectory() as folder:
        found = install(build, Path(folder), "/usr/local")
        documents = "usr/local/share/doc/tiktok-gateway"
        wanted = manual("usr/local", "site-functions") | {f"usr/local/bin/{name}" for name in PROGRAMS}
        wanted |= {f"{documents}/{name}" for name in ["README.md", "CHANGELOG.md", "LICENSE", "openapi.yaml"]}
        # Only what git knows: beside it may lie secrets of whoever works here.
        wanted |= {f"{documents}/examples/{name}" for name in said("git", "-c", "safe.directory=*", "-C", str(TOP), "ls-files", "config", "deploy").split()}
        wanted.add("usr/local/lib/systemd/system/tiktok-gateway.service")
        wanted.add("usr/local/lib/sysusers.d/tiktok-gateway.conf")
        check(found == wanted, f"not installed: {sorted(wanted - found)}, nobody expects: {sorted(found - wanted)}")
        for name in PROGRAMS:
            check(os.access(f"{folder}/usr/local/bin/{name}", os.X_OK), f"{name} cannot be run")
        unit = Path(folder, "usr/local/lib/systemd/system/tiktok-gateway.service").read_text()
        check(unit == (TOP / "deploy/systemd/tiktok-gateway.service").read_text(), "the unit below /usr/local is another one")
    with tempfile.TemporaryDirectory() as folder:
        check(install(build, Path(folder), "/usr", "--component", "manual") == manual("usr", "vendor-completions"),
              "the component `manual` below /usr")
    with tempfile.TemporaryDirectory() as folder:
        install(build, Path(folder), "/opt/gateway", "--component", "deploy")
        unit = Path(folder, "opt/gateway/lib/systemd/system/tiktok-gateway.service").read_text()
        check("ExecStart=/opt/gateway/bin/tiktok-gateway --config" in unit and "/usr/local/bin" not in unit,
              "the unit does not name the program where it is")


def words_of_help(build, name):
    """Every option and command that --help tells, with the program's own words."""
    text = said(str(build / PROGRAMS[name]), "--help")
    for part in ["Signals:", "Exit statuses:", "See also:"]:
        check(part in text, f"{name} --help lacks {part}")
    if name == "tiktok-gateway":
        check("TIKTOK_GATEWAY__" in text, "--help does not tell the environment's rule")
    before = text.split("Environment:" if "Environment:" in text else "Signals:")[0]
    options = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", before.split("Options:")[1]))
    _, _, commands = before.partition("Subcommands:\n")
    return options, set(re.findall(r"^  ([a-z][a-z-]*)", commands, re.M))


def check_words(build, made):
    """Options and commands are the same in --help, in the one source of the words, and in what is made of it."""
    programs = yaml.safe_load((TOP / "cmake/command_line/programs.yaml").read_text())
    check(set(programs) == set(PROGRAMS), "programs.yaml has other programs")
    for name, one in programs.items():
        options, commands = words_of_help(build, name)
        check(len(options) >= 4, f"{name} --help tells only {options}")
        known = {"--" + option for option in one["options"]} | {"-" + facts["short"] for facts in one["options"].values()
                                                                if "short" in facts}
        check(options == known, f"{name}: --help has {sorted(options ^ known)}, or programs.yaml has")
        check(commands == set(one.get("commands", {})), f"{name}: commands {commands}")
        for file in [f"{name}.1", f"{name}.bash", f"_{name}", f"{name}.fish"]:
            text = (made / file).read_text().replace("\\-", "-")
            for word in options | commands:
                bare = word.lstrip("-")
                written = f"-l {bare}" if len(bare) > 1 else f"-s {bare}"
                is_there = written in text if file.endswith(".fish") and word.startswith("-") else word in text
                check(is_there, f"{file} lacks {word}")


def check_manual(made):
    pages = sorted(made.glob("*.[15]"))
    check(len(pages) == 3, f"pages: {pages}")
    for page in pages:
        lint = subprocess.run(["mandoc", "-Tlint", "-Wwarning", page], capture_output=True, text=True, timeout=WITHIN_S)
        check(lint.returncode == 0 and not lint.stdout, f"mandoc: {lint.stdout}")
    settings = (made / "tiktok-gateway.yaml.5").read_text().replace("\\-", "-")
    for key in re.findall(r"^#?([a-z][a-z_]+):|^  #?([a-z][a-z_]+):", (TOP / "config/gateway.yaml").read_text(), re.M):
        key = key[0] or key[1]
        check(re.search(rf"\\fB([a-z_.]+\.)?{key}\\fR", settings), f"tiktok-gateway.yaml(5) lacks {key}")
    for program in PROGRAMS:
        shown = re.sub(".\x08", "", said("mandoc", "-Tutf8", str(made / f"{program}.1")))
        check("EXIT STATUS" in shown and "SIGTERM" in shown, f"{program}.1 lacks a section")


BASH = r"""
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
"_${1//-/_}"; printf '%s\n' "${COMPREPLY[@]}"
"""

CASES = [ # what is typed, what is offered
    (["tiktok-gateway", "--ch"], ["--check-config"]),
    (["tiktok-gateway", "ba"], ["backup"]),
    (["tiktok-gateway", "new-"], ["new-key", "new-vault-key"]),
    (["tiktok-gateway", "new-key", ""], []),
    (["tiktok-gateway", "--config", "ga"], ["gateway.yaml"]),
    (["tiktok-simulator", "--v"], ["--version"]),
    (["tiktok-simulator", "new"], []),
]


def check_bash(made, folder):
    for typed, offered in CASES:
        got = said("bash", "--norc", "-c", BASH, "bash", str(made / f"{typed[0]}.bash"), *typed, cwd=folder).split()
        check(got == offered, f"bash: {typed} offers {got}")


def check_fish(made, folder):
    for typed, offered in CASES:
        line = " ".join(typed)
        got = said("fish", "--no-config", "-c", f"source {made / (typed[0] + '.fish')}; complete -C '{line}'", cwd=folder,
                   env={**os.environ, "HOME": str(folder)})
        words = [row.split("\t")[0] for row in got.split("\n") if row]
        check(sorted(words) == sorted(offered), f"fish: {typed} offers {words}")


def screen_of(zsh, wanted):
    """What the terminal shows until `wanted` is there or the time is over."""
    shown, until = "", time.monotonic() + WITHIN_S
    while wanted not in shown and time.monotonic() < until:
        if select.select([zsh], [], [], 1)[0]:
            shown += os.read(zsh, 65536).decode(errors="replace")
    return shown


def check_zsh(made, folder):
    child, zsh = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execvpe("zsh", ["zsh", "-f", "-i"], {**os.environ, "TERM": "dumb", "HOME": str(folder)})
    os.write(zsh, f"fpath=({made} $fpath); autoload -Uz compinit; compinit -D -u; echo re''ady\n".encode())
    check("ready" in screen_of(zsh, "\nready"), "zsh does not start")
    for typed, offered in CASES:
        if len(offered) == 1: # put into the line; then the line is thrown away
            os.write(zsh, (" ".join(typed) + "\t").encode())
            check(offered[0] in screen_of(zsh, offered[0]), f"zsh: {typed} does not become {offered}")
            os.write(zsh, b"\x15")
    os.write(zsh, b"exit\n")
    os.waitpid(child, 0)


if __name__ == "__main__":
    build_folder = Path(sys.argv[1]).resolve()
    texts = build_folder / "command_line"
    check_places(build_folder)
    check_words(build_folder, texts)
    check_manual(texts)
    with tempfile.TemporaryDirectory() as working:
        (Path(working) / "gateway.yaml").write_text("")
        check_bash(texts, working)
        if "--shells" in sys.argv[2:]:
            check_fish(texts, working)
            check_zsh(texts, working)
    print("\n".join(FAULTS) or "what is installed is whole")
    sys.exit(1 if FAULTS else 0)
