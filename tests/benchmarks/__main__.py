"""`./dev bench`: patients a second end to end, beside what Kafka and PostgreSQL do with no logic."""

import argparse
import asyncio
import json
import logging
import sys
import tempfile
from pathlib import Path

from benchmarks.pipeline import measure
from benchmarks.report import tables
from launcher import show
from launcher.paths import RUN


def main() -> None:
    """Measure, print, write the JSON."""
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("--patients", type=int, default=20_000, help="default: 20000")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--out", type=Path, default=RUN / "bench.json", help="where they are kept")
    asked = parser.parse_args()
    RUN.mkdir(exist_ok=True)
    # A topic just made has no leader for a moment: the client tries again, and says so loudly.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=RUN, ignore_cleanup_errors=True) as name:
        figures = asyncio.run(measure(asked.patients, asked.seed, Path(name), show.say))
    asked.out.write_text(json.dumps(figures, indent=2) + "\n")
    if asked.json:
        show.as_json(figures)
    else:
        for table in tables(figures):
            show.OUT.print(table)
        show.say(f"All figures: {asked.out}")
    sys.exit(0 if figures["complete"] else 1)


if __name__ == "__main__":
    main()
