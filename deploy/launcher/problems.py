"""What goes wrong on somebody's computer, said so that they can mend it."""


class Problem(Exception):  # noqa: N818 - it is shown to people, never a traceback
    """A sentence on what is wrong and, where there is one, the command or step that mends it."""

    def __init__(self, what: str, mend: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.mend = mend

    def __str__(self) -> str:
        return f"{self.what}\n  {self.mend}" if self.mend else self.what


DISK_FULL = "No space left on device"


def disk_is_full(where: object) -> Problem:
    """The problem of a full disk; `where` is the path that could not be written."""
    return Problem(
        f"The disk that holds {where} is full.",
        "Free some space (./dev reset wipes this stack's data), then run it again.",
    )
