"""Texts of rounds over HTTP: checked when saved, counted, priced, versioned, previewed."""

from typing import Any

import pytest

from integration.ingest.running import Ingest, target_body

OWN = "Dear ((first_name)), please choose: ((offer)). Reply STOP to get no more texts."


def worded(text: str | None, channel: str = "sms") -> dict[str, Any]:
    return target_body() | {"rounds": [{"channel": "letter"}, {"channel": channel, "text": text}]}


async def test_a_rounds_text_is_kept_told_of_and_priced(ingest: Ingest) -> None:
    answer = await ingest.http.post("/v1/targets", json=worded(OWN))
    assert answer.status_code == 201
    second = answer.json()["rounds"][1]
    assert (second["text"], second["text_version"]) == (OWN, 1)
    assert second["text_parts"] == 2
    assert second["text_parts_unusual_name"] == 3
    assert second["text_cost"] == {"pence": "4.80", "pence_with_vat": "5.76"}
    (event,) = await ingest.events("targets", answer.json()["target_id"])
    assert [round_.text for round_ in event.data.rounds] == [None, OWN]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (OWN + " ((surname))", "((surname)) is not a field"),
        ("Come and see us", "must have ((offer))"),
        (OWN + "x" * 900, "Take out"),
        (OWN + " https://a.example/((first_name))", "stands in a link"),
    ],
)
async def test_a_text_that_cannot_be_sent_is_refused_by_round_and_field(
    ingest: Ingest, text: str, said: str
) -> None:
    answer = await ingest.http.post("/v1/targets", json=worded(text))
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["field"] == "rounds.1.text"
    assert error["message"].startswith("Round 2, text: ")
    assert said in error["message"]


async def test_a_texts_version_grows_when_the_text_changes_and_only_then(ingest: Ingest) -> None:
    made = (await ingest.http.post("/v1/targets", json=worded(None))).json()
    path, rounds = f"/v1/targets/{made['target_id']}", made["rounds"]

    # An answer may be sent back as it came.
    same = await ingest.http.patch(path, json={"rounds": rounds})
    assert (same.status_code, same.json()["version"]) == (200, 1)

    rounds[1]["text"] = OWN
    changed = (await ingest.http.patch(path, json={"rounds": rounds})).json()
    assert [r["text_version"] for r in changed["rounds"]] == [1, 2]

    rounds[1]["respond_within"] = "P3D"
    later = (await ingest.http.patch(path, json={"rounds": rounds})).json()
    assert [r["text_version"] for r in later["rounds"]] == [1, 2]
    assert later["version"] == 3


async def test_a_text_can_be_looked_at_before_it_is_saved(ingest: Ingest) -> None:
    asked = {"channel": "sms", "text": "Hello ((first_name)) \u2013 ((offer))", "target": "Flu"}
    shown = (await ingest.http.post("/v1/texts/preview", json=asked)).json()
    assert shown["example"].startswith("Hello Ann - A Wednesday")
    assert shown["example_for_child"].startswith("Hello parent or carer - A")
    assert (shown["encoding"], shown["text_parts"], shown["downgraded"]) == ("GSM-7", 1, True)
    assert shown["problems"] == []

    standard = (await ingest.http.post("/v1/texts/preview", json={"channel": "letter"})).json()
    assert standard["standard"]
    assert "((link))" in standard["text"]
    assert standard["text_cost"] == {"pence": "76.00", "pence_with_vat": "91.20"}

    broken = await ingest.http.post("/v1/texts/preview", json={"channel": "sms", "text": "((x"})
    assert broken.status_code == 200
    assert [p["code"] for p in broken.json()["problems"]] == ["unreadable"]
