#!/usr/bin/env python3
"""One large upload through the gateway to the simulator: peak memory above idle, CPU per GB, and the digest at the end."""
import argparse
import hashlib
import http.client
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))
import settings_for  # noqa: E402
from processes import Program  # noqa: E402

# The first box of an MP4 file; the rest is never looked into on the way.
MP4 = bytes.fromhex("00000020667479706d703432000000006d70343269736f6d61766331") + bytes(4)


def control(base, path, body):
    connection = http.client.HTTPConnection(base.split("//")[1], timeout=30)
    connection.request("POST", path, body=json.dumps(body), headers={"Content-Type": "application/json"})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"simulator {path}: {answer.status} {text[:300]!r}")
    return json.loads(text)


def send(base, key, size_bytes, digest):
    """A raw body in pieces of 1 MiB, its digest taken on the way."""
    connection = http.client.HTTPConnection(base.split("//")[1], timeout=600)
    connection.putrequest("POST", "/v1/users/creator/videos?keep=false")
    connection.putheader("Authorization", f"Bearer {key}")
    connection.putheader("Content-Type", "video/mp4")
    connection.putheader("Content-Length", str(size_bytes))
    connection.endheaders()
    left, number = size_bytes, 0
    while left:
        piece = bytearray(min(1 << 20, left))
        piece[:8] = number.to_bytes(8, "big")
        if number == 0:
            piece[:len(MP4)] = MP4
        digest.update(piece)
        connection.send(piece)
        left -= len(piece)
        number += 1
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"upload: {answer.status} {text[:400]!r}")
    return json.loads(text)["data"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gateway", default=str(ROOT / "build/release/tiktok-gateway"))
    parser.add_argument("--simulator", default=str(ROOT / "build/release/tests/tiktok-simulator"))
    parser.add_argument("--mib", type=int, default=2048)
    options = parser.parse_args()
    if not 1 <= options.mib <= 4096:
        parser.error("TikTok takes up to 4096 MiB")
    run = Path(tempfile.mkdtemp(prefix="gateway-upload-"))
    started = []
    try:
        (run / "simulator.yaml").write_text(f"directory: {run}\n")
        simulator = Program("simulator", [options.simulator, "--config", str(run / "simulator.yaml")], [], run / "simulator.log")
        started.append(simulator)
        tiktok = simulator.first_line()
        key, digest_of_key = settings_for.new_key(options.gateway)
        upload_host = tiktok["upload"].split("//")[1]
        path = settings_for.write(run, options.gateway, tiktok["api"], tiktok["ca_file"], 1, digest_of_key,
                                  f"upload_hosts: ['{upload_host}']")
        gateway = Program("gateway", [options.gateway, "--config", str(path)], [], run / "gateway.log")
        started.append(gateway)
        base = gateway.first_line()["api"]
        tokens = control(tiktok["control"], "/tokens", {"client_key": "demo-client-key"})
        settings_for.call(base, "PUT", "/v1/users/creator/tokens", key, json.dumps(tokens))
        idle_kib, cpu = gateway.memory_kib(), gateway.cpu_seconds()
        digest, began = hashlib.sha256(), time.monotonic()
        data = send(base, key, options.mib << 20, digest)
        seconds = time.monotonic() - began
        whole = data["sha256"] == digest.hexdigest()
        gigabytes = options.mib * 1.048576 / 1000
        print(f"{options.mib} MiB in {data['total_chunk_count']} chunks of {data['chunk_size']} bytes, {seconds:.1f} s")
        print(f"gateway: idle {idle_kib / 1024:.1f} MiB, peak {gateway.memory_kib('VmHWM') / 1024:.1f} MiB, "
              f"above idle {(gateway.memory_kib('VmHWM') - idle_kib) / 1024:.1f} MiB, "
              f"{(gateway.cpu_seconds() - cpu) / gigabytes:.2f} CPU s/GB")
        print(f"arrived whole: {'yes' if whole else 'NO'}")
        return 0 if whole else 1
    finally:
        for program in reversed(started):
            program.stop()
        shutil.rmtree(run, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
