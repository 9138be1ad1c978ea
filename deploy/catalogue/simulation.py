"""docs/simulation.md: how simulated patients behave, with the table of magic recipients."""

from catalogue.tables import code, codes, page, table
from invitations.behaviour import DEFAULT_ODDS, MEDIAN_ANSWER
from invitations.magic import FIRST_ANSWER, MAGIC, Recipient
from invitations.phones import MOST_KEPT
from invitations.retrying import BACK_OFF
from recall.contracts.vocabulary import UNDELIVERABLE_TEXTS


def simulation_page() -> str:
    """The page."""
    return page(
        "# Simulated patients",
        "Generated from `services/invitations/invitations` by `python -m catalogue`; edit that, "
        "not this page.",
        "Channels in `SIMULATED_CHANNELS` send nothing to anybody: what their patients do is a "
        "pure function of `SEED`, the scenario file and the invitation, so the same seed gives the "
        "same crowd. The scenario (`SCENARIO_FILE`, JSON) decides in this order:",
        "1. `answers`: what one person does in one round, by NHS number and round.\n"
        '2. Magic numbers, if it says `"magic": true`.\n'
        '3. `"silent_unless_scripted": true`: everybody else gets their message and says '
        "nothing.\n"
        "4. `odds`: chances by channel; without them those below.",
        table(
            ["channel", "books", "declines", "fails"],
            [
                [channel, *(f"{share:.0%}" for share in (odds.book, odds.decline, odds.fail))]
                for channel, odds in DEFAULT_ODDS.items()
            ],
        ),
        "Who answers by these odds does so after a delay drawn from a log-normal distribution: "
        f"half of them within {MEDIAN_ANSWER:.0%} of the time that they have, the others ever "
        "later.",
        "## Magic recipients",
        'With `"magic": true` the last three digits of a made-up mobile decide what becomes of a '
        "text to it; a letter knows no number. Without it they mean nothing, since the simulated "
        "register gives out the same block at random. On a link's round A, B, C and DECLINE are "
        "done on the booking page. The first answer comes "
        f"{_spoken(FIRST_ANSWER.total_seconds())} after the text, each further one as long after "
        "the one before.",
        table(["mobile", "the text", "the patient"], [_row(*one) for one in MAGIC.items()]),
        "A temporary failure is tried again after "
        f"{', '.join(_spoken(wait.total_seconds()) for wait in BACK_OFF)}, each time when the "
        "round's send window is open and before the deadline; then it is undeliverable.",
        "## The phone",
        "While texts are simulated, `/phone` on invitations shows the texts that a made-up patient "
        "got and takes answers in their place: sign in at the dashboard, then open "
        "`<invitations>/phone` and look up a mobile or an NHS number. An answer goes through "
        "`channel-reports` as a plugin's would; after the first one nothing is made up for that "
        f"patient any more. The latest {MOST_KEPT:,} texts are kept, of a crowd's batch the first "
        "hundred.",
    )


def _row(digits: str, recipient: Recipient) -> list[str]:
    why = f"{code(recipient.reason)}, {UNDELIVERABLE_TEXTS[recipient.reason]}"
    text = {
        "delivered": "delivered",
        "failed": f"fails for good: {why}",
        "delayed once": "fails for a while, then delivered",
        "delayed": f"fails for a while, every time; in the end {why}",
    }[recipient.arrival]
    said = f"writes {codes(recipient.says)}" if recipient.says else "says nothing"
    silent = recipient.arrival in {"failed", "delayed"}
    return [f"07700 900{digits}", text, "" if silent else said]


def _spoken(seconds: float) -> str:
    minutes = int(seconds) // 60
    if minutes % 60:
        return f"{minutes} minutes"
    return f"{minutes // 60} hour" + ("s" if minutes > 60 else "")  # noqa: PLR2004 - an hour.
