"""A target's settings: changed section by section, paused, resumed, closed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from dashboard.asking import TargetId
from dashboard.forms.done import done
from dashboard.forms.rounds import CHOICES
from dashboard.forms.settings import (
    Change,
    change_of,
    costs,
    further_round,
    standards,
    told,
    told_round,
)
from dashboard.forms.targets import shown_target, troubles_of
from dashboard.forms.values import Trouble, Values
from dashboard.sending import Sender
from dashboard.staff.posted import form_page, known_target, posted, target_of, to, until_seen
from dashboard.views import Target
from recall.kit.problems import not_found
from recall.kit.service import Service

Verb = Literal["pause", "resume", "close"]


@dataclass(frozen=True)
class Question:
    """What a confirmation page asks, and what it says will happen."""

    title: str
    button: str
    done: str
    says: tuple[str, ...]
    warning: bool = False


QUESTIONS: Final[Mapping[Verb, Question]] = {
    "pause": Question(
        "Pause this target?",
        "Pause target",
        "paused",
        (
            "Nobody in the queue is invited until you resume the target.",
            "Patients who are being invited finish their round: they can still book or decline.",
            "Who does not book waits in the queue of the next round.",
            "No patients can be uploaded while it is paused. Removing patients still works.",
        ),
    ),
    "resume": Question(
        "Resume this target?",
        "Resume target",
        "resumed",
        ("Patients in the queue are invited again as slots and sending hours allow.",),
    ),
    "close": Question(
        "Close this target?",
        "Close target",
        "closed",
        (
            "A closed target cannot be opened again.",
            "Nobody else is invited, and no patients and slots can be added.",
            "Appointments that are booked stand.",
            "Rejected rows of uploads, which are kept for you to correct, are erased.",
        ),
        warning=True,
    ),
}


def add(router: APIRouter, service: Service, sender: Sender) -> None:
    """The settings, and the questions before a target is paused, resumed or closed."""
    _settings(router, service, sender)
    _states(router, service, sender)


def _settings(router: APIRouter, service: Service, sender: Sender) -> None:
    @router.get("/targets/{target_id}/settings")
    async def settings(request: Request, target_id: TargetId) -> HTMLResponse:
        target = await known_target(service, target_id)
        body = (await target_of(sender, target_id)).body
        return _page(target, body, result=done(request.query_params.get("done", "")))

    @router.post("/targets/{target_id}/settings")
    async def change(request: Request, target_id: TargetId) -> Response:
        values = await posted(request)
        target = await known_target(service, target_id)
        body = (await target_of(sender, target_id)).body
        asked = change_of(values, body)
        if asked is None:
            raise not_found("setting")
        if asked.troubles:
            return _page(target, body, asked, *asked.troubles)
        if values.text("version") != str(body["version"]):
            return _stale(target, body, asked, values)
        answer = await sender.send(
            "PATCH",
            f"/v1/targets/{target_id}",
            json=asked.patch,
            headers={"if-match": f'"{body["version"]}"'},
        )
        if answer.code == "stale":
            now = (await target_of(sender, target_id)).body
            return _stale(target, now, change_of(values, now) or asked, values)
        if not answer.ok:
            places = range(len(asked.patch.get("rounds", ())))
            return _page(target, body, asked, *troubles_of(answer.field_errors, places))
        same = answer.body["version"] == body["version"]
        await until_seen(service, target_id, answer.body["version"])
        return to(f"/targets/{target_id}/settings?done={'same' if same else asked.done}")


def _states(router: APIRouter, service: Service, sender: Sender) -> None:
    @router.get("/targets/{target_id}/settings/{verb}")
    async def question(target_id: TargetId, verb: Verb) -> HTMLResponse:
        target = await known_target(service, target_id)
        return form_page("target_state.html", target=target, tab="Settings", asks=QUESTIONS[verb])

    @router.post("/targets/{target_id}/settings/{verb}")
    async def answer(target_id: TargetId, verb: Verb) -> Response:
        target = await known_target(service, target_id)
        answered = await sender.send("POST", f"/v1/targets/{target_id}/{verb}")
        if not answered.ok:
            troubles = [Trouble("", answered.detail)]
            return form_page(
                "target_state.html",
                troubles,
                answered.status,
                target=target,
                tab="Settings",
                asks=QUESTIONS[verb],
            )
        body = (await target_of(sender, target_id)).body
        await until_seen(service, target_id, body["version"])
        return to(f"/targets/{target_id}/settings?done={QUESTIONS[verb].done}")


def _page(
    target: Target,
    body: Mapping[str, Any],
    asked: Change | None = None,
    *troubles: Trouble,
    result: str | None = None,
) -> HTMLResponse:
    return form_page(
        "target_settings.html",
        troubles,
        target=target,
        tab="Settings",
        version=body["version"],
        state=body["state"],
        form=asked.form if asked else shown_target(body),
        further=asked.further if asked else further_round(),
        section=asked.section if asked else "",
        sections=_sections(body),
        costs=costs(body),
        standards=standards(body),
        result=result,
        **CHOICES,
    )


def _sections(body: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """All settings in words, for a target whose settings cannot be changed."""
    whole = [pair for name in ("name", "window", "ratio") for pair in told(name, body)]
    rounds = [(f"Round {found['round']}", told_round(found)) for found in body["rounds"]]
    return [("Target", whole), *rounds]


def _stale(target: Target, now: Mapping[str, Any], asked: Change, values: Values) -> HTMLResponse:
    """Somebody else was quicker: both, side by side, and the choice."""
    wanted = told(asked.section, {**now, **asked.patch})
    current = dict(told(asked.section, now))
    return form_page(
        "target_stale.html",
        (),
        412,
        target=target,
        tab="Settings",
        rows=[(label, current.get(label, ""), text) for label, text in wanted],
        kept=[pair for pair in values.pairs if pair[0] != "version"],
        version=now["version"],
    )
