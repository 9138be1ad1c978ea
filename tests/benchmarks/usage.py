"""What each process of a stack uses: processor seconds and peak resident memory."""

import contextlib
from collections.abc import Mapping
from typing import Any

import psutil

MB = 1_000_000


class Usage:
    """Watches processes and their children between `begin` and `end`."""

    def __init__(self, pids: Mapping[str, int | None]) -> None:
        self._pids = {name: pid for name, pid in pids.items() if pid is not None}
        self._begun: dict[str, float] = {}
        self._ended: dict[str, float] = {}
        self._first_rss: dict[str, float] = {}
        self._peak_rss: dict[str, float] = {}

    def begin(self) -> None:
        """From here on it counts."""
        for name, pid in self._pids.items():
            self._begun[name] = _cpu(pid)
            self._first_rss[name] = self._peak_rss[name] = _rss(pid)

    def look(self, _page: object = None) -> None:
        """Look at memory now and then: the peak is of what was seen."""
        for name, pid in self._pids.items():
            self._peak_rss[name] = max(self._peak_rss[name], _rss(pid), _high_water(pid))

    def end(self) -> None:
        """Up to here it counts."""
        self.look()
        self._ended = {name: _cpu(pid) for name, pid in self._pids.items()}

    def figures(self, seconds: float) -> dict[str, dict[str, float]]:
        """By process: processor seconds, share of one core, memory in MB at first and at most."""
        found: dict[str, dict[str, Any]] = {}
        for name in self._pids:
            used = self._ended[name] - self._begun[name]
            found[name] = {
                "cpu_seconds": used,
                "cores": used / seconds,
                "first_mb": self._first_rss[name],
                "peak_mb": self._peak_rss[name],
            }
        return found


def _family(pid: int) -> list[psutil.Process]:
    try:
        head = psutil.Process(pid)
        return [head, *head.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _cpu(pid: int) -> float:
    """Processor seconds of a process, its living children, and the dead ones it has reaped."""
    total = 0.0
    for process in _family(pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def _rss(pid: int) -> float:
    """Resident memory in MB; shared pages count once, in the largest of a family."""
    sizes = []
    for process in _family(pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            memory = process.memory_info()
            sizes.append((memory.rss - memory.shared, memory.shared))
    total = sum(own for own, _ in sizes) + max((s for _, s in sizes), default=0)
    return float(total / MB)


def _high_water(pid: int) -> float:
    """The kernel's own peak of a single process in MB; 0 for a family, whose peaks do not add."""
    if len(_family(pid)) != 1:
        return 0.0
    with contextlib.suppress(OSError), open(f"/proc/{pid}/status") as status:  # noqa: PTH123
        for line in status:
            if line.startswith("VmHWM:"):
                return float(line.split()[1]) * 1024 / MB
    return 0.0
