#!/usr/bin/env python3
"""Calls that wait for news of posts: memory of each, and the time from a webhook's answer to the last of their answers."""
import hashlib
import hmac
import json
import resource
import select
import socket
import sys
import time
import urllib.parse
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "harness"))

from measurement import alone, at_most  # noqa: E402
from peers import Gateway, Simulator, ask  # noqa: E402
from programs import CLIENT_KEY, CLIENT_SECRET, start_both, temporary_folder  # noqa: E402

USERS, POSTS_OF_EACH, WAITERS_OF_EACH = 100, 10, 10
KIB_PER_WAITER_MAX = 8.0
ANSWERED_MS_MAX = 250.0
BETWEEN_WEBHOOKS_S = 0.02
VIDEO = b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + bytes(1000)
MORE_SETTINGS = """
workers: 2
posts: {looks_per_second: 0}
limits: {tiktok: {video_init_per_minute: 100000, creator_info_per_minute: 100000, status_fetch_per_minute: 100000}}
"""


def memory_kib(process):
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise RuntimeError("no VmRSS")


def prepare(folder):
    """More room than the demo's settings have."""
    settings = folder / "gateway.yaml"
    text = settings.read_text()
    text = text.replace("listen: {port:", "listen: {connections_max: 20000, port:")
    text = text.replace("key_sha256:", "requests_per_minute: 1000000\n    key_sha256:")
    settings.write_text(text + MORE_SETTINGS)


def make_posts(gateway, control):
    """Posts that TikTok goes on processing; their users and ids."""
    posts = []
    for number in range(USERS):
        user = f"user-{number}"
        tokens = ask("POST", f"{control}/tokens", json.dumps({"account": "demo"})).json
        gateway.call("PUT", f"/v1/users/{user}/tokens", body=tokens)
        for _ in range(POSTS_OF_EACH):
            made = gateway.call("POST", f"/v1/users/{user}/videos", {"publish": "true"}, VIDEO, {"Content-Type": "video/mp4"})
            if not made.well:
                raise RuntimeError(made.text)
            posts.append((user, made.data["publish_id"]))
    return posts


class Waiters:
    """Sockets that each wait for one post."""

    def __init__(self, gateway, posts):
        self.poll, self.sockets = select.epoll(), {}
        parts = urllib.parse.urlsplit(gateway.url)
        for user, post in posts:
            request = (f"GET /v1/users/{user}/posts/{urllib.parse.quote(post)}?wait=60 HTTP/1.1\r\nHost: localhost\r\n"
                       f"Authorization: Bearer {gateway.key}\r\n\r\n").encode()
            for _ in range(WAITERS_OF_EACH):
                one = socket.create_connection((parts.hostname, parts.port), 60)
                one.sendall(request)
                self.sockets[one.fileno()] = (one, post)
                self.poll.register(one.fileno(), select.EPOLLIN)

    def answers(self, seconds):
        """(post, bytes) of each answer that comes within the time."""
        for number, _ in self.poll.poll(seconds):
            one, post = self.sockets[number]
            yield post, one.recv(65536)

    def close(self):
        for one, _ in self.sockets.values():
            one.close()
        self.poll.close()


def signed_event(post):
    body = json.dumps({"client_key": CLIENT_KEY, "event": "post.publish.complete", "create_time": int(time.time()),
                       "user_openid": "open", "content": json.dumps({"publish_id": post, "publish_type": "DIRECT_PUBLISH"})})
    now = str(int(time.time()))
    signature = hmac.new(CLIENT_SECRET.encode(), f"{now}.{body}".encode(), hashlib.sha256).hexdigest()
    return body, {"Content-Type": "application/json", "TikTok-Signature": f"t={now},s={signature}"}


def end_all(gateway, posts, waiters, since="answer"):
    """For each post the milliseconds from the answer to its webhook, or from its `arrival`, to the last answer of those
    who waited."""
    told, last, left = {}, {}, {post: WAITERS_OF_EACH for _, post in posts}

    def take(seconds):
        for post, answer in waiters.answers(seconds):
            if b'"state":"published"' not in answer:
                raise RuntimeError(f"not the end: {answer[:300]!r}")
            last[post] = time.monotonic()
            left[post] -= 1

    for _, post in posts:
        body, headers = signed_event(post)
        sent = time.monotonic()
        answer = ask("POST", f"{gateway.url}/webhooks/tiktok", body, headers)
        told[post] = time.monotonic() if since == "answer" else sent
        if answer.status != 200:
            raise RuntimeError(answer.text)
        take(BETWEEN_WEBHOOKS_S)
    until = time.monotonic() + 30
    while any(left.values()) and time.monotonic() < until:
        take(1)
    if any(left.values()):
        raise RuntimeError(f"{sum(left.values())} answers did not come")
    return sorted(1000 * max(0.0, last[post] - told[post]) for post in told)


def prepare_tiktok(control):
    """Posts go on for a day, and nothing is refused for its number."""
    Simulator(control).set({"timing": {"processing_ms": 86_400_000}, "limits": {
        "init_per_minute": 100_000, "creator_info_per_minute": 100_000, "status_per_minute": 100_000,
        "posts_per_day": 100_000}})


def wait_until_all_wait(admin, count):
    until = time.monotonic() + 60
    while f"tiktok_gateway_post_waiters {count}" not in ask("GET", admin + "/metrics").text.splitlines():
        if time.monotonic() > until:
            raise RuntimeError("not all of them wait")
        time.sleep(0.2)


def many_sockets():
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)


def measure(options):
    many_sockets()
    gateway = options.gateway.resolve()
    programs = (str(gateway), str(gateway.parent / "tests/tiktok-simulator"))
    with temporary_folder("gateway-waiters-") as (folder, started):
        program, simulator, key = start_both(programs, folder, started, "media.example.com", prepare=prepare)
        control = simulator.listening["control"]
        prepare_tiktok(control)
        gateway = Gateway(program.listening["api"], key)
        posts = make_posts(gateway, control)
        time.sleep(2)
        before_kib = memory_kib(program.process)
        waiters = Waiters(gateway, posts)
        count = len(waiters.sockets)
        wait_until_all_wait(program.listening["admin"], count)
        time.sleep(2)
        with_kib = memory_kib(program.process)
        times = end_all(gateway, posts, waiters)
        waiters.close()
    each_kib = (with_kib - before_kib) / count
    worst = times[int(len(times) * 0.99)]
    return [at_most(f"memory of a call that waits, of {count:,} for {len(posts):,} posts", KIB_PER_WAITER_MAX, each_kib,
                    f"{each_kib:.2f} KiB", {"before_kib": before_kib, "with_kib": with_kib}, f"<= {KIB_PER_WAITER_MAX:g} KiB"),
            at_most("from a webhook's answer to the last of those who waited, p99", ANSWERED_MS_MAX, worst,
                    f"{worst:.1f} ms (p50 {times[len(times) // 2]:.1f})", goal=f"<= {ANSWERED_MS_MAX:g} ms")]


if __name__ == "__main__":
    sys.exit(alone(measure, __doc__))
