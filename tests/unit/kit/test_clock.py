"""Business time: as a file tells it, never backwards, still at its halt."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from recall.kit.clock import RealClock, Run, SimulatedClock, clock_from, write_run

START = datetime(2025, 9, 1, 8, tzinfo=UTC)
STARTED_AT = 1_000_000.0


def run(speed: float = 3600.0, ahead: timedelta = timedelta(days=1)) -> Run:
    return Run(START, STARTED_AT, speed, START + ahead)


@pytest.fixture
def traveller() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(STARTED_AT, tick=False) as found:
        yield found


def test_a_run_goes_at_its_speed() -> None:
    assert run().at(STARTED_AT + 2) == START + timedelta(hours=2)


def test_a_run_stands_still_at_its_halt() -> None:
    assert run().at(STARTED_AT + 25) == START + timedelta(days=1)
    assert run().at(STARTED_AT + 1e9) == START + timedelta(days=1)


def test_a_run_stands_at_its_start_before_the_machine_gets_there() -> None:
    assert run().at(STARTED_AT - 60) == START


def test_a_run_of_no_speed_stands_still() -> None:
    assert run(speed=0.0).at(STARTED_AT + 60) == START


def test_what_is_written_is_read(tmp_path: Path, traveller: time_machine.Traveller) -> None:
    path = tmp_path / "clock.json"
    write_run(path, run())
    assert json.loads(path.read_text()) == {
        "start": "2025-09-01T08:00:00.000000Z",
        "started_at": STARTED_AT,
        "speed": 3600.0,
        "halt": "2025-09-02T08:00:00.000000Z",
    }
    clock = SimulatedClock(path)
    traveller.shift(3)
    assert clock.now() == START + timedelta(hours=3)
    assert list(tmp_path.iterdir()) == [path]


def test_time_goes_on_where_it_stood_when_the_halt_is_raised(
    tmp_path: Path, traveller: time_machine.Traveller
) -> None:
    path = tmp_path / "clock.json"
    write_run(path, run())
    clock = SimulatedClock(path)
    seen = [clock.now()]
    for _ in range(3):
        traveller.shift(30)
        seen.append(clock.now())
        stood = clock.now()
        write_run(path, Run(stood, traveller_seconds(), 3600.0, stood + timedelta(days=1)))
        seen.append(clock.now())
        traveller.shift(1)
        seen.append(clock.now())
    assert seen == sorted(seen)
    assert seen[-1] == START + timedelta(days=3, hours=1)


def traveller_seconds() -> float:
    return datetime.now(UTC).timestamp()


def test_a_file_replaced_within_one_tick_of_the_disks_clock_is_seen(
    tmp_path: Path, traveller: time_machine.Traveller
) -> None:
    path = tmp_path / "clock.json"
    write_run(path, run())
    stamp = path.stat().st_mtime_ns
    clock = SimulatedClock(path)
    later = START + timedelta(days=5)
    fresh = tmp_path / "other.json"
    write_run(fresh, Run(later, STARTED_AT, 1.0, later))
    os.utime(fresh, ns=(stamp, stamp))
    fresh.replace(path)
    assert clock.now() == later


def test_without_a_file_time_is_the_machines() -> None:
    clock = clock_from(None)
    assert isinstance(clock, RealClock)
    before = datetime.now(UTC)
    assert before <= clock.now() <= datetime.now(UTC)
    assert clock.now().tzinfo is UTC


def test_two_services_that_read_one_file_have_one_time(
    tmp_path: Path, traveller: time_machine.Traveller
) -> None:
    path = tmp_path / "clock.json"
    write_run(path, run())
    one, two = clock_from(path), clock_from(path)
    traveller.shift(5)
    assert one.now() == two.now()
