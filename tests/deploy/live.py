#!/usr/bin/env python3
"""The metrics of a running gateway, as a platform sees them: promtool reads them, a real Prometheus scrapes them, and
every expression of the dashboard and the alert rules finds what it asks for. live.py GATEWAY SIMULATOR"""
import json
import pathlib
import re
import secrets
import subprocess
import sys
import time
import urllib.parse

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "harness")]

from files import DEPLOY, FAULTS, check
from media import HOST
from metrics import METRICS, ONLY_WITH_TLS, expressions, names_in, rules
from peers import Gateway, ask, log_in
from programs import free_port, start_both, temporary_folder
from secret_search import secrets_seen

PROMETHEUS = """\
global: {{scrape_interval: 1s}}
rule_files: ["{rules}"]
scrape_configs:
  - job_name: tiktok-gateway
    static_configs: [{{targets: ["{admin}"]}}]
"""


def traffic(gateway, control):
    """A little of everything, so that nothing stays empty."""
    for path in ("/info", "/stats", "/videos", "/creator"):
        gateway.of_user("GET", path)
    data = bytes.fromhex("0000001866747970") + b"mp42\0\0\0\0mp42isom" + secrets.token_bytes(100_000)
    for _ in range(2):
        gateway.of_user("POST", "/videos", body=data, headers={"Content-Type": "video/mp4", "Idempotency-Key": "once"})
    for _ in range(8):
        gateway.of_user("POST", "/photos", body={"photo_images": [f"https://{HOST}/photos/a.jpg"], "photo_cover_index": 0})
    ask("POST", f"{control}/tokens/expire", json.dumps({"account": "demo"}))
    gateway.of_user("GET", "/profile")


def check_text(text):
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=60)
    check(done.returncode == 0, f"promtool check metrics: {done.stdout}{done.stderr}")
    families = dict(re.findall(r"^# TYPE tiktok_gateway_(\w+) (\w+)$", text, re.M))
    for name, labels in METRICS.items():
        if name in ONLY_WITH_TLS:
            continue
        check(name in families, f"/metrics has no {name}")
        for sample in re.findall(rf"^tiktok_gateway_{name}(?:_bucket|_sum|_count)?(?:{{(.*)}})? ", text, re.M):
            found = set(re.findall(r'(\w+)="', sample)) - {"le"}
            check(found == labels, f"{name} has the labels {sorted(found)}, promised are {sorted(labels)}")
    for name in families.keys() - METRICS.keys():
        check(False, f"/metrics has {name}, which METRICS of metrics.py, and perhaps the dashboard, do not know")


def answered(prometheus, text):
    query = urllib.parse.urlencode({"query": text.replace("$__rate_interval", "30s").replace("$instance", ".*")})
    answer = ask("GET", f"{prometheus}/api/v1/query?{query}").json
    if answer.get("status") != "success":
        return None, answer.get("error")
    return answer["data"]["result"], None


def wait_for_samples(prometheus):
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found, _ = answered(prometheus, "count_over_time(tiktok_gateway_build_info[1m]) > 5")
        if found:
            return
        time.sleep(0.5)
    check(False, "Prometheus scraped nothing")


def check_expressions(folder, admin):
    port = free_port(0)
    config = folder / "prometheus.yml"
    config.write_text(PROMETHEUS.format(rules=DEPLOY / "prometheus/rules.yaml", admin=admin.removeprefix("http://")))
    with open(folder / "prometheus.log", "w") as log:
        process = subprocess.Popen(["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder}/tsdb",
                                    f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"], stdout=log, stderr=log)
    prometheus = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                if ask("GET", f"{prometheus}/-/ready").status == 200:
                    break
            except OSError:
                time.sleep(0.2)
        wait_for_samples(prometheus)
        alerts = {alert for alert, _ in rules()}  # one that is silent finds nothing
        for where, text in expressions():
            found, error = answered(prometheus, text)
            check(error is None, f"{where}: {error}")
            here = not any(name in ONLY_WITH_TLS for name, _ in names_in(text))  # else replicas.py finds it
            check(bool(found) or where in alerts or not here, f"{where}: nothing found for {text}")
    finally:
        process.terminate()
        process.wait(timeout=30)


def main(*programs):
    with temporary_folder("gateway-metrics-") as (folder, started):
        program, simulator, key = start_both(programs, folder, started, HOST)
        gateway, admin = Gateway(program.listening["api"], key), program.listening["admin"]
        log_in(gateway, simulator.listening["ca_file"])
        traffic(gateway, simulator.listening["control"])
        check_text(gateway.hear("GET", f"{admin}/metrics").text)
        check_expressions(folder, admin)
        for line in secrets_seen(folder, gateway, program, simulator.listening["control"]):
            check(False, line)
    print("\n".join(FAULTS) or "metrics, rules and dashboard agree")
    return 1 if FAULTS else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
