#!/usr/bin/env python3
"""Calls that wait at one replica for posts whose webhooks come to another: the time from a webhook's arrival to the last
of their answers. Both are on one PostgreSQL."""
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "harness"))

import yaml  # noqa: E402
from measurement import alone, at_most  # noqa: E402
from peers import Gateway  # noqa: E402
from postgresql import Server  # noqa: E402
from programs import Program, start_both, temporary_folder  # noqa: E402
from waiters import Waiters, end_all, make_posts, many_sockets, prepare, prepare_tiktok, wait_until_all_wait  # noqa: E402

ANSWERED_MS_MAX = 1500.0


def another(program, folder):
    """A replica with the settings of the first, and a port and a folder of its own."""
    own = folder / "another"
    own.mkdir(mode=0o700)
    settings = yaml.safe_load((folder / "gateway.yaml").read_text())
    settings["listen"]["port"] = 0
    settings["files"]["directory"] = str(own / "files")
    (own / "gateway.yaml").write_text(yaml.safe_dump(settings))
    return Program([program, "--config", str(own / "gateway.yaml")], own / "gateway.log")


def measure(options):
    many_sockets()
    gateway = options.gateway.resolve()
    programs = (str(gateway), str(gateway.parent / "tests/tiktok-simulator"))
    with Server() as server, temporary_folder("gateway-waiters-") as (folder, started):
        def prepare_both(where):
            prepare(where)
            settings = where / "gateway.yaml"
            settings.write_text(settings.read_text().replace(f"sqlite:{where}/gateway.db", server.url))
        first, simulator, key = start_both(programs, folder, started, "media.example.com", prepare=prepare_both)
        second = another(programs[0], folder)
        started.append(second)
        prepare_tiktok(simulator.listening["control"])
        to_first, to_second = (Gateway(program.listening["api"], key) for program in (first, second))
        posts = make_posts(to_first, simulator.listening["control"])
        waiters = Waiters(to_second, posts)
        wait_until_all_wait(second.listening["admin"], len(waiters.sockets))
        times = end_all(to_first, posts, waiters, since="arrival")
        waiters.close()
    worst = times[int(len(times) * 0.99)]
    return [at_most("from a webhook's arrival at one replica to the last of those who waited at another, p99", ANSWERED_MS_MAX,
                    worst, f"{worst:.1f} ms (p50 {times[len(times) // 2]:.1f})", goal=f"<= {ANSWERED_MS_MAX:g} ms")]


if __name__ == "__main__":
    sys.exit(alone(measure, __doc__))
