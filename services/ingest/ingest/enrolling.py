"""An upload, from the file on disk to the answer: chunk by chunk, in one transaction.

Memory stays flat: while one chunk is stored, the next is judged in a thread, and that is all there
is of the file.  A crash leaves nothing of it.  Patients are set aside in portions, which `handing`
hands on once the transaction has committed.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import IO

import msgspec

from ingest import messages, store
from ingest.cells import Rules
from ingest.enrolments import Arrival, Enrolment, enrol
from ingest.handing import PORTION, HandingOn
from ingest.refusals import UploadRefused
from ingest.rejections import Allowance, header_of
from ingest.rows import RowReader
from ingest.store import portions, uploads
from ingest.store.portions import Portion
from ingest.upload import Upload, open_upload
from ingest.verdicts import (
    Receipt,
    SeenNumbers,
    Tally,
    UploadAnswer,
    Verdicts,
    answer_problem,
    judge_rows,
)
from recall.kit.outbox import Outbox
from recall.kit.problems import Problem, not_found
from recall.kit.service import Service
from recall.kit.unit import Unit
from recall.register import Answer, Person, Register

CHUNK_ROWS = 2000
"""Rows judged, stored and told of at once."""
ERASING = "erase rejected rows"
REJECTED_KEPT_FOR = timedelta(days=30)
ERASED_AT_ONCE = 10


class Incoming(msgspec.Struct, frozen=True):
    """A file that is to be read onto a target; `arrival` says when, by whom and where to."""

    upload_id: str
    file: IO[bytes]
    fingerprint: str
    arrival: Arrival
    rules: Rules
    accept_rejected: bool


class Desk(msgspec.Struct, frozen=True):
    """Whom enrolling needs: the register to ask, who hands on, the outbox to leave messages in."""

    register: Register
    outbox: Outbox
    handing: HandingOn


class Enrolling(msgspec.Struct, frozen=True):
    """What all chunks of a file are enrolled with."""

    unit: Unit
    desk: Desk
    arrival: Arrival
    practice: str


async def read_upload(unit: Unit, desk: Desk, incoming: Incoming) -> UploadAnswer:
    """Put a file's patients on the target and answer for every row of it.

    The same content again gets the first answer; it is read again only when somebody was removed
    from the target since, and gets a new one only when it is then found to enrol somebody.

    Raises:
        Problem: 404 or 409 when the target takes no upload.
        UploadRefused: nothing of the file is kept.
    """
    target_id = incoming.arrival.target_id
    position = await store.lock_roster(unit.connection, target_id)
    if position is None:
        raise not_found("target")
    target = check_open(await store.find_target(unit.connection, target_id))
    removals = target.removals
    before = await uploads.find_upload_by_content(unit.connection, target_id, incoming.fingerprint)
    if before is not None and before[1] == removals:
        return msgspec.convert(before[0], UploadAnswer)
    upload = await asyncio.to_thread(open_upload, incoming.file)
    tally, allowance = Tally(), Allowance()
    enrolling = Enrolling(unit, desk, incoming.arrival, target.saved.practice)
    position = await _read_rows(enrolling, incoming, upload, (tally, allowance), position)
    tally.refuse_unusable(accept_rejected=incoming.accept_rejected)
    if before is not None and tally.enrolled + tally.alerts == 0:
        await uploads.drop_rejected_rows(unit.connection, incoming.upload_id)
        return msgspec.convert(before[0], UploadAnswer)
    await store.save_roster(unit.connection, target_id, position)
    receipt = Receipt(incoming.upload_id, target_id, unit.now_text)
    answer = tally.answer(receipt, upload.columns.ignored, allowance.kept)
    await uploads.add_upload(
        unit.connection,
        answer=answer,
        fingerprint=incoming.fingerprint,
        removals=removals,
        actor=incoming.arrival.actor,
        at=unit.now,
        header=header_of(upload.columns),
    )
    unit.after_commit(desk.handing.wake)
    return answer


async def erase_rejected_rows(service: Service) -> bool:
    """A loop's step: erase rejected rows past their 30 days, and those of closed targets."""
    before = service.clock.now() - REJECTED_KEPT_FOR
    async with service.pool.acquire() as connection:
        gone = await uploads.erase_rejected_rows(connection, before, ERASED_AT_ONCE)
    return gone == ERASED_AT_ONCE


