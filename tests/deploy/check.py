#!/usr/bin/env python3
"""deploy/ fits the service and itself: ports, selectors, secrets, grace, probes, metrics. Every fault is one line."""
import json
import pathlib
import re
import subprocess
import sys

import yaml

TOP = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = TOP / "deploy"
# What operators may rely on. Histograms are asked for by _bucket, _sum and _count.
METRICS = {
    "requests_total": {"action", "status"}, "request_duration_seconds": {"action"}, "requests_in_flight": set(),
    "upstream_requests_total": {"endpoint", "code"}, "upstream_duration_seconds": {"endpoint"},
    "upstream_connections": {"state"}, "rate_limited_total": {"limit_scope", "endpoint"},
    "token_refreshes_total": {"result"}, "token_refresh_duration_seconds": set(), "connections": {"state"},
    "uploads_in_flight": set(), "upload_bytes_total": {"direction"}, "posts_total": {"outcome"},
    "idempotent_replays_total": set(), "undurable_answers_total": set(),
    "vault_operations_total": {"operation", "result"},
    "event_loop_lag_seconds": set(), "build_info": {"version"}, "settings_reloads_total": {"result"},
    "logins_total": {"result"}, "app_refused": set(), "ready": set(), "certificate_expires_timestamp_seconds": set(),
    "store_has_no_room": set(), "store_late_writes_lost_total": set(), "store_overdue_rows": {"table"},
    "staged_files_damaged_total": set(), "vault_key_uses": set(), "vault_spooled_pairs": set(),
}
# Told only where the API listener has TLS.
ONLY_WITH_TLS = {"certificate_expires_timestamp_seconds"}
# Told by each replica about the whole store: a sum over replicas would count a user twice.
OF_THE_WHOLE_STORE = {"connections", "store_overdue_rows"}
FAULTS = []


# The program with nothing to do takes 10 MiB (docs/performance.md §0); the rest is for calls that run.
PROCESS_MIB_MAX = 48
# service/app/drain.cpp: refreshes in flight after the drain, then the cut of what is left.
REFRESHES_AND_LAST_CUT_S = 41 + 2


def check(well, what):
    if not well:
        FAULTS.append(what)


def documents(name):
    return list(yaml.safe_load_all((DEPLOY / name).read_text()))


def manifests():
    names = yaml.safe_load((DEPLOY / "kubernetes/kustomization.yaml").read_text())["resources"]
    found = {}
    for name in [*names, "secrets.example.yaml"]:
        for part in documents(f"kubernetes/{name}"):
            found[part["kind"], part["metadata"]["name"]] = part
    return found


def check_workload(found):
    deployment = found["Deployment", "tiktok-gateway"]["spec"]
    pod = deployment["template"]["spec"]
    box = pod["containers"][0]
    labels = deployment["template"]["metadata"]["labels"]
    check(deployment["replicas"] == 1 and deployment["strategy"]["type"] == "Recreate", "SQLite wants one replica, recreated")
    check(deployment["selector"]["matchLabels"] == labels, "the deployment selects other pods than its own")
    check(pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] == 10001, "the pod runs as 10001")
    check(pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, "the pod has no seccomp profile")
    inside = box["securityContext"]
    check(inside["readOnlyRootFilesystem"] and not inside["allowPrivilegeEscalation"]
          and inside["capabilities"] == {"drop": ["ALL"]}, "the container is not restricted")
    ports = {port["name"]: port["containerPort"] for port in box["ports"]}
    for probe, path in (("startupProbe", "/healthz"), ("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")):
        check(box[probe]["httpGet"] == {"path": path, "port": "admin"}, f"{probe} does not ask {path} on the admin port")
    annotations = deployment["template"]["metadata"]["annotations"]
    check(annotations["prometheus.io/port"] == str(ports["admin"]), "Prometheus is sent to another port")
    check_settings(found, pod, box, ports)
    check_ways(found, labels, ports)


