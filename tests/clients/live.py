#!/usr/bin/env python3
"""Clients that generators make from openapi.yaml compile, and work: live.py GATEWAY SIMULATOR. Generates them as
docs/clients.md says, checks their types with mocks of every answer, and lets each walk through the calls on loopback."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
sys.path[:0] = [str(HERE), str(HERE.parent / "harness"), str(TOP / "cmake")]

from media import HOST, PhotoServer, make_certificates, make_photo_head  # noqa: E402
from mocks import write_mocks  # noqa: E402
from docs_page import commands, faults_of_page  # noqa: E402
from programs import start_both, temporary_folder  # noqa: E402
from yaml_to_json import load  # noqa: E402

INSTALLED = TOP / "build/clients"
CLIENTS = ("openapi-fetch", "hey-api", "orval")
SECONDS_MAX = 400


def run(place, command, environment, says=""):
    """What went wrong; nothing if the command ended well and said what it should."""
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=SECONDS_MAX, env=environment)
    return "" if done.returncode == 0 and says in done.stdout else f"{' '.join(command)}: {done.stdout[-4000:]}{done.stderr[-4000:]}"


def environment_of_setup():
    """With the programs that `run setup` installed on the path, and Node."""
    subprocess.run([HERE / "run", "setup"], check=True, timeout=600)
    node = next((TOP / "build/contract/node_modules").glob("node-linux-*/bin"))
    return os.environ | {"PATH": f"{INSTALLED}/node_modules/.bin:{node}:{os.environ['PATH']}"}


def generate(place, environment):
    """Runs the page's commands."""
    for file in [*HERE.glob("*.ts"), HERE / "tsconfig.json", HERE / "orval.config.cjs"]:
        shutil.copy(file, place)
    shutil.copy(HERE / "tsconfig.json", INSTALLED)  # @hey-api/openapi-ts looks for it beside its own node_modules
    (place / "package.json").write_text('{"type": "module"}')  # `npm pkg set type=module`
    contract = load(TOP / "openapi.yaml")
    (place / "openapi.json").write_text(json.dumps(contract))
    with ThreadPoolExecutor() as several:
        faults = list(several.map(lambda command: run(place, command, environment), commands()))
    write_mocks(contract, place)
    return [fault for fault in faults if fault]


def walk(place, environment, programs, client):
    """Each client has a gateway and a TikTok of its own, so that no limit of one stops another."""
    with temporary_folder("gateway-clients-") as (folder, started):
        authority, certificate, key = make_certificates(folder)
        server = PhotoServer([make_photo_head(folder)], certificate, key)
        started.append(server)
        program, simulator, secret = start_both(programs, folder, started, HOST, server.port, authority, port=0)
        given = {"GATEWAY_URL": program.listening["api"], "GATEWAY_KEY": secret, "PHOTO_URL": server.urls[0],
                 "NODE_EXTRA_CA_CERTS": simulator.listening["ca_file"]}
        return run(place, ["node", f"compiled/{client}.js"], environment | given, "walked to the end")


def main(*programs):
    faults, environment = faults_of_page(), environment_of_setup()
    # Beside node_modules, where TypeScript and Node look for it.
    with tempfile.TemporaryDirectory(dir=INSTALLED, prefix="run-") as name:
        place = pathlib.Path(name).resolve()
        faults += generate(place, environment)
        if not faults:
            faults += filter(None, [run(place, ["tsc", "--project", "."], environment)])
        if not faults:
            faults += filter(None, (walk(place, environment, programs, one) for one in CLIENTS))
    print("\n".join(faults) or f"{', '.join(CLIENTS)}: generated, compiled, walked")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
