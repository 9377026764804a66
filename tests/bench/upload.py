#!/usr/bin/env python3
"""One large upload: CPU time per GB of the gateway and of nginx that passes the same chunks on unbuffered, and memory.

The gateway takes one raw body, cuts it into TikTok's chunks and takes its digest; nginx gets those chunks as they are.
Both send to the same stub over TLS, which reads each chunk whole before it answers as TikTok would.
"""
import hashlib
import http.client
import statistics
import sys

from measurement import alone, at_most
from stage import USER, Stage

CPU_OF_NGINX_MAX = 1.15
ABOVE_IDLE_MIB_MAX = 32
CHUNK_BYTES = 10_000_000  # the gateway's own choice for large files
PIECE_BYTES = 1 << 20
# The first box of an MP4 file; the rest is never looked into on the way.
MP4 = bytes.fromhex("00000020667479706d703432000000006d70343269736f6d61766331") + bytes(4)


def pieces(size_bytes):
    """The video, a piece at a time; no two are alike."""
    for number, first in enumerate(range(0, size_bytes, PIECE_BYTES)):
        piece = bytearray(min(PIECE_BYTES, size_bytes - first))
        piece[:8] = number.to_bytes(8, "big")
        if number == 0:
            piece[:len(MP4)] = MP4
        yield piece


def send(connection, method, path, headers, body, size_bytes):
    connection.putrequest(method, path)
    for name, value in {**headers, "Content-Type": "video/mp4", "Content-Length": str(size_bytes)}.items():
        connection.putheader(name, value)
    connection.endheaders()
    for piece in body:
        connection.send(piece)
    answer = connection.getresponse()
    text = answer.read()
    if answer.status not in (200, 201, 206):
        raise RuntimeError(f"{method} {path}: {answer.status} {text[:400]!r}")
    return text


def to_gateway(base, key, size_bytes):
    """Uploads one raw body and checks the gateway's digest of it."""
    digest = hashlib.sha256()

    def body():
        for piece in pieces(size_bytes):
            digest.update(piece)
            yield piece
    connection = http.client.HTTPConnection(base.split("//")[1], timeout=600)
    text = send(connection, "POST", f"/v1/users/{USER}/videos?keep=false", {"Authorization": f"Bearer {key}"}, body(), size_bytes)
    connection.close()
    if digest.hexdigest().encode() not in text:
        raise RuntimeError(f"the upload did not arrive whole: {text[:400]!r}")


def to_nginx(base, size_bytes):
    """The same number of bytes in TikTok's chunks over one connection; the last takes the remainder."""
    connection = http.client.HTTPConnection(base.split("//")[1], timeout=600)
    count = max(1, size_bytes // CHUNK_BYTES)
    for number in range(count):
        first = number * CHUNK_BYTES
        last = size_bytes - 1 if number == count - 1 else first + CHUNK_BYTES - 1
        send(connection, "PUT", "/upload/?upload_id=67890", {"Content-Range": f"bytes {first}-{last}/{size_bytes}"},
             pieces(last + 1 - first), last + 1 - first)
    connection.close()


def cost(program, work):
    before = program.cpu_seconds()
    work()
    return program.cpu_seconds() - before


def measure(options):
    size_bytes = options.mib << 20
    with Stage(options.gateway) as stage:
        stage.values.update(UPLOAD_SIZE=size_bytes, UPLOAD_LAST=size_bytes - 1)
        stage.start_upstream()
        nginx = stage.start_peer("nginx")
        gateway, base = stage.start_gateway()
        idle_kib = gateway.memory_kib()
        gigabytes = size_bytes / 1e9
        rounds = []
        for _ in range(min(options.rounds, 3)):
            theirs = cost(nginx, lambda: to_nginx(stage.address("nginx"), size_bytes)) / gigabytes
            ours = cost(gateway, lambda: to_gateway(base, stage.key, size_bytes)) / gigabytes
            rounds.append((ours, theirs))
            print(f"upload of {options.mib} MiB: nginx {theirs:.2f}, gateway {ours:.2f} CPU s/GB", flush=True)
        above_mib = (gateway.peak_kib() - idle_kib) / 1024
    ours, theirs = (statistics.median(column) for column in zip(*rounds))
    share = statistics.median(mine / max(1e-9, other) for mine, other in rounds)
    return [at_most("CPU per GB of upload, of nginx's", CPU_OF_NGINX_MAX, share,
                    f"{share:.2f}: {ours:.2f} of {theirs:.2f} s/GB", {"gateway": ours, "nginx": theirs}),
            at_most(f"memory of an upload of {options.mib} MiB, above idle", ABOVE_IDLE_MIB_MAX, above_mib,
                    f"{above_mib:.1f} MiB", goal=f"<= {ABOVE_IDLE_MIB_MAX} MiB")]


if __name__ == "__main__":
    sys.exit(alone(measure, __doc__))
