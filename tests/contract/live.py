#!/usr/bin/env python3
"""Checks a running gateway with openapi.yaml: calls every operation and validates every answer, bodies,
headers and codes. What it tells by webhook meanwhile is verified with the library of Standard Webhooks.
live.py GATEWAY SIMULATOR; real programs on loopback."""
import base64
import datetime
import json
import pathlib
import secrets
import subprocess
import sys
import time
import urllib.parse

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "harness")]

import jsonschema

from check import CONTRACT, operations, resolve
from media import HOST, PhotoServer, make_certificates, make_photo_head
from peers import USER, Gateway, ask, log_in
from programs import start_both, temporary_folder, write_private
from receiver import WebhookReceiver
from secret_search import secrets_seen

EVERYWHERE = set(CONTRACT["components"]["responses"]["Anything"]["x-problem-codes"])
RESOLVER = jsonschema.RefResolver("", CONTRACT)
BY_NAME = {operation["x-action"]: (path, verb, operation) for path, verb, _, operation in operations()}
FAULTS, VISITED, CODES = [], set(), set()
PUBLISHED = "PUBLIC_TO_EVERYONE"
SIGNING_SECRET = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
IMPORTED = [f"act.{secrets.token_hex(28)}", f"rft.{secrets.token_hex(28)}"]  # TikTok never saw them


def fault(name, what):
    FAULTS.append(f"{name}: {what}")


def check_body(name, answer, stated):
    schema = stated.get("content", {}).get("application/json", {}).get("schema")
    if schema is None:
        return
    if not answer.headers.get("Content-Type", "").startswith("application/json"):
        fault(name, f"{answer.status} is {answer.headers.get('Content-Type')}")
    for error in jsonschema.Draft202012Validator(schema, resolver=RESOLVER).iter_errors(answer.json):
        fault(name, f"{answer.status} {'/'.join(map(str, error.absolute_path))}: {error.message[:300]}")


def check_answer(name, answer, wanted):
    """The answer is one that the contract has for this operation, and the one this test asked for."""
    operation = BY_NAME[name][2]
    stated = resolve(operation["responses"].get(str(answer.status)) or operation["responses"]["default"])
    check_body(name, answer, stated)
    if not answer.headers.get("X-Request-Id"):
        fault(name, f"{answer.status} without X-Request-Id")
    code = answer.json.get("problem", {}).get("code") if isinstance(answer.json, dict) else None
    if code:
        CODES.add(code)
        if code not in EVERYWHERE | set(operation["x-problem-codes"]):
            fault(name, f"answers {code}, which the contract does not have for it")
    elif answer.status == 200:
        VISITED.add(name)
        limited = "RateLimit" in stated.get("headers", {})
        if limited and not answer.headers.get("RateLimit-Policy"):
            fault(name, "no RateLimit-Policy")
    if wanted != (code or answer.status):
        fault(name, f"answered {code or answer.status}, not {wanted}: {answer.text[:300]}")


class Caller:
    def __init__(self, gateway):
        self.gateway = gateway

    def __call__(self, name, wanted=200, user=USER, query=None, body=None, headers=None, **places):
        path, verb, _ = BY_NAME[name]
        path = path.format(user_id=user, **places)
        answer = self.gateway.call(verb.upper(), path, query, body, headers)
        check_answer(name, answer, wanted)
        return answer

    def stage(self, data):
        answer = self("GATEWAY_FILES", body=data, headers={"Content-Type": "video/mp4"})
        return {"name": "clip.mp4", "mimetype": "video/mp4", "file_id": answer.data.get("file_id", "")}


def video(size):
    """The head of an MP4 and noise: TikTok looks at the rest only after the upload."""
    head = bytes.fromhex("0000001866747970") + b"mp42\0\0\0\0mp42isom"
    return head + secrets.token_bytes(size - len(head))


