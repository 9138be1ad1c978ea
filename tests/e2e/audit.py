"""What must be true of a whole stack once nothing is in flight, and what two runs must share.

Reads every service's tables as the superuser and every topic raw: nothing is taken on trust.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import asyncpg

from e2e.garbage import MARK
from e2e.records import Raw, read
from launcher.driving import Driver
from launcher.stack import Stack
from launcher.sums import broken
from recall.contracts.events import (
    AppointmentBooked,
    InvitationDeclined,
    InvitationDispatched,
    InvitationEnded,
    InvitationUnanswered,
    InvitationUndeliverable,
    OptOutRequested,
    PatientRemovalRequested,
)
from recall.contracts.instants import moment
from recall.contracts.topics import TOPICS

SERVICES = ("ingest", "workflow", "invitations", "dashboard")
ENDINGS = {
    model.event_type
    for model in (
        AppointmentBooked,
        InvitationDeclined,
        InvitationUnanswered,
        InvitationUndeliverable,
        InvitationEnded,
    )
}
PASSING = {"delivered", "failed"}
"""Entries of timelines that another order of the same reports may leave out."""


@dataclass(frozen=True)
class Result:
    """What does not depend on faults, on batches or on who came first: equal for equal seeds."""

    overview: dict[str, int]
    slots: dict[str, Any]
    rounds: list[dict[str, Any]]
    endings: dict[str, int]
    """How invitations ended, by round and event type."""
    patients: dict[str, tuple[str, int]]
    """Every patient's status and round."""
    timelines: dict[str, list[str]]
    """What every patient's timeline tells, deliveries aside."""
    commands: dict[str, int]
    """What staff did, and to how many."""


def differences(expected: Result, found: Result) -> list[str]:
    """Where two results differ, each in a line."""
    lines = []
    for field in fields(Result):
        before, after = getattr(expected, field.name), getattr(found, field.name)
        if before == after:
            continue
        if not isinstance(before, dict):
            lines.append(f"{field.name}: {before} became {after}")
            continue
        keys = [k for k in sorted(before.keys() | after.keys()) if before.get(k) != after.get(k)]
        lines.append(f"{field.name}: {len(keys)} differ")
        lines += [f"  {key}: {before.get(key)} became {after.get(key)}" for key in keys[:10]]
    return lines


async def result_of(
    stack: Stack, driver: Driver, target_id: str, commands: Mapping[str, int] | None = None
) -> Result:
    """The result of a stack on which everything is settled, and on which staff did commands."""
    page = await driver.page(target_id)
    topics = await events_of(stack)
    connection = await asyncpg.connect(stack.admin_dsn)
    try:
        patients = await connection.fetch(
            "SELECT patient_id::text, status, round FROM workflow.patients"
        )
        entries = await connection.fetch(
            "SELECT patient_id::text, what, round FROM dashboard.timeline ORDER BY 1, 3, 2"
        )
    finally:
        await connection.close()
    timelines = defaultdict(list)
    for entry in entries:
        if entry["what"] not in PASSING:
            timelines[entry["patient_id"]].append(f"{entry['round']} {entry['what']}")
    endings = Counter(
        f"{event['data'].get('round')} {event['type']}"
        for event in _once(topics["invitation-outcomes"])
        if event["type"] in ENDINGS
    )
    return Result(
        overview=page["overview"],
        slots=page["slots"],
        rounds=page["rounds"],
        endings=dict(endings),
        patients={row["patient_id"]: (row["status"], row["round"]) for row in patients},
        timelines=dict(timelines),
        commands=dict(commands or {}),
    )


async def events_of(stack: Stack) -> dict[str, list[dict[str, Any]]]:
    """Every event on every topic, garbage left out."""
    found: dict[str, list[dict[str, Any]]] = {topic: [] for topic in TOPICS}
    for record in await records_of(stack):
        if record.key != MARK and record.value is not None:
            found[record.topic].append(json.loads(record.value))
    return found


async def records_of(stack: Stack) -> list[Raw]:
    """Every record of every topic."""
    return await read(stack.stack["kafka"], TOPICS, stack.options.partitions)


