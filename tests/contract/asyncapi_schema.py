"""The schema of AsyncAPI 3.0.0, which stands beside this module."""

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "asyncapi"


def schema() -> Any:
    """The schema, if it is the one that README.md names."""
    text = gzip.decompress((FOLDER / "schema-3.0.0.json.gz").read_bytes())
    assert hashlib.sha256(text).hexdigest() in (FOLDER / "README.md").read_text()
    return json.loads(text)