def reading(call):
    for name in ("TIKTOK_GET_USER_BASIC_INFO", "TIKTOK_GET_USER_PROFILE", "TIKTOK_GET_USER_STATS"):
        call(name)
        call(name, query={"fields": "open_id,username,video_count"})
        call(name, "invalid_input", query={"fields": "shoe_size", "colour": "red"})
        call(name, "user_not_connected", user="nobody")
    page = call("TIKTOK_LIST_VIDEOS", query={"max_count": 3})
    call("TIKTOK_LIST_VIDEOS", query={"cursor": page.data["cursor"]})
    call("TIKTOK_LIST_VIDEOS", "invalid_input", query={"max_count": 21})
    call("TIKTOK_LIST_VIDEOS", "creator_not_authorized", query={"creator_id": "somebody-else"})
    call("TIKTOK_QUERY_VIDEOS", body={"video_ids": [page.data["videos"][0]["id"]]})
    call("TIKTOK_QUERY_VIDEOS", "invalid_input", body={"video_ids": []})
    call("TIKTOK_QUERY_VIDEOS", "malformed_json", body=b"{", headers={"Content-Type": "application/json"})
    call("TIKTOK_QUERY_VIDEOS", "unsupported_media_type", body=b"x", headers={"Content-Type": "text/plain"})
    call("TIKTOK_QUERY_CREATOR_INFO")


def posting(call, photo_urls):
    data = video(300_000)
    key = {"Idempotency-Key": secrets.token_hex(8), "Content-Type": "video/mp4"}
    draft = call("TIKTOK_UPLOAD_VIDEO", body=data, headers=key, query={"caption": "kept"})
    if call("TIKTOK_UPLOAD_VIDEO", body=data, headers=key, query={"caption": "kept"}).text != draft.text:
        fault("TIKTOK_UPLOAD_VIDEO", "a replay is another answer")
    call("TIKTOK_UPLOAD_VIDEO", "idempotency_key_reused", body=data, headers=key, query={"caption": "other"})
    call("TIKTOK_UPLOAD_VIDEO", "invalid_input", body={"caption": "x" * 2201, "keep": "yes"})
    call("TIKTOK_UPLOAD_VIDEO", "no_such_file", body={"file_to_upload": {"file_id": "file_" + "0" * 26}})
    call("TIKTOK_UPLOAD_VIDEO", body=data, headers=key, query={"caption": "kept", "dry_run": "true"})
    call("TIKTOK_UPLOAD_VIDEO", body={"caption": "x" * 2201, "video_url": "http://plain.example.com/a.mp4", "dry_run": True})
    staged = call.stage(data)
    call("GATEWAY_SHOW_FILE", file_id=staged["file_id"])
    call("TIKTOK_UPLOAD_VIDEO", body={"file_to_upload": staged, "publish": True})
    gone = {**staged, "file_id": "file_" + "0" * 26}
    call("TIKTOK_UPLOAD_VIDEOS", body={"files_to_upload": [staged]})
    call("TIKTOK_UPLOAD_VIDEOS", "partial_failure", body={"files_to_upload": [staged, gone]})
    call("GATEWAY_DELETE_FILE", file_id=staged["file_id"])
    call("GATEWAY_DELETE_FILE", "no_such_file", file_id=staged["file_id"])
    draft_id = draft.data.get("publish_id", "none")
    call.gateway.follow(draft_id, "in_inbox")
    multipart(call, data)
    call("TIKTOK_PUBLISH_VIDEO", body={"dry_run": True}, publish_id=draft_id)
    posted = call("TIKTOK_PUBLISH_VIDEO", body={"caption": "now", "privacy_level": PUBLISHED}, publish_id=draft_id)
    call("TIKTOK_PUBLISH_VIDEO", "no_such_post", body={}, publish_id="v_pub_file~v2-1.1")
    call("TIKTOK_FETCH_PUBLISH_STATUS", publish_id=posted.data.get("publish_id", "none"))
    call("TIKTOK_FETCH_PUBLISH_STATUS", "no_such_post", publish_id="v_pub_file~v2-1.1")
    call("TIKTOK_FETCH_PUBLISH_STATUS", "invalid_input", publish_id="v_pub_file~v2-1.1", query={"wait": 61})
    events = call("GATEWAY_POST_EVENTS", publish_id=posted.data.get("publish_id", "none")).text
    if "event: end\n" not in events or not events.endswith("}\n\n"):
        fault("GATEWAY_POST_EVENTS", f"no end: {events}")
    heard = events.rpartition("\nid: ")[2].partition("\n")[0]
    call("GATEWAY_POST_EVENTS", 204, publish_id=posted.data.get("publish_id", "none"), headers={"Last-Event-ID": heard})
    call("GATEWAY_POST_EVENTS", "no_such_post", publish_id="v_pub_file~v2-1.1")
    call("TIKTOK_POST_PHOTO", "invalid_input", body={"photo_images": ["http://plain.example.com/a.jpg"], "photo_cover_index": 0})
    call("TIKTOK_POST_PHOTO", "invalid_input", body={"photo_images": ["https://other.example.com/a.jpg"], "photo_cover_index": 0})
    call("TIKTOK_POST_PHOTO", body={"photo_images": photo_urls, "photo_cover_index": 0, "post_mode": "DIRECT_POST"})
    call("TIKTOK_PUBLISH_VIDEO", body={"dry_run": True}, publish_id=draft_id)
    call("TIKTOK_POST_PHOTO", body={"photo_images": photo_urls, "photo_cover_index": 0, "dry_run": True})
    call("GATEWAY_CANCEL_POST", "not_cancellable", publish_id=posted.data.get("publish_id", "none"))
    call("GATEWAY_LIST_POSTS", query={"limit": 2})
    call("GATEWAY_LIST_POSTS", query={"state": "published", "since": "2020-01-01T00:00:00Z", "until": "2120-01-01T00:00:00Z"})
    call("GATEWAY_LIST_POSTS", "invalid_input", query={"since": "yesterday"})
    call("GATEWAY_LIST_POSTS", "invalid_input", query={"limit": 101})


