"""Letters into a PDF, in a process of its own: its memory is given back, and nobody waits for it.

The process reads a `Job` from its standard input and writes a `Printed` to its standard output
(`python -m invitations.printing`): nothing personal stands in a file or in an argument.
"""

import asyncio
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import msgspec
import segno
import typst

from invitations.letters import Letter, set_out

FOLDER = Path(__file__).parent
"""The template and the fonts are in it; typst reads nothing outside."""
SECONDS = 300
"""No job takes so long on a computer that has time: a batch takes three seconds."""
_ONE_AT_A_TIME = asyncio.Semaphore(1)


class Job(msgspec.Struct, frozen=True):
    """Letters to print into one document, and its title."""

    title: str
    letters: Sequence[Letter]


class Printed(msgspec.Struct, frozen=True):
    """The document; how many pages each letter has; the letters whose address had to be cut."""

    pdf: bytes
    pages: Sequence[int]
    cut: Sequence[int]


class PrintingError(Exception):
    """The process ended without a document."""


async def printed(job: Job) -> Printed:
    """Print, one job at a time, beside the event loop.

    Raises:
        PrintingError: it failed or took too long.
    """
    async with _ONE_AT_A_TIME:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "invitations.printing",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(SECONDS):
                answer, _ = await process.communicate(msgspec.msgpack.encode(job))
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    if process.returncode != 0:
        raise PrintingError(f"printing {len(job.letters)} letters ended with {process.returncode}")
    return msgspec.msgpack.decode(answer, type=Printed)


def print_letters(job: Job) -> Printed:
    """Set out and typeset: the same job gives the same bytes."""
    document = document_of(job)
    # PDF/UA-1: readable by those who hear it, or no document at all.
    pdf = cast("bytes", document.compile(format="pdf", pdf_standards="ua-1", timestamp=0))
    lasts = [one["value"]["page"] for one in json.loads(document.query("<last>"))]
    addresses = [one["value"] for one in json.loads(document.query("<address>"))]
    pages = [last - before for before, last in zip([0, *lasts], lasts, strict=False)]
    return Printed(pdf, pages, [one["letter"] for one in addresses if not one["fits"]])


def document_of(job: Job) -> typst.Compiler:
    """The template with the letters' data; typst reads no other file and no font of the system."""
    places = [set_out(one, _square(one.opening.link)) for one in job.letters]
    return typst.Compiler(
        input=str(FOLDER / "templates" / "letter.typ"),
        root=str(FOLDER),
        font_paths=[str(FOLDER / "fonts")],
        ignore_system_fonts=True,
        sys_inputs={"title": job.title, "letters": json.dumps(places)},
    )


def _square(link: str) -> str:
    """The QR code of a link as an SVG picture."""
    picture = io.BytesIO()
    segno.make(link, error="m", micro=False).save(
        picture, kind="svg", border=0, xmldecl=False, nl=False
    )
    return picture.getvalue().decode()


if __name__ == "__main__":
    job = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Job)
    sys.stdout.buffer.write(msgspec.msgpack.encode(print_letters(job)))
