#!/usr/bin/env python3
"""Latency that gateway and nginx add to the stub's, at half of the gateway's capacity, 64 clients, open loop.

Half of capacity is where its core is half idle. Half of what it answers at saturation would be much more: below it
nothing is done for several at once, and each request pays for being waited for. What it costs there is told too, since
most services live there.
"""
import json
import statistics
import subprocess
import sys

import load
from clients import request_of
from measurement import Row, alone, at_most
from processes import pinned
from stage import HERE, INFO, UPSTREAM_INFO, Stage

CLIENTS = 64
BUSY = 0.5  # of the gateway's core
BUSY_MAX = 0.55
# Beyond this the generator's own queue would be measured.
GENERATOR_CORE_MAX = 0.6
ABOVE_NGINX_P50_US_MAX = 50
OF_NGINX_P99_MAX = 1.2


def asked(stage, base, request, rate, secs, program=None):
    before = program.cpu_seconds() if program else 0
    done = subprocess.run(pinned(stage.others) + [sys.executable, str(HERE / "open_loop.py"), base, str(CLIENTS), str(rate),
                                                  str(secs)], input=request, capture_output=True, timeout=secs + 60)
    if done.returncode:
        raise RuntimeError(f"open loop: {done.stderr.decode()[-300:]}")
    spent = program.cpu_seconds() - before if program else 0
    sample = json.loads(done.stdout)
    return {**sample, "cpu_us": spent / sample["sent"] * 1e6}


def chosen_rate(stage, gateway, mine, direct, secs):
    """Where the gateway's core is half idle, or less where the generator cannot keep up; and which of the two it is."""
    target = load.Target("gateway", gateway, mine[0], INFO, headers=[f"Authorization: Bearer {stage.key}"])
    load.ask(target, CLIENTS, 1, stage.others)
    sample = load.ask(target, CLIENTS, secs, stage.others)
    saturated = sample["requests"] / sample["duration_us"] * 1e6
    rate = saturated * BUSY
    for _ in range(5):
        sample = asked(stage, *mine, rate, 1, gateway)
        busy = sample["cpu_us"] * rate / 1e6
        if busy <= BUSY_MAX:
            break
        rate *= BUSY / busy
    bound = f"{busy:.0%} of its core; {saturated:,.0f}/s at saturation"
    for _ in range(5):
        core = asked(stage, *direct, rate, 0.5)["core"]
        if core <= GENERATOR_CORE_MAX:
            break
        rate *= 0.9 * GENERATOR_CORE_MAX / core
        bound = f"what the generator can do; {saturated:,.0f}/s at saturation"
    return rate, bound


def measure(options):
    with Stage(options.gateway) as stage:
        stage.start_upstream()
        programs = {"nginx": stage.start_peer("nginx")}
        programs["gateway"], base = stage.start_gateway()
        upstream = request_of("GET", UPSTREAM_INFO)
        whom = {"direct": (stage.address("stub"), upstream), "nginx": (stage.address("nginx"), upstream),
                "gateway": (base, request_of("GET", INFO, stage.key))}
        rate, bound = chosen_rate(stage, programs["gateway"], whom["gateway"], whom["direct"], options.secs)
        print(f"open loop at {rate:,.0f} requests/s: {bound}", flush=True)
        samples = {name: [] for name in whom}
        for number in range(options.rounds):
            for name in list(whom)[number % 3:] + list(whom)[:number % 3]:
                samples[name].append(asked(stage, *whom[name], rate, options.secs, programs.get(name)))
    return rows_of(samples, rate, bound)


def rows_of(samples, rate, bound):
    rows = []
    for share in ("p50_us", "p99_us"):
        added = {name: statistics.median(mine[share] - direct[share] for mine, direct in zip(samples[name], samples["direct"]))
                 for name in ("nginx", "gateway")}
        own = statistics.median(sample[share] for sample in samples["direct"])
        words = f"{added['gateway']:,.0f} us; nginx {added['nginx']:,.0f} us, to the stub's {own:,.0f} us"
        what = f"latency added, {share[:3]}, at {rate:,.0f}/s"
        figures = {"added_us": added, "direct_us": own, "rate": rate, "bound": bound}
        if share == "p50_us":
            rows.append(at_most(what, ABOVE_NGINX_P50_US_MAX, added["gateway"] - added["nginx"], words, figures,
                                goal=f"<= nginx's + {ABOVE_NGINX_P50_US_MAX} us"))
        else:
            rows.append(at_most(what, OF_NGINX_P99_MAX, (added["gateway"] + own) / (added["nginx"] + own), words, figures,
                                goal=f"<= {OF_NGINX_P99_MAX} of nginx's, with the stub's own"))
    cost = load.ratio(samples, "gateway", "nginx")
    figures = {name: load.middle(samples, name, "cpu_us") for name in ("nginx", "gateway")}
    rows.append(Row(f"CPU per request, info, at {rate:,.0f}/s, of nginx's", "-", str(cost), None, figures))
    return rows


if __name__ == "__main__":
    sys.exit(alone(measure, __doc__))
