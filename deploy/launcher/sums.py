"""What must add up on the target page at every instant that anyone can observe (rules 1 and 2)."""

from typing import Any


def broken(page: dict[str, Any]) -> list[str]:
    """The sums of a target page that do not hold, a sentence each; none is as it should be."""
    o, rounds = page["overview"], page["rounds"]
    sums = {
        "total = in progress + completed": (
            o["total_patients"],
            o["in_progress"] + o["completed"],
        ),
        "in progress = in queue + being invited": (
            o["in_progress"],
            o["in_queue"] + o["being_invited"],
        ),
        "completed = booked + declined + did not book + alert": (
            o["completed"],
            o["booked"] + o["declined"] + o["did_not_book"] + o["patient_alert"],
        ),
        "in queue, over all rounds": (o["in_queue"], _over(rounds, "in_queue")),
        "being invited, over all rounds": (o["being_invited"], _over(rounds, "being_invited")),
        "booked, over all rounds": (o["booked"], _over(rounds, "booked")),
        "declined, over all rounds": (o["declined"], _over(rounds, "declined")),
        "did not book in the last round": (o["did_not_book"], rounds[-1]["did_not_book"]),
    }
    lines = [f"{rule}: {left} and {right}" for rule, (left, right) in sums.items() if left != right]
    return lines + [f"{key} is {n}" for key, n in o.items() if n < 0]


def _over(rounds: list[dict[str, Any]], status: str) -> int:
    return sum(one[status] for one in rounds)
