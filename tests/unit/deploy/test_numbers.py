"""The numbers that the documents name, held against the constants they tell of."""

import math
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dashboard import cells, errand, live
from dashboard import settings as dashboard_settings
from dashboard.asking import PAGE_ROWS
from dashboard.staff import posted
from ingest import answering, enrolling, handing, rejections, requests
from ingest import settings as ingest_settings
from ingest.routes import uploads
from invitations import (
    app,
    batches,
    booking,
    channels,
    codes,
    letter_routes,
    limiting,
    mailing,
    phones,
    printing,
    retrying,
    telling,
    visiting,
    waiting,
)
from launcher.paths import ROOT
from recall.contracts.topics import DEFAULT_PARTITIONS
from recall.kit import kafka, provision, readers
from recall.kit import settings as kit_settings
from recall.register import contact
from recall.turns import NEW_AFTER
from workflow import dispatching
from workflow import settings as workflow_settings

ARCHITECTURE = ROOT / "ARCHITECTURE.md"
GLOSSARY = ROOT / "docs" / "glossary.md"
RUNBOOK = ROOT / "docs" / "runbook.md"
PLUGINS = ROOT / "docs" / "plugins.md"
DASHBOARD, INGEST, INVITATIONS, WORKFLOW = (
    ROOT / "services" / name / "README.md"
    for name in ("dashboard-api", "ingest", "invitations", "workflow")
)
WORDS = {2: "two", 3: "three", 5: "five", 10: "ten"}
SPANS = {1: "a second", 60: "a minute", 1800: "half an hour"}


def default(settings: Any, name: str) -> Any:
    """What a setting is where nobody sets it."""
    return settings.Settings.model_fields[name].default


def meets(factor: float, digits: int) -> int:
    """Of a million patients, about how many it takes until the next way to a page costs less."""
    return int(round(math.sqrt(factor * 1_000_000 * PAGE_ROWS), digits))


def in_words(number: float) -> str:
    """A small number as prose has it."""
    return WORDS.get(int(number), str(number))


def span(length: float) -> str:
    """A time of so many seconds as prose has it."""
    return SPANS.get(int(length), f"{length} seconds")


KIT = kit_settings.ServiceSettings.model_fields
LOCK_SECONDS = int(provision.ROLE_SETTINGS["lock_timeout"].removesuffix("s"))
PAUSES = [f"{pause // timedelta(minutes=1)}" for pause in retrying.BACK_OFF[:2]] + [
    f"{pause // timedelta(hours=1)}" for pause in retrying.BACK_OFF[2:]
]

