#!/usr/bin/env python3
"""User-space instructions per request, counted by callgrind: repeatable to about 1 %, also on a busy machine.

Everything is on in the gateway; nginx and haproxy pass the same request on, each in one process. Allocations, too: those
of C++ code, which peers have none of.
"""
import itertools
import sys

import callgrind
from clients import request_of
from measurement import Row, alone, at_most
from request_cpu import KINDS
from stage import LONG_USER, USER, Stage

INSTRUCTIONS_MAX = {"info": 45_000, "status": 75_000}
ALLOCATIONS_MAX = 0
LONG = "long_user"  # the same call for a user with a long id, which must not allocate either


def requests_to(stage, name):
    """{kind: bytes}, for the gateway or for a peer."""
    if name == "gateway":
        paths = {kind: path for kind, (path, *_) in KINDS.items()}
        paths |= {f"{kind}_{LONG}": path.replace(USER, LONG_USER) for kind, path in paths.items()}
        return {kind: request_of("GET", path, stage.key) for kind, path in paths.items()}
    return {kind: request_of(method, path, body=body) for kind, (_, method, path, body) in KINDS.items()}


def starter(stage, name):
    """How a program is started under valgrind."""
    environment = callgrind.SAME_EVERYWHERE
    if name == "gateway":
        numbers = itertools.count()  # a store that is made anew costs every run the same

        def start(under):
            return stage.start_gateway(under, cores=[], seconds=120, environment=environment, database=f"store{next(numbers)}")
        return start
    stage.values["MASTER"] = "off"
    return lambda under: (stage.start_peer(name, [], under, environment), stage.address(name))


def of(stage, name, count):
    figures = callgrind.per_request(starter(stage, name), stage.run, name, requests_to(stage, name), count)
    for kind, counted in figures.items():
        print(f"{name} {kind}: {counted.instructions:,.0f} instructions, {counted.allocations:.1f} allocations", flush=True)
    return figures


def measure(options):
    rows = []
    with Stage(options.gateway) as stage:
        stage.start_upstream()
        found = {name: of(stage, name, options.count) for name in ("nginx", "haproxy", "gateway")}
    for kind in KINDS:
        figures = {name: vars(found[name][kind]) for name in found}
        figures["gateway, long user"] = vars(found["gateway"][f"{kind}_{LONG}"])
        gateway = figures["gateway"]
        rows.append(at_most(f"instructions per request, {kind}", INSTRUCTIONS_MAX[kind], gateway["instructions"],
                            f"{gateway['instructions']:,.0f}", goal=f"<= {INSTRUCTIONS_MAX[kind]:,}"))
        for peer in ("nginx", "haproxy"):
            share = gateway["instructions"] / figures[peer]["instructions"]
            words = f"{share:.2f}: {gateway['instructions']:,.0f} of {figures[peer]['instructions']:,.0f}"
            rows.append(Row(f"instructions per request, {kind}, of {peer}'s", "-", words, None, figures))
        allocations = max(gateway["allocations"], figures["gateway, long user"]["allocations"])
        # Rounded: a table that grows now and then is none of a request's own.
        rows.append(at_most(f"allocations per request, {kind}, 16 clients", ALLOCATIONS_MAX, round(allocations),
                            f"{allocations:.1f}", goal=str(ALLOCATIONS_MAX)))
    return rows


if __name__ == "__main__":
    sys.exit(alone(measure, __doc__))
