"""Pure parts of the pages about patients: choices, files, days, sentences."""

import csv
import io
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import coming_screen, export, people_screen, person_screen, screens
from dashboard.cells import Cell, chosen, shown_description
from dashboard.coming import Coming, parse_coming, place_of
from dashboard.errand import (
    Chosen,
    header_text,
    headline,
    hidden,
    in_words,
    query,
    read_chosen,
    rest,
)
from dashboard.filters import FilterError, Filters, Waiting
from dashboard.timeline import Entry, entry_of, in_order, sentence
from dashboard.views import RoundSetting, Target
from recall.kit import wire

PATIENT = "0190cafe-0000-8000-8000-00000000000a"
AT = datetime(2025, 9, 12, 11, tzinfo=UTC)


def target(**changes: Any) -> Target:
    fields: dict[str, Any] = {
        "id": "t-1",
        "name": "Flu: over 65s",
        "practice": "A81001",
        "state": "active",
        "rounds": [RoundSetting(1, "sms", "SMS invitation")],
        "window_from": date(2025, 9, 15),
        "window_to": date(2025, 9, 30),
        "available": 0,
        "histogram": {},
        "queues": [],
    }
    return Target(**fields | changes)


def row(**changes: Any) -> Mapping[str, Any]:
    return {
        "patient_id": PATIENT,
        "nhs_number": "9990000018",
        "name": "Ann Smith",
        "round": 1,
        "status": "booked",
        "description": "booked_by_page",
        "until": None,
        "alert": None,
        "delivery": None,
        "slot_id": None,
        "starts_at": None,
        "minutes": None,
        "clinician": None,
        "updated_at": AT,
    } | changes


def test_a_queued_patient_has_the_description_of_their_queue() -> None:
    queues = [Waiting(1, "waiting_for_slot", None)]
    cells = [
        Cell(1, 1, "in_queue", "in_queue", 5),
        Cell(2, 2, "in_queue", "waiting_for_slot", 7),
        Cell(3, 1, "booked", "booked_by_page", 9),
    ]
    found = chosen(cells, Filters(description="waiting_for_slot"), queues)
    assert [cell.id for cell in found] == [1, 2]
    assert chosen(cells, Filters(description="in_queue"), queues) == []
    assert shown_description(cells[2], {1: "waiting_for_slot"}) == "booked_by_page"


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_no_cell_of_a_file_begins_as_a_formula_and_each_is_read_again(texts: list[str]) -> None:
    (read,) = csv.reader(io.StringIO(export.lines([texts]).decode(), newline=""), strict=True)
    assert len(read) == len(texts)
    for text, found in zip(texts, read, strict=True):
        assert found.removeprefix("'") in {text.replace("\0", ""), text.replace("\0", "")[1:]}
        assert found.lstrip()[:1] not in {"=", "+", "-", "@"}
        assert found[:1] not in {"\t", "\r", "\n"}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1", " =1", "\u00a0=1"])
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert export.safe(text) == f"'{text}"


def test_a_line_of_the_file_has_a_value_for_each_column() -> None:
    line = export.patient_line(row(starts_at=AT, delivery="delivered"), target())
    assert dict(zip(export.PATIENT_COLUMNS, line, strict=True)) == {
        "NHS number": "999 000 0018",
        "Name": "Ann Smith",
        "Round": "SMS invitation",
        "Status": "Booked",
        "Description": "Booked from SMS",
        "Delivery": "delivered",
        "Appointment": "2025-09-12 12:00",
        "Last change": "2025-09-12 12:00",
    }
    assert export.patient_line(row(nhs_number=None, name=None), target())[:2] == ["", ""]
    assert len(export.appointment_line(row(starts_at=AT))) == len(export.APPOINTMENT_COLUMNS)
    assert export.file_name(target(), "patients", AT) == "flu-over-65s-patients-2025-09-12.csv"
    assert export.file_name_of("流感", "patients", "2025-09-12") == "patients-2025-09-12.csv"


def test_a_choice_is_carried_from_page_to_page() -> None:
    picked = read_chosen([("status", "booked"), ("patient", PATIENT), ("patient", PATIENT)])
    assert picked == Chosen(Filters(status="booked"), (PATIENT,))
    assert read_chosen(hidden(picked)) == picked
    whole = Chosen(Filters(round=2, did_not_book_in=1))
    assert read_chosen(hidden(whole)) == whole


