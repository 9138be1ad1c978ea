"""Why a whole upload is turned down: a closed list of codes."""

from typing import Literal

from ingest.faults import Problem

RefusalCode = Literal[
    "empty_file",
    "not_text",
    "damaged_text",
    "line_too_long",
    "unterminated_quote",
    "missing_column",
    "ambiguous_columns",
    "no_usable_column",
    "nothing_usable",
    "too_many_rejected",
]


class UploadRefused(Exception):  # noqa: N818 - it is an answer to the practice, not an error of ours.
    """Nothing of the file is kept.

    `row` is the sheet row and `column` the column concerned, where there is one; `problems` are the
    first ones, when it is the rows that made the file unusable.
    """

    def __init__(
        self,
        code: RefusalCode,
        message: str,
        *,
        row: int | None = None,
        column: str | None = None,
        problems: tuple[Problem, ...] = (),
    ) -> None:
        """Keep what the HTTP edge needs for its problem document."""
        super().__init__(message)
        self.code: RefusalCode = code
        self.message = message
        self.row = row
        self.column = column
        self.problems = problems
