"""`./dev lint`: every check that needs no running system.

A check that finds nothing to look at is left out.
"""

import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from launcher import show
from launcher.paths import ROOT

BIN = Path(sys.executable).parent
SOURCES = ("shared", "services", "deploy", "tests", "dev")
LOCKS = "requirements*.lock"
MANIFESTS = ROOT / "deploy" / "kubernetes"
KUBERNETES = ("1.31", "1.37")
"""The oldest version that the manifests are for, and the newest that their checker knows."""
AN_ADDRESS = re.compile(r"://|--index-url|--find-links|--extra-index-url")


@dataclass(frozen=True, slots=True)
class Check:
    """A name and what does it: it returns what it found wrong, empty for nothing."""

    name: str
    run: Callable[[], str]


def run(*, fix: bool = False) -> bool:
    """Run all checks, one line each; what a failed one found follows it. Whether all passed."""
    sources = [place for place in SOURCES if (ROOT / place).exists()]
    if fix:
        _command("ruff", "check", "--fix", "--quiet", *sources)
        _command("ruff", "format", "--quiet", *sources)
    passed = True
    for check in checks(sources):
        found = check.run()
        show.OUT.print(f"{'[red]failed[/]' if found else '[green]ok[/]':<24}{check.name}")
        if found:
            show.OUT.print(found, markup=False)
            passed = False
    return passed


def checks(sources: Sequence[str]) -> list[Check]:
    """What there is to check in this checkout."""
    found = [
        Check("ruff check", lambda: _command("ruff", "check", "--quiet", *sources)),
        Check(
            "ruff format --check",
            lambda: _command("ruff", "format", "--check", "--quiet", *sources),
        ),
        Check("mypy --strict", lambda: _module("mypy", "--strict", *_typed(sources))),
        Check("imports point one way", import_rules),
        Check("generated docs and schemas", lambda: _module("catalogue", "--check")),
        Check("locks hold hashes and no address", lambda: "\n".join(faults_of_locks(ROOT))),
    ]
    found += [
        Check(compose.name, partial(_compose, compose))
        for compose in sorted(ROOT.glob("docker-compose*.y*ml"))
    ]
    for dockerfile in sorted([*ROOT.glob("Dockerfile*"), *ROOT.glob("deploy/**/Dockerfile*")]):
        name = str(dockerfile.relative_to(ROOT))
        found.append(Check(name, partial(_command, "hadolint", str(dockerfile))))
    if MANIFESTS.exists():
        name = str(MANIFESTS.relative_to(ROOT))
        found.append(Check(name, partial(faults_of_manifests, MANIFESTS)))
    migrations = sorted(
        str(path.relative_to(ROOT))
        for place in ("services/*/*", "shared/recall/*")
        for path in ROOT.glob(f"{place}/sql/migrations/*.sql")
    )
    if migrations:
        found.append(Check("migrations", lambda: _command("squawk", *migrations)))
    return found


def _typed(sources: Sequence[str]) -> list[str]:
    """What mypy looks at: packages.

    The script `dev` must be read by Pythons that know no modern annotation.
    """
    return [place for place in sources if place != "dev"]


def faults_of_locks(root: Path) -> list[str]:
    """What a lock file must not hold: an address, or a package without a hash."""
    faults = []
    for lock in sorted(root.glob(LOCKS)):
        lines = lock.read_text().splitlines()
        faults += [
            f"{lock.name}:{at}: an address"
            for at, line in enumerate(lines, 1)
            if AN_ADDRESS.search(line)
        ]
        for at, line in enumerate(lines):
            follows = lines[at + 1] if at + 1 < len(lines) else ""
            if "==" in line and "--hash=sha256:" not in follows:
                faults.append(f"{lock.name}:{at + 1}: no hash")
    return faults


def _compose(file: Path) -> str:
    return _module("check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(file))


def faults_of_manifests(folder: Path) -> str:
    """What Kubernetes would refuse of a folder's files; a kustomization is kubectl's alone.

    The checker lets a kind pass that it does not know, and warns: whatever it says is a fault.
    """
    files = [str(path) for path in folder.glob("*.yaml") if path.name != "kustomization.yaml"]
    versions = [word for version in KUBERNETES for word in ("-k", version)]
    command = [sys.executable, "-m", "kubernetes_validate", "--strict", "--quiet"]
    _, said = _ended([*command, *versions, *sorted(files)])
    return said


def import_rules() -> str:
    """What breaks the contracts of pyproject.toml.

    import-linter has no `-m`, and its script would name another Python once a checkout moved.
    """
    command = "from importlinter.cli import lint_imports_command as check; check()"
    return _output([sys.executable, "-c", command, "--no-cache"])


def _module(name: str, *arguments: str) -> str:
    return _output([sys.executable, "-m", name, *arguments])


def _command(name: str, *arguments: str) -> str:
    return _output([str(BIN / name), *arguments])


def _output(command: Sequence[str]) -> str:
    """What a command says when it fails; nothing when it passes."""
    passed, said = _ended(command)
    return "" if passed else said


def _ended(command: Sequence[str]) -> tuple[bool, str]:
    """Whether a command passed, and what it said; of one that failed that is never nothing."""
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    said = (finished.stdout + finished.stderr).strip()
    passed = finished.returncode == 0
    return passed, said if passed else said or f"exit code {finished.returncode}"
