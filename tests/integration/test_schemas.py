"""Every service's tables are what its schema says, and every query of its is one they answer."""

from importlib.resources import files
from typing import Any

import asyncpg
import pytest

from recall.kit.provision import provision_database
from recall.kit.sql import queries
from support.stores import TestStores, fresh_database

SERVICES = ("ingest", "workflow", "invitations", "dashboard")
KITS = {"inbox_offsets", "outbox", "dead_letters", "republications", "migrations"}


@pytest.fixture(scope="module")
async def database(stores: TestStores) -> str:
    dsn = await fresh_database(stores)
    await provision_database(dsn, SERVICES, stores.role_password)
    return dsn


@pytest.mark.parametrize("service", SERVICES)
async def test_the_migrations_arrive_at_the_schema_that_is_written_down(
    database: str, service: str
) -> None:
    written = (files(service) / "sql" / "schema.sql").read_text()
    connection = await asyncpg.connect(database)
    try:
        actual = await shape_of(connection, service)
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("CREATE SCHEMA written")
        await connection.execute("SET LOCAL search_path = written")
        await connection.execute(written)
        expected = await shape_of(connection, "written")
        await transaction.rollback()
    finally:
        await connection.close()
    assert [line for line in actual if line[0] not in KITS] == expected


@pytest.mark.parametrize("service", SERVICES)
async def test_every_query_prepares_against_the_tables(database: str, service: str) -> None:
    connection = await asyncpg.connect(database)
    try:
        await connection.execute(f'SET search_path = "{service}"')
        for package in (service, "recall.kit"):
            for name, text in queries(package).items():
                assert text.startswith("--"), f"{name}.sql says what it is for in its first line"
                assert await connection.prepare(text), name
    finally:
        await connection.close()


async def test_provisioning_again_changes_nothing(database: str, stores: TestStores) -> None:
    ran = await provision_database(database, SERVICES, stores.role_password)
    assert ran == {service: [] for service in SERVICES}


async def shape_of(connection: Any, schema: str) -> list[tuple[Any, ...]]:
    """Every column, constraint and index of a schema."""
    rows = await connection.fetch(
        """
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) || a.attnotnull
        FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
        WHERE c.relnamespace = $1::text::regnamespace AND c.relkind = 'r'
        UNION ALL
        SELECT r.relname, k.conname, replace(pg_get_constraintdef(k.oid), $1::text || '.', '')
        FROM pg_constraint AS k JOIN pg_class AS r ON r.oid = k.conrelid
        WHERE k.connamespace = $1::text::regnamespace
        UNION ALL
        SELECT tablename, indexname, replace(indexdef, $1::text || '.', '')
        FROM pg_indexes WHERE schemaname = $1::text
        ORDER BY 1, 2, 3
        """,
        schema,
    )
    return [tuple(row) for row in rows]
