"""What the benchmark makes of its figures."""

import pytest

from benchmarks.pipeline import memory


def test_memory_is_compared_from_the_smallest_upload_to_the_largest() -> None:
    found = memory(
        {200_000: {"ingest": 132.0}, 50_000: {"ingest": 120.0}, 100_000: {"ingest": 140.0}}
    )
    assert found[0]["process"] == "ingest"
    assert list(found[0]["peak_mb"].items()) == [
        ("50000", 120.0),
        ("100000", 140.0),
        ("200000", 132.0),
    ]
    assert found[0]["growth_percent"] == pytest.approx(10.0)
