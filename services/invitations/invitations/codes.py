"""The code in a letter, which a patient types in place of a link.  Pure: bytes in, code out.

Its 23 signs are those that nobody mixes up.  No vowel is among them, so that no code is a word; S,
B, Z and G are read as the digits that they look like.  The last of the 16 signs checks the others:
since 23 is prime and more than 16, one wrong sign or two neighbours in the wrong order are always
noticed.
"""

import hashlib

SIGNS = "23456789CDFHJKMNPQRTWXY"
LENGTH = 16
"""With the sign that checks: 15 signs of choice are 67 bits."""
CODE_BYTES = 16
"""More than a code's signs can tell apart, so that all are as likely."""
_TAKEN_FOR = str.maketrans("SBZG", "5826")
_PLACES = range(1, LENGTH)


def code_of(secret: bytes) -> str:
    """The code that some secret bytes make.

    >>> code_of(bytes(16))
    '2222222222222222'
    """
    number = int.from_bytes(secret)
    signs = []
    for _ in _PLACES:
        number, sign = divmod(number, len(SIGNS))
        signs.append(sign)
    return "".join(SIGNS[sign] for sign in [*signs, _check(signs)])


def _check(signs: list[int]) -> int:
    return sum(place * sign for place, sign in zip(_PLACES, signs, strict=True)) % len(SIGNS)


def read_code(typed: str) -> str | None:
    """The code that somebody typed, however spaced and in whatever case; None if it is none.

    >>> read_code(" 2222-2222 2222 zz22 ")
    '2222222222222222'
    """
    plain = "".join(char for char in typed.upper() if char.isalnum()).translate(_TAKEN_FOR)
    if len(plain) != LENGTH or any(char not in SIGNS for char in plain):
        return None
    signs = [SIGNS.index(char) for char in plain]
    return plain if signs[-1] == _check(signs[:-1]) else None


def code_behind(token: str) -> str:
    """What a patient may type in place of a link.

    It follows from the link's token, and gives nothing of it away.
    """
    return code_of(hashlib.sha256(token.encode()).digest()[:CODE_BYTES])


def opening_of(code: str) -> int:
    """By what the invitation of a code is found: 64 bits of the code's SHA-256."""
    return int.from_bytes(hashlib.sha256(code.encode()).digest()[:8], signed=True)


def grouped(code: str, by: str = " ") -> str:
    """A code in groups of four, as it is printed."""
    return by.join(code[start : start + 4] for start in range(0, len(code), 4))
