import asyncio
import shutil
import socket
from pathlib import Path
from types import SimpleNamespace

import pytest

from launcher import kafka, linting, observe, ports, stores
from launcher.driving import Driver
from launcher.paths import ROOT
from launcher.problems import Problem
from launcher.services import role_dsn

PAGE = """\
# TYPE recall_consumer_lag_records gauge
recall_consumer_lag_records{service="workflow",topic="patients",partition="0"} 3.0
recall_consumer_lag_records{service="workflow",topic="patients",partition="1"} 4.0
# TYPE recall_consumer_lag_seconds gauge
recall_consumer_lag_seconds{service="workflow",topic="patients",partition="0"} 0.5
recall_consumer_lag_seconds{service="workflow",topic="patients",partition="1"} 2.5
# TYPE recall_dead_letters counter
recall_dead_letters_total{service="workflow",topic="patients",reason="invalid_json"} 2.0
recall_dead_letters_total{service="workflow",topic="patients",reason="unknown_type"} 0.0
"""


def test_lag_is_the_sum_of_records_and_the_worst_of_seconds() -> None:
    [row] = observe.fold([PAGE])
    assert (row.service, row.topic, row.records, row.seconds, row.partitions) == (
        "workflow",
        "patients",
        7,
        2.5,
        2,
    )
    assert row.dead_letters == {"invalid_json": 2}


def test_no_pages_are_no_rows() -> None:
    assert observe.fold([]) == []


@pytest.mark.parametrize(
    ("admin", "own"),
    [
        (
            "postgresql://postgres@/recall?host=%2Ftmp%2Fs&port=5",
            "postgresql://ingest:pw@/recall?host=%2Ftmp%2Fs&port=5",
        ),
        ("postgresql://root:x@db:5432/recall", "postgresql://ingest:pw@db:5432/recall"),
        (
            "postgresql://db/recall?sslmode=require",
            "postgresql://ingest:pw@db/recall?sslmode=require",
        ),
    ],
)
def test_a_role_has_the_same_database_under_its_own_name(admin: str, own: str) -> None:
    assert role_dsn(admin, "ingest", "pw") == own


def test_ports_are_different_and_free() -> None:
    found = ports.free_ports(20)
    assert len(set(found)) == 20
    assert all(ports.is_free(port) for port in found)


def test_a_store_keeps_its_ports_while_they_are_free(tmp_path: Path) -> None:
    kept = stores.kept_ports(tmp_path, 2)
    assert stores.kept_ports(tmp_path, 2) == kept
    with socket.socket() as other:
        other.bind((ports.LOOPBACK, kept[0]))
        other.listen()
        assert stores.kept_ports(tmp_path, 2) != kept


def test_a_nearly_full_disk_is_refused_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=3_000_000))
    with pytest.raises(Problem, match="Only 3 MB are free"):
        stores.check_disk(tmp_path)


async def test_a_port_that_nobody_answers_is_no_broker() -> None:
    assert not await kafka.answers(ports.free_ports(1)[0])


def test_cluster_ids_look_like_kafkas() -> None:
    assert all(
        len(made) == 22 and not made.startswith("-")
        for made in (kafka.cluster_id() for _ in range(200))
    )


def test_the_locks_hold_hashes_and_no_address() -> None:
    assert linting.faults_of_locks(ROOT) == []


def test_a_lock_with_an_address_or_without_a_hash_is_found(tmp_path: Path) -> None:
    (tmp_path / "requirements.lock").write_text(
        "one==1 \\\n    --hash=sha256:ab\ntwo==2\nthree @ https" + "://x/y\n"
    )
    assert linting.faults_of_locks(tmp_path) == [
        "requirements.lock:4: an address",
        "requirements.lock:3: no hash",
    ]


async def test_what_drives_a_stack_asks_no_proxy_of_the_shell(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The first start may need a proxy; loopback never does."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    asked: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readline()).decode())
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        stack = {"ingest": f"http://127.0.0.1:{port}", "token": "t"}
        async with Driver(stack, tmp_path / "clock.json") as driver:
            assert await driver.get("ingest", "/settled") == {}
    assert asked == ["GET /settled HTTP/1.1\r\n"]
