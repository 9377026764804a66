"""The memory that every way gives; compose.yaml and the systemd unit: what they mount, who reads it, how they end."""
import pathlib
import re
import shutil
import subprocess
import tempfile

import yaml
from files import DEPLOY, REFRESHES_AND_LAST_CUT_S, TOP, check, documents, figure, manifests

# The program with nothing to do takes 10 MiB (docs/performance.md §0); the rest is for calls that run.
PROCESS_MIB_MAX = 48


def memory_mib():
    """The most that the service takes with the default settings: what callers can make it take at the same time."""
    setting = "config/gateway.yaml"
    connections = figure(setting, r"#connections_max: (\d+)")
    per_connection = figure("tests/flow/tls_memory_test.cpp", r"idle_kib_max = (\d+)")
    per_handshake = figure("tests/flow/tls_memory_test.cpp", r"half_open_kib_max = (\d+)")
    # Half a ClientHello, before there is an SSL: less than an idle connection.
    hello = figure("service/runtime/stream_tls.cpp", r"record_bytes_max = (\d+) \* 1024")
    check(hello + 5 <= per_connection, f"half a ClientHello costs {hello + 5} KiB, an idle connection {per_connection}")
    answers = figure("service/inbound/api_listener.hpp", r"answers_mib_max = (\d+)") * 1024
    one_handshake_in = figure("service/app/descriptors.cpp", r"plan\.connections_max, (\d+)UL \* workers")
    process = PROCESS_MIB_MAX * 1024
    users = figure(setting, r"#cached_users: (\d+)")  # about 1 KiB each
    uploads = figure(setting, r"#memory_bytes: (\d+)") / 1024
    handshakes = connections / one_handshake_in
    kib = process + users + uploads + answers + (connections - handshakes) * per_connection + handshakes * per_handshake
    return kib / 1024


def check_memory(found):
    need = memory_mib()
    box = found["Deployment", "tiktok-gateway"]["spec"]["template"]["spec"]["containers"][0]
    compose = documents("compose.yaml")[0]["services"]["tiktok-gateway"]
    for where, limit in (("the deployment", box["resources"]["limits"]["memory"].removesuffix("Mi")),
                         ("compose", compose["mem_limit"].removesuffix("m"))):
        check(need <= float(limit), f"{where} gives {limit} MiB, and the settings allow {need:.0f} MiB")


def check_compose():
    compose = documents("compose.yaml")[0]["services"]["tiktok-gateway"]
    production = yaml.safe_load((TOP / "config/production.yaml").read_text())
    places = {}
    for volume in compose["volumes"]:
        check(isinstance(volume, dict), f"{volume} is made as an empty folder where it is missing")
        places[volume["target"]] = volume
        if volume["type"] == "bind":
            check(volume["source"] == "${TIKTOK_GATEWAY_FOLDER:-/etc/tiktok-gateway}", "compose puts secrets into the checkout")
            # Without a file in env_file every compose ends before it makes anything; create_host_path is not known to
            # Debian's, and not heeded by some that know it.
            check(f"{volume['source']}/environment" in compose["env_file"], f"{volume['source']} is made as an empty folder where it is missing")
    for path in (production["tiktok"]["client_secret_file"], production["vault"]["keys_file"],
                 production["store"]["url"].removeprefix("sqlite:"), production["files"]["directory"]):
        check(any(path.startswith(place + "/") for place in places), f"compose mounts nothing where {path} lies")
    check(compose["read_only"] and compose["cap_drop"] == ["ALL"] and compose["user"] == "10001:10001", "compose is not hardened")
    for name in ("vault_keys", "client_secret"):
        for file, line in ((".gitignore", name), (".dockerignore", f"**/{name}")):
            check(line in (TOP / file).read_text().splitlines(), f"{file} does not know {name}")


def check_unit():
    unit = (DEPLOY / "systemd/tiktok-gateway.service").read_text()
    check("LoadCredential" not in unit, "a credential is copied at the start: a reload would not see a new vault key")
    check("User=tiktok-gateway" in unit and "u tiktok-gateway " in (DEPLOY / "systemd/sysusers.conf").read_text(),
          "nobody makes the unit's user")
    check(int(re.search(r"TimeoutStopSec=(\d+)", unit)[1]) > 35 + REFRESHES_AND_LAST_CUT_S, "systemd kills before the drain ends")
    check("RestartPreventExitStatus=78" in unit and "ExecStartPre" not in unit, "wrong settings are tried again and again")
    check("/bin/kill" not in unit, "a small Debian has no /bin/kill, and the reload would fail")
    check("\nProcSubset=pid" not in unit, "the gateway does not see the boot's id")
    dockerfile = (TOP / "Dockerfile").read_text()
    pages = re.search(r"^ENV (GLIBC_TUNABLES=.+)$", dockerfile, re.MULTILINE)[1]
    check(f"\nEnvironment={pages}\n" in unit, "image and systemd unit ask glibc for different things")
    check("FROM debian:bookworm-slim" in dockerfile and "USER 10001:10001" in dockerfile, "the image is not as the manifests expect")
    if shutil.which("systemd-analyze"):
        program = re.search(r"^ExecStart=(\S+)", unit, re.M)[1]
        with tempfile.TemporaryDirectory() as name:
            file = pathlib.Path(name) / "tiktok-gateway.service"
            file.write_text(unit.replace(program, "/bin/true"))
            done = subprocess.run(["systemd-analyze", "verify", "--man=no", file], capture_output=True, text=True, timeout=60)
            of_ours = [line for line in done.stderr.splitlines() if "tiktok-gateway" in line]
            check(not of_ours, f"systemd-analyze verify: {of_ours}")


def check_hosts():
    check_memory(manifests())
    check_compose()
    check_unit()
