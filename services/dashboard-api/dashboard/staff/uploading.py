"""Files of patients: passed on to ingest as they come in, and what became of them."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from dashboard.asking import TargetId
from dashboard.forms import verdicts
from dashboard.forms.done import done
from dashboard.forms.values import Trouble
from dashboard.sending import Answer, Sender
from dashboard.staff.posted import TooLargeError, bounded, form_page, has_more, known_target, to
from dashboard.views import Target
from dashboard.wording import full_time
from recall.contracts.instants import moment
from recall.kit.problems import Problem, not_found
from recall.kit.service import Service

FORM_BYTES: Final = 64 * 1024
"""What a form may have around its file."""
NO_FILE: Final = frozenset({"missing_file", "empty_file"})


def add(router: APIRouter, service: Service, sender: Sender, largest_file: int) -> None:
    """The form with the past uploads, sending a file of so many bytes, and the verdict on it."""
    limit = largest_file + FORM_BYTES

    @router.get("/targets/{target_id}/upload")
    async def upload(request: Request, target_id: TargetId) -> HTMLResponse:
        target = await known_target(service, target_id)
        result = done(request.query_params.get("done", ""))
        return await _page(sender, target, largest_file, result=result)

    @router.post("/targets/{target_id}/upload")
    async def send(
        request: Request, target_id: TargetId, *, accept_rejected: bool = False
    ) -> Response:
        target = await known_target(service, target_id)
        answer = await _sent_on(request, sender, target_id, limit, accept_rejected)
        if answer.ok:
            return to(f"/targets/{target_id}/uploads/{answer.body['upload_id']}")
        return await _page(sender, target, largest_file, refused=answer)

    @router.get("/targets/{target_id}/uploads/{upload_id}")
    async def verdict(target_id: TargetId, upload_id: str) -> HTMLResponse:
        target = await known_target(service, target_id)
        answer = await _verdict(sender, target_id, upload_id)
        return form_page(
            "upload_verdict.html",
            target=target,
            tab="Upload",
            answer=answer,
            uploaded_at=full_time(moment(answer["uploaded_at"])),
            headline=verdicts.headline(answer),
            figures=verdicts.figures(answer),
            problems_title=verdicts.problems_title(answer),
        )


async def _verdict(sender: Sender, target_id: str, upload_id: str) -> Mapping[str, Any]:
    """The answer to one of the target's uploads.

    Raises:
        Problem: 404, the target has no such upload.
    """
    if not upload_id.replace("-", "").isalnum():
        raise not_found("upload")
    answer = await sender.send("GET", f"/v1/uploads/{upload_id}")
    if answer.ok and answer.body["target_id"] == target_id:
        found: Mapping[str, Any] = answer.body
        return found
    raise not_found("upload") if answer.ok else answer.problem()


async def _sent_on(
    request: Request, sender: Sender, target_id: str, limit: int, accept_rejected: bool
) -> Answer:
    """The form as it comes in, sent on; it is neither looked at nor kept."""
    kind = request.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data"):
        raise Problem(415, "unsupported_media_type", "This page takes the form it shows.")
    if has_more(request, limit):
        return _too_large(limit)
    told = request.headers.get("content-length")
    headers = {"content-type": kind} | ({"content-length": told} if told else {})
    path = f"/v1/targets/{target_id}/uploads"
    path += "?accept_rejected=true" if accept_rejected else ""
    try:
        return await sender.send("POST", path, content=bounded(request, limit), headers=headers)
    except TooLargeError:
        return _too_large(limit)


def _too_large(limit: int) -> Answer:
    most = limit // (1024 * 1024)
    detail = f"The file is larger than {most} MB. Split it and upload the parts one by one."
    return Answer(413, {"code": "too_large", "detail": detail})


async def _page(
    sender: Sender,
    target: Target,
    largest_file: int,
    *,
    refused: Answer | None = None,
    result: str | None = None,
) -> HTMLResponse:
    past = await sender.send("GET", f"/v1/targets/{target.id}/uploads")
    uploads = past.body["uploads"] if past.ok else []
    body = refused.body if refused and isinstance(refused.body, dict) else {}
    return form_page(
        "upload.html",
        [Trouble("file", _sentence(refused))] if refused else [],
        refused.status if refused else None,
        target=target,
        tab="Upload",
        refused=refused,
        problems=body.get("problems", []),
        result=result,
        limit=largest_file,
        uploads=[verdicts.past_upload(one) for one in uploads],
    )


def _sentence(refused: Answer) -> str:
    if refused.code in NO_FILE:
        return "Choose the file with the list of patients. The one that was sent is empty."
    if refused.code == "too_many_rejected":
        return refused.detail.partition(" Nothing was kept")[0]
    return refused.detail
