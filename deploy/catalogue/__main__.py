"""The command line: writes what is generated, or checks that it is as it should be."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from catalogue import asyncapi, pages, schemas, simulation, texts
from catalogue.baseline import BASELINES, broken_since
from catalogue.places import DOCS, ROOT, SCHEMAS
from workflow import diagram


def generated() -> dict[Path, str]:
    """Every generated file and what it should say."""
    return {
        **{
            SCHEMAS / f"{event_type}.json": schemas.text_of(schema)
            for event_type, schema in schemas.schemas().items()
        },
        DOCS / "events.md": pages.events_page(),
        DOCS / "topics.md": pages.topics_page(),
        DOCS / "codes.md": pages.codes_page(),
        DOCS / "metrics.md": pages.metrics_page(),
        DOCS / "texts.md": texts.texts_page(),
        DOCS / "simulation.md": simulation.simulation_page(),
        DOCS / "asyncapi.yaml": asyncapi.text(),
        diagram.STATES_PAGE: diagram.page(),
    }


def stale(files: dict[Path, str]) -> list[str]:
    """What is not as generated: a sentence a file."""
    wrong = [
        f"{path.relative_to(ROOT)} is stale: run python -m catalogue"
        for path, text in files.items()
        if not path.is_file() or path.read_text() != text
    ]
    return wrong + [
        f"{path.relative_to(ROOT)} is the schema of no event: delete it"
        for path in sorted(SCHEMAS.glob("*.json"))
        if path not in files
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m catalogue", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, say what is wrong")
    parser.add_argument(
        "--against",
        action="append",
        metavar="REF",
        help=f"commits whose schemas must not be broken (default: {', '.join(BASELINES)})",
    )
    asked = parser.parse_args(arguments)
    faults = broken_since(asked.against or BASELINES, schemas.schemas())
    files = generated()
    if asked.check:
        faults += stale(files)
    elif not faults:
        _write(files)
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


def _write(files: dict[Path, str]) -> None:
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    sys.exit(main())
