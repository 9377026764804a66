#!/usr/bin/env python3
"""The two files of an Ingress as a real nginx: each path and annotation becomes what ingress-nginx makes of it. Open to all is
what browsers and TikTok need and nothing else; a large body goes through the API's one while it comes, and is not kept.
ingress.py GATEWAY SIMULATOR"""
import http.client
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "harness")]

from files import FAULTS, check, documents
from media import HOST
from peers import ask
from programs import free_port, start_both, temporary_folder

MANY_BYTES = 3 << 20  # more than nginx takes by itself
NGINX = """\
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{ return 404 "not open"; }}
        {locations}
    }}
}}
"""


def locations(names, upstream):
    for name in names:
        ingress = documents(f"kubernetes/{name}")[0]
        said = ingress["metadata"].get("annotations", {})
        said = {key.removeprefix("nginx.ingress.kubernetes.io/"): value for key, value in said.items()}
        directives = [f"{key.replace('-', '_') if key != 'proxy-body-size' else 'client_max_body_size'} {value};"
                      for key, value in said.items()]
        for path in ingress["spec"]["rules"][0]["http"]["paths"]:
            sign = "= " if path["pathType"] == "Exact" else ""
            yield f"location {sign}{path['path']} {{ proxy_pass {upstream}; {' '.join(directives)} }}"


class Nginx:
    def __init__(self, folder, names, upstream):
        folder.mkdir()
        self.port = free_port(0)
        program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=self.port, locations="\n".join(locations(names, upstream))))
        self.process = subprocess.Popen([program, "-c", f"{folder}/nginx.conf", "-e", f"{folder}/nginx.log"])
        until = time.monotonic() + 30
        while self.status("/") is None and time.monotonic() < until and self.process.poll() is None:
            time.sleep(0.1)

    def status(self, path):
        try:
            return ask("GET", f"http://127.0.0.1:{self.port}{path}").status
        except OSError:
            return None

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)


def check_public(nginx):
    for path, wanted in (("/oauth/callback", {400}), ("/webhooks/tiktok", {405}), ("/media/none", {404}), ("/v1/users", {404}),
                         ("/docs", {404}), ("/oauth/callback/more", {404}), ("/", {404})):
        status = nginx.status(path)
        check(status in wanted, f"the public ingress answers {status} on {path}")


def in_flight(admin):
    return int(re.search(r"^tiktok_gateway_requests_in_flight (\d+)$", ask("GET", f"{admin}/metrics").text, re.M)[1])


def check_api(nginx, key, admin):
    """Half of a body is with the gateway before the other half has left; a proxy that keeps it would still wait."""
    check(nginx.status("/v1/users") == 401, "the API's ingress does not lead to the API")
    check(nginx.status("/metrics") == 404, "the API's ingress opens the metrics")
    before = in_flight(admin)
    connection = http.client.HTTPConnection("127.0.0.1", nginx.port, timeout=60)
    connection.putrequest("POST", "/v1/files")
    for name, value in (("Authorization", f"Bearer {key}"), ("Content-Type", "video/mp4"), ("Content-Length", str(MANY_BYTES))):
        connection.putheader(name, value)
    connection.endheaders()
    data = bytes.fromhex("0000001866747970") + b"mp42\0\0\0\0mp42isom" + os.urandom(MANY_BYTES - 24)
    connection.send(data[: MANY_BYTES // 2])
    until = time.monotonic() + 20
    while in_flight(admin) == before and time.monotonic() < until:
        time.sleep(0.1)
    check(in_flight(admin) == before + 1, "the proxy keeps the body until it is whole")
    connection.send(data[MANY_BYTES // 2:])
    answer = connection.getresponse()
    check(answer.status == 200, f"a body of {MANY_BYTES} bytes: {answer.status} {answer.read()[:300]}")
    connection.close()


def main(*programs):
    with temporary_folder("gateway-ingress-") as (folder, started):
        program, _, key = start_both(programs, folder, started, HOST)
        public = Nginx(folder / "public", ["ingress.yaml"], program.listening["api"])
        started.append(public)
        check_public(public)
        api = Nginx(folder / "api", ["ingress.yaml", "ingress-api.yaml"], program.listening["api"])
        started.append(api)
        check_api(api, key, program.listening["admin"])
    print("\n".join(FAULTS) or "the ingress opens what it should, and keeps no body")
    return 1 if FAULTS else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
