"""A patient's timeline tells what happened in the order in which it came about."""

from datetime import UTC, datetime

from dashboard.timeline import Entry, in_order


def test_what_happened_in_one_instant_is_told_in_the_order_of_cause() -> None:
    at = datetime(2025, 9, 8, 8, tzinfo=UTC)
    told = [
        Entry("p", ".2/invited", at, "invited", 2, None, None, "workflow"),
        Entry("p", "/unanswered/1", at, "unanswered", 1, "sms", None, "invitations"),
        Entry("p", ".3/invited", at, "invited", 3, None, None, "workflow"),
        Entry("p", "/undelivered/2", at, "undeliverable", 2, "sms-link/unreachable", None, "x"),
        Entry("p", ".1/invited", at, "invited", 1, None, None, "workflow"),
        Entry("p", "/removed", at, "removed", 3, None, None, "staff"),
        Entry("p", "/enrolled/1", at, "enrolled", None, None, None, "staff"),
    ]
    assert [(entry.what, entry.round) for entry in in_order(told)] == [
        ("enrolled", None),
        ("invited", 1),
        ("unanswered", 1),
        ("invited", 2),
        ("undeliverable", 2),
        ("invited", 3),
        ("removed", 3),
    ]
