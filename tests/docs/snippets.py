#!/usr/bin/env python3
"""The snippets of docs/snippets.md are those of docs/snippets/, and do what they say.
snippets.py GATEWAY SIMULATOR LANGUAGE...; real programs on loopback, the login by a browser that allows it."""
import hashlib
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys

from markdown_page import TOP, Findings, blocks, video
from peers import USER, Gateway, Simulator, ask
from programs import start_both, temporary_folder
from secret_search import secrets_seen

SNIPPETS = TOP / "docs/snippets"
CAPTION = "Rye, day four: 100 % + \"crust\" & 🎬 #rye"
# What starts a snippet, and the word of its block on the page.
LANGUAGES = {"node": (["node"], "mjs", "js"), "python": ([sys.executable], "py", "python"), "bash": (["bash"], "sh", "bash"),
             "go": (["go", "run"], "go", "go")}
RETRY_AFTER_S = 2


def snippet(language):
    return SNIPPETS / f"post_video.{LANGUAGES[language][1]}"


def check_page(findings):
    """Word for word, each under its name."""
    shown = dict(blocks("docs/snippets.md", *(block for *_, block in LANGUAGES.values())))
    for language, (_, ending, block) in LANGUAGES.items():
        findings.check(shown.get(block) == snippet(language).read_text(encoding="utf-8"),
                       f"docs/snippets.md shows another program than post_video.{ending}")
    there = {path.name for path in SNIPPETS.iterdir()}
    findings.check(there == {snippet(language).name for language in LANGUAGES}, f"docs/snippets has {', '.join(sorted(there))}")


