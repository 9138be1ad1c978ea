"""Queries of uploads: their answers, and the rows that were rejected."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg
import msgspec

from ingest.rejections import Rejection
from ingest.store import SQL
from ingest.verdicts import UploadAnswer
from recall.kit.postgres import Connection


class RejectedRows(msgspec.Struct, frozen=True):
    """What there is of an upload's rejected rows: its header, the most cells of a row, how many."""

    header: list[str]
    width: int
    kept: int


async def find_upload(connection: Connection, upload_id: str) -> UploadAnswer | None:
    """The answer to an upload, with how many of its rejected rows are kept still."""
    row = await connection.fetchrow(SQL["find_upload"], upload_id)
    return None if row is None else _upload(row)


async def list_uploads(connection: Connection, target_id: str, count: int) -> list[UploadAnswer]:
    """The answers to a target's latest uploads."""
    rows = await connection.fetch(SQL["list_uploads"], target_id, count)
    return [_upload(row) for row in rows]


def _upload(row: asyncpg.Record) -> UploadAnswer:
    answer = msgspec.json.decode(row["answer"], type=UploadAnswer)
    return {**answer, "rejected_kept": row["kept"]}


async def add_rejected_rows(
    connection: Connection, upload_id: str, rejections: Sequence[Rejection]
) -> None:
    """Keep rejected rows of an upload."""
    if rejections:
        await connection.copy_records_to_table(
            "rejected_rows",
            columns=("upload_id", "row", "cells", "reason"),
            records=[(upload_id, r.row, r.cells, r.reason) for r in rejections],
        )


async def drop_rejected_rows(connection: Connection, upload_id: str) -> None:
    """Forget the rejected rows of an upload that is not kept."""
    await connection.execute(SQL["drop_rejected_rows"], upload_id)


async def find_rejected(connection: Connection, upload_id: str) -> RejectedRows | None:
    """What there is of an upload's rejected rows; None for an unknown upload."""
    row = await connection.fetchrow(SQL["find_rejected"], upload_id)
    return None if row is None else RejectedRows(row["header"], row["width"], row["kept"])


async def read_rejected_rows(
    connection: Connection, upload_id: str, after: int, count: int
) -> list[Rejection]:
    """The next rejected rows of an upload, in the file's order."""
    rows = await connection.fetch(SQL["read_rejected_rows"], upload_id, after, count)
    return [Rejection(row["row"], row["cells"], row["reason"]) for row in rows]


async def erase_rejected_rows(connection: Connection, before: datetime, count: int) -> int:
    """Erase those of some uploads read before a business time, or of closed targets."""
    return len(await connection.fetch(SQL["erase_rejected_rows"], before, count))


async def find_upload_by_content(
    connection: Connection, target_id: str, fingerprint: str
) -> tuple[object, int] | None:
    """The latest reading of the same file: its answer, and the target's removals then."""
    row = await connection.fetchrow(SQL["find_upload_by_content"], target_id, fingerprint)
    return None if row is None else (msgspec.json.decode(row["answer"]), row["removals"])


async def add_upload(
    connection: Connection,
    *,
    answer: UploadAnswer,
    fingerprint: str,
    removals: int,
    actor: str,
    at: datetime,
    header: Sequence[str],
) -> None:
    """Keep the answer to an upload."""
    await connection.execute(
        SQL["add_upload"],
        answer["upload_id"],
        answer["target_id"],
        fingerprint,
        msgspec.json.encode(answer).decode(),
        removals,
        actor,
        at,
        header,
        answer["rejected_kept"],
    )
