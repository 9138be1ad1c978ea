"""What holds for every template, of staff's pages and of patients': looked up in their sources."""

import re
from pathlib import Path

import pytest

import dashboard
import invitations
from dashboard.rendering import TEMPLATES
from invitations.showing import HEADERS

STAFFS = sorted((Path(dashboard.__file__).parent / "templates").glob("*.html"))
PATIENTS = sorted((Path(invitations.__file__).parent / "templates").glob("*.html"))
TAG = r"<(?:\"[^\"]*\"|{{.*?}}|{%.*?%}|[^>{])*>"
CHANGED_ON_PHONES = re.compile(
    r'<table[^>]*class="[^"]*app-(?:people|rounds)\b.*?</table>', re.DOTALL
)
TABLE_ROLES = {
    "table": {"table"},
    "thead": {"rowgroup"},
    "tbody": {"rowgroup"},
    "tfoot": {"rowgroup"},
    "tr": {"row"},
    "th": {"columnheader", "rowheader"},
    "td": {"cell"},
}


def source(path: Path) -> str:
    """A template without its comments."""
    return re.sub(r"{#.*?#}", "", path.read_text(), flags=re.DOTALL)


def named(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("path", [*STAFFS, *PATIENTS], ids=named)
def test_no_button_is_guarded_that_no_script_wakes(path: Path) -> None:
    guarded = [tag for tag in re.findall(TAG, source(path)) if "data-prevent-double-click" in tag]
    assert all('data-module="nhsuk-button"' in tag for tag in guarded)


@pytest.mark.parametrize("path", STAFFS, ids=named)
def test_every_button_that_sends_a_form_is_guarded_against_a_second_click(path: Path) -> None:
    for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", source(path), flags=re.DOTALL):
        for tag in re.findall(r"<button[^>]*?>", form):
            assert "{{ once() }}" in tag, tag
        for made in re.findall(r"{{ button\((.*?)\) }}", form):
            assert '"preventDoubleClick": true' in made, made
    for made in re.findall(r"button\(({.*?})\) }}", source(path)):
        assert '"href"' in made or '"preventDoubleClick": true' in made, made


def test_the_guard_has_both_of_its_parts() -> None:
    made = TEMPLATES.from_string(
        '{% from "parts.html" import confirm, once %}<b {{ once() }}></b>{{ confirm("Go", "/") }}'
    ).render()
    assert made.count('data-module="nhsuk-button"') == 2
    assert made.count('data-prevent-double-click="true"') == 2


@pytest.mark.parametrize("path", PATIENTS, ids=named)
def test_patients_pages_promise_nothing_that_needs_a_script(path: Path) -> None:
    """Their headers forbid scripts, so a guard would be none."""
    assert "script-src" not in HEADERS["Content-Security-Policy"]
    assert not re.search(r"preventDoubleClick|data-prevent-double-click|<script", source(path))


def test_tables_that_phones_lay_out_anew_say_what_they_are() -> None:
    found = [table for path in STAFFS for table in CHANGED_ON_PHONES.findall(source(path))]
    assert len(found) == 4
    for table in found:
        for name, more in re.findall(r"<(table|thead|tbody|tfoot|tr|th|td)\b([^>]*)", table):
            (role,) = re.findall(r'role="(\w+)"', more)
            assert role in TABLE_ROLES[name], (name, more)
            assert name != "th" or (role == "rowheader") == ('scope="row"' in more)


@pytest.mark.parametrize("name", ["target_new.html", "target_settings.html"])
def test_forms_say_that_patients_see_a_targets_name(name: str) -> None:
    (path,) = (one for one in STAFFS if one.name == name)
    assert "{{ target_name(form, wrong" in source(path)
    form = '{% from "forms.html" import target_name %}{{ target_name({"name": "Flu"}, {}) }}'
    said = TEMPLATES.from_string(form).render()
    assert "Patients see it in texts, in letters and on the booking page." in said
    assert not any("do not see it" in source(one) for one in STAFFS)


def test_an_errands_progress_is_no_live_region_but_has_one_beside_it() -> None:
    (path,) = (one for one in STAFFS if one.name == "errand.html")
    assert "aria-live" not in source(path)
    assert re.search(r'id="errand-said" role="status"></p>', source(path))