class Runner:
    def __init__(self, findings, gateway, simulator, ca_file, log):
        self.findings, self.gateway, self.simulator = findings, gateway, simulator
        self.log, self.logged = log, 0
        self.browser = ssl.create_default_context(cafile=ca_file)

    def start(self, language, file, wish):
        variables = {**os.environ, "GATEWAY": self.gateway.url, "KEY": self.gateway.key}
        return subprocess.Popen([*LANGUAGES[language][0], str(snippet(language)), str(file), CAPTION, wish], env=variables, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def allow(self, line):
        """The user's browser: follows the printed link, and allows it."""
        page = ask("GET", f"{line.removeprefix('open ').strip()}&simulate=allow", tls=self.browser)
        self.gateway.hear("GET", page.headers["Location"])

    def finish(self, program):
        try:
            said, wrong = program.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            program.kill()
            said, wrong = program.communicate()
        return program.returncode, said, wrong

    def connects_and_posts(self, language, file):
        """TikTok refuses the first try for two seconds: the snippet obeys, and posts once."""
        self.simulator.fault({"match": {"path": "/v2/post/publish/video/init/"}, "do": {
            "apply": False, "status": 429, "headers": {"Retry-After": str(RETRY_AFTER_S)},
            "body": {"data": {}, "error": {"code": "rate_limit_exceeded", "message": "", "log_id": "0"}}}})
        before, self.logged = len(self.inits()), self.log.stat().st_size
        program = self.start(language, file, f"wish-{language}")
        line = program.stdout.readline()
        if line.startswith("open https://"):
            self.allow(line)
        status, said, wrong = self.finish(program)
        self.findings.check(line.startswith("open https://"), f"{language}: no link to open: {line}{wrong}")
        self.findings.check(status == 0 and said.startswith("published v_pub_file"), f"{language}: {status} {said}{wrong}")
        tries = self.inits()[before:]
        if self.findings.check(len(tries) == 2, f"{language}: {len(tries)} inits reached TikTok, not a refused one and a good one"):
            refused = self.refused_uploads()
            self.findings.check(refused == 1, f"{language}: {refused} uploads were refused: it did not wait as it was told")
        post = self.simulator.post(said.split()[1] if status == 0 else "")
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        self.findings.check(post.get("sha256") == digest and post.get("caption") == CAPTION, f"{language}: TikTok has {post}")

    def refused_uploads(self):
        """Since the snippet began, by the gateway's log. Whoever comes too early is refused by the gateway, before TikTok."""
        with self.log.open() as log:
            log.seek(self.logged)
            calls = [json.loads(line) for line in log if line.endswith("}\n")]
        return sum(call.get("action") == "TIKTOK_UPLOAD_VIDEO" and call["status"] == 429 for call in calls)

    def inits(self):
        history = ask("GET", f"{self.simulator.control}/history").json
        return [one for one in history["requests"] if one["path"] == "/v2/post/publish/video/init/"]

    def narrows(self, language, text):
        """What is no video is refused, and the snippet names the input."""
        status, _, wrong = self.finish(self.start(language, text, f"no-video-{language}"))
        self.findings.check(status == 1 and "invalid_input: " in wrong and "\nfile_to_upload " in f"\n{wrong}",
                            f"{language}: a file that is no video ended with {status}: {wrong}")

    def tells_usage(self, language):
        done = subprocess.run([*LANGUAGES[language][0], str(snippet(language))], capture_output=True, text=True, timeout=120)
        self.findings.check(done.returncode != 0 and done.stderr.startswith("usage: KEY="), f"{language}: without arguments it says {done.stderr}")

    def tells_that_nobody_answers(self, language, file):
        """Tries again, and says so at once: whoever gave a wrong address need not wait for five minutes."""
        with socket.create_server(("127.0.0.1", 0)) as nobody:
            free = nobody.getsockname()[1]
        variables = {**os.environ, "GATEWAY": f"http://127.0.0.1:{free}", "KEY": self.gateway.key}
        with subprocess.Popen([*LANGUAGES[language][0], str(snippet(language)), str(file), CAPTION, "wish"], env=variables, text=True,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True) as program:
            said = program.stderr.readline()
            os.killpg(program.pid, signal.SIGKILL)
        self.findings.check(str(free) in said, f"{language}: of a gateway that is not there it says {said}")

    def starts_again(self, language):
        gone = self.gateway.of_user("DELETE", "")
        self.findings.check(gone.well, f"{language}: the user is still connected: {gone.text}")


class FaultySimulator(Simulator):
    def fault(self, what):
        answer = ask("POST", f"{self.control}/faults", json.dumps(what))
        if answer.status != 200:
            raise RuntimeError(f"simulator faults: {answer.text}")


def run(findings, folder, started, programs, languages):
    clip, text = video(folder / "clip.mp4"), folder / "notes.mp4"
    text.write_text("This is no video.\n" * 100)
    # Four programs post for one user within a minute.
    os.environ["TIKTOK_GATEWAY__LIMITS__TIKTOK__VIDEO_INIT_PER_MINUTE"] = "60"
    gateway_program, simulator_program, key = start_both(programs, folder, started, "media.example.com")
    places = simulator_program.listening
    gateway = Gateway(gateway_program.listening["api"], key)
    simulator = FaultySimulator(places["control"])
    simulator.set({"limits": {"init_per_minute": 60}})
    runner = Runner(findings, gateway, simulator, places["ca_file"], gateway_program.log)
    for language in languages:
        runner.connects_and_posts(language, clip)
        runner.narrows(language, text)
        runner.tells_usage(language)
        runner.tells_that_nobody_answers(language, clip)
        runner.starts_again(language)
        findings.check(f"/v1/users/{USER}" in snippet(language).read_text(), f"{language}: another user than the demo's")
    findings.lines.extend(secrets_seen(folder, gateway, gateway_program, places["control"]))


def main(gateway, simulator, *languages):
    gateway, simulator = (str(pathlib.Path(program).resolve()) for program in (gateway, simulator))
    findings = Findings()
    check_page(findings)
    with temporary_folder("gateway-snippets-") as (folder, started):
        run(findings, folder, started, (gateway, simulator), languages)
    return findings.end(f"snippets in {', '.join(languages)}: each connects, posts, obeys and narrows")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
