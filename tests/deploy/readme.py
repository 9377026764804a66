#!/usr/bin/env python3
"""deploy/README.md, pasted: its blocks are run from top to bottom, twice, with the real gateway and with stand-ins for
Docker, Kubernetes and systemd that note what they are asked. Then the settings it made are good ones. readme.py GATEWAY"""
import os
import pathlib
import re
import stat
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import yaml
from files import DEPLOY, FAULTS, TOP, check

# What each stand-in does: notes its words; a container of ours runs the gateway, a secret is written down with its keys.
STANDS_IN = """#!/bin/bash
name=${0##*/}
[ "$name" = sudo ] || echo "$name $*" >> "$NOTES"
case "$name $*" in
    sudo\\ *) exec "$@" ;;
    docker\\ run\\ --rm\\ *) shift 3; exec "$GATEWAY" "$@" ;;
    docker\\ stop\\ *) exit 1 ;; # the first time there is none
    kubectl*\\ create\\ secret\\ *)
        for word in "$@"; do
            case "$word" in --from-file=*=*) [ -s "${word#--from-file=*=}" ] || exit 1 ;; esac
        done
        echo "a secret" ;;
    kubectl*\\ get\\ pods\\ *) printf 'pod/first\\npod/second\\n' ;;
    kubectl\\ apply\\ -f\\ - | kubectl\\ apply\\ --server-side\\ -f\\ -) cat > "$NOTES.applied"; grep -q . "$NOTES.applied" ;;
    kubectl\\ apply\\ -f\\ *) [ -e "$3" ] ;;
    kubectl\\ apply\\ -k\\ *) [ -e "$3/kustomization.yaml" ] ;;
esac
"""
STAND_INS = ("sudo", "docker", "kubectl", "systemctl", "systemd-sysusers", "cmake", "curl")


def sections():
    """The blocks of shell below each heading."""
    title, found = "", {}
    for part in re.split(r"^(#+ .*)$", (DEPLOY / "README.md").read_text(), flags=re.M):
        if part.startswith("#"):
            title = part.lstrip("# ")
        for block in re.findall(r"^```sh\n(.*?)^```$", part, re.M | re.S):
            found.setdefault(title, []).append(block)
    return found


class Host:
    """A folder that stands for a host: its home, its /etc and the programs on its path."""

    def __init__(self, folder, gateway):
        self.folder, self.gateway = folder, gateway
        for name in ("home", "bin", "etc/systemd/system", "etc/sysusers.d", "usr/local/bin", "state"):
            (folder / name).mkdir(parents=True, mode=0o700)
        for name in STAND_INS:
            (folder / "bin" / name).write_text(STANDS_IN)
            (folder / "bin" / name).chmod(0o755)
        self.notes = folder / "notes"

    def paste(self, blocks):
        """Runs them in one shell that ends at the first failure; gives what the stand-ins were asked."""
        self.notes.write_text("")
        text = "\n".join(blocks)
        for ours, here in (("/etc/tiktok-gateway", f"{self.folder}/etc/tiktok-gateway"), ("/etc/sys", f"{self.folder}/etc/sys"),
                           ("/usr/local/", f"{self.folder}/usr/local/"), ("./dev release", "true"),
                           ("build/release/tiktok-gateway", self.gateway)):
            text = text.replace(ours, here)
        text = re.sub(r"^group=.*$", f"group={os.getgid()}", text, flags=re.M)
        done = subprocess.run(["bash", "-eu", "-o", "pipefail", "-c", text], cwd=TOP, capture_output=True, text=True, timeout=120,
                              env={"HOME": str(self.folder / "home"), "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
                                   "NOTES": str(self.notes), "GATEWAY": self.gateway})
        check(done.returncode == 0, f"README: {done.stderr[-600:]} {self.notes.read_text()[-600:]}")
        return self.notes.read_text().splitlines()

    def says(self, settings, places, environment):
        """The gateway's word on settings, whose paths in a container or on a host lie at `places` here."""
        text = settings.read_text()
        for there, here in {**places, "/var/lib/tiktok-gateway": self.folder / "state"}.items():
            text = text.replace(there, str(here))
        (self.folder / "settings.yaml").write_text(text)
        done = subprocess.run([self.gateway, "--config", str(self.folder / "settings.yaml"), "--check-config"],
                              capture_output=True, text=True, env=environment, timeout=30)
        return done.returncode, done.stdout + done.stderr


