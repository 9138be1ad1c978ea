"""Telling the other services what became of a patient."""

from recall.kit.codec import Event
from recall.kit.unit import Unit
from workflow import messages
from workflow.decide import Folded


def tell(unit: Unit, change: Folded, cause: Event | None = None) -> None:
    """Publish a patient's new status, the end of invitations that are out, and the next one.

    `cause` is the message that brought it about; None: a turn of dispatch.
    """
    after, partition = change.after, change.after.partition
    for end in change.withdrawals:
        withdrawn = messages.invitation_withdrawn(after, end)
        unit.emit(withdrawn, end.version, at=end.what.at, cause=cause, partition=partition)
    if change.channel is not None:
        dispatched = messages.invitation_dispatched(after, change.channel)
        unit.emit(dispatched, after.version, at=after.updated_at, cause=cause, partition=partition)
    progressed = messages.progressed(after)
    unit.emit(progressed, after.version, at=after.updated_at, cause=cause, partition=partition)
