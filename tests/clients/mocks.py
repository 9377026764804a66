"""Mocks of every answer, made of the contract's examples: TypeScript that compiles only if the generated types fit."""
import json

NAMES = {
    "openapi-typescript": ('import type { components } from "./generated/openapi-typescript.js";', 'components["schemas"]["{0}"]'),
    "hey-api": ('import type * as types from "./generated/hey-api/index.js";', "types.{0}"),
    "orval": ('import type * as types from "./generated/orval/gateway.js";', "types.{0}"),
}


def answers_in(contract):
    """(name of the schema, example) of every JSON answer."""
    stated = [answer for item in contract["paths"].values() for verb, operation in item.items() if verb != "parameters"
              for answer in operation["responses"].values() if "application/json" in answer.get("content", {})]
    for answer in [*stated, *contract["components"]["responses"].values()]:
        content = answer["content"]["application/json"]
        schema = content["schema"]
        several = schema.get("oneOf") or schema.get("anyOf") or [schema]
        either = [one["$ref"].rsplit("/", 1)[1] for one in several]
        for example in content.get("examples", {}).values():
            # Of two, the first is the success, or what is no dry run.
            is_first = example["value"]["successful"] and "verdict" not in example["value"]["data"]
            yield either[0 if is_first else -1], example["value"]


def write_mocks(contract, folder):
    examples = list(answers_in(contract))
    answers = {name for name in contract["components"]["schemas"] if name.endswith("Answer")} | {"Failure"}
    missing = sorted(answers - {name for name, _ in examples})
    if missing:
        raise RuntimeError(f"no example of {', '.join(missing)}")
    for client, (first, type_name) in NAMES.items():
        lines = [first]
        for number, (name, value) in enumerate(examples):
            lines.append(f"export const mock{number}: {type_name.format(name)} = {json.dumps(value)};")
        (folder / f"mocks-{client}.ts").write_text("\n".join(lines) + "\n")
