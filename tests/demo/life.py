"""Shows the life of a post as the gateway tells it: a bar for the bytes of its upload, then its states, from the stream of events."""
import http.client
import json
import sys
import threading
import time
import urllib.parse

from peers import USER

BAR = 40
FOUND_WITHIN_S = 20


def events_of(answer):
    """(name, data) of each server-sent event until the stream ends."""
    name, data = "", ""
    for line in answer:
        line = line.decode().rstrip("\n")
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            data = line.removeprefix("data: ")
        elif not line and data:
            yield name, json.loads(data)
            name, data = "", ""


class Life(threading.Thread):
    """The next post of the demo's user, from the moment in which TikTok has given it an id. `with` waits for its end."""

    def __init__(self, gateway):
        super().__init__(daemon=True)
        self.gateway = gateway
        self.before = self.newest()
        self.told, self.states, self.bytes_told = [], [], 0

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.join(60)

    def newest(self):
        posts = self.gateway.of_user("GET", "/posts", query={"limit": 1}).data.get("posts", [])
        return posts[0]["publish_id"] if posts else None

    def run(self):
        until = time.monotonic() + FOUND_WITHIN_S
        post = self.newest()
        while (not post or post == self.before) and time.monotonic() < until:
            time.sleep(0.05)
            post = self.newest()
        parts = urllib.parse.urlsplit(self.gateway.url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=60)
        connection.request("GET", f"/v1/users/{USER}/posts/{urllib.parse.quote(post or 'none')}/events",
                           headers={"Authorization": f"Bearer {self.gateway.key}"})
        for name, data in events_of(connection.getresponse()):
            self.show(name, data)
        connection.close()

    def show(self, name, data):
        self.told.append(name)
        if name == "progress":
            self.bytes_told += 1
            done = BAR * data["bytes_sent"] // data["size"]
            line = f"   [{'#' * done}{'.' * (BAR - done)}] {data['bytes_sent']:>12,} of {data['size']:,} bytes"
            print(f"\r{line}" if sys.stdout.isatty() else line, end="" if sys.stdout.isatty() else "\n", flush=True)
        elif name == "state":
            self.states.append(data["state"])
            start = "\n" if self.bytes_told and sys.stdout.isatty() else ""
            print(f"{start}   {data['publish_id']}: {data['state']} ({data['status']})", flush=True)

    @property
    def whole(self):
        """Whether the stream told the post up to its end."""
        return bool(self.told) and self.told[-1] == "end"
