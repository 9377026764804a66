#!/usr/bin/env python3
"""How often a keyed write waits for the disk: fsync and fdatasync of the gateway on SQLite, counted by strace.

Photo posts and small uploads one after another, then photo posts of many clients at once, who share commits. A
checkpoint, which moves the log's pages to their places once there are a thousand, is no commit: it syncs the log, then the
database, by which it is known, and then the head of the log that begins anew.
"""
import itertools
import json
import sys

from clients import Clients, request_of
from measurement import alone, at_most
from stage import USER, Stage
from strace import Trace
from upload import MP4

PER_PHOTO_POST_MAX = 2
PER_UPLOAD_MAX = 3
PER_PARALLEL_POST_MAX = 1
SYNCS_PER_CHECKPOINT = 3
CLIENTS = 64
PHOTO = json.dumps({"photo_images": ["https://media.example.test/crumb.jpg"], "photo_cover_index": 0,
                    "post_mode": "MEDIA_UPLOAD"})
VIDEO = MP4 + bytes(20_000)


class Writes:
    """Requests with keys that no other has."""

    def __init__(self, key):
        self.key = key
        self.numbers = itertools.count()

    def photos(self, count):
        for number in itertools.islice(self.numbers, count):
            yield request_of("POST", f"/v1/users/{USER}/photos", self.key, PHOTO, [("Idempotency-Key", f"photo-{number}")])

    def videos(self, count):
        for number in itertools.islice(self.numbers, count):
            head = request_of("POST", f"/v1/users/{USER}/videos?keep=false", self.key, fields=[
                ("Idempotency-Key", f"video-{number}"), ("Content-Type", "video/mp4"), ("Content-Length", str(len(VIDEO)))])
            yield head + VIDEO


def commits_of(trace, base, clients, requests):
    """Commits per write, once one round has opened connections and files."""
    with Clients(base, clients) as asking:
        asking.ask(itertools.islice(requests, clients))
        begin = trace.now()
        count = asking.ask(requests)
        files = [path for _, path in trace.calls(begin, trace.now())]
        checkpoints = sum(not path.endswith("-wal") for path in files)
        return (len(files) - SYNCS_PER_CHECKPOINT * checkpoints) / count


def measure(options):
    sequential, parallel = max(20, options.count // 10), options.count * 2
    with Stage(options.gateway) as stage:
        stage.values.update(UPLOAD_SIZE=len(VIDEO), UPLOAD_LAST=len(VIDEO) - 1)
        stage.start_upstream()
        trace = Trace(stage.run / "commits.calls", ["fsync", "fdatasync"])
        _, base = stage.start_gateway(trace.argv(), seconds=60)
        writes = Writes(stage.key)
        photo = commits_of(trace, base, 1, writes.photos(sequential))
        video = commits_of(trace, base, 1, writes.videos(sequential))
        together = commits_of(trace, base, CLIENTS, writes.photos(parallel))
    rows = [at_most("durable commits per keyed photo post", PER_PHOTO_POST_MAX, photo, f"{photo:.2f}"),
            at_most("durable commits per keyed upload", PER_UPLOAD_MAX, video, f"{video:.2f}"),
            at_most(f"durable commits per keyed photo post, {CLIENTS} at once", PER_PARALLEL_POST_MAX, together,
                    f"{together:.2f}", goal=f"< {PER_PARALLEL_POST_MAX}")]
    return rows


if __name__ == "__main__":
    sys.exit(alone(measure, __doc__))
