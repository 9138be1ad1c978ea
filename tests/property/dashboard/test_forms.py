"""What holds for any form: a target goes into its form and comes back; slots never overlap."""

from dataclasses import asdict
from datetime import date, timedelta
from itertools import groupby, pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dashboard.forms.rounds import WEEKDAYS
from dashboard.forms.slots import Pattern, by_day, days_of, slots_of
from dashboard.forms.targets import TargetForm, shown_target, target_body, typed_target
from dashboard.forms.values import Values

names = st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), min_size=1, max_size=60)
clocks = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.integers(0, 59))
days = st.dates(date(2020, 1, 1), date(2040, 1, 1))
weekdays = st.sets(st.sampled_from(list(WEEKDAYS)), min_size=1).map(
    lambda some: [day for day in WEEKDAYS if day in some]
)


@st.composite
def windows(draw: st.DrawFn) -> dict[str, Any]:
    opens, closes = sorted(draw(st.sets(clocks, min_size=2, max_size=2)))
    window: dict[str, Any] = {"days": draw(weekdays), "from": opens, "to": closes}
    return window | draw(st.sampled_from([{}, {"bank_holidays": False}]))


rounds = st.fixed_dictionaries(
    {
        "channel": st.sampled_from(["sms", "sms-link", "letter", "whatsapp"]),
        "name": names,
        "respond_within": st.sampled_from(["P7D", "PT36H", "PT90M", "P366D"]),
        "send_window": windows(),
    },
    optional={"text": names},
)
targets = st.fixed_dictionaries(
    {
        "name": names,
        "practice": st.from_regex(r"\A[A-Z0-9]{3,10}\Z"),
        "booking_window": st.tuples(days, days).map(
            lambda pair: {"from": min(pair).isoformat(), "to": max(pair).isoformat()}
        ),
        "invitations_per_slot": st.none() | st.integers(1, 999_999).map(lambda n: n / 1000),
        "rounds": st.lists(rounds, min_size=1, max_size=6),
    }
)


def pairs_of(form: TargetForm) -> list[tuple[str, str]]:
    """The form as a browser sends it."""
    pairs = [
        ("name", form.name),
        ("practice", form.practice),
        ("limit", form.limit),
        ("per-slot", form.per_slot),
    ]
    for name, typed in (("begins", form.begins), ("ends", form.ends)):
        pairs += [(f"{name}-{part}", text) for part, text in asdict(typed).items()]
    for place, found in enumerate(form.rounds):
        at = f"rounds-{place}"
        pairs += [
            (f"{at}-{box}", getattr(found, box))
            for box in ("channel", "other", "name", "answer", "unit", "opens", "closes", "text")
        ]
        pairs += [(f"{at}-days", day) for day in found.days]
        pairs += [
            (f"{at}-{box}", "yes")
            for box, on in (("used", found.used), ("holidays", found.not_on_bank_holidays))
            if on
        ]
    return pairs


@given(targets)
def test_a_target_goes_through_its_form_and_comes_back_as_it_was(body: dict[str, Any]) -> None:
    form = typed_target(Values(pairs_of(shown_target(body))))
    again, troubles = target_body(form)
    assert troubles == []
    assert again == body


@given(
    st.lists(
        st.tuples(
            st.sampled_from([n for n, _ in pairs_of(TargetForm())]) | st.just("rounds-0-used"),
            st.text(max_size=20),
        ),
        max_size=20,
    )
)
def test_no_answer_breaks_the_form(pairs: list[tuple[str, str]]) -> None:
    body, troubles = target_body(typed_target(Values(pairs)))
    assert troubles
    assert body["rounds"] is not None


clock_changes = st.sampled_from([date(2025, 3, 30), date(2025, 10, 26), date(2026, 3, 29)])


@st.composite
def patterns(draw: st.DrawFn) -> Pattern:
    begins = draw(days | clock_changes.map(lambda day: day - timedelta(days=1)))
    opens, closes = sorted(draw(st.sets(clocks | st.just("24:00"), min_size=2, max_size=2)))
    breaks = [
        tuple(sorted(pair))
        for pair in draw(st.lists(st.sets(clocks, min_size=2, max_size=2).map(sorted), max_size=3))
    ]
    return Pattern(
        begins,
        begins + timedelta(days=draw(st.integers(0, 4))),
        tuple(draw(weekdays)),
        opens,
        closes,
        draw(st.integers(5, 240)),
        tuple((pair[0], pair[1]) for pair in breaks),
        draw(st.sampled_from([(None,), ("Ann",), ("Ann", "Bob")])),
    )


@given(patterns())
def test_slots_of_a_clinician_never_overlap_also_when_the_clocks_change(pattern: Pattern) -> None:
    slots = sorted(slots_of(pattern), key=lambda slot: (slot.clinician or "", slot.starts_at))
    for _, own in groupby(slots, key=lambda slot: slot.clinician):
        assert all(one.ends_at <= other.starts_at for one, other in pairwise(own))
    assert set(by_day(slots)) <= set(days_of(pattern))
    per_clinician = {c: sum(s.clinician == c for s in slots) for c in pattern.clinicians}
    assert len(set(per_clinician.values())) == 1
