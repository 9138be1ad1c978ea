"""What the pages about patients show, apart from how: sentences, links, groups.  Pure."""

from collections.abc import Sequence
from typing import Any

from dashboard.cells import Cell
from dashboard.errand import (
    REASONS,
    Act,
    Chosen,
    Found,
    headline,
    hidden,
    in_words,
    query,
    rest,
)
from dashboard.filters import Filters
from dashboard.screens import list_link, query_of
from dashboard.views import Row, Target
from dashboard.wording import counted, number
from recall.contracts.vocabulary import ALERTS

_SORTABLE = {"name": "Name", "nhs_number": "NHS number", "updated_at": "Last change"}


def list_screen(
    target: Target,
    filters: Filters,
    sort: str,
    form: dict[str, Any],
    rows: Sequence[Row],
    matching: int,
) -> dict[str, Any]:
    """The patient list: how many match, what can be done with them, how it can be sorted."""
    words = in_words(filters, form)
    return {
        "matching": counted(matching, "patient", "patients"),
        "n": matching,
        "words": words,
        "hidden": hidden(Chosen(filters))[:-1],
        "sorts": {name: _sorting(target, filters, sort, name) for name in _SORTABLE},
        "whole": _query(filters, "whom=all"),
        "page": _query(filters, *(f"patient={row['patient_id']}" for row in rows)),
        "removable": any(row["status"] != "removed" for row in rows),
        "alerts": any(row["status"] == "patient_alert" for row in rows),
    }


def _sorting(target: Target, filters: Filters, sort: str, by: str) -> dict[str, str]:
    """A column's heading: where a click leads, and how the column is sorted now."""
    now = {by: "ascending", f"-{by}": "descending"}.get(sort, "none")
    following = f"-{by}" if sort == by else by
    found = query_of(filters, following)
    path = f"/targets/{target.id}/patients"
    return {
        "label": _SORTABLE[by],
        "href": f"{path}?{found}" if found else path,
        "now": now,
    }


def _query(filters: Filters, *more: str) -> str:
    return "&".join(filter(None, (query(filters), *more)))


def confirm_screen(
    target: Target, act: Act, picked: Chosen, found: Found, form: dict[str, Any]
) -> dict[str, Any]:
    """The question before an errand: for how many, for whom, and what to know first."""
    many = counted(found.patients, "patient", "patients")
    remove = act == "remove"
    return {
        "act": act,
        "title": f"Remove {many} from this target?"
        if remove
        else f"Check {many} with the register again?",
        "button": f"Remove {many}" if remove else f"Check {many} again",
        "words": in_words(picked.filters, form) if picked.patients is None else [],
        "whole": picked.patients is None,
        "names": found.names,
        "others": found.patients - len(found.names) if found.names else 0,
        "standing": _standing(found.standing) if remove else "",
        "reasons": REASONS,
        "hidden": hidden(picked),
        "back": list_link(target.id)
        + (f"?{query(picked.filters)}" if query(picked.filters) else ""),
    }


def _standing(n: int) -> str:
    if not n:
        return ""
    if n > _MANY:
        return f"More than {number(_MANY)} of them have an appointment to come."
    return (
        "1 has an appointment to come." if n == 1 else f"{number(n)} have an appointment to come."
    )


_MANY = 10_000


def errand_screen(row: Row, target: Target) -> dict[str, Any]:
    """An errand: how far it is, or what it did."""
    asked, done = row["asked"], row["done"]
    act = row["act"]
    return {
        "act": act,
        "state": row["state"],
        "title": {
            "sending": "Removing patients" if act == "remove" else "Checking patients again",
            "refused": "That could not be done for all",
        }.get(row["state"], headline(act, asked, done)),
        "sentence": headline(act, asked, done),
        "rest": rest(act, asked, done),
        "sent": row["sent"],
        "asked": asked,
        "progress": f"{number(row['sent'])} of {counted(asked, 'patient', 'patients')} so far",
        "problem": row["problem"],
        "reason": row["reason"],
        "actor": row["actor"],
        "back": list_link(target.id) + (f"?{row['back']}" if row["back"] else ""),
        "here": f"/targets/{target.id}/errands/{row['errand_id']}",
    }


def alert_groups(target: Target, cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """Patients in alert by code, the largest group first, each with what to do."""
    counts: dict[str, int] = {}
    for cell in cells:
        if cell.status == "patient_alert" and cell.patients:
            counts[cell.description] = counts.get(cell.description, 0) + cell.patients
    alerts = {str(code): alert for code, alert in ALERTS.items()}
    groups = []
    for code, n in sorted(counts.items(), key=lambda found: (-found[1], found[0])):
        alert = alerts.get(code)
        chosen = Filters(status="patient_alert", description=code)
        groups.append(
            {
                "code": code,
                "n": n,
                "count": counted(n, "patient", "patients"),
                "title": alert.title if alert else code,
                "text": alert.text if alert else "",
                "action": alert.action if alert else "",
                "href": list_link(target.id, status="patient_alert", description=code),
                "whole": _query(chosen, "whom=all"),
            }
        )
    return groups
