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
        ("Option B", "b"),
        ("Hi, can I have b please x", "b"),
        ("OK C!!! 👍", "c"),
        ("B B", "b"),
        ("🅱️", "b"),
        ("I'll take a", "a"),
        ("slot b would be great thanks", "b"),
        ("A B", "unknown"),
        ("A/B", "unknown"),
        ("not A", "unknown"),
        ("either", "unknown"),
        ("I want a different day", "unknown"),
        ("yes", "unknown"),
        ("no", "unknown"),
        ("stop texting me", "stop"),
        ("Please stop sending these messages!", "stop"),
        ("don't text me", "stop"),
        ("do not send me any more texts please", "stop"),
        ("stop B", "unknown"),
        ("decline thanks", "decline"),
        ("I need to cancel please", "cancel"),
        ("cancel B", "unknown"),
    ],
)
def test_a_reply_is_understood_or_left_to_a_person(text: str, meaning: str) -> None:
    assert meaning_of(text) == meaning


def test_full_width_letters_are_letters() -> None:
    assert meaning_of("\uff21") == "a"
