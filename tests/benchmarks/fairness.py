"""How long a small practice waits behind a large upload of another one."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.pipeline import Say, running
from launcher.crowd import Crowd, files, prepare, upload
from launcher.driving import Driver

SMALL_PATIENTS = 20
BEHIND = (0.0, 2.0, 4.0)
"""Seconds after the large upload's answer at which small practices upload."""
LOOK_SECONDS = 0.05
LONGEST_SECONDS = 300.0


@dataclass(frozen=True)
class Practice(Crowd):
    """A crowd of a practice of its own."""

    ods_code: str = "A81001"

    @property
    def target_id(self) -> str:
        """The target's id: each practice has one."""
        return f"{super().target_id}-{self.ods_code.lower()}"

    def target(self) -> dict[str, Any]:
        """The target as it is created."""
        return super().target() | {"practice": self.ods_code}


async def measure_fairness(patients: int, seed: int, folder: Path, say: Say) -> dict[str, Any]:
    """Upload a large file of one practice, then small ones of others right behind it.

    Args:
        patients: of the large practice.
        seed: decides who they are.
        folder: an empty one, for the stack.
        say: told what is going on.
    """
    large = Practice(patients, seed)
    small = [Practice(SMALL_PATIENTS, seed + n, f"B8100{n}") for n in range(1, len(BEHIND) + 1)]
    async with running(folder, seed, say) as (_, driver):
        for crowd in (large, *small):
            await prepare(driver, crowd)
        made = files(large)
        say(f"Uploading {patients:,} patients of one practice …")
        began = time.monotonic()
        await upload(driver, large, made)
        uploaded = time.monotonic()
        found = await asyncio.gather(
            *(
                _behind(driver, crowd, large, after)
                for crowd, after in zip(small, BEHIND, strict=True)
            )
        )
        await _until_invited(driver, large)
        invited = time.monotonic()
    return {
        "patients": patients,
        "upload_seconds": uploaded - began,
        "invited_seconds": invited - uploaded,
        "small": found,
        "complete": all(one["large_waiting"] for one in found),
    }


async def _behind(driver: Driver, crowd: Crowd, large: Crowd, after: float) -> dict[str, Any]:
    """One small upload: seconds until the pages show all its patients invited."""
    await asyncio.sleep(after)
    began = time.monotonic()
    await upload(driver, crowd, files(crowd))
    answered = time.monotonic()
    await _until_invited(driver, crowd)
    shown = time.monotonic()
    page = (await driver.page(large.target_id))["overview"]
    return {
        "patients": crowd.patients,
        "after_seconds": after,
        "upload_seconds": answered - began,
        "invited_seconds": shown - answered,
        "large_invited": page["total_patients"] - page["in_queue"],
        "large_waiting": large.patients - page["total_patients"] + page["in_queue"],
    }


async def _until_invited(driver: Driver, crowd: Crowd) -> None:
    """Wait until a page shows everybody and nobody in the queue."""
    async with asyncio.timeout(LONGEST_SECONDS):
        while True:
            page = (await driver.page(crowd.target_id))["overview"]
            if page["total_patients"] == crowd.patients and not page["in_queue"]:
                return
            await asyncio.sleep(LOOK_SECONDS)
