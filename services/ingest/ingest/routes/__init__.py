"""HTTP in: each request is read, checked and turned into a call."""

from fastapi import APIRouter, Depends

from ingest.routes import patients, slots, targets, uploads
from ingest.routes.office import Office
from recall.kit.access import guard


def router(office: Office) -> APIRouter:
    """All of ingest's routes, behind the stack's token."""
    whole = APIRouter(dependencies=[Depends(guard(office.token))])
    for part in (targets, uploads, slots, patients):
        whole.include_router(part.router(office))
    return whole
