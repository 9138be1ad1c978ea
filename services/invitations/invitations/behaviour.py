"""How simulated patients and channels behave: a pure function of seed, scenario and invitation.

A scenario file may script people by NHS number and round; everybody else follows the odds, drawn
from the seed and the invitation's id, so that the same seed gives the same crowd.
"""

import json
import math
from datetime import timedelta
from statistics import NormalDist
from typing import Literal

import msgspec

from invitations.magic import FIRST_ANSWER, Recipient, arrives, recipient_of
from recall.contracts.ids import draw
from recall.contracts.instants import duration
from recall.contracts.vocabulary import UndeliverableReason, is_text_channel

Kind = Literal["delivered", "delayed", "failed", "supplier", "reply", "visit"]
"""What a simulated channel reports, in its own words or a print supplier's, or a visit to the
booking page."""

LATEST = 0.9
"""Drawn answers come within this share of the time to answer."""
POSTED_AFTER = timedelta(days=1)
LETTER_TAKES = timedelta(days=3)
RETURNS = (
    (0.60, "R01"),
    (0.75, "R04"),
    (0.85, "R07"),
    (0.91, "R02"),
    (0.96, "R05"),
    (0.99, "R08"),
    (1.00, "R09"),
)
"""Why simulated letters come back, by chances added up."""
TEXT_TAKES = timedelta(seconds=20)
MEDIAN_ANSWER = 0.05
"""Half of those who answer do so within this share of the time that they have …"""
SPREAD = 1.2
"""… and the others later, as a log-normal distribution has it."""
ANSWERS_AGAIN = timedelta(minutes=1)
"""How soon a simulated patient answers a new offer."""


class Script(msgspec.Struct, frozen=True):
    """What one person does in one round; without `do` and `fail` they stay silent."""

    after: str = "PT1H"
    do: Literal["book", "decline", "stop", "say"] | None = None
    say: str = ""
    fail: UndeliverableReason | None = None


class Odds(msgspec.Struct, frozen=True):
    """The chances of a channel's endings; the rest stay silent."""

    book: float
    decline: float
    fail: float
    stop: float = 0.0


DEFAULT_ODDS: dict[str, Odds] = {
    "sms": Odds(book=0.45, decline=0.05, fail=0.04),
    "sms-link": Odds(book=0.30, decline=0.05, fail=0.04),
    "letter": Odds(book=0.20, decline=0.03, fail=0.03),
}
_SILENT = Odds(book=0, decline=0, fail=0)


class Scenario(msgspec.Struct, frozen=True):
    """What is scripted, and the odds for the rest."""

    answers: dict[str, dict[str, Script]] = {}
    odds: dict[str, Odds] = {}
    silent_unless_scripted: bool = False
    magic: bool = False
    """Whether the last digits of a mobile decide what becomes of a text (`invitations.magic`)."""


class Act(msgspec.Struct, frozen=True, gc=False):
    """One thing that will be reported, so long after the invitation went out."""

    after: timedelta
    kind: Kind
    text: str = ""


def scenario_of(text: str | None) -> Scenario:
    """The scenario that a file's text tells, or one without scripts.

    Raises:
        msgspec.ValidationError: it says something a scenario cannot.
    """
    return Scenario() if text is None else msgspec.convert(json.loads(text), Scenario)


