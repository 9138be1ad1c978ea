"""Migrations run in order, each once, whoever else migrates at the same time."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from recall.kit import migrating
from recall.kit.migrating import MigrationChangedError, migrate, migrations
from recall.kit.provision import main, provision_database
from support.stores import TestStores, fresh_database, unique_name

SERVICES = ["ingest", "workflow", "invitations", "dashboard"]


@pytest.fixture
async def dsn(stores: TestStores) -> str:
    return await fresh_database(stores)


@pytest.fixture
async def connection(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    made = await asyncpg.connect(dsn)
    yield made
    await made.close()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The migrations of a package made for one test; its name is the folder's parents' name."""
    name = unique_name("migrated")
    folder = tmp_path / name / "sql" / "migrations"
    folder.mkdir(parents=True)
    (tmp_path / name / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    (folder / "0002_second.sql").write_text("INSERT INTO steps (name) VALUES ('second')")
    (folder / "0001_first.sql").write_text("CREATE TABLE steps (name text)")
    (folder / "0010_tenth.sql").write_text("INSERT INTO steps (name) VALUES ('tenth')")
    (folder / "notes.txt").write_text("no SQL")
    return folder


def name_of(package: Path) -> str:
    return package.parents[1].name


async def steps(connection: asyncpg.Connection) -> list[str]:
    return [row["name"] for row in await connection.fetch("SELECT name FROM a_schema.steps")]


async def test_the_kits_migrations_come_first_then_the_packages_by_name(
    connection: asyncpg.Connection, package: Path
) -> None:
    ran = await migrate(connection, "a_schema", name_of(package))
    own = [name for name in ran if name.startswith(name_of(package))]
    assert ran[-3:] == own
    assert [name.rpartition("/")[2] for name in own] == [
        "0001_first.sql",
        "0002_second.sql",
        "0010_tenth.sql",
    ]
    assert await steps(connection) == ["second", "tenth"]


async def test_what_ran_does_not_run_again(connection: asyncpg.Connection, package: Path) -> None:
    await migrate(connection, "a_schema", name_of(package))
    assert await migrate(connection, "a_schema", name_of(package)) == []
    (package / "0011_more.sql").write_text("INSERT INTO steps (name) VALUES ('more')")
    assert await migrate(connection, "a_schema", name_of(package)) == [
        f"{name_of(package)}/0011_more.sql"
    ]
    assert await steps(connection) == ["second", "tenth", "more"]


async def test_a_file_that_ran_and_changed_is_refused_and_nothing_runs(
    connection: asyncpg.Connection, package: Path
) -> None:
    await migrate(connection, "a_schema", name_of(package))
    (package / "0002_second.sql").write_text("INSERT INTO steps (name) VALUES ('else')")
    (package / "0003_third.sql").write_text("INSERT INTO steps (name) VALUES ('third')")
    with pytest.raises(MigrationChangedError, match=r"0002_second\.sql has run already"):
        await migrate(connection, "a_schema", name_of(package))
    assert await steps(connection) == ["second", "tenth"]


async def test_a_migration_that_fails_leaves_nothing_behind(
    connection: asyncpg.Connection, package: Path
) -> None:
    (package / "0011_wrong.sql").write_text("CREATE TABLE half (id int); SELECT no_such_function()")
    with pytest.raises(asyncpg.UndefinedFunctionError):
        await migrate(connection, "a_schema", name_of(package))
    assert await connection.fetchval("SELECT to_regclass('a_schema.inbox_offsets')") is None


async def test_two_that_migrate_at_once_run_each_file_once(dsn: str, package: Path) -> None:
    connections = [await asyncpg.connect(dsn) for _ in range(3)]
    try:
        ran = await asyncio.gather(
            *(migrate(each, "a_schema", name_of(package)) for each in connections)
        )
        assert sorted(map(len, ran)) == [0, 0, len(migrations(name_of(package)))]
        assert await steps(connections[0]) == ["second", "tenth"]
    finally:
        for each in connections:
            await each.close()


async def test_migrating_waits_for_the_lock(dsn: str, package: Path) -> None:
    holder, waiter = await asyncpg.connect(dsn), await asyncpg.connect(dsn)
    try:
        await holder.execute("SELECT pg_advisory_lock($1)", migrating.LOCK)
        waiting = asyncio.create_task(migrate(waiter, "a_schema", name_of(package)))
        done, _ = await asyncio.wait([waiting], timeout=0.3)
        assert not done
        await holder.execute("SELECT pg_advisory_unlock($1)", migrating.LOCK)
        assert await waiting
    finally:
        await holder.close()
        await waiter.close()


async def test_all_services_are_provisioned_and_again_without_harm(dsn: str) -> None:
    ran = await provision_database(dsn, SERVICES, "recall")
    assert all(ran[service] for service in SERVICES)
    again = await provision_database(dsn, SERVICES, "recall")
    assert again == {service: [] for service in SERVICES}


async def test_several_may_provision_at_once_on_one_server(stores: TestStores) -> None:
    """Roles belong to the whole server: provisioners of other databases alter the same ones."""
    first, second = await fresh_database(stores), await fresh_database(stores)
    await asyncio.gather(
        *(provision_database(dsn, SERVICES, "recall") for dsn in (first, second, first, second))
    )
    for dsn in (first, second):
        connection = await asyncpg.connect(dsn)
        try:
            for service in SERVICES:
                assert await connection.fetchval(
                    "SELECT has_table_privilege($1, $2, 'SELECT')",
                    service,
                    f"{service}.inbox_offsets",
                )
        finally:
            await connection.close()


def test_the_command_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("ADMIN_DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "argv", ["provision", "ingest"])
    with pytest.raises(SystemExit):
        main()
    assert "--database-url" in capsys.readouterr().err
