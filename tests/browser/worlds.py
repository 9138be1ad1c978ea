"""Targets beside the worked example, for what a test changes and for states that it has not."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import count
from typing import Any

from browser.visiting import Recall
from invitations.app import ways_of
from invitations.behaviour import Scenario
from invitations.channels import Channels
from invitations.settings import Settings
from launcher import example
from launcher.made_up import MadeUp, csv_of, made_up
from launcher.services import SIMULATION_LINK_KEY
from recall.contracts.instants import instant

NAMES = count(1)
PEOPLE: Iterator[MadeUp] = iter(made_up(400, 4_000, date(1950, 1, 1), date(1980, 1, 1)))
"""Each is given out once, so that no test meets another's patients."""
SCRIPTED = made_up(8, 77_000, date(1950, 1, 1), date(1980, 1, 1))
"""People who answer, a minute after they were asked: the first five book, the next two decline."""


def scenario() -> Mapping[str, Any]:
    """The worked example's script, and what SCRIPTED do."""
    found = example.cast().scenario
    for place, person in enumerate(SCRIPTED[:7]):
        assert person.nhs_number not in found["answers"]
        found["answers"][person.nhs_number] = {
            "1": {"do": "book" if place < 5 else "decline", "after": "PT1M"}
        }
    return found


def people(number: int) -> list[MadeUp]:
    """So many whom no other test has; they stay silent."""
    return [next(PEOPLE) for _ in range(number)]


async def target(
    recall: Recall,
    name: str,
    patients: list[MadeUp] | None = None,
    *,
    slots: int = 0,
    **changes: Any,
) -> str:
    """A target of its own with these patients, all that follows done; returns its id."""
    target_id = f"test-{next(NAMES)}"
    driver = recall.driver
    body = example.TARGET | {"target_id": target_id, "name": name} | changes
    await driver.post("ingest", "/v1/targets", json=body)
    if slots:
        released = [
            {
                "starts_at": instant(example.END + timedelta(days=5, minutes=20 * place)),
                "minutes": 20,
                "clinician": "Nurse Adeyemi",
            }
            for place in range(slots)
        ]
        await driver.post("ingest", f"/v1/targets/{target_id}/slots", json={"slots": released})
        await driver.settle()
    if patients:
        await driver.upload(target_id, csv_of(patients))
    await driver.settle()
    return target_id


async def patient_id(recall: Recall, target_id: str, person: MadeUp) -> str:
    """The id of somebody on a target."""
    path = f"/v1/targets/{target_id}/patients"
    found = await recall.driver.get("dashboard", path, nhs_number=person.nhs_number)
    return str(found["patients"][0]["patient_id"])


def channels() -> Channels:
    """The links and codes of a simulated stack, which anybody can work out."""
    settings = Settings(
        kafka_bootstrap_servers="unused",
        database_url="unused",
        port=1,
        token="unused",
        link_key=SIMULATION_LINK_KEY,
    )
    return Channels(ways_of(settings), Scenario())


async def link_of(recall: Recall, target_id: str, person: MadeUp, round_number: int = 1) -> str:
    """The patient's own page behind the link of their invitation."""
    token = channels().token_of(f"{await patient_id(recall, target_id, person)}.{round_number}")
    return f"{recall.stack.stack['invitations']}/b/{token}"
