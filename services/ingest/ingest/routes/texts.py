"""Texts: what a wording comes to, before it is saved."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from ingest.bodies import body_of, json_of
from ingest.requests import PreviewRequest
from ingest.routes.office import Office
from recall.contracts.vocabulary import is_text_channel
from recall.texts import Estimate, downgraded, estimate, example, faults_of, standard_text

NOTHING = Estimate(None, None, None, None, None)


def router(_office: Office) -> APIRouter:
    """The preview for whoever writes a round's text."""
    router = APIRouter()

    @router.post("/v1/texts/preview")
    async def preview(request: Request) -> Response:
        asked = json_of(request, await body_of(request), PreviewRequest)
        return JSONResponse(previewed(asked))

    return router


def previewed(asked: PreviewRequest) -> dict[str, object]:
    """A text as patients and as parents would get it, what it costs, and what is wrong with it."""
    template = asked.text or standard_text(asked.channel)
    faults = faults_of(template, asked.channel, asked.target)
    readable = all(fault.code != "unreadable" for fault in faults)
    size = estimate(template, asked.channel, asked.target) if readable else NOTHING
    return {
        "channel": asked.channel,
        "standard": asked.text is None,
        "text": template,
        "example": example(template, asked.channel, asked.target) if readable else None,
        "example_for_child": example(template, asked.channel, asked.target, child=True)
        if readable
        else None,
        "downgraded": is_text_channel(asked.channel) and downgraded(template) != template,
        "encoding": size.encoding,
        "characters": size.units,
        "text_parts": size.parts,
        "text_parts_unusual_name": size.parts_unusual_name,
        "text_cost": size.cost,
        "problems": [{"code": fault.code, "message": fault.text} for fault in faults],
    }
