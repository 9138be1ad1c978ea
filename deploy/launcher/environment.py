"""Make `.venv` from the lock files, then run the launcher inside it.

Standard library only: nothing is installed yet.

States of the environment, in this order, so that an interruption at any point is recognised by the
next start: `.installing` is written, packages are installed by hash, `recall.pth` is written, the
stamp is written, `.installing` goes. With a right stamp nothing is done and no network is needed;
with `.installing` left behind all is made anew.
"""

import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from launcher.paths import IMPORT_ROOTS, ROOT
from launcher.problems import DISK_FULL, Problem, disk_is_full

LOCAL_LOCK = "requirements-local.lock"
DEV_LOCK = "requirements-dev.lock"
DEVELOPER_VERBS = frozenset({"test", "lint", "bench", "pictures"})
STAMP = "recall-stamp.json"
UNFINISHED = ".installing"

HELP = """\
Recall invites lists of patients to book appointments and shows where everyone is.

Usage: ./dev VERB [options]          ./dev VERB --help explains one verb

See it work
  demo              play the worked example on empty stores of its own, in a live table
                      ./dev demo                             stays up until Ctrl-C
                      ./dev demo --exit                      exit code 1 if any number differs
                      ./dev demo --patients 20000 --seed 7   made-up patients through every round

Run it
  up                start stores and services in the background; prints the sign-in link
                      ./dev up --no-simulate sms             leaves a channel to a plugin
                      ./dev up --kafka-lost                  Kafka's data are gone: on new topics
  status            what runs, since when, how often it was started again
  lag               how far each service is behind on each topic (--watch), and its dead letters
  logs SERVICE      what a service, kafka or postgres wrote            ./dev logs workflow -f
  rebuild           make the dashboard's tables anew from what their owners tell again
  down              stop it; the data stays
  reset             wipe the data of `up`

Work on it
  test              the whole suite; arguments go to pytest: ./dev test tests/unit -k verdict
  lint              every check that needs no running system
  bench             how fast it is, beside the raw limit of this computer
                      ./dev bench --page                     a page of a million patients under load
                      ./dev bench --fair                     a few patients behind a large upload
  reconcile         play a whole target and count it from topics and tables
  pictures          take the pictures of the pages for docs anew, in Chromium
  doctor            what this computer has, what is missing, and the command that mends it

The first start fetches Python packages, a Java runtime and Kafka, each checked by hash; later ones
work offline.
With KAFKA_BOOTSTRAP_SERVERS or DATABASE_URL set, that store of yours is used and none is started.
"""


def main(arguments: Sequence[str]) -> int:
    """Prepare the environment that the verb needs and become the launcher.

    Returns only when that is not possible.
    """
    verb = next((word for word in arguments if not word.startswith("-")), None)
    if verb is None or arguments[0] in {"-h", "--help", "help"}:
        print(HELP, end="")
        return 0 if arguments else 2
    try:
        ensure(ROOT, for_developers=verb in DEVELOPER_VERBS)
    except Problem as problem:
        print(f"./dev: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "\n./dev: interrupted; the next start sets up again what is missing.", file=sys.stderr
        )
        return 130
    python = str(ROOT / ".venv/bin/python")
    # A Python that is starting answers Ctrl-C with a traceback: the launcher takes it in a moment.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    return os.execv(python, [python, "-m", "launcher", *arguments])  # noqa: S606 - never returns


def ensure(root: Path, *, for_developers: bool) -> None:
    """Make `root/.venv` match the lock files.

    Raises Problem with what could not be done and what to do about it.
    """
    wanted = DEV_LOCK if for_developers else LOCAL_LOCK
    if is_current(root, wanted):
        return
    with _only_one(root / ".venv.lock"):
        if is_current(root, wanted):
            return
        try:
            _install(root, wanted)
        except OSError as error:
            raise (
                disk_is_full(root)
                if DISK_FULL in str(error)
                else Problem(f"Setting up failed: {error}")
            ) from error


def is_current(root: Path, lock: str) -> bool:
    """Whether the environment holds what `lock` asks for, by the stamp of its installation."""
    try:
        stamp = json.loads((root / ".venv" / STAMP).read_text())
    except (OSError, ValueError):
        return False
    return bool(stamp.get(lock) == fingerprint(root / lock) and stamp.get("root") == str(root))


def fingerprint(lock: Path) -> str:
    """The lock file's SHA-256.

    A missing one is a Problem, since then the checkout is incomplete.
    """
    try:
        return hashlib.sha256(lock.read_bytes()).hexdigest()
    except FileNotFoundError:
        raise Problem(
            f"{lock.name} is missing.", "Check it out again: git checkout -- " + lock.name
        ) from None


def _install(root: Path, lock: str) -> None:
    """Bring `.venv` to what the lock says, stamping it last."""
    home = root / ".venv"
    stamp = home / STAMP
    _make_venv(home)
    (home / UNFINISHED).touch()
    stamp.unlink(missing_ok=True)
    _pip(root, lock)
    packages = home / "lib/python3.11/site-packages"
    (packages / "recall.pth").write_text("".join(f"{root / place}\n" for place in IMPORT_ROOTS))
    # The developers' lock contains the local one at the same versions, so that it stands for both.
    stands_for = [LOCAL_LOCK, DEV_LOCK] if lock == DEV_LOCK else [LOCAL_LOCK]
    content = {"root": str(root)} | {name: fingerprint(root / name) for name in stands_for}
    partial = stamp.with_suffix(".partial")
    partial.write_text(json.dumps(content, indent=1))
    partial.replace(stamp)
    (home / UNFINISHED).unlink()


