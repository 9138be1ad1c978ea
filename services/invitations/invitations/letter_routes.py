"""HTTP for those who print: a day's letters as one document with its manifest, and single letters.

File names and addresses carry ids alone, and answers are kept in no cache.
"""

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import msgspec
from fastapi import APIRouter, Depends
from fastapi.responses import Response
from msgspec.structs import replace

from invitations import store
from invitations.batches import content_of, letter_of
from invitations.channels import Channels
from invitations.letters import Content
from invitations.mailing import cut_off_after
from invitations.places import is_invitation
from invitations.practices import Practices
from invitations.printing import Job, Printed, PrintingError, printed
from invitations.store import letters
from recall.contracts.instants import instant
from recall.kit.access import guard
from recall.kit.problems import Problem, check_ids, is_id, not_found
from recall.kit.service import Service

SHOWN = 400
"""Batches in the list: of a day with a hundred thousand letters, all."""
_PRIVATE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_COLUMNS = (
    "batch_id",
    "place",
    "letter_id",
    "practice",
    "first_page",
    "pages",
    "address_fits",
    "letters_in_batch",
    "pages_in_batch",
    "pdf_sha256",
)


@dataclass(frozen=True)
class Made:
    """A batch in print: its letters' ids and practices, the document, and the document's hash.

    With a target, its letters alone.
    """

    batch_id: str
    target_id: str | None
    letters: Sequence[tuple[str, str]]
    document: Printed
    sha256: str


class Press:
    """Prints letters on request, and remembers the last batch, of which both files are asked."""

    def __init__(self, service: Service, channels: Channels, practices: Practices) -> None:
        self._service, self._channels, self._practices = service, channels, practices
        self._last: Made | None = None

    async def batch(self, batch_id: str, target_id: str | None = None) -> Made:
        """A batch, or a target's letters of it, printed; again and again the same.

        Raises:
            Problem: 404 for an unknown batch, 503 when printing failed.
        """
        last = self._last
        if last is not None and (last.batch_id, last.target_id) == (batch_id, target_id):
            return last
        self._service.check_booted()
        if target_id is not None and not is_id(target_id):
            raise not_found("target")
        async with self._service.pool.acquire() as connection:
            rows = await letters.read_batch(connection, batch_id, target_id)
        if not rows:
            raise not_found("batch")
        contents = [(name, msgspec.msgpack.decode(kept, type=Content)) for name, kept in rows]
        made = [letter_of(self._channels, name, content) for name, content in contents]
        document = await _print(Job(f"Letters {batch_id}", made))
        ids = [(name, content.practice.name) for name, content in contents]
        digest = hashlib.sha256(document.pdf).hexdigest()
        made_now = self._last = Made(batch_id, target_id, ids, document, digest)
        return made_now

    async def letter(self, invitation_id: str, *, large_print: bool) -> bytes:
        """One letter: as its batch has it, or as it would be at the next cut-off.

        Raises:
            Problem: 404 for an unknown letter, 409 `no_address`, 503 when printing failed.
        """
        self._service.check_booted()
        if not is_invitation(invitation_id):
            raise not_found("letter")
        async with self._service.pool.acquire() as connection:
            kept = await letters.read_letter(connection, invitation_id)
            if kept is None:
                raise not_found("letter")
            if kept.content is not None:
                content = msgspec.msgpack.decode(kept.content, type=Content)
            else:
                patients = await store.read_patients(connection, [kept.patient_id])
                patient = patients[kept.patient_id]
                targets = await store.read_targets(connection, [patient.target_id])
                target = targets[patient.target_id]
                content = content_of(
                    patient, target, self._practices, kept.cut_off, kept.expires_at
                )
        if not content.address:
            raise Problem(409, "no_address", "The patient has no address to write to.")
        one = letter_of(
            self._channels, invitation_id, replace(content, large=large_print or content.large)
        )
        document = await _print(Job(f"Letter from {content.practice.name}", [one]))
        return document.pdf


async def _print(job: Job) -> Printed:
    try:
        return await printed(job)
    except (PrintingError, TimeoutError) as error:
        raise Problem(503, "not_printed", "The letters could not be printed. Try again.") from error


