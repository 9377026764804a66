#!/usr/bin/env python3
"""The figures of docs/limits.md are those of config/gateway.yaml, of openapi.yaml and of the code, and none is missing."""
import re
import sys

import yaml

from markdown_page import TOP, Findings

PAGE = (TOP / "docs/limits.md").read_text(encoding="utf-8")
# Numbers in config/gateway.yaml that are no limits.
NO_LIMITS = {"listen.port", "admin.port", "workers"}
# What a caller's entry has by default stands in the example of config/gateway.yaml.
OF_A_CALLER = re.compile(r"^#\s+requests_per_minute: (\d+)$", re.M)
SETTING = re.compile(r"`([a-z_]+(?:\[\])?\.[a-z_.]+)` \((\d+)\)")
ENDPOINT = re.compile(r'\.name = "(\w+)",.*?(?=endpoint_row\{|\};)', re.S)

# A row of the page begins with the first; the second is its figure, by where it stands in the code.
IN_CODE = (
    ("chunks on the way to TikTok", "service/tiktok/chunk_plan.hpp", r"chunk_bytes_min = ([\d']+)"),
    ("chunks on the way to TikTok", "service/tiktok/chunk_plan.hpp", r"chunk_bytes_max = ([\d']+)"),
    ("chunks on the way to TikTok", "service/tiktok/chunk_plan.hpp", r"chunk_bytes_without_hint = ([\d']+)"),
    ("a video", "service/tiktok/chunk_plan.hpp", r"video_bytes_max = (4ULL << 30)"),
    ("request target", "service/http/message_head.hpp", r"max_target_bytes = (8 \* 1024)"),
    ("header fields", "service/http/message_head.hpp", r"max_fields = (\d+)"),
    ("JSON body", "service/api/row.hpp", r"body_bytes_max = (256 \* 1024)"),
    ("part `input`", "service/http/multipart.hpp", r"max_multipart_input_bytes = (64 \* 1024)"),
    ("query parameters", "service/http/query.hpp", r"max_query_pairs = (\d+)"),
    ("depth of JSON", "service/base/json", r"max_json_depth = (\d+)"),
    ("users that hold one TikTok account", "service/store/connections.hpp", r"users_of_account_max = (\d+)"),
    ("a receiver's answer may have", "service/webhooks/sender.cpp", r"answer_bytes_max = (64 \* 1024)"),
    ("under way to one receiver", "service/webhooks/pace.hpp", r"under_way_of_receiver_max = (\d+)"),
    ("under way to all receivers", "service/webhooks/pace.hpp", r"under_way_max = (\d+)"),
    ("events that one", "service/store/outbox.hpp", r"redelivered_max = ([\d']+)"),
    ("a key of a caller", "service/pipeline/caller_book.cpp", r"caller_key_characters_min = (\d+)"),
)
# The same, by the name of an input in openapi.yaml, whichever schema has it, and the word that bounds it.
IN_CONTRACT = (
    ("`caption` of a video", "caption", "maxLength"),
    ("`title` of photos", "title", "maxLength"),
    ("`description` of photos", "description", "maxLength"),
    ("photos in a post", "photo_images", "maxItems"),
    ("a URL", "photo_images", "items maxLength"),
    ("videos in a batch", "files_to_upload", "maxItems"),
    ("videos in a batch", "max_workers", "maximum"),
    ("ids in one", "video_ids", "maxItems"),
    ("videos in a page", "max_count", "maximum"),
    ("`Idempotency-Key`", "Idempotency-Key", "maxLength"),
    ("a `user_id`", "user_id", "maxLength"),
    ("`publish_id`", "publish_id", "maxLength"),
    ("entries in a page", "limit", "maximum"),
)


def defaults():
    """Key → number, of the lines `#name: value` of config/gateway.yaml, which show the defaults."""
    text = (TOP / "config/gateway.yaml").read_text(encoding="utf-8")
    found, folders = {"callers[].requests_per_minute": int(OF_A_CALLER.search(text).group(1))}, []
    for line in text.splitlines():
        named = re.match(r"^( *)(#?)([a-z_]+):(?: (\S.*))?$", line)
        if not named:
            continue
        depth = len(named.group(1)) // 2
        folders[depth:] = [named.group(3)]
        if named.group(4) and named.group(4).isdigit():
            found[".".join(folders)] = int(named.group(4))
    return found


