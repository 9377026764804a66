#!/usr/bin/env python3
"""docs/llms.txt has the form of llmstxt.org, its links lead somewhere, and a running gateway serves it and its pages, in
which every link leads somewhere, too. llms.py GATEWAY; the real program on loopback."""
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.parse

from markdown_page import TOP, Findings
from peers import ask
from programs import Program, write_private

INDEX = TOP / "docs/llms.txt"
LINK = re.compile(r"^- \[[^\]]+\]\(([^)]+)\): \S.*$")
# In a page: the words of a link, and where it leads, but for other hosts and places of the same page.
LINK_OF_PAGE = re.compile(r"\[([^\]]*)\]\((?!\w+:|#)([^)#\s]+)(?:#[^)\s]*)?\)")
NOT_SERVED = re.compile(r" \(`[^`]+` in the repository\)")
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
            api = program.listening["api"]
            walk(findings, f"{api}/docs/llms.txt", {pathlib.PurePath(link).name: INDEX.parent / link for link in ["llms.txt", *links]})
        finally:
            program.stop()


def plain(text):
    """Without what is written in another way where it is served."""
    return NOT_SERVED.sub("", LINK_OF_PAGE.sub(r"\1", text))


def walk(findings, start, files):
    """Follows each link of each page, as an agent does. `files`: what each page is made from, by its name."""
    left, seen = [start], set()
    while left:
        url = left.pop()
        if url in seen:
            continue
        seen.add(url)
        answer = ask("GET", url)
        name, kind = url.rsplit("/", 1)[-1], answer.headers.get("Content-Type", "")
        if not findings.check(answer.status == 200, f"{url}: {answer.status}"):
            continue
        findings.check(kind == TYPES.get(name.rsplit(".", 1)[-1]), f"{url} is {kind}")
        file = files.pop(name, None)
        findings.check(file is None or plain(answer.text) == plain(file.read_text(encoding="utf-8")), f"{url} has another text than {file}")
        if kind.startswith("text/"):
            left += [urllib.parse.urljoin(url, target) for _, target in LINK_OF_PAGE.findall(answer.text)]
    findings.check(not files, f"no link leads to {', '.join(files)}")


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