class Going(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An invitation that goes out, as far as what becomes of it depends on it.

    `mobile` is where a text goes, needed where numbers are magic; `attempt` how often it has been
    sent, this time included.
    """

    invitation_id: str
    nhs_number: str
    round_number: int
    channel: str
    respond_within: timedelta
    mobile: str | None = None
    attempt: int = 1


def acts_of(scenario: Scenario, seed: int, going: Going) -> list[Act]:
    """What will be reported about one invitation, in order of time.

    A script comes first, then a magic number, then the scenario's silence, then its odds.
    """
    channel = going.channel
    script = scenario.answers.get(going.nhs_number, {}).get(str(going.round_number))
    if script is not None:
        return _scripted(script, channel)
    magic = recipient_of(going.mobile) if scenario.magic and is_text_channel(channel) else None
    if magic is not None:
        return _magic(magic, channel, going.attempt)
    if scenario.silent_unless_scripted:
        return _carried(channel)
    odds = scenario.odds.get(channel) or DEFAULT_ODDS.get(channel, _SILENT)
    return _drawn(odds, seed, going)


def _carried(channel: str) -> list[Act]:
    """What the channel reports of a message that arrives."""
    if channel == "letter":
        return [
            Act(POSTED_AFTER, "supplier", "DISPATCHED"),
            Act(LETTER_TAKES, "supplier", "DELIVERED"),
        ]
    return [Act(TEXT_TAKES, "delivered")]


def _scripted(script: Script, channel: str) -> list[Act]:
    after = duration(script.after)
    if script.fail is not None:
        return [Act(after, "failed", script.fail)]
    if script.do is None:
        return _carried(channel)
    said = {"book": "A", "decline": "DECLINE", "stop": "STOP", "say": script.say}[script.do]
    return _in_order(_carried(channel), _answer(after, channel, said))


def _drawn(odds: Odds, seed: int, going: Going) -> list[Act]:
    invitation_id, channel = going.invitation_id, going.channel
    chance = draw(seed, invitation_id, "ending")
    if chance < odds.fail:
        if channel == "letter":
            return _returned(draw(seed, invitation_id, "return"))
        return [Act(TEXT_TAKES, "failed", "unreachable")]
    said = _ending(odds, chance - odds.fail, draw(seed, invitation_id, "letter"))
    if said is None:
        return _carried(channel)
    waits = _carried(channel)[-1].after
    # An answer comes after the message did, and in time.
    span = max(going.respond_within * LATEST - waits, timedelta(seconds=1))
    after = waits + span * share_waited(draw(seed, invitation_id, "delay"))
    return _in_order(_carried(channel), _answer(after, channel, said))


def share_waited(chance: float) -> float:
    """Which share of the time somebody lets pass: log-normal, cut off where the time ends.

    >>> [round(share_waited(chance), 3) for chance in (0.0, 0.5, 0.99)]
    [0.0, 0.05, 0.651]
    """
    return math.exp(_LOGARITHM.inv_cdf(max(chance * _CUT_OFF, 1e-9)))


_LOGARITHM = NormalDist(math.log(MEDIAN_ANSWER), SPREAD)
_CUT_OFF = _LOGARITHM.cdf(0.0)


def _magic(recipient: Recipient, channel: str, attempt: int) -> list[Act]:
    """What a magic number does with a text."""
    arrival = arrives(recipient, attempt)
    if arrival == "failed":
        return [Act(TEXT_TAKES, "failed", recipient.reason)]
    if arrival == "delayed":
        return [Act(TEXT_TAKES, "delayed", recipient.reason)]
    answers = [
        _answer(FIRST_ANSWER * place, channel, said) for place, said in enumerate(recipient.says, 1)
    ]
    return [Act(TEXT_TAKES, "delivered"), *answers]


def _returned(chance: float) -> list[Act]:
    code = next(code for most, code in RETURNS if chance < most)
    return [
        Act(POSTED_AFTER, "supplier", "DISPATCHED"),
        Act(LETTER_TAKES, "supplier", f"RETURNED {code}"),
    ]


def _ending(odds: Odds, chance: float, letter: float) -> str | None:
    if chance < odds.book:
        return "ABC"[int(letter * 3)]
    if chance < odds.book + odds.decline:
        return "DECLINE"
    if chance < odds.book + odds.decline + odds.stop:
        return "STOP"
    return None


def _answer(after: timedelta, channel: str, said: str) -> Act:
    """Texts are answered by text; a link or a letter's code on the booking page."""
    if channel in {"sms-link", "letter"} and said in {"A", "B", "C", "DECLINE"}:
        return Act(after, "visit", said)
    return Act(after, "reply", said)


def _in_order(carried: list[Act], answer: Act) -> list[Act]:
    return [*(act for act in carried if act.after <= answer.after), answer]
