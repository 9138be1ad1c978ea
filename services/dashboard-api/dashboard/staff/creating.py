"""A new target."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from dashboard.forms.rounds import CHOICES, TEMPLATE
from dashboard.forms.targets import (
    TargetForm,
    blank,
    target_body,
    troubles_of,
    typed_target,
    used_places,
)
from dashboard.forms.values import Trouble
from dashboard.sending import Sender
from dashboard.staff.posted import form_page, fresh_key, posted, to, until_seen
from recall.contracts.instants import london_date
from recall.kit.service import Service

SENT_BEFORE = (
    "This form has made a target already. If you want another target with these answers, choose "
    "“Create target” again."
)


def add(router: APIRouter, service: Service, sender: Sender) -> None:
    """The form, and what sending it does."""

    @router.get("/targets/new")
    async def new() -> HTMLResponse:
        return _page(blank(london_date(service.clock.now())), fresh_key())

    @router.post("/targets/new")
    async def create(request: Request) -> Response:
        values = await posted(request)
        form, key = typed_target(values), values.text("key") or fresh_key()
        body, troubles = target_body(form)
        if troubles:
            return _page(form, key, *troubles)
        answer = await sender.send(
            "POST", "/v1/targets", json=body, headers={"idempotency-key": key}
        )
        if answer.code == "idempotency_key_reused":
            return _page(form, fresh_key(), Trouble("", SENT_BEFORE))
        if not answer.ok:
            return _page(form, key, *troubles_of(answer.field_errors, used_places(form)))
        target_id = answer.body["target_id"]
        await until_seen(service, target_id, answer.body["version"])
        return to(f"/targets/{target_id}/upload?done=made")


def _page(form: TargetForm, key: str, *troubles: Trouble) -> HTMLResponse:
    further = any(
        found.used or any(trouble.field.startswith(f"rounds-{place}-") for trouble in troubles)
        for place, found in enumerate(form.rounds)
        if place >= len(TEMPLATE)
    )
    return form_page(
        "target_new.html",
        troubles,
        form=form,
        key=key,
        **CHOICES,
        template_rounds=len(TEMPLATE),
        further=further,
    )
