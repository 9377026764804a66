#!/usr/bin/env python3
"""Compares rows and error codes with openapi.yaml: check.py PRINT_ROWS. Prints one line per difference."""
import json
import pathlib
import re
import subprocess
import sys

import jsonschema

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "cmake"), str(TOP / "tests/contract")]
from generators import faults_for_generators  # noqa: E402
from yaml_to_json import load  # noqa: E402

CONTRACT = load(TOP / "openapi.yaml")
VERBS = ("get", "post", "put", "delete")
# Headers in belong to the pipeline, not to a row.
HEADERS = {"Idempotency-Key", "Content-Digest", "X-Request-Id", "X-Request-Timeout", "TikTok-Signature",
           "Last-Event-ID"}
# For browsers and TikTok; generators of clients read `paths` alone.
OWN_ROUTES = CONTRACT["x-own-routes"]
FAULTS = []


def fault(where, what):
    FAULTS.append(f"{where}: {what}")


def same(where, what, row, contract):
    if row != contract:
        fault(where, f"{what}: the row has {row!r}, openapi.yaml has {contract!r}")


def resolve(node):
    """What a $ref leads to, with what stands beside it."""
    while isinstance(node, dict) and "$ref" in node:
        target = CONTRACT
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target | {name: value for name, value in node.items() if name != "$ref"}
    return node


def operations():
    """All routes, with those that are in nobody's client."""
    for path, item in (CONTRACT["paths"] | OWN_ROUTES).items():
        for verb in VERBS:
            if verb in item:
                yield path, verb, item.get("parameters", []), item[verb]


def parameters(shared, operation):
    return [resolve(p) for p in shared + operation.get("parameters", [])]


def json_schema_of(operation):
    content = operation.get("requestBody", {}).get("content", {})
    return resolve(content["application/json"]["schema"]) if "application/json" in content else None


def inputs_of(operation, params, row):
    """name → (schema, required) as the contract has them."""
    query = {p["name"]: (resolve(p["schema"]), p.get("required", False)) for p in params if p["in"] == "query"}
    schema = json_schema_of(operation) if row["takes"] in ("json", "upload") else None
    if schema is None:
        return query
    required = schema.get("required", [])
    body = {name: (resolve(part), name in required) for name, part in schema.get("properties", {}).items()}
    for name, (part, _) in query.items():
        if body.get(name, (None,))[0] != part:
            fault(row["slug"], f"{name} differs between query and JSON body")
    return body


def texts(schema):
    return sorted(resolve(schema["items"]).get("enum", [])) if "items" in schema else sorted(schema.get("enum", []))


def check_input(where, given, schema, required):
    kind = given["kind"]
    same(where, "required", given["required"], required)
    types = {"text": "string", "choice": "string", "time": "string", "url": "string", "integer": "integer", "boolean": "boolean",
             "file": "object", "fields": "array", "text_list": "array", "url_list": "array", "file_list": "array"}
    if kind in types:
        same(where, "type", types[kind], schema.get("type"))
    bounds = {"text": ("minLength", "maxLength"), "integer": ("minimum", "maximum"),
              "text_list": ("minItems", "maxItems"), "url_list": ("minItems", "maxItems"),
              "file_list": ("minItems", "maxItems")}.get(kind)
    if bounds:
        same(where, bounds[0], given["min"], schema.get(bounds[0]))
        same(where, bounds[1], given["max"], schema.get(bounds[1]))
    if kind in ("choice", "fields") or given["choices"]:
        same(where, "choices", sorted(re.split(r"[|,]", given["choices"])), texts(schema))
    if kind == "time":
        same(where, "format", "date-time", schema.get("format"))
    stated = schema.get("x-default")
    read = {"integer": int, "boolean": lambda text: text == "true"}.get(kind, str)
    same(where, "default", read(given["default"]) if given["default"] else None, stated)


def check_row(row, shared, operation):
    where = row["slug"]
    params = parameters(shared, operation)
    same(where, "x-action", where, operation["x-action"])
    same(where, "path inputs", set(re.findall(r"\{(\w+)\}", row["path"])), {p["name"] for p in params if p["in"] == "path"})
    security = operation.get("security", CONTRACT["security"])
    headers = {p["name"] for p in params if p["in"] == "header"}
    door = "caller" if security != [] else "tiktok_signature" if "TikTok-Signature" in headers else "open"
    same(where, "door", row["door"], door)
    same(where, "takes Idempotency-Key", row["replays"], "Idempotency-Key" in headers)
    for name in headers - HEADERS:
        fault(where, f"unknown header {name}")
    same(where, "has a body", row["takes"] != "none", "requestBody" in operation)
    if row["takes"] == "json":
        same(where, "body required", any(i["required"] for i in row["inputs"]), operation["requestBody"]["required"])
    inputs = inputs_of(operation, params, row)
    if row["scope_input"] and row["scope_input"] not in {i["name"] for i in row["inputs"]}:
        fault(where, f"the scope depends on {row['scope_input']}, which is no input")
    for scope in {one for either in row["scopes"] for one in either.split("|")}:
        if f"`{scope}`" not in operation["description"]:
            fault(where, f"the description does not name the scope {scope}")
    if row["takes"] in ("document", "stream") or row["reads_query_itself"]:
        return  # read by the action itself, e.g. TikTok's token answer
    given = {i["name"]: i for i in row["inputs"]}
    for name in sorted(given.keys() ^ inputs.keys()):
        fault(where, f"input {name} stands only in {'the row' if name in given else 'openapi.yaml'}")
    for name in given.keys() & inputs.keys():
        check_input(f"{where}.{name}", given[name], *inputs[name])


