#!/usr/bin/env python3
"""CPU per request with two workers against one: what threads of the gateway cost each other.

Both gateways run all the time, on all cores, and are asked in turn.
"""
import sys

import load
import users
from measurement import alone, at_most
from stage import CORES, INFO, USER, Stage

CPU_OF_ONE_MAX = 1.03
CLIENTS = 64
USERS = 1_000


def measure(options):
    targets = []
    with Stage(options.gateway) as stage:
        stage.start_upstream()
        for name, workers in (("one", 1), ("two", 2)):
            gateway, base = stage.start_gateway(cores=CORES, workers=workers, database=name)
            users.connect(base, stage.key, USERS)
            targets.append(load.Target(name, gateway, base, INFO.replace(USER, "@USER@"), users=USERS,
                                       headers=[f"Authorization: Bearer {stage.key}"]))
        samples = load.interleaved(targets, CLIENTS, options.rounds, options.secs, CORES)
    load.show("one worker and two", samples, "one", CLIENTS)
    against = load.ratio(samples, "two", "one")
    return [at_most("CPU per request, two workers, of one's", CPU_OF_ONE_MAX, against.middle, str(against),
                    {"cpu_us": {name: load.middle(samples, name, "cpu_us") for name in samples}})]


if __name__ == "__main__":
    sys.exit(alone(measure, __doc__))
