"""What the documents say, held against what is there."""

import ast
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main

from ingest.requests import SlotsRequest, TargetRequest
from launcher import example
from launcher.cli import app
from launcher.environment import HELP
from launcher.paths import ROOT
from recall.contracts.topics import TOPICS, channel_topic
from unit.deploy.documents import WRITTEN, anchors_of, codes_of, links_of

README = ROOT / "README.md"
RUNBOOK = ROOT / "docs" / "runbook.md"
ARCHITECTURE = ROOT / "ARCHITECTURE.md"
DECISIONS = sorted((ROOT / "docs" / "adr").glob("0*.md"))
PAGES = pytest.mark.parametrize("page", WRITTEN, ids=lambda page: str(page.relative_to(ROOT)))
# Their arguments go to pytest and to the benchmark, which have options of their own.
PASSED_ON = {"test", "bench"}


def verbs() -> dict[str, Any]:
    """The launcher's commands by name."""
    group: Any = typer.main.get_command(app)
    return dict(group.commands)


def commands_in(text: str) -> list[list[str]]:
    """Every `./dev VERB …` of a text, as words."""
    lines = [re.split(r"[;&|#`]|, |\s{3,}", line)[0] for line in re.findall(r"\./dev .*", text)]
    return [shlex.split(line)[1:] for line in lines]


@PAGES
def test_every_link_leads_to_something_that_is_there(page: Path) -> None:
    for link in links_of(page):
        if "://" in link:
            continue
        place, _, anchor = link.partition("#")
        there = (page.parent / place).resolve() if place else page
        assert there.exists(), link
        assert not anchor or anchor in anchors_of(there), link


@PAGES
def test_every_command_of_the_launcher_exists_with_its_options(page: Path) -> None:
    for verb, *words in commands_in("\n".join(codes_of(page))):
        if verb == "--help":
            continue
        assert verb in verbs(), verb
        known = {name for option in verbs()[verb].params for name in option.opts}
        options = {word for word in words if word.startswith("-")}
        assert verb in PASSED_ON or options <= known | {"--help"}, (verb, options - known)


def test_the_readme_and_the_help_know_the_same_verbs() -> None:
    told = {words[0] for words in commands_in(README.read_text())}
    assert told <= verbs().keys()
    assert {"demo", "test", "up", "down", "status", "lag", "logs", "reset", "doctor"} <= told
    assert set(re.findall(r"^  (\w+) ", HELP, re.MULTILINE)) == verbs().keys()


