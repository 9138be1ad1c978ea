"""What becomes of a target: made, patched, paused, resumed, closed."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast

import msgspec
from msgspec.structs import replace

from ingest.requests import TargetRequest, TargetSettings, ratio_text
from recall.contracts.events import Round, TargetSaved
from recall.contracts.instants import duration
from recall.contracts.vocabulary import TargetState
from recall.kit import wire
from recall.texts import estimate, standard_text

Verb = Literal["pause", "resume", "close"]
STATES: Mapping[Verb, TargetState] = {"pause": "paused", "resume": "active", "close": "closed"}


class RoundsFixedError(Exception):
    """A patch would remove or re-route a round, which patients may be in."""


def made(target_id: str, asked: TargetRequest, actor: str, at: str) -> TargetSaved:
    """A new target, active."""
    return wire.TargetSaved(
        target_id=target_id,
        version=1,
        practice=asked.practice,
        state="active",
        actor=actor,
        saved_at=at,
        **_settings(asked),
    )


def patched(target: TargetSaved, asked: TargetSettings, actor: str, at: str) -> TargetSaved:
    """The target with other settings; itself when they are the same.  Rounds may follow the last.

    Raises:
        RoundsFixedError: a round is gone, or has another channel.
    """
    settings = _settings(asked)
    settings["rounds"] = _versioned(target.rounds, settings["rounds"])
    after = _changed(target, **settings)
    if after == target:
        return target
    kept = after.rounds[: len(target.rounds)]
    if [r.channel for r in kept] != [r.channel for r in target.rounds]:
        raise RoundsFixedError
    return _changed(after, version=target.version + 1, actor=actor, saved_at=at)


def _versioned(before: Sequence[Round], after: Sequence[Round]) -> list[Round]:
    """Rounds whose texts have the version of the round before them, or the next one."""
    known = {found.round: found for found in before}
    return [
        _changed_round(found, known[found.round]) if found.round in known else found
        for found in after
    ]


def _changed_round(new: Round, old: Round) -> Round:
    changed = int(new.text != old.text)
    return cast("Round", replace(cast("Any", new), text_version=old.text_version + changed))


def commanded(target: TargetSaved, verb: Verb, actor: str, at: str) -> TargetSaved:
    """The target in another state; itself when it is in it already."""
    state = STATES[verb]
    if state == target.state:
        return target
    return _changed(target, state=state, version=target.version + 1, actor=actor, saved_at=at)


def consequences(before: TargetSaved, after: TargetSaved) -> list[str]:
    """What changed settings mean for those who are being invited already: a sentence each."""
    said = [
        sentence
        for old, new in zip(before.rounds, after.rounds, strict=False)
        for sentence in _of_round(old, new)
    ]
    added = [found.round for found in after.rounds[len(before.rounds) :]]
    if added:
        said.append(_ADDED.format(first=added[0], last=len(before.rounds)))
    if before.booking_window != after.booking_window:
        said.append(_WINDOW_MOVED)
    if before.invitations_per_slot != after.invitations_per_slot:
        said.append(_RATIO_CHANGED)
    return said


_ADDED = (
    "Round {first} follows round {last}: patients who do not book in round {last} from now on go "
    "on to it. Those who have finished already stay finished."
)
_WINDOW_MOVED = (
    "Patients who are invited already can book in the new booking window only. Appointments "
    "outside it stand."
)
_RATIO_CHANGED = (
    "The new number of invitations per slot counts for invitations not yet sent; nobody who is "
    "being invited is called back."
)
_ANSWER_TIME = (
    "Round {round}: the new time to answer counts for invitations not yet sent; patients invited "
    "already keep the time they were given."
)
_SEND_WINDOW = "Round {round}: the new send window counts for invitations not yet sent."
_TEXT = "Round {round}: the new text counts for invitations not yet sent."


def _of_round(old: Round, new: Round) -> list[str]:
    said = []
    if duration(old.respond_within) != duration(new.respond_within):
        said.append(_ANSWER_TIME.format(round=new.round))
    if old.send_window != new.send_window:
        said.append(_SEND_WINDOW.format(round=new.round))
    if old.text_version != new.text_version:
        said.append(_TEXT.format(round=new.round))
    return said


def shown(target: TargetSaved) -> dict[str, object]:
    """A target as HTTP shows it; each round says what its text comes to."""
    return {
        "target_id": target.target_id,
        "version": target.version,
        "practice": target.practice,
        "state": target.state,
        **settings_shown(target),
        "rounds": [
            round_shown(found)
            | text_shown(found.text, found.channel, target.name)
            | {"text_version": found.text_version}
            for found in target.rounds
        ],
        "saved_at": target.saved_at,
    }


def text_shown(text: str | None, channel: str, target: str) -> dict[str, object]:
    """The parts of a round's text at its longest, and what it costs for each patient."""
    size = estimate(text or standard_text(channel), channel, target)
    return {
        "text_parts": size.parts,
        "text_parts_unusual_name": size.parts_unusual_name,
        "text_cost": size.cost,
    }


def settings_shown(target: TargetSaved) -> dict[str, object]:
    """The settings of a target, in the shape in which they are asked for."""
    ratio = target.invitations_per_slot
    return {
        "name": target.name,
        "rounds": [round_shown(found) for found in target.rounds],
        "booking_window": {
            "from": target.booking_window.from_date,
            "to": target.booking_window.to_date,
        },
        "invitations_per_slot": None if ratio is None else float(ratio),
    }


def round_shown(found: Round) -> dict[str, object]:
    """One round, in the shape in which it is asked for."""
    return {
        "round": found.round,
        "channel": found.channel,
        "name": found.name,
        "respond_within": found.respond_within,
        "send_window": {
            "days": list(found.send_window.days),
            "from": found.send_window.from_time,
            "to": found.send_window.to_time,
            "bank_holidays": found.send_window.bank_holidays,
        },
        "text": found.text,
    }


def merged(document: object, patch: object) -> object:
    """A JSON merge patch (RFC 7396), except that null is a value: it lifts the ratio's limit."""
    if not isinstance(patch, dict) or not isinstance(document, dict):
        return patch
    return {**document, **{name: merged(document.get(name), part) for name, part in patch.items()}}


def digest(asked: TargetRequest) -> str:
    """By what the same request for a target is recognised, defaults filled in."""
    return hashlib.sha256(msgspec.json.encode(asked.model_dump(), order="sorted")).hexdigest()


def _settings(asked: TargetSettings) -> dict[str, Any]:
    ratio = asked.invitations_per_slot
    return {
        "name": asked.name,
        "rounds": [
            wire.Round(
                round=place,
                channel=found.channel,
                name=found.title,
                respond_within=found.respond_within,
                send_window=wire.SendWindow(
                    days=list(found.send_window.days),
                    from_time=found.send_window.from_time,
                    to_time=found.send_window.to_time,
                    bank_holidays=found.send_window.bank_holidays,
                ),
                text=found.text,
            )
            for place, found in enumerate(asked.rounds, 1)
        ],
        "booking_window": wire.BookingWindow(
            from_date=asked.booking_window.from_date, to_date=asked.booking_window.to_date
        ),
        "invitations_per_slot": None if ratio is None else ratio_text(ratio),
    }


def _changed(target: TargetSaved, **changes: Any) -> TargetSaved:
    """A copy: to the type checker the struct is the contracts' model."""
    return cast("TargetSaved", replace(cast("Any", target), **changes))
