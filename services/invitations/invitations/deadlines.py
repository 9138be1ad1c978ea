"""Deadlines under rule 10: a silence is claimed only where every report up to then is read."""

from datetime import datetime

from msgspec.structs import replace

from invitations import store
from invitations.answers import Invitation, Undelivered
from invitations.channels import Channels
from invitations.telling import Said, tell_outcome, tell_unanswered
from recall.kit.service import Service
from recall.kit.unit import Unit

AT_ONCE = 2000
REPORTS = "channel-reports"


async def expire(service: Service, channels: Channels) -> bool:
    """End invitations whose time to answer has passed; returns whether there may be more."""
    mark = service.clock.now()
    async with service.pool.acquire() as connection:
        if not await store.any_deadline(connection, mark):
            return False
    before = await caught_up(service)
    async with service.pool.acquire() as connection:
        earliest, unpublished = await store.unreported(connection, mark)
    if unpublished:
        return False
    # A report that is folded between two looks can hide from both: it has left the topic, and what
    # it brought about (the answer to a new offer, due already) was not there yet. Where a partition
    # ends at the same place before and after, nothing was folded while we looked at the tables.
    after = await caught_up(service)
    partitions = {p for p, end in after.items() if before.get(p) == end}
    # What a simulated channel has yet to report may be an answer: nothing after it may expire.
    read_up_to = mark if earliest is None else min(mark, earliest)
    return bool(partitions) and await _claim(service, channels, read_up_to, partitions)


async def caught_up(service: Service) -> dict[int, int]:
    """This process's partitions whose reports have all been folded, with where they end."""
    consumer = service.consumers[REPORTS]
    assigned = set(consumer.assigned)
    ends = await service.ends.ends(REPORTS, assigned)
    return {p: end for p, end in ends.items() if consumer.next_offsets.get(p, 0) >= end}


async def _claim(
    service: Service, channels: Channels, read_up_to: datetime, partitions: set[int]
) -> bool:
    async with service.unit() as unit:
        due = await store.take_deadlines(unit.connection, read_up_to, partitions, AT_ONCE)
        unserved = await _unserved(unit, channels, {i.channel for i in due})
        ended = [undelivered(i) if i.channel in unserved else unanswered(i) for i in due]
        if ended:
            await store.save_invitations(
                unit.connection, sorted(ended, key=lambda i: i.invitation_id)
            )
        for invitation in ended:
            if invitation.state == "undeliverable":
                said = Said(invitation.expires_at, "reply", "invitations", None, "")
                tell_outcome(unit, invitation, Undelivered("channel_not_served"), said)
            else:
                tell_unanswered(unit, invitation)
    return len(due) == AT_ONCE


async def _unserved(unit: Unit, channels: Channels, used: set[str]) -> set[str]:
    """The channels that nobody serves: no plugin has ever reported anything from them.

    Nobody has been asked there, so nobody kept silent: such an invitation was undeliverable.  It
    waits for its deadline all the same, since a plugin may still come and send it.
    """
    foreign = {channel for channel in used if not channels.simulates(channel)}
    return foreign - await store.read_served(unit.connection, foreign) if foreign else set()


def unanswered(i: Invitation) -> Invitation:
    """An invitation that met silence until its deadline."""
    return replace(i, state="unanswered", ended_at=i.expires_at, needs_reply=False, said=i.said + 1)


def undelivered(i: Invitation) -> Invitation:
    """An invitation that nobody sent until its deadline."""
    return replace(
        i, state="undeliverable", ended_at=i.expires_at, reason="channel_not_served",
        needs_reply=False, said=i.said + 1,
    )  # fmt: skip
