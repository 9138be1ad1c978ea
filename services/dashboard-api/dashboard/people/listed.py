"""The patient list: searched, filtered, sorted, page by page."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from dashboard import people_screen, screens, store, views
from dashboard.asking import Question, TargetId, found_target, page_of, reading
from dashboard.filters import Filters, cursor_of
from dashboard.rendering import rendered
from recall.kit.problems import Problem
from recall.kit.service import Service


def add(router: APIRouter, service: Service) -> None:
    """The page."""

    @router.get("/targets/{target_id}/patients")
    async def patients(request: Request, target_id: TargetId) -> HTMLResponse:
        """The patients who match, and how many they are, of one instant."""
        async with reading(service) as connection, store.snapshot(connection):
            target = await found_target(connection, target_id)
            try:
                asked = Question(request)
                page = await page_of(connection, target, asked)
            except Problem as problem:
                return _refused(request.query_params, target, problem)
        return rendered("patients.html", **_screen(target, asked, page))


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
        "patients": [screens.patient_row(row, target) for row in page.rows],
        "next_query": None
        if following is None
        else screens.query_of(filters, sort, **limit, cursor=cursor_of(following)),
        "first": asked.after is None,
        "first_query": screens.query_of(filters, sort, **limit),
        "csv_query": screens.query_of(filters, sort),
        **people_screen.list_screen(target, filters, sort, form, page.rows, page.matching),
    }


def _refused(given: Mapping[str, str], target: views.Target, problem: Problem) -> HTMLResponse:
    """The list's form with what was typed and what is wrong with it."""
    form = screens.form(target, Filters(), "name")
    form["chosen"] |= {name: given[name] for name in form["chosen"] if name in given}
    return rendered(
        "patients.html",
        problem.status,
        target=target,
        tab="Patient list",
        form=form,
        problem=problem.fields["errors"][0],
    )