def test_make_has_every_verb_of_the_launcher() -> None:
    [listed] = re.findall(r"^VERBS := (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(listed.split()) == verbs().keys()


def test_what_the_code_says_of_the_runbook_is_one_of_its_headings() -> None:
    headings = re.findall(r"^## (.+)$", RUNBOOK.read_text(), re.MULTILINE)
    named = {
        place
        for top in ("shared", "services", "deploy")
        for path in (ROOT / top).rglob("*.py")
        if "runbook: " in (code := path.read_text())
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for place in re.findall(r"runbook: ([^)]+)", node.value)
    }
    assert named
    assert named <= set(headings)


def numbers_of(row: str) -> tuple[str, list[int]]:
    """A table's row as its first cell without marks, and its numbers."""
    first, *rest = [cell.strip().strip("*") for cell in row.strip("|").split("|")]
    return first, [int(cell) for cell in rest if cell.isdigit()]


def test_the_readme_has_the_numbers_of_the_worked_example() -> None:
    rows = dict(
        numbers_of(row) for row in re.findall(r"^\|.*\|$", README.read_text(), re.MULTILINE)
    )
    overview = example.EXPECTED["overview"]
    for words, name in (
        ("Total number of patients", "total_patients"),
        ("In progress", "in_progress"),
        ("Completed", "completed"),
        ("of which booked", "booked"),
        ("of which declined", "declined"),
        ("of which did not book", "did_not_book"),
        ("of which patient alert", "patient_alert"),
    ):
        assert rows[words] == [overview[name]]
    for number, (step, counts) in enumerate(
        zip(example.TARGET["rounds"], example.EXPECTED["rounds"], strict=True), 1
    ):
        assert rows[f"{number} {step['name']}"] == list(counts.values())
    assert f"{example.EXPECTED['slots']['available']} slots are available" in README.read_text()


def test_what_the_readme_asks_of_ingest_is_what_ingest_takes() -> None:
    bodies: list[dict[str, Any]] = [
        json.loads(body.replace("'$day'", "2030-01-15"))
        for body in re.findall(r"-d '(\{\n.*?\})'$", README.read_text(), re.MULTILINE | re.DOTALL)
    ]
    target, slots = bodies
    TargetRequest.model_validate_json(json.dumps(target))
    SlotsRequest.model_validate_json(json.dumps(slots))


def test_the_readme_and_the_example_make_the_same_env_file() -> None:
    [command] = re.findall(
        r"^# +(python3 -c .*)$", (ROOT / ".env.example").read_text(), re.MULTILINE
    )
    assert command in README.read_text()


def test_the_code_map_names_only_what_is_there() -> None:
    section = ARCHITECTURE.read_text().partition("## Code map")[2].partition("\n## ")[0]
    for row in re.findall(r"^\| (`.*?) \| (.*) \|$", section, re.MULTILINE):
        folders = [ROOT / path for path in re.findall(r"`([^`]+)`", row[0])]
        assert all(folder.exists() for folder in folders), row[0]
        if row[0].startswith("`services/"):
            for module in re.findall(r"`([\w/]+)`", row[1]):
                assert (folders[0] / f"{module}.py").exists() or (folders[0] / module).is_dir(), (
                    module
                )


def test_the_path_of_one_patient_names_only_what_is_there() -> None:
    section = ARCHITECTURE.read_text().partition("## The path of one patient")[2]
    places = {"ingest": "ingest", "workflow": "workflow", "invitations": "invitations"}
    places["dashboard"] = "dashboard-api"
    for service, module, name in re.findall(
        r"`(ingest|workflow|invitations|dashboard)\.([a-z]+)((?:\.\w+)*)`", section
    ):
        folder = ROOT / "services" / places[service] / service
        found = folder / f"{module}.py"
        parts = name.strip(".").split(".") if name else []
        if not found.exists():
            found = folder / module / f"{parts.pop(0)}.py"
        assert all(part in found.read_text() for part in parts), (service, module, name)


def test_the_pictures_arrows_are_the_topics_with_their_writers_and_readers() -> None:
    drawn: dict[tuple[str, str], set[str]] = {}
    for writer, names, reader in re.findall(
        r'^ +(\w+) == "(.+?)" ==> (\w+)', ARCHITECTURE.read_text(), re.MULTILINE
    ):
        drawn[writer, reader] = set(names.replace("‹", "<").replace("›", ">").split(" · "))
    real: dict[tuple[str, str], set[str]] = {}
    for topic in (*TOPICS.values(), channel_topic("<channel>")):
        for reader in topic.readers:
            ends = [end if end in SERVICES else "plugin" for end in (topic.writer, reader)]
            real.setdefault((ends[0], ends[1]), set()).add(topic.name)
    assert drawn == real


SERVICES = {"ingest", "workflow", "invitations", "dashboard"}


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_a_services_readme_names_the_topics_that_it_reads_and_writes(service: str) -> None:
    folder = "dashboard-api" if service == "dashboard" else service
    text = (ROOT / "services" / folder / "README.md").read_text()
    reads = {name for name, topic in TOPICS.items() if service in topic.readers}
    writes = {name for name, topic in TOPICS.items() if topic.writer == service}
    assert topics_in(part_of(text, "consumes")) == reads
    # Simulated channels report on a topic that is the plugins'.
    assert topics_in(part_of(text, "produces")) - {"channel-reports"} == writes


def part_of(readme: str, name: str) -> str:
    """What a service's README says under a heading, in a row of its table or after a bold word."""
    for pattern in (rf"^## {name}\n(.*?)^## ", rf"^\| {name} \|(.*?)$", rf"^\*\*{name}\*\*(.*?)^$"):
        found = re.search(pattern, readme, re.MULTILINE | re.DOTALL | re.IGNORECASE)
        if found:
            return found[1]
    return ""


def topics_in(text: str) -> set[str]:
    return set(re.findall(r"`([\w-]+)`", text)) & TOPICS.keys()


def test_every_decision_is_listed_and_has_all_its_parts() -> None:
    listed = links_of(ROOT / "docs" / "adr" / "README.md")
    assert listed == [page.name for page in DECISIONS]
    for number, page in enumerate(DECISIONS, 1):
        text = page.read_text()
        assert text.startswith(f"# {number:04d} ")
        parts = re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE)
        assert parts == ["Context", "Decision", "Measured", "Consequences"]


@pytest.mark.parametrize("file", ["requirements", "requirements-local", "requirements-dev"])
def test_every_direct_dependency_has_its_line_and_no_line_is_stale(file: str) -> None:
    wanted = {
        re.split(r"[\[<>=~! ]", line)[0]
        for line in (ROOT / f"{file}.in").read_text().splitlines()
        if line and not line.startswith(("#", "-r"))
    }
    page = (ROOT / "docs" / "dependencies.md").read_text()
    section = page.partition(f"(`{file}.in`)")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([^`]+)` \| (.+) \|$", section, re.MULTILINE)
    assert {name for name, _ in rows} == wanted
    assert len(rows) == len(wanted)
