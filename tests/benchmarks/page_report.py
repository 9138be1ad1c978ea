"""The page's figures as tables for people."""

from collections import defaultdict
from typing import Any

from rich.table import Table

SLOWEST_PLANS = 12


def page_tables(figures: dict[str, Any]) -> list[Table | str]:
    """What was asked, what it cost, and how the lists are answered."""
    return [
        _rates(figures),
        _answers(figures),
        _costs(figures),
        _slowest(figures),
        _plans(figures),
        _accesses(figures),
    ]


def _rates(figures: dict[str, Any]) -> str:
    used = ", ".join(
        f"{name} used {one['cores']:.2f} cores" for name, one in figures["processes"].items()
    )
    return (
        f"{figures['patients']:,} patients on one target. Reached: "
        f"{figures['requests_a_second']:.1f} requests a second and "
        f"{figures['events_a_second']:,.0f} events a second; {used}. "
        f"Errors: {len(figures['errors'])}."
    )


def _table(*titles: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for place, title in enumerate(titles):
        table.add_column(title, justify="right" if place else "left")
    return table


def _answers(figures: dict[str, Any]) -> Table:
    table = _table("Milliseconds under load", "count", "p50", "p99", "max", "aim for p99", "")
    rows = figures["answers"] | {"from event to number on an open page": figures["seen"]}
    for name, row in rows.items():
        table.add_row(
            name,
            f"{row['count']:,}",
            *(f"{row[key]:.1f}" for key in ("p50_ms", "p99_ms", "max_ms")),
            f"< {row['aim_ms']:.0f}",
            "met" if row["p99_ms"] < row["aim_ms"] else "[red]missed[/]",
        )
    return table


def _costs(figures: dict[str, Any]) -> Table:
    table = _table("One request alone, ms", "p50", "max", "dashboard CPU", "postgres CPU")
    for kind, row in figures["alone"].items():
        table.add_row(
            kind,
            *(
                f"{row[key]:.1f}"
                for key in ("p50_ms", "max_ms", "dashboard_cpu_ms", "postgres_cpu_ms")
            ),
        )
    return table


def _slowest(figures: dict[str, Any]) -> Table:
    table = _table("The slowest requests under load", "ms")
    for row in figures["slowest"][:5]:
        table.add_row(row["path"].split("/patients", 1)[-1] or row["path"], f"{row['ms']:.1f}")
    return table


def _plans(figures: dict[str, Any]) -> Table:
    table = _table("The costliest queries", "ms", "rows read", "by")
    ordered = sorted(figures["plans"], key=lambda plan: plan["milliseconds"], reverse=True)
    for plan in ordered[:SLOWEST_PLANS]:
        table.add_row(
            f"{plan['label']}: {plan['query'][:60]}",
            f"{plan['milliseconds']:.1f}",
            f"{plan['rows_read']:,}",
            ", ".join(plan["access"]),
        )
    return table


def _accesses(figures: dict[str, Any]) -> Table | str:
    """Which accesses the queries use, and how often; whole tables are named as faults."""
    table = _table("Ways to the rows", "queries", "slowest ms")
    found: dict[str, list[float]] = defaultdict(list)
    for plan in figures["plans"]:
        found[" + ".join(plan["access"])].append(plan["milliseconds"])
    for access, took in sorted(found.items(), key=lambda one: -max(one[1])):
        table.add_row(access or "no table", f"{len(took)}", f"{max(took):.1f}")
    faults = sorted({plan["label"] for plan in figures["plans"] if plan["reads_all"]})
    if faults:
        table.add_row(f"[red]Read a whole table: {', '.join(faults)}[/]", "", "")
    return table
