"""What goes wrong on somebody's computer, said so that they can mend it."""

import errno


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


def from_os_error(error: OSError, where: object) -> Problem:
    """What the system refused, as a sentence; `where` is what was being written or started."""
    if error.errno == errno.ENOSPC:
        return disk_is_full(where)
    return Problem(f"{where}: {error.strerror or error}")


def from_group(group: ExceptionGroup[Exception], where: object) -> Exception:
    """The one thing to tell of several that went wrong together: a Problem if there is one."""
    for error in group.exceptions:
        if isinstance(error, Problem):
            return error
    for error in group.exceptions:
        if isinstance(error, OSError):
            return from_os_error(error, where)
    return group