def cancelling(call, simulator_url, photo_urls):
    """A pull that TikTok takes its time for can be cancelled."""
    slow = ask("POST", f"{simulator_url}/settings", '{"timing": {"pull_start_ms": 600000}}')
    if slow.status != 200:
        fault("simulator", slow.text)
    pulled = call("TIKTOK_POST_PHOTO", body={"photo_images": photo_urls, "photo_cover_index": 0})
    call("GATEWAY_CANCEL_POST", publish_id=pulled.data.get("publish_id", "none"))


def limits(call):
    """The seventh photo post of a minute is refused before TikTok has to."""
    for _ in range(7):
        answer = call.gateway.of_user("POST", "/photos", body={
            "photo_images": [f"https://{HOST}/photos/none.jpg"], "photo_cover_index": 0, "post_mode": "DIRECT_POST"})
        if answer.status == 429:
            break
    check_answer("TIKTOK_POST_PHOTO", answer, "rate_limited")
    if not answer.headers.get("Retry-After") or answer.json["problem"].get("limit_scope") != "tiktok_user":
        fault("TIKTOK_POST_PHOTO", f"429 without Retry-After or limit_scope: {answer.text}")


def confirming(call, ca_file):
    """The same login once more, which waits until it is confirmed."""
    back = log_in(call.gateway, ca_file, {"confirm": True, "return_url": f"{call.gateway.url}/done"})
    check_answer("GATEWAY_CALLBACK", back, 302)
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(back.headers.get("Location", "")).query)
    call("GATEWAY_CONFIRM", body={"confirmation": query.get("confirmation", ["none"])[0]})


