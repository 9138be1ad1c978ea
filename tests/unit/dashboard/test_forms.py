"""What staff type, read leniently, and what is wrong with it said at its box."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from dashboard.forms import slot_words, verdicts
from dashboard.forms.done import done
from dashboard.forms.rounds import TEMPLATE, RoundForm, changed_round, round_body, shown_round
from dashboard.forms.settings import change_of, told
from dashboard.forms.slots import (
    MOST_SLOTS,
    Pattern,
    PatternForm,
    Slot,
    planned,
    read_pattern,
    slots_body,
    slots_of,
)
from dashboard.forms.targets import (
    TargetForm,
    blank,
    target_body,
    troubles_of,
    typed_target,
    used_places,
)
from dashboard.forms.values import DateTyped, Values, date_boxes, read_clock, read_whole
from dashboard.sending import FieldError

BEGINS, ENDS = date(2025, 9, 15), date(2025, 9, 24)


def filled(**changes: Any) -> TargetForm:
    return replace(blank(date(2025, 9, 1)), name="Flu", practice="A81001", **changes)


def boxes(troubles: Any) -> list[str]:
    return [trouble.field for trouble in troubles]


def ingests(**changes: Any) -> dict[str, Any]:
    """A target as ingest answers."""
    body, troubles = target_body(filled())
    assert not troubles
    for place, found in enumerate(body["rounds"], 1):
        found["round"] = place
        found["send_window"].setdefault("bank_holidays", True)
    return {**body, "target_id": "t-1", "version": 3, "state": "active", **changes}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("8", "08:00"),
        ("8am", "08:00"),
        ("12 am", "00:00"),
        ("12pm", "12:00"),
        ("6.30 PM", "18:30"),
        ("0830", "08:30"),
        ("24:00", "24:00"),
        ("24:01", None),
        ("8:60", None),
        ("13pm", None),
        ("noon", None),
        ("", None),
        ("٨", None),
    ],
)
def test_a_time_of_day_is_read_in_any_usual_writing(typed: str, meant: str | None) -> None:
    assert read_clock(typed) == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (DateTyped("15", "9", "2025"), BEGINS),
        (DateTyped("15", "September", "2025"), BEGINS),
        (DateTyped("31", "2", "2025"), None),
        (DateTyped("15", "9", "25"), None),
        (DateTyped("15", "0", "2025"), None),
        (DateTyped("15", "xyz", "2025"), None),
        (DateTyped(), None),
    ],
)
def test_a_date_is_a_day_of_the_calendar(typed: DateTyped, meant: date | None) -> None:
    assert typed.read() == meant


def test_whole_numbers_begin_at_one() -> None:
    assert [read_whole(text, 10) for text in ("1", "10", "0", "11", "x", "")] == [1, 10] + [
        None
    ] * 4


def test_the_form_comes_with_the_template_and_is_complete_but_for_names() -> None:
    body, troubles = target_body(blank(date(2025, 9, 1)))
    assert boxes(troubles) == ["name", "practice"]
    assert [found["channel"] for found in body["rounds"]] == ["sms", "sms-link", "letter"]
    assert body["booking_window"] == {"from": "2025-09-15", "to": "2025-10-12"}


def test_every_wrong_answer_is_told_at_its_box_in_the_order_of_the_page() -> None:
    wrong = RoundForm(name="", answer="0", days=(), opens="18:00", closes="8:00", channel="other")
    form = TargetForm(
        begins=date_boxes(ENDS), ends=date_boxes(BEGINS), per_slot="0", rounds=(wrong,)
    )
    assert boxes(target_body(form)[1]) == [
        "name",
        "practice",
        "ends-day",
        "per-slot",
        "rounds-0-other",
        "rounds-0-name",
        "rounds-0-answer",
        "rounds-0-days",
        "rounds-0-closes",
    ]
    none = target_body(filled(rounds=()))[1]
    assert boxes(none) == ["rounds-0-used"]


def test_any_number_of_invitations_is_null() -> None:
    assert target_body(filled(limit="any"))[0]["invitations_per_slot"] is None
    assert target_body(filled(per_slot="1.5"))[0]["invitations_per_slot"] == 1.5


def test_what_was_typed_comes_back_as_the_same_form() -> None:
    values = Values(
        [("name", " Flu "), ("practice", "a81 001"), ("limit", "any"), ("rounds-1-used", "yes"),
         ("rounds-1-channel", "letter"), ("rounds-1-name", "Post"), ("rounds-1-days", "tue"),
         ("rounds-1-days", "mon"), ("rounds-1-holidays", "yes"), ("rounds-1-text", "a\r\nb")]
    )  # fmt: skip
    form = typed_target(values)
    assert (form.name, form.practice, form.limit, used_places(form)) == (
        "Flu",
        "A81001",
        "any",
        [1],
    )
    assert form.rounds[1].days == ("mon", "tue")
    assert form.rounds[1].not_on_bank_holidays
    assert form.rounds[1].text == "a\nb"


def test_what_ingest_finds_wrong_is_told_at_the_box_it_was_typed_in() -> None:
    found = [
        FieldError("rounds.1.send_window.from", "from"),
        FieldError("rounds.1.send_window", "window"),
        FieldError("rounds.0.text", "text"),
        FieldError("booking_window.to", "to"),
        FieldError("rounds", "rounds"),
        FieldError("something.else", "else"),
    ]
    assert boxes(troubles_of(found, [0, 4])) == [
        "rounds-4-opens",
        "rounds-4-closes",
        "rounds-0-text",
        "ends-day",
        "rounds-0-used",
        "",
    ]


def test_bank_holidays_are_named_only_when_they_are_left_out() -> None:
    body, _ = round_body(replace(TEMPLATE[0], not_on_bank_holidays=True), "r")
    assert body["send_window"]["bank_holidays"] is False
    assert shown_round(body).not_on_bank_holidays
    again, _ = round_body(TEMPLATE[0], "r")
    assert changed_round(body, again)["send_window"]["bank_holidays"] is True


def test_an_answer_time_keeps_its_unit() -> None:
    for text, shown in (
        ("P7D", ("7", "days")),
        ("P2W", ("14", "days")),
        ("PT36H", ("36", "hours")),
    ):
        form = shown_round(ingests()["rounds"][0] | {"respond_within": text})
        assert (form.answer, form.unit) == shown


def test_a_section_changes_nothing_but_itself() -> None:
    body = ingests()
    pairs = [("section", "round-2"), ("rounds-1-name", "Again"), ("rounds-1-answer", "3"),
             ("rounds-1-unit", "days"), ("rounds-1-days", "mon"), ("rounds-1-opens", "9"),
             ("rounds-1-closes", "17")]  # fmt: skip
    change = change_of(Values(pairs), body)
    assert change is not None
    assert not change.troubles
    rounds = change.patch["rounds"]
    assert [rounds[0], rounds[2]] == [body["rounds"][0], body["rounds"][2]]
    assert (rounds[1]["name"], rounds[1]["respond_within"]) == ("Again", "P3D")
    assert (rounds[1]["channel"], rounds[1]["round"]) == ("sms-link", 2)
    assert set(change.patch) == {"rounds"}
    assert dict(told("round-2", {**body, **change.patch}))["Sends"] == "Monday, 09:00 to 17:00"


def test_a_round_is_added_at_the_end() -> None:
    pairs = [("section", "added"), ("added-channel", "other"), ("added-other", "whatsapp"),
             ("added-name", "Chat"), ("added-answer", "2"), ("added-days", "mon"),
             ("added-opens", "9"), ("added-closes", "17")]  # fmt: skip
    change = change_of(Values(pairs), ingests())
    assert change is not None
    assert [found["channel"] for found in change.patch["rounds"]][3:] == ["whatsapp"]


def test_sections_that_are_not_there_are_no_change() -> None:
    for section in ("", "round-0", "round-4", "state"):
        assert change_of(Values([("section", section)]), ingests()) is None


def test_a_pattern_counts_out_slots_between_breaks_for_each_clinician() -> None:
    form = PatternForm(date_boxes(BEGINS), date_boxes(ENDS), opens="9", closes="10:45", minutes="15",
                       breaks="9:30 to 10", clinicians="Ann\n\nBob\nAnn")  # fmt: skip
    pattern, troubles = read_pattern(form)
    assert pattern is not None
    assert not troubles
    slots = slots_of(pattern)
    first = [slot_words.clock(s.starts_at) for s in slots if s.clinician == "Ann"][:5]
    assert first == ["09:00", "09:15", "10:00", "10:15", "10:30"]
    assert len(slots) == 8 * 2 * 5
    assert slots_body(slots)["slots"][0] == {
        "starts_at": "2025-09-15T08:00:00Z",
        "minutes": 15,
        "clinician": "Ann",
    }


def test_a_wrong_pattern_is_told_at_its_boxes() -> None:
    form = PatternForm(date_boxes(ENDS), date_boxes(BEGINS), days=(), opens="17", closes="9",
                       minutes="0", breaks="lunch", clinicians="x" * 121)  # fmt: skip
    pattern, troubles = read_pattern(form)
    assert pattern is None
    assert boxes(troubles) == ["ends-day", "days", "closes", "minutes", "breaks", "clinicians"]


def test_too_many_slots_stop_the_count_early() -> None:
    pattern = Pattern(BEGINS, BEGINS + timedelta(days=180), ("mon",), "00:00", "24:00", 1)
    assert len(slots_of(pattern)) == MOST_SLOTS + 1


def test_slots_that_overlap_or_have_passed_are_left_out_and_those_that_stand_are_known() -> None:
    begin = datetime(2025, 9, 15, 8, tzinfo=UTC)
    slots = [Slot(begin + timedelta(minutes=10 * n), 10, "Ann") for n in range(6)]
    standing = [
        slots[3],
        Slot(begin + timedelta(minutes=45), 10, "Ann"),
        replace(slots[2], clinician="Bob"),
    ]
    plan = planned(slots, standing, begin)
    assert plan.past == 1
    assert plan.overlapping == 2
    assert plan.slots == slots[1:4]
    assert plan.new == slots[1:3]
    said = slot_words.preview(plan, BEGINS, ENDS)
    assert said["title"] == "This adds 2 slots on 1 day"
    assert said["notes"][0] == "1 slot stands already and is not added again."


def test_what_was_done_is_told_by_a_code_alone() -> None:
    assert done("<script>") is None
    assert (
        slot_words.result({"added": "96", "known": "0", "bad": "x"}) == "96 slots have been added."
    )
    assert slot_words.result({"withdrawn": "1"}) == "1 slot has been withdrawn."
    assert slot_words.result({"added": "<b>"}) is None


def test_a_verdict_says_what_a_file_came_to() -> None:
    answer = {"rows": 9, "enrolled": 4, "alerts": 1, "duplicates": 2, "rejected": 2,
              "problems": [{}, {}], "problems_total": 3}  # fmt: skip
    assert verdicts.headline(answer) == "9 rows read: 5 patients added to the target"
    assert sum(figure.n for figure in verdicts.figures(answer)) == 9
    assert verdicts.problems_title(answer) == "The first 2 of 3 problems"