def check_blocks():
    for title, blocks in sections().items():
        for block in blocks:
            done = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, timeout=10)
            check(done.returncode == 0, f"README, {title}: {done.stderr}")


def check_names():
    """What the page, its links and its commands name is there."""
    text = (DEPLOY / "README.md").read_text()
    headings = {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in re.findall(r"^#+ (.*)$", text, re.M)}
    for link in re.findall(r"\]\(([^)]+)\)", text):
        path, _, heading = link.partition("#")
        check((DEPLOY / path).exists() if path else heading in headings, f"README links to {link}, which is not there")
    for path in re.findall(r"(?<![\w/$}\".-])(?:deploy|config)/[\w./-]+", text):
        check((TOP / path).exists(), f"README names {path}, which is not there")


def of_kubernetes(host):
    """Namespace, then secrets with the keys that the pods mount, then the rest; settings that are good."""
    blocks = sections()["Kubernetes"]
    first = host.paste(blocks)
    own = host.folder / "home/tiktok-gateway"
    kept = {file: file.read_bytes() for file in own.rglob("*") if file.is_file()}
    second = host.paste(blocks)
    check(kept == {file: file.read_bytes() for file in kept}, "README, Kubernetes: pasted again it changes what is there")
    applied = [line for line in first if line.startswith("kubectl apply") or "create secret" in line]
    check(applied[0] == f"kubectl apply -f {own}/kubernetes/namespace.yaml", f"README, Kubernetes: first comes {applied[0]}")
    for number, wanted in ((1, {"tiktok-app": {"client_key", "client_secret"}, "vault-keys": {"vault_keys"}}), (2, {"store": {"url", "ca.pem"}})):
        until = [at for at, line in enumerate(applied) if " -k " in line][number - 1]
        made = {re.search(r"generic (\S+)", line)[1]: set(re.findall(r"--from-\w+=([\w.]+)=", line))
                for line in applied[:until] if "create secret" in line}
        check(wanted.items() <= made.items(), f"README, Kubernetes: made are {made}, wanted {wanted}")
    check(not any(re.search(r" new-(vault-)?key", line) for line in second), "README, Kubernetes: pasted again it makes new keys")
    told = {line.split()[4] for line in first if "kill -HUP 1" in line}
    check(told == {"pod/first", "pod/second"}, f"README, Kubernetes: only {told} take a changed secret")
    kustomization = yaml.safe_load((own / "kubernetes/kustomization.yaml").read_text())
    check(kustomization.get("components") == ["replicas"], "README, Kubernetes: the replicas are not there")
    check_on_kubernetes(host, own)


def check_on_kubernetes(host, own):
    secrets = own / "secrets"
    check(stat.S_IMODE(secrets.stat().st_mode) == 0o700, "README, Kubernetes: others may look into the folder of secrets")
    (secrets / "url").write_text("postgresql://gateway:x@127.0.0.1/gateway")
    for file in secrets.iterdir():
        file.chmod(0o440)  # as mounted
    places = {f"/run/secrets/{name}": secrets for name in ("tiktok-app", "vault-keys", "store")}
    environment = {"TIKTOK_GATEWAY__TIKTOK__CLIENT_KEY": "app"}
    status, said = host.says(own / "kubernetes/gateway.yaml", places, environment)
    check(status == 0, f"README, Kubernetes: {said}")
    status, said = host.says(DEPLOY / "kubernetes/gateway.yaml", places, environment)
    check(status == 78 and "callers[0].key_sha256" in said, f"kubernetes/gateway.yaml: its placeholder is taken for a hash: {said}")


