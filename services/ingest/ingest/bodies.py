"""Bodies of requests: JSON within bounds, files spooled to disk."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import IO, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from recall.kit.problems import Problem

JSON_BYTES = 16 * 1024 * 1024
_WRITE_BYTES = 1024 * 1024

RAW_TYPES = frozenset(
    {
        "",
        "application/csv",
        "application/octet-stream",
        # What Windows calls a CSV file once Excel is installed.
        "application/vnd.ms-excel",
        "text/comma-separated-values",
        "text/csv",
        "text/plain",
        "text/tab-separated-values",
    }
)
FORM_TYPE = "multipart/form-data"
_JSON_TYPES = frozenset({"application/json", "application/merge-patch+json"})

M = TypeVar("M", bound=BaseModel)


def media_type(request: Request) -> str:
    """The body's type without parameters, in small letters; empty when none is given."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def body_of(request: Request, limit: int = JSON_BYTES) -> bytes:
    """The whole body.

    Raises:
        Problem: 413 when it is larger than the limit.
    """
    return b"".join([block async for block in _bounded(request, limit)])


def json_of(request: Request, body: bytes, model: type[M]) -> M:
    """A JSON body as a model.

    Raises:
        Problem: 415 when it is of another type, 400 when it is no JSON.
        RequestValidationError: fields are wrong; it becomes a 422 that names them.
    """
    if media_type(request) not in _JSON_TYPES:
        raise Problem(
            415, "unsupported_media_type", "Send JSON, with Content-Type: application/json."
        )
    return validated(model, body)


def validated(model: type[M], body: bytes) -> M:
    """JSON text as a model; errors as in `json_of`."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
        raise RequestValidationError([{**e, "loc": ("body", *e["loc"])} for e in found]) from None


@asynccontextmanager
async def spooled(request: Request, limit: int) -> AsyncIterator[IO[bytes]]:
    """The uploaded file on disk: the raw body, or the multipart field `file`.

    Raises:
        Problem: 413 when it is too large, 415 for another type, 422 when the form has no file.
    """
    kind = media_type(request)
    if kind == FORM_TYPE:
        async with _file_field(request, limit) as file:
            yield file
    elif kind in RAW_TYPES:
        with tempfile.TemporaryFile() as file:
            await _spool(request, limit, file)
            yield file
    else:
        raise Problem(
            415,
            "unsupported_media_type",
            "Send the file itself as the body, with Content-Type: text/csv, or a form with the "
            "field file (multipart/form-data).",
        )


async def _spool(request: Request, limit: int, file: IO[bytes]) -> None:
    """Write the body to disk, a portion at a time and in a thread."""
    portion = bytearray()
    async for block in _bounded(request, limit):
        portion += block
        if len(portion) >= _WRITE_BYTES:
            await asyncio.to_thread(file.write, bytes(portion))
            portion.clear()
    await asyncio.to_thread(file.write, bytes(portion))


@asynccontextmanager
async def _file_field(request: Request, limit: int) -> AsyncIterator[IO[bytes]]:
    parser = MultiPartParser(request.headers, _bounded(request, limit), max_files=1, max_fields=10)
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, UnicodeDecodeError):
        raise Problem(422, "invalid_form", "The form cannot be read as multipart/form-data.") from (
            None
        )
    try:
        part = form.get("file")
        if not isinstance(part, UploadFile):
            raise Problem(422, "missing_file", "The form has no file in a field named file.")
        yield part.file
    finally:
        await form.close()


async def _bounded(request: Request, limit: int) -> AsyncGenerator[bytes, None]:
    """The body's blocks, until there are too many."""
    told = request.headers.get("content-length", "")
    size = int(told) if told.isascii() and told.isdigit() else 0
    if size <= limit:
        size = 0
        try:
            async for block in request.stream():
                size += len(block)
                if size > limit:
                    break
                yield block
        except ClientDisconnect:
            raise Problem(400, "incomplete", "The body ended before it was whole.") from None
    if size > limit:
        raise Problem(413, "too_large", f"The body is larger than {limit} bytes.")
