"""Migrations: plain SQL files, in order, each once, under an advisory lock."""

import hashlib
from dataclasses import dataclass
from importlib.resources import files

import asyncpg

LOCK = 0x7265_6361_6C6C  # "recall" in ASCII: one migrating process at a time, per database.
KIT = "recall.kit"
LOCK_TIMEOUT, STATEMENT_TIMEOUT = "10s", "10min"


class MigrationChangedError(Exception):
    """A migration that ran already reads differently now: write a new one instead."""


@dataclass(frozen=True)
class Migration:
    """One file: its name orders it among those of its package."""

    name: str
    text: str

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of its text."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def migrations(package: str) -> list[Migration]:
    """The kit's migrations, then the package's own, in the order of their names."""
    found = []
    for source in (KIT, package):
        folder = files(source) / "sql" / "migrations"
        entries = sorted(e.name for e in folder.iterdir() if e.name.endswith(".sql"))
        found += [Migration(f"{source}/{name}", (folder / name).read_text()) for name in entries]
    return found


async def migrate(connection: asyncpg.Connection, schema: str, package: str) -> list[str]:
    """Bring a schema up to date; returns the names of the migrations that ran.

    Raises:
        MigrationChangedError: a file that ran before has changed since.
        asyncpg.LockNotAvailableError: a table was in use for too long; nothing has changed.
    """
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        # From here on it waits for no running query for long, and no query behind it does.
        await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        await connection.execute(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'")
        await connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        await connection.execute("SELECT set_config('search_path', $1, true)", schema)
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS migrations "
            "(name text PRIMARY KEY, fingerprint text NOT NULL)"
        )
        rows = await connection.fetch("SELECT name, fingerprint FROM migrations")
        done = {row["name"]: row["fingerprint"] for row in rows}
        return [m.name for m in migrations(package) if await _apply(connection, m, done)]


async def _apply(
    connection: asyncpg.Connection, migration: Migration, done: dict[str, str]
) -> bool:
    """Run one migration unless it ran already."""
    before = done.get(migration.name)
    if before == migration.fingerprint:
        return False
    if before is not None:
        raise MigrationChangedError(f"{migration.name} has run already and has changed since")
    await connection.execute(migration.text)
    await connection.execute(
        "INSERT INTO migrations (name, fingerprint) VALUES ($1, $2)",
        migration.name,
        migration.fingerprint,
    )
    return True