def check_settings(findings):
    real, shown = defaults(), {}
    for key, value in SETTING.findall(PAGE):
        shown[key] = int(value)
        findings.check(real.get(key) == int(value), f"the page says {key} is {value}, config/gateway.yaml {real.get(key)}")
    for key in sorted(real.keys() - shown.keys() - NO_LIMITS):
        findings.check(False, f"the page lacks {key} ({real[key]})")


def check_endpoints(findings):
    """TikTok's own figure of each window stands in the row of its setting."""
    text = (TOP / "service/tiktok/endpoint.hpp").read_text()
    for found in ENDPOINT.finditer(text):
        calls = re.search(r"\.calls_per_minute = (\d+)", found.group(0))
        row = re.search(rf"^\|.*\| ([^|]*) \| `limits\.tiktok\.{found.group(1)}_per_minute` \((\d+)\) \|$", PAGE, re.M)
        if calls and findings.check(row, f"no row for {found.group(1)}"):
            said = {row.group(2)} | ({row.group(1)} - {"not documented"})
            findings.check(said == {calls.group(1)}, f"{found.group(1)}: the page has {said}, the code {calls.group(1)}")


def check_row(findings, begin, value):
    row = next((line for line in PAGE.splitlines() if line.startswith(f"| {begin}")), None)
    if findings.check(row, f"no row begins with {begin}"):
        numbers = {int(one.replace(",", "")) for one in re.findall(r"\d[\d,]*\d|\d", row)}
        findings.check(value in numbers, f"{begin}: {value} is not in the row: {row}")


def value_in_code(where, pattern):
    files = [TOP / where] if (TOP / where).is_file() else sorted((TOP / where).rglob("*.hpp"))
    for path in files:
        if found := re.search(pattern, path.read_text()):
            text = found.group(1).replace("'", "").replace("ULL", "")
            first, _, rest = text.partition(" ")
            # `8 * 1024` and `4 << 30` are all the arithmetic there is.
            return {"": lambda: int(first), "*": lambda: int(first) * int(rest.split()[1]),
                    "<": lambda: int(first) << int(rest.split()[1])}[rest[:1]]()
    return None


def schemas_of(place, name):
    """Every schema of a property or parameter of that name."""
    if isinstance(place, dict):
        if place.get("name") == name and "schema" in place:
            yield place["schema"]
        if isinstance(place.get("properties"), dict) and name in place["properties"]:
            yield place["properties"][name]
        place = list(place.values())
    if isinstance(place, list):
        for one in place:
            yield from schemas_of(one, name)


def bounds_of(contract, place, name, words):
    for schema in schemas_of(place, name):
        for part in [schema, *schema.get("allOf", []), *schema.get("oneOf", []), *schema.get("anyOf", [])]:
            while isinstance(part, dict) and "$ref" in part:
                part = follow(contract, part["$ref"])
            for word in words:
                part = part.get(word) if isinstance(part, dict) else None
            if part is not None:
                yield part


def follow(contract, reference):
    for step in reference.removeprefix("#/").split("/"):
        contract = contract[step]
    return contract


def main():
    findings = Findings()
    check_settings(findings)
    check_endpoints(findings)
    for begin, where, pattern in IN_CODE:
        value = value_in_code(where, pattern)
        if findings.check(value is not None, f"{where} has no {pattern}"):
            check_row(findings, begin, value)
    contract = yaml.safe_load((TOP / "openapi.yaml").read_text(encoding="utf-8"))
    for begin, name, bound in IN_CONTRACT:
        values = set(bounds_of(contract, contract, name, bound.split()))
        if findings.check(len(values) == 1, f"openapi.yaml has for {name} as {bound}: {values or 'nothing'}"):
            check_row(findings, begin, values.pop())
    return findings.end("docs/limits.md has the figures of the settings, the contract and the code")


if __name__ == "__main__":
    sys.exit(main())
