"""Kafka's jars.

Fetched once by their Maven coordinates, each checked against a SHA-256 kept in this repository.
"""

import hashlib
import os
import shutil
import tempfile
import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from launcher.paths import ROOT, cache
from launcher.problems import DISK_FULL, Problem, disk_is_full

VERSION = "4.3.1"
COORDINATES = ROOT / "deploy/kafka/coordinates.toml"
SUMS = ROOT / "deploy/kafka/jars.sha256"
AT_ONCE = 6
SYSTEM_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
)


def home() -> Path:
    """Where the jars are, or will be."""
    return cache() / f"kafka-{VERSION}"


def expected(sums: Path = SUMS) -> dict[str, str]:
    """SHA-256 by jar name, as `sha256sum` writes them."""
    pairs = (line.split() for line in sums.read_text().splitlines() if line.strip())
    return {name: digest for digest, name in pairs}


def are_there(folder: Path) -> bool:
    """Whether every jar is present (they were checked before the folder got its name)."""
    return all((folder / "jars" / name).is_file() for name in expected())


def ensure(say: Callable[[str], None] = lambda _: None) -> list[Path]:
    """The jars in a fixed order, fetched if they are not there yet.

    No network is touched when they are.
    """
    folder = home()
    if not are_there(folder):
        say(f"Fetching Apache Kafka {VERSION} (45 MB, once) …")
        try:
            _fetch(folder)
        except OSError as error:
            if DISK_FULL in str(error):
                raise disk_is_full(folder) from error
            raise
    return [folder / "jars" / name for name in sorted(expected())]


def _fetch(folder: Path) -> None:
    """Download beside the final place, check, and only then give it its name."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="kafka-", dir=folder.parent) as partial:
        made = Path(partial) / "made"
        (made / "jars").mkdir(parents=True)
        for jar in _download(Path(partial) / "repository"):
            check(jar)
            shutil.move(jar, made / "jars" / jar.name)
        missing = sorted(name for name in expected() if not (made / "jars" / name).is_file())
        if missing:
            raise Problem(
                f"{COORDINATES.name} does not name what {SUMS.name} lists: {', '.join(missing)}."
            )
        if folder.exists():
            shutil.rmtree(folder)
        made.rename(folder)


def _download(repository: Path) -> list[Path]:
    """Every coordinate as it stands.

    The list is flat, so nothing is resolved and nothing can be chosen otherwise.
    """
    _trust_the_system()
    # Imported late: with the jars in the cache none of it is needed.
    import requests  # noqa: PLC0415 - see above.
    from jgo.maven import MavenContext, PythonResolver  # noqa: PLC0415 - see above.

    context = MavenContext(
        resolver=PythonResolver(), repo_cache=repository, local_repos=[], timeout=30
    )

    def fetch(coordinate: str) -> Path:
        group, artifact, version = coordinate.split(":")
        return Path(context.project(group, artifact).at_version(version).artifact().resolve())

    coordinates = tomllib.loads(COORDINATES.read_text())["dependencies"]["coordinates"]
    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(fetch, coordinates))
    except (requests.RequestException, RuntimeError) as error:
        raise Problem(
            "Kafka's jars could not be fetched: no answer from Maven's central repository.",
            "The first start needs the network once. Connect, or set HTTPS_PROXY or"
            " REQUESTS_CA_BUNDLE as your network asks,\n  then run the same command again."
            " Or use a Kafka of your own: KAFKA_BOOTSTRAP_SERVERS=host:port.",
        ) from error


def check(jar: Path) -> None:
    """Refuse a jar that is not the one this repository names."""
    wanted = expected().get(jar.name)
    if wanted is None:
        raise Problem(f"{jar.name} is not in {SUMS.name}, so it is not used.")
    if hashlib.sha256(jar.read_bytes()).hexdigest() != wanted:
        raise Problem(
            f"{jar.name} is not the file that {SUMS.name} names (its SHA-256 differs),"
            " so it is not used.",
            "A mirror or proxy may have changed it: try another network.",
        )


def _trust_the_system() -> None:
    """The library brings certificates of its own and would not know a company's proxy.

    The system's bundle does.
    """
    if "REQUESTS_CA_BUNDLE" in os.environ:
        return
    bundles = (os.environ.get("SSL_CERT_FILE", ""), *SYSTEM_BUNDLES)
    found = next((path for path in bundles if path and Path(path).is_file()), None)
    if found is not None:
        os.environ["REQUESTS_CA_BUNDLE"] = found
