"""Files of the pages: vendored ones are what they were, addresses carry a hash, no host is asked but ours."""

import hashlib
import json
import re

import httpx
import pytest
from fastapi import FastAPI

from dashboard import assets
from dashboard.assets import FOLDER, PREFIX, VERSION, address, keep
from dashboard.headers import SecurityHeaders
from recall.look import VENDORED

VENDOR = VENDORED / "vendor"
PACKAGES = json.loads((VENDOR / "manifest.json").read_text())["packages"]
HARMLESS = re.compile(r"http://www\.w3\.org/(?:2000/svg|1999/xhtml|1999/xlink)")
"""Names of namespaces look like addresses; nobody asks them."""
FOREIGN = re.compile(r"""(?:https?:|["'(=\s])//[a-z0-9]""", re.IGNORECASE)


def test_vendored_files_are_what_the_manifest_says() -> None:
    listed = {name: digest for package in PACKAGES for name, digest in package["files"].items()}
    there = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()}
    assert there - {"manifest.json"} == set(listed)
    for name, digest in listed.items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest, name


def test_every_vendored_package_has_name_version_and_licence() -> None:
    for package in PACKAGES:
        assert all(package[field] for field in ("name", "version", "licence", "archive_sha256"))
        assert f"{package['name']}/LICENCE.txt" in package["files"]


def test_no_file_and_no_template_names_a_host_that_browsers_would_ask() -> None:
    texts = [
        path
        for folder in (FOLDER, VENDORED)
        for path in folder.rglob("*")
        if path.suffix in {".css", ".js", ".svg"}
    ]
    texts += (FOLDER.parent / "templates").rglob("*.html")
    assert len(texts) > 10
    for path in texts:
        text = HARMLESS.sub("", path.read_text())
        if path.suffix == ".js":
            text = re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE)
        assert not FOREIGN.search(text), path


def test_nothing_vendored_shows_the_logo() -> None:
    assert not [path for path in VENDOR.rglob("*") if re.search("logo|favicon", path.name)]
    assert "@font-face" not in (VENDOR / "nhsuk-frontend/nhsuk-frontend.min.css").read_text()


def test_an_address_carries_the_version_of_all_files() -> None:
    assert address("recall.css") == f"{PREFIX}/{VERSION}/recall.css"
    with pytest.raises(FileNotFoundError):
        address("missing.css")


def test_only_this_versions_addresses_are_kept_for_ever() -> None:
    assert "immutable" in keep(address("recall.css"))
    assert keep(f"{PREFIX}/000000000000/recall.css") == "no-cache"
    assert keep("/targets") == "no-store"


async def test_files_are_found_by_any_version_and_by_none() -> None:
    app = FastAPI()
    app.mount(assets.PREFIX, assets.ASSETS)
    app.add_middleware(SecurityHeaders)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://board") as client:
        for path in (
            address("recall.css"),
            f"{PREFIX}/{'0' * 12}/recall.css",
            f"{PREFIX}/recall.css",
        ):
            answer = await client.get(path)
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/css")
        missing = await client.get(f"{PREFIX}/{VERSION}/missing.css")
        assert (missing.status_code, missing.headers["cache-control"]) == (404, "no-store")
        away = await client.get(f"{PREFIX}/{VERSION}/../../../app.py")
        assert away.status_code == 404
