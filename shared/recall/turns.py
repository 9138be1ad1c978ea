"""Whose turn it is to let patients go: practices take turns, and so do a practice's targets.

A turn is one portion of one target.  However many patients a practice has waiting, and on however
many targets, another practice waits for one portion of it and no more.  Whoever has had no turn for
a second goes before those who have, so that a small practice that comes along has its turn next;
since that is true of everybody who waits for a second, nobody waits for ever.  Pure: the time is
passed in, in seconds of whatever clock the caller goes by.
"""

NEW_AFTER = 1.0
"""Seconds without a turn after which a practice counts as new."""


class Turns:
    """A line of practices, each with a line of its targets."""

    def __init__(self) -> None:
        self._practices: dict[str, dict[str, None]] = {}
        self._had: dict[str, float] = {}

    def line_up(self, practice: str, target_id: str) -> None:
        """Put a target at the end of its practice's line, unless it stands there already."""
        self._practices.setdefault(practice, {}).setdefault(target_id)

    def take(self, at: float, *, new_only: bool = False) -> tuple[str, str] | None:
        """The practice and target whose turn it is; the practice goes to the end of the line.

        Args:
            at: the time.
            new_only: leave out practices that have had a turn in the last second.  Whoever must
                hold back, because readers are behind, still lets the others go.
        """
        practice = next((p for p in self._practices if self._is_new(p, at)), None)
        if practice is None and not new_only:
            practice = next(iter(self._practices), None)
        if practice is None:
            return None
        targets = self._practices.pop(practice)
        target_id = next(iter(targets))
        del targets[target_id]
        if targets:
            self._practices[practice] = targets
        self.had(practice, at)
        return practice, target_id

    def had(self, practice: str, at: float) -> None:
        """A practice has had its turn, or as much without standing in line."""
        for one in [one for one in self._had if self._is_new(one, at)]:
            del self._had[one]
        self._had[practice] = at

    def _is_new(self, practice: str, at: float) -> bool:
        return practice not in self._had or at - self._had[practice] >= NEW_AFTER

    def __bool__(self) -> bool:
        """Whether anybody stands in line."""
        return bool(self._practices)
