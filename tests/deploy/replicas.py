#!/usr/bin/env python3
"""Two replicas on one PostgreSQL, found by a real Prometheus in both ways of deploy/prometheus/scrape.yaml. Each query of
the dashboard over both is held against what it gives for each of them: what a process counts is added up, what both tell
of the store is not. Then they end, and the alert sees both. replicas.py GATEWAY SIMULATOR"""
import json
import math
import os
import pathlib
import re
import ssl
import subprocess
import sys
import time
import urllib.parse

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "harness")]

import yaml
from files import DEPLOY, FAULTS, check, documents
from media import HOST
from metrics import OF_THE_WHOLE_STORE, panels
from peers import Gateway, ask, log_in
from postgresql import Server
from programs import Program, free_port, start_both, temporary_folder

POSTS_EACH = {"first": 2, "second": 1}


class Replica:
    """A gateway, its caller's view of it, and its name in Prometheus."""

    def __init__(self, program, key, tls=None):
        self.program, self.admin = program, program.listening["admin"].removeprefix("http://")
        self.api = Gateway(program.listening["api"], key)
        if tls:
            self.api.hear = lambda method, url, body=None, headers=None: ask(method, url, body, headers, tls)


def second_gateway(gateway_program, folder, key):
    """The settings of the first, with ports, files and a certificate of its own; key ring and store are the same."""
    own = folder / "second"
    own.mkdir(mode=0o700)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                    "-subj", "/CN=localhost", "-keyout", own / "tls.key", "-out", own / "tls.pem"],
                   check=True, capture_output=True, timeout=60)
    (own / "tls.key").chmod(0o600)
    settings = yaml.safe_load((folder / "gateway.yaml").read_text())
    settings["listen"] = {"port": 0, "tls": {"certificate_file": str(own / "tls.pem"), "private_key_file": str(own / "tls.key")}}
    settings["files"] = {"directory": str(own / "files")}
    (own / "gateway.yaml").write_text(yaml.safe_dump(settings))
    program = Program([gateway_program, "--config", str(own / "gateway.yaml")], own / "gateway.log")
    return Replica(program, key, ssl._create_unverified_context())


def pod_labels(admin):
    """What Prometheus' Kubernetes discovery says of a pod of deploy/kubernetes: a target for each of its ports."""
    template = documents("kubernetes/deployment.yaml")[0]["spec"]["template"]["metadata"]
    labels = {"__meta_kubernetes_namespace": "tiktok-gateway", "__meta_kubernetes_pod_name": "tiktok-gateway-0"}
    for kind, given in (("label", template["labels"]), ("annotation", template["annotations"])):
        for name, value in given.items():
            labels[f"__meta_kubernetes_pod_{kind}_" + re.sub(r"\W", "_", name)] = value
    host, port = admin.split(":")
    labels["__meta_kubernetes_pod_annotation_prometheus_io_port"] = port
    return [{"targets": [f"{host}:1", f"{host}:2", host], "labels": labels}]


def scrape_settings(first, second):
    """deploy/prometheus/scrape.yaml with the targets of this test, and faster."""
    jobs = documents("prometheus/scrape.yaml")[0]["scrape_configs"]
    found = {job["job_name"]: job for job in jobs}
    found["tiktok-gateway"]["static_configs"] = [{"targets": [first.admin]}]
    del found["kubernetes-pods"]["kubernetes_sd_configs"]
    found["kubernetes-pods"]["static_configs"] = pod_labels(second.admin)
    for job in jobs:
        job["scrape_interval"] = "1s"
    return {"global": {"evaluation_interval": "1s"}, "rule_files": [str(DEPLOY / "prometheus/rules.yaml")], "scrape_configs": jobs}


