"""What every measurement starts: a stub of TikTok over TLS, the peers, the gateway with everything on."""
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import settings_for
import users
from processes import Program, allow_many_files

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
USER = users.name_of(0)
LONG_USER = "5b3f8c1e-5d57-4b1c-9b42-7d1f0a6f2c11"  # as many users' ids are: too long for a short string's own place
POST = "v_pub_url~v2.123456789"
INFO = f"/v1/users/{USER}/info"
STATUS = f"/v1/users/{USER}/posts/{POST}"
UPSTREAM_INFO = "/v2/user/info/?fields=open_id,union_id,avatar_url,display_name"
UPSTREAM_STATUS = "/v2/post/publish/status/fetch/"
CORES = sorted(os.sched_getaffinity(0))
# The value in the image and in the systemd unit (deploy/hosts.py).
AS_SHIPPED = dict(re.findall(r"^ENV (GLIBC_TUNABLES)=(.+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
STATUS_BODY = f'{{"publish_id":"{POST}"}}'


def hold_port():
    """A socket bound to a free port. It never listens and allows reuse of its address: a program that allows it too may
    listen on the port, and nobody else is given it."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    return held


def wait_for_port(port, program, seconds=60):
    """Waits until the port is open."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and program.process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError(f"{program.name} does not listen: {program.said()[-600:]}")


class Stage:
    """A scratch folder and the programs in it; ends both."""

    def __init__(self, gateway, workers=1):
        allow_many_files()
        self.run = Path(tempfile.mkdtemp(prefix="gateway-bench-"))
        self.run.chmod(0o755)
        self.gateway_program = str(gateway)
        self.started, self.held = [], []
        self.values = {"RUN": self.run, "WORKERS": workers, "MASTER": "on", "UPLOAD_LAST": 0, "UPLOAD_SIZE": 0}
        for name in ("UPSTREAM", "STUB", "NGINX", "HAPROXY"):
            self.values[f"{name}_PORT"] = self.free_port()
        # The program under test has a core of its own; what asks it, we included, has the others.
        self.core, self.others = (CORES[:1], CORES[1:]) if len(CORES) > 1 else ([], [])
        os.sched_setaffinity(0, self.others or CORES)
        self.key, self.key_sha256 = settings_for.new_key(self.gateway_program)

    def __enter__(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-days", "30", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                        "-keyout", str(self.run / "key.pem"), "-out", str(self.run / "cert.pem")],
                       check=True, capture_output=True)
        return self

    def __exit__(self, *_):
        for program in reversed(self.started):
            program.stop()
        for port in self.held:
            port.close()
        shutil.rmtree(self.run, ignore_errors=True)

    def free_port(self):
        """A port that stays ours to the end, whether a program listens on it or not."""
        self.held.append(hold_port())
        return self.held[-1].getsockname()[1]

    def start(self, name, argv, cores, environment=None):
        self.started.append(Program(name, argv, cores, self.run / f"{name}.log", environment))
        return self.started[-1]

    def rendered(self, name):
        text = (HERE / f"{name}.in").read_text()
        for key, value in self.values.items():
            text = text.replace(f"@{key}@", str(value))
        (self.run / name).write_text(text)
        return str(self.run / name)

    def port(self, name):
        return self.values[f"{name.upper()}_PORT"]

    def address(self, name):
        """Of `nginx`, `haproxy`, or the stub without TLS: `stub`."""
        return f"http://127.0.0.1:{self.port(name)}"

    def start_peer(self, name, cores=None, under=(), environment=None):
        """`upstream`, `nginx` or `haproxy`: by the file of that name beside this one."""
        kind = "haproxy" if name == "haproxy" else "nginx"
        program = shutil.which(kind) or f"/usr/sbin/{kind}"
        if kind == "haproxy":
            argv = [program, "-db", "-f", self.rendered("haproxy.cfg")]
        else:
            argv = [program, "-p", str(self.run), "-c", self.rendered(f"{name}.conf")]
        started = self.start(name, [*under, *argv], self.core if cores is None else cores, environment)
        wait_for_port(self.port(name), started)
        return started

    def start_upstream(self):
        return self.start_peer("upstream", self.others)

    def start_gateway(self, under=(), cores=None, seconds=20, environment=None, workers=None, database="gateway",
                      connected=True):
        """The program and its address; connects two users to it if `connected`."""
        settings = settings_for.write(
            self.run, self.gateway_program, f"https://localhost:{self.port('upstream')}", self.run / "cert.pem",
            workers or self.values["WORKERS"], self.key_sha256, f"'localhost:{self.port('upstream')}'", database)
        gateway = self.start(database, [*under, self.gateway_program, "--config", str(settings)],
                             self.core if cores is None else cores, {**AS_SHIPPED, **(environment or {})})
        listening = gateway.first_line(seconds)
        gateway.admin = listening["admin"]
        base = listening["api"]
        for number, user in enumerate((USER, LONG_USER) if connected else (), start=users.OTHERS):
            settings_for.call(base, "PUT", f"/v1/users/{user}/tokens", self.key, users.tokens(number))
        return gateway, base
