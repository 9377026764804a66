"""Instructions and allocations of a program, counted by callgrind over a number of requests.

The program is run twice, from its start to its end: once with some requests, once with `count` more. What the second
run did more is theirs. So nothing has to be attached to a program that allows no such thing.
"""
import re
import socket
from dataclasses import dataclass

from clients import Clients

# Libraries choose their code by what the processor can do. This choice is in every processor of the last ten years, so
# the same instructions are counted on all of them: no AVX and what came with it or after it.
SAME_EVERYWHERE = {
    "OPENSSL_ia32cap": "~0x1000180000000000:~0xffffffffffffffff",
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX,-AVX2,-AVX_Fast_Unaligned_Load,-AVX512F,-AVX512VL,-AVX512BW,"
                      "-BMI1,-BMI2,-LZCNT,-MOVBE,-RTM,-ERMS,-FSRM,-FMA,-FMA4,-XSAVEC",
}
# Of C++ code. OpenSSL, which has functions of its own for it, allocates four times for the two records of a call.
ALLOCATING = ("operator new(unsigned long)", "operator new(unsigned long, std::align_val_t)")
# At once, where allocations are counted: one client at a time would find again what it has just given back.
CLIENTS_AT_ONCE = 16
WARM = 300


@dataclass
class Counted:
    instructions: float
    allocations: float

    def __sub__(self, other):
        return Counted(self.instructions - other.instructions, self.allocations - other.allocations)

    def each(self, count):
        return Counted(self.instructions / count, self.allocations / count)


def under(profile):
    return ["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile}"]


def read(profile):
    """The totals of callgrind's file. Names stand in it once, `(7) malloc`, and are `(7)` from then on."""
    names, instructions, allocations, called = {}, 0, 0, ""
    with open(profile, errors="replace") as lines:
        for line in lines:
            if line.startswith(("fn=", "cfn=")):
                number, _, name = line.partition("=")[2].strip().partition(" ")
                called = names.setdefault(number, name)
            elif line.startswith("calls=") and called in ALLOCATING:
                allocations += int(line[6:].split()[0])
            elif line.startswith(("totals:", "summary:")):
                instructions = int(re.search(r"\d+", line)[0])
    return Counted(instructions, allocations)


def end(program, base):
    """nginx under valgrind sees the signal only when it has something to do, so it gets a connection, too."""
    host, port = base.split("//")[1].split(":")
    program.process.terminate()
    try:
        socket.create_connection((host, int(port)), 5).close()
    except OSError:  # it was fast
        pass
    program.process.wait(60)


def run(start, profile, requests, clients):
    """Runs a program from start to end: start() gives it and its address; keep-alive clients send requests."""
    program, base = start(under(profile))
    with Clients(base, clients) as asking:
        asking.ask(requests)
    end(program, base)
    return read(profile)


def with_clients(clients, start, run_folder, name, requests, count):
    """{kind: Counted}; all kinds are asked WARM times in every run."""
    warm = [request for request in requests.values() for _ in range(WARM)]
    before = run(start, run_folder / f"{name}.callgrind", warm, clients)
    figures = {}
    for kind, request in requests.items():
        after = run(start, run_folder / f"{name}.{kind}.callgrind", warm + [request] * count, clients)
        figures[kind] = (after - before).each(count)
    return figures


def per_request(start, run_folder, name, requests, count):
    """{kind: Counted} of one request of each kind in {kind: bytes}: instructions of one client's, who finds nothing else
    going on, and allocations among many."""
    alone = with_clients(1, start, run_folder, name, requests, count)
    among = with_clients(CLIENTS_AT_ONCE, start, run_folder, name, requests, count)
    return {kind: Counted(alone[kind].instructions, among[kind].allocations) for kind in requests}
