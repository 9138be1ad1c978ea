"""Arrays on the service's connections: sent fast, and exactly as they are."""

from datetime import UTC, datetime

import asyncpg
import pytest

from recall.kit.postgres import ColumnConnection
from support.stores import TestStores

AT = datetime(2025, 9, 1, 8, tzinfo=UTC)
ARRAYS = [
    ("text", ["a", None, "", "é\n\x1f", "x" * 5000]),
    ("bigint", [1, None, -(2**62)]),
    ("integer", [7] * 3000),
    ("boolean", [True, False, None]),
    ("bytea", [b"", None, bytes(range(256))]),
    ("timestamptz", [AT, None]),
    ("text", []),
    ("text", [None]),
]


@pytest.mark.parametrize(("kind", "values"), ARRAYS)
async def test_an_array_arrives_as_it_is(
    stores: TestStores, kind: str, values: list[object]
) -> None:
    connection = await asyncpg.connect(stores.admin_dsn, connection_class=ColumnConnection)
    try:
        query = f"SELECT $1::{kind}[], $2::{kind}[], $3::{kind}[]"
        for _ in range(2):
            # The same list twice in one call, and again in the next, as a tuple, too.
            [row] = await connection.fetch(query, values, values, tuple(values))
            assert list(row) == [values, values, values]
        assert await connection.fetchval(query, values, [], [], column=0) == values
        assert list(await connection.fetchrow(query, [], values, []) or ()) == [[], values, []]
        await connection.execute(f"CREATE TEMP TABLE told (value {kind})")
        await connection.execute(f"INSERT INTO told SELECT unnest($1::{kind}[])", values)
        assert [r[0] for r in await connection.fetch("SELECT value FROM told")] == values
    finally:
        await connection.close()


async def test_a_wrong_element_is_refused_before_anything_is_sent(stores: TestStores) -> None:
    connection = await asyncpg.connect(stores.admin_dsn, connection_class=ColumnConnection)
    try:
        for wrong in ([1], [["a"]], [("a",)]):
            with pytest.raises(asyncpg.DataError):
                await connection.fetch("SELECT $1::text[]", wrong)
        assert await connection.fetchval("SELECT $1::text[]", ["a"]) == ["a"]
    finally:
        await connection.close()
