"""The figures as tables for people."""

from typing import Any

from rich.table import Table


def tables(figures: dict[str, Any]) -> list[Table]:
    """What was reached, and who used the processors for it."""
    return [_reached(figures), _processes(figures)]


def _reached(figures: dict[str, Any]) -> Table:
    raw = figures["raw"]
    table = Table(box=None, pad_edge=False)
    table.add_column("Measured")
    table.add_column("", justify="right")
    for name, value in (
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
