"""Whatever practices write and patients are called, texts come out whole or are refused."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from recall.texts import Facts, TemplateError, downgraded, faults_of, filled, size_of
from recall.texts.estimating import LONGEST_NAME, longest_size
from recall.texts.templates import names_of

pieces = st.sampled_from(
    ["((first_name))", "((offer))", "((child??", "((adult??", "))", "((", "(", ")", "??", " ", "x"]
)
templates = st.lists(pieces | st.text(max_size=5), max_size=12).map("".join)
names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)


def facts(name: str, *, child: bool = False) -> Facts:
    at = datetime(2025, 9, 15, 8, 20, tzinfo=UTC)
    return Facts(
        target="Flu", greeting=f"Dear {name}", for_child=child, offer=[at] * 3, expires_at=at
    )


@given(templates)
def test_any_template_is_read_or_refused_in_words(template: str) -> None:
    unreadable = False
    try:
        names_of(template)
    except TemplateError:
        unreadable = True
    faults = faults_of(template, "sms", "Flu")
    assert ([fault.code for fault in faults] == ["unreadable"]) == unreadable
    assert all(fault.text.endswith(".") for fault in faults)


@given(templates, names)
def test_what_may_be_saved_can_be_sent(template: str, name: str) -> None:
    if faults_of(template, "sms", "Flu"):
        return
    for child in (False, True):
        text = filled(template, facts(name, child=child))
        assert "A Monday 15 September at 9:20 am" in text


@given(names)
def test_a_name_is_sent_as_its_owner_spells_it(name: str) -> None:
    # What is in a name is text, never a field.
    text = filled("Dear ((first_name))!", facts(name))
    assert text.removeprefix("Dear ").removesuffix("!") == name


@given(st.text(st.characters(codec="iso-8859-1", exclude_categories=["Cc"]), max_size=21))
def test_no_plausible_name_takes_more_parts_than_were_told(name: str) -> None:
    template = "Dear ((first_name)), ((offer)). Reply STOP to get no more texts."
    told = longest_size(template, "sms", "Flu", LONGEST_NAME)
    size = size_of(downgraded(filled(template, facts(name))))
    if size.encoding == "GSM-7" and size.units <= told.units:
        assert size.parts <= told.parts


@given(st.text(max_size=400))
def test_making_plain_twice_is_making_plain_once(text: str) -> None:
    assert downgraded(downgraded(text)) == downgraded(text)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=400))
def test_parts_hold_the_whole_text(text: str) -> None:
    size = size_of(text)
    one, more = (160, 153) if size.encoding == "GSM-7" else (70, 67)
    assert size.parts == 1 if size.units <= one else size.units <= size.parts * more
