#!/usr/bin/env python3
"""A page of docs/ as a gateway serves it, under /docs/: a link to a file that it does not serve becomes the file's path in
the repository. served_page.py PAGE INTO SERVED...; `SERVED` are paths in the repository."""
import os.path
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[1]
LINK = re.compile(r"\[([^\]]*)\]\((?!\w+:)([^)#\s]+)(#[^)\s]*)?\)")


def place_of(served):
    """Where it is, seen from /docs/."""
    return f"../{served}" if served == "openapi.yaml" else os.path.basename(served)


def rewritten(text, folder, served):
    def link(found):
        words, target, part = found.group(1), found.group(2), found.group(3) or ""
        path = os.path.normpath(os.path.join(folder, target))
        if path in served:
            return f"[{words}]({place_of(path)}{part})"
        return words if words.strip("`") in (path, target) else f"{words} (`{path}` in the repository)"
    return LINK.sub(link, text)


def main(page, into, *served):
    page = pathlib.Path(page).resolve()
    folder = str(page.parent.relative_to(TOP))
    pathlib.Path(into).write_text(rewritten(page.read_text(encoding="utf-8"), folder, set(served)), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
