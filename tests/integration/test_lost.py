"""Kafka's data are lost with what was on its way: owners tell it again, and nothing happens twice."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from recall.contracts.topics import TOPICS
from recall.kit import wire
from recall.kit.lost import begin_anew
from support.play import NUMBERS, START, Play
from support.stores import TestStores, fresh_database
from support.world import NAMES, opened, silent


@pytest.fixture
async def play(stores: TestStores, tmp_path: Path) -> AsyncIterator[Play]:
    scenario = tmp_path / "scenario.json"
    scenario.write_text(silent())
    dsn = await fresh_database(stores)
    async with opened(dsn, stores.role_password, str(scenario)) as world:
        await world.begin(START)
        yield Play(world)


async def lose(play: Play) -> None:
    """All that nobody has read is gone; then the owners tell what they have to tell."""
    world = play.world
    for unread in world.pending.values():
        unread.clear()
    await begin_anew(world.admin, NAMES, list(TOPICS))
    await world.assign_patients()
    for owner in ("ingest", "workflow", "invitations"):
        while await world.tick(owner, "republish"):
            pass
    await play.settle()


async def invited(play: Play) -> list[tuple[str, str]]:
    """The invitations there are: the end of their id, and their state."""
    rows = await play.world.admin.fetch(
        "SELECT invitation_id, state FROM invitations.invitations ORDER BY round, invitation_id"
    )
    return [(row["invitation_id"].rpartition(".")[2], row["state"]) for row in rows]


async def test_a_dispatch_that_nobody_read_is_told_again_and_the_others_are_not_made_twice(
    play: Play,
) -> None:
    await play.begin([15, 16, 17])
    await play.upload(2)
    await play.deliver("workflow", "patients")
    while await play.world.tick("workflow", "dispatch"):
        pass
    assert await invited(play) == [("1", "open")]
    await lose(play)
    assert await invited(play) == [("1", "open"), ("1", "open")]
    assert await play.where(play.patient(1)) == ("being_invited", 1)


@pytest.mark.parametrize(
    ("text", "ends"), [("A", ("booked", 1)), ("DECLINE", ("declined", 1)), ("STOP", None)]
)
async def test_an_answer_that_only_invitations_knows_of_counts_all_the_same(
    play: Play, text: str, ends: tuple[str, int] | None
) -> None:
    await play.begin([15, 16, 17])
    play.reply(text)
    await play.deliver("invitations", "channel-reports")
    await lose(play)
    # Who wants no texts is not reached in round 2 either.
    assert await play.where() == (ends or ("did_not_book", 2))
    booked = await play.world.admin.fetchval("SELECT count(*) FROM invitations.appointments")
    assert booked == (1 if text == "A" else 0)


async def test_a_silence_that_only_invitations_knows_of_leads_into_the_next_round(
    play: Play,
) -> None:
    await play.begin([15, 16, 17])
    play.world.clock.at += timedelta(days=8)
    while await play.world.tick("invitations", "deadlines"):
        pass
    await lose(play)
    assert await play.where() == ("being_invited", 2)
    assert await invited(play) == [("1", "unanswered"), ("2", "open")]


@pytest.mark.parametrize("read", [(), ("workflow",), ("dashboard",), ("workflow", "dashboard")])
async def test_a_removal_takes_place_and_stands_in_the_timeline_once(
    play: Play, read: tuple[str, ...]
) -> None:
    await play.begin([15, 16, 17])
    await play.remove()
    for service in read:
        await play.deliver(service, "patient-requests")
    await lose(play)
    assert await play.where() == ("removed", 1)
    assert await invited(play) == [("1", "withdrawn")]
    told = await play.timeline()
    assert told.count("Removal from the target was asked for") == 1
    assert told.count("Removed from the target") == 1


async def test_an_opt_out_told_again_ends_open_texts_unless_the_person_took_it_back(
    play: Play,
) -> None:
    await play.begin([15, 16, 17])
    await play.ask("POST", f"/v1/patients/{play.patient()}/opt-outs")
    await lose(play)
    assert (await invited(play))[0] == ("1", "undeliverable")
    play.world.clock.at += timedelta(hours=1)
    play.reply("START", step=1)
    await play.upload(2)
    await play.settle()
    await play.begin([15, 16, 17], target="u")
    assert ("1", "open") in await invited(play)
    before = await invited(play)
    await lose(play)
    assert await invited(play) == before


async def test_nothing_is_told_twice_when_nothing_was_lost(play: Play) -> None:
    await play.begin([15, 16, 17], patients=3)
    play.reply("A")
    await play.settle()
    shown = await play.shown()
    progressed = len(play.world.said(wire.PatientProgressed))
    await lose(play)
    await lose(play)
    assert await play.shown() == shown
    assert {s.version for s in play.world.said(wire.PatientProgressed)[progressed:]} <= {
        s.version for s in play.world.said(wire.PatientProgressed)[:progressed]
    }
    assert len(await invited(play)) == len(NUMBERS[:3])
