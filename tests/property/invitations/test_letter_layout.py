"""Any name and any address: the letter is made, nothing is run as source, all stays in the window."""

import json
import re

import typst
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from invitations.codes import SIGNS, code_of, grouped, read_code
from invitations.letters import set_out
from invitations.printing import FOLDER, Job, print_letters
from unit.invitations.test_letters import letter

SOURCE = st.sampled_from(
    [
        "#panic()",
        "$x$",
        "*b",
        "_",
        "@a",
        "<b>",
        "\\",
        "//",
        "/*",
        "`",
        "= H",
        "- ",
        "[",
        "]",
        "{",
        '"',
        "~",
    ]
)
WORDS = st.lists(st.text(max_size=40) | SOURCE | st.text("WM", max_size=200), max_size=6).map(
    " ".join
)
NAMES = WORDS.map(lambda text: text[:120] or "A")
LINES = st.lists(WORDS.map(lambda text: text[:200] or "A"), min_size=1, max_size=7).map(tuple)
WINDOW = {"x": 25.6, "y": 40.5, "width": 93.4, "height": 24.8}


def looked_up(places: dict[str, object], what: str) -> list[dict[str, object]]:
    document = typst.Compiler(
        input=str(FOLDER / "templates" / "letter.typ"),
        root=str(FOLDER),
        font_paths=[str(FOLDER / "fonts")],
        ignore_system_fonts=True,
        sys_inputs={"title": "x", "letters": json.dumps([places])},
    )
    found: list[dict[str, object]] = json.loads(document.query(what))
    return found


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(NAMES, LINES, NAMES)
def test_any_name_and_address_is_printed_in_the_window(
    name: str, address: tuple[str, ...], target: str
) -> None:
    one = letter(patient=name, addressee=name, address=address, target=target, for_child=True)
    made = print_letters(Job("x", [one]))
    assert made.pages[0] <= 3
    (place,) = looked_up(set_out(one, "<svg xmlns='http://www.w3.org/2000/svg'/>"), "<address>")
    where = place["value"]
    assert isinstance(where, dict)
    assert (round(where["x"], 3), round(where["y"], 3), where["page"]) == (
        WINDOW["x"],
        WINDOW["y"],
        1,
    )
    assert where["width"] <= WINDOW["width"] + 0.01
    assert where["fits"] == (where["height"] <= WINDOW["height"])
    assert list(made.cut) == ([] if where["fits"] else [0])


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(NAMES)
def test_what_is_shown_is_the_text_itself(target: str) -> None:
    places = set_out(letter(target=target), "<svg xmlns='http://www.w3.org/2000/svg'/>")
    heading = looked_up(places, "heading.where(level: 1)")[0]["body"]
    assert isinstance(heading, dict)
    assert re.sub("\u200b", "", heading["text"]) == places["title"]


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(min_size=16, max_size=16), st.integers(0, 15), st.sampled_from(SIGNS))
def test_a_code_with_one_sign_changed_is_none(secret: bytes, place: int, sign: str) -> None:
    code = code_of(secret)
    changed = code[:place] + sign + code[place + 1 :]
    assert read_code(grouped(changed)) == (code if changed == code else None)