def connections(call, simulator_url):
    call("GATEWAY_CONNECT", body={"scopes": ["user.info.basic"]}, user="second")
    call("GATEWAY_CONNECT", "invalid_input", body={"confirm": True}, user="second")
    call("GATEWAY_CONFIRM", "invalid_input", body={"confirmation": "made-up"}, user="second")
    call("GATEWAY_CONNECT", "invalid_input", body={"return_url": "https://elsewhere.example.com/"}, user="second")
    call("GATEWAY_LIST_USERS", query={"limit": 1})
    call("GATEWAY_SHOW_USER")
    call("GATEWAY_SHOW_USER", "user_not_connected", user="nobody")
    call("GATEWAY_IMPORT_TOKENS", "invalid_input", body={"access_token": "act.x"}, user="second")
    call("GATEWAY_IMPORT_TOKENS", "invalid_input", user="second", body={
        "access_token": IMPORTED[0], "expires_in": 7200, "refresh_token": IMPORTED[1], "refresh_expires_in": 15552000,
        "open_id": "open-2", "scope": "user.info.basic", "token_type": "Bearer"})
    ask("POST", f"{simulator_url}/accounts", '{"username": "second"}')
    made = ask("POST", f"{simulator_url}/tokens", '{"account": "second", "scopes": ["user.info.basic"]}').json
    call("GATEWAY_IMPORT_TOKENS", "invalid_input", user="second", body=dict(made, open_id="open-2"))
    call("GATEWAY_IMPORT_TOKENS", user="second", body=made)
    call("TIKTOK_GET_USER_STATS", "missing_scope", query={"fields": "video_count"}, user="second")
    # TikTok does not take these tokens any more, so the gateway answers with its own error.
    ask("POST", f"{simulator_url}/tokens/expire", '{"account": "second", "kind": "all"}')
    call("TIKTOK_GET_USER_BASIC_INFO", "reconnect_required", user="second")
    call("GATEWAY_DISCONNECT")
    call("GATEWAY_DISCONNECT", "user_not_connected", user="nobody")


def multipart(call, data):
    """The other way to bring bytes: a part of inputs, then the file."""
    line = "--part\r\nContent-Disposition: form-data; name="
    body = (f'{line}"input"\r\nContent-Type: application/json\r\n\r\n{{"publish": true}}\r\n'
            f'{line}"file_to_upload"; filename="clip.mp4"\r\nContent-Type: video/mp4\r\n\r\n').encode() + data + b"\r\n--part--\r\n"
    answer = call("TIKTOK_UPLOAD_VIDEO", body=body, headers={"Content-Type": "multipart/form-data; boundary=part"})
    if answer.data.get("size") != len(data):
        fault("TIKTOK_UPLOAD_VIDEO", f"multipart sent {answer.data.get('size')} bytes of {len(data)}")
    if answer.headers.get("x-should-retry") != "false":
        fault("TIKTOK_UPLOAD_VIDEO", "a write without x-should-retry")


def verbs(call):
    """HEAD is GET without its body; OPTIONS names the verbs."""
    path = f"/v1/users/{USER}/stats"
    head = call.gateway.call("HEAD", path)
    if head.status != 200 or head.text or not int(head.headers.get("Content-Length", 0)):
        fault("HEAD", f"{head.status} {head.text!r} {head.headers.get('Content-Length')}")
    options = call.gateway.call("OPTIONS", path)
    if options.status not in (200, 204) or set(options.headers.get("Allow", "").split(", ")) != {"GET", "HEAD", "OPTIONS"}:
        fault("OPTIONS", f"{options.status} {options.headers.get('Allow')!r}")


def service(call):
    served = call("GATEWAY_OPENAPI").text
    if served != (HERE.parents[1] / "openapi.yaml").read_text():
        fault("GATEWAY_OPENAPI", "serves another contract than the repository's")
    page = call("GATEWAY_DOCS").text
    for part in ("docs/docs.css", "docs/docs.js"):
        if part not in page or call.gateway.call("GET", f"/{part}").status != 200:
            fault("GATEWAY_DOCS", f"{part} is missing")
    if call.gateway.call("GET", "/docs/openapi.json").json != CONTRACT:
        fault("GATEWAY_DOCS", "the page reads another contract")
    verbs(call)
    call("GATEWAY_CALLBACK", 400, query={"code": "x", "state": "unknown"})
    call("GATEWAY_WEBHOOK", "unauthenticated", body={"event": "x"}, headers={"TikTok-Signature": "t=1,s=00"})
    open_doors = Gateway(call.gateway.url, "wrong-key", call.gateway.heard)
    check_answer("GATEWAY_LIST_USERS", open_doors.call("GET", "/v1/users"), "unauthenticated")
    check_answer("GATEWAY_LIST_USERS", call.gateway.call("GET", "/v1/nothing"), "no_such_route")
    check_answer("GATEWAY_LIST_USERS", call.gateway.call("PUT", "/v1/users"), "method_not_allowed")


