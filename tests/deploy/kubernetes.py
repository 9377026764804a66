"""deploy/kubernetes fits the service and itself: ports, selectors, secrets, grace, probes, volumes, ways in and out."""
import pathlib
import re
import shutil
import subprocess
import tempfile

import yaml
from files import DEPLOY, REFRESHES_AND_LAST_CUT_S, check, documents, figure, manifests, secrets_made


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
        held = secrets_made()[volume["secret"]["secretName"]]
        check(volume["secret"]["defaultMode"] == 0o440, f"{name} is not mounted 0440")
        for item in volume["secret"]["items"]:
            check(item["key"] in held, f"secret {name} has no key {item['key']}")
            files.add(f"{mounts[name]['mountPath']}/{item['path']}")
    check({settings["tiktok"]["client_secret_file"], settings["vault"]["keys_file"]} == files, "settings and mounted secrets differ")
    for entry in box["env"]:
        source = entry["valueFrom"]["secretKeyRef"]
        check(source["key"] in secrets_made()[source["name"]], f"{entry['name']} names no key of a secret")
    data = mounts["data"]["mountPath"]
    for path in (settings["store"]["url"].removeprefix("sqlite:"), settings["files"]["directory"]):
        check(path.startswith(data + "/"), f"{path} does not lie on the volume")
    check_own_folder(pod["initContainers"][0], box, mounts["data"]["subPath"])
    claim = found["PersistentVolumeClaim", volumes["data"]["persistentVolumeClaim"]["claimName"]]
    room = int(claim["spec"]["resources"]["requests"]["storage"].removesuffix("Gi")) << 30
    check(room > settings["files"]["quota_bytes"], "the volume is smaller than files.quota_bytes")


def check_own_folder(first, box, name):
    """What is done before the start, on a volume as it may be: new, of an earlier version, and used already."""
    check([mount["name"] for mount in first["volumeMounts"]] == ["data"] and first["image"] == box["image"]
          and first["securityContext"] == box["securityContext"], "the init container is another one than the gateway's")
    with tempfile.TemporaryDirectory() as volume:
        text = first["args"][0].replace(first["volumeMounts"][0]["mountPath"], volume)
        own = pathlib.Path(volume) / name

        def run():
            return subprocess.run([*first["command"], text], capture_output=True, text=True, timeout=30)
        check(run().returncode == 0 and own.is_dir() and own.stat().st_mode & 0o777 == 0o700, "nothing makes the gateway's own folder")
        pathlib.Path(volume, "gateway.db").write_text("of an earlier version")
        refused = run()
        check(refused.returncode == 1 and "move the store" in refused.stderr, "an empty store begins beside that of an earlier version")
        (own / "gateway.db").write_text("moved")
        check(run().returncode == 0, "a store that was moved is refused")


def check_ways(found, labels, ports):
    for name, port in (("tiktok-gateway", "api"), ("tiktok-gateway-admin", "admin")):
        service = found["Service", name]["spec"]
        check(service["selector"] == labels, f"service {name} selects other pods")
        check([p["targetPort"] for p in service["ports"]] == [port], f"service {name} leads elsewhere")
    policy = found["NetworkPolicy", "tiktok-gateway"]["spec"]
    check(policy["podSelector"]["matchLabels"] == labels, "the network policy is for other pods")
    opened = {port["port"] for rule in policy["ingress"] for port in rule["ports"]}
    check(opened == set(ports.values()), "the network policy opens other ports")


def check_ingress(found):
    """Open to all are the end of a login, TikTok's webhooks; the API only by a file of its own."""
    def paths(name):
        return {path["path"]: path for rule in found["Ingress", name]["spec"]["rules"] for path in rule["http"]["paths"]}
    ports = {port["name"] for port in found["Service", "tiktok-gateway"]["spec"]["ports"]}
    for name in ("tiktok-gateway", "tiktok-gateway-api"):
        spec = found["Ingress", name]["spec"]
        check([host for one in spec["tls"] for host in one["hosts"]] == [rule["host"] for rule in spec["rules"]], f"{name} has a host without TLS")
        for path, to in paths(name).items():
            service = to["backend"]["service"]
            check(service["name"] == "tiktok-gateway" and service["port"]["name"] in ports, f"{path} leads elsewhere")
    check(paths("tiktok-gateway").keys() == {"/oauth/callback", "/webhooks/tiktok"}, "the ingress opens other paths")
    check("/v1/" in paths("tiktok-gateway-api"), "the API's ingress does not open the API")
    said = found["Ingress", "tiktok-gateway-api"]["metadata"]["annotations"]
    said = {name.removeprefix("nginx.ingress.kubernetes.io/"): value for name, value in said.items()}
    for name, value in {"proxy-body-size": "0", "proxy-request-buffering": "off", "proxy-buffering": "off", "proxy-next-upstream": "off"}.items():
        check(said[name] == value, f"the API's ingress has {name}: {said[name]}")
    longest = figure("config/gateway.yaml", r"#batch_ms: (\d+)") / 1000
    for name in ("proxy-read-timeout", "proxy-send-timeout"):
        check(float(said[name]) > longest, f"{name} is shorter than a batch")
    resources = documents("kubernetes/kustomization.yaml")[0]["resources"]
    check(not any("ingress" in name for name in resources), "something is opened to all without being asked for")


