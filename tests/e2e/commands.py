"""`./dev` as a user runs it: a child process, its stack in a folder of the test's own."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from launcher.paths import ROOT
from support.stacks import own_environment

DEADLINE = 240.0


@dataclass
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str


async def dev(folder: Path, *words: str) -> asyncio.subprocess.Process:
    """Start `./dev` with these words, in a process group of its own as a shell does."""
    return await asyncio.create_subprocess_exec(
        str(ROOT / "dev"),
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env=own_environment(folder),
        start_new_session=True,
    )


async def end_of(process: asyncio.subprocess.Process) -> Ended:
    """Wait for it to end by itself; it is killed when it takes too long."""
    try:
        async with asyncio.timeout(DEADLINE):
            out, err = await process.communicate()
    except TimeoutError:
        process.kill()
        raise
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


async def ran(folder: Path, *words: str) -> Ended:
    """Run `./dev` with these words to its end."""
    return await end_of(await dev(folder, *words))


def left_in(folder: Path) -> list[str]:
    """What a `./dev` left in its folder."""
    return sorted(path.name for path in folder.iterdir())
