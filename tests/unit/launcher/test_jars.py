import hashlib
import tomllib
from pathlib import Path

import pytest

from launcher import jars
from launcher.problems import Problem


@pytest.fixture
def one_jar(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A cache folder, and a list of one jar whose content is `good`."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(jars, "expected", lambda: {"one.jar": hashlib.sha256(b"good").hexdigest()})
    return tmp_path


def serve(monkeypatch: pytest.MonkeyPatch, content: bytes, name: str = "one.jar") -> None:
    def download(repository: Path) -> list[Path]:
        repository.mkdir(parents=True)
        (repository / name).write_bytes(content)
        return [repository / name]

    monkeypatch.setattr(jars, "_download", download)


def test_every_coordinate_has_a_sum_and_every_sum_a_coordinate() -> None:
    listed = tomllib.loads(jars.COORDINATES.read_text())["dependencies"]["coordinates"]
    names = {"{1}-{2}.jar".format(*coordinate.split(":")) for coordinate in listed}
    assert names == set(jars.expected())


def test_jars_are_kept_once_they_are_what_the_list_names(
    one_jar: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(monkeypatch, b"good")
    assert [jar.read_bytes() for jar in jars.ensure()] == [b"good"]


def test_a_jar_that_differs_is_refused_and_nothing_is_kept(
    one_jar: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(monkeypatch, b"evil")
    with pytest.raises(Problem, match=r"one\.jar is not the file"):
        jars.ensure()
    assert not jars.home().exists()
    assert list(jars.home().parent.iterdir()) == []


def test_a_jar_that_is_not_listed_is_refused(
    one_jar: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(monkeypatch, b"good", "other.jar")
    with pytest.raises(Problem, match=r"other\.jar is not in"):
        jars.ensure()


def test_with_the_jars_in_the_cache_nothing_is_fetched(
    one_jar: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(monkeypatch, b"good")
    jars.ensure()
    monkeypatch.setattr(jars, "_download", lambda _: pytest.fail("asked the network"))
    assert len(jars.ensure()) == 1
