import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI

from launcher.paths import ROOT
from launcher.services import CHANNELS
from launcher.services import SERVICES as LOCAL
from recall.contracts.topics import DEFAULT_PARTITIONS
from recall.kit.service import HARD_STOP_SECONDS
from recall.kit.settings import ServiceSettings
from support.stores import KAFKA_IMAGE, POSTGRES_IMAGE, kafka_settings
from unit.deploy.containers import (
    SECRETS,
    known_variables,
    needed_variables,
    paths,
    provisioned,
    settings_class,
    wired,
)
from unit.deploy.files import (
    COMPOSE,
    SERVICES,
    VARIABLE,
    compose,
    copies,
    filled,
    image_environment,
)

# Docker sets none of these; the services read them in simulations alone.
LEFT_OUT = {"CLOCK_FILE", "SCENARIO_FILE"}
PARTS = compose()["services"]


def environment(name: str, given: dict[str, str] = SECRETS) -> dict[str, str]:
    """A container's environment, every variable filled in."""
    return {key: filled(text, given) for key, text in PARTS[name]["environment"].items()}


def app(service: str, monkeypatch: pytest.MonkeyPatch) -> tuple[ServiceSettings, FastAPI]:
    return wired(service, environment(service), monkeypatch)


def test_it_has_the_stores_one_run_of_provisioning_and_the_services_that_the_launcher_runs() -> (
    None
):
    assert set(PARTS) == {"kafka", "postgres", "provision", *(s.name for s in LOCAL)}
    assert tuple(service.name for service in LOCAL) == SERVICES


