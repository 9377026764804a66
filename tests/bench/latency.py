#!/usr/bin/env python3
"""Latency that gateway and nginx add to the stub's, 64 clients, open loop, at two rates.

At half of capacity, which is half of what the gateway answers at saturation; and where its core is half idle, which is
less: below saturation little is done for several at once, and each request pays for being waited for. Most services live
there, so what a request costs is told too. p99 varies by more than gateway and nginx differ (either's was seen to go from
1 ms to 60 within one run, why is not known), so the first rate takes three times as many rounds.
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
HALF = 0.5
TIMES_THE_ROUNDS = 3
BUSY_MAX = 0.55  # of the gateway's core, where it shall be half idle
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
    if program:
        program.forget_log()
    sample = json.loads(done.stdout)
    return {**sample, "cpu_us": spent / sample["sent"] * 1e6}


def saturated(stage, gateway, base, secs):
    """Requests per second that the gateway answers in a closed loop."""
    target = load.Target("gateway", gateway, base, INFO, headers=[f"Authorization: Bearer {stage.key}"])
    load.ask(target, CLIENTS, 1, stage.others)
    sample = load.ask(target, CLIENTS, secs, stage.others)
    return sample["requests"] / sample["duration_us"] * 1e6


def within_generator(stage, direct, rate):
    """`rate`, or less where the generator cannot keep up with it."""
    for _ in range(5):
        core = asked(stage, *direct, rate, 0.5)["core"]
        if core <= GENERATOR_CORE_MAX:
            break
        rate *= 0.9 * GENERATOR_CORE_MAX / core
    return rate


def half_idle(stage, gateway, mine, rate):
    """At most `rate`: where the gateway's core has about as much to do as not."""
    for _ in range(5):
        busy = asked(stage, *mine, rate, 1, gateway)["cpu_us"] * rate / 1e6
        if busy <= BUSY_MAX:
            break
        rate *= HALF / busy
    return rate


def compared(stage, whom, programs, rate, secs, rounds):
    samples = {name: [] for name in whom}
    for number in range(rounds):
        for name in list(whom)[number % 3:] + list(whom)[:number % 3]:
            samples[name].append(asked(stage, *whom[name], rate, secs, programs.get(name)))
    return samples


def measure(options):
    with Stage(options.gateway) as stage:
        stage.start_upstream()
        programs = {"nginx": stage.start_peer("nginx")}
        programs["gateway"], base = stage.start_gateway()
        upstream = request_of("GET", UPSTREAM_INFO)
        whom = {"direct": (stage.address("stub"), upstream), "nginx": (stage.address("nginx"), upstream),
                "gateway": (base, request_of("GET", INFO, stage.key))}
        capacity = saturated(stage, programs["gateway"], base, options.secs)
        rate = within_generator(stage, whom["direct"], HALF * capacity)
        lower = half_idle(stage, programs["gateway"], whom["gateway"], rate)
        rows = []
        for where, rate, rounds, goals in ((f"{rate / capacity:.0%} of capacity", rate, TIMES_THE_ROUNDS * options.rounds, True),
                                           ("core half idle", lower, options.rounds, False)):
            print(f"open loop at {rate:,.0f} requests/s, of {capacity:,.0f} at saturation: {where}", flush=True)
            samples = compared(stage, whom, programs, rate, options.secs, rounds)
            rows += rows_of(samples, rate, f"{where} ({rate:,.0f}/s)", goals)
    return rows


def rows_of(samples, rate, where, goals):
    rows = []
    for share in ("p50_us", "p99_us"):
        added = {name: statistics.median(mine[share] - direct[share] for mine, direct in zip(samples[name], samples["direct"]))
                 for name in ("nginx", "gateway")}
        own = statistics.median(sample[share] for sample in samples["direct"])
        of_nginx = load.ratio(samples, "gateway", "nginx", share)
        words = f"{added['gateway']:,.0f} us; nginx {added['nginx']:,.0f} us, to the stub's {own:,.0f} us"
        what = f"latency added, {share[:3]}, {where}"
        figures = {"added_us": added, "direct_us": own, "rate": rate, "of_nginx": vars(of_nginx),
                   "generator_core": load.middle(samples, "gateway", "core")}
        if not goals:
            rows.append(Row(what, "-", words, None, figures))
        elif share == "p50_us":
            rows.append(at_most(what, ABOVE_NGINX_P50_US_MAX, added["gateway"] - added["nginx"], words, figures,
                                goal=f"<= nginx's + {ABOVE_NGINX_P50_US_MAX} us"))
        else:
            rows.append(at_most(f"latency, p99 with the stub's own, {where}, of nginx's", OF_NGINX_P99_MAX, of_nginx.middle,
                                f"{of_nginx}; added {words}", figures))
    cost = load.ratio(samples, "gateway", "nginx")
    figures = {name: load.middle(samples, name, "cpu_us") for name in ("nginx", "gateway")}
    busy = figures["gateway"] * rate / 1e6
    print(f"the generator's core was busy to {load.middle(samples, 'gateway', 'core'):.0%}", flush=True)
    rows.append(Row(f"CPU per request, info, {where}, of nginx's", "-", f"{cost}; {busy:.0%} of a core", None, figures))
    return rows


if __name__ == "__main__":
    sys.exit(alone(measure, __doc__))
