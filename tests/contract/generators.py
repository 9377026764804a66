"""What generators of clients stumble over (docs/clients.md); tests/clients runs three of them."""
import re

VERBS = ("get", "post", "put", "delete")
# Types of TypeScript's DOM library, which a schema of that name would hide.
OF_BROWSERS = {"Blob", "Error", "Event", "File", "FormData", "Headers", "Request", "Response"}


def schemas_in(node, where):
    if isinstance(node, dict):
        if isinstance(node.get("type"), (str, list)) or "const" in node:
            yield where, node
        for key, part in node.items():
            if key not in ("examples", "example"):
                yield from schemas_in(part, f"{where}/{key}")
    elif isinstance(node, list):
        for index, part in enumerate(node):
            yield from schemas_in(part, f"{where}/{index}")


def faults_of_schema(where, schema):
    if "default" in schema:
        yield "`default` makes a required member of it; x-default does not"
    of_parameter = "/parameters/" in where  # which has a description of its own
    if "x-default" in schema and not of_parameter and "bsent" not in schema.get("description", ""):
        yield "the description does not say what absence means"
    if "const" in schema and "type" not in schema:
        yield "`const` without a type becomes a text"
    if schema.get("type") == "object" and not schema.get("properties"):
        yield "an object without properties has no members in a client"


def faults_of_method(name, operation):
    if not re.fullmatch(r"[a-z]+([A-Z][a-z]+)+", name):
        yield "reads badly as a method"
    types = list(operation.get("requestBody", {}).get("content", {}))
    if len(types) > 1 and (len(types) > 2 or types[0] != "application/json"):
        yield f"generators choose among {types}: JSON first, then one for bytes"


def faults_for_generators(contract):
    faults = []
    schemes = list(contract["components"]["securitySchemes"])
    if schemes != ["bearer"]:
        faults.append(f"securitySchemes: a client fills all of {schemes}")
    methods = [operation for item in contract["paths"].values() for verb, operation in item.items() if verb in VERBS]
    names = [operation["operationId"] for operation in methods]
    faults += [f"operationId: {name} stands twice" for name in set(names) if names.count(name) > 1]
    for name, operation in zip(names, methods):
        faults += [f"{name}: {what}" for what in faults_of_method(name, operation)]
    hidden = OF_BROWSERS & contract["components"]["schemas"].keys()
    faults += [f"schema {name}: hides the type of a browser" for name in sorted(hidden)]
    for part in ("paths", "components"):
        for where, schema in schemas_in(contract[part], part):
            faults += [f"{where}: {what}" for what in faults_of_schema(where, schema)]
    return faults
