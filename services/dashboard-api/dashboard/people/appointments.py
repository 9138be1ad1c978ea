"""Who comes when, day by day."""

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from dashboard import coming_screen, coming_store, store, views
from dashboard.asking import TargetId, WhoComes, found_target, reading
from dashboard.coming import Coming, place_of
from dashboard.rendering import rendered
from recall.contracts.instants import london_date
from recall.kit.problems import Problem
from recall.kit.service import Service

ROWS = 200


def add(router: APIRouter, service: Service) -> None:
    """The page."""

    @router.get("/targets/{target_id}/appointments")
    async def appointments(request: Request, target_id: TargetId) -> HTMLResponse:
        """Appointments by day, of the days and the clinician asked for."""
        async with reading(service) as connection, store.snapshot(connection):
            target = await found_target(connection, target_id)
            names = await coming_store.read_clinicians(connection, target_id)
            about: dict[str, Any] = {
                "target": target,
                "tab": "Appointments",
                "clinicians": {name: name for name in names},
                "typed": coming_screen.typed(request.query_params),
                "today": london_date(service.clock.now()).isoformat(),
            }
            try:
                asked = WhoComes(request).asked
            except Problem as problem:
                wrong = problem.fields["errors"][0]
                return rendered("appointments.html", problem.status, problem=wrong, **about)
            rows = await coming_store.list_appointments(connection, target_id, asked, ROWS + 1)
        return rendered("appointments.html", problem=None, **about, **_list(asked, rows))


def _list(asked: Coming, found: Any) -> dict[str, Any]:
    rows: list[views.Row] = list(found[:ROWS])
    more = len(found) > ROWS
    query = coming_screen.query(asked)
    following = None
    if more:
        cursor = place_of(rows[-1]["starts_at"], rows[-1]["patient_id"])
        following = "&".join(filter(None, (query, urlencode({"cursor": cursor}))))
    return {
        "days": coming_screen.days(rows, asked, first=asked.after is None, more=more),
        "one_day": asked.first is not None and asked.first == asked.last,
        "filtered": asked.filters,
        "first": asked.after is None,
        "first_query": query,
        "next_query": following,
        "csv_query": query,
    }
