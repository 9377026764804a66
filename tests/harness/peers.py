"""The gateway as a caller sees it, a browser that goes through the login, and the simulator's own word."""
import http.client
import json
import ssl
import time
import urllib.parse

USER = "customer-4711"
WAIT_SECONDS = 60


class Answer:
    def __init__(self, status, headers, text):
        self.status, self.headers, self.text = status, headers, text
        self.json = json.loads(text) if text and "json" in headers.get("Content-Type", "") else {}
        self.data = self.json.get("data", {})

    @property
    def well(self):
        return self.status == 200 and self.json.get("successful") is True


def ask(method, url, body=None, headers=None, tls=None, timeout=120):
    parts = urllib.parse.urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=timeout, **({"context": tls} if tls else {}))
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, body=body, headers=headers or {})
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read().decode())
    finally:
        connection.close()


class Gateway:
    def __init__(self, url, key, heard=None):
        self.url, self.key = url, key
        self.heard = [] if heard is None else heard  # all it answered, to be searched for secrets at the end

    def hear(self, method, url, body=None, headers=None):
        answer = ask(method, url, body, headers)
        self.heard.append(f"{answer.headers}{answer.text}\n")
        return answer

    def call(self, method, path, query=None, body=None, headers=None):
        """A call with the demo key; sends a dict as JSON, a file unchanged, with its size."""
        headers = {"Authorization": f"Bearer {self.key}", **(headers or {})}
        if isinstance(body, dict):
            body, headers["Content-Type"] = json.dumps(body), "application/json"
        query = f"?{urllib.parse.urlencode(query)}" if query else ""
        return self.hear(method, f"{self.url}{path}{query}", body, headers)

    def of_user(self, method, path, **rest):
        return self.call(method, f"/v1/users/{USER}{path}", **rest)

    def send_file(self, path, file, query=None, headers=None):
        with open(file, "rb") as data:
            headers = {"Content-Type": "video/mp4", "Content-Length": str(file.stat().st_size), **(headers or {})}
            return self.call("POST", path, query, data, headers)

    def follow(self, publish_id, *ends):
        """The status once `state` is one of `ends`, or the last one seen when the time is over."""
        until = time.monotonic() + WAIT_SECONDS
        while True:
            answer = self.of_user("GET", f"/posts/{urllib.parse.quote(publish_id)}")
            if answer.data.get("state") in ends or time.monotonic() > until:
                return answer
            # TikTok takes 30 status calls a minute; a 429 contains the time to wait.
            time.sleep(float(answer.headers.get("Retry-After", 2)))


def log_in(gateway, ca_file, wish=None):
    """Follows the connect flow like a browser; the simulator's page allows it. Gives the last page."""
    begun = gateway.of_user("POST", "/connect", body=wish or {})
    if not begun.well:
        raise RuntimeError(f"connect: {begun.text}")
    tls = ssl.create_default_context(cafile=ca_file)
    page = ask("GET", f"{begun.data['authorize_url']}&simulate=allow", tls=tls)
    if page.status != 302:
        raise RuntimeError(f"authorize page: {page.status} {page.text}")
    return gateway.hear("GET", page.headers["Location"])


class Simulator:
    """The history from the simulator's control listener."""

    def __init__(self, control):
        self.control = control

    def set(self, changes):
        answer = ask("POST", f"{self.control}/settings", json.dumps(changes))
        if answer.status != 200:
            raise RuntimeError(f"simulator settings: {answer.text}")

    def add_fault(self, fault):
        ask("POST", f"{self.control}/faults", json.dumps(fault))

    def clear_faults(self):
        ask("DELETE", f"{self.control}/faults")

    def post(self, publish_id):
        answer = ask("GET", f"{self.control}/history/posts/{publish_id}") if publish_id else None
        return answer.json if answer and answer.status == 200 else {}
