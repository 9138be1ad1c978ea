"""The simulated register: made-up people, each a pure function of NHS number, scenario and instant.

A number always gives the same name, mobile and address; everyone is found unless the scenario names
their number with an alert. Mobiles are of the made-up block 07700 900000 to 900999, and the
postcode area ZY does not exist.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from hashlib import blake2b
from typing import Final
from zoneinfo import ZoneInfo

from recall.contracts.vocabulary import AlertCode
from recall.register.contact import is_child
from recall.register.port import Answer, Question

_LONDON: Final = ZoneInfo("Europe/London")

_FIRST_NAMES: Final = (
    "Aisha Alfie Amelia Amir Anya Arthur Ava Beatrice Ben Carys Charlie Chloe Daniel Dev "
    "Dylan Eira Elif Ella Emeka Emily Ethan Eva Farah Finn Freya George Grace Hamza Hannah "
    "Harry Imogen Isaac Isla Jack Jaya Joseph Kai Lena Leo Lily Lucas Maya Megan Mohammed "
    "Nadia Nia Noah Olivia Omar Oscar Poppy Priya Rhys Rosa Ruby Samuel Sara Seren Sofia "
    "Tariq Theo William Yusuf Zara"
)
FIRST_NAMES: Final = tuple(_FIRST_NAMES.split())
_LAST_NAMES: Final = (
    "Adeyemi Ahmed Ali Bailey Baker Begum Bell Bennett Brown Carter Chen Clark Collins Cooper "
    "Davies Edwards Evans Fletcher Foster Fraser Gill Green Griffiths Hall Harris Hill Hughes "
    "Hussain Iqbal Jackson James Johnson Jones Kaur Kelly Khan Kowalski Lewis MacDonald Marsh "
    "Mehta Mitchell Moore Morgan Murphy Nowak Okafor Owen Parker Patel Price Reid Roberts "
    "Robinson Shah Singh Smith Taylor Thomas Turner Walker White Williams Wright"
)
LAST_NAMES: Final = tuple(_LAST_NAMES.split())
_TREES: Final = (
    "Alder Ash Beech Birch Cedar Elm Hazel Holly Juniper Larch Lime Maple Oak Pine Rowan Willow"
)
_STREETS: Final = tuple(
    f"{tree} {kind}" for tree in _TREES.split() for kind in ("Avenue", "Close", "Lane", "Road")
)
_TOWNS: Final = (
    "Ashmere", "Brindleford", "Castlewick", "Dunmarsh", "Eastholme", "Fernleigh", "Greyhaven",
    "Hollinbeck", "Inglemoor", "Kingsmead Vale", "Larkstone", "Millbrook Cross", "Northwold Bay",
    "Oakhampton Green", "Penrose", "Quarrydale",
)  # fmt: skip
_INWARD: Final = "ABDEFGHJLNPQRSTUWXYZ"


class SimulatedRegister:
    """The register of a simulated stack; `alerts` is the scenario's, from NHS number to code."""

    def __init__(self, alerts: Mapping[str, AlertCode]) -> None:
        self._alerts = alerts

    async def look_up(self, questions: Sequence[Question], at: datetime) -> list[Answer]:
        """Answer at once and in order."""
        today = at.astimezone(_LONDON).date()
        alerts = self._alerts
        return [
            Answer(alerts[number]) if number in alerts else simulated_answer(number, born, today)
            for number, born in questions
        ]


def simulated_answer(nhs_number: str, born: date, today: date) -> Answer:
    """Make up whom a number belongs to; a child on the day `today` has a carer's mobile only."""
    draw = int.from_bytes(blake2b(nhs_number.encode(), digest_size=8).digest(), "big")
    first_name = FIRST_NAMES[draw & 63]
    last_name = LAST_NAMES[draw >> 6 & 63]
    mobile = f"+447700900{(draw >> 12) % 1000:03d}"
    town = draw >> 22 & 15
    address = (f"{(draw >> 26) % 150 + 1} {_STREETS[draw >> 34 & 63]}", _TOWNS[town])
    letters = draw >> 40
    postcode = (
        f"ZY{town + 1} {letters % 10}{_INWARD[letters // 10 % 20]}{_INWARD[letters // 200 % 20]}"
    )
    if not is_child(born, today):
        return Answer(None, first_name, last_name, mobile, address, postcode)
    carer = f"{FIRST_NAMES[(draw >> 52 & 63)]} {last_name}"
    return Answer(None, first_name, last_name, None, address, postcode, carer, mobile)
