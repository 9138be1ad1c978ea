"""What routes share: who may ask, and from where."""

import hmac
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Request
from pydantic import AfterValidator

from dashboard import store
from dashboard.coming import Coming, parse_coming
from dashboard.filters import FilterError, Filters, Place, Sort, parse, parse_cursor, parse_limit
from dashboard.filters import parse_sort as parsed_sort
from dashboard.views import Target
from recall.contracts.fields import UUID_PATTERN
from recall.kit.postgres import Connection
from recall.kit.problems import Problem, not_found
from recall.kit.service import Service

PAGE_ROWS, MOST_ROWS = 50, 500

REBUILDING = (
    "The numbers are being put together anew, and are not shown until they are complete. "
    "Nothing is lost, and invitations go on meanwhile. Try again in a minute."
)

_TARGET = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_PATIENT = re.compile(UUID_PATTERN[1:-1])


def is_token(given: str, token: str) -> bool:
    """Whether a text is the stack's token."""
    return hmac.compare_digest(given.encode(), token.encode())


def target_id_of(target_id: str) -> str:
    """The target's id in the path, if it can be one."""
    if not _TARGET.fullmatch(target_id):
        raise not_found("target")
    return target_id


def patient_id_of(patient_id: str) -> str:
    """The patient's id in the path, if it can be one."""
    if not _PATIENT.fullmatch(patient_id):
        raise not_found("patient")
    return patient_id


TargetId = Annotated[str, AfterValidator(target_id_of)]
PatientId = Annotated[str, AfterValidator(patient_id_of)]


@asynccontextmanager
async def reading(service: Service) -> AsyncIterator[Connection]:
    """A connection to read with.

    Raises:
        Problem: 503 while the service is starting or its tables are being rebuilt.
    """
    service.check_booted()
    async with service.pool.acquire() as connection:
        if await store.is_rebuilding(connection):
            raise Problem(503, "rebuilding", REBUILDING)
        yield connection


async def found_target(connection: Connection, target_id: str) -> Target:
    """The target with its counts.

    Raises:
        Problem: 404, there is none.
    """
    target = await store.read_target(connection, target_id)
    if target is None:
        raise not_found("target")
    return target


def watchable(service: Service) -> Callable[[str], Awaitable[str]]:
    """A dependency of streams: a target that is not there is a 404, not a stream without end."""

    async def found(target_id: str) -> str:
        async with reading(service) as connection:
            return (await found_target(connection, target_id_of(target_id))).id

    return found


class Question:
    """What a request for a list of patients asks, from its query string.

    Raises:
        Problem: 422 with the field, when a value cannot be meant.
    """

    default_limit = PAGE_ROWS

    filters: Filters
    sort: Sort
    after: Place | None
    limit: int

    def __init__(self, request: Request) -> None:
        values = dict(request.query_params)
        with_problem(lambda: self._read(values))

    def _read(self, values: dict[str, str]) -> None:
        self.filters = parse(values)
        self.sort = parsed_sort(values.get("sort"))
        self.after = parse_cursor(values.get("cursor"), self.sort)
        self.limit = parse_limit(values.get("limit"), default=PAGE_ROWS, most=MOST_ROWS)


class WhoComes:
    """What a request for appointments asks, from its query string.

    Raises:
        Problem: 422 with the field, when a value cannot be meant.
    """

    asked: Coming
    limit: int

    def __init__(self, request: Request) -> None:
        values = dict(request.query_params)
        with_problem(lambda: self._read(values))

    def _read(self, values: dict[str, str]) -> None:
        self.asked = parse_coming(values)
        self.limit = parse_limit(values.get("limit"), default=PAGE_ROWS, most=MOST_ROWS)


async def page_of(connection: Connection, target: Target, asked: Question) -> store.Page:
    """The page a question asks for, within a snapshot.

    Raises:
        Problem: 422, its cursor is not of this list.
    """
    try:
        return await store.list_patients(
            connection,
            target,
            asked.filters,
            sort=asked.sort,
            after=asked.after,
            limit=asked.limit,
        )
    except FilterError as error:
        raise invalid(error) from error


def invalid(error: FilterError) -> Problem:
    """A filter that cannot be meant, as the 422 it gets."""
    wrong = {"field": error.field, "message": str(error)}
    return Problem(422, "invalid", f"{error.field}: {error}", errors=[wrong])


def with_problem(read: Callable[[], None]) -> None:
    """Run a parser; what it refuses becomes a 422."""
    try:
        read()
    except FilterError as error:
        raise invalid(error) from error
