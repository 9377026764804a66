#!/usr/bin/env python3
"""CPU time per request of the gateway, beside nginx and haproxy that only pass bytes to the same upstream.

The gateway does all its work (vault, windows, ledger, metrics, log lines), for many users in turn. The program under
test has a core of its own, load and upstream have the others. Figures are ratios of interleaved rounds.
"""
import sys

import load
import users
from measurement import Row, alone, at_most
from stage import INFO, STATUS, STATUS_BODY, UPSTREAM_INFO, UPSTREAM_STATUS, USER, Stage

CPU_OF_NGINX_MAX = {"info": 1.0, "status": 1.05}
STATUS_USERS_MAX = 10_000  # whose posts are watched at the same time
PEERS = ("nginx", "haproxy")
# what: the gateway's path, and what a peer passes on for it
KINDS = {"info": (INFO, "GET", UPSTREAM_INFO, ""), "status": (STATUS, "POST", UPSTREAM_STATUS, STATUS_BODY)}


def targets_for(kind, stage, programs, base, count):
    path, method, upstream_path, body = KINDS[kind]
    peers = [load.Target(name, programs[name], stage.address(name), upstream_path, method, body,
                         ["Content-Type: application/json"] if body else []) for name in PEERS]
    return peers + [load.Target("gateway", programs["gateway"], base, path.replace(USER, "@USER@"),
                                headers=[f"Authorization: Bearer {stage.key}"], users=count)]


def rows_of(kind, clients, samples):
    for peer in PEERS:
        against = load.ratio(samples, "gateway", peer)
        figures = {name: {"cpu_us": load.middle(samples, name, "cpu_us"),
                          "of_nginx": load.ratio(samples, name, "nginx").middle} for name in samples}
        what, said = f"CPU per request, {kind}, {clients} clients, of {peer}'s", str(against)
        more = {"kind": kind, "clients": clients, "peer": peer, "programs": figures, "least": against.least,
                "most": against.most}
        if peer == "nginx":
            yield at_most(what, CPU_OF_NGINX_MAX[kind], against.middle, said, more)
        else:
            yield Row(what, "-", said, None, more)


def measure(options):
    rows = []
    with Stage(options.gateway) as stage:
        stage.start_upstream()
        programs = {name: stage.start_peer(name) for name in PEERS}
        programs["gateway"], base = stage.start_gateway()
        print(users.connect(base, stage.key, options.users), flush=True)
        for kind in KINDS:
            count = options.users if kind == "info" else min(options.users, STATUS_USERS_MAX)
            targets = targets_for(kind, stage, programs, base, count)
            for clients in map(int, options.clients.split(",")):
                samples = load.interleaved(targets, clients, options.rounds, options.secs, stage.others)
                load.show(f"GET {targets[-1].path}", samples, "nginx", clients)
                rows += rows_of(kind, clients, samples)
    return rows


if __name__ == "__main__":
    sys.exit(alone(measure, __doc__))
