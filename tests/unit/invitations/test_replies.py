"""What a patient's words mean."""

import pytest

from invitations.replies import meaning_of


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("A", "a"),
        ("b", "b"),
        (" C. ", "c"),
        ("b please", "b"),
        ("“A”", "a"),
        ("'c'", "c"),
        ("Option B thanks", "b"),
        ("I'd like A", "a"),
        ("yes a", "a"),
        ("A is fine", "a"),
        ("DECLINE", "decline"),
        ("Decline!", "decline"),
        ("no thanks", "decline"),
        ("STOP", "stop"),
        ("Stop.", "stop"),
        ("stop please", "stop"),
        ("UNSUBSCRIBE", "stop"),
        ("START", "start"),
        ("cancel my appointment", "cancel"),
        ("CANCEL", "cancel"),
        ("A or B", "unknown"),
        ("a great idea", "unknown"),
        ("who is this", "unknown"),
        ("D", "unknown"),
        ("", "unknown"),
        ("🙂", "unknown"),
        ("don't stop", "unknown"),
    ],
)
def test_a_reply_is_understood_or_left_to_a_person(text: str, meaning: str) -> None:
    assert meaning_of(text) == meaning


def test_full_width_letters_are_letters() -> None:
    assert meaning_of("\uff21") == "a"
