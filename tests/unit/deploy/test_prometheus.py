import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from catalogue.wiring import SERVICES, kit_metrics, own_metrics
from launcher.paths import ROOT
from unit.deploy import manifests
from unit.deploy.documents import anchors_of
from unit.deploy.files import compose

FOLDER = ROOT / "deploy" / "prometheus"
METRICS = {m.name: set(m.labels) for s in SERVICES for m in (*kit_metrics(), *own_metrics(s))}
# What Prometheus itself says of whom it scrapes.
SCRAPED = {"up": {"job", "service", "instance"}}


def loaded(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((FOLDER / name).read_text()))


def rules() -> list[dict[str, Any]]:
    return [rule for group in loaded("alerts.yml")["groups"] for rule in group["rules"]]


def test_every_service_is_scraped_at_the_port_that_docker_publishes() -> None:
    [job] = loaded("prometheus.yml")["scrape_configs"]
    scraped = {part["labels"]["service"]: part["targets"] for part in job["static_configs"]}
    published = {name: compose()["services"][name]["ports"] for name in SERVICES}
    assert scraped == {name: [published[name][0].rpartition(":")[0]] for name in SERVICES}


def test_on_a_cluster_every_pod_of_a_service_is_scraped_at_its_port() -> None:
    [docker], [job] = (
        loaded(f"{name}.yml")["scrape_configs"] for name in ("prometheus", "kubernetes")
    )
    assert job["job_name"] == docker["job_name"]
    [place] = job["kubernetes_sd_configs"]
    assert place == {
        "role": "pod",
        "namespaces": {"names": [manifests.kustomization()["namespace"]]},
    }
    keep, service, _ = job["relabel_configs"]
    for name in SERVICES:
        labels = manifests.template(name)["metadata"]["labels"]
        told = {_label(key): value for key, value in labels.items()}
        [port] = manifests.container(name)["ports"]
        told["__meta_kubernetes_pod_container_port_name"] = port["name"]
        assert ";".join(told[label] for label in keep["source_labels"]) == keep["regex"]
        [label] = service["source_labels"]
        assert (service["target_label"], told[label]) == ("service", name)


def _label(key: str) -> str:
    """The name under which Prometheus knows a pod's label."""
    return "__meta_kubernetes_pod_label_" + re.sub(r"\W", "_", key)


@pytest.mark.parametrize("name", ["prometheus.yml", "kubernetes.yml"])
def test_the_rules_it_loads_are_there(name: str) -> None:
    assert all((FOLDER / rules).is_file() for rules in loaded(name)["rule_files"])


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))
def test_an_alert_asks_only_for_metrics_and_labels_that_the_services_have(
    rule: dict[str, Any],
) -> None:
    known = METRICS | SCRAPED
    asked = set(re.findall(r"\b(?:(?:recall|workflow|ingest)_\w+|up)\b", rule["expr"]))
    assert asked
    assert asked <= known.keys()
    grouped = set(re.findall(r"\w+", " ".join(re.findall(r"(?:by|on) \(([^)]*)\)", rule["expr"]))))
    shown = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
    for metric in asked:
        assert grouped <= known[metric]
        assert shown <= (grouped or known[metric])


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))
def test_an_alert_leads_to_a_part_of_the_runbook(rule: dict[str, Any]) -> None:
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert anchor in anchors_of(ROOT / page)


def test_every_alert_is_shown_to_fire_and_not_to_fire() -> None:
    asked = [
        test for part in loaded("alerts.test.yml")["tests"] for test in part["alert_rule_test"]
    ]
    alerts = {rule["alert"] for rule in rules()}
    assert {test["alertname"] for test in asked if test.get("exp_alerts")} == alerts
    assert {test["alertname"] for test in asked if not test.get("exp_alerts")} == alerts


def test_what_wakes_an_operator_is_watched() -> None:
    watched = " ".join(rule["expr"] for rule in rules())
    for metric in (
        "recall_consumer_lag_seconds",
        "recall_consumer_lag_records",
        "recall_dead_letters_total",
        "recall_offset_alarms_total",
        "recall_outbox_age_seconds",
    ):
        assert metric in METRICS
        assert metric in watched


@pytest.mark.distribution_tool
@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not on this computer")
@pytest.mark.parametrize(
    "command",
    [
        "check config prometheus.yml",
        "check rules alerts.yml",
        "test rules alerts.test.yml",
    ],
)
def test_prometheus_own_tool_agrees(command: str) -> None:
    ran = subprocess.run(
        ["promtool", *command.split()], cwd=FOLDER, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.distribution_tool
@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not on this computer")
def test_prometheus_own_tool_agrees_with_the_rest_of_what_a_cluster_is_scraped_by(
    tmp_path: Path,
) -> None:
    # Debian builds it without the discovery of pods: that part it cannot read.
    config = loaded("kubernetes.yml")
    [job] = config["scrape_configs"]
    del job["kubernetes_sd_configs"]
    (tmp_path / "kubernetes.yml").write_text(yaml.safe_dump(config))
    shutil.copy(FOLDER / "alerts.yml", tmp_path)
    ran = subprocess.run(
        ["promtool", "check", "config", "kubernetes.yml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
