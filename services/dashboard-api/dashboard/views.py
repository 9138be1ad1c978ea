"""What the JSON says, from rows and counts.  Pure."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Protocol

from dashboard.counts import Histogram, overview, round_counts
from dashboard.filters import Waiting
from dashboard.timeline import Entry, in_order, sentence, whole_id
from dashboard.wording import local_time
from recall.contracts.vocabulary import ALERTS, describe


class Row(Protocol):
    """A row of the database, by column."""

    def __getitem__(self, column: str) -> Any:
        """The value of a column."""
        ...


@dataclass(frozen=True)
class RoundSetting:
    """A round as its practice set it up."""

    round: int
    channel: str
    name: str


@dataclass(frozen=True)
class Target:
    """A target with all that its page counts, of one instant of the database."""

    id: str
    name: str
    practice: str
    state: str
    rounds: Sequence[RoundSetting]
    window_from: date
    window_to: date
    available: int
    histogram: Histogram
    queues: list[Waiting]
    replies: int = 0
    """How many patients' replies wait for staff."""

    @property
    def writes_letters(self) -> bool:
        """Whether a round of the workflow is a letter."""
        return any(step.channel == "letter" for step in self.rounds)

    def round_setting(self, number: int | None) -> RoundSetting | None:
        """A round of the workflow, if it has it."""
        return next((found for found in self.rounds if found.round == number), None)


def zulu(moment: datetime) -> str:
    """A UTC instant as answers write it: no fraction when it is zero.

    >>> from datetime import UTC
    >>> zulu(datetime(2025, 9, 12, 11, tzinfo=UTC))
    '2025-09-12T11:00:00Z'
    """
    return moment.replace(tzinfo=None).isoformat() + "Z"


def target_json(target: Target, as_of: datetime) -> dict[str, Any]:
    """Everything the target page counts (DESIGN, section 6)."""
    return {
        "target": {
            "id": target.id,
            "name": target.name,
            "practice": target.practice,
            "state": target.state,
        },
        "as_of": zulu(as_of),
        "overview": overview(target.histogram),
        "slots": {
            "available": target.available,
            "booking_window": {
                "from": target.window_from.isoformat(),
                "to": target.window_to.isoformat(),
            },
        },
        "rounds": [
            {"round": setting.round, "channel": setting.channel, "name": setting.name}
            | {
                name: n
                for name, n in asdict(round_counts(target.histogram, setting.round)).items()
                if name != "round"
            }
            for setting in target.rounds
        ],
    }


def described(row: Row, target: Target) -> tuple[str, str]:
    """A patient's description: its code and its sentence.

    Why a queued patient waits belongs to their round's queue and is joined here.
    """
    code, until = row["description"], row["until"]
    if row["status"] == "in_queue":
        for queue in target.queues:
            if queue.round == row["round"]:
                code, until = queue.reason, queue.until
    setting = target.round_setting(row["round"])
    text = describe(code, setting.channel if setting else None, local_time(until))
    return code, text


def patient_json(row: Row, target: Target) -> dict[str, Any]:
    """One row of the patient list."""
    code, text = described(row, target)
    return {
        "patient_id": row["patient_id"],
        "nhs_number": row["nhs_number"],
        "name": row["name"],
        "round": row["round"] or None,
        "status": row["status"],
        "description": code,
        "description_text": text,
        "appointment": _appointment(row),
        "updated_at": zulu(row["updated_at"]),
    }


def _appointment(row: Row) -> dict[str, str] | None:
    if row["slot_id"] is None:
        return None
    return {"slot_id": row["slot_id"], "starts_at": zulu(row["starts_at"])}


def timeline_json(entries: Sequence[Entry], target: Target) -> list[dict[str, Any]]:
    """A patient's timeline in plain sentences, the oldest entry first."""
    found = []
    for entry in in_order(entries):
        setting = target.round_setting(entry.round)
        name = setting.name if setting else None
        found.append(
            {
                "at": zulu(entry.at),
                "what": entry.what,
                "text": sentence(entry, round_name=name, local=local_time),
                "actor": entry.actor,
                "event_id": whole_id(entry.event, entry.patient_id),
            }
        )
    return found


def alert_json(row: Row) -> dict[str, str] | None:
    """Why a patient could not be processed and what the practice can do; None without alert."""
    alerts = {str(code): alert for code, alert in ALERTS.items()}
    alert = alerts.get(row["alert"] or "")
    if alert is None or row["status"] != "patient_alert":
        return None
    return {"code": alert.code, "title": alert.title, "text": alert.text, "action": alert.action}


def appointment_json(row: Row) -> dict[str, Any]:
    """One row of the appointments: who comes when, to whom."""
    return {
        "slot_id": row["slot_id"],
        "starts_at": zulu(row["starts_at"]),
        "minutes": row["minutes"],
        "clinician": row["clinician"],
        "patient_id": row["patient_id"],
        "nhs_number": row["nhs_number"],
        "name": row["name"],
        "status": row["status"],
    }
