"""The picture of the rounds: how wide each bar is and where, from the histogram alone.  Pure.

Every round is a bar as wide as the patients who entered it, in parts by what became of them.  Those
who did not book stand at its right end; a band leads from there down to the next round's bar, which
is as wide, so that the picture narrows to the right as patients leave it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.counts import Histogram, did_not_book_in
from dashboard.views import RoundSetting
from dashboard.wording import counted, number
from recall.contracts.vocabulary import STATUS_TEXTS, Status

WIDTH, BAR, HEADING, GAP = 720, 40, 30, 18
"""Of the picture, in its own units; a stage is its heading, its bar and the gap below."""
STAGE = HEADING + BAR + GAP
LEAST = 3
"""The least width of a part that has anybody in it."""
DIGIT, MARGIN = 12, 10
"""How wide a digit of a number inside a part is, and the room that it needs beside it."""

PARTS: tuple[Status, ...] = (
    "booked",
    "declined",
    "patient_alert",
    "being_invited",
    "in_queue",
    "did_not_book",
)


@dataclass(frozen=True)
class Part:
    """A part of a bar."""

    status: Status
    text: str
    n: int
    x: float
    width: float

    @property
    def middle(self) -> float:
        """Where its number stands."""
        return round(self.x + self.width / 2, 1)

    @property
    def has_room(self) -> bool:
        """Whether its number fits inside."""
        return self.width >= len(number(self.n)) * DIGIT + MARGIN


@dataclass(frozen=True)
class Band:
    """The way from a bar to the next."""

    x: float
    y: int
    width: float
    height: int


@dataclass(frozen=True)
class Stage:
    """A round: its heading, its bar, and the band to the next one."""

    heading: str
    y: int
    bar_y: int
    text_y: int
    parts: Sequence[Part]
    band: Band | None
    sentence: str


@dataclass(frozen=True)
class Funnel:
    """The picture and the same in words."""

    height: int
    stages: Sequence[Stage]
    legend: Sequence[tuple[Status, str]]
    width: int = WIDTH
    bar: int = BAR


def funnel(histogram: Histogram, rounds: Sequence[RoundSetting]) -> Funnel | None:
    """The picture; None when nobody has entered a round."""
    entered = {at.round: _entered(histogram, at.round) for at in rounds}
    most = max(entered.values(), default=0)
    if most == 0:
        return None
    scale = WIDTH / most
    stages = []
    for index, setting in enumerate(rounds):
        last = index == len(rounds) - 1
        parts = _parts(histogram, setting.round, scale)
        moved_on = not last and entered[rounds[index + 1].round] > 0
        y = index * STAGE
        stages.append(
            Stage(
                heading=_heading(setting, entered[setting.round]),
                y=y,
                bar_y=y + HEADING,
                text_y=y + HEADING - 10,
                parts=parts,
                band=_band(parts, y + HEADING + BAR) if moved_on else None,
                sentence=_sentence(setting, entered[setting.round], parts, last=last),
            )
        )
    shown = {part.status for stage in stages for part in stage.parts}
    legend = [(status, _text(status)) for status in PARTS if status in shown]
    return Funnel(height=len(stages) * STAGE - GAP, stages=stages, legend=legend)


def _entered(histogram: Histogram, at: int) -> int:
    """Everyone who came as far as a round."""
    return sum(n for (found, _), n in histogram.items() if found >= at)


def _heading(setting: RoundSetting, entered: int) -> str:
    return f"{setting.round}. {setting.name}: {counted(entered, 'patient', 'patients')}"


def _text(status: Status) -> str:
    return STATUS_TEXTS[status]


def _parts(histogram: Histogram, at: int, scale: float) -> list[Part]:
    """The parts of a bar that anybody is in; the last ends at the picture's right edge."""
    counts = {status: _count(histogram, at, status) for status in PARTS}
    widths = {status: max(LEAST, n * scale) for status, n in counts.items() if n}
    # The least widths may make a bar too long by a little.
    fit = min(1.0, WIDTH / sum(widths.values())) if widths else 1.0
    found, x = [], WIDTH - fit * sum(widths.values())
    for status, width in widths.items():
        found.append(
            Part(status, _text(status), counts[status], round(x, 1), round(width * fit, 1))
        )
        x += width * fit
    return found


def _count(histogram: Histogram, at: int, status: Status) -> int:
    if status == "did_not_book":
        return did_not_book_in(histogram, at)
    return histogram.get((at, status), 0)


def _band(parts: Sequence[Part], top: int) -> Band | None:
    """The band from those who did not book down to the next round's bar."""
    if not parts or parts[-1].status != "did_not_book":
        return None
    return Band(parts[-1].x, top, parts[-1].width, GAP + HEADING)


def _sentence(setting: RoundSetting, entered: int, parts: Sequence[Part], *, last: bool) -> str:
    """A bar in words."""
    name = f"Round {setting.round}, {setting.name}"
    if not entered:
        return f"{name}: nobody has reached it."
    said = [f"{number(part.n)} {part.text.lower()}" for part in parts]
    if not last and parts and parts[-1].status == "did_not_book":
        said[-1] += " and moved on"
    return f"{name}: {counted(entered, 'patient', 'patients')} entered; {', '.join(said)}."
