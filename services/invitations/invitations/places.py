"""The place of an invitation: patient and round, which its id names.  Pure."""

import re

from recall.contracts.fields import UUID_PATTERN

Place = tuple[str, int]
"""Patient id and round: by these invitations are stored and found."""

_PATIENT = re.compile(UUID_PATTERN[1:-1])
_ROUND = re.compile("[1-9][0-9]{0,2}")


def place_of(invitation_id: str) -> Place:
    """The place that an invitation's id names.

    >>> place_of("9c5b94b1-35ad-89bb-b118-8e8fc24abf80.2")
    ('9c5b94b1-35ad-89bb-b118-8e8fc24abf80', 2)
    """
    patient_id, _, number = invitation_id.rpartition(".")
    return patient_id, int(number)


def is_patient(text: str) -> bool:
    """Whether a text that anybody may have sent can be a patient's id."""
    return _PATIENT.fullmatch(text) is not None


def is_invitation(text: str) -> bool:
    """Whether a text that anybody may have sent can be an invitation's id."""
    patient_id, _, number = text.rpartition(".")
    return is_patient(patient_id) and _ROUND.fullmatch(number) is not None
