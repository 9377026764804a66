#!/usr/bin/env python3
"""What docs/troubleshooting.md and docs/tiktok-app.md name is there: codes, causes, reasons, settings, inputs, log events,
and words of the start. And each code that a person has to act on has its place on the page."""
import re
import sys

import yaml

from markdown_page import TOP, Findings

PAGE = "docs/troubleshooting.md"
# Codes of HTTP and of bodies, where the sentence says all, and those with which a program alone deals.
SAID_BY_THE_SENTENCE = {
    "partial_failure", "malformed_request", "malformed_json", "no_such_route", "no_such_post", "no_such_file", "method_not_allowed",
    "request_timeout", "not_cancellable", "length_required", "too_large", "uri_too_long", "unsupported_media_type",
    "expectation_failed", "headers_too_large", "internal", "not_implemented", "deadline_exceeded", "http_version"}
NAMED = re.compile(r"`([a-z][a-z0-9]*(?:_[a-z0-9]+)+)`")
SETTING = re.compile(r"`((?:listen|admin|tiktok|store|vault|limits|deadlines|uploads|files|drain|log)\.[a-z_.]+)`")


def everything():
    """The text in which a name has to be found: the code, the contract, the settings, and TikTok's wire."""
    files = [*(TOP / "service").rglob("*.[ch]pp"), TOP / "openapi.yaml", TOP / "config/gateway.yaml", TOP / "docs/tiktok-wire.md"]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def settings():
    text = (TOP / "config/gateway.yaml").read_text(encoding="utf-8")
    found, folders = set(), []
    for line in text.splitlines():
        if named := re.match(r"^( *)#?([a-z_]+):(?: |$)", line):
            folders[len(named.group(1)) // 2:] = [named.group(2)]
            found.add(".".join(folders))
    return found


def main():
    findings, known, keys = Findings(), everything(), settings()
    words = set(re.findall(r"[a-z][a-z0-9_]*", known))
    for page in (PAGE, "docs/tiktok-app.md"):
        text = (TOP / page).read_text(encoding="utf-8")
        for name in sorted(set(NAMED.findall(text))):
            findings.check(name in words, f"{page}: nothing is called {name}")
        for key in sorted(set(SETTING.findall(text))):
            key = key.removesuffix("_file") if key not in keys else key
            findings.check(key in keys or f'"{key}"' in known, f"{page}: there is no setting {key}")
    codes = yaml.safe_load((TOP / "openapi.yaml").read_text(encoding="utf-8"))["components"]["schemas"]["ProblemCode"]["enum"]
    text = (TOP / PAGE).read_text(encoding="utf-8")
    for code in codes:
        findings.check(code in text or code in SAID_BY_THE_SENTENCE, f"{PAGE} does not say what to do at {code}")
    for phrase in re.findall(r"^\| `([a-z ]+)`[,|]? ", text, re.M):
        findings.check(phrase in known, f"{PAGE}: no message says \"{phrase}\"")
    return findings.end(f"{PAGE}: what it names is there, and every code has its place")


if __name__ == "__main__":
    sys.exit(main())
