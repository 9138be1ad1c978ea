"""The SQL of ingest: every query prepares, and the migrations arrive at schema.sql."""

from importlib.resources import files

import asyncpg

from ingest.store import SQL
from integration.ingest.running import Ingest
from support.stores import TestStores, fresh_database

SHAPE = """
SELECT c.relname AS name, a.attname AS part, format_type(a.atttypid, a.atttypmod) AS kind,
    a.attnotnull::text AS more
FROM pg_class AS c
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relnamespace = $1::text::regnamespace AND c.relkind = 'r'
UNION ALL
SELECT conrelid::regclass::text, conname, contype::text, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = $1::text::regnamespace
UNION ALL
SELECT tablename, indexname, 'index', regexp_replace(indexdef, 'ON \\w+\\.', 'ON ')
FROM pg_indexes WHERE schemaname = $1::text
"""


async def shape_of(connection: asyncpg.Connection, schema: str) -> set[tuple[str, ...]]:
    await connection.execute("SELECT set_config('search_path', $1, false)", schema)
    return {tuple(row) for row in await connection.fetch(SHAPE, schema)}


async def test_every_query_prepares(ingest: Ingest) -> None:
    connection = await asyncpg.connect(ingest.place.dsn)
    try:
        for query in SQL.values():
            await connection.prepare(query)
    finally:
        await connection.close()


async def test_the_migrations_arrive_at_the_schema(ingest: Ingest, stores: TestStores) -> None:
    own = await asyncpg.connect(ingest.place.dsn)
    described = await asyncpg.connect(await fresh_database(stores))
    try:
        migrated = await shape_of(own, "ingest")
        text = (files("ingest") / "sql" / "schema.sql").read_text()
        await described.execute("CREATE SCHEMA ingest; SET search_path = ingest")
        await described.execute(text)
        shape = await shape_of(described, "ingest")
        names = {part[0] for part in shape}
        assert shape == {part for part in migrated if part[0] in names}
        kits = {"inbox_offsets", "outbox", "dead_letters", "migrations"}
        assert {part[0] for part in migrated} == names | kits
    finally:
        await own.close()
        await described.close()
