"""`./dev bench`: patients a second end to end, beside what Kafka and PostgreSQL do with no logic."""

import argparse
import asyncio
import json
import logging
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.fairness import measure_fairness
from benchmarks.page import measure_page
from benchmarks.page_report import page_tables
from benchmarks.pipeline import measure
from benchmarks.report import fairness_tables, tables
from launcher import show
from launcher.paths import RUN

_TABLES = {None: tables, "page": page_tables, "fair": fairness_tables}


def main() -> None:
    """Measure, print, write the JSON."""
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument(
        "--page",
        action="store_true",
        help="measure the page and its lists at a million patients instead",
    )
    parser.add_argument(
        "--fair",
        action="store_true",
        help="measure how long 20 patients wait behind a large upload of another practice instead",
    )
    parser.add_argument(
        "--patients", type=int, help="default: 20000, with --page 1000000, with --fair 50000"
    )
    parser.add_argument(
        "--larger",
        type=int,
        nargs="+",
        default=[],
        metavar="PATIENTS",
        help="run uploads of these sizes, too, and compare the memory; not with --page",
    )
    parser.add_argument(
        "--seconds", type=float, default=60.0, help="how long --page asks; default: 60"
    )
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument(
        "--out",
        type=Path,
        help="where they are kept; default: bench.json, bench-page.json or bench-fair.json",
    )
    asked = parser.parse_args()
    kind = "page" if asked.page else "fair" if asked.fair else None
    out = asked.out or RUN / (f"bench-{kind}.json" if kind else "bench.json")
    RUN.mkdir(exist_ok=True)
    # A topic just made has no leader for a moment: the client tries again, and says so loudly.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=RUN, ignore_cleanup_errors=True) as name:
        figures = asyncio.run(_measured(asked, Path(name)))
    out.write_text(json.dumps(figures, indent=2) + "\n")
    if asked.json:
        show.as_json(figures)
    else:
        for table in _TABLES[kind](figures):
            show.OUT.print(table)
        show.say(f"All figures: {out}")
    # Speed is for people to judge; only what went wrong makes a bad end.
    sys.exit(0 if (not figures["errors"] if asked.page else figures["complete"]) else 1)


async def _measured(asked: argparse.Namespace, folder: Path) -> dict[str, Any]:
    if asked.page:
        patients = asked.patients or 1_000_000
        return await measure_page(patients, asked.seed, asked.seconds, folder, show.say)
    if asked.fair:
        return await measure_fairness(asked.patients or 50_000, asked.seed, folder, show.say)
    patients = asked.patients or 20_000
    return await measure(patients, asked.seed, folder, show.say, larger=asked.larger)


if __name__ == "__main__":
    main()
