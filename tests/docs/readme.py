#!/usr/bin/env python3
"""The smallest gateway.yaml, as README.md has it, is enough, and needs each of its keys; and the pages have one user in
their examples, the demo's. readme.py GATEWAY"""
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

from markdown_page import TOP, Findings, blocks
from peers import USER
from programs import Program

PAGE = "README.md"
WRONG_SETTINGS = 78
NOT_NEEDED = {("tiktok", "scopes")}  # without them the gateway asks for more than a new app holds


def settings():
    found = [text for _, text in blocks(PAGE, "yaml")]
    if len(found) != 1:
        sys.exit(f"{PAGE} has {len(found)} blocks of settings, not one")
    return yaml.safe_load(found[0])


def check(gateway, folder, tried):
    path = folder / "gateway.yaml"
    path.write_text(yaml.safe_dump(tried))
    return subprocess.run([gateway, "--config", path, "--check-config"], cwd=folder, capture_output=True, text=True, timeout=30)


def without(whole, section, key):
    return {name: {k: v for k, v in part.items() if (name, k) != (section, key)} for name, part in whole.items()}


def starts(gateway, folder):
    """The program prints where it listens only once it does."""
    with (folder / "gateway.yaml").open("a") as settings_file:
        settings_file.write("\nlisten: {port: 0}\nadmin: {port: 0}\ndrain: {delay_ms: 0}\n")
    program = Program([gateway, "--config", folder / "gateway.yaml"], folder / "gateway.log")
    try:
        return program.listening["event"] == "listening"
    finally:
        program.stop()


def check_user(findings):
    """Whoever goes from the README to the demo, to a page, or to a deployment meets the same customer."""
    for path in [TOP / "README.md", TOP / "deploy/README.md", *(TOP / "docs").glob("*.md"), *(TOP / "docs/snippets").iterdir()]:
        for name in re.findall(r"/v1/users/([\w.:-]+)", path.read_text(encoding="utf-8")):
            findings.check(name == USER, f"{path.relative_to(TOP)} has the user {name}, the demo {USER}")


def main(gateway):
    gateway = str(pathlib.Path(gateway).resolve())
    findings, whole = Findings(), settings()
    check_user(findings)
    with tempfile.TemporaryDirectory(prefix="gateway-readme-") as name:
        folder = pathlib.Path(name).resolve()
        (folder / whole["tiktok"]["client_secret_file"]).write_text("the-secret-of-an-app\n")
        keys = folder / whole["vault"]["keys_file"]
        keys.write_text(subprocess.run([gateway, "new-vault-key"], check=True, capture_output=True, text=True).stdout)
        for secret in (folder / whole["tiktok"]["client_secret_file"], keys):
            secret.chmod(0o600)
        for section, part in whole.items():
            for key in part.keys():
                if (section, key) not in NOT_NEEDED:
                    said = check(gateway, folder, without(whole, section, key))
                    findings.check(said.returncode == WRONG_SETTINGS, f"{section}.{key} is not needed: {said.stdout}")
        said = check(gateway, folder, whole)
        if findings.check(said.returncode == 0, f"the settings are refused: {said.stdout}{said.stderr}"):
            findings.check(starts(gateway, folder), "the gateway does not start with them")
    return findings.end(f"{PAGE}: its settings are enough, and none is too much")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