class Prometheus:
    def __init__(self, folder, settings):
        port = free_port(0)
        self.url = f"http://127.0.0.1:{port}"
        (folder / "prometheus.yml").write_text(yaml.safe_dump(settings))
        with open(folder / "prometheus.log", "w") as log:
            self.process = subprocess.Popen(["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb",
                                             f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"], stdout=log, stderr=log)

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)

    def get(self, path):
        try:
            return ask("GET", f"{self.url}{path}").json.get("data") or {}
        except OSError:
            return {}

    def query(self, text, at=None):
        asked = {"query": text, **({"time": at} if at else {})}
        return {tuple(sorted((name, value) for name, value in one["metric"].items() if name != "__name__")): float(one["value"][1])
                for one in self.get(f"/api/v1/query?{urllib.parse.urlencode(asked)}").get("result", [])}

    def wait_for(self, what, is_so, patience_s=60):
        until = time.monotonic() + patience_s
        while not is_so():
            if time.monotonic() > until:
                return check(False, f"Prometheus never saw {what}")
            time.sleep(0.3)


def traffic(name, replica, control):
    """A little of everything; says how many posts TikTok took."""
    data = bytes.fromhex("0000001866747970") + b"mp42\0\0\0\0mp42isom" + os.urandom(50_000)
    for at in range(POSTS_EACH[name]):
        headers = {"Content-Type": "video/mp4", "Idempotency-Key": f"{name}-{at}"}
        for _ in range(2):
            answer = replica.api.of_user("POST", "/videos", body=data, headers=headers)
            check(answer.status == 200, f"{name}: {answer.text}")
    for path in ("/info", "/stats", "/videos"):
        replica.api.of_user("GET", path)
    for _ in range(12):
        replica.api.of_user("GET", "/creator")
    ask("POST", f"{control}/tokens/expire", json.dumps({"account": "demo"}))
    replica.api.of_user("GET", "/profile")


def combined(text, parts):
    """What a query over both must give for one series, from what it gives for each."""
    if "histogram_quantile" in text or ") / sum" in text:
        return min(parts), max(parts)  # it lies between
    how = {"sum": math.fsum, "max": max, "min": min}[re.match(r"\w+", text)[0]]
    return how(parts), how(parts)


def check_panel(prometheus, where, text, replicas, at):
    def of(instance):
        return prometheus.query(text.replace("$__rate_interval", "3m").replace("$instance", instance), at)
    both, each = of(".*"), [of(one.admin) for one in replicas]
    check(both, f"{where}: nothing found for {text}")
    check(both.keys() == set().union(*each), f"{where}: over both there are other series: {sorted(both)} and {each}")
    for series, value in both.items():
        parts = [one[series] for one in each if series in one and not math.isnan(one[series])]
        if not parts or math.isnan(value):
            continue
        least, most = combined(text, parts)
        slack = 1e-6 + 1e-9 * abs(most)
        check(least - slack <= value <= most + slack, f"{where}: {value} over both, and {parts} for each, of {dict(series)}")


def check_truth(prometheus, at):
    """What is known from outside: one user, and the posts that were made. A number told twice would be twice as much."""
    for name in OF_THE_WHOLE_STORE:
        found = prometheus.query(f"count by (instance) (tiktok_gateway_{name})", at)
        check(len(found) == 2, f"{name} is told by {len(found)} of two replicas")
    by_title = {title: text.replace("$instance", ".*") for title, text in panels()}
    check(list(prometheus.query(by_title["Connected users"], at).values()) == [1.0], "one user is connected, the dashboard says else")
    states = prometheus.query(by_title["Connections by state"], at)
    check(sum(states.values()) == 1, f"there is one connection, the dashboard says {states}")
    posts = prometheus.query('sum(tiktok_gateway_posts_total{outcome="accepted"})', at)
    check(list(posts.values()) == [sum(POSTS_EACH.values())], f"TikTok took {sum(POSTS_EACH.values())} posts, counted are {posts}")
    outcomes = {dict(one)["outcome"] for one in prometheus.query("sum by (outcome) (tiktok_gateway_posts_total)", at)}
    check(outcomes == {"begun", "accepted", "failed", "outcome_unknown"}, f"posts_total has the outcomes {outcomes}")


def is_told_down(prometheus, replica):
    return any(one["labels"]["alertname"] == "TiktokGatewayDown" and one["labels"]["instance"] == replica.admin
               for one in prometheus.get("/api/v1/alerts").get("alerts", []))


def watch(prometheus, replicas, control):
    def all_up():
        return len(prometheus.query("up == 1")) == len(replicas)
    prometheus.wait_for("both replicas, each as one target", all_up)
    targets = prometheus.get("/api/v1/targets").get("activeTargets", [])
    check(len(targets) == 2, f"there are {len(targets)} targets for two replicas")
    # Counters are seen before they grow, or nothing has increased.
    prometheus.wait_for("two samples of each", lambda: all(
        v >= 2 for v in (prometheus.query("count_over_time(tiktok_gateway_build_info[3m])") or {0: 0}).values()))
    for name, replica in zip(POSTS_EACH, replicas):
        traffic(name, replica, control)
    accepted = sum(POSTS_EACH.values())
    prometheus.wait_for("the posts, and the user at both", lambda: (
        list(prometheus.query('sum(tiktok_gateway_posts_total{outcome="accepted"})').values()) == [accepted]
        and list(prometheus.query('count(tiktok_gateway_connections{state="connected"} == 1)').values()) == [2]))
    # Rates want two samples of each series, also of those that the traffic made.
    seen = time.time()
    prometheus.wait_for("samples after the traffic", lambda: time.time() > seen + 3)
    at = time.time()
    for where, text in panels():
        check_panel(prometheus, where, text, replicas, at)
    check_truth(prometheus, at)
    check(not any(is_told_down(prometheus, one) for one in replicas), "a gateway that runs is told as down")
    for one in replicas:
        one.program.stop()
    for job, one in zip(("tiktok-gateway", "kubernetes-pods"), replicas):
        prometheus.wait_for(f"that the gateway of the job {job} is down", lambda gone=one: is_told_down(prometheus, gone))


def main(*programs):
    with Server() as database, temporary_folder("gateway-replicas-") as (folder, started):
        os.environ["TIKTOK_GATEWAY__STORE__URL"] = database.url
        program, simulator, key = start_both(programs, folder, started, HOST)
        first = Replica(program, key)
        second = second_gateway(programs[0], folder, key)
        started.append(second.program)
        log_in(first.api, simulator.listening["ca_file"])
        prometheus = Prometheus(folder, scrape_settings(first, second))
        started.append(prometheus)
        watch(prometheus, [first, second], simulator.listening["control"])
    print("\n".join(FAULTS) or "two replicas are counted once where they tell the same, and added up where not")
    return 1 if FAULTS else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