def check_settings(found, pod, box, ports):
    settings = yaml.safe_load(found["ConfigMap", "tiktok-gateway"]["data"]["gateway.yaml"])
    check((settings["listen"]["port"], settings["admin"]["port"]) == (ports["api"], ports["admin"]), "ports of settings and container differ")
    drain = (settings["drain"]["delay_ms"] + settings["drain"]["deadline_ms"]) / 1000 + REFRESHES_AND_LAST_CUT_S
    check(pod["terminationGracePeriodSeconds"] > drain, f"the grace is not longer than the drain ({drain} s)")
    mounts = {mount["name"]: mount for mount in box["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    check(mounts.keys() == volumes.keys(), "volumes and mounts differ")
    config = pathlib.PurePosixPath(box["args"][1])
    check(str(config.parent) == mounts["settings"]["mountPath"] and config.name in found["ConfigMap", "tiktok-gateway"]["data"],
          "--config names no mounted file")
    files = set()
    for name, volume in volumes.items():
        if "secret" not in volume:
            continue
        held = found["Secret", volume["secret"]["secretName"]]["stringData"]
        check(volume["secret"]["defaultMode"] == 0o440, f"{name} is not mounted 0440")
        for item in volume["secret"]["items"]:
            check(item["key"] in held, f"secret {name} has no key {item['key']}")
            files.add(f"{mounts[name]['mountPath']}/{item['path']}")
    check({settings["tiktok"]["client_secret_file"], settings["vault"]["keys_file"]} == files, "settings and mounted secrets differ")
    for entry in box["env"]:
        source = entry["valueFrom"]["secretKeyRef"]
        check(source["key"] in found["Secret", source["name"]]["stringData"], f"{entry['name']} names no key of a secret")
    data = mounts["data"]["mountPath"]
    for path in (settings["store"]["url"].removeprefix("sqlite:"), settings["files"]["directory"]):
        check(path.startswith(data + "/"), f"{path} does not lie on the volume")
    claim = found["PersistentVolumeClaim", volumes["data"]["persistentVolumeClaim"]["claimName"]]
    room = int(claim["spec"]["resources"]["requests"]["storage"].removesuffix("Gi")) << 30
    check(room > settings["files"]["quota_bytes"], "the volume is smaller than files.quota_bytes")


def check_ways(found, labels, ports):
    for name, port in (("tiktok-gateway", "api"), ("tiktok-gateway-admin", "admin")):
        service = found["Service", name]["spec"]
        check(service["selector"] == labels, f"service {name} selects other pods")
        check([p["targetPort"] for p in service["ports"]] == [port], f"service {name} leads elsewhere")
    policy = found["NetworkPolicy", "tiktok-gateway"]["spec"]
    check(policy["podSelector"]["matchLabels"] == labels, "the network policy is for other pods")
    opened = {port["port"] for rule in policy["ingress"] for port in rule["ports"]}
    check(opened == set(ports.values()), "the network policy opens other ports")


def figure(file, pattern):
    """A number as it stands in a file of the repository."""
    found = re.search(pattern, (TOP / file).read_text())
    check(found is not None, f"{file} has no {pattern}")
    return float(found[1].replace("_", "")) if found else 0.0


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


def check_others():
    compose = documents("compose.yaml")[0]["services"]["tiktok-gateway"]
    production = yaml.safe_load((TOP / "config/production.yaml").read_text())
    places = [volume.split(":")[1] for volume in compose["volumes"]]
    for path in (production["tiktok"]["client_secret_file"], production["vault"]["keys_file"],
                 production["store"]["url"].removeprefix("sqlite:"), production["files"]["directory"]):
        check(any(path.startswith(place + "/") for place in places), f"compose mounts nothing where {path} lies")
    check(compose["read_only"] and compose["cap_drop"] == ["ALL"] and compose["user"] == "10001:10001", "compose is not hardened")
    unit = (DEPLOY / "systemd/tiktok-gateway.service").read_text()
    check(int(re.search(r"TimeoutStopSec=(\d+)", unit)[1]) > 35, "systemd kills before the drain ends")
    dockerfile = (TOP / "Dockerfile").read_text()
    pages = re.search(r"^ENV (GLIBC_TUNABLES=.+)$", dockerfile, re.MULTILINE)[1]
    check(f"\nEnvironment={pages}\n" in unit, "image and systemd unit ask glibc for different things")
    check("FROM debian:bookworm-slim" in dockerfile and "USER 10001:10001" in dockerfile, "the image is not as the manifests expect")


def expressions():
    for group in documents("prometheus/rules.yaml")[0]["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]
    board = json.loads((DEPLOY / "grafana/dashboard.json").read_text())
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]


def check_metrics():
    seen = set()
    for where, text in expressions():
        for name, labels in re.findall(r"tiktok_gateway_(\w+)(?:\{([^}]*)\})?", text):
            name = name if name in METRICS else re.sub(r"_(bucket|sum|count)$", "", name)
            check(name in METRICS, f"{where}: there is no metric {name}")
            seen.add(name)
            used = set(re.findall(r"(\w+)\s*(?:=|!)", labels)) - {"instance", "job"}
            check(used <= METRICS.get(name, set()), f"{where}: {name} has no labels {used}")
            check(name not in OF_THE_WHOLE_STORE or "sum" not in text, f"{where}: {name} is added up over replicas")
    for name in METRICS.keys() - seen:
        check(False, f"nothing shows {name}")


def check_rules():
    for command in (["check", "rules", "rules.yaml"], ["test", "rules", "rules_test.yaml"]):
        done = subprocess.run(["promtool", *command], cwd=DEPLOY / "prometheus", capture_output=True, text=True, timeout=60)
        check(done.returncode == 0, f"promtool {' '.join(command)}: {done.stdout}{done.stderr}")
    tested = (DEPLOY / "prometheus/rules_test.yaml").read_text()
    for rule in documents("prometheus/rules.yaml")[0]["groups"][0]["rules"]:
        check(f"alertname: {rule['alert']}" in tested, f"{rule['alert']} has no test")


if __name__ == "__main__":
    check_workload(manifests())
    check_memory(manifests())
    check_others()
    check_metrics()
    check_rules()
    print("\n".join(FAULTS) or "deploy/ fits the service")
    sys.exit(1 if FAULTS else 0)
