"""Health, metrics, version: open on loopback; whether a service is settled: for the driver."""

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from recall import __version__
from recall.kit.access import guard
from recall.kit.watching import as_json

if TYPE_CHECKING:
    from recall.kit.service import Service

STALE_SECONDS = 60.0


def routes(service: "Service") -> APIRouter:
    """`/livez`, `/readyz`, `/metrics`, `/version`; with the token `/settled`, `/openapi.json`."""
    router = APIRouter(include_in_schema=False)
    allowed = Depends(guard(service.settings.token.get_secret_value()))

    @router.get("/livez")
    async def livez() -> JSONResponse:
        stale = [
            loop.name for loop in service.loops if service.booted and loop.is_stale(STALE_SECONDS)
        ]
        return JSONResponse({"live": not stale, "stale": stale}, 503 if stale else 200)

    @router.get("/readyz")
    async def readyz() -> JSONResponse:
        troubles = troubles_of(service)
        return JSONResponse({"ready": not troubles, "troubles": troubles}, 503 if troubles else 200)

    @router.get("/metrics")
    async def metrics() -> Response:
        body = generate_latest(service.metrics.registry)
        return Response(body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    @router.get("/version")
    async def version() -> dict[str, str]:
        return {"service": service.name, "version": __version__}

    @router.get("/settled", dependencies=[allowed])
    async def settled() -> dict[str, object]:
        service.check_booted()
        return as_json(await service.watch.settled())

    @router.get("/openapi.json", dependencies=[allowed])
    async def openapi(request: Request) -> dict[str, Any]:
        app: FastAPI = request.app
        return app.openapi()

    return router


def troubles_of(service: "Service") -> list[str]:
    """What keeps the service from being ready, in plain words; empty when it is."""
    found = [service.trouble]
    found.extend(consumer.trouble for consumer in service.consumers.values())
    found.extend(loop.trouble for loop in service.loops)
    return [trouble for trouble in found if trouble]
