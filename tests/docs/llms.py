#!/usr/bin/env python3
"""docs/llms.txt has the form of llmstxt.org, its links lead somewhere, and a running gateway serves it and its pages.
llms.py GATEWAY; the real program on loopback."""
import pathlib
import re
import subprocess
import sys
import tempfile

from markdown_page import TOP, Findings
from peers import ask
from programs import Program, write_private

INDEX = TOP / "docs/llms.txt"
LINK = re.compile(r"^- \[[^\]]+\]\(([^)]+)\): \S.*$")
TYPES = {"md": "text/markdown; charset=utf-8", "txt": "text/plain; charset=utf-8", "yaml": "application/yaml"}
SETTINGS = """\
listen: {port: 0}
admin: {port: 0}
drain: {delay_ms: 0}
tiktok: {client_key: none, client_secret: none-at-all}
vault: {keys_file: vault.keys}
"""


def check_form(findings):
    """One title, a summary, then sections of links. Gives the links."""
    lines = INDEX.read_text(encoding="utf-8").splitlines()
    findings.check(lines[0].startswith("# ") and lines[2].startswith("> "), "no title with a summary below it")
    findings.check(sum(line.startswith("# ") for line in lines) == 1, "more than one title")
    sections = [at for at, line in enumerate(lines) if line.startswith("## ")]
    links = []
    for line in lines[sections[0]:]:
        found = LINK.match(line)
        if findings.check(found or not line or line.startswith("## "), f"no link with a note: {line}") and found:
            links.append(found.group(1))
    findings.check(len(links) == len(set(links)) > len(sections), "links are missing or repeated")
    return links


def check_served(findings, gateway, links):
    with tempfile.TemporaryDirectory(prefix="gateway-llms-") as name:
        folder = pathlib.Path(name).resolve()
        write_private(folder / "vault.keys", subprocess.run([gateway, "new-vault-key"], check=True, capture_output=True, text=True).stdout)
        (folder / "gateway.yaml").write_text(SETTINGS)
        program = Program([gateway, "--config", folder / "gateway.yaml"], folder / "gateway.log")
        try:
            for link in ["llms.txt", *links]:
                # As a browser reads it at /docs/llms.txt: `../openapi.yaml` is /openapi.yaml.
                path = f"/docs/{link}".replace("/docs/../", "/")
                answer = ask("GET", program.listening["api"] + path)
                kind = answer.headers.get("Content-Type", "")
                findings.check(answer.status == 200 and answer.text == (TOP / "docs" / link).read_text(encoding="utf-8"),
                               f"{path}: {answer.status}, or another text than the file's")
                findings.check(kind == TYPES.get(path.rsplit(".", 1)[-1]), f"{path} is {kind}")
        finally:
            program.stop()


def main(gateway):
    gateway, findings = str(pathlib.Path(gateway).resolve()), Findings()
    links = check_form(findings)
    for link in links:
        findings.check((INDEX.parent / link).is_file(), f"{link} leads nowhere")
    if not findings.lines:
        check_served(findings, gateway, links)
    return findings.end(f"docs/llms.txt: {len(links)} links lead somewhere, in the repository and at a gateway")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
