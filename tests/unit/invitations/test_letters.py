"""A letter: its words, its place in the envelope's window, its tags; the code that it carries."""

import json
import re
import zlib
from datetime import UTC, date, datetime
from itertools import pairwise

import msgspec
import pytest

from invitations.codes import LENGTH, SIGNS, code_of, grouped, read_code
from invitations.glyphs import printable
from invitations.letters import Content, Letter, Opening, answer_by, set_out
from invitations.practices import Practice, practice_of, practices_of
from invitations.printing import Job, print_letters, printed

EXPIRES = datetime(2025, 9, 22, 8, tzinfo=UTC)
CONTENT = Content(
    addressee="Ann Other",
    address=("Ann Other", "1 Elm Road", "Ashmere", "ZY1 2AB"),
    greeting="Dear Ann",
    patient="Ann Other",
    for_child=False,
    target="Childhood Immunisations",
    practice=Practice("Elm Surgery", "01632 960 001", ("1 High Street",)),
    written_on=date(2025, 9, 8),
    expires_at=EXPIRES,
)
CODE = code_of(bytes(range(16)))
OPENING = Opening("recall.example/b", grouped(CODE), "https://recall.example/b/AAAA")


def letter(**changed: object) -> Letter:
    return Letter("1", msgspec.structs.replace(CONTENT, **changed), OPENING)


def opened(pdf: bytes) -> str:
    """A document with the streams that can be unpacked, unpacked."""
    found = [pdf.decode("latin-1")]
    for stream in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            found.append(zlib.decompress(stream[1]).decode("latin-1"))
        except zlib.error:
            continue
    return "\n".join(found)


def test_a_letter_says_who_invites_to_what_and_until_when() -> None:
    said = set_out(letter(), "")
    words = json.dumps(said)
    for part in (
        "Elm Surgery",
        "Childhood Immunisations",
        "01632 960 001",
        "recall.example/b",
        grouped(CODE),
    ):
        assert part in words
    assert said["greeting"] == "Dear Ann"
    assert said["answer_by"] == "Please answer by Sunday 21 September 2025."


def test_a_childs_letter_goes_to_the_parent_or_carer() -> None:
    said = set_out(letter(for_child=True), "")
    assert said["greeting"] == "To the parent or carer of Ann Other"
    assert (
        said["invited"]
        == "Ann Other is invited to an appointment at Elm Surgery: Childhood Immunisations."
    )
    assert "Enter Ann Other's date of birth." in said["steps"]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("expires_at", "last"),
    [
        (datetime(2025, 9, 22, 8, tzinfo=UTC), date(2025, 9, 21)),
        (datetime(2025, 9, 21, 23, tzinfo=UTC), date(2025, 9, 21)),
        (datetime(2025, 9, 8, 16, tzinfo=UTC), date(2025, 9, 8)),
    ],
)
def test_the_day_to_answer_by_is_the_last_whole_one(expires_at: datetime, last: date) -> None:
    assert answer_by(expires_at, date(2025, 9, 8)) == last


def test_a_letter_is_tagged_titled_in_english_and_has_its_fonts_in_it() -> None:
    text = opened(print_letters(Job("Letter from Elm Surgery", [letter()])).pdf)
    for sign in (
        "/StructTreeRoot",
        "/Marked true",
        "(en-GB)",
        "/FontFile2",
        "pdfuaid",
        "/H1",
        "/Alt",
    ):
        assert sign in text, sign
    assert "Letter from Elm Surgery" in text
    assert "/DisplayDocTitle true" in text


def test_the_same_job_gives_the_same_bytes() -> None:
    assert print_letters(Job("x", [letter()])) == print_letters(Job("x", [letter()]))


async def test_a_batch_is_printed_in_another_process_with_the_pages_of_each_letter() -> None:
    found = await printed(
        Job("Letters", [letter(), letter(large=True), letter(address=("W" * 200,) * 6)])
    )
    assert found.pdf.startswith(b"%PDF")
    assert list(found.pages) == [1, 2, 1]
    assert list(found.cut) == [2]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zoë  O’Connor", "Zoë O’Connor"),
        ("E\u0301milie", "Émilie"),
        ("a\u202eb\u200bc\u00ad", "abc"),
        ("one\ntwo\x00three", "one two three"),
        ("Ⅷ ｗ", "VIII w"),
        ("王", "?"),
    ],
)
def test_what_the_font_lacks_is_taken_apart_or_shown_as_a_question_mark(
    text: str, shown: str
) -> None:
    assert printable(text) == shown


def test_a_code_is_read_however_it_is_typed() -> None:
    assert len(CODE) == LENGTH
    assert read_code(grouped(CODE)) == CODE
    assert read_code(f" {grouped(CODE, '-').lower()}\t") == CODE
    for seen, meant in (("S", "5"), ("B", "8"), ("Z", "2"), ("G", "6")):
        assert read_code(CODE.replace(meant, seen)) == CODE
    assert read_code("") is read_code(CODE[:-1]) is read_code("A" * LENGTH) is None


def test_one_wrong_sign_or_two_in_the_wrong_order_are_always_noticed() -> None:
    for place in range(LENGTH):
        for sign in set(SIGNS) - {CODE[place]}:
            assert read_code(CODE[:place] + sign + CODE[place + 1 :]) is None
    for place, (one, other) in enumerate(pairwise(CODE)):
        swapped = CODE[:place] + other + one + CODE[place + 2 :]
        assert read_code(swapped) == (CODE if one == other else None)


def test_a_practice_is_the_directorys_or_made_up() -> None:
    text = '{"A81001": {"name": "Elm Surgery", "phone": "01632 960 001"}}'
    assert practice_of("A81001", practices_of(text)).name == "Elm Surgery"
    made_up = practice_of("B82002", practices_of(None))
    assert made_up == practice_of("B82002", {})
    assert re.fullmatch(r"01632 960 \d{3}", made_up.phone)
