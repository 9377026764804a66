#!/usr/bin/env python3
"""CPU per request with two workers against one: what threads of the gateway cost each other.

All run all the time, on all cores, and are asked in turn. Where the load has no cores of its own a second worker shares
its core with what asks and answers: what nginx's second process costs, which shares nothing with the first, says how
much of it that is. And since nothing has a core of its own here, unlike in request_cpu.py: one worker beside one process of
nginx.
"""
import sys

import load
import users
from measurement import Row, alone, at_most
from stage import CORES, INFO, UPSTREAM_INFO, USER, Stage, free_port

CPU_OF_ONE_MAX = 1.03
CLIENTS = 64
USERS = 1_000


def measure(options):
    targets = []
    with Stage(options.gateway) as stage:
        stage.start_upstream()
        for name, workers in (("one", 1), ("two", 2)):
            stage.values |= {"WORKERS": workers, "NGINX_PORT": free_port()}
            nginx = stage.start_peer("nginx", CORES)
            targets.append(load.Target(f"nginx {name}", nginx, stage.address("nginx"), UPSTREAM_INFO))
            gateway, base = stage.start_gateway(cores=CORES, workers=workers, database=name)
            users.connect(base, stage.key, USERS)
            targets.append(load.Target(name, gateway, base, INFO.replace(USER, "@USER@"), users=USERS,
                                       headers=[f"Authorization: Bearer {stage.key}"]))
        samples = load.interleaved(targets, CLIENTS, options.rounds, options.secs, CORES)
    load.show("one worker and two", samples, "one", CLIENTS)
    against, nginx = load.ratio(samples, "two", "one"), load.ratio(samples, "nginx two", "nginx one")
    free = load.ratio(samples, "one", "nginx one")
    figures = {"cpu_us": {name: load.middle(samples, name, "cpu_us") for name in samples}}
    return [at_most("CPU per request, two workers, of one's", CPU_OF_ONE_MAX, against.middle,
                    f"{against}; nginx {nginx}", figures),
            Row(f"CPU per request, info, {CLIENTS} clients, no core of its own, of nginx's", "-", str(free), None, figures)]


if __name__ == "__main__":
    sys.exit(alone(measure, __doc__))
