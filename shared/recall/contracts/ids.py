"""Deterministic ids: the same thing has the same id however often it is named.

`patient_id` and `person_id` are UUIDs of version 8 (RFC 9562, section 5.8) whose bits come from
an HMAC-SHA256 under ingest's key, so that no id gives an NHS number away.
"""

import hashlib
import hmac


def _uuid8(digest: bytes) -> str:
    """The text of the UUIDv8 made of the first 16 bytes of a digest."""
    bits = int.from_bytes(digest[:16])
    bits = bits & ~(0xF << 76) | (0x8 << 76)
    bits = bits & ~(0x3 << 62) | (0x2 << 62)
    text = f"{bits:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def patient_id(key: bytes, target_id: str, nhs_number: str, enrolment: int) -> str:
    """The id of one person's nth enrolment on one target."""
    name = f"{target_id}/{nhs_number}/{enrolment}".encode()
    return _uuid8(hmac.digest(key, name, "sha256"))


def person_id(key: bytes, nhs_number: str) -> str:
    """The id of a person, the same on every target."""
    return _uuid8(hmac.digest(key, nhs_number.encode(), "sha256"))


def invitation_id(patient: str, round_number: int) -> str:
    """The id of a patient's one invitation in one round."""
    return f"{patient}.{round_number}"


def event_id(subject: str, what: str, version: int | str) -> str:
    """`<subject>/<what>/<version>`: equal for a repeat, different for anything new."""
    return f"{subject}/{what}/{version}"


def draw(seed: int, *names: str) -> float:
    """A number in [0, 1) that depends on the seed and the names alone.

    Simulations draw with this, so that the same seed gives the same crowd whatever the order
    in which the crowd is met.
    """
    name = "/".join((str(seed), *names)).encode()
    digest = hashlib.blake2b(name, digest_size=8).digest()
    return int.from_bytes(digest) / 2**64
