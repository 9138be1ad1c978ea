"""HTTP in: each request is read, checked and turned into a call."""

from fastapi import APIRouter, Depends

from ingest.routes import patients, slots, targets, texts, uploads
from ingest.routes.office import Office
from recall.kit.access import guard
from recall.kit.problems import check_ids


def router(office: Office) -> APIRouter:
    """All of ingest's routes, behind the stack's token."""
    whole = APIRouter(dependencies=[Depends(guard(office.token)), Depends(check_ids)])
    for part in (targets, uploads, slots, patients, texts):
        whole.include_router(part.router(office))
    return whole
