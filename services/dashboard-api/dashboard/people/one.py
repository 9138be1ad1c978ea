"""One patient: details, timeline, and what staff do for one."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from dashboard import coming_store, person_screen, screens, store, views
from dashboard.asking import PatientId, TargetId, found_target, reading
from dashboard.errand import header_text
from dashboard.people.form import Pairs, answers, key_of, name_of
from dashboard.rendering import rendered
from dashboard.sending import Answer, Sender
from dashboard.staff.posted import fresh_key, to, until
from recall.kit.problems import Problem, not_found
from recall.kit.service import Service

FREE_SLOTS_SHOWN = 200
MOST_TEXT = 500


@dataclass(frozen=True)
class Act:
    """Something staff do for one patient: its page's address, its words, and what it sends."""

    path: str
    done: str
    template: str = "patient_act.html"


CORRECT = Act("correct", "corrected", "patient_correct.html")
OPT_OUT = Act("opt-out", "opted-out")
BOOK = Act("book", "booked", "patient_book.html")
DECLINE = Act("decline", "declined")
CANCEL = Act("cancel", "cancelled")
ACTS = (CORRECT, OPT_OUT, BOOK, DECLINE, CANCEL)


def add(router: APIRouter, service: Service, sender: Sender) -> None:
    """The patient's page, and a page for each act."""

    @router.get("/targets/{target_id}/patients/{patient_id}")
    async def patient(
        target_id: TargetId, patient_id: PatientId, done: str | None = None
    ) -> HTMLResponse:
        """One patient: details and the whole timeline."""
        async with reading(service) as connection, store.snapshot(connection):
            target, row = await _found(connection, target_id, patient_id)
            entries = await store.read_timeline(connection, patient_id)
        shown = person_screen.person_screen(row, entries, target, service.clock.now())
        return rendered(
            "patient.html",
            done=person_screen.DONE.get(done or ""),
            afterwards=person_screen.AFTERWARDS.get(done or ""),
            **shown,
        )

    for act in ACTS:
        _add_act(router, service, sender, act)


def _add_act(router: APIRouter, service: Service, sender: Sender, act: Act) -> None:
    path = f"/targets/{{target_id}}/patients/{{patient_id}}/{act.path}"

    @router.get(path, name=act.path)
    async def form(target_id: TargetId, patient_id: PatientId) -> HTMLResponse:
        return await _form(service, act, target_id, patient_id)

    @router.post(path, name=f"{act.path} sent")
    async def send(request: Request, target_id: TargetId, patient_id: PatientId) -> Response:
        pairs = await answers(request)
        values = dict(pairs)
        async with reading(service) as connection:
            _, before = await _found(connection, target_id, patient_id)
        wrong = _wrong(act, pairs)
        if not wrong:
            answer = await _sent(sender, act, patient_id, pairs)
            if answer.ok:
                if act is not OPT_OUT:
                    await _until_shown(service, target_id, before)
                return to(f"/targets/{target_id}/patients/{patient_id}?done={act.done}")
            if answer.status == 404:  # noqa: PLR2004 - the service has not heard of them yet.
                raise Problem(404, "not_found", "Recall does not know this patient yet.")
            wrong = person_screen.wrong_fields(
                [{"field": e.field, "message": e.message} for e in answer.field_errors]
            )
        return await _form(service, act, target_id, patient_id, values=values, wrong=wrong)


async def _found(
    connection: Any, target_id: str, patient_id: str
) -> tuple[views.Target, views.Row]:
    target = await found_target(connection, target_id)
    row = await store.read_patient(connection, target_id, patient_id)
    if row is None:
        raise not_found("patient")
    return target, row


async def _until_shown(service: Service, target_id: str, before: views.Row) -> None:
    """Wait for the news of what was done, or no longer than a moment.

    An opt-out is not waited for: it is the person's, and may change nothing here.
    """

    async def shown() -> bool:
        async with service.pool.acquire() as connection:
            now = await store.read_patient(connection, target_id, before["patient_id"])
        names = ("version", "identity_version")
        return now is None or any(now[name] != before[name] for name in names)

    await until(shown)


async def _form(
    service: Service,
    act: Act,
    target_id: str,
    patient_id: str,
    *,
    values: Mapping[str, str] | None = None,
    wrong: Sequence[Mapping[str, str]] = (),
) -> HTMLResponse:
    slots: Sequence[views.Row] = ()
    async with reading(service) as connection, store.snapshot(connection):
        target, row = await _found(connection, target_id, patient_id)
        if act is BOOK:
            slots = await coming_store.list_free_slots(
                connection, target, service.clock.now(), FREE_SLOTS_SHOWN
            )
    typed = defaultdict(str, values or {})
    return rendered(
        act.template,
        422 if wrong else 200,
        target=target,
        patient=screens.patient_row(row, target),
        act=act.path,
        appointment=person_screen.slot_time(row["starts_at"]) if row["starts_at"] else None,
        key=typed.get("key") or fresh_key(),
        typed=typed,
        wrong=list(wrong),
        wrong_by={error["field"]: error["message"] for error in reversed(wrong)},
        boxes=person_screen.BOXES,
        cleared=person_screen.CLEARED,
        days=person_screen.slot_choices(slots),
    )


def _wrong(act: Act, pairs: Pairs) -> list[dict[str, str]]:
    """What is wrong with a form before anything is sent."""
    values = dict(pairs)
    if act is CORRECT and not person_screen.correction(pairs):
        return [{"field": "first_name", "message": "Fill in at least one detail to correct."}]
    if act is BOOK and not values.get("slot"):
        return [{"field": "slot", "message": "Choose a slot."}]
    if act is CANCEL and not values.get("reason"):
        return [{"field": "reason", "message": "Say why the appointment is cancelled."}]
    return []


async def _sent(sender: Sender, act: Act, patient_id: str, pairs: Pairs) -> Answer:
    values = dict(pairs)
    headers = {
        "idempotency-key": f"{key_of(values)}/{act.path}",
        "x-actor": header_text(name_of(values)) or "staff",
    }
    where = f"/v1/patients/{patient_id}"
    reason = {"reason": values["reason"][:MOST_TEXT]} if values.get("reason") else {}
    if act is CORRECT:
        body = person_screen.correction(pairs)
        # Corrected details may be sent again after a refusal: another body is another command.
        headers.pop("idempotency-key")
        return await sender.send("PATCH", where, json=body, headers=headers)
    if act is OPT_OUT:
        return await sender.send("POST", f"{where}/opt-outs", json=reason, headers=headers)
    if act is CANCEL:
        return await sender.send(
            "POST", f"{where}/cancellations", to="invitations", json=reason, headers=headers
        )
    answer = {"booked": values["slot"]} if act is BOOK else {"declined": True}
    return await sender.send(
        "POST", f"{where}/answers", to="invitations", json=answer, headers=headers
    )
