"""The patient list: filtered, sorted, page by page; and the way to one patient by NHS number."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from dashboard import people_screen, screens, store, views
from dashboard.asking import Question, TargetId, found_target, invalid, page_of, reading
from dashboard.filters import FilterError, Filters, cursor_of, parse_nhs_number
from dashboard.rendering import rendered
from dashboard.staff.posted import posted, to
from dashboard.wording import spaced
from recall.kit.problems import Problem
from recall.kit.service import Service

NOT_IN_AN_ADDRESS = "Enter the NHS number here: the address of a page holds none."
LONGEST_TYPED = 40
"""How much of what was typed a box shows again."""


def add(router: APIRouter, service: Service) -> None:
    """The page, and what its search does."""

    @router.get("/targets/{target_id}/patients")
    async def patients(request: Request, target_id: TargetId) -> HTMLResponse:
        """The patients who match, and how many they are, of one instant."""
        async with reading(service) as connection, store.snapshot(connection):
            target = await found_target(connection, target_id)
            try:
                _without_number(request.query_params)
                asked = Question(request)
                page = await page_of(connection, target, asked)
            except Problem as problem:
                return _refused(request.query_params, target, problem)
        return rendered("patients.html", **_screen(target, asked, page))

    @router.post("/targets/{target_id}/patients", name="patient searched")
    async def search(request: Request, target_id: TargetId) -> Response:
        """Go to the patient who has an NHS number.

        It comes in the form's body, for addresses are kept: by browsers, by proxies, in their logs.
        """
        _without_number(request.query_params)
        typed = (await posted(request)).text("nhs_number")
        async with reading(service) as connection, store.snapshot(connection):
            target = await found_target(connection, target_id)
            try:
                number = parse_nhs_number(typed)
            except FilterError as error:
                return _refused({}, target, invalid(error), typed)
            patient = await store.find_patient(connection, target_id, number)
            if patient is not None:
                return to(f"/targets/{target_id}/patients/{patient}")
            # The form's address has no query: this is the list as it is first opened.
            asked = Question(request)
            shown = _screen(target, asked, await page_of(connection, target, asked))
        found = {"searched": typed[:LONGEST_TYPED], "nobody": spaced(number)}
        return rendered("patients.html", **shown | found)


def _without_number(query: Mapping[str, str]) -> None:
    if query.get("nhs_number", "").strip():
        raise invalid(FilterError("nhs_number", NOT_IN_AN_ADDRESS))


def _screen(target: views.Target, asked: Question, page: store.Page) -> dict[str, Any]:
    filters, sort = asked.filters, asked.sort
    following = page.next_place
    limit = {} if asked.limit == Question.default_limit else {"limit": str(asked.limit)}
    form = screens.form(target, filters, sort)
    return {
        "target": target,
        "tab": "Patient list",
        "form": form,
        "problem": None,
        "searched": "",
        "nobody": None,
        "patients": [screens.patient_row(row, target) for row in page.rows],
        "next_query": None
        if following is None
        else screens.query_of(filters, sort, **limit, cursor=cursor_of(following)),
        "first": asked.after is None,
        "first_query": screens.query_of(filters, sort, **limit),
        "csv_query": screens.query_of(filters, sort),
        **people_screen.list_screen(target, filters, sort, form, page.rows, page.matching),
    }


def _refused(
    given: Mapping[str, str], target: views.Target, problem: Problem, searched: str = ""
) -> HTMLResponse:
    """The page's forms with what was typed and what is wrong with it."""
    form = screens.form(target, Filters(), "name")
    form["chosen"] |= {name: given[name] for name in form["chosen"] if name in given}
    return rendered(
        "patients.html",
        problem.status,
        target=target,
        tab="Patient list",
        form=form,
        problem=problem.fields["errors"][0],
        searched=searched[:LONGEST_TYPED],
        nobody=None,
    )
