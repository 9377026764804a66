# Connects a user, posts a video and waits for its end. Python 3.9 or newer, its standard library alone.
#   KEY=tgk_… python3 post_video.py clip.mp4 'Rye, day four' order-0017
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

GATEWAY = os.environ.get("GATEWAY", "http://127.0.0.1:8080")
USER = f"{GATEWAY}/v1/users/customer-4711"


class Refused(Exception):
    def __init__(self, answer):
        super().__init__(answer["error"])
        self.problem = answer["problem"]  # code, retryable, retry_after_ms, fields, request_id
        self.data = answer["data"]  # of outcome_unknown: publish_id, status_path


def ask(method, url, headers, file):
    """The gateway's answer to one call, success or not."""
    headers = {"Authorization": f"Bearer {os.environ['KEY']}", **headers}
    body = open(file, "rb") if file else None
    try:
        request = urllib.request.Request(url, method=method, headers=headers, data=body)
        with urllib.request.urlopen(request, timeout=300) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as answer:
        return json.load(answer)
    finally:
        if body:
            body.close()


def call(method, url, headers={}, file=None):
    """One call; the same again, after the wait that the gateway names, while it can still succeed. Gives `data`."""
    until = time.monotonic() + 300
    while True:
        try:
            answer = ask(method, url, headers, file)
        except (OSError, ValueError) as trouble:
            # No answer, or not the gateway's: what is written has an Idempotency-Key, so send it again.
            if time.monotonic() > until:
                raise
            print(f"no answer from {GATEWAY}, so again: {trouble}", file=sys.stderr)
            answer = {"successful": False, "problem": {"retryable": True}}
        if answer["successful"]:
            return answer["data"]
        wait = answer["problem"].get("retry_after_ms", 1000) / 1000
        if not answer["problem"]["retryable"] or time.monotonic() + wait > until:
            raise Refused(answer)
        time.sleep(wait)


def is_connected():
    try:
        return call("GET", USER)["state"] == "connected"
    except Refused as refused:
        if refused.problem["code"] == "user_not_connected":
            return False
        raise


def connect():
    if is_connected():
        return
    print("open", call("POST", f"{USER}/connect")["authorize_url"], flush=True)  # in the browser of that very user
    for _ in range(300):
        if is_connected():
            return
        time.sleep(2)
    sys.exit("nobody logged in within ten minutes")


def post(file, caption, wish):
    query = urllib.parse.urlencode({"publish": "true", "privacy_level": "SELF_ONLY", "caption": caption})
    headers = {"Content-Type": "video/mp4", "Content-Length": str(os.path.getsize(file)), "Idempotency-Key": wish}
    return call("POST", f"{USER}/videos?{query}", headers, file)["publish_id"]


def follow(publish_id):
    while True:
        status = call("GET", f"{USER}/posts/{publish_id}")
        if status["state"] in ("in_inbox", "published", "failed"):
            return status
        time.sleep(2)  # TikTok takes 30 of these calls a minute


if len(sys.argv) != 4 or "KEY" not in os.environ:
    sys.exit("usage: KEY=tgk_… python3 post_video.py FILE CAPTION WISH")
try:
    connect()
    publish_id = post(*sys.argv[1:])
    end = follow(publish_id)
    print(end["state"], publish_id, end.get("fail_reason") or "")
except Refused as refused:
    code = refused.problem["code"]
    if code == "outcome_unknown":  # it may be posted: never send it under another key before this has told an end
        print("ask", refused.data.get("status_path", "the creator"), file=sys.stderr)
    elif code == "reconnect_required":
        print("this user has to connect again", file=sys.stderr)
    elif code == "invalid_input":
        for fault in refused.problem["fields"]:
            print(fault["field"], fault["reason"], file=sys.stderr)
    sys.exit(f"{code}: {refused} {refused.problem['request_id']}")
except OSError as trouble:  # the file, or no gateway for five minutes
    sys.exit(str(trouble))
