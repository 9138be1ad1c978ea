"""Where things are.

The checkout, what a running stack writes, and what may be fetched again at any time.
"""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUN = Path(os.environ.get("RECALL_RUN") or ROOT / ".run").absolute()
"""What a running stack writes; tests give theirs a folder of its own."""
IMPORT_ROOTS = (
    "shared",
    "services/ingest",
    "services/workflow",
    "services/invitations",
    "services/dashboard-api",
    "deploy",
)


def cache() -> Path:
    """The user's cache folder for Recall (made when something is put there)."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "recall"
