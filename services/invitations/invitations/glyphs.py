"""What the letters' font can print.  A letter must not show empty boxes for what it cannot."""

import struct
import unicodedata
from functools import cache
from pathlib import Path

FONTS = Path(__file__).parent / "fonts"
UNKNOWN = "?"


@cache
def covered() -> frozenset[int]:
    """The code points that both weights of the font have."""
    regular, bold = (
        _code_points((FONTS / f"LiberationSans-{weight}.ttf").read_bytes())
        for weight in ("Regular", "Bold")
    )
    return regular & bold


def _code_points(font: bytes) -> frozenset[int]:
    """The code points of a TrueType font's table of the basic plane (`cmap`, format 4)."""
    (tables,) = struct.unpack_from(">H", font, 4)
    entries = (struct.unpack_from(">4sIII", font, 12 + 16 * number) for number in range(tables))
    cmap = next(offset for tag, _, offset, _ in entries if tag == b"cmap")
    (subtables,) = struct.unpack_from(">H", font, cmap + 2)
    for number in range(subtables):
        platform, _, offset = struct.unpack_from(">HHI", font, cmap + 4 + 8 * number)
        (form,) = struct.unpack_from(">H", font, cmap + offset)
        if platform == 3 and form == 4:  # noqa: PLR2004 - Windows' table of the basic plane.
            return frozenset(_segments(font, cmap + offset))
    raise ValueError("the font has no table of the basic plane")


def _segments(font: bytes, start: int) -> list[int]:
    (doubled,) = struct.unpack_from(">H", font, start + 6)
    count = doubled // 2
    ends, starts, deltas, offsets = (
        struct.unpack_from(f">{count}H", font, start + place)
        for place in (14, 16 + doubled, 16 + 2 * doubled, 16 + 3 * doubled)
    )
    found = []
    for number in range(count):
        for point in range(starts[number], min(ends[number], 0xFFFE) + 1):
            glyph = point + deltas[number]
            if offsets[number]:
                place = start + 16 + 3 * doubled + 2 * number
                place += offsets[number] + 2 * (point - starts[number])
                (glyph,) = struct.unpack_from(">H", font, place)
            if glyph & 0xFFFF:
                found.append(point)
    return found


def printable(text: str) -> str:
    """A text with only what the font has: one line, composed, what it lacks taken apart or "?".

    >>> printable("Zoë  Okafor-Ђ 字")
    'Zoë Okafor-Ђ ?'
    """
    known = covered()
    composed = unicodedata.normalize("NFC", text)
    shown = "".join(_shown(char, known) for char in composed)
    return " ".join(shown.split())


def _shown(char: str, known: frozenset[int]) -> str:
    category = unicodedata.category(char)
    if category in {"Zs", "Zl", "Zp", "Cc"}:
        return " "
    if category in {"Cf", "Mn", "Me"}:
        # Nothing is seen of it alone; what could be composed has been.
        return ""
    if ord(char) in known and category != "Co":
        return char
    parts = unicodedata.normalize("NFKD", char)
    plain = "".join(part for part in parts if ord(part) in known and part.isprintable())
    return plain if plain and unicodedata.category(plain[0]) not in {"Mn", "Co"} else UNKNOWN