def test_the_specification_of_compose_files_allows_it() -> None:
    words = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    ran = subprocess.run([*words, COMPOSE], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


def test_the_stores_are_the_versions_that_the_tests_use() -> None:
    assert PARTS["kafka"]["image"] == KAFKA_IMAGE
    assert PARTS["postgres"]["image"] == POSTGRES_IMAGE


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_given_only_variables_that_it_reads_and_all_that_it_needs(
    service: str,
) -> None:
    given = set(PARTS[service]["environment"])
    assert given <= known_variables(service)
    assert needed_variables(service) <= given


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_starts_from_exactly_the_environment_of_its_container(
    service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, wired = app(service, monkeypatch)
    assert settings.host == "0.0.0.0"
    assert settings.partitions == DEFAULT_PARTITIONS
    assert settings.token.get_secret_value() == SECRETS["TOKEN"]
    assert {"/readyz", "/livez", "/metrics", "/version"} <= paths(wired.router)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_uses_its_own_role_in_the_one_database(service: str) -> None:
    dsn = urlsplit(environment(service)["DATABASE_URL"])
    assert (dsn.username, dsn.password) == (service, SECRETS["ROLE_PASSWORD"])
    assert (dsn.hostname, dsn.port) == ("postgres", 5432)
    assert dsn.path == f"/{PARTS['postgres']['environment']['POSTGRES_DB']}"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_listens_on_the_port_that_is_published(service: str) -> None:
    port = environment(service)["PORT"]
    assert PARTS[service]["ports"] == [f"127.0.0.1:{port}:{port}"]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_runs_its_own_module_and_is_asked_whether_it_is_ready(service: str) -> None:
    assert PARTS[service]["command"] == [service]
    assert list((ROOT / "services").glob(f"*/{service}/__main__.py"))
    check = PARTS[service]["healthcheck"]["test"]
    assert check[:2] == ["CMD", "python"]
    [source] = [source for source, target in copies() if str(target) == check[2]]
    assert '"/readyz"' in source.read_text()


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_waits_for_both_stores_and_for_provisioning(service: str) -> None:
    assert PARTS[service]["depends_on"] == {
        "kafka": {"condition": "service_healthy"},
        "postgres": {"condition": "service_healthy"},
        "provision": {"condition": "service_completed_successfully"},
    }


def test_whoever_is_waited_for_is_there_and_can_be_healthy() -> None:
    for part in PARTS.values():
        for name, how in part.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert "test" in PARTS[name]["healthcheck"]
            else:
                assert PARTS[name]["restart"] == "no"


def test_provisioning_is_called_as_it_can_be_called(monkeypatch: pytest.MonkeyPatch) -> None:
    given = provisioned(PARTS["provision"]["command"], environment("provision"), monkeypatch)
    dsn, bootstrap, services, password, partitions = given
    assert urlsplit(dsn).password == environment("postgres")["POSTGRES_PASSWORD"]
    assert urlsplit(dsn).hostname == "postgres"
    assert bootstrap == environment("ingest")["KAFKA_BOOTSTRAP_SERVERS"]
    assert tuple(services) == SERVICES
    assert password == SECRETS["ROLE_PASSWORD"]
    assert str(partitions) == environment("ingest")["PARTITIONS"]


def test_every_service_is_told_of_the_same_stores_partitions_and_token() -> None:
    shared = ("KAFKA_BOOTSTRAP_SERVERS", "PARTITIONS", "TOKEN", "HOST")
    told = {tuple(environment(service)[name] for name in shared) for service in SERVICES}
    assert len(told) == 1


def test_services_find_one_another_by_name_and_port() -> None:
    dashboard, invitations = environment("dashboard"), environment("invitations")
    for variable, peer in (("INGEST_URL", "ingest"), ("INVITATIONS_URL", "invitations")):
        where = urlsplit(dashboard[variable])
        assert (where.hostname, str(where.port)) == (peer, environment(peer)["PORT"])
    # Patients open their page from outside, through the published port.
    assert invitations["BOOKING_URL"] == f"http://127.0.0.1:{invitations['PORT']}"


def test_the_channels_played_are_those_the_launcher_plays_and_may_be_none() -> None:
    text = PARTS["invitations"]["environment"]["SIMULATED_CHANNELS"]
    assert filled(text, {}).split(",") == list(CHANNELS)
    assert not filled(text, {"SIMULATED_CHANNELS": ""})


def test_kafka_is_given_every_setting_that_the_tests_need_and_both_its_doors() -> None:
    told = PARTS["kafka"]["environment"]
    assert kafka_settings(9092).keys() <= told.keys()
    listeners = dict(door.split("://") for door in told["KAFKA_LISTENERS"].split(","))
    advertised = dict(door.split("://") for door in told["KAFKA_ADVERTISED_LISTENERS"].split(","))
    kinds = dict(p.split(":") for p in told["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(","))
    controller = told["KAFKA_CONTROLLER_LISTENER_NAMES"]
    assert advertised.keys() == listeners.keys() - {controller}
    assert kinds.keys() == listeners.keys()
    inside = advertised[told["KAFKA_INTER_BROKER_LISTENER_NAME"]]
    assert inside == environment("ingest")["KAFKA_BOOTSTRAP_SERVERS"]
    for name, where in advertised.items():
        assert where.rpartition(":")[2] == listeners[name].rpartition(":")[2]
    voter = told["KAFKA_CONTROLLER_QUORUM_VOTERS"]
    assert voter == f"{told['KAFKA_NODE_ID']}@localhost{listeners[controller]}"
    assert advertised["LOOPBACK"] == "127.0.0.1:9092"
    assert PARTS["kafka"]["ports"] == ["127.0.0.1:9092:9092"]


def test_the_stores_keep_their_data_in_volumes_that_are_declared() -> None:
    kept = dict(
        part.split(":") for name in ("kafka", "postgres") for part in PARTS[name]["volumes"]
    )
    assert kept == {
        "kafka": PARTS["kafka"]["environment"]["KAFKA_LOG_DIRS"],
        "postgres": "/var/lib/postgresql",
    }
    assert set(compose()["volumes"]) == set(kept)


def test_nothing_is_published_beyond_the_loopback_address() -> None:
    published = [port for part in PARTS.values() for port in part.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)
    assert len(set(published)) == len(published)
    assert "ports" not in PARTS["postgres"]


def test_postgres_has_connections_enough_for_all_pools(monkeypatch: pytest.MonkeyPatch) -> None:
    pools = [app(service, monkeypatch)[0].database_connections for service in SERVICES]
    assert sum(pools) < 100 - 10  # PostgreSQL's default, less what people and provisioning use.


def test_a_service_may_end_by_itself_before_it_is_killed() -> None:
    for service in SERVICES:
        patience = PARTS[service]["stop_grace_period"]
        assert float(patience.removesuffix("s")) > HARD_STOP_SECONDS + 5
        assert PARTS[service]["restart"] == "unless-stopped"


def test_every_secret_is_asked_for_with_a_message_and_stands_in_the_example() -> None:
    asked = VARIABLE.findall("\n".join(_uncommented(COMPOSE.read_text())))
    required = {name for name, how, _ in asked if how == ":?"}
    messages = {message for _, how, message in asked if how == ":?"}
    assert required == set(SECRETS)
    assert all(".env.example" in message for message in messages)
    example = (ROOT / ".env.example").read_text()
    assert set(re.findall(r"^([A-Z_]+)=$", example, re.MULTILINE)) == required


def test_the_command_in_the_example_makes_a_file_that_the_services_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = (ROOT / ".env.example").read_text()
    (tmp_path / ".env.example").write_text(example)
    [command] = re.findall(r"^#\s+(python3 -c .*)$", example, re.MULTILINE)
    subprocess.run(command, shell=True, cwd=tmp_path, check=True)
    lines = [line for line in _uncommented((tmp_path / ".env").read_text()) if line]
    made = dict(line.split("=", 1) for line in lines)
    assert made.keys() == SECRETS.keys()
    assert len(set(made.values())) == len(made)
    for name, value in environment("ingest", made).items():
        monkeypatch.setenv(name, value)
    settings_class("ingest")()


def _uncommented(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.lstrip().startswith("#")]


def test_the_image_listens_beyond_itself_whatever_its_command() -> None:
    assert image_environment()["HOST"] == environment("ingest")["HOST"]
    assert not LEFT_OUT & {key for part in PARTS.values() for key in part["environment"]}
