import inspect
import re
from urllib.parse import urlsplit

import pytest
import uvicorn
from fastapi import FastAPI

from ingest.settings import Settings as IngestSettings
from launcher import linting
from launcher.paths import ROOT
from recall.contracts.topics import DEFAULT_PARTITIONS, TOPICS
from recall.kit import kafka, provision
from recall.kit import service as kit_service
from recall.kit.lost import KAFKA_LOST
from recall.kit.service import HARD_STOP_SECONDS
from unit.deploy.containers import (
    SECRETS,
    known_variables,
    needed_variables,
    paths,
    provisioned,
    settings_class,
    wired,
)
from unit.deploy.documents import codes_of
from unit.deploy.files import SERVICES, compose, filled, last_stage
from unit.deploy.manifests import (
    FOLDER,
    JOB,
    REFERENCE,
    Manifest,
    all_of,
    applied,
    arguments,
    config_maps,
    container,
    documents,
    environment,
    image,
    kustomization,
    mebibytes,
    pod,
    selects,
    template,
    variables,
)

PODS = (*SERVICES, JOB)
PARTS = compose()["services"]
NAMESPACE = kustomization()["namespace"]
# What the values of other variables are made of.
INGREDIENTS = {"POSTGRES_ADDRESS", "POSTGRES_ADMIN", "ROLE_PASSWORD", "POSTGRES_PASSWORD"}
# What uvicorn reads by itself.
UVICORNS = {"FORWARDED_ALLOW_IPS"}
# Doors that people or the dashboard come in by.
ASKED = ("ingest", "invitations", "dashboard")
# What everybody may ask of a service without a token and nobody outside needs.
INSIDE = {
    "/livez",
    "/readyz",
    "/metrics",
    "/version",
    "/openapi.json",
    "/settled",
    "/republish",
    "/rebuild",
}


