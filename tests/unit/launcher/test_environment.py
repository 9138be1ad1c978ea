import json
import subprocess
import sys
from pathlib import Path

import pytest

from launcher import environment
from launcher.paths import ROOT
from launcher.problems import Problem


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with locks and a stamped environment."""
    for name in (environment.LOCAL_LOCK, environment.DEV_LOCK):
        (tmp_path / name).write_text(f"{name}==1\n")
    (tmp_path / ".venv").mkdir()
    stamp = {"root": str(tmp_path)} | {
        name: environment.fingerprint(tmp_path / name) for name in (environment.LOCAL_LOCK,)
    }
    (tmp_path / ".venv" / environment.STAMP).write_text(json.dumps(stamp))
    return tmp_path


def test_a_stamped_environment_is_left_alone(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "_install", lambda *_: pytest.fail("installed again"))
    environment.ensure(checkout, for_developers=False)


def test_developers_need_their_own_lock(checkout: Path) -> None:
    assert not environment.is_current(checkout, environment.DEV_LOCK)


def test_a_lock_that_changed_is_noticed(checkout: Path) -> None:
    (checkout / environment.LOCAL_LOCK).write_text("other==2\n")
    assert not environment.is_current(checkout, environment.LOCAL_LOCK)


def test_an_environment_that_was_moved_is_not_trusted(checkout: Path, tmp_path: Path) -> None:
    moved = checkout.rename(tmp_path.with_name(tmp_path.name + "-moved"))
    assert not environment.is_current(moved, environment.LOCAL_LOCK)


def test_a_half_written_stamp_counts_for_nothing(checkout: Path) -> None:
    (checkout / ".venv" / environment.STAMP).write_text('{"root"')
    assert not environment.is_current(checkout, environment.LOCAL_LOCK)


def test_an_installation_that_fails_leaves_no_stamp(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise Problem("no network")

    monkeypatch.setattr(environment, "_make_venv", lambda _: None)
    monkeypatch.setattr(environment, "_pip", fail)
    with pytest.raises(Problem):
        environment.ensure(checkout, for_developers=True)
    assert (checkout / ".venv" / environment.UNFINISHED).exists()
    assert not (checkout / ".venv" / environment.STAMP).exists()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "ERROR: No matching distribution found for rich==15.0.0",
            "could not be fetched .*rich==15.0.0",
        ),
        ("THESE PACKAGES DO NOT MATCH THE HASHES", "its hash differs"),
        ("OSError: [Errno 28] No space left on device", "The disk .* is full"),
        ("the ssl module in Python is not available", "was built without TLS"),
        ("something new", "Installing failed"),
    ],
)
def test_what_pip_says_is_told_in_a_sentence(said: str, told: str) -> None:
    with pytest.raises(Problem, match=told):
        raise environment._explain(said)


def test_a_python_without_venv_is_told_the_package_to_install() -> None:
    assert "apt-get install -y python3.11-venv" in str(
        environment._no_venv("ensurepip is not available")
    )


def test_the_script_needs_nothing_but_the_standard_library() -> None:
    shown = subprocess.run(
        [sys.executable, "-I", "-S", str(ROOT / "dev"), "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    for verb in (
        "demo",
        "up",
        "down",
        "status",
        "lag",
        "logs",
        "reset",
        "doctor",
        "lint",
        "test",
        "bench",
    ):
        assert f"\n  {verb} " in shown.stdout
