"""Requests at a steady rate whether or not the answers keep up, timed from when each was due."""

import asyncio
import random
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urlencode

import httpx

from benchmarks.crowded import TARGET, nhs_number, patient_id
from dashboard.filters import Place, cursor_of

PAGE, API = f"/targets/{TARGET}", f"/v1/targets/{TARGET}"

FILTERS: dict[str, dict[str, str]] = {
    "all": {},
    "booked": {"status": "booked"},
    "in progress": {"status": "in_progress"},
    "alerts": {"status": "patient_alert"},
    "one in a thousand by description": {"description": "deceased"},
    "waiting for a slot": {"description": "waiting_for_slot"},
    "delivered in round 3": {"description": "delivered", "round": "3"},
    "round 2": {"round": "2"},
    "declined in round 3": {"status": "declined", "round": "3"},
    "did not book in round 1": {"did_not_book_in": "1"},
    "booked after round 2": {"did_not_book_in": "2", "status": "booked"},
    "removed": {"status": "removed"},
    "nobody": {"status": "did_not_book", "round": "1"},
}
SORTS = ("name", "-name", "nhs_number", "-nhs_number", "updated_at", "-updated_at")

SHARES = (("target JSON", 10), ("target page", 10), ("list", 20), ("search", 8), ("patient", 2))
"""What is asked, and how often of fifty."""
AIMS_MS = {
    "target JSON": 50.0,
    "target page": 50.0,
    "list": 100.0,
    "search": 100.0,
    "patient": 100.0,
}
"""p99 in milliseconds."""


def lists(patients: int) -> dict[str, str]:
    """Every filter in every order as a question, on its first page and deep in the list."""
    found: dict[str, str] = {}
    for label, filters in FILTERS.items():
        for sort in SORTS:
            query = filters | ({} if sort == "name" else {"sort": sort})
            found[f"{label}, by {sort}"] = f"{PAGE}/patients?{urlencode(query)}"
            deep = query | {"cursor": deep_cursor(sort, patients // 2)}
            found[f"{label}, by {sort}, deep"] = f"{PAGE}/patients?{urlencode(deep)}"
    return found


def deep_cursor(sort: str, n: int) -> str:
    """Where a list goes on after somebody, wherever they stand."""
    micros = None
    if sort.endswith("updated_at"):
        micros = 1_756_713_600_000_000 + n % 950_000 * 1_000_000
    return cursor_of(Place(sort, patient_id(n), micros))  # type: ignore[arg-type]


class Question(NamedTuple):
    """An address, and the form that is sent to it, if one is."""

    path: str
    form: dict[str, str] | None = None

    async def put(self, client: httpx.AsyncClient) -> httpx.Response:
        """Ask it, as a browser does: a form leads on to the page it is answered with."""
        if self.form is None:
            return await client.get(self.path)
        return await client.post(self.path, data=self.form, follow_redirects=True)


class Questions:
    """Draws what is asked next."""

    def __init__(self, patients: int, seed: int) -> None:
        self._patients = patients
        self._draw = random.Random(seed)
        self._kinds = [kind for kind, share in SHARES for _ in range(share)]

    def any(self) -> tuple[str, Question]:
        """A kind by its share, and a question of it."""
        kind = self._draw.choice(self._kinds)
        return kind, self.of(kind)

    def of(self, kind: str) -> Question:
        """A question of a kind."""
        n = self._draw.randrange(self._patients)
        if kind == "target JSON":
            return Question(API)
        if kind == "target page":
            return Question(PAGE)
        if kind == "search":
            number = nhs_number(n)
            spaced = f"{number[:3]} {number[3:6]} {number[6:]}"
            return Question(f"{PAGE}/patients", {"nhs_number": spaced})
        if kind == "patient":
            return Question(f"{PAGE}/patients/{patient_id(n)}")
        return Question(self._list(n))

    def _list(self, n: int) -> str:
        sort = self._draw.choice(SORTS)
        query = self._draw.choice(list(FILTERS.values())) | {"sort": sort}
        if self._draw.random() < 0.5:
            query |= {"cursor": deep_cursor(sort, n)}
        return f"{PAGE}/patients?{urlencode(query)}"


@dataclass
class Answers:
    """Seconds by kind, what went wrong, and the slowest of all."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)
    slowest: list[tuple[float, str]] = field(default_factory=list)
    reached: float = 0.0
    """Requests answered a second."""


async def ask(
    client: httpx.AsyncClient, questions: Questions, rate: float, seconds: float
) -> Answers:
    """Ask at a rate for so long; waits for the last answers."""
    answers = Answers()
    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for number in range(round(rate * seconds)):
            due = began + number / rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            kind, question = questions.any()
            group.create_task(_one(client, kind, question, due, answers))
    took = time.monotonic() - began
    answers.reached = sum(map(len, answers.seconds.values())) / took
    answers.slowest = sorted(answers.slowest, reverse=True)[:10]
    return answers


async def _one(
    client: httpx.AsyncClient, kind: str, question: Question, due: float, answers: Answers
) -> None:
    path = question.path
    try:
        answer = await question.put(client)
    except httpx.HTTPError as error:
        answers.errors.append(f"{path}: {error!r}")
        return
    took = time.monotonic() - due
    if answer.status_code != httpx.codes.OK:
        answers.errors.append(f"{path}: {answer.status_code}")
        return
    answers.seconds[kind].append(took)
    answers.slowest.append((took, path))