def _once(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Events without their repeats."""
    return list({event["id"]: event for event in events}.values())


async def complaints(stack: Stack, driver: Driver, target_id: str) -> list[str]:
    """Every rule that a settled stack breaks, each in a line; none is as it should be."""
    page = await driver.page(target_id)
    records = await records_of(stack)
    events = await events_of(stack)
    connection = await asyncpg.connect(stack.admin_dsn)
    try:
        return [
            *broken(page),
            *_outcomes(events),
            *_invited_though_removed(events),
            *await _invitations(connection, events),
            *await _appointments(connection, page),
            *await _texted_though_opted_out(connection, events),
            *await _details(connection),
            *await _recount(connection, page),
            *await _left_over(connection),
            *await _dead_letters(connection, records),
        ]
    finally:
        await connection.close()


def _outcomes(events: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Exactly one outcome for each invitation that was dispatched and has ended."""
    endings = defaultdict(set)
    for event in events["invitation-outcomes"]:
        if event["type"] in ENDINGS and event["data"].get("invitation_id"):
            endings[event["data"]["invitation_id"]].add(event["id"])
    return [
        f"invitation {invitation} has {len(ids)} outcomes: {sorted(ids)}"
        for invitation, ids in sorted(endings.items())
        if len(ids) != 1
    ]


async def _invitations(
    connection: asyncpg.Connection, events: dict[str, list[dict[str, Any]]]
) -> list[str]:
    """What was dispatched is what was invited, and what was invited is what has ended."""
    dispatched = {
        event["data"]["invitation_id"]
        for event in events["dispatches"]
        if event["type"] == InvitationDispatched.event_type
    }
    ended = {
        event["data"]["invitation_id"]
        for event in events["invitation-outcomes"]
        if event["type"] in ENDINGS
    }
    kept = await connection.fetch(
        "SELECT patient_id || '.' || round AS id FROM workflow.dispatched"
    )
    made = await connection.fetch("SELECT invitation_id AS id, state FROM invitations.invitations")
    sets = {
        "workflow.dispatched": {row["id"] for row in kept},
        "invitations.invitations": {row["id"] for row in made},
    }
    lines = [
        f"{name} and dispatches differ by {len(ids ^ dispatched)}: {sorted(ids ^ dispatched)[:3]}"
        for name, ids in sets.items()
        if ids != dispatched
    ]
    closed = {row["id"] for row in made if row["state"] != "open"}
    if closed != ended:
        lines.append(
            f"{len(closed ^ ended)} ended invitations are not told: {closed ^ ended!r:.200}"
        )
    return lines


async def _appointments(connection: asyncpg.Connection, page: dict[str, Any]) -> list[str]:
    """One slot for each appointment and one appointment for each person, and who is booked has one.

    Who was removed keeps theirs, and has it again when they are enrolled anew: appointments are
    people's.
    """
    counted = await connection.fetchrow(
        """
        SELECT
            (SELECT count(*) FROM invitations.appointments) AS appointments,
            (SELECT count(DISTINCT (target_id, slot_id)) FROM invitations.appointments) AS slots,
            (SELECT count(DISTINCT (target_id, person_id)) FROM invitations.appointments) AS people,
            (SELECT count(*) FROM invitations.slots WHERE booked) AS booked_slots,
            (SELECT count(*) FROM invitations.appointments a JOIN invitations.slots s
                USING (target_id, slot_id) WHERE s.booked) AS matching,
            (SELECT count(*) FROM invitations.appointments a WHERE EXISTS (
                SELECT FROM invitations.invitations i
                WHERE i.patient_id = a.patient_id AND i.state = 'booked')) AS invitations,
            (SELECT count(*) FROM invitations.appointments a WHERE EXISTS (
                SELECT FROM workflow.patients p JOIN invitations.patients i USING (patient_id)
                WHERE i.person_id = a.person_id AND p.slot_id = a.slot_id
                AND p.status IN ('booked', 'removed'))) AS known_to_workflow
        """
    )
    assert counted is not None
    made = counted["appointments"]
    lines = [f"{name}: {n}, yet {made} appointments" for name, n in counted.items() if n != made]
    for service, patients in (
        ("workflow", "workflow.patients p"),
        ("dashboard", "dashboard.patients p JOIN dashboard.cells USING (cell)"),
    ):
        booked = await connection.fetchval(
            f"""
            SELECT count(*) FROM {patients}
            JOIN invitations.patients i USING (patient_id)
            JOIN invitations.appointments a ON a.person_id = i.person_id AND a.slot_id = p.slot_id
            WHERE status = 'booked'
            """
        )
        if booked != page["overview"]["booked"]:
            lines.append(f"{service} knows {booked} of {page['overview']['booked']} booked")
    return lines


def _invited_though_removed(events: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Nobody is dispatched after their removal was asked for."""
    removed = {
        event["data"]["patient_id"]: event["data"]["requested_at"]
        for event in events["patient-requests"]
        if event["type"] == PatientRemovalRequested.event_type
    }
    return [
        f"{event['data']['invitation_id']} was dispatched after the patient's removal"
        for event in events["dispatches"]
        if event["type"] == InvitationDispatched.event_type
        and event["data"]["dispatched_at"] > removed.get(event["data"]["patient_id"], "a")
    ]


async def _texted_though_opted_out(
    connection: asyncpg.Connection, events: dict[str, list[dict[str, Any]]]
) -> list[str]:
    """No text goes to a person who wants none: it ends when it is dispatched, if nothing else did."""
    asked = {
        (event["data"]["person_id"], moment(event["data"]["requested_at"]))
        for event in events["patient-requests"]
        if event["type"] == OptOutRequested.event_type
    }
    rows = await connection.fetch(
        """
        SELECT invitation_id, state, reason
        FROM invitations.invitations
        JOIN unnest($1::uuid[], $2::timestamptz[]) AS o (person_id, at) USING (person_id)
        WHERE channel IN ('sms', 'sms-link') AND (ended_at IS NULL OR ended_at > o.at)
        AND reason IS DISTINCT FROM 'opted_out' AND state <> 'booked'
        """,
        [person for person, _ in asked],
        [at for _, at in asked],
    )
    return [f"{dict(row)} though the person had opted out" for row in rows]


async def _details(connection: asyncpg.Connection) -> list[str]:
    """Who reads patients knows of each what ingest says."""
    rows = await connection.fetch(
        """
        SELECT p.patient_id
        FROM ingest.patients AS p
        LEFT JOIN invitations.patients AS i ON i.patient_id::text = p.patient_id
        LEFT JOIN workflow.patients AS w ON w.patient_id::text = p.patient_id
        WHERE (i.version, i.mobile, i.first_name) IS DISTINCT FROM (p.version, p.mobile, p.first_name)
        OR w.enrolment_version IS DISTINCT FROM p.version
        """
    )
    return [f"{len(rows)} patients are not known as ingest has them"] if rows else []


async def _recount(connection: asyncpg.Connection, page: dict[str, Any]) -> list[str]:
    """Counts that are kept equal a recount; the dashboard has what workflow has."""
    lines = []
    kept = await connection.fetch(
        """
        SELECT round, status, sum(patients)::bigint AS patients
        FROM dashboard.counts JOIN dashboard.cells USING (cell) WHERE status <> 'removed'
        GROUP BY round, status HAVING sum(patients) <> 0 ORDER BY round, status
        """
    )
    recount = """
        SELECT round, status, count(*) AS patients FROM {} WHERE status <> 'removed'
        GROUP BY round, status ORDER BY round, status
        """
    for patients in (
        "dashboard.patients JOIN dashboard.cells USING (cell)",
        "workflow.patients",
    ):
        counted = await connection.fetch(recount.format(patients))
        if [tuple(row) for row in counted] != [tuple(row) for row in kept]:
            lines.append(f"{patients} say {counted}, dashboard.counts {kept}")
    tallies = await connection.fetch(
        """
        SELECT round, sum(in_queue)::bigint AS in_queue, sum(being_invited)::bigint AS being_invited
        FROM workflow.tallies GROUP BY round
        """
    )
    by_place = {(row["round"], row["status"]): row["patients"] for row in kept}
    lines += [
        f"workflow's tally of {status} in round {row['round']}: {row[status]}"
        for row in tallies
        for status in ("in_queue", "being_invited")
        if row[status] != by_place.get((row["round"], status), 0)
    ]
    enrolled = await connection.fetchval(
        "SELECT count(*) FROM ingest.patients WHERE removed_at IS NULL"
    )
    if enrolled != page["overview"]["total_patients"]:
        lines.append(f"{enrolled} enrolled, {page['overview']['total_patients']} on the page")
    return lines


async def _left_over(connection: asyncpg.Connection) -> list[str]:
    """Nothing waits: no message to publish, no message for somebody unknown."""
    tables = [f"{service}.outbox" for service in SERVICES]
    tables += ["workflow.waiting_messages", "invitations.waiting_messages"]
    counts = {t: await connection.fetchval(f"SELECT count(*) FROM {t}") for t in tables}
    return [f"{table} still holds {count} rows" for table, count in counts.items() if count]


async def _dead_letters(connection: asyncpg.Connection, records: list[Raw]) -> list[str]:
    """Every reader of a topic put aside the garbage on it, all of it, and nothing else."""
    thrown = Counter(r.topic for r in records if r.key == MARK and r.value is not None)
    lines = []
    for service in SERVICES:
        rows = await connection.fetch(
            f"SELECT topic, record_key = $1 AS ours, count(*) AS n, min(reason) AS reason "
            f"FROM {service}.dead_letters GROUP BY 1, 2",
            MARK,
        )
        lines += [
            f"{service} put aside {row['n']} good records of {row['topic']} ({row['reason']})"
            for row in rows
            if not row["ours"]
        ]
        found = {row["topic"]: row["n"] for row in rows if row["ours"]}
        wanted = {
            topic: count for topic, count in thrown.items() if service in TOPICS[topic].readers
        }
        if found != wanted:
            lines.append(f"{service}.dead_letters: {found}, thrown: {wanted}")
    return lines
