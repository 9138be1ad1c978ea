"""Dressed up as people do, a plain answer means the same; two answers at once mean nothing."""

from hypothesis import given
from hypothesis import strategies as st

from invitations.replies import Meaning, meaning_of, normalised

PLAIN: dict[str, Meaning] = {
    "a": "a",
    "b": "b",
    "c": "c",
    "decline": "decline",
    "stop": "stop",
    "start": "start",
    "cancel": "cancel",
}
signs = st.text("!.,;:-?\"\u201c\u201d\u2018\u2019'()[]*~ \t\n\u00a0\u2026🙂👍🏽❤️✔", max_size=6)
polite = st.sampled_from(["", "please", "thanks", "Thank you", "pls", "x", "xx", "Hi", "cheers"])
cases = st.sampled_from([str.lower, str.upper, str.title])


@given(st.sampled_from(sorted(PLAIN)), signs, signs, polite, polite, cases)
def test_a_dressed_up_answer_means_what_the_plain_one_means(
    word: str, before: str, after: str, hello: str, thanks: str, case: object
) -> None:
    said = case(word)  # type: ignore[operator]
    assert meaning_of(f"{before}{hello} {said} {thanks}{after}") == PLAIN[word]


@given(
    st.permutations("abc"),
    st.sampled_from([" or ", " ", "/", ", ", " and ", " then ", " not "]),
    polite,
    cases,
)
def test_two_letters_are_never_a_booking(
    letters: list[str], between: str, thanks: str, case: object
) -> None:
    said = case(between.join(letters[:2]))  # type: ignore[operator]
    assert meaning_of(f"{said} {thanks}") == "unknown"


@given(
    st.sampled_from("abc"), st.sampled_from(["stop", "decline", "cancel", "start"]), st.booleans()
)
def test_a_letter_beside_a_keyword_is_left_to_a_person(
    letter: str,
    keyword: str,
    first: bool,
) -> None:
    said = f"{letter} {keyword}" if first else f"{keyword} {letter}"
    assert meaning_of(said) == "unknown"


@given(st.text(max_size=2000))
def test_any_words_have_one_meaning_however_they_are_normalised(text: str) -> None:
    assert meaning_of(text) == meaning_of(normalised(text))
    assert normalised(normalised(text)) == normalised(text)