@pytest.mark.parametrize(
    "pairs",
    [
        [],
        [("patient", "x")],
        [("patient", PATIENT)] * 501,
        [("status", "lost")],
        # Without the number it would be everybody.
        [("whom", "all"), ("nhs_number", "9990000018")],
    ],
)
def test_a_choice_of_nobody_is_refused(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(FilterError):
        read_chosen(pairs)


def test_a_filter_reads_as_its_form_does() -> None:
    choices = {
        "statuses": {"booked": "Booked"},
        "descriptions": {"cancelled": "Appointment cancelled"},
        "rounds": {"1": "1. SMS invitation"},
    }
    filters = Filters(None, "booked", "cancelled", 1, 7)
    assert in_words(filters, choices) == [
        "Status: Booked",
        "Description: Appointment cancelled",
        "Round: 1. SMS invitation",
        "Did not book in: round 7",
    ]


def test_no_link_of_a_list_holds_an_nhs_number() -> None:
    filters = Filters("9990000018", status="booked")
    assert screens.query_of(filters, "name") == query(filters) == "status=booked"
    choices = screens.form(target(), filters, "name")
    assert "9990000018" not in str(choices).replace(" ", "")
    screen = people_screen.list_screen(target(), filters, "name", choices, [row()], 1)
    assert "9990000018" not in str(screen).replace(" ", "")


def test_what_an_errand_did_is_said_exactly() -> None:
    assert headline("remove", 1, 1) == "1 patient was removed"
    assert headline("reprocess", 2, 2) == "2 patients were checked again"
    assert headline("remove", 0, 0) == "Nobody was removed"
    assert rest("remove", 3, 3) == ""
    assert rest("remove", 1200, 1199) == (
        "1 of the 1,200 patients chosen was not on the target any more."
    )
    assert rest("reprocess", 5, 3) == "2 patients were not on the target any more."


@given(st.text())
def test_a_name_always_fits_into_a_header(name: str) -> None:
    text = header_text(name)
    assert text.isascii()
    assert text == "" or text.isprintable()


def test_alerts_are_grouped_over_rounds_the_largest_group_first() -> None:
    cells = [
        Cell(1, 0, "patient_alert", "deceased", 2),
        Cell(2, 0, "patient_alert", "no_match", 2),
        Cell(3, 2, "patient_alert", "no_match", 1),
        Cell(4, 0, "patient_alert", "restricted", 0),
        Cell(5, 1, "booked", "booked_by_page", 9),
    ]
    groups = people_screen.alert_groups(target(), cells)
    assert [(group["code"], group["n"]) for group in groups] == [("no_match", 3), ("deceased", 2)]
    assert groups[0]["action"].startswith("Check both")


def test_days_are_londons_and_a_cut_day_has_no_total() -> None:
    rows = [
        row(starts_at=datetime(2025, 9, 15, 8, tzinfo=UTC)),
        row(starts_at=datetime(2025, 9, 15, 23, 30, tzinfo=UTC), clinician="Dr Oz", minutes=10),
    ]
    days = coming_screen.days(rows, Coming(), first=True, more=True)
    assert [(day["date"], day["whole"]) for day in days] == [
        ("2025-09-15", True),
        ("2025-09-16", False),
    ]
    assert days[1]["name"] == "Tuesday 16 September 2025"
    assert days[1]["query"] == "from=2025-09-16&to=2025-09-16"
    assert coming_screen.typed({"from": "x", "clinician": " A "}) == {
        "from": "",
        "to": "",
        "clinician": "A",
    }


def test_days_of_a_filter_begin_and_end_at_londons_midnight() -> None:
    asked = parse_coming({"from": "2025-09-15", "to": "2025-09-15", "clinician": " "})
    assert asked.begin == datetime(2025, 9, 14, 23, tzinfo=UTC)
    assert asked.end == datetime(2025, 9, 15, 23, tzinfo=UTC)
    assert asked.clinician is None
    cursor = place_of(AT, PATIENT)
    assert parse_coming({"cursor": cursor}).after == (AT, PATIENT)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"from": "15/09/2025"}, "from"),
        ({"to": "0001-01-01"}, "to"),
        ({"to": "9999-12-31"}, "to"),
        ({"from": "2025-09-16", "to": "2025-09-15"}, "to"),
        ({"clinician": "a\x00b"}, "clinician"),
        ({"cursor": "bm90"}, "cursor"),
        ({"cursor": "é"}, "cursor"),
    ],
)
def test_a_filter_of_appointments_that_cannot_be_meant_is_refused(
    query: dict[str, str], field: str
) -> None:
    with pytest.raises(FilterError) as refused:
        parse_coming(query)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("status", "starts_at", "texts"),
    [
        ("in_queue", None, ["Book", "Record", "Correct name", "Opt out", "Remove"]),
        ("did_not_book", None, ["Book", "Record", "Correct name", "Opt out", "Remove"]),
        ("declined", None, ["Book", "Correct name", "Opt out", "Remove"]),
        ("being_invited", None, ["Book", "Record", "Correct name", "Opt out", "Remove"]),
        ("booked", AT.replace(day=15), ["Cancel", "Correct name", "Opt out", "Remove"]),
        ("booked", AT.replace(day=1), ["Correct name", "Opt out", "Remove"]),
        ("patient_alert", None, ["Reprocess", "Correct name", "Opt out", "Remove"]),
        ("removed", AT.replace(day=15), ["Cancel", "Opt out"]),
    ],
)
def test_staff_are_offered_what_can_be_done_in_a_status(
    status: str, starts_at: datetime | None, texts: list[str]
) -> None:
    shown = person_screen.person_screen(row(status=status, starts_at=starts_at), [], target(), AT)
    offered = [text for text, _ in shown["acts"]]
    assert len(offered) == len(texts)
    assert all(text.startswith(begin) for text, begin in zip(offered, texts, strict=True))


