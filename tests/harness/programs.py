"""Gateway and simulator for the demo and the tests in Python: settings, start, first output line, end."""
import contextlib
import json
import os
import pathlib
import secrets
import socket
import subprocess
import tempfile
import threading

CLIENT_KEY = "demo-client-key"
CLIENT_SECRET = secrets.token_hex(20)  # like nothing else, so that it can be searched for
SIMULATOR_SETTINGS = """\
directory: {folder}
apps:
  - client_key: {client_key}
    client_secret: {client_secret}
    kind: desktop
    redirect_uris: ["http://127.0.0.1:*/oauth/callback"]
    verified_prefixes: ["https://{media_host}/photos/"]
accounts:
  - {{username: demo, display_name: The demo creator, bio_description: Made up by the simulator., is_verified: true,
     follower_count: 18234, following_count: 211, likes_count: 402117, made_up_videos: 25}}
resolve: {{{media_host}: {media_port}}}
resolve_ca_file: "{media_ca}"
"""
GATEWAY_SETTINGS = """\
listen: {{port: {port}}}
admin: {{port: 0}}
public_url: http://127.0.0.1:{port}
tiktok:
  api_url: {api}
  authorize_url: {api}/v2/auth/authorize/
  ca_file: {ca_file}
  upload_hosts: ["{upload_host}"]
  client_key: {client_key}
  client_secret_file: {folder}/client.secret
  verified_url_prefixes: ["https://{media_host}/photos/"]
  resolve: {{{media_host}: 127.0.0.1}}
store: {{url: "sqlite:{folder}/gateway.db"}}
vault: {{keys_file: {folder}/vault.keys}}
files: {{directory: {folder}/files}}
drain: {{delay_ms: 0}}
callers:
  - name: demo
    key_sha256: {key_sha256}
"""


class Program:
    """A program whose first output line has its addresses; all its lines go to a log file."""

    def __init__(self, command, log):
        self.log = log
        self.errors = open(log.with_suffix(".errors"), "w+")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.errors, text=True, cwd=log.parent)
        first = self._first_line()
        self.listening = json.loads(first)
        self.keeper = threading.Thread(target=self._keep_lines, args=(first,), daemon=True)
        self.keeper.start()

    def _first_line(self):
        # A program that neither speaks nor ends within 30 s is ended here, which ends the read.
        watch = threading.Timer(30, self.process.kill)
        watch.start()
        line = self.process.stdout.readline()
        watch.cancel()
        if not line or '"start_failed"' in line:
            self.process.wait()
            self.errors.seek(0)
            raise RuntimeError(f"{self.process.args[0]} did not start: {self.errors.read().strip()}")
        return line

    def _keep_lines(self, first):
        with open(self.log, "w") as log:
            log.write(first)
            for line in self.process.stdout:
                log.write(line)
                log.flush()

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=40)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.keeper.join()
        self.errors.close()


def free_port(wanted):
    """`wanted` if it is free, else any port: the redirect URI must be known before the gateway starts."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return probe.getsockname()[1]
            except OSError:
                continue
    raise RuntimeError("no free port on loopback")


def write_private(path, text):
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


def start_simulator(program, folder, media_host, media_port, media_ca):
    settings = folder / "simulator.yaml"
    settings.write_text(SIMULATOR_SETTINGS.format(folder=folder, client_key=CLIENT_KEY, client_secret=CLIENT_SECRET,
                                                  media_host=media_host, media_port=media_port, media_ca=media_ca))
    return Program([program, "--config", str(settings)], folder / "simulator.log")


def start_gateway(program, folder, simulator, media_host, port=8080, of_caller="", more="", prepare=None):
    """The gateway, at `port` if it is free, and the demo caller's key; both keys made by the gateway's own commands.
    `of_caller`: more lines of the caller; `more`: more sections; `prepare` may change the settings in the folder."""
    def said_by(*arguments):
        return subprocess.run([program, *arguments], check=True, capture_output=True, text=True, timeout=30).stdout
    key = dict(line.split(": ", 1) for line in said_by("new-key", "demo").splitlines() if ": " in line)
    write_private(folder / "vault.keys", said_by("new-vault-key"))
    write_private(folder / "client.secret", CLIENT_SECRET)
    settings = folder / "gateway.yaml"
    settings.write_text(GATEWAY_SETTINGS.format(
        folder=folder, port=free_port(port), api=simulator["api"], upload_host=simulator["upload"].removeprefix("https://"),
        ca_file=simulator["ca_file"], client_key=CLIENT_KEY, media_host=media_host, key_sha256=key["key_sha256"])
        + of_caller + more)
    if prepare:
        prepare(folder)
    with open(folder / "gateway.check", "w") as said:
        subprocess.run([program, "--config", str(settings), "--check-config"], check=True, timeout=30, stdout=said)
    return Program([program, "--config", str(settings)], folder / "gateway.log"), key["key"]


@contextlib.contextmanager
def temporary_folder(prefix):
    """A folder, and a list: whatever is put on it is stopped at the end, the last one first."""
    with tempfile.TemporaryDirectory(prefix=prefix) as name, contextlib.ExitStack() as ends:
        started = []
        ends.callback(lambda: [one.stop() for one in reversed(started)])
        yield pathlib.Path(name).resolve(), started


def start_both(programs, folder, started, media_host, media_port=None, media_ca="", port=8080, **settings):
    """Gateway and simulator, and the caller's key. `programs`: the paths of the two, in this order. `settings` as those
    of start_gateway()."""
    simulator = start_simulator(programs[1], folder, media_host, media_port or free_port(0), media_ca)
    started.append(simulator)
    gateway, key = start_gateway(programs[0], folder, simulator.listening, media_host, port, **settings)
    started.append(gateway)
    return gateway, simulator, key
