"""The wording of messages: templates with fields, what they cost, and the standard ones.  Pure.

`((first_name))` is a field; `((child??your child is))` stands only where its flag is set, and may
hold fields of its own.
"""

from recall.texts.checking import Fault, faults_of
from recall.texts.counting import Size, downgraded, price, size_of
from recall.texts.estimating import Estimate, estimate, example
from recall.texts.filling import Facts, filled
from recall.texts.standard import (
    HELP_BY_PHONE,
    HELP_WITH_LINK,
    MESSAGES,
    STANDARD_VERSION,
    Kind,
    further_text,
    standard_text,
)
from recall.texts.templates import TemplateError

__all__ = [
    "HELP_BY_PHONE",
    "HELP_WITH_LINK",
    "MESSAGES",
    "STANDARD_VERSION",
    "Estimate",
    "Facts",
    "Fault",
    "Kind",
    "Size",
    "TemplateError",
    "downgraded",
    "estimate",
    "example",
    "faults_of",
    "filled",
    "further_text",
    "price",
    "size_of",
    "standard_text",
]
