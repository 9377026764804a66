"""What every measurement starts: a stub of TikTok over TLS, nginx as the yardstick, the gateway with everything on."""
import json
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import settings_for
from processes import Program

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
USER = "user-77"
INFO = f"/v1/users/{USER}/info"
STATUS = f"/v1/users/{USER}/posts/v_pub_url~v2.123456789"
UPSTREAM_INFO = "/v2/user/info/?fields=open_id,union_id,avatar_url,display_name"
UPSTREAM_STATUS = "/v2/post/publish/status/fetch/"
STATUS_BODY = '{"publish_id":"v_pub_url~v2.123456789"}'


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def tokens():
    return json.dumps({"access_token": "act.bench", "expires_in": 86400, "refresh_token": "rft.bench",
                       "refresh_expires_in": 31536000, "open_id": "723f24d7-e717-40f8-a2b6-cb8464cd23b4",
                       "scope": "user.info.basic,user.info.profile,user.info.stats,video.list,video.upload,video.publish",
                       "token_type": "Bearer"})


class Stage:
    """A scratch folder and the programs in it; ends both."""

    def __init__(self, gateway):
        self.run = Path(tempfile.mkdtemp(prefix="gateway-bench-"))
        self.run.chmod(0o755)
        self.gateway_program = gateway
        self.nginx_program = shutil.which("nginx") or "/usr/sbin/nginx"
        self.started = []
        self.ports = {"RUN": self.run, "UPSTREAM_PORT": free_port(), "NGINX_PORT": free_port(), "WORKERS": 1}
        cores = list(range(os.cpu_count() or 1))
        self.core, self.others = (cores[:1], cores[1:]) if len(cores) > 1 else ([], [])

    def __enter__(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-days", "30", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                        "-keyout", str(self.run / "key.pem"), "-out", str(self.run / "cert.pem")],
                       check=True, capture_output=True)
        return self

    def __exit__(self, *_):
        for program in reversed(self.started):
            program.stop()
        shutil.rmtree(self.run, ignore_errors=True)

    def start(self, name, argv, cores):
        self.started.append(Program(name, argv, cores, self.run / f"{name}.log"))
        return self.started[-1]

    def rendered(self, name):
        text = (HERE / f"{name}.in").read_text()
        for key, value in self.ports.items():
            text = text.replace(f"@{key}@", str(value))
        (self.run / name).write_text(text)
        return str(self.run / name)

    def start_nginx(self, name, cores):
        """`upstream` or `nginx`: the file of that name beside this one."""
        return self.start(name, [self.nginx_program, "-p", str(self.run), "-c", self.rendered(f"{name}.conf")], cores)

    def start_gateway(self, under=(), cores=None, seconds=20):
        """The program, its address and a caller's key; the user is connected."""
        secret, digest = settings_for.new_key(self.gateway_program)
        settings = settings_for.write(self.run, self.gateway_program, f"https://localhost:{self.ports['UPSTREAM_PORT']}",
                                      self.run / "cert.pem", self.ports["WORKERS"], digest)
        gateway = self.start("gateway", [*under, self.gateway_program, "--config", str(settings)],
                             self.core if cores is None else cores)
        base = gateway.first_line(seconds)["api"]
        settings_for.call(base, "PUT", f"/v1/users/{USER}/tokens", secret, tokens())
        return gateway, base, secret
