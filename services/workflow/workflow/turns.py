"""Whose turn it is to let patients go: practices take turns, and so do a practice's targets.

A turn is one portion of one target.  However many patients a practice has waiting, and on however
many targets, another practice waits for one portion of it and no more.
"""


class Turns:
    """A line of practices, each with a line of its targets."""

    def __init__(self) -> None:
        self._practices: dict[str, dict[str, None]] = {}

    def line_up(self, practice: str, target_id: str) -> None:
        """Put a target at the end of its practice's line, unless it stands there already."""
        self._practices.setdefault(practice, {}).setdefault(target_id)

    def take(self) -> tuple[str, str] | None:
        """The practice and target whose turn it is; the practice goes to the end of the line."""
        if not self._practices:
            return None
        practice = next(iter(self._practices))
        targets = self._practices.pop(practice)
        target_id = next(iter(targets))
        del targets[target_id]
        if targets:
            self._practices[practice] = targets
        return practice, target_id

    def __bool__(self) -> bool:
        """Whether anybody stands in line."""
        return bool(self._practices)
