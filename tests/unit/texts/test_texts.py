"""What practices write, what patients read, and what it costs."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from recall.texts import (
    HELP_BY_PHONE,
    HELP_WITH_LINK,
    MESSAGES,
    Facts,
    TemplateError,
    downgraded,
    estimate,
    example,
    faults_of,
    filled,
    further_text,
    price,
    size_of,
    standard_text,
)
from recall.texts.templates import rendered

SLOTS = [datetime(2025, 9, 15, hour, 0, tzinfo=UTC) for hour in (8, 9, 10)]
ADULT = Facts(
    target="Flu",
    greeting="Dear Siân",
    for_child=False,
    offer=SLOTS,
    expires_at=datetime(2025, 9, 8, 8, 0, tzinfo=UTC),
)


def test_the_standard_text_reads_as_it_always_has() -> None:
    assert filled(standard_text("sms"), ADULT) == (
        "Dear Siân, you are invited to book a Flu appointment. Reply A Monday 15 September at 9 am; "
        "B Monday 15 September at 10 am; C Monday 15 September at 11 am. Or reply DECLINE. "
        "Reply STOP to get no more texts."
    )


def test_a_childs_parent_is_written_to_and_never_by_the_childs_name() -> None:
    facts = Facts(
        target="Childhood Immunisations",
        greeting="Dear parent or carer",
        for_child=True,
        link="https://book.example/b/AAAAAAAAAAAAAAAAAAAAAA",
        expires_at=datetime(2025, 9, 8, 8, 0, tzinfo=UTC),
    )
    assert filled(standard_text("sms-link"), facts) == (
        "Dear parent or carer, your child is invited to book a Childhood Immunisations appointment. "
        "Choose a time at https://book.example/b/AAAAAAAAAAAAAAAAAAAAAA before Monday 8 September "
        "at 9 am."
    )


def test_without_a_free_slot_the_text_says_to_call() -> None:
    text = filled(standard_text("sms"), Facts(target="Flu", greeting="Dear Ann", for_child=False,
                                              expires_at=SLOTS[0]))  # fmt: skip
    assert "Please call the practice to book." in text
    assert "Reply A" not in text


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("Hello ((First name))", "Hello Ann"),
        ("((child??not this))this", "this"),
        ("((adult??Dear ((first_name)) (you)))!", "Dear Ann (you)!"),
        ("a (b) c", "a (b) c"),
        ("((adult??((adult??in ((first_name))))))", "in Ann"),
    ],
)
def test_a_template_is_filled(template: str, text: str) -> None:
    assert rendered(template, {"first_name": "Ann"}, {"adult": True, "child": False}) == text


@pytest.mark.parametrize("template", ["((first_name", "((child??x", "(())", "((a (b))"])
def test_a_template_that_cannot_be_read_says_so(template: str) -> None:
    with pytest.raises(TemplateError):
        rendered(template, {}, {})


@pytest.mark.parametrize(
    ("template", "channel", "code"),
    [
        ("Dear ((first_name)), ((surname)) ((offer))", "sms", "unknown_field"),
        ("((over_65??x)) ((offer))", "sms", "unknown_flag"),
        ("((link))", "sms", "unknown_field"),
        ("((offer))", "sms-link", "unknown_field"),
        ("Come and see us", "sms", "missing_field"),
        ("((child??((offer))))", "sms", "missing_field"),
        ("Come and see us", "letter", "missing_field"),
        ("x ((offer", "sms", "unreadable"),
        ("((offer)) https://a.example/?n=((first_name))", "sms", "personal_data_in_link"),
        ("((link))((first_name))", "sms-link", "personal_data_in_link"),
        ("((offer)) www.a.example/9990000018", "sms", "personal_data_in_link"),
        ("((offer)) https://a.example/ann@b.example", "sms", "personal_data_in_link"),
        ("((offer))" + "x" * 900, "sms", "too_long"),
    ],
)
def test_a_wording_that_may_not_be_saved_says_why(template: str, channel: str, code: str) -> None:
    assert [fault.code for fault in faults_of(template, channel, "Flu")] == [code]


@pytest.mark.parametrize("channel", ["sms", "sms-link", "letter", "carrier-pigeon"])
def test_the_standard_wording_may_be_saved(channel: str) -> None:
    assert faults_of(standard_text(channel), channel, "Childhood Immunisations") == []


def test_a_letter_may_give_the_code_alone() -> None:
    assert faults_of("Dear ((first_name)), type ((code)).", "letter", "Flu") == []


def test_typographic_signs_are_made_plain_and_names_are_not() -> None:
    said = downgraded("\u201cSi\u00e2n\u2019s \u2013 fine\u2026\u201d\u00a0\u200b")
    assert said == '"Si\u00e2n\'s - fine..." '
    assert size_of("It is \u2013 fine").encoding == "UCS-2"
    assert size_of(downgraded("It is \u2013 fine")).encoding == "GSM-7"


@pytest.mark.parametrize(
    ("text", "encoding", "units", "parts"),
    [
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("é" * 160, "GSM-7", 160, 1),
        ("ŵ" * 70, "UCS-2", 70, 1),
        ("ŵ" * 71, "UCS-2", 71, 2),
        ("🙂" * 35, "UCS-2", 70, 1),
    ],
)
def test_parts_are_counted_as_networks_count_them(
    text: str, encoding: str, units: int, parts: int
) -> None:
    size = size_of(text)
    assert (size.encoding, size.units, size.parts) == (encoding, units, parts)


def test_a_text_is_priced_by_its_parts_for_the_longest_name() -> None:
    size = estimate(standard_text("sms"), "sms", "Childhood Immunisations")
    assert (size.parts, size.parts_unusual_name) == (2, 4)
    assert size.cost == {"pence": "4.80", "pence_with_vat": "5.76"}
    assert price(Decimal("2.4")) == {"pence": "2.40", "pence_with_vat": "2.88"}
    letter = estimate(standard_text("letter"), "letter", "Flu")
    assert (letter.parts, letter.cost) == (None, {"pence": "76.00", "pence_with_vat": "91.20"})
    assert estimate(standard_text("pigeon"), "pigeon", "Flu").cost is None


def test_an_example_shows_both_readers() -> None:
    assert "Dear Ann, you are" in example(standard_text("sms"), "sms", "Flu")
    assert "Dear parent or carer, your child is" in example(
        standard_text("sms"), "sms", "Flu", child=True
    )


def test_every_further_message_is_a_template_of_the_same_language() -> None:
    for template in (*MESSAGES.values(), HELP_WITH_LINK, HELP_BY_PHONE):
        assert "((" not in filled(template, ADULT)


def test_the_help_text_says_how_this_round_is_answered() -> None:
    assert "Reply with the letter" in further_text("help", "sms", None)
    assert "((link))" in further_text("help", "sms-link", "https://made.up/b/x")
    assert further_text("help", "sms-link", None) == HELP_BY_PHONE
    assert further_text("declined", "sms-link", None) == MESSAGES["declined"]
