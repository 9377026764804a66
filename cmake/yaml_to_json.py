#!/usr/bin/env python3
"""Writes openapi.yaml as JSON, for the page under /docs: yaml_to_json.py FROM TO. Part of the build."""
import json
import pathlib
import sys

import yaml


class Loader(yaml.SafeLoader):
    """Times stay texts, as JSON has them."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if tag != "tag:yaml.org,2002:timestamp"]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load(path):
    return yaml.load(pathlib.Path(path).read_text(encoding="utf-8"), Loader)


if __name__ == "__main__":
    source, target = sys.argv[1:]
    text = json.dumps(load(source), ensure_ascii=False, separators=(",", ":"))
    pathlib.Path(target).write_text(text, encoding="utf-8")
