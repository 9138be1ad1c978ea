"""The documents speak of what there is."""

import re
from typing import get_args

import pytest

from catalogue.places import DOCS
from recall.contracts import vocabulary

GLOSSARY = (DOCS / "glossary.md").read_text()
CODES = (DOCS / "codes.md").read_text()

CLOSED_LISTS = (
    "Status",
    "TargetState",
    "Outcome",
    "Delivery",
    "DeliveryNews",
    "AnsweredVia",
    "UndeliverableReason",
    "AlertCode",
    "QueueReason",
    "Description",
)


@pytest.mark.parametrize("name", CLOSED_LISTS)
def test_every_code_of_a_closed_list_is_listed(name: str) -> None:
    for code in get_args(getattr(vocabulary, name)):
        assert f"`{code}`" in CODES


def test_no_closed_list_is_forgotten() -> None:
    lists = {
        name
        for name, value in vars(vocabulary).items()
        if not name.startswith("_") and get_args(value) and isinstance(get_args(value)[0], str)
    }
    assert lists == set(CLOSED_LISTS)


@pytest.mark.parametrize("status", vocabulary.STATUSES)
def test_the_glossary_explains_every_status(status: vocabulary.Status) -> None:
    assert f"*{vocabulary.STATUS_TEXTS[status]}* (`{status}`)" in GLOSSARY


@pytest.mark.parametrize("outcome", get_args(vocabulary.Outcome))
def test_the_glossary_explains_every_outcome(outcome: str) -> None:
    assert f"*{outcome.capitalize()}*:" in GLOSSARY


def test_every_description_has_a_sentence() -> None:
    for code in vocabulary.DESCRIPTIONS:
        assert vocabulary.describe(code, "sms")
        assert "{" not in vocabulary.describe(code)


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: object) -> None:
    text = page.read_text()  # type: ignore[attr-defined]
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (page.parent / link).exists(), link  # type: ignore[attr-defined]
