#!/usr/bin/env python3
"""System calls per request of the gateway and of nginx, counted by strace while 64 keep-alive clients send requests."""
import sys

from clients import Clients
from instructions import requests_to
from measurement import alone, at_most
from request_cpu import KINDS
from stage import Stage
from strace import Trace

CALLS_MAX = {"info": 5, "status": 5}
CLIENTS = 64


def calls_per_request(stage, name, count):
    """{kind: {call: per request}}; connections and pools are there before anything counts."""
    trace = Trace(stage.run / f"{name}.calls")
    if name == "gateway":
        _, base = stage.start_gateway(trace.argv(), seconds=60)
    else:
        stage.start_peer(name, under=trace.argv())
        base = stage.address(name)
    found = {}
    with Clients(base, CLIENTS) as clients:
        for kind, request in requests_to(stage, name).items():
            clients.ask([request] * CLIENTS * 4)
            begin = trace.now()
            clients.ask([request] * count)
            found[kind] = {call: times / count for call, times in trace.counted(begin, trace.now()).most_common()}
    return found


def told(calls):
    return ", ".join(f"{call} {times:.2f}" for call, times in calls.items() if times >= 0.005)


def measure(options):
    count = options.count * 5
    with Stage(options.gateway) as stage:
        stage.start_upstream()
        found = {name: calls_per_request(stage, name, count) for name in ("nginx", "gateway")}
    rows = []
    for kind in KINDS:
        totals = {name: sum(found[name][kind].values()) for name in found}
        for name in found:
            print(f"{name} {kind}: {totals[name]:.2f} ({told(found[name][kind])})", flush=True)
        rows.append(at_most(f"system calls per request, {kind}", CALLS_MAX[kind], totals["gateway"],
                            f"{totals['gateway']:.2f}; nginx {totals['nginx']:.2f}",
                            {name: found[name][kind] for name in found}))
    return rows


if __name__ == "__main__":
    sys.exit(alone(measure, __doc__))
