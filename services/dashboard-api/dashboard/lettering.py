"""A target's letters: batch by batch how far they have got, and the documents that are printed.

Letters rest in invitations alone: they are asked for when the page is shown or a document wanted.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Path
from fastapi.responses import HTMLResponse, StreamingResponse
from starlette.background import BackgroundTask

from dashboard import store
from dashboard.asking import PatientId, TargetId, found_target, reading
from dashboard.rendering import PageRoute, rendered
from dashboard.sending import Sender
from dashboard.wording import counted, weekday_time
from recall.contracts.instants import moment
from recall.contracts.vocabulary import UNDELIVERABLE_TEXTS
from recall.kit.access import guard
from recall.kit.problems import Problem, not_found
from recall.kit.service import Service

BatchId = Annotated[str, Path(pattern=r"^[0-9A-Za-z-]{1,40}$")]
BACK = ("content-type", "content-disposition", "content-length", "cache-control", "etag")
"""The headers of a document that are passed back."""
NO_LETTERS: Mapping[str, Any] = {"batches": [], "waiting": 0, "next_cut_off": None}
"""Of a target that invitations has not read of yet."""


def router(service: Service, sender: Sender) -> APIRouter:
    """The page of letters, and its documents."""
    token = service.settings.token.get_secret_value()
    found = APIRouter(
        route_class=PageRoute, include_in_schema=False, dependencies=[Depends(guard(token))]
    )

    @found.get("/targets/{target_id}/letters")
    async def letters(target_id: TargetId) -> HTMLResponse:
        """The target's letters by batch."""
        async with reading(service) as connection:
            target = await found_target(connection, target_id)
        answer = await sender.send("GET", f"/v1/targets/{target_id}/letters", to="invitations")
        shown = screen(answer.found(NO_LETTERS))
        return rendered("letters.html", target=target, tab="Letters", **shown)

    @found.get("/targets/{target_id}/letters/{batch}.{kind}")
    async def document(
        target_id: TargetId, batch: BatchId, kind: Literal["pdf", "csv"]
    ) -> StreamingResponse:
        """The target's letters of a batch to print, or the manifest to check them by."""
        async with reading(service) as connection:
            await found_target(connection, target_id)
        query = urlencode({"target": target_id})
        path = f"/v1/letters/batches/{quote(batch)}.{kind}?{query}"
        missing = "There is no such batch of this target's letters."
        return await _passed_on(sender, path, missing)

    @found.get("/targets/{target_id}/patients/{patient_id}/letter.pdf")
    async def letter(
        target_id: TargetId, patient_id: PatientId, *, large_print: bool = False
    ) -> StreamingResponse:
        """The letter of the round that the patient is in, to look at or to print by itself."""
        async with reading(service) as connection:
            await found_target(connection, target_id)
            row = await store.read_patient(connection, target_id, patient_id)
        if row is None:
            raise not_found("patient")
        query = urlencode({"large_print": str(large_print).lower()})
        path = f"/v1/invitations/{patient_id}.{row['round']}/letter.pdf?{query}"
        return await _passed_on(sender, path, "This patient has no letter in this round.")

    return found


async def _passed_on(sender: Sender, path: str, missing: str) -> StreamingResponse:
    """A document as invitations makes it.

    Raises:
        Problem: 404, there is none; 409 `no_address`; 503, it could not be printed.
    """
    answer = await sender.stream("GET", path, to="invitations", content=None, headers={})
    if answer.status_code != HTTPStatus.OK:
        await answer.aclose()
        raise _no_document(answer.status_code, missing)
    return StreamingResponse(
        answer.aiter_raw(),
        headers={name: answer.headers[name] for name in BACK if name in answer.headers},
        background=BackgroundTask(answer.aclose),
    )


def _no_document(status: int, missing: str) -> Problem:
    if status == HTTPStatus.NOT_FOUND:
        return Problem(404, "not_found", missing)
    if status == HTTPStatus.CONFLICT:
        return Problem(409, "no_address", "The patient has no address to write to.")
    return Problem(503, "not_printed", "The letters could not be printed. Try again in a moment.")


def screen(found: Mapping[str, Any]) -> dict[str, Any]:
    """The batches as the page shows them."""
    return {
        "batches": [_batch(batch) for batch in found["batches"]],
        "waiting": found["waiting"],
        "next_cut_off": weekday_time(moment(found["next_cut_off"])) if found["waiting"] else "",
    }


def _batch(batch: Mapping[str, Any]) -> dict[str, Any]:
    withdrawn = batch["withdrawn"]
    return {
        "id": batch["batch_id"],
        "sent": weekday_time(moment(batch["cut_off"])),
        "letters": batch["letters"],
        "on_their_way": batch["sending"],
        "delivered": batch["delivered"],
        "failed": batch["failed"],
        "why": [f"{count}: {_reason(code)}" for code, count in sorted(batch["reasons"].items())],
        "answered": batch["answered"],
        "withdrawn": counted(withdrawn, "was", "were") + " withdrawn later" if withdrawn else "",
    }


def _reason(code: str) -> str:
    words = {str(known): text for known, text in UNDELIVERABLE_TEXTS.items()}.get(code, code)
    return words.removeprefix("the letter was returned: ")
