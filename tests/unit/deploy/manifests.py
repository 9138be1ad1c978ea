"""The Kubernetes files, read as kubectl and the cluster read them.

Only what the files use of kustomize and of pods is understood; what is new there has no meaning here
until somebody gives it one.
"""

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from launcher.paths import ROOT
from unit.deploy.files import image_environment

FOLDER = ROOT / "deploy" / "kubernetes"
JOB = "provision"

UNDERSTOOD = {
    "apiVersion",
    "kind",
    "namespace",
    "resources",
    "images",
    "configMapGenerator",
}
"""What kustomization.yaml may say."""

REFERENCE = re.compile(r"\$\(([A-Z_]+)\)")
"""How a value or an argument names a variable."""

Manifest = dict[str, Any]


@cache
def documents(path: Path) -> list[Manifest]:
    """The objects of a file, read once: nobody changes them."""
    return [dict(found) for found in yaml.safe_load_all(path.read_text())]


def kustomization() -> Manifest:
    """What is applied, and the values that an operator sets."""
    [found] = documents(FOLDER / "kustomization.yaml")
    assert found.keys() <= UNDERSTOOD
    return found


def applied() -> list[Manifest]:
    """Every object that `kubectl apply -k` sends, but for the generated ones."""
    return [found for name in kustomization()["resources"] for found in documents(FOLDER / name)]


def all_of(kind: str) -> dict[str, Manifest]:
    """The objects of a kind by name."""
    found = [one for one in applied() if one["kind"] == kind]
    by_name = {one["metadata"]["name"]: one for one in found}
    assert len(by_name) == len(found)
    return by_name


def config_maps() -> dict[str, dict[str, str]]:
    """The generated ConfigMaps."""
    return {
        made["name"]: dict(literal.split("=", 1) for literal in made["literals"])
        for made in kustomization()["configMapGenerator"]
    }


def template(name: str) -> Manifest:
    """The pod of a service, or of the Job."""
    found: Manifest = (all_of("Deployment") | all_of("Job"))[name]["spec"]["template"]
    return found


def pod(name: str) -> Manifest:
    """What a pod's specification says."""
    found: Manifest = template(name)["spec"]
    return found


def container(name: str) -> Manifest:
    """The one container of a pod."""
    [found] = pod(name)["containers"]
    assert isinstance(found, dict)
    return found


def image(name: str) -> str:
    """The image that kustomize puts into a pod."""
    [told] = [one for one in kustomization()["images"] if one["name"] == container(name)["image"]]
    return f"{told['newName']}:{told['newTag']}"


def environment(name: str, secret: dict[str, str]) -> dict[str, str]:
    """A container's environment, as the kubelet makes it beside the image's own.

    A value may name only what stands above it in `env`: what comes by `envFrom` is not looked at,
    and a name that is not known stays as it is. Here that is a KeyError.
    """
    maps = config_maps()
    told = image_environment()
    for source in container(name)["envFrom"]:
        told |= maps[source["configMapRef"]["name"]]
    above: dict[str, str] = {}
    for variable in container(name)["env"]:
        above[variable["name"]] = _value(variable, above, maps, secret)
    return told | above


def _value(
    variable: Manifest,
    above: dict[str, str],
    maps: dict[str, dict[str, str]],
    secret: dict[str, str],
) -> str:
    if "value" in variable:
        return REFERENCE.sub(lambda match: above[match[1]], variable["value"])
    [(kind, source)] = variable["valueFrom"].items()
    found = {"configMapKeyRef": maps, "secretKeyRef": {"recall": secret}}[kind]
    return found[source["name"]][source["key"]]


def variables(name: str) -> set[str]:
    """The variables that a container is given beside the image's."""
    given = {variable["name"] for variable in container(name)["env"]}
    for source in container(name)["envFrom"]:
        given |= config_maps()[source["configMapRef"]["name"]].keys()
    return given


def arguments(name: str, secret: dict[str, str]) -> list[str]:
    """A container's arguments; those may name any variable that it has."""
    told = environment(name, secret)
    return [REFERENCE.sub(lambda m: told[m[1]], word) for word in container(name)["args"]]


def selects(selector: Manifest, name: str) -> bool:
    """Whether a selector of labels means the pods of a service, or of the Job."""
    assert selector.keys() <= {"matchLabels"}
    labels: dict[str, str] = template(name)["metadata"]["labels"]
    wanted: dict[str, str] = selector.get("matchLabels", {})
    return wanted.items() <= labels.items()


def mebibytes(quantity: str) -> int:
    """A quantity of memory or disk."""
    unit = {"Mi": 1, "Gi": 1024}[quantity[-2:]]
    return int(quantity[:-2]) * unit
