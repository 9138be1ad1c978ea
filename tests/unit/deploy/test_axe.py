"""The accessibility checker that the tests of the pages use is the file that was published."""

import hashlib
import json

from launcher.paths import ROOT

FOLDER = ROOT / "tests/browser/axe-core"


def test_the_vendored_checker_is_what_its_manifest_says() -> None:
    (package,) = json.loads((FOLDER / "manifest.json").read_text())["packages"]
    assert (package["name"], package["licence"]) == ("axe-core", "MPL-2.0")
    there = {path.name for path in FOLDER.iterdir()} - {"manifest.json"}
    assert there == set(package["files"])
    for name, digest in package["files"].items():
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest, name
    assert f"axe v{package['version']}" in (FOLDER / "axe.min.js").read_text()[:100]
