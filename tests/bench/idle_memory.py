#!/usr/bin/env python3
"""Memory of idle keep-alive connections, each of which has sent one request, and of the program as a whole."""
import sys
import time

from clients import Clients, request_of
from measurement import alone, at_most
from stage import INFO, Stage

KIB_PER_CONNECTION_MAX = 6.0
PROCESS_MIB_MAX = 90
AT_ONCE = 250
SETTLING_S = 1


def measure(options):
    """Connections are opened some at a time, so that a burst does not size the pool behind them."""
    groups = []
    with Stage(options.gateway) as stage:
        stage.start_upstream()
        gateway, base = stage.start_gateway()
        request = request_of("GET", INFO, stage.key)
        with Clients(base, AT_ONCE) as warming:  # the pool to TikTok, and what grows once
            warming.ask([request] * AT_ONCE * 4)
        time.sleep(SETTLING_S)
        before_kib = gateway.memory_kib()
        for _ in range(max(1, options.idle // AT_ONCE)):
            groups.append(Clients(base, AT_ONCE))
            groups[-1].ask([request] * AT_ONCE)
        time.sleep(SETTLING_S)
        with_kib = gateway.memory_kib()
        for group in groups:
            group.close()
    connections = len(groups) * AT_ONCE
    each_kib = (with_kib - before_kib) / connections
    print(f"idle: {before_kib / 1024:.1f} MiB before, {with_kib / 1024:.1f} MiB with {connections:,} connections", flush=True)
    return [at_most(f"memory per idle connection, of {connections:,}", KIB_PER_CONNECTION_MAX, each_kib,
                    f"{each_kib:.2f} KiB", goal=f"<= {KIB_PER_CONNECTION_MAX:g} KiB"),
            at_most(f"memory of the process with {connections:,} idle connections", PROCESS_MIB_MAX, with_kib / 1024,
                    f"{with_kib / 1024:.1f} MiB", {"before_kib": before_kib, "with_kib": with_kib}, f"<= {PROCESS_MIB_MAX} MiB")]


if __name__ == "__main__":
    sys.exit(alone(measure, __doc__))
