"""Takes an uploaded file through everything that is pure about it, as ingest's routes do."""

import io
from dataclasses import dataclass
from typing import Final

from ingest.cells import Rules
from ingest.enrolling import CHUNK_ROWS
from ingest.faults import Problem
from ingest.rows import RowReader
from ingest.upload import Upload, open_upload
from ingest.verdicts import Receipt, SeenNumbers, Tally, UploadAnswer, judge_rows
from recall.register import Person
from support.people import TODAY

RULES: Final = Rules(TODAY)
RECEIPT: Final = Receipt("upload", "target", "2025-09-01T08:00:00.000000Z")


@dataclass(frozen=True)
class Judged:
    """What became of a file of which nobody is on the target yet and nobody is an alert."""

    upload: Upload
    accepted: list[tuple[int, Person]]
    tally: Tally

    @property
    def people(self) -> list[Person]:
        return [person for _, person in self.accepted]

    @property
    def problems(self) -> tuple[Problem, ...]:
        return self.tally.first_problems()

    @property
    def answer(self) -> UploadAnswer:
        return self.tally.answer(RECEIPT, self.upload.columns.ignored, 0)


def judge(content: bytes, *, rules: Rules = RULES, chunk_rows: int = CHUNK_ROWS) -> Judged:
    """Read and judge a whole file; UploadRefused comes through."""
    upload = open_upload(io.BytesIO(content))
    reader, seen, tally = RowReader(upload.columns, rules), SeenNumbers(), Tally()
    accepted: list[tuple[int, Person]] = []
    for chunk in upload.chunks(chunk_rows):
        verdicts = judge_rows(chunk, reader, seen)
        tally.add(verdicts)
        tally.settle(enrolled=len(verdicts.accepted), alerts=0, already_on_target=0)
        accepted.extend(verdicts.accepted)
    return Judged(upload, accepted, tally)