@pytest.mark.parametrize(
    ("description", "delivery", "said"),
    [
        ("booked_by_page", "sending", "SMS was answered"),
        ("booked_by_reply", "delivered", "SMS was delivered"),
        ("booked_by_staff", "sending", "SMS was sent; not known yet whether it arrived"),
        ("booked_by_staff", "failed", "SMS was not delivered"),
        ("declined_by_reply", "sending", "SMS was answered"),
    ],
)
def test_a_message_that_was_answered_is_not_being_sent(
    description: str, delivery: str, said: str
) -> None:
    shown = row(description=description, delivery=delivery)
    assert person_screen.person_screen(shown, [], target(), AT)["delivery"] == said


def test_who_dealt_with_a_reply_is_named_once_and_nothing_is_delivered_again() -> None:
    about: dict[str, Any] = {
        "target_id": "t-1", "patient_id": PATIENT, "invitation_id": f"{PATIENT}.1", "round": 1,
        "channel": "sms", "state": "delivered", "noted_at": "2025-09-12T08:00:00.000000Z",
    }  # fmt: skip
    said = [
        wire.DeliveryNoted(**about, version=1, needs_reply=False, news="delivery"),
        wire.DeliveryNoted(**about, version=2, needs_reply=True, news="needs_reply"),
        wire.DeliveryNoted(
            **about, version=3, needs_reply=False, news="dealt_with", actor="staff:ann"
        ),
        wire.DeliveryNoted(
            **about, version=4, needs_reply=False, news="help_sent", actor="staff:ann"
        ),
    ]
    entries = [entry_of("recall.delivery.noted.v1", str(one.version), one) for one in said]
    told = [
        (entry.what, entry.actor, sentence(entry, round_name=None, local=str))
        for entry in entries
        if entry
    ]
    assert told == [
        ("delivered", "invitations", "The SMS invitation was delivered."),
        ("needs_reply", "patient", "The patient's reply to the SMS invitation is waiting for staff."),
        ("dealt_with", "staff:ann", "The patient's reply to the SMS invitation was dealt with."),
        ("help_sent", "staff:ann",
         "The patient's reply to the SMS invitation was answered with the help text."),
    ]  # fmt: skip


def test_a_cancellation_is_told_before_the_round_it_leads_to() -> None:
    def entry(what: str, at_round: int | None) -> Entry:
        return Entry(PATIENT, f"/{what}", AT, what, at_round, None, None, "staff")

    told = [entry("invited", 2), entry("cancelled", None), entry("booked_staff", 1)]
    assert [found.what for found in in_order(told)] == ["booked_staff", "cancelled", "invited"]