def check_rows(rows):
    ours = {(r["path"], r["verb"].lower().strip("_")): r for r in rows if not r["path"].startswith("/docs/")}
    theirs = {(path, verb): (shared, op) for path, verb, shared, op in operations()}
    for path, verb in sorted(ours.keys() ^ theirs.keys()):
        fault(f"{verb.upper()} {path}", f"only in {'the rows' if (path, verb) in ours else 'openapi.yaml'}")
    for key in ours.keys() & theirs.keys():
        check_row(ours[key], *theirs[key])


def check_closed_sets(rows, causes):
    """What answers may hold is what the rows take or are, and what the program writes."""
    schemas = CONTRACT["components"]["schemas"]
    posting = sorted(row["slug"] for row in rows if row["replays"])
    same("Post.action", "enum", posting, sorted(schemas["Post"]["properties"]["action"]["enum"]))
    same("ConnectionCause", "enum", sorted(causes), sorted(schemas["ConnectionCause"]["enum"][:-1]))
    same("ConnectionCause", "last", None, schemas["ConnectionCause"]["enum"][-1])
    same("PrivacyLevelOption", "enum", schemas["PrivacyLevel"]["enum"], schemas["PrivacyLevelOption"]["enum"])


def check_codes(codes):
    stated = CONTRACT["components"]["schemas"]["ProblemCode"]
    told = {name: (facts["status"], facts["retryable"]) for name, facts in stated["x-problem-codes"].items()}
    real = {c["code"]: (c["status"], c["retryable"]) for c in codes} | {"partial_failure": (200, False)}
    for name in sorted(real.keys() | told.keys()):
        same(name, "status, retryable", real.get(name), told.get(name))
    same("ProblemCode", "enum", sorted(real), sorted(stated["enum"]))
    for name, facts in stated["x-problem-codes"].items():
        for part in ("cause", "cure"):
            if not facts.get(part):
                fault(name, f"has no {part}")


def check_codes_of_operations():
    """An operation's codes and the statuses it lists belong together; every code can be met somewhere."""
    facts = CONTRACT["components"]["schemas"]["ProblemCode"]["x-problem-codes"]
    everywhere = set(CONTRACT["components"]["responses"]["Anything"]["x-problem-codes"])
    met = set(everywhere)
    for _, _, _, operation in operations():
        where, codes = operation["x-action"], set(operation["x-problem-codes"])
        met |= codes
        for code in codes - facts.keys():
            fault(where, f"unknown code {code}")
        for code in codes & everywhere:
            fault(where, f"{code} is met everywhere already")
        by_code = {str(facts[code]["status"]) for code in codes & facts.keys()} - {"200"}
        listed = {s for s, answer in operation["responses"].items() if s[0] in "45" and "$ref" in answer}
        same(where, "statuses of problems", by_code, listed)
    for code in facts.keys() - met:
        fault(code, "no operation answers it")


def examples_in(node, where):
    if isinstance(node, dict):
        if "schema" in node and "examples" in node:
            for name, example in node["examples"].items():
                yield f"{where}/{name}", node["schema"], example["value"]
        elif "schema" in node and "example" in node:
            yield where, node["schema"], node["example"]
        for key, part in node.items():
            yield from examples_in(part, f"{where}/{key}")
    elif isinstance(node, list):
        for index, part in enumerate(node):
            yield from examples_in(part, f"{where}/{index}")


def check_examples():
    resolver = jsonschema.RefResolver("", CONTRACT)
    seen = 0
    for where, schema, value in examples_in(CONTRACT, ""):
        seen += 1
        checker = jsonschema.Draft202012Validator(schema, resolver=resolver)
        for error in checker.iter_errors(value):
            fault(where, f"example: {error.message[:200]}")
        problem = value.get("problem") if isinstance(value, dict) else None
        if problem:
            facts = CONTRACT["components"]["schemas"]["ProblemCode"]["x-problem-codes"][problem["code"]]
            same(where, "status, retryable", (problem["status"], problem["retryable"]), (facts["status"], facts["retryable"]))
    if seen < 40:
        fault("examples", f"only {seen} were found")


def literals():
    """The texts of the program, those in pieces put together."""
    found = set()
    for file in (TOP / "service").rglob("*.?pp"):
        text = re.sub(r'"\s*\n\s*"', "", file.read_text())
        found.update(text for text in re.findall(r'"((?:[^"\\\n]|\\.)*)"', text) if len(text) >= 12)
    return sorted(found, key=len, reverse=True)


def check_sentences():
    """A refusal's example is what the program says, but for the names and numbers in it."""
    known = literals()
    for where, _, value in examples_in(CONTRACT, ""):
        if not isinstance(value, dict) or not value.get("problem"):
            continue
        left = value["error"]
        for text in known:
            left = left.replace(text, "")
        if len(left) > len(value["error"]) * 0.6:
            fault(where, f"no refusal says {value['error']!r}")


def main():
    told = json.loads(subprocess.run([sys.argv[1]], check=True, capture_output=True, timeout=60).stdout)
    check_rows(told["rows"])
    check_closed_sets(told["rows"], told["connection_causes"])
    check_codes(told["codes"])
    check_codes_of_operations()
    FAULTS.extend(faults_for_generators(CONTRACT))
    check_examples()
    check_sentences()
    print("\n".join(FAULTS) or f"{len(told['rows'])} rows, {len(told['codes'])} codes: as openapi.yaml has them")
    return 1 if FAULTS else 0


if __name__ == "__main__":
    sys.exit(main())
