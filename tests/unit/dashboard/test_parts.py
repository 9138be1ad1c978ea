"""The macros every page is made of."""

import re

import pytest

from dashboard.rendering import TEMPLATES
from recall.contracts.vocabulary import STATUSES


def made(text: str) -> str:
    names = "breadcrumbs, choice, confirm, empty, errors, nhs, notice, pager, result, tabs, tag"
    template = TEMPLATES.from_string(f'{{% from "parts.html" import {names} %}}{text}')
    target = {
        "id": "t-1",
        "name": "Flu",
        "practice": "A81001",
        "state": "active",
        "replies": 2,
        "writes_letters": False,
    }
    return re.sub(r"\s+", " ", template.render(target=target))


@pytest.mark.parametrize("code", [*STATUSES, "active", "paused", "closed"])
def test_every_status_and_state_has_a_tag(code: str) -> None:
    assert "nhsuk-tag--" in made(f'{{{{ tag("{code}", "Words") }}}}')


def test_what_is_said_is_escaped() -> None:
    for macro in ("tag('booked', it)", "result(it)", "notice(it)", "empty(it)", "nhs(it)"):
        said = made("{% set it = '<b>' %}{{ " + macro + " }}")
        assert "&lt;b&gt;" in said
        assert "<b>" not in said


def test_results_and_notices_take_more_than_a_sentence() -> None:
    for macro in ("result", "notice", "empty"):
        said = made("{% call " + macro + "('Done.') %}<p>More</p>{% endcall %}")
        assert "Done." in said
        assert "<p>More</p>" in said


def test_errors_lead_to_their_fields() -> None:
    said = made(
        "{{ errors([{'field': 'name', 'message': 'Give a name'}, {'field': '', 'message': 'No'}]) }}"
    )
    assert '<a href="#name">' in said
    assert "There is a problem" in said
    assert made("{{ errors([]) }}").strip() == ""


def test_the_tab_shown_is_the_current_page_and_no_other() -> None:
    said = made('{{ tabs(target, "Alerts") }}')
    assert re.findall(r'href="([^"]+)" aria-current="page"', said) == ["/targets/t-1/alerts"]
    assert said.count("<a ") == 8
    assert ">2<" in said


def test_a_confirmation_has_a_button_and_a_way_back() -> None:
    said = made("{{ confirm('Remove 3 patients', '/back', name='do', value='it') }}")
    assert "nhsuk-button--warning" in said
    assert 'type="submit"' in said
    assert 'name="do"' in said
    assert 'href="/back"' in said


def test_a_pager_has_only_the_ways_that_there_are() -> None:
    assert 'rel="next"' not in made("{{ pager('/a', None) }}")
    assert made("{{ pager() }}").strip() == ""
