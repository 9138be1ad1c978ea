"""How messages rest in a table."""

from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
import zstandard

from recall.kit.packing import pack, unpacker

RECORDS = [
    (f"patient-{n}".encode(), f'{{"subject":"patient-{n}","round":1}}'.encode() * 9)
    for n in range(250)
]
unpack = unpacker(list[tuple[bytes, bytes]])


def test_what_was_packed_comes_out_as_it_went_in() -> None:
    assert unpack(pack(RECORDS)) == RECORDS
    assert unpack(pack([])) == []


def test_a_batch_takes_a_fraction_of_its_bytes() -> None:
    assert len(pack(RECORDS)) < sum(len(key) + len(value) for key, value in RECORDS) / 5


def test_threads_pack_at_the_same_time() -> None:
    parts = [RECORDS[n:] for n in range(100)]
    with ThreadPoolExecutor(8) as pool:
        assert [unpack(packed) for packed in pool.map(pack, parts)] == parts


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        (pack(RECORDS)[:-20], zstandard.ZstdError),
        (msgspec.msgpack.encode(RECORDS), zstandard.ZstdError),
        (pack({"no": "records"}), msgspec.DecodeError),
    ],
)
def test_other_bytes_are_refused(broken: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        unpack(broken)