def app(service: str, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    return wired(service, environment(service, SECRETS), monkeypatch)[1]


def port_of(service: str) -> int:
    [port] = container(service)["ports"]
    return int(port["containerPort"])


def policies(direction: str) -> list[tuple[Manifest, Manifest]]:
    """Every rule of the network that allows something: whose pods it is about, and what it allows."""
    return [
        (policy["spec"]["podSelector"], rule)
        for policy in all_of("NetworkPolicy").values()
        for rule in policy["spec"].get(direction, [])
    ]


def test_every_file_is_applied_or_an_example_that_is_not() -> None:
    files = {path.name for path in FOLDER.iterdir()}
    examples = {name for name in files if name.endswith(".example.yaml")}
    assert files - examples - {"kustomization.yaml"} == set(kustomization()["resources"])
    assert examples == {"secret.example.yaml", "ingress.example.yaml"}
    assert "Secret" not in {found["kind"] for found in applied()}


def test_kubernetes_of_all_promised_versions_takes_every_object() -> None:
    assert linting.faults_of_manifests(FOLDER) == ""
    oldest = linting.KUBERNETES[0]
    assert f"({oldest} or later)" in (FOLDER / "kustomization.yaml").read_text()
    assert f"Kubernetes {oldest} or later" in (ROOT / "README.md").read_text()


def test_there_are_one_run_of_provisioning_and_the_four_services() -> None:
    assert all_of("Deployment").keys() == all_of("Service").keys() == set(SERVICES)
    assert all_of("Job").keys() == {JOB}
    assert all_of("Namespace").keys() == {NAMESPACE}


def test_the_kinds_are_those_that_are_tested_here() -> None:
    assert {found["kind"] for found in applied()} == {
        "Deployment",
        "Job",
        "Namespace",
        "NetworkPolicy",
        "PodDisruptionBudget",
        "Service",
    }


@pytest.mark.parametrize("name", PODS)
def test_a_pod_runs_the_image_that_compose_builds_under_the_dockerfiles_user(name: str) -> None:
    assert image(name) == PARTS[name]["image"]
    [user] = [step.rest for step in last_stage() if step.word == "USER"]
    assert pod(name)["securityContext"]["runAsUser"] == int(user)
    # The image's entry point is Python: a command would take its place.
    assert "command" not in container(name)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_runs_the_module_that_it_runs_under_compose(service: str) -> None:
    assert arguments(service, SECRETS) == PARTS[service]["command"]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_given_only_variables_that_are_read_and_all_that_it_needs(
    service: str,
) -> None:
    # Of the common values, those that only the Job reads come along.
    given = variables(service)
    assert given - INGREDIENTS - UVICORNS <= known_variables(service)
    assert needed_variables(service) <= given
    # What compose leaves to the image is left to it here; all else is the same.
    assert given - INGREDIENTS - UVICORNS == PARTS[service]["environment"].keys() - {"HOST"}


@pytest.mark.parametrize("name", PODS)
def test_a_value_names_only_variables_that_stand_above_it(name: str) -> None:
    assert all("$(" not in value for value in environment(name, SECRETS).values())
    own = {variable["name"]: variable for variable in container(name)["env"]}
    named = {found for one in own.values() for found in REFERENCE.findall(one.get("value", ""))}
    # An ingredient stands in `env` for nothing but to be named there, or the Job reads it.
    read = {"ROLE_PASSWORD"} if name == JOB else set()
    assert own.keys() & INGREDIENTS == named | read


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_starts_from_exactly_the_environment_of_its_pod(
    service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, made = wired(service, environment(service, SECRETS), monkeypatch)
    assert settings.host == "0.0.0.0"
    assert settings.port == port_of(service)
    assert settings.partitions == DEFAULT_PARTITIONS
    assert settings.token.get_secret_value() == SECRETS["TOKEN"]
    assert {"/readyz", "/livez", "/metrics", "/version"} <= paths(made.router)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_the_values_that_compose_gives_it(service: str) -> None:
    told, under_compose = environment(service, SECRETS), PARTS[service]["environment"]
    for name in under_compose.keys() - {"KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL", "BOOKING_URL"}:
        assert told[name] == filled(under_compose[name], SECRETS), name


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_uses_its_own_role_at_the_one_address(service: str) -> None:
    dsn = environment(service, SECRETS)["DATABASE_URL"]
    address = config_maps()["recall"]["POSTGRES_ADDRESS"]
    assert dsn == f"postgresql://{service}:{SECRETS['ROLE_PASSWORD']}@{address}"


def test_a_proxy_is_believed_only_where_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    [name] = UVICORNS
    told = config_maps()["recall"][name]
    assert "*" not in told
    monkeypatch.setenv(name, told)
    # It would set up logging for the whole process besides.
    config = uvicorn.Config("app:app", log_config=None)
    assert config.forwarded_allow_ips == told
    assert "forwarded_allow_ips" not in inspect.getsource(kit_service.serve)


@pytest.mark.parametrize("service", SERVICES)
def test_a_services_name_leads_to_the_port_that_its_pods_listen_on(service: str) -> None:
    spec = all_of("Service")[service]["spec"]
    [port] = spec["ports"]
    [own] = container(service)["ports"]
    assert (port["name"], port["targetPort"]) == (own["name"], own["name"])
    assert str(port["port"]) == str(own["containerPort"]) == environment(service, SECRETS)["PORT"]
    assert [name for name in PODS if selects({"matchLabels": spec["selector"]}, name)] == [service]


def test_the_dashboard_finds_the_others_by_name_and_port() -> None:
    told = environment("dashboard", SECRETS)
    for variable, peer in (("INGEST_URL", "ingest"), ("INVITATIONS_URL", "invitations")):
        assert told[variable] == f"http://{peer}:{port_of(peer)}"
        assert peer in all_of("Service")


def test_every_controller_selects_its_own_pods() -> None:
    for kind in ("Deployment", "PodDisruptionBudget"):
        for name, found in all_of(kind).items():
            assert [one for one in PODS if selects(found["spec"]["selector"], one)] == [name]
    for name in SERVICES:
        for spread in pod(name).get("topologySpreadConstraints", []):
            assert [one for one in PODS if selects(spread["labelSelector"], one)] == [name]


def test_all_that_is_applied_is_part_of_recall() -> None:
    for found in applied():
        if found["kind"] not in {"Namespace", "NetworkPolicy"}:
            name = found["metadata"]["name"]
            assert found["metadata"]["labels"] == template(name)["metadata"]["labels"]
            assert found["metadata"]["labels"] == {
                "app.kubernetes.io/name": name,
                "app.kubernetes.io/part-of": "recall",
            }


def test_provisioning_is_called_as_it_can_be_called(monkeypatch: pytest.MonkeyPatch) -> None:
    told = environment(JOB, SECRETS)
    given = provisioned(arguments(JOB, SECRETS), told, monkeypatch)
    dsn, bootstrap, services, password, partitions = given
    admin = config_maps()["recall"]["POSTGRES_ADMIN"]
    assert urlsplit(dsn).username == admin
    assert urlsplit(dsn).password == SECRETS["POSTGRES_PASSWORD"]
    assert dsn.endswith(f"@{config_maps()['recall']['POSTGRES_ADDRESS']}")
    assert bootstrap == environment("ingest", SECRETS)["KAFKA_BOOTSTRAP_SERVERS"]
    assert tuple(services) == SERVICES
    assert password == SECRETS["ROLE_PASSWORD"]
    assert str(partitions) == environment("ingest", SECRETS)["PARTITIONS"]


def test_provisioning_is_not_tried_again_where_that_mends_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    [rule] = all_of("Job")[JOB]["spec"]["podFailurePolicy"]["rules"]
    assert rule["action"] == "FailJob"
    assert rule["onExitCodes"]["containerName"] == container(JOB)["name"]
    with pytest.raises(SystemExit) as ended:
        provisioned([provision.__name__, "--no-such-option"], {}, monkeypatch)
    assert rule["onExitCodes"]["values"] == [ended.value.code, KAFKA_LOST]
    # Only so may the cluster count whole pods that failed.
    assert pod(JOB)["restartPolicy"] == "Never"


def test_topics_get_as_many_replicas_as_the_cluster_says() -> None:
    made = kafka._new(TOPICS["patients"], 12)
    assert (made.num_partitions, made.replication_factor) == (12, -1)
    assert "default.replication.factor" in (FOLDER / "provision.yaml").read_text()


def test_every_secret_that_is_asked_for_stands_in_both_examples_empty() -> None:
    asked = {
        (found["name"], found["key"])
        for name in PODS
        for variable in container(name)["env"]
        if (found := variable.get("valueFrom", {}).get("secretKeyRef"))
    }
    [example] = documents(FOLDER / "secret.example.yaml")
    keys = example["stringData"].keys()
    assert asked == {(example["metadata"]["name"], key) for key in keys}
    assert keys == SECRETS.keys()
    assert set(example["stringData"].values()) == {""}
    env = re.findall(r"^([A-Z_]+)=$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert set(env) == keys


def test_the_superusers_password_is_provisionings_alone() -> None:
    for service in SERVICES:
        assert SECRETS["POSTGRES_PASSWORD"] not in environment(service, SECRETS).values()
    for service, key in (("ingest", "ID_KEY"), ("invitations", "LINK_KEY")):
        knowing = [name for name in PODS if SECRETS[key] in environment(name, SECRETS).values()]
        assert knowing == [service]


@pytest.mark.parametrize("name", PODS)
def test_a_pod_may_do_nothing_that_it_need_not(name: str) -> None:
    inside, outside = container(name)["securityContext"], pod(name)["securityContext"]
    assert inside == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert outside["runAsNonRoot"]
    assert outside["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod(name)["automountServiceAccountToken"] is False
    # Another's service would otherwise put variables of its name into ours.
    assert pod(name)["enableServiceLinks"] is False
    labels = all_of("Namespace")[NAMESPACE]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_a_folder_to_write_to_with_an_end(service: str) -> None:
    [mount], [volume] = container(service)["volumeMounts"], pod(service)["volumes"]
    assert mount == {"name": volume["name"], "mountPath": "/tmp"}
    room = mebibytes(volume["emptyDir"]["sizeLimit"])
    fields = settings_class(service).model_fields
    if service == "ingest":
        at_once = 2 * fields["uploads_at_once"].default
        assert room * 1024**2 >= at_once * fields["upload_bytes"].default
        assert room == 8 * IngestSettings.model_fields["upload_bytes"].default // 1024**2


@pytest.mark.parametrize("service", SERVICES)
def test_probes_ask_what_the_service_answers(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answered = paths(app(service, monkeypatch).router)
    asked = {
        kind: container(service)[f"{kind}Probe"] for kind in ("startup", "liveness", "readiness")
    }
    for probe in asked.values():
        assert probe["httpGet"]["path"] in answered
        assert probe["httpGet"]["port"] in {port["name"] for port in container(service)["ports"]}
    # It has started when it was ready once; who is asked for anything is asked while it lives.
    assert asked["startup"]["httpGet"]["path"] == "/readyz"
    assert asked["liveness"]["httpGet"]["path"] == "/livez"
    ready = "/livez" if service in ASKED else "/readyz"
    assert asked["readiness"]["httpGet"]["path"] == ready
    # A first start waits for provisioning, which may be tried again for minutes.
    assert asked["startup"]["periodSeconds"] * asked["startup"]["failureThreshold"] >= 300


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_may_end_by_itself_before_it_is_killed(service: str) -> None:
    pause = container(service)["lifecycle"]["preStop"]["sleep"]["seconds"]
    grace = pod(service)["terminationGracePeriodSeconds"]
    assert grace > pause + HARD_STOP_SECONDS + 5
    # So long as under compose, where nobody has to be told first.
    assert grace - pause == int(PARTS[service]["stop_grace_period"].removesuffix("s"))


def test_memory_has_room_for_what_was_measured() -> None:
    text = " ".join((ROOT / "ARCHITECTURE.md").read_text().split())
    measured = {
        service: max(map(int, peaks))
        for service, *peaks in re.findall(
            r"(ingest|workflow|invitations|dashboard) (\d+) and (\d+)[,.]", text
        )
    }
    assert measured.keys() == set(SERVICES)
    [printing] = map(int, re.findall(r"which takes its process (\d+) MB", text))
    for service, peak in measured.items():
        told = container(service)["resources"]
        beside = printing if service == "invitations" else 0
        assert mebibytes(told["requests"]["memory"]) >= peak
        assert mebibytes(told["limits"]["memory"]) >= 1.4 * (peak + beside)
        assert "cpu" not in told["limits"]


def test_a_service_that_is_there_twice_is_never_there_not_at_all() -> None:
    several = {
        name for name, found in all_of("Deployment").items() if found["spec"]["replicas"] > 1
    }
    assert all_of("PodDisruptionBudget").keys() == several == set(ASKED)
    for name in several:
        assert pod(name)["topologySpreadConstraints"]
    for found in all_of("Deployment").values():
        assert found["spec"]["replicas"] <= DEFAULT_PARTITIONS
        assert found["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


def test_postgres_has_connections_enough_for_all_pools_while_all_are_rolled_out() -> None:
    [told] = re.findall(
        r"(\d+) connections \(max_connections\)", (FOLDER / "kustomization.yaml").read_text()
    )
    pools = 0
    for name, found in all_of("Deployment").items():
        surge = found["spec"]["strategy"]["rollingUpdate"]["maxSurge"]
        pool = settings_class(name).model_fields["database_connections"].default
        pools += (found["spec"]["replicas"] + surge) * pool
    assert int(told) == pools + 10


def test_whatever_no_policy_allows_is_refused() -> None:
    [closed] = [
        policy["spec"]
        for policy in all_of("NetworkPolicy").values()
        if not policy["spec"]["podSelector"]
    ]
    assert closed == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for policy in all_of("NetworkPolicy").values():
        for direction in ("ingress", "egress"):
            listed = direction.capitalize() in policy["spec"]["policyTypes"]
            assert listed or direction not in policy["spec"]


def admitted(service: str) -> set[str]:
    """Whom a service's pods let in at their port: services, and labels of namespaces."""
    found = set()
    for about, rule in policies("ingress"):
        if not selects(about, service):
            continue
        [port] = rule["ports"]
        assert port["port"] in {port_of(service), "http"}
        for peer in rule["from"]:
            [(kind, selector)] = peer.items()
            if kind == "podSelector":
                found |= {name for name in PODS if selects(selector, name)}
            else:
                found |= selector["matchLabels"].keys()
    return found


def test_only_the_dashboard_talks_to_ingest_and_the_doors_are_two() -> None:
    assert admitted("ingest") == {"dashboard", "recall-metrics"}
    assert admitted("workflow") == {"recall-metrics"}
    assert admitted("invitations") == {"dashboard", "recall-doors", "recall-metrics"}
    assert admitted("dashboard") == {"recall-doors", "recall-metrics"}


def test_every_pod_gets_to_both_stores_and_the_dashboard_to_whom_it_passes_commands_on() -> None:
    maps = config_maps()["recall"]
    stores = {
        int(maps["KAFKA_BOOTSTRAP_SERVERS"].split(",")[0].rpartition(":")[2]),
        int(urlsplit(f"//{maps['POSTGRES_ADDRESS']}").port or 0),
    }
    for name in PODS:
        anywhere: set[int] = set()
        peers: set[tuple[str, int]] = set()
        for about, rule in policies("egress"):
            if not selects(about, name):
                continue
            ports = {int(port["port"]) for port in rule["ports"]}
            if "to" not in rule:
                anywhere |= ports
            for peer in rule.get("to", []):
                peers |= {
                    (one, port)
                    for one in PODS
                    if selects(peer["podSelector"], one)
                    for port in ports
                }
        assert anywhere == stores | {53}
        called = ("ingest", "invitations") if name == "dashboard" else ()
        assert peers == {(one, port_of(one)) for one in called}


def outside() -> dict[str, tuple[str, list[tuple[str, str]]]]:
    """What the example of doors lets in: by host, the service and its paths with their kinds."""
    found = {}
    for ingress in documents(FOLDER / "ingress.example.yaml"):
        assert ingress["metadata"]["namespace"] == NAMESPACE
        [rule] = ingress["spec"]["rules"]
        assert ingress["spec"]["tls"][0]["hosts"] == [rule["host"]]
        [service] = {path["backend"]["service"]["name"] for path in rule["http"]["paths"]}
        [port] = {path["backend"]["service"]["port"]["name"] for path in rule["http"]["paths"]}
        assert port in {one["name"] for one in all_of("Service")[service]["spec"]["ports"]}
        ways = [(path["path"], path["pathType"]) for path in rule["http"]["paths"]]
        assert {kind for _, kind in ways} <= {"Exact", "Prefix"}
        found[rule["host"]] = (service, ways)
    return found


def is_let_in(path: str, ways: list[tuple[str, str]]) -> bool:
    return any(
        path == way or (kind == "Prefix" and path.startswith(f"{way}/")) for way, kind in ways
    )


def test_staff_get_to_every_page_and_command_and_to_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    [ways] = [ways for service, ways in outside().values() if service == "dashboard"]
    answered = paths(app("dashboard", monkeypatch).router) - {""}
    assert {path for path in answered if not is_let_in(path, ways)} == answered & INSIDE
    assert all(any(is_let_in(path, [way]) for path in answered) for way in ways)


def test_patients_get_to_their_pages_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    booking = urlsplit(environment("invitations", SECRETS)["BOOKING_URL"])
    assert booking.scheme == "https"
    service, ways = outside()[booking.netloc]
    assert service == "invitations"
    answered = paths(app("invitations", monkeypatch).router)
    assert {path for path in answered if is_let_in(path, ways)} == {"/b", "/b/{token}", "/b/static"}


def named_in_commands(pattern: str) -> set[tuple[str, ...]]:
    """What `kubectl` is told to work on, in the documents and in the files' own comments."""
    pages = (ROOT / "README.md", ROOT / "docs" / "runbook.md")
    lines = [code for page in pages for code in codes_of(page)]
    lines += [line for path in sorted(FOLDER.iterdir()) for line in path.read_text().splitlines()]
    commands = [line for line in lines if "kubectl" in line]
    told = {match.groups() for line in commands for match in re.finditer(pattern, line)}
    assert told
    return told


def test_the_documents_commands_name_what_is_there() -> None:
    for kind, name in named_in_commands(r"\b(deployment|service|job)/([\w-]+)"):
        assert name in all_of(kind.capitalize()), (kind, name)
    assert named_in_commands(r"--namespace (?!<)(\S+)") == {(NAMESPACE,)}
    for (path,) in named_in_commands(r" (?:-[kf]|kustomize) (deploy/[\w/.-]+)"):
        assert (ROOT / path).exists(), path
    assert named_in_commands(r"--from-env-file=(\S+)") == {(".env",)}
    for label, value in named_in_commands(r"--selector ([\w./-]+)=([\w-]+)"):
        assert any(selects({"matchLabels": {label: value}}, name) for name in PODS)
    [(label, services)] = named_in_commands(r"--selector '(\S+) notin \((.+)\)'")
    assert tuple(services.split(", ")) == SERVICES
    assert all(template(name)["metadata"]["labels"][label] == name for name in PODS)


def test_the_documents_forward_the_ports_that_are_there() -> None:
    for name, port in named_in_commands(r"port-forward \w+/(\w+) (\d+)"):
        assert int(port) == port_of(name)
    [line] = [code for code in codes_of(ROOT / "docs" / "runbook.md") if "port-forward" in code]
    others = dict(re.findall(r"(\w+) (\d+)(?:,|$)", line.partition("#")[2]))
    assert others == {name: str(port_of(name)) for name in SERVICES if name != "workflow"}
