"""The words patients get.  Pure: facts in, final text out."""

from recall.contracts.vocabulary import is_text_channel
from recall.texts import Facts, Kind, downgraded, filled, further_text, standard_text
from recall.texts.filling import spoken

__all__ = ["Facts", "invitation_text", "message_text", "spoken"]


def invitation_text(facts: Facts, channel: str, wording: str | None = None) -> str:
    """The first text of a round, for its channel: the round's own wording, or the standard one."""
    text = filled(wording or standard_text(channel), facts)
    return downgraded(text) if is_text_channel(channel) else text


def message_text(facts: Facts, kind: Kind, channel: str) -> str:
    """A further message: a confirmation, a new offer, help, a refusal."""
    return downgraded(filled(further_text(kind, channel, facts.link), facts))