def _make_venv(home: Path) -> None:
    """An environment with pip in it; one that an interruption left half made goes first.

    An environment that somebody else made is kept and completed, never removed.
    """
    python = home / "bin/python"
    if (home / UNFINISHED).exists() or (home.exists() and not _starts(python)):
        shutil.rmtree(home)
    if not home.exists():
        _say("Making the Python environment .venv …")
        home.mkdir()
        (home / UNFINISHED).touch()
        made = _run(sys.executable, "-m", "venv", str(home))
        if made.returncode != 0:
            shutil.rmtree(home)
            raise _no_venv(made.stdout + made.stderr)
    elif not _starts(python, "-m", "pip", "--version"):
        made = _run(str(python), "-m", "ensurepip")
        if made.returncode != 0:
            raise _no_venv(made.stdout + made.stderr)


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _no_venv(output: str) -> Problem:
    if DISK_FULL in output:
        return disk_is_full(ROOT)
    if "ensurepip" in output or "No module named venv" in output:
        return Problem(
            "This Python has no venv module, which Recall needs to set itself up.",
            "Debian, Ubuntu:  sudo apt-get install -y python3.11-venv\n  Then run it again.",
        )
    return Problem(f"Python could not make .venv:\n{output.strip()}")


def _starts(python: Path, *arguments: str) -> bool:
    """Whether an interpreter is there and runs; its base may have gone since."""
    try:
        command = [
            str(python),
            *(arguments or ("-c", "import sys; sys.exit(sys.version_info[:2] != (3, 11))")),
        ]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _pip(root: Path, lock: str) -> None:
    """Install exactly what the lock lists, every file checked by its hash.

    pip's words go to `.venv.log`.
    """
    count = sum("==" in line for line in (root / lock).read_text().splitlines())
    log = root / ".venv.log"
    command = [
        str(root / ".venv/bin/python"), "-m", "pip", "install",
        "--require-hashes", "--no-deps", "--no-input",
        "--disable-pip-version-check", "--retries", "2", "--progress-bar", "off",
        "-r", str(root / lock),
    ]  # fmt: skip
    with log.open("wb") as output, _progress(f"Installing {count} packages by hash"):
        finished = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=False)
    if finished.returncode != 0:
        raise _explain(log.read_text(errors="replace"))


def _explain(output: str) -> Problem:
    """What pip meant, for somebody who only wanted to start Recall."""
    if DISK_FULL in output:
        return disk_is_full(ROOT)
    if "DO NOT MATCH THE HASHES" in output:
        return Problem(
            "A downloaded package is not the one that the lock file names (its hash differs),"
            " so it was not installed.",
            "If a mirror changes packages, use another (PIP_INDEX_URL). pip said: .venv.log",
        )
    if "the ssl module in Python is not available" in output:
        return Problem(
            f"This Python ({sys.executable}) was built without TLS, so that it can fetch nothing.",
            "Use another: sudo apt-get install -y python3.11 python3.11-venv",
        )
    network = (
        "connection",
        "Connection",
        "No matching distribution",
        "timed out",
        "resolve",
        "SSL",
        "Proxy",
    )
    if any(word in output for word in network):
        missing = [
            line.rsplit(" ", 1)[-1]
            for line in output.splitlines()
            if "No matching distribution found" in line
        ]
        what = f" (the first one missing: {missing[0]})" if missing else ""
        return Problem(
            f"The Python packages could not be fetched{what}: no answer from the package index.",
            "The first start needs the network once. Connect, or set PIP_INDEX_URL, HTTPS_PROXY or"
            " PIP_CERT\n  as your network asks, then run it again. pip said: .venv.log",
        )
    return Problem(f"Installing failed:\n{_tail(output)}", "All that pip said: .venv.log")


def _tail(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-5:])


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    """Hold the lock file: two ./dev at once must not install into one environment."""
    with lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("Another ./dev is setting up the environment; waiting for it …")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def _progress(what: str) -> Iterator[None]:
    """One line that counts seconds on a terminal, and stands still in a log."""
    if not sys.stderr.isatty():
        _say(f"{what} (first start only) …")
        yield
        return
    done = threading.Event()
    began = time.monotonic()

    def count() -> None:
        while not done.wait(0.5):
            print(
                f"\r{what} (first start only) … {time.monotonic() - began:.0f} s ",
                end="",
                file=sys.stderr,
            )

    counter = threading.Thread(target=count, daemon=True)
    counter.start()
    try:
        yield
    finally:
        done.set()
        counter.join()
        print(f"\r\033[K{what}: {time.monotonic() - began:.0f} s", file=sys.stderr)


def _say(line: str) -> None:
    """Progress goes to standard error, so that --json on standard output stays JSON."""
    print(line, file=sys.stderr, flush=True)
