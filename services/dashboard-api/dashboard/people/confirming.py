"""Removing and reprocessing: a page that says for whom, and one that says what was done."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from dashboard import errand_store, people_screen, screens, store, views
from dashboard.asking import TargetId, found_target, invalid, reading
from dashboard.cells import Cell, chosen
from dashboard.errand import (
    ACTS,
    LONGEST_REASON,
    Act,
    Chosen,
    Errand,
    Found,
    query,
    read_chosen,
)
from dashboard.errands import Errands
from dashboard.filters import FilterError
from dashboard.people.form import Pairs, answers, key_of, name_of
from dashboard.rendering import rendered
from dashboard.staff.posted import fresh_key, to
from recall.kit.postgres import Connection
from recall.kit.problems import not_found
from recall.kit.service import Service


def add(router: APIRouter, service: Service, errands: Errands) -> None:
    """A pair of pages for each act, and the page of an errand."""
    for act in ACTS:
        _add_act(router, service, errands, act)

    @router.get("/targets/{target_id}/errands/{errand_id}")
    async def errand(target_id: TargetId, errand_id: UUID) -> HTMLResponse:
        """How far an errand is, or what it did."""
        async with reading(service) as connection:
            target = await found_target(connection, target_id)
            row = await errand_store.read(connection, target_id, str(errand_id))
        if row is None:
            raise not_found("errand")
        return rendered("errand.html", target=target, **people_screen.errand_screen(row, target))


def _add_act(router: APIRouter, service: Service, errands: Errands, act: Act) -> None:
    @router.get(f"/targets/{{target_id}}/{act}", name=act)
    async def ask(request: Request, target_id: TargetId) -> HTMLResponse:
        """Say how many and who, and ask whether to go on."""
        return await _asked(service, target_id, act, request.query_params.multi_items())

    @router.post(f"/targets/{{target_id}}/{act}", name=f"{act} confirmed")
    async def confirm(request: Request, target_id: TargetId) -> Response:
        """Settle whom it is for and begin; the same form again begins nothing."""
        pairs = await answers(request)
        values = dict(pairs)
        reason = _reason(values)
        if act == "remove" and not reason:
            wrong = "Choose a reason, or write one."
            return await _asked(service, target_id, act, pairs, wrong)
        key = key_of(values)
        picked = _chosen(pairs)
        async with reading(service) as connection, connection.transaction():
            target = await found_target(connection, target_id)
            cells = await _cells(connection, target, act, picked)
            made = Errand(
                id=key,
                target_id=target_id,
                act=act,
                back=query(picked.filters),
                reason=reason if act == "remove" else None,
                actor=name_of(values),
                asked_at=service.clock.now(),
            )
            await errand_store.add(connection, made, cells, picked)
        errands.wake()
        await errands.until_shown(target_id, key)
        return to(f"/targets/{target_id}/errands/{key}")


async def _asked(
    service: Service, target_id: str, act: Act, pairs: Pairs, wrong: str | None = None
) -> HTMLResponse:
    values = dict(pairs)
    async with reading(service) as connection, store.snapshot(connection):
        target = await found_target(connection, target_id)
        try:
            picked = read_chosen(pairs)
        except FilterError as error:
            return _nobody(target, act, str(error), query_of(pairs))
        cells = await _cells(connection, target, act, picked)
        found = await errand_store.find(connection, target_id, cells, picked, service.clock.now())
    if not found.patients:
        return _nobody(target, act, None, query(picked.filters))
    return rendered(
        "confirm.html",
        422 if wrong else 200,
        target=target,
        wrong=wrong,
        key=values.get("key") or fresh_key(),
        typed=defaultdict(str, values),
        **_words(target, act, picked, found),
    )


def _words(target: views.Target, act: Act, picked: Chosen, found: Found) -> dict[str, Any]:
    choices = screens.form(target, picked.filters, "name")
    return people_screen.confirm_screen(target, act, picked, found, choices)


def _nobody(target: views.Target, act: Act, wrong: str | None, back: str) -> HTMLResponse:
    """Nobody was chosen, or nobody of whom this can be done."""
    status = 422 if wrong else 200
    return rendered("nobody.html", status, target=target, act=act, wrong=wrong, back=back)


def query_of(pairs: Pairs) -> str:
    """The filter a form came with, as far as it can be meant."""
    try:
        return query(read_chosen([*pairs, ("whom", "all")]).filters)
    except FilterError:
        return ""


def _chosen(pairs: Pairs) -> Chosen:
    try:
        return read_chosen(pairs)
    except FilterError as error:
        raise invalid(error) from error


async def _cells(
    connection: Connection, target: views.Target, act: Act, picked: Chosen
) -> list[Cell]:
    """The cells of those whom the act can be done for: an alert is checked again, not a booking."""
    cells = await store.read_cells(connection, target.id)
    if picked.patients is None:
        cells = chosen(cells, picked.filters, target.queues)
    if act == "reprocess":
        return [cell for cell in cells if cell.status == "patient_alert"]
    return [cell for cell in cells if cell.status != "removed"]


def _reason(values: dict[str, str]) -> str:
    """The reason chosen, or the one written when another was."""
    picked = values.get("why", "")
    reason = values.get("reason", "") if picked in {"", "other"} else picked
    return reason[:LONGEST_REASON].strip()
