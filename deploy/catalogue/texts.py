"""docs/texts.md: the language of templates and the standard wording, from the code itself."""

from catalogue.tables import code, page, table
from recall.texts import HELP_BY_PHONE, HELP_WITH_LINK, MESSAGES, estimate, standard_text
from recall.texts.checking import MOST_UNITS, fields_for, flags_for
from recall.texts.counting import PENCE_A_LETTER, PENCE_A_PART
from recall.texts.estimating import LONGEST_NAME
from recall.texts.filling import FIELDS, FLAGS

CHANNELS = ("sms", "sms-link", "letter")


def texts_page() -> str:
    """The page."""
    return page(
        "# Texts",
        "Generated from `shared/recall/texts` by `python -m catalogue`; edit that, not this page.",
        "Each round of a target may have a wording of its own: `text` of a round in `POST "
        "/v1/targets` and `PATCH /v1/targets/{target}`. Without one it has the standard wording "
        'below. A text is checked when it is saved; `POST /v1/texts/preview` with `{"channel", '
        '"text", "target"}` shows it, counts it and says what is wrong, and saves nothing. '
        "`text_version` grows with each change; an invitation keeps the version that it was made "
        "from, and says it as `template_version` to the channel.",
        "## Fields",
        "A field is written `((first_name))`; small and capital letters, spaces, hyphens and "
        "underscores are the same.",
        table(
            ["field", "what stands there", "in a round by"],
            [[code(f"(({name}))"), said, _rounds(name)] for name, said in FIELDS.items()],
        ),
        "## Conditions",
        "`((child??your child is))` stands only where its condition holds, and may have fields "
        "inside it.",
        table(
            ["condition", "holds when", "in a round by"],
            [
                [
                    code(f"(({name}??…))"),
                    said,
                    ", ".join(c for c in CHANNELS if name in flags_for(c)),
                ]
                for name, said in FLAGS.items()
            ],
        ),
        "## What is refused",
        "An unknown field or condition; brackets that do not end; a text in which patients, or "
        "parents and carers, find no way to answer (`((offer))` by sms, `((link))` by another "
        "channel, `((link))` or `((code))` in a letter); a field, a long number or an e-mail "
        f"address in a link; a text of more than {MOST_UNITS} characters with the longest name. "
        "The answer names the round and the field, and says what to do.",
        "## What it costs",
        "A text travels as GSM-7 (160 characters, or 153 a part), or as UCS-2 (70, or 67 a part) "
        "as soon as one letter of it is not in GSM-7. Typographic quotes, dashes, spaces and dots "
        "are made plain, so that they never are the reason; names are left as their owners spell "
        f"them. Parts are counted for a name as long as {LONGEST_NAME}, and once more for one as "
        f"long with a letter outside GSM-7. A part costs {PENCE_A_PART}p, a letter "
        f"{PENCE_A_LETTER}p, without VAT.",
        table(
            ["standard wording", "parts", "parts, unusual name", "pence a patient", "with VAT"],
            [_cost(channel) for channel in CHANNELS],
        ),
        "## Standard wording",
        *[f"{channel}:\n\n> {standard_text(channel)}" for channel in CHANNELS],
        "Further messages about an invitation, the same for all targets:",
        table(["for", "text"], [[kind.replace("_", " "), text] for kind, text in MESSAGES.items()]),
        "Help about a booking page, while it is open and afterwards:",
        f"> {HELP_WITH_LINK}",
        f"> {HELP_BY_PHONE}",
    )


def _rounds(field: str) -> str:
    found = [channel for channel in CHANNELS if field in fields_for(channel)]
    return ", ".join(found) or "the confirmation"


def _cost(channel: str) -> list[str]:
    size = estimate(standard_text(channel), channel, "Childhood Immunisations")
    cost = size.cost or {}
    parts = ["" if n is None else str(n) for n in (size.parts, size.parts_unusual_name)]
    return [channel, *parts, cost["pence"], cost["pence_with_vat"]]
