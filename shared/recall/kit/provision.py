"""Make what the services need before they start: roles, schemas, tables, topics.

Run as `python -m recall.kit.provision --database-url ADMIN_DSN ingest workflow …`; what exists
already is left alone, so it may run again at any time.  Topics that the services have read from
and that are no longer there are made anew only with --kafka-lost.
"""

import argparse
import asyncio
import contextlib
import os
import random
import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import asyncpg

from recall.contracts.topics import DEFAULT_PARTITIONS, TOPICS
from recall.kit.kafka import create_topics
from recall.kit.lost import KAFKA_LOST, KafkaLostError, begin_anew, lost_topics, stored_positions
from recall.kit.migrating import migrate

ATTEMPTS = 20
ROLE_SETTINGS = {
    # A statement that takes longer than this is stuck; the batch is done again.
    "statement_timeout": "120s",
    "lock_timeout": "30s",
    "idle_in_transaction_session_timeout": "120s",
    # Every batch is one of few prepared statements: a generic plan saves planning each time.
    "jit": "off",
    # What is hot is in memory: at the default cost of 4 the planner reads whole tables instead.
    "random_page_cost": "1.1",
}


def _quoted(text: str) -> str:
    """A text as an SQL literal: role settings take no parameters."""
    return "'" + text.replace("'", "''") + "'"


async def provision_database(
    admin_dsn: str, services: Sequence[str], role_password: str
) -> dict[str, list[str]]:
    """Make each service's role and schema and run its migrations; returns what ran.

    Raises:
        asyncpg.PostgresError: the admin role may not do it.
    """
    connection = await asyncpg.connect(admin_dsn)
    try:
        ran = {}
        for service in services:
            await _undisturbed(partial(_make_role, connection, service, role_password))
            ran[service] = await migrate(connection, service, service)
            await _undisturbed(partial(_grant, connection, service))
        return ran
    finally:
        await connection.close()


async def _undisturbed(step: Callable[[], Awaitable[None]]) -> None:
    """Do a step until no other provisioner alters the same roles meanwhile.

    Roles belong to the server and advisory locks to one database, so no lock keeps them apart.
    """
    for _ in range(ATTEMPTS):
        try:
            await step()
        except asyncpg.InternalServerError as error:
            if "concurrently" not in str(error):
                raise
            await asyncio.sleep(random.uniform(0.0, 0.1))
        else:
            return
    await step()


async def _make_role(connection: asyncpg.Connection, service: str, password: str) -> None:
    known = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", service)
    if not known:
        # Another provisioner of the same cluster may be quicker.
        with contextlib.suppress(asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):
            await connection.execute(f'CREATE ROLE "{service}" LOGIN')
    await connection.execute(f'ALTER ROLE "{service}" PASSWORD {_quoted(password)}')
    for name, value in ROLE_SETTINGS.items():
        await connection.execute(f'ALTER ROLE "{service}" SET {name} = {_quoted(value)}')
    await connection.execute(f'ALTER ROLE "{service}" SET search_path = "{service}"')


async def _grant(connection: asyncpg.Connection, service: str) -> None:
    """The role uses its own schema and owns nothing in it."""
    for grant in (
        f'GRANT USAGE ON SCHEMA "{service}" TO "{service}"',
        f'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "{service}" TO "{service}"',
        f'GRANT TRUNCATE ON ALL TABLES IN SCHEMA "{service}" TO "{service}"',
        f'GRANT USAGE ON ALL SEQUENCES IN SCHEMA "{service}" TO "{service}"',
    ):
        await connection.execute(grant)


async def provision(
    admin_dsn: str,
    bootstrap: str,
    services: Sequence[str],
    role_password: str,
    partitions: int = DEFAULT_PARTITIONS,
    *,
    kafka_lost: bool = False,
) -> list[str]:
    """Database and topics; side by side where nothing has been read yet.

    Returns:
        The topics that were lost and begin anew, which is done only for `kafka_lost`.

    Raises:
        KafkaLostError: topics were lost, and nobody said so; no topic has been made.
    """
    if await _is_new(admin_dsn, services):
        async with asyncio.TaskGroup() as group:
            group.create_task(provision_database(admin_dsn, services, role_password))
            group.create_task(create_topics(bootstrap, TOPICS.values(), partitions))
        return []
    await provision_database(admin_dsn, services, role_password)
    lost = await _deal_with_lost(admin_dsn, bootstrap, services, kafka_lost=kafka_lost)
    await create_topics(bootstrap, TOPICS.values(), partitions)
    return lost


async def _is_new(admin_dsn: str, services: Sequence[str]) -> bool:
    """Whether no service has a place for offsets yet, and so none can have read anything."""
    tables = [f'"{service}".inbox_offsets' for service in services]
    connection = await asyncpg.connect(admin_dsn)
    try:
        ask = "SELECT bool_and(to_regclass(name) IS NULL) FROM unnest($1::text[]) AS name"
        return bool(await connection.fetchval(ask, tables))
    finally:
        await connection.close()


async def _deal_with_lost(
    admin_dsn: str, bootstrap: str, services: Sequence[str], *, kafka_lost: bool
) -> list[str]:
    """Refuse to go on over lost topics, or begin anew with them; returns which they are."""
    connection = await asyncpg.connect(admin_dsn)
    try:
        lost = await lost_topics(bootstrap, await stored_positions(connection, services))
        if lost and not kafka_lost:
            raise KafkaLostError(lost)
        if lost:
            await begin_anew(connection, services, lost)
        return lost
    finally:
        await connection.close()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m recall.kit.provision", description=__doc__)
    parser.add_argument("services", nargs="+", help="the services' package names")
    parser.add_argument("--database-url", default=os.environ.get("ADMIN_DATABASE_URL"))
    parser.add_argument("--bootstrap", default=os.environ.get("KAFKA_BOOTSTRAP_SERVERS"))
    parser.add_argument("--partitions", type=int, default=DEFAULT_PARTITIONS)
    parser.add_argument(
        "--kafka-lost",
        action="store_true",
        help="Kafka's data are gone for good: begin anew on new topics with what PostgreSQL holds",
    )
    asked = parser.parse_args()
    if not asked.database_url or not asked.bootstrap:
        parser.error(
            "give --database-url and --bootstrap, or ADMIN_DATABASE_URL and "
            "KAFKA_BOOTSTRAP_SERVERS in the environment"
        )
    password = os.environ.get("ROLE_PASSWORD", "recall")
    work = provision(
        asked.database_url,
        asked.bootstrap,
        asked.services,
        password,
        asked.partitions,
        kafka_lost=asked.kafka_lost,
    )
    try:
        lost = asyncio.run(work)
    except KafkaLostError as error:
        print(error, file=sys.stderr)
        sys.exit(KAFKA_LOST)
    if lost:
        print(f"begun anew: {', '.join(lost)}")
    print(f"ready: {', '.join(asked.services)}, {len(TOPICS)} topics")


if __name__ == "__main__":
    main()
