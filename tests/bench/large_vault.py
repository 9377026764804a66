#!/usr/bin/env python3
"""A vault of a million users: how soon the gateway is ready, what a look-up costs, how much memory it takes.

Users are put in over the API. Where that would take longer than FILLING_S_MAX, fewer are put in, and the rows say so.
"""
import http.client
import statistics
import sys
import time

import load
import users
from measurement import Row, alone, at_most
from stage import INFO, USER, Stage

EMPTY_READY_MS_MAX = 100
LARGE_READY_MS_MAX = 2000
LOOK_UP_OF_SMALL_MAX = 1.05  # the tables of more users do not fit the processor's caches
FILLING_S_MAX = 360
SMALL = 1_000
TRIAL = 5_000
STARTS = 3
REMEMBERED = 50_000  # well within what the vault keeps open
CLIENTS = 64


def is_ready(admin):
    try:
        connection = http.client.HTTPConnection(admin.split("//")[1], timeout=10)
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False


def started(stage, database):
    """A gateway on that store, and the milliseconds from its start to its first 200 on /readyz."""
    gateway, base = stage.start_gateway(database=database, connected=False)
    while not is_ready(gateway.admin):
        if time.monotonic() > gateway.began + 60:
            raise RuntimeError("the gateway is not ready after a minute")
        time.sleep(0.002)
    return gateway, base, (time.monotonic() - gateway.began) * 1000


def start_ms(stage, names):
    """The median over starts on these stores."""
    found = []
    for name in names:
        gateway, _, took_ms = started(stage, name)
        gateway.stop()
        found.append(took_ms)
    return statistics.median(found)


def fill(stage, base, wanted):
    """As many users as can be put in in time; how many."""
    first = min(TRIAL, wanted)
    rate = first / users.connect_range(base, stage.key, 0, first)
    count = min(wanted, max(first, int(rate * FILLING_S_MAX) // 1000 * 1000))
    print(f"{rate:,.0f} users a second: putting in {count:,}", flush=True)
    users.connect_range(base, stage.key, first, count)
    return count


def rate_of(sample):
    return sample["requests"] / sample["duration_us"] * 1e6


def target_on(stage, name, program, base, visited, among):
    return load.Target(name, program, base, INFO.replace(USER, "@USER@"), users=visited, among=among,
                       headers=[f"Authorization: Bearer {stage.key}"])


def look_ups(stage, options, small, large, count):
    """CPU of a request for a user seen the first time, and of one for a user seen before, of that in a small vault."""
    few = target_on(stage, "small", *small, SMALL, SMALL)
    load.ask(few, CLIENTS, 1, stage.others)
    usual = load.ask(few, CLIENTS, options.secs, stage.others)
    first = load.ask(target_on(stage, "first", *large, count, count), CLIENTS, options.secs, stage.others)
    many = target_on(stage, "large", *large, min(count, REMEMBERED), count)
    load.ask(many, CLIENTS, int(many.users / rate_of(first)) + 2, stage.others)  # all of them are known now
    samples = load.interleaved([few, many], CLIENTS, options.rounds, options.secs, stage.others)
    load.show(f"look-ups of {SMALL:,} users and of {many.users:,} among {count:,}", samples, "small", CLIENTS)
    return first["cpu_us"] / usual["cpu_us"], load.ratio(samples, "large", "small")


def measure(options):
    with Stage(options.gateway) as stage:
        stage.start_upstream()
        small, small_base, _ = started(stage, "small")
        users.connect(small_base, stage.key, SMALL)
        empty_ms = start_ms(stage, [f"empty{number}" for number in range(STARTS)])
        large, base, _ = started(stage, "large")
        empty_kib = large.memory_kib()
        count = fill(stage, base, options.vault_users)
        large.stop()
        large_ms = start_ms(stage, ["large"] * STARTS)
        large, base, _ = started(stage, "large")
        fresh_kib = large.memory_kib()
        first, known = look_ups(stage, options, (small, small_base), (large, base), count)
        used_kib = large.memory_kib()
    named = f"{count:,} users" + ("" if count == options.vault_users else f" (of {options.vault_users:,}: no time for more)")
    return [at_most("start to ready, empty store", EMPTY_READY_MS_MAX, empty_ms, f"{empty_ms:.0f} ms",
                    goal=f"<= {EMPTY_READY_MS_MAX} ms"),
            at_most(f"start to ready, {named}", LARGE_READY_MS_MAX, large_ms, f"{large_ms:.0f} ms",
                    goal=f"<= {LARGE_READY_MS_MAX} ms"),
            at_most(f"CPU per request, {named}, of {SMALL:,}'s", LOOK_UP_OF_SMALL_MAX, known.middle, str(known)),
            Row(f"CPU of a user's first request, {named}, of a later one's", "-", f"{first:.2f}", None, {"value": first}),
            Row(f"memory, {named}", "-", f"{fresh_kib / 1024:.0f} MiB, after look-ups {used_kib / 1024:.0f} MiB; "
                f"empty {empty_kib / 1024:.0f} MiB", None,
                {"empty_kib": empty_kib, "fresh_kib": fresh_kib, "used_kib": used_kib, "users": count})]


if __name__ == "__main__":
    sys.exit(alone(measure, __doc__))
