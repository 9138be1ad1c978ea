"""Writes docs/states.md from the table: `python -m workflow.diagram`, or `--check` in CI."""

import argparse
import sys
from pathlib import Path

from recall.contracts.vocabulary import STATUS_TEXTS, STATUSES
from workflow.transitions import EVENTS, TABLE, Event, Rule, State

STATES_PAGE = Path(__file__).parents[3] / "docs" / "states.md"

_INTRODUCTION = """\
# A patient's status

Generated from `services/workflow/workflow/transitions.py` by `python -m workflow.diagram`; the
theory stands there. A pair of status and event that has no rule changes nothing: the event came
late, twice, or after something stronger.
"""

_EVENTS: dict[Event, str] = {
    "enrolled": "ingest put the patient on the target",
    "alerted": "the register named a reason not to invite",
    "cleared": "a reprocess found no reason any more",
    "dispatched": "the patient left the queue",
    "noted": "a channel said how far the message got",
    "booked": "the patient has a slot",
    "declined": "the patient wants no appointment",
    "unanswered": "the time to answer passed",
    "undeliverable": "the invitation cannot reach the patient",
    "died": "the invitation came back: the patient has died",
    "ended": "the invitation was withdrawn, as workflow asked",
    "cancelled": "the appointment no longer stands",
    "removed": "staff took the patient off the target",
}


def destinations(state: State, rule: Rule) -> list[str]:
    """The statuses a rule may lead to."""
    match rule.to:
        case "first":
            return ["in_queue"]
        case "next" | "again":
            return ["in_queue", "did_not_book"]
        case "same":
            return [state]
        case status:
            return [status]


def mermaid() -> str:
    """The table as a state diagram: one arrow per pair of statuses, with its events."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for (state, event), rule in TABLE.items():
        for to in destinations(state, rule):
            arrows.setdefault((state, to), []).append(event)
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f"    {status} : {STATUS_TEXTS[status]}" for status in STATUSES]
    lines += [
        f"    {'[*]' if state == 'new' else state} --> {to} : {', '.join(events)}"
        for (state, to), events in arrows.items()
    ]
    return "\n".join([*lines, "```"])


def table() -> str:
    """The table as text, a row per rule."""
    lines = ["| status | event | then | and |", "|---|---|---|---|"]
    lines += [
        f"| {state} | {event} | {_THEN.get(rule.to, rule.to)} | {_remark(rule)} |"
        for (state, event), rule in TABLE.items()
    ]
    return "\n".join(lines)


_THEN = {
    "first": "in_queue of round 1",
    "next": "in_queue of the next round, or did_not_book after the last",
    "again": "in_queue of the round left, or of the next if an invitation had gone out",
    "same": "no change of status",
}


def _remark(rule: Rule) -> str:
    remarks = []
    if rule.open_round:
        remarks.append("only about the round the patient is in")
    if rule.withdraws:
        remarks.append("the open invitation is withdrawn")
    return "; ".join(remarks)


def page() -> str:
    """The whole of docs/states.md."""
    events = "\n".join(f"| {event} | {_EVENTS[event]} |" for event in EVENTS)
    parts = [
        _INTRODUCTION,
        mermaid(),
        "## Rules",
        table(),
        "## Events",
        f"| event | what happened |\n|---|---|\n{events}\n",
    ]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def main() -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m workflow.diagram", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say whether the page is stale")
    if not parser.parse_args().check:
        STATES_PAGE.write_text(page())
        return 0
    if STATES_PAGE.exists() and STATES_PAGE.read_text() == page():
        return 0
    print("docs/states.md is stale: run python -m workflow.diagram", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