def of_operator(host):
    """What the Prometheus operator is given: the pods to ask, and the very rules of rules.yaml."""
    notes = host.paste(sections()["Prometheus and Grafana"])
    check("kubectl apply -f deploy/prometheus/monitor.yaml" in notes, "README: the operator is not told of the pods")
    made = yaml.safe_load(host.notes.with_name("notes.applied").read_text())
    check(made["apiVersion"] == "monitoring.coreos.com/v1" and made["kind"] == "PrometheusRule", f"README: the operator is given a {made['kind']}")
    check(made["spec"] == yaml.safe_load((DEPLOY / "prometheus/rules.yaml").read_text()), "README: the operator is given other rules")


def on_a_host(host, way):
    """`way` is the place of its preparing block among those of 'On one host'; the others are for all."""
    mine, blocks = sections()[way], sections()["On one host"]
    values, containers, unit, common = blocks
    steps = [values, unit if way == "systemd" else containers, common, *mine]
    host.paste(steps)
    etc = host.folder / "etc/tiktok-gateway"
    kept = {file: file.read_bytes() for file in etc.iterdir()}
    notes = host.paste(steps)
    check(kept == {file: file.read_bytes() for file in etc.iterdir()}, f"README, {way}: pasted again it changes what is there")
    check(not any(re.search(r" new-(vault-)?key", line) for line in notes), f"README, {way}: pasted again it makes new keys")
    for name, mode in (("client_secret", 0o440), ("vault_keys", 0o440), ("example.key", 0o400), ("environment", 0o444)):
        check(stat.S_IMODE((etc / name).stat().st_mode) == mode, f"README, {way}: {name} has another mode than {mode:o}")
    environment = dict(line.split("=", 1) for line in (etc / "environment").read_text().splitlines())
    status, said = host.says(etc / "gateway.yaml", {"/etc/tiktok-gateway": etc}, environment)
    check(status == 0, f"README, {way}: {said}")
    settings = yaml.safe_load((etc / "gateway.yaml").read_text())
    wanted = "127.0.0.1" if way == "systemd" else "0.0.0.0"
    check({settings["listen"]["address"], settings["admin"]["address"]} == {wanted}, f"README, {way}: it listens elsewhere than on {wanted}")
    status, said = host.says(TOP / "config/production.yaml", {"/etc/tiktok-gateway": etc}, environment)
    check(status == 78 and "callers[0].key_sha256" in said, f"production.yaml: its placeholder is taken for a hash: {said}")
    return notes


def check_image(host):
    """docker run without anything: the image's own settings say what is missing, and do not open an API without keys."""
    copied = re.search(r"^COPY (\S+) /etc/tiktok-gateway/gateway.yaml$", (TOP / "Dockerfile").read_text(), re.M)[1]
    own = yaml.safe_load((TOP / copied).read_text())
    check({own["listen"]["address"], own["admin"]["address"]} == {"0.0.0.0"}, "the image listens where no published port arrives")
    status, said = host.says(TOP / copied, {}, {})
    check(status == 78 and "tiktok.client_key" in said, f"the image without settings of one's own: {said}")
    keys = host.folder / "etc/tiktok-gateway"
    status, said = host.says(TOP / copied, {"/etc/tiktok-gateway": keys},
                             {"TIKTOK_GATEWAY__TIKTOK__CLIENT_KEY": "app", "TIKTOK_GATEWAY__CALLERS": ""})
    check(status == 78 and "callers" in said, f"the image without callers: {said}")


def main(gateway):
    check_blocks()
    check_names()
    with tempfile.TemporaryDirectory(prefix="gateway-readme-") as name:
        folder = pathlib.Path(name).resolve()
        of_kubernetes(Host(folder / "cluster", gateway))
        of_operator(Host(folder / "operator", gateway))
        for way in ("compose", "docker run", "systemd"):
            host = Host(folder / way.replace(" ", "-"), gateway)
            on_a_host(host, way)
        check_image(host)
    print("\n".join(FAULTS) or "deploy/README.md can be pasted")
    return 1 if FAULTS else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
