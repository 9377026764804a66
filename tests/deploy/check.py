#!/usr/bin/env python3
"""deploy/ fits the service and itself. Every fault is one line."""
import sys

sys.dont_write_bytecode = True

from files import FAULTS
from hosts import check_hosts
from kubernetes import check_kubernetes
from metrics import check_watching

if __name__ == "__main__":
    check_kubernetes()
    check_hosts()
    check_watching()
    print("\n".join(FAULTS) or "deploy/ fits the service")
    sys.exit(1 if FAULTS else 0)