def router(service: Service, channels: Channels, practices: Practices) -> APIRouter:
    """The routes of print suppliers and staff."""
    allowed = Depends(guard(service.settings.token.get_secret_value()))
    routes = APIRouter(prefix="/v1", dependencies=[allowed, Depends(check_ids)])
    press = Press(service, channels, practices)

    @routes.get("/letters/batches")
    async def batches() -> dict[str, object]:
        service.check_booted()
        async with service.pool.acquire() as connection:
            found = await letters.list_batches(connection, SHOWN)
            waiting = await letters.count_waiting(connection)
        return {
            "batches": [_batch_json(one) for one in found],
            "waiting": waiting,
            "next_cut_off": instant(cut_off_after(service.clock.now())),
        }

    @routes.get("/targets/{target}/letters")
    async def of_target(target: str) -> dict[str, object]:
        service.check_booted()
        async with service.pool.acquire() as connection:
            if not await store.read_targets(connection, [target]):
                raise not_found("target")
            found = await letters.list_of_target(connection, target, SHOWN)
            waiting = await letters.count_waiting(connection, target)
        return {
            "batches": [_sent_json(list(group)) for _, group in groupby(found, _batch_of)],
            "waiting": waiting,
            "next_cut_off": instant(cut_off_after(service.clock.now())),
        }

    @routes.get("/letters/batches/{batch}.pdf")
    async def document(batch: str, target: str | None = None) -> Response:
        made = await press.batch(batch, target)
        return _pdf(made.document.pdf, f"letters-{batch}.pdf", {"ETag": f'"{made.sha256}"'})

    @routes.get("/letters/batches/{batch}.csv")
    async def manifest(batch: str, target: str | None = None) -> Response:
        made = await press.batch(batch, target)
        return Response(
            manifest_of(made), media_type="text/csv", headers=_named(f"letters-{batch}.csv")
        )

    @routes.get("/invitations/{invitation}/letter.pdf")
    async def letter(invitation: str, *, large_print: bool = False) -> Response:
        pdf = await press.letter(invitation, large_print=large_print)
        return _pdf(pdf, f"letter-{invitation}.pdf", {})

    return routes


def _batch_json(one: letters.Batch) -> dict[str, object]:
    return {
        "batch_id": one.batch_id,
        "cut_off": instant(one.cut_off),
        "letters": one.letters,
        "formed_at": instant(one.formed_at),
        "pdf": f"/v1/letters/batches/{one.batch_id}.pdf",
        "csv": f"/v1/letters/batches/{one.batch_id}.csv",
    }


def _batch_of(sent: letters.Sent) -> str:
    return sent.batch_id


def _sent_json(sent: Sequence[letters.Sent]) -> dict[str, object]:
    """One batch of a target's letters: how far they have got, and apart from that who answered."""
    deliveries: Counter[str] = Counter()
    states: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for some in sent:
        deliveries[some.delivery or "sending"] += some.letters
        states[some.state] += some.letters
        if some.delivery == "failed" and some.reason:
            reasons[some.reason] += some.letters
    return {
        "batch_id": sent[0].batch_id,
        "cut_off": instant(sent[0].cut_off),
        "formed_at": instant(sent[0].formed_at),
        "letters": sum(some.letters for some in sent),
        **{name: deliveries[name] for name in ("sending", "delivered", "failed")},
        "reasons": dict(reasons),
        "answered": states["booked"] + states["declined"],
        "withdrawn": states["withdrawn"],
    }


def manifest_of(made: Made) -> str:
    """What the supplier checks the document by: a line a letter, and nothing of the patient."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(_COLUMNS)
    cut = set(made.document.cut)
    page, total = 1, sum(made.document.pages)
    for place, ((letter_id, practice), pages) in enumerate(
        zip(made.letters, made.document.pages, strict=True)
    ):
        fits = "no" if place in cut else "yes"
        sums = (len(made.letters), total, made.sha256)
        lines.writerow((made.batch_id, place + 1, letter_id, practice, page, pages, fits, *sums))
        page += pages
    return text.getvalue()


def _pdf(pdf: bytes, name: str, headers: Mapping[str, str]) -> Response:
    return Response(pdf, media_type="application/pdf", headers={**_named(name), **headers})


def _named(name: str) -> dict[str, str]:
    return {**_PRIVATE, "Content-Disposition": f'inline; filename="{name}"'}
