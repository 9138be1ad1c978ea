"""How a text travels and what it costs: GSM-7 or UCS-2, in parts, each of which is paid."""

import unicodedata
from decimal import Decimal
from typing import Final, Literal

import smsutil
from msgspec import Struct

Encoding = Literal["GSM-7", "UCS-2"]

PENCE_A_PART: Final = Decimal("2.4")
"""What a part of a text costs from April 2026, without VAT (GOV.UK Notify's price)."""
PENCE_A_LETTER: Final = Decimal(76)
"""What a letter costs, without VAT."""
VAT: Final = Decimal("0.20")

_PLAIN: Final = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032`\u00b4", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
        **dict.fromkeys("\u00a0\u202f\u205f\u3000\t", " "),
        **{chr(space): " " for space in range(0x2000, 0x200B)},
        **dict.fromkeys("\u00ad\u180e\u200b\u200c\u200d\u2060\ufeff\r", ""),
        "\u2026": "...",
        "\u2022": "-",
    }
)
"""Quotes, dashes, spaces, nothing, an ellipsis and a bullet, as GSM-7 has them."""


class Size(Struct, frozen=True):
    """A text as it travels.

    `units`: characters as the network counts them: the euro sign, brackets of the square and the
    curly kind and a few more signs count twice in GSM-7, an emoji twice in UCS-2.
    """

    encoding: Encoding
    units: int
    parts: int


def downgraded(text: str) -> str:
    r"""The text with typographic signs made plain: one of them would more than double the cost.

    Letters are left as they are: a name is spelt as its owner spells it.

    >>> downgraded("\u201cIt is\u2026\u201d")
    '"It is..."'
    """
    return unicodedata.normalize("NFC", text).translate(_PLAIN)


def size_of(text: str) -> Size:
    """The size of a final text.

    >>> size_of("a" * 160), size_of("a" * 161)
    (Size(encoding='GSM-7', units=160, parts=1), Size(encoding='GSM-7', units=161, parts=2))
    """
    split = smsutil.split(text)
    plain = split.encoding == "gsm0338"
    units = split.total_bytes if plain else len(text.encode("utf-16-be")) // 2
    return Size("GSM-7" if plain else "UCS-2", units, len(split.parts))


def price(pence: Decimal) -> dict[str, str]:
    """An amount as people pay it, in pence, without VAT and with it.

    >>> price(PENCE_A_PART * 2)
    {'pence': '4.80', 'pence_with_vat': '5.76'}
    """
    cent = Decimal("0.01")
    return {
        "pence": str(pence.quantize(cent)),
        "pence_with_vat": str((pence * (1 + VAT)).quantize(cent)),
    }
