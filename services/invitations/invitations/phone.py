"""What a simulated phone shows.  Pure: texts and replies in, a conversation out."""

import re
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct

from recall.contracts.instants import LONDON
from recall.contracts.vocabulary import UNDELIVERABLE_TEXTS, channel_text
from recall.texts import size_of

_BOOKING = frozenset({"confirmation", "new_offer", "refusal"})
BRINGS: Final[Mapping[str, frozenset[str]]] = {
    "a": _BOOKING,
    "b": _BOOKING,
    "c": _BOOKING,
    "decline": frozenset({"declined", "refusal"}),
    "cancel": frozenset({"cancelled", "help", "refusal"}),
    "stop": frozenset({"opted_out"}),
    "start": frozenset({"opted_in"}),
    "unknown": frozenset({"help", "refusal"}),
}
"""The texts that an answer may bring, by its meaning."""

LONGEST_ANSWER: Final = 600
"""Characters of an answer that the page takes."""

SUGGESTED: Final = ("A", "B", "C", "DECLINE", "STOP", "START", "CANCEL")
"""The answers that stand on buttons."""

_WHY: Mapping[str, str] = {str(code): text for code, text in UNDELIVERABLE_TEXTS.items()}
_ADDRESS = re.compile(r"https?://\S+?(?=[.,;]?(?:\s|$))")
_MOBILE = re.compile(r"(?:0|\+?44)7700900[0-9]{3}")
_NHS_NUMBER = re.compile(r"999[0-9]{7}")


class Sent(Struct, frozen=True):
    """A text that a simulated phone got: about an invitation, of a kind, its words, when."""

    invitation_id: str
    kind: str
    body: str
    sent_at: datetime


class Thread(Struct, frozen=True):
    """An invitation by text, as far as a phone shows it."""

    invitation_id: str
    target_id: str
    round: int
    channel: str
    partition: int
    state: str
    reason: str | None
    delivery: str | None
    dispatched_at: datetime
    expires_at: datetime


class Wrote(Struct, frozen=True):
    """What a patient wrote, what it was taken to mean, and when."""

    text: str
    meaning: str
    at: datetime


class Bubble(Struct, frozen=True):
    """One text; `mine` are the patient's own.  Pieces are (words, address or None)."""

    at: datetime
    mine: bool
    pieces: Sequence[tuple[str, str | None]]
    note: str

    @property
    def when(self) -> str:
        """The moment as phones write it."""
        return f"{self.at.astimezone(LONDON):%a %-d %b %H:%M}"


def number_of(written: str) -> str | None:
    """A made-up NHS number or mobile, as it is stored; None if it is neither.

    >>> number_of("07700 900123"), number_of("999 000 0018"), number_of("07911 123456")
    ('+447700900123', '9990000018', None)
    """
    plain = "".join(char for char in written if char not in " -()\u00a0")
    if _NHS_NUMBER.fullmatch(plain):
        return plain
    return f"+447700900{plain[-3:]}" if _MOBILE.fullmatch(plain) else None


def answer_of(written: str) -> str:
    """An answer as a phone sends it: no control characters, not too long."""
    kept = "".join(char for char in written if char.isprintable() or char == "\n")
    return kept.strip()[:LONGEST_ANSWER]


def conversation(
    threads: Sequence[Thread], sent: Sequence[Sent], wrote: Mapping[str, Sequence[Wrote]]
) -> list[Bubble]:
    """All that went to and fro, in order of time; an answer stands before what it brought."""
    by_id = {thread.invitation_id: thread for thread in threads}
    shown = {text.invitation_id for text in sent if text.kind == "invitation"}
    got = [(text.kind, _got(text, by_id[text.invitation_id])) for text in sent]
    got += [
        ("invitation", _not_kept(thread)) for thread in threads if thread.invitation_id not in shown
    ]
    got.sort(key=lambda one: one[1].at)
    replies = sorted((said for them in wrote.values() for said in them), key=lambda said: said.at)
    return _in_order(got, replies)


def _in_order(got: list[tuple[str, Bubble]], replies: Sequence[Wrote]) -> list[Bubble]:
    """Both, merged; at one instant each answer stands before the text that it brought."""
    found: list[Bubble] = []
    waiting = deque(got)
    for said in replies:
        while waiting and _before(waiting[0], said):
            found.append(waiting.popleft()[1])
        found.append(Bubble(said.at, True, [(said.text, None)], ""))
        if waiting and waiting[0][1].at == said.at and waiting[0][0] in BRINGS[said.meaning]:
            found.append(waiting.popleft()[1])
    return found + [bubble for _, bubble in waiting]


def _before(text: tuple[str, Bubble], said: Wrote) -> bool:
    kind, bubble = text
    return bubble.at < said.at or (bubble.at == said.at and kind == "invitation")


def _got(text: Sent, thread: Thread) -> Bubble:
    """A text from the practice, with what became of it."""
    size = size_of(text.body)
    parts = f"{size.parts} {'part' if size.parts == 1 else 'parts'}, {size.encoding}"
    note = f"{_delivery(thread)} ({parts})" if text.kind == "invitation" else parts
    return Bubble(text.sent_at, False, _pieces(text.body), note)


def _not_kept(thread: Thread) -> Bubble:
    words = (
        "This text never went out."
        if thread.state in {"undeliverable", "withdrawn"} and thread.delivery is None
        else "The words of this text are no longer kept."
    )
    return Bubble(thread.dispatched_at, False, [(words, None)], _delivery(thread))


def _delivery(thread: Thread) -> str:
    name = f"Round {thread.round}, {channel_text(thread.channel)}"
    if thread.state == "undeliverable":
        why = _WHY.get(thread.reason or "", "")
        return f"{name}: not delivered, {why}"
    return f"{name}: {thread.delivery or 'sending'}"


def _pieces(text: str) -> list[tuple[str, str | None]]:
    """The text with its addresses told apart."""
    pieces: list[tuple[str, str | None]] = []
    at = 0
    for match in _ADDRESS.finditer(text):
        pieces += [(text[at : match.start()], None), (match[0], match[0])]
        at = match.end()
    return [piece for piece in [*pieces, (text[at:], None)] if piece[0]]
