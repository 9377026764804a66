#!/usr/bin/env python3
"""Pastes the blocks of docs/first-hour.md into a shell, with other ports, and looks at what they left.
first_hour.py GATEWAY SIMULATOR; real programs on loopback, in a folder of their own."""
import hashlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

from markdown_page import Findings, blocks, free_ports, video
from peers import USER

PAGE = "docs/first-hour.md"
SAME = {"scopes", "state", "cause", "status", "upload_status_code", "total_chunk_count", "privacy_level", "file_id"}
PORTS = ("8080", "8081", "9443", "9444", "9445")  # those that the page names


def clone_like(folder, gateway, simulator):
    """What `./dev demo --exit` leaves in a clone, as far as the page uses it."""
    (folder / "build/dev/tests").mkdir(parents=True)
    (folder / "build/dev/tiktok-gateway").symlink_to(gateway)
    (folder / "build/dev/tests/tiktok-simulator").symlink_to(simulator)
    video(folder / "build/demo/clip.mp4")


def script(ports):
    text = "set -euo pipefail\n" + "\n".join(text for _, text in blocks(PAGE, "sh"))
    for named, free in ports.items():
        text = text.replace(named, str(free))
    return text


def paste(folder, ports):
    # The page relies on the defaults of these three; the test needs other ports.
    environment = {**os.environ, "TIKTOK_GATEWAY__LISTEN__PORT": str(ports["8080"]),
                   "TIKTOK_GATEWAY__ADMIN__PORT": str(ports["8081"]),
                   "TIKTOK_GATEWAY__PUBLIC_URL": f"http://127.0.0.1:{ports['8080']}"}
    # Not a pipe: programs that a failed block left behind would hold it open.
    with (folder / "said").open("w+") as said:
        shell = subprocess.Popen(["bash", "-c", script(ports)], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                                 stdout=said, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            status = shell.wait(timeout=120)
        except subprocess.TimeoutExpired:
            status = "no end within two minutes"
        finally:
            try:
                os.killpg(shell.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            shell.wait()
        said.seek(0)
        return status, said.read()


def answer(folder, name):
    path = folder / "build/first-hour" / name
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        return {"data": {}, "error": str(error)}


def look_at(findings, folder):
    """The page's promises, by what its commands wrote."""
    post, status, history = (answer(folder, name) for name in ("post.json", "status.json", "history.json"))
    findings.check(answer(folder, "connection.json")["data"].get("state") == "connected", "the user is not connected")
    page = folder / "build/first-hour/callback.html"
    findings.check(page.exists() and "TikTok is connected" in page.read_text(), "the login did not end with its page")
    findings.check(status["data"].get("state") == "published", f"the post was not published: {status}")
    sent = hashlib.sha256((folder / "build/demo/clip.mp4").read_bytes()).hexdigest()
    findings.check(history.get("sha256") == sent, "TikTok has other bytes")
    findings.check(history.get("caption") == "Rye, day four" and history.get("privacy_level") == "SELF_ONLY",
                   f"TikTok has another post: {history}")
    posts = answer(folder, "posts.json")["data"].get("posts", [])
    findings.check(len(posts) == 1, f"sent twice, there are {len(posts)} posts")
    there = answer(folder, "../first-hour-at-tiktok/connect.json")["data"].get("authorize_url", "")
    findings.check(there.startswith("https://www.tiktok.com/v2/auth/authorize/?client_key=YOUR-CLIENT-KEY&"),
                   f"without the four lines a login goes to {there}")
    for name, shown in shown_answers():
        given = answer(folder, name)
        if findings.check(given["data"], f"{name} is no success: {given}"):
            hidden = given["data"].keys() - shown["data"].keys()
            findings.check(not hidden, f"{PAGE} shows {name} without {', '.join(hidden)}")
            for member in SAME & shown["data"].keys():
                real, told = given["data"][member], shown["data"][member]
                findings.check(real == told, f"{PAGE} shows {member} {told} in {name}, which has {real}")


def shown_answers():
    """Each answer that the page shows, with the file into which the block before it wrote the real one."""
    name = None
    for language, text in blocks(PAGE, "sh", "json"):
        if language == "json":
            yield name, json.loads(text)
        else:
            name = text.rsplit("tee ", 1)[-1].split()[0] if "tee " in text else None


def main(gateway, simulator):
    findings = Findings()
    with tempfile.TemporaryDirectory(prefix="gateway-first-hour-") as name:
        folder = pathlib.Path(name).resolve()
        clone_like(folder, pathlib.Path(gateway).resolve(), pathlib.Path(simulator).resolve())
        status, said = paste(folder, dict(zip(PORTS, free_ports(len(PORTS)))))
        if findings.check(status == 0, f"a command of {PAGE} ended with {status}:\n{said[-3000:]}"):
            look_at(findings, folder)
        findings.check("the settings are good" in said, "no --check-config said that the settings are good")
        findings.check("note: " not in said, f"the page's settings are remarked:\n{said[-3000:]}")
        findings.check(f"/v1/users/{USER}/" in script({}), f"the page has another user than the demo's {USER}")
    return findings.end(f"{PAGE}: each command works as it stands")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
