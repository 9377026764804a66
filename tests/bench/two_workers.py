#!/usr/bin/env python3
"""CPU per request with two workers against one: what threads of the gateway cost each other.

All run all the time, on all cores, and are asked in turn. Where the load has no cores of its own a second worker shares
its core with what asks and answers, and each has half of the clients to do something for at once. How much of its cost
that is, two programs of one worker each say, which have nothing in common but the machine, and hold the users twice; and
a second process of nginx. And since nothing has a core of its own here, unlike in request_cpu.py: one worker beside one
process of nginx. Each is asked by two wrk, since two programs need two.
"""
import sys
from concurrent.futures import ThreadPoolExecutor

import load
import users
from measurement import Row, alone, at_most
from stage import CORES, INFO, UPSTREAM_INFO, USER, Stage

CPU_OF_ONE_MAX = 1.03
CLIENTS = 64
USERS = 1_000


class Pair:
    """Two targets that are asked at the same time, as one; they may be the same."""

    def __init__(self, name, one, other):
        self.name, self.halves = name, (one, other)
        self.programs = {id(half.program): half.program for half in self.halves}.values()

    def cpu_seconds(self):
        return sum(program.cpu_seconds() for program in self.programs)


def ask(pair, connections, secs, cores):
    before = pair.cpu_seconds()
    with ThreadPoolExecutor(len(pair.halves)) as both:
        samples = list(both.map(lambda half: load.ask(half, connections // 2, secs, cores), pair.halves))
    requests = sum(sample["requests"] for sample in samples)
    worst = {key: max(sample[key] for sample in samples) for key in ("duration_us", "p50_us", "p99_us")}
    return {**worst, "requests": requests, "cpu_us": (pair.cpu_seconds() - before) / requests * 1e6}


def gateway_of(stage, name, workers):
    program, base = stage.start_gateway(cores=CORES, workers=workers, database=name)
    users.connect(base, stage.key, USERS)
    return load.Target(name, program, base, INFO.replace(USER, "@USER@"), users=USERS,
                       headers=[f"Authorization: Bearer {stage.key}"])


def nginx_of(stage, name, workers):
    stage.values |= {"WORKERS": workers, "NGINX_PORT": stage.free_port()}
    return load.Target(name, stage.start_peer("nginx", CORES), stage.address("nginx"), UPSTREAM_INFO)


def measure(options):
    with Stage(options.gateway) as stage:
        stage.start_upstream()
        pairs = []
        for name, workers in (("one", 1), ("two", 2)):
            nginx = nginx_of(stage, f"nginx {name}", workers)
            gateway = gateway_of(stage, name, workers)
            pairs += [Pair(nginx.name, nginx, nginx), Pair(name, gateway, gateway)]
        pairs.append(Pair("programs", gateway_of(stage, "first", 1), gateway_of(stage, "second", 1)))
        samples = load.interleaved(pairs, CLIENTS, options.rounds, options.secs, CORES, ask)
    load.show("one worker, two, and two programs of one", samples, "one", CLIENTS)
    against, nginx = load.ratio(samples, "two", "one"), load.ratio(samples, "nginx two", "nginx one")
    apart = load.ratio(samples, "two", "programs")
    free = load.ratio(samples, "one", "nginx one")
    figures = {"cpu_us": {name: load.middle(samples, name, "cpu_us") for name in samples}}
    return [at_most("CPU per request, two workers, of one's", CPU_OF_ONE_MAX, against.middle,
                    f"{against}; nginx {nginx}", figures),
            Row("CPU per request, two workers, of two programs with one each", "-", str(apart), None, figures),
            Row(f"CPU per request, info, {CLIENTS} clients, no core of its own, of nginx's", "-", str(free), None, figures)]


if __name__ == "__main__":
    sys.exit(alone(measure, __doc__))