def redelivering(call, receiver):
    """What was told is told again, and the library that receivers use takes all of it."""
    ids = {headers["webhook-id"] for headers, _ in receiver.received}
    since = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    call("GATEWAY_REDELIVER", "invalid_input", body={"since": "yesterday", "events": ["post.deleted"]})
    call("GATEWAY_REDELIVER", "invalid_input", body={})
    queued = call("GATEWAY_REDELIVER", body={"since": since, "events": ["connection.connected", "post.in_inbox"]}).data.get("queued")
    if not queued:
        fault("GATEWAY_REDELIVER", "nothing was queued")
    until = time.monotonic() + 30
    while len(receiver.received) - len(ids) < queued and time.monotonic() < until:
        time.sleep(0.1)
    again = [headers["webhook-id"] for headers, _ in receiver.received]
    if len(again) - len(set(again)) < queued:
        fault("GATEWAY_REDELIVER", f"{queued} were queued, {len(again) - len(set(again))} came again")


def verify_webhooks(receiver):
    told = {json.loads(body)["type"] for _, body in receiver.received}
    for event in {"connection.connected", "connection.revoked", "connection.reconnect_required", "post.in_inbox"} - told:
        fault("webhooks", f"{event} was never told: {sorted(told)}")
    bodies = {}
    for headers, body in receiver.received:
        if bodies.setdefault(headers["webhook-id"], body) != body:
            fault("webhooks", f"{headers['webhook-id']} came with another body")
    subprocess.run([HERE / "run", "setup"], check=True, timeout=600)
    place = HERE.parents[1] / "build/contract"
    node = next(place.glob("node_modules/node-linux-*/bin/node"))
    messages = [{"headers": headers, "body": body} for headers, body in receiver.received]
    done = subprocess.run([node, HERE / "verify.mjs", place / "package.json"], text=True, capture_output=True, timeout=60,
                          input=json.dumps({"secret": SIGNING_SECRET, "messages": messages}))
    if done.returncode != 0:
        fault("webhooks", f"{done.stdout}{done.stderr}")


def main(*programs):
    with temporary_folder("gateway-contract-") as (folder, started):
        authority, certificate, key = make_certificates(folder)
        server = PhotoServer([make_photo_head(folder)], certificate, key)
        started.append(server)
        receiver = WebhookReceiver(certificate, key)
        started.append(receiver)
        signing = folder / "webhooks.secret"
        write_private(signing, SIGNING_SECRET)
        program, simulator, secret = start_both(
            programs, folder, started, HOST, server.port, authority,
            of_caller=f"    webhook_url: https://{HOST}:{receiver.port}/hooks\n    webhook_secret_file: {signing}\n",
            more=f"webhooks: {{allowed_hosts: [{HOST}], ca_file: {authority}, first_retry_ms: 100}}\n")
        call = Caller(Gateway(program.listening["api"], secret))
        page = log_in(call.gateway, simulator.listening["ca_file"])
        check_answer("GATEWAY_CALLBACK", page, 200)
        confirming(call, simulator.listening["ca_file"])
        reading(call)
        posting(call, server.urls)
        cancelling(call, simulator.listening["control"], server.urls)
        limits(call)
        service(call)
        redelivering(call, receiver)
        connections(call, simulator.listening["control"])
        until = time.monotonic() + 10
        while '"connection.revoked"' not in receiver.received[-1][1] and time.monotonic() < until:
            time.sleep(0.1)
        verify_webhooks(receiver)
        FAULTS.extend(secrets_seen(folder, call.gateway, program, simulator.listening["control"], [*IMPORTED, SIGNING_SECRET]))
    for name in sorted(BY_NAME.keys() - VISITED - {"GATEWAY_WEBHOOK"}):
        fault(name, "was never answered with 200")
    print("\n".join(FAULTS) or f"{len(VISITED)} operations, {len(CODES)} codes: all as openapi.yaml has them")
    return 1 if FAULTS else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
