"""What the appointments' page shows, apart from how: days and who comes.  Pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from dashboard.coming import Coming
from dashboard.views import Row
from dashboard.wording import NOT_KNOWN, clock_time, counted, day_name, spaced
from recall.contracts.instants import london_date
from recall.contracts.vocabulary import STATUS_TEXTS


def query(asked: Coming) -> str:
    """The filters as a query string."""
    given = {
        "from": asked.first.isoformat() if asked.first else None,
        "to": asked.last.isoformat() if asked.last else None,
        "clinician": asked.clinician,
    }
    return urlencode({name: value for name, value in given.items() if value is not None})


def typed(values: Mapping[str, str]) -> dict[str, str]:
    """What the filter form shows again; a box for a day holds nothing that is none."""
    found = {name: values.get(name, "").strip() for name in ("from", "to", "clinician")}
    for name in ("from", "to"):
        try:
            found[name] = date.fromisoformat(found[name]).isoformat()
        except ValueError:
            found[name] = ""
    return found


def days(rows: Sequence[Row], asked: Coming, *, first: bool, more: bool) -> list[dict[str, Any]]:
    """Appointments by London day; a day that a page cuts has no total.

    Args:
        rows: in the order of their starts.
        asked: the filters, which each day's own link keeps.
        first: whether the list begins with these rows.
        more: whether it goes on behind them.
    """
    groups = [(day, list(found)) for day, found in groupby(rows, key=_day)]
    last = len(groups) - 1
    return [
        {
            "date": day.isoformat(),
            "name": day_name(day),
            "whole": (place > 0 or first) and (place < last or not more),
            "count": counted(len(found), "appointment", "appointments"),
            "query": query(Coming(day, day, asked.clinician)),
            "appointments": [_appointment(row) for row in found],
        }
        for place, (day, found) in enumerate(groups)
    ]


def _day(row: Row) -> Any:
    return london_date(row["starts_at"])


def _appointment(row: Row) -> dict[str, Any]:
    return {
        "time": clock_time(row["starts_at"]),
        "minutes": NOT_KNOWN if row["minutes"] is None else row["minutes"],
        "clinician": row["clinician"] or NOT_KNOWN,
        "patient_id": row["patient_id"],
        "name": row["name"] or "Name not known",
        "nhs_number": spaced(row["nhs_number"]),
        "status": STATUS_TEXTS[row["status"]],
        "status_code": row["status"],
    }
