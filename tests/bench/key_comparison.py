#!/usr/bin/env python3
"""The work for a refused key does not depend on how close it is to a right one (docs/promises.md C28).

Instructions are counted, by callgrind and in the running gateway, while it looks for the caller of a key. Every key here
has the same length, so each must cost exactly as many as the others: keys that share more or less of their beginning
with a right one, with and without the right one shown before on the same connection; and keys whose digest differs from
a caller's in its first or in its last byte only.
"""
import argparse
import collections
import hashlib
import json
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import callgrind  # noqa: E402
from clients import answer_size, request_of  # noqa: E402
from stage import ROOT, Stage  # noqa: E402

# Nothing is counted outside of the first; whatever the answer, one of the others follows it and ends the count.
COUNTED = "gateway::pipeline::identify(*"
NEXT = ("gateway::pipeline::refuse_unknown_key(*", "gateway::pipeline::may_do(*")
ROUNDS = 3
NOT_COMPARED = "not compared"  # of a right key, which is kept, and of those that find memory in another state
UNKNOWN_KEYS_MAX = 1_000_000


def wrong_from(key, place):
    """A key that differs from `key` in every character from `place` on."""
    return key[:place] + "".join("y" if character == "x" else "x" for character in key[place:])


def digest_but_for(key, place):
    """The SHA-256 of `key`, in hex, with one byte changed."""
    digest = bytearray(hashlib.sha256(key.encode()).digest())
    digest[place] ^= 1
    return digest.hex()


def callers_of(keys_sha256):
    return json.dumps([{"name": f"caller{number}", "key_sha256": one, "requests_per_minute": UNKNOWN_KEYS_MAX}
                       for number, one in enumerate(keys_sha256)])


class Connection:
    """Asks with one key after the other, and notes which group of equals each belongs to."""

    def __init__(self, base):
        host, port = base.split("//")[1].split(":")
        self.socket = socket.create_connection((host, int(port)), 60)
        self.groups = []

    def ask(self, group, name, key, status):
        self.socket.sendall(request_of("GET", "/v1/users", key))
        data = b""
        while not answer_size(data) or len(data) < answer_size(data):
            piece = self.socket.recv(65536)
            if not piece:
                raise RuntimeError(f"closed before the answer to {name}: {data[:200]!r}")
            data += piece
        if data[9:12] != str(status).encode():
            raise RuntimeError(f"{name} is answered {data[:400]!r}")
        self.groups.append((group, name))


def ask_all(to, right, near_digests):
    wrong = {f"{place} of {len(right)} characters right": wrong_from(right, place)
             for place in (0, 1, 8, 16, 32, len(right) - 1)}
    refused = {**wrong, **near_digests}
    for _ in range(ROUNDS):
        for name, key in refused.items():
            to.ask("refused", name, key, 401)
        for name, key in wrong.items():
            to.ask(NOT_COMPARED, "the right one", right, 200)
            to.ask("refused, after the right one", name, key, 401)
        to.ask(NOT_COMPARED, "the first after that", wrong_from(right, 0), 401)


def counted(gateway):
    """[(group, name, instructions)] of every key that was asked with."""
    with Stage(gateway) as stage:
        right = stage.key
        near = {f"a digest that differs in byte {place} of 32": (wrong_from(right, 2 + number), place)
                for number, place in enumerate((0, 15, 31))}
        callers = [stage.key_sha256, *(digest_but_for(*one) for one in near.values())]
        environment = {**callgrind.SAME_EVERYWHERE, "TIKTOK_GATEWAY__CALLERS": callers_of(callers),
                       "TIKTOK_GATEWAY__LIMITS__UNKNOWN_KEYS_PER_MINUTE": str(UNKNOWN_KEYS_MAX)}
        profile = stage.run / "key.callgrind"
        under = [*callgrind.under(profile), f"--toggle-collect={COUNTED}", *(f"--dump-before={one}" for one in NEXT)]
        program, base = stage.start_gateway(under, cores=[], seconds=120, environment=environment, connected=False)
        to = Connection(base)
        to.ask(NOT_COMPARED, "the first of all", wrong_from(right, 0), 401)
        to.ask(NOT_COMPARED, "the right one", right, 200)
        to.ask(NOT_COMPARED, "the first after it", wrong_from(right, 0), 401)
        ask_all(to, right, {name: key for name, (key, _) in near.items()})
        callgrind.end(program, base)
        parts = [f"{profile}.{number}" for number in range(1, len(to.groups) + 1)]
        return [(*asked, callgrind.read(part).instructions) for asked, part in zip(to.groups, parts)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gateway", default=ROOT / "build" / "dev" / "tiktok-gateway")
    found = collections.defaultdict(lambda: collections.defaultdict(set))
    for group, name, instructions in counted(parser.parse_args().gateway):
        found[group][name].add(instructions)
    found.pop(NOT_COMPARED)
    fine = True
    for group, names in found.items():
        # The fewest of each: what the system's allocator does now and then comes on top.
        figures = {min(each) for each in names.values()}
        same = len(figures) == 1 and min(figures) > 1_000  # a digest alone costs more
        fine = fine and same
        print(f"{group}: {len(names)} keys, {sorted(figures)} instructions" + ("" if same else ": NOT THE SAME"))
        for name, each in names.items() if not same else ():
            print(f"  {name}: {sorted(each)}")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
