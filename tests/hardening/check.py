#!/usr/bin/env python3
"""The program is hardened: check.py GATEWAY [--binary-only]

Judges a built binary, and the command lines with which the preset `release`, which ships, compiles and links: that preset
is configured, not built. Among the tests of a preset the binary is that preset's (not for the sanitizers and coverage):
in build/release the one that ships. tests/image judges the one in the image, with --binary-only.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
COMPILED_WITH = ["-O2", "-fstack-protector-strong", "-fstack-clash-protection", "-fcf-protection=full", "-fPIE",
                 "-D_FORTIFY_SOURCE=2", "-D_GLIBCXX_ASSERTIONS"]
LINKED_WITH = ["-pie", "-Wl,-z,relro", "-Wl,-z,now", "-Wl,-z,noexecstack"]
FAULTS = []


def check(well, what):
    if not well:
        FAULTS.append(what)


def said(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120, env={**os.environ, "LC_ALL": "C"}).stdout


def code_of(program):
    """The bytes of .text."""
    found = re.search(r"\.text +PROGBITS +\w+ (\w+) (\w+)", said("readelf", "--wide", "--sections", program))
    at, size = (int(number, 16) for number in found.groups())
    with open(program, "rb") as file:
        file.seek(at)
        return file.read(size)


def check_binary(program):
    check("Type:                              DYN" in said("readelf", "--file-header", program), "it is not position-independent")
    segments = said("readelf", "--wide", "--segments", program)
    check("GNU_RELRO" in segments, "no read-only relocations")
    stack = re.search(r"GNU_STACK.* (\S+) +0x", segments)
    check(stack and "E" not in stack[1], "the stack is executable")
    check(not re.search(r"LOAD.* RWE ", segments), "a segment can be written and run")
    check(re.search(r"\(FLAGS(_1)?\).*(BIND_)?NOW", said("readelf", "--dynamic", program)), "symbols are bound late")
    imports = said("readelf", "--wide", "--dyn-syms", program)
    check("__stack_chk_fail@" in imports, "no stack protector")
    check(re.search(r" __\w+_chk@", imports), "no fortified function")
    check("__glibcxx_assert_fail" in imports, "no assertions of the standard library")
    code = code_of(program)
    check(code.count(b"\xf3\x0f\x1e\xfa") > 1000, "no endbr64: indirect branches may go anywhere (CET)")
    check(code.count(b"\x48\x83\x0c\x24\x00") > 0, "large frames are not touched page by page (stack clash)")


def check_with_debians_tool(program):
    """hardening-check of devscripts; Debian 12's judges CET by a note that Debian's own start files lack."""
    done = subprocess.run(["hardening-check", "--nocfprotection", program], capture_output=True, text=True, timeout=120)
    check(done.returncode == 0, f"hardening-check: {done.stdout}{done.stderr}")


def check_release():
    """Every source of service/ and what links the program."""
    with tempfile.TemporaryDirectory() as folder:
        said("cmake", "--preset", "release", "-S", str(TOP), "-B", folder)
        commands = json.loads((Path(folder) / "compile_commands.json").read_text())
        ours = [one for one in commands if one["file"].startswith(str(TOP / "service"))]
        left_out = re.findall(r"service/\S+\.cpp", (TOP / "cmake" / "hardening.cmake").read_text())
        check(0 < len(left_out) < 30, "cmake/hardening.cmake does not name the hot files")
        check(len(ours) > 100, "compile_commands.json does not have the service")
        for one in ours:
            words = one["command"].split()
            if words.count("-fno-stack-protector"):
                check(one["file"].removeprefix(f"{TOP}/") in left_out, f"{one['file']} is compiled without a stack protector")
            missing = [option for option in COMPILED_WITH if option not in words]
            check(not missing, f"{one['file']} is compiled without {' '.join(missing)}")
            check("-U_FORTIFY_SOURCE" not in words and "-O0" not in words, f"{one['file']} is not compiled as it ships")
        link = said("ninja", "-C", folder, "-t", "commands", "-s", "tiktok-gateway")
        missing = [option for option in LINKED_WITH if option not in re.split(r"[\s]", link) and option not in link]
        check(not missing, f"the program is linked without {' '.join(missing)}")
    dockerfile = (TOP / "Dockerfile").read_text()
    check("cmake --preset release" in dockerfile and "build/release/tiktok-gateway" in dockerfile, "the image ships another preset")


if __name__ == "__main__":
    check_binary(sys.argv[1])
    check_with_debians_tool(sys.argv[1])
    if "--binary-only" not in sys.argv[2:]:
        check_release()
    print("\n".join(FAULTS) or "the program is hardened")
    sys.exit(1 if FAULTS else 0)