def check_replicas(found):
    patch = documents("kubernetes/replicas/deployment.yaml")[0]["spec"]
    check(patch["replicas"] > 1 and patch["strategy"]["type"] == "RollingUpdate", "several replicas are one, or all go at once")
    volumes = {volume["name"]: volume.get("secret") or volume for volume in patch["template"]["spec"]["volumes"]}
    check({item["key"] for item in volumes["store"]["items"]} <= secrets_made()["store"], "nothing makes the secret of the store")
    check(volumes["store"]["defaultMode"] == 0o440, "the store's URL is not mounted 0440")
    mount = patch["template"]["spec"]["containers"][0]["volumeMounts"][0]["mountPath"]
    check(f"?sslrootcert={mount}/ca.pem'" in (DEPLOY / "README.md").read_text(), "the store's URL names no authority that is mounted")
    check(f"url_file: {mount}/url" in (DEPLOY / "README.md").read_text(), "the settings read the store's URL elsewhere")
    labels = found["Deployment", "tiktok-gateway"]["spec"]["template"]["metadata"]["labels"]
    check(found["PodDisruptionBudget", "tiktok-gateway"]["spec"]["selector"]["matchLabels"] == labels, "the budget is for other pods")
    shared = volumes["data"]["persistentVolumeClaim"]["claimName"]
    check(found["PersistentVolumeClaim", shared]["spec"]["accessModes"] == ["ReadWriteMany"], "replicas do not see one folder")
    check(shared != "tiktok-gateway", "a claim that exists cannot be changed into one that many may write")


def check_monitor(found):
    """What tells Prometheus' operator of the pods, and that the alerts know the job it makes of it."""
    monitor = documents("prometheus/monitor.yaml")[0]
    template = found["Deployment", "tiktok-gateway"]["spec"]["template"]
    check(monitor["spec"]["selector"]["matchLabels"] == template["metadata"]["labels"], "the monitor selects other pods")
    ports = {port["name"] for port in template["spec"]["containers"][0]["ports"]}
    check(all(one["port"] in ports for one in monitor["spec"]["podMetricsEndpoints"]), "the monitor names a port that no pod has")
    job = f"{monitor['metadata']['namespace']}/{monitor['metadata']['name']}"
    known = re.search(r'up\{job=~"([^"]+)"\}', (DEPLOY / "prometheus/rules.yaml").read_text())[1]
    for name in (job, "tiktok-gateway", "tiktok-gateway-admin"):
        check(re.fullmatch(known, name) is not None, f"TiktokGatewayDown does not know the job {name}")


def check_octal():
    """YAML 1.1 reads 0440 as octal, YAML 1.2 as 440."""
    for file in DEPLOY.rglob("*.yaml"):
        for number in re.findall(r":\s*(0\d+)\s*(?:[,}#]|$)", file.read_text(), re.M):
            check(False, f"{file.name} has {number}, which YAML 1.1 and 1.2 read differently")


def check_kustomize():
    """What kubectl makes of it, with and without all that may be asked for; where there is a kubectl that knows components."""
    said = subprocess.run(["kubectl", "version", "--client"], capture_output=True, text=True, timeout=60) if shutil.which("kubectl") else None
    if said is None or not re.search(r"Kustomize Version: v5", said.stdout):
        print("not looked at: there is no kubectl with kustomize 5")
        return
    with tempfile.TemporaryDirectory() as name:
        own = shutil.copytree(DEPLOY / "kubernetes", pathlib.Path(name) / "kubernetes")
        for replicas in (1, 3):
            done = subprocess.run(["kubectl", "kustomize", own], capture_output=True, text=True, timeout=60)
            check(done.returncode == 0 and done.stderr == "", f"kubectl kustomize: {done.stderr}")
            made = {(one["kind"], one["metadata"]["name"]): one for one in yaml.safe_load_all(done.stdout)}
            pod = made["Deployment", "tiktok-gateway"]["spec"]
            claims = {name for kind, name in made if kind == "PersistentVolumeClaim"}
            used = {volume["persistentVolumeClaim"]["claimName"] for volume in pod["template"]["spec"]["volumes"] if "persistentVolumeClaim" in volume}
            check(claims == used, f"kubectl makes the claims {claims} for {replicas} replicas, which use {used}")
            check(pod["replicas"] == replicas, f"kubectl makes {pod['replicas']} replicas")
            settings = [volume["configMap"]["name"] for volume in pod["template"]["spec"]["volumes"] if "configMap" in volume]
            check(("ConfigMap", settings[0]) in made, "the deployment mounts other settings than those that are made")
            claims = [volume["persistentVolumeClaim"]["claimName"] for volume in pod["template"]["spec"]["volumes"]
                      if "persistentVolumeClaim" in volume]
            check(claims == ["tiktok-gateway-shared" if replicas > 1 else "tiktok-gateway"], f"{replicas} replicas mount {claims}")
            egress = made["NetworkPolicy", "tiktok-gateway"]["spec"]["egress"]
            check(any(port["port"] == 5432 for rule in egress for port in rule["ports"]) == (replicas > 1), "PostgreSQL is open, or is not")
            file = own / "kustomization.yaml"
            file.write_text(re.sub(r"^( *)# (?=components|- ingress)", r"\1", file.read_text(), flags=re.M))


def check_kubernetes():
    found = manifests()
    check_workload(found)
    check_ingress(found)
    check_replicas(found)
    check_monitor(found)
    check_octal()
    check_kustomize()