def check_open(target: store.StoredTarget | None) -> store.StoredTarget:
    """The target, if patients may be added to it.

    Raises:
        Problem: 404 unknown, 409 `paused` or `closed`.
    """
    if target is None:
        raise not_found("target")
    if target.saved.state == "paused":
        raise Problem(409, "paused", "The target is paused. Resume it, then upload the file.")
    if target.saved.state == "closed":
        raise Problem(409, "closed", "The target is closed and takes no more patients.")
    return target


def refusal(refused: UploadRefused) -> Problem:
    """A refused file as the answer to it."""
    return Problem(
        422,
        refused.code,
        refused.message,
        row=refused.row,
        column=refused.column,
        problems=[answer_problem(problem) for problem in refused.problems],
    )


async def _read_rows(
    enrolling: Enrolling,
    incoming: Incoming,
    upload: Upload,
    count: tuple[Tally, Allowance],
    position: int,
) -> int:
    """Judge and enrol all rows; returns the position of the next patient."""
    tally, allowance = count
    reader = RowReader(upload.columns, incoming.rules)
    async with aclosing(_judged(upload, reader)) as chunks:
        async for verdicts in chunks:
            tally.add(verdicts)
            rejections = allowance.admit(verdicts.rejections)
            await uploads.add_rejected_rows(
                enrolling.unit.connection, incoming.upload_id, rejections
            )
            people = [person for _, person in verdicts.accepted]
            enrolments, known = await _enrolled(enrolling, people, position)
            position += len(enrolments)
            alerts = sum(enrolment.alert is not None for enrolment in enrolments)
            tally.settle(enrolled=len(enrolments) - alerts, alerts=alerts, already_on_target=known)
    return position


async def _judged(upload: Upload, reader: RowReader) -> AsyncGenerator[Verdicts, None]:
    """The file's chunks with their verdicts, always one ahead of who asks."""
    seen = SeenNumbers()
    chunks = upload.chunks(CHUNK_ROWS)
    ahead = asyncio.create_task(asyncio.to_thread(_next, chunks, reader, seen))
    try:
        while (verdicts := await ahead) is not None:
            ahead = asyncio.create_task(asyncio.to_thread(_next, chunks, reader, seen))
            yield verdicts
    finally:
        # The thread reads the file: nobody may close it before it is done.
        await asyncio.wait([ahead])
        if not ahead.cancelled():
            ahead.exception()


def _next(
    chunks: Iterator[list[tuple[int, list[str]]]], reader: RowReader, seen: SeenNumbers
) -> Verdicts | None:
    rows = next(chunks, None)
    return None if rows is None else judge_rows(rows, reader, seen)


async def _enrolled(
    enrolling: Enrolling, people: list[Person], position: int
) -> tuple[list[Enrolment], int]:
    """Store those who are not on the target, to be handed on; also how many were there already."""
    unit, arrival = enrolling.unit, enrolling.arrival
    numbers = [person.nhs_number for person in people]
    earlier = await store.find_enrolments(unit.connection, arrival.target_id, numbers)
    fresh = [p for p in people if not (p.nhs_number in earlier and earlier[p.nhs_number][1])]
    if fresh:
        asked = [(person.nhs_number, person.date_of_birth) for person in fresh]
        answers = await enrolling.desk.register.look_up(asked, unit.now)
        gone = {number: enrolment for number, (enrolment, _) in earlier.items()}
        enrolments, partitions, told = await asyncio.to_thread(
            _composed, unit, arrival, list(zip(fresh, answers, strict=True)), gone, position
        )
        await store.add_patients(unit.connection, enrolments, partitions)
        await portions.add_portions(
            unit.connection, arrival.target_id, enrolling.practice, told, datetime.now(UTC)
        )
    else:
        enrolments = []
    return enrolments, len(people) - len(fresh)


def _composed(
    unit: Unit,
    arrival: Arrival,
    people: list[tuple[Person, Answer]],
    earlier: dict[str, int],
    position: int,
) -> tuple[list[Enrolment], list[int], list[Portion]]:
    """The part that is all computing: enrolments, their partitions, their messages in portions."""
    enrolments = enrol(arrival, people, earlier, position)
    partitions = messages.partitions_of(enrolments, unit.partitions)
    told = []
    for start in range(0, len(enrolments), PORTION):
        part = slice(start, start + PORTION)
        messages.tell_enrolments(unit, enrolments[part], partitions[part])
        told.append(Portion(unit.set_aside(), len(enrolments[part])))
    return enrolments, partitions, told
