"""The figures as tables for people."""

import os
from collections.abc import Sequence
from typing import Any

from rich.table import Table

FULL = 0.75
"""With this share of the cores busy, more work would mostly wait for them."""


def tables(figures: dict[str, Any]) -> list[Table | str]:
    """What was reached, who used the processors for it, and so where the bottleneck is."""
    shown: list[Table | str] = [_reached(figures), _processes(figures), bottleneck(figures)]
    if "memory" in figures:
        shown.append(_memory(figures["memory"]))
    return shown


def fairness_tables(figures: dict[str, Any]) -> list[Table | str]:
    """What the small practices waited, and where the large one stood then."""
    table = Table(box=None, pad_edge=False)
    for title in (
        "Uploaded behind, s",
        "patients",
        "answered, s",
        "invited, s",
        "large: invited",
        "large: waiting",
    ):
        table.add_column(title, justify="right")
    for one in figures["small"]:
        table.add_row(
            f"{one['after_seconds']:.0f}",
            f"{one['patients']:,}",
            f"{one['upload_seconds']:.2f}",
            f"{one['invited_seconds']:.2f}",
            f"{one['large_invited']:,}",
            f"{one['large_waiting']:,}",
        )
    whole = (
        f"The large upload of {figures['patients']:,} was answered after "
        f"{figures['upload_seconds']:.1f} s and invited {figures['invited_seconds']:.1f} s later. "
        "Seconds until invited are from the answer to the page that shows it."
    )
    return [table, whole]


def bottleneck(figures: dict[str, Any]) -> str:
    """A sentence: with the cores full it is whoever uses most of them, else waiting."""
    used = {name: one["cores"] for name, one in figures["processes"].items()}
    busy, cores = sum(used.values()), os.cpu_count() or 1
    most = max(used, key=lambda name: used[name])
    share = used[most] / busy if busy else 0.0
    if busy > FULL * cores:
        return (
            f"The processors are the bottleneck: {busy:.1f} of {cores} cores are busy, and "
            f"{most} uses {share:.0%} of that."
        )
    return (
        f"Waiting is the bottleneck (for commits, for rounds to end): only {busy:.1f} of {cores} "
        f"cores are busy; {most} uses most of them."
    )


def _reached(figures: dict[str, Any]) -> Table:
    raw = figures["raw"]
    table = Table(box=None, pad_edge=False)
    table.add_column("Measured")
    table.add_column("", justify="right")
    for name, value in (
        ("Python", figures["python"]),
        ("patients", f"{figures['patients']:,}"),
        ("patients a second, upload to every workflow ended", _rate(figures)),
        ("seconds", f"{figures['seconds']:.1f}"),
        ("of which the upload was answered after", f"{figures['upload_seconds']:.1f}"),
        ("and round 1 was invited after", f"{figures['first_round_invited_seconds']:.1f}"),
        ("raw limit: patients a second", f"{figures['raw_patients_per_second']:,.0f}"),
        ("raw: publish / read / copy seconds", _raw(raw)),
        ("ratio to the raw limit", f"{figures['ratio_to_raw']:.3f}"),
        ("messages a patient", f"{figures['messages_per_patient']:.1f}"),
        ("bytes a message", f"{figures['bytes_per_message']:.0f}"),
        ("row writes a patient", f"{figures['row_writes_per_patient']:.1f}"),
    ):
        table.add_row(name, value)
    return table


def _rate(figures: dict[str, Any]) -> str:
    return f"{figures['patients_per_second']:,.0f}"


def _raw(raw: dict[str, float]) -> str:
    return " / ".join(
        f"{raw[name]:.1f}" for name in ("publish_seconds", "read_seconds", "copy_seconds")
    )


def _processes(figures: dict[str, Any]) -> Table:
    """The busiest first: with two cores full, it is the bottleneck."""
    table = Table(box=None, pad_edge=False)
    table.add_column("Process")
    for title in ("CPU s", "cores", "MB at first", "MB at most"):
        table.add_column(title, justify="right")
    by_use = sorted(
        figures["processes"].items(), key=lambda one: one[1]["cpu_seconds"], reverse=True
    )
    for name, used in by_use:
        table.add_row(
            name,
            f"{used['cpu_seconds']:.1f}",
            f"{used['cores']:.2f}",
            f"{used['first_mb']:.0f}",
            f"{used['peak_mb']:.0f}",
        )
    return table


def _memory(processes: Sequence[dict[str, Any]]) -> Table:
    """What each process had at most, by the size of the upload: a service's does not grow."""
    table = Table(box=None, pad_edge=False)
    table.add_column("MB at most, by patients")
    for size in processes[0]["peak_mb"]:
        table.add_column(f"{int(size):,}", justify="right")
    table.add_column("growth", justify="right")
    for one in processes:
        table.add_row(
            one["process"],
            *(f"{peak:.0f}" for peak in one["peak_mb"].values()),
            f"{one['growth_percent']:+.0f} %",
        )
    return table
