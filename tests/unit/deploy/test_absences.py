"""What ARCHITECTURE.md says is absent, as far as reading the code can tell."""

import ast
import re
import tokenize
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher import linting
from launcher.paths import ROOT

CODE = sorted(path for top in ("services", "shared") for path in (ROOT / top).rglob("*.py"))
SERVICES = [path for path in CODE if path.is_relative_to(ROOT / "services")]
KIT = ROOT / "shared" / "recall" / "kit"
CODE_MAP = (ROOT / "ARCHITECTURE.md").read_text().partition("## Code map")[2].partition("\n## ")[0]
TOOLS = [*sorted((ROOT / "deploy").rglob("*.py")), ROOT / "dev"]
SQL = sorted(path for top in ("services", "shared") for path in (ROOT / top).rglob("*.sql"))

SILENCED = re.compile(r"\bnoqa\b|type: ignore|pragma: no")
EXPLAINED = re.compile(r"noqa: [A-Z0-9, ]+ - \S|type: ignore\[[\w, -]+\]  # \S|pragma: no \w+ - \S")
STATEMENT = re.compile(r"\s*(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH|COPY)\s")
CLOCK = re.compile(
    r"\b(?:now\s*\(|current_timestamp|current_date|localtime|clock_timestamp)", re.IGNORECASE
)


def calls(tree: ast.AST) -> Iterator[str]:
    """The names of everything that is called, without what they are called on."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Attribute(attr=name) | ast.Name(id=name):
                    yield name


def pure_names() -> list[str]:
    """The modules and packages that import-linter keeps pure."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    [rule] = [
        rule
        for rule in config["tool"]["importlinter"]["contracts"]
        if rule["name"] == "Pure modules do not act"
    ]
    return list(rule["source_modules"])


def pure_modules() -> list[Path]:
    """Their files; a package stands for all that is in it."""
    found = []
    for name in pure_names():
        inside = [path for path in CODE if stands_in(path, name)]
        assert inside, f"{name} is nowhere"
        found += inside
    return found


def stands_in(path: Path, name: str) -> bool:
    """Whether a file is a module, or one of a package's."""
    folder, module = name.split(".")
    parts = path.with_suffix("").parts
    return parts[-2:] == (folder, module) or parts[-3:-1] == (folder, module)


def test_imports_point_one_way() -> None:
    assert linting.import_rules() == ""


def test_the_code_map_calls_those_modules_pure_that_are_kept_so() -> None:
    rows = re.findall(r"^\| `(.+?)` \| (.*)pure: (.*) \|$", CODE_MAP, re.MULTILINE)
    called = set()
    for place, _, modules in rows:
        top = Path(place).stem
        if place.startswith("services/"):
            listed = re.findall(r"`(\w+)/?`", modules.partition(". Acting:")[0])
            called |= {f"{top}.{module}" for module in listed}
        else:
            called.add(f"recall.{top}")
    assert called == set(pure_names())


def comments_of(path: Path) -> Iterator[str]:
    """A file's comments, one by one."""
    with path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type == tokenize.COMMENT:
                yield token.string


def test_whoever_silences_a_check_says_why() -> None:
    bare = [
        f"{path.relative_to(ROOT)}: {comment}"
        for path in [*CODE, *TOOLS]
        for comment in comments_of(path)
        if SILENCED.search(comment) and not EXPLAINED.search(comment)
    ]
    assert bare == []


def test_no_service_commits_acknowledges_or_publishes() -> None:
    forbidden = {"commit", "ack", "nack", "publish_batch", "send_and_wait", "send_batch"}
    found = {
        (path.name, name)
        for path in SERVICES
        for name in calls(ast.parse(path.read_text()))
        if name in forbidden
    }
    assert found == set()


def test_no_sql_stands_outside_sql_files_but_for_the_kits_own() -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for path in CODE
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and STATEMENT.match(node.value)
    }
    allowed = {KIT / "migrating.py", KIT / "provision.py"}
    assert found == {path.relative_to(ROOT).as_posix() for path in allowed}


def test_no_query_is_run_outside_a_store() -> None:
    run = {"fetch", "fetchrow", "fetchval", "execute", "executemany", "copy_records_to_table"}
    found = {
        path.relative_to(ROOT).as_posix()
        for path in SERVICES
        if "store" not in path.stem and path.parent.name != "store"
        for name in calls(ast.parse(path.read_text()))
        if name in run
    }
    assert found == set()


def test_no_query_is_kept_that_nobody_runs() -> None:
    for folder in {path.parent for path in SQL if path.parent.name == "queries"}:
        code = "".join(path.read_text() for path in folder.parents[1].rglob("*.py"))
        unused = {path.stem for path in folder.glob("*.sql") if f'"{path.stem}"' not in code}
        assert unused == set()


@pytest.mark.parametrize("path", SQL, ids=lambda path: f"{path.parts[-4]}-{path.stem}")
def test_no_sql_asks_for_the_time(path: Path) -> None:
    statements = [line.partition("--")[0] for line in path.read_text().splitlines()]
    assert not CLOCK.search("\n".join(statements))


@pytest.mark.parametrize("path", pure_modules(), ids=lambda path: f"{path.parts[-2]}-{path.stem}")
def test_no_pure_module_asks_for_the_time_a_random_number_a_new_id_or_a_file(path: Path) -> None:
    forbidden = {"now", "utcnow", "today", "time", "monotonic", "urandom", "token_hex"}
    # An id that is given may be read as one; none may be made.
    forbidden |= {"open", "uuid1", "uuid4", "uuid6", "uuid7"}
    tree = ast.parse(path.read_text())
    imported = {
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module]
        )
    }
    # What stands in a file is passed in, too.
    assert not {"random", "secrets", "time", "asyncio", "pathlib", "os"} & imported
    assert not (forbidden - {"time"}) & set(calls(tree))


def test_no_service_reads_the_schema_of_another() -> None:
    names = {"ingest": "ingest", "workflow": "workflow", "invitations": "invitations"}
    names["dashboard"] = "dashboard-api"
    for service, folder in names.items():
        others = "|".join(set(names) - {service})
        for path in (ROOT / "services" / folder).rglob("*.sql"):
            statements = "\n".join(
                line.partition("--")[0] for line in path.read_text().splitlines()
            )
            assert not re.search(rf"\b(?:FROM|JOIN|INTO|UPDATE)\s+(?:{others})\.", statements)