TOLD: list[tuple[Path, str]] = [
    (ARCHITECTURE, f"in portions of {handing.PORTION}."),
    (ARCHITECTURE, f"two chunks of {enrolling.CHUNK_ROWS:,} rows"),
    (ARCHITECTURE, f"at most {kafka.PARTITION_FETCH_BYTES // 1024} KiB of each partition"),
    (ARCHITECTURE, f"a document has {batches.BATCH_LETTERS} at most"),
    (INGEST, f"kept for {answering.KEPT_FOR // timedelta(hours=1)} hours of machine time"),
    (INGEST, f"the latest {uploads.UPLOADS_SHOWN} answers"),
    (INGEST, f"at most {requests.MOST_SLOTS_WITHDRAWN:,} slots at once"),
    (INGEST, f"judged and stored in chunks of {enrolling.CHUNK_ROWS:,} rows"),
    (INGEST, f"in `portions` of {handing.PORTION}."),
    (INGEST, f"are some {handing.AHEAD:,} patients behind"),
    (INGEST, f"does not move for {readers.PATIENCE:.0f} seconds"),
    (INGEST, f"A file of up to {uploads.SMALL_BYTES // 1024} kB never waits"),
    (INGEST, f"at most {rejections.MOST_ROWS:,} of an upload"),
    (INGEST, f"and {rejections.MOST_CHARACTERS // 1024**2} million characters"),
    (INGEST, f"erased after {enrolling.REJECTED_KEPT_FOR.days} days"),
    (INGEST, f"waits up to {LOCK_SECONDS} seconds, then 503"),
    (INGEST, f"`UPLOAD_BYTES` ({default(ingest_settings, 'upload_bytes') // 1024**2} MiB)"),
    (INGEST, f"`UPLOADS_AT_ONCE` ({default(ingest_settings, 'uploads_at_once')} large files"),
    (INGEST, f"`PATIENTS_WAITING` ({default(ingest_settings, 'patients_waiting'):,})"),
    (INGEST, f"`WAITING_SECONDS` ({default(ingest_settings, 'waiting_seconds'):.0f})"),
    (WORKFLOW, f"are some {dispatching.AHEAD:,} patients behind"),
    (WORKFLOW, f"default {default(workflow_settings, 'dispatch_portion'):,})"),
    (WORKFLOW, f"some {app.PUBLISH_SECONDS * 1000:.0f} ms later"),
    (INVITATIONS, f"at most every {app.PUBLISH_SECONDS * 1000:.0f} ms"),
    (INVITATIONS, f"`round * {telling.EVENTS_A_ROUND:,} + n`"),
    (INVITATIONS, f"a link's token ({channels.TOKEN_BYTES * 8} bits)"),
    (INVITATIONS, f"locks after {in_words(booking.MOST_TRIES)} wrong ones"),
    (INVITATIONS, f"the first {waiting.MOST_SHOWN}, `total`"),
    (INVITATIONS, f"at most {channels.KEPT_OF_A_BATCH} of a batch"),
    (INVITATIONS, f"the latest {phones.MOST_KEPT:,}."),
    (INVITATIONS, f"the latest {letter_routes.SHOWN} batches, how many letters wait"),
    (INVITATIONS, f"the latest {letter_routes.SHOWN} batches with letters of a target"),
    (INVITATIONS, f"{in_words(limiting.TRIES)} wrong codes a minute"),
    (INVITATIONS, f"next cut-off, {mailing.CUT_OFF:%H:%M} in London"),
    (INVITATIONS, f"batches of at most {batches.BATCH_LETTERS}, and fixes"),
    (INVITATIONS, f"printing fails or takes over {in_words(printing.SECONDS // 60)} minutes"),
    (
        INVITATIONS,
        f"after {PAUSES[0]} and {PAUSES[1]} minutes, {PAUSES[2]} and {PAUSES[3]} hours",
    ),
    (DASHBOARD, f"a loop sends {errand.BATCH:,} ids at a time"),
    (DASHBOARD, f"then one every {live.GAP_SECONDS} s"),
    (DASHBOARD, f"a page waits, {in_words(posted.SEEN_WITHIN_SECONDS)} seconds at most"),
    (DASHBOARD, f"`UPLOAD_BYTES` ({default(dashboard_settings, 'upload_bytes') // 1024**2} MiB)"),
    (INVITATIONS, f"date of birth's answer for {span(visiting.SECONDS)}"),
    (INGEST, f"has had no turn for {span(NEW_AFTER)}"),
    (WORKFLOW, f"has had no turn for {span(NEW_AFTER)}"),
    (RUNBOOK, f"finished nothing for {span(KIT['watchdog_seconds'].default)}"),
    (RUNBOOK, f"(at most {DEFAULT_PARTITIONS} have work)"),
    (RUNBOOK, f"Over {KIT['dead_letter_limit'].default:,} "),
    (RUNBOOK, f"A practice with {default(ingest_settings, 'patients_waiting'):,} patients waiting"),
    (RUNBOOK, f"longer than {LOCK_SECONDS} seconds"),
    (INVITATIONS, f"a letter's code ({int(15 * math.log2(len(codes.SIGNS)))} bits"),
    (GLOSSARY, f"The {codes.LENGTH} signs in a letter"),
    (DASHBOARD, f"pages of {PAGE_ROWS}, up to {meets(cells.FEW, -2):,})"),
    (DASHBOARD, f"up to {meets(cells.MANY, -3):,} with a hash"),
    (PLUGINS, f"after {PAUSES[0]} minutes, {PAUSES[1]} minutes, {PAUSES[2]} hours and {PAUSES[3]}"),
    (GLOSSARY, f"a child under {contact.ADULT_AGE}, to whom"),
    (GLOSSARY, f"{mailing.CUT_OFF:%H:%M} in London on a working day"),
    (GLOSSARY, f"one cut-off, at most {batches.BATCH_LETTERS},"),
    (GLOSSARY, f"{enrolling.REJECTED_KEPT_FOR.days} days, or when the target is closed"),
]


@pytest.mark.parametrize(("page", "words"), TOLD, ids=[words for _, words in TOLD])
def test_a_document_names_the_number_that_the_code_has(page: Path, words: str) -> None:
    assert words in " ".join(page.read_text().split())
