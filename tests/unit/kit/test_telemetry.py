"""Logs are one JSON object a line, and no person's number is in them."""

import gc
import json
import logging
from typing import Any

import pytest
import structlog
import uvicorn
from fastapi import FastAPI

from recall.kit import service
from recall.kit.settings import ServiceSettings
from recall.kit.telemetry import configure, mask

pytestmark = pytest.mark.usefixtures("logging_restored")


def masked(text: str) -> Any:
    return mask(None, "info", {"event": text})["event"]


@pytest.mark.parametrize(
    "number",
    [
        "9990000018",
        "999 000 0018",
        "999-000-0018",
        "07700900123",
        "07700 900123",
        "07700 900 123",
        "+447700900123",
        "+44 7700 900123",
        "+44 (0)7700 900123",
        "00447700900123",
    ],
)
def test_what_looks_like_a_persons_number_is_masked(number: str) -> None:
    assert masked(f"patient {number}: refused") == "patient [number]: refused"
    assert masked(f"{{'nhs': '{number}'}}") == "{'nhs': '[number]'}"


@pytest.mark.parametrize(
    "text",
    [
        "offset 12345678 in partition 3",
        "1756713600000",
        "2025-09-01T08:00:00.000000Z",
        "127.0.0.1:54321",
        "12345678901",
        "target-999",
    ],
)
def test_what_does_not_is_left(text: str) -> None:
    assert masked(text) == text


def lines(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_one_entry_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    configure("workflow", "info", "json")
    structlog.get_logger().info("a batch\nis folded", records=3, nhs_number="9990000018")
    (entry,) = lines(capsys.readouterr().out)
    assert entry["event"] == "a batch\nis folded"
    assert (entry["service"], entry["level"], entry["records"]) == ("workflow", "info", 3)
    assert entry["nhs_number"] == "[number]"
    assert entry["timestamp"].endswith("Z")


def test_errors_are_masked_with_their_traces(capsys: pytest.CaptureFixture[str]) -> None:
    configure("workflow", "info", "json")
    refused = ValueError("cannot read 07700900123")
    structlog.get_logger().error("refused", exc_info=refused)
    (entry,) = lines(capsys.readouterr().out)
    assert "ValueError: cannot read [number]" in entry["exception"]


def test_libraries_logs_go_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    configure("workflow", "info", "json")
    logging.getLogger("a.library").warning("cannot send to %s", "+447700900123")
    logging.getLogger("a.library").info("too quiet to be heard")
    (entry,) = lines(capsys.readouterr().out)
    assert entry["event"] == "cannot send to [number]"
    assert (entry["logger"], entry["service"]) == ("a.library", "workflow")


def test_what_is_below_the_level_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    configure("workflow", "warning", "text")
    structlog.get_logger().info("unheard")
    structlog.get_logger().warning("heard")
    out = capsys.readouterr().out
    assert "unheard" not in out
    assert "heard" in out


def test_a_server_prints_no_request_and_so_no_query_string(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    served: dict[str, Any] = {}
    monkeypatch.setattr(uvicorn, "run", lambda app, **how: served.update(how))
    monkeypatch.setattr(gc, "freeze", lambda: None)
    monkeypatch.setattr(gc, "set_threshold", lambda *_: None)
    for name in ("aiokafka", "faststream"):
        found = logging.getLogger(name)
        monkeypatch.setattr(found, "level", found.level)
    settings = ServiceSettings(
        kafka_bootstrap_servers="unused", database_url="unused", port=1, token="unused"
    )
    service.serve(FastAPI(), settings, "dashboard")
    assert served["access_log"] is False
    assert not logging.getLogger("httpx").isEnabledFor(logging.INFO)
