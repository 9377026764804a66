"""docs/clients.md says what this test does: the same lines, commands and versions."""
import json
import pathlib
import re
import shlex

HERE = pathlib.Path(__file__).resolve().parent
PAGE = (HERE.parents[1] / "docs/clients.md").read_text()
PROGRAMS = ("openapi-typescript", "openapi-ts", "orval")


def blocks(kind):
    return re.findall(rf"```{kind}\n(.*?)```", PAGE, re.S)


def commands():
    """The commands of the page that generate; its `npx` finds the programs on the path here."""
    lines = [shlex.split(line) for block in blocks("sh") for line in block.replace("\\\n", "").splitlines()]
    return [line[1:] for line in lines if line[:1] == ["npx"] and line[1] in PROGRAMS]


def faults_of_page():
    faults = []
    for client in ("openapi-fetch", "hey-api", "orval"):
        text = (HERE / f"{client}.ts").read_text()
        shown = text.split("// docs: use\n")[1].split("// docs: end\n")[0]
        if not any(shown in block for block in blocks("ts")):
            faults.append(f"docs/clients.md does not show the lines of tests/clients/{client}.ts")
        for word in (" any", " as ", "@ts-", "!."):
            if word in re.sub(r"//.*|/\*\*.*", "", text):
                faults.append(f"tests/clients/{client}.ts needs{word} to compile")
    for block in blocks("json") + blocks("js"):
        name = "tsconfig.json" if block.startswith("{") else "orval.config.cjs"
        if block != (HERE / name).read_text():
            faults.append(f"docs/clients.md shows another {name}")
    for name, version in json.loads((HERE / "package.json").read_text())["devDependencies"].items():
        if f"{name}@{version}" not in PAGE:
            faults.append(f"docs/clients.md does not name {name}@{version}")
    if "npm pkg set type=module" not in PAGE:
        faults.append("docs/clients.md does not say that the package is one of modules")
    if len(commands()) != len(PROGRAMS):
        faults.append(f"docs/clients.md has {len(commands())} commands that generate, not {len(PROGRAMS)}")
    return faults
