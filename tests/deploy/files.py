"""What the checks of deploy/ share: its files as they are read, and the list of what is wrong."""
import pathlib
import re

import yaml

TOP = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = TOP / "deploy"
FAULTS = []
# service/app/drain.cpp: refreshes in flight after the drain, then the cut of what is left.
REFRESHES_AND_LAST_CUT_S = 41 + 2


def check(well, what):
    if not well:
        FAULTS.append(what)


def documents(name):
    return list(yaml.safe_load_all((DEPLOY / name).read_text()))


def manifests():
    """By kind and name: what kustomization.yaml takes, what it may take, and what it makes of the settings."""
    kustomization = documents("kubernetes/kustomization.yaml")[0]
    found = {}
    for name in [*kustomization["resources"], "ingress.yaml", "ingress-api.yaml", "replicas/disruption-budget.yaml", "replicas/volume.yaml"]:
        for part in documents(f"kubernetes/{name}"):
            check(part["kind"] == "Namespace" or part["metadata"].get("namespace") == "tiktok-gateway", f"{name} names another namespace")
            found[part["kind"], part["metadata"]["name"]] = part
    for made in kustomization["configMapGenerator"]:
        files = {name: (DEPLOY / "kubernetes" / name).read_text() for name in made["files"]}
        found["ConfigMap", made["name"]] = {"data": files}
    return found


def secrets_made():
    """The secrets that deploy/README.md makes, with their keys."""
    text = (DEPLOY / "README.md").read_text().replace("\\\n", " ")
    return {name: set(re.findall(r"--from-\w+=([\w.]+)=", rest))
            for name, rest in re.findall(r"create secret generic (\S+)(.*)", text)}


def figure(file, pattern):
    """A number as it stands in a file of the repository."""
    found = re.search(pattern, (TOP / file).read_text())
    check(found is not None, f"{file} has no {pattern}")
    return float(found[1].replace("_", "")) if found else 0.0
