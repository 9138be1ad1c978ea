"""What four services must agree on once everything has been delivered: nothing is lost on the way.

Each looks at what the tables of different services say of the same thing, or at what the book of
the target says of it, and gives the differences in words.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from recall.kit import wire
from support.reference import ENDINGS, Book
from support.world import World

IN_WORKFLOW = """
SELECT patient_id::text, status, round, description, alert, delivery, slot_id
FROM workflow.patients
"""
ON_THE_PAGE = """
SELECT patient_id::text, status, round, description, alert, delivery, slot_id
FROM dashboard.patients JOIN dashboard.cells USING (cell)
"""
COUNTED = """
SELECT status, round, description, sum(patients) FROM dashboard.counts JOIN dashboard.cells
USING (cell) GROUP BY 1, 2, 3 HAVING sum(patients) <> 0
"""
REST = """
SELECT
    (SELECT count(*) FROM workflow.waiting_messages)
    + (SELECT count(*) FROM invitations.waiting_messages) AS waiting,
    (SELECT count(*) FROM workflow.dispatched) AS dispatched,
    (SELECT count(*) FROM invitations.invitations) AS invited,
    (SELECT coalesce(sum(free[i]), 0) FROM dashboard.slot_days, generate_subscripts(days, 1) AS i)
    AS shown_free,
    (SELECT count(*) FROM invitations.slots WHERE NOT booked AND NOT withdrawn AND starts_at > $1)
    AS free
"""
FREE = """
SELECT count(*) FROM invitations.slots JOIN invitations.targets USING (target_id)
WHERE NOT booked AND NOT withdrawn AND starts_at > $1 AND london_date BETWEEN from_date AND to_date
"""
TOLD = (
    *ENDINGS,
    wire.AppointmentCancelled,
    wire.PatientRemovalRequested,
    wire.OptOutRequested,
    wire.PatientEnrolled,
)
"""What a timeline tells with the event's own id."""


async def disagreements(world: World, book: Book) -> list[str]:
    """Everything that is not as it must be."""
    return [
        *book.misplaced(),
        *book.texted(),
        *await _people(world),
        *await _slots(world, book),
        *await _words(world, book),
        *await _timelines(world),
        *await _rest(world),
        *await _waiting(world, book),
    ]


async def _rows(world: World, query: str, *arguments: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await world.admin.fetch(query, *arguments)]


async def _people(world: World) -> list[str]:
    """The page has everybody where workflow has them, and has counted them there."""
    known = set(await _rows(world, IN_WORKFLOW))
    shown = set(await _rows(world, ON_THE_PAGE))
    counted = {tuple(row[:3]): int(row[3]) for row in await _rows(world, COUNTED)}
    cells = Counter(row[1:4] for row in shown)
    return [
        *(f"workflow has {row}, the page has not" for row in sorted(known - shown, key=str)),
        *(f"the page has {row}, workflow has not" for row in sorted(shown - known, key=str)),
        *([] if counted == dict(cells) else [f"counted are {counted}, there are {cells}"]),
    ]


async def _slots(world: World, book: Book) -> list[str]:
    """Who has which slot; the slots of cancelled appointments are free again."""
    found = dict(
        await _rows(world, "SELECT patient_id::text, slot_id FROM invitations.appointments")
    )
    taken = await _rows(world, "SELECT slot_id FROM invitations.slots WHERE booked")
    standing = {name: person.slot for name, person in book.people.items() if person.slot}
    held = {slot for (slot,) in taken}
    open_there = await _rows(
        world, "SELECT patient_id::text, round FROM invitations.invitations WHERE state = 'open'"
    )
    open_here = {(n, r) for n, person in book.people.items() for r in person.open_rounds}
    return list(
        _differing(
            {
                "the appointments": (_people_and_slots(found, book), standing),
                "the slots that are taken": (held, set(standing.values())),
                "the open invitations": (set(open_there), open_here),
            }
        )
    )


def _people_and_slots(found: dict[str, str], book: Book) -> dict[str, str]:
    """Appointments by all who stand for their person: somebody may be on the target again."""
    people = {book.people[name].person_id: slot for name, slot in found.items()}
    return {
        name: people[person.person_id]
        for name, person in book.people.items()
        if person.slot and person.person_id in people
    }


async def _words(world: World, book: Book) -> list[str]:
    """Who wants no texts."""
    found = dict(await _rows(world, "SELECT person_id::text, opted_out FROM invitations.opt_outs"))
    wanted = {name: out for name in book.words if (out := book.opted_out(name)) is not None}
    return list(_differing({"the opt-outs": ({n: found.get(n) for n in wanted}, wanted)}))


async def _timelines(world: World) -> list[str]:
    """Everything that was done to somebody stands in their timeline."""
    told = set(await _rows(world, "SELECT patient_id::text, event FROM dashboard.timeline"))
    return [
        f"no timeline tells of {one.event.id}"
        for one in world.log
        if isinstance(one.event.data, TOLD)
        for name in [one.event.data.patient_id]
        if (name, one.event.id.removeprefix(name)) not in told
    ]


async def _rest(world: World) -> list[str]:
    (row,) = await world.admin.fetch(REST, world.clock.at)
    return list(
        _differing(
            {
                "messages that wait": (row["waiting"], 0),
                "invitations made and dispatched": (row["invited"], row["dispatched"]),
                "the page's free slots": (row["shown_free"], row["free"]),
            }
        )
    )


async def _waiting(world: World, book: Book) -> list[str]:
    """Whoever waits does so for a pause, the hour, or a slot."""
    target, now = book.target, world.clock.at
    local = f"{now + timedelta(hours=1):%H:%M}"
    free = await world.admin.fetchval(FREE, now)
    statuses = Counter((person.status, person.round) for person in book.people.values())
    invited = sum(n for (status, _), n in statuses.items() if status == "being_invited")
    ratio = target.invitations_per_slot
    room = free and (ratio is None or invited < free * float(ratio))
    return [
        f"somebody waits in round {step.round} without a reason"
        for step in target.rounds
        if target.state == "active"
        and room
        and step.send_window.from_time <= local < step.send_window.to_time
        and statuses["in_queue", step.round]
    ]


def _differing(pairs: dict[str, tuple[Any, Any]]) -> Iterator[str]:
    for what, (found, wanted) in pairs.items():
        if found != wanted:
            yield f"{what}: {found}, by the book {wanted}"
