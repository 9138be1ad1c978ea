"""`./dev VERB`: what each verb takes and prints. The work is in the modules beside this one."""

import asyncio
import importlib
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.live import Live

from launcher import background, chromium, observe, promtool, show, stackfile
from launcher.paths import ROOT, RUN
from launcher.problems import Problem
from launcher.services import CHANNELS

app = typer.Typer(
    name="./dev",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@app.command(rich_help_panel="See it work")
def demo(
    *,
    leave: Annotated[
        bool, typer.Option("--exit", help="Stop by itself; exit code 1 if any number differs.")
    ] = False,
    json: Json = False,
    patients: Annotated[
        int | None, typer.Option(help="Play this many made-up patients.", min=1)
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same outcome counts.")] = 0,
) -> None:
    """Play the worked example on empty stores of its own, and show it beside what it should be.

    Stays up, with the target page open to you, until Ctrl-C. With --patients it plays a crowd
    instead: made-up patients, 1.2 slots each, to the end of every workflow.
    """
    # Loaded late, so that a verb pays only for what it uses.
    play = importlib.import_module("launcher.demo").run
    raise typer.Exit(play(leave=leave, as_json=json, patients=patients, seed=seed))


@app.command(rich_help_panel="Run it")
def up(
    *,
    no_simulate: Annotated[
        list[str] | None,
        typer.Option(metavar="CHANNEL", help="Leave this channel to a plugin; may be repeated."),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(help="The dashboard's port; without it a free one.", min=1, max=65535),
    ] = None,
    kafka_lost: Annotated[
        bool,
        typer.Option(
            "--kafka-lost",
            help="Kafka's data are gone for good: begin on new topics with what PostgreSQL holds."
            " Nobody is invited twice.",
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Start Kafka, PostgreSQL and the four services in the background, and print how to sign in.

    What dies is started again with back-off. Data stay in .run/data between `./dev down` and `./dev
    up`.
    """
    holder = stackfile.holder_of()
    if holder is not None:
        if kafka_lost:
            raise Problem(
                f"A stack is up ({holder}); only one that starts can begin on new topics.",
                "./dev down, then: ./dev up --kafka-lost",
            )
        stack = stackfile.read()
        show.say(f"It is up already ({holder}).")
    else:
        channels = known(no_simulate or [])
        began = time.monotonic()
        wanted = background.Wanted(port=port, no_simulate=channels, kafka_lost=kafka_lost)
        stack = background.start(wanted, show.say)
        show.say(f"Ready after {time.monotonic() - began:.1f} s.")
    if json:
        show.as_json(stack)
    else:
        welcome(stack)


def known(channels: list[str]) -> tuple[str, ...]:
    """The channels to leave alone; a name that no channel can have is a Problem."""
    for name in channels:
        if not re.fullmatch("[a-z][a-z0-9-]{0,30}", name):
            raise Problem(
                f"“{name}” cannot be a channel's name.",
                "Small letters, digits and hyphens, as in: ./dev up --no-simulate sms-link",
            )
        if name not in CHANNELS:
            show.say(f"{name} is not simulated anyway; what is: {', '.join(CHANNELS)}.")
    return tuple(channels)


def welcome(stack: dict[str, str]) -> None:
    """Where the page is and how to get in."""
    print(f"Page      {stack['dashboard']}")
    print(f"Sign in   {stack['dashboard']}/sign-in?key={stack['token']}")
    print("Addresses and the token for programs: .run/stack.json      Stop: ./dev down")


@app.command(rich_help_panel="Run it")
def down() -> None:
    """Stop the running stack (`up` or `demo`): services first, then Kafka, then PostgreSQL.

    Data of `up` stay.
    """
    pid = stackfile.holder_pid()
    if pid is None:
        show.say("No stack is running in this checkout.")
        return
    show.say(f"Stopping {stackfile.holder_of()} …")
    if not background.stop(pid):
        raise Problem("It did not stop within a minute and was killed, with all its processes.")
    show.say("Stopped.")


@app.command(rich_help_panel="Run it")
def status(*, json: Json = False) -> None:
    """Show the stack's processes.

    Ready or not, since when, how often started again, memory, address.
    """
    found = asyncio.run(observe.states())
    if json:
        show.as_json([asdict(one) for one in found])
    else:
        show.OUT.print(show.states(found))
    if any(one.state != "ready" for one in found):
        raise typer.Exit(1)


@app.command(rich_help_panel="Run it")
def lag(
    *,
    json: Json = False,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Go on until Ctrl-C.")] = False,
) -> None:
    """Show how far each service is behind on each topic.

    In records and in seconds; beside that its dead letters by reason.
    """
    found, silent = asyncio.run(observe.lags())
    if json:
        show.as_json({"lag": [one.as_json() for one in found], "silent": silent})
        return
    if not watch:
        show.OUT.print(show.lags(found, silent))
        return
    with Live(show.lags(found, silent), console=show.OUT, screen=False) as live:
        while True:
            time.sleep(1)
            live.update(show.lags(*asyncio.run(observe.lags())))


@app.command(rich_help_panel="Run it")
def logs(
    service: Annotated[
        str,
        typer.Argument(
            help="ingest, workflow, invitations, dashboard, kafka, postgres, provision or stack."
        ),
    ],
    *,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on as it writes, until Ctrl-C.")
    ] = False,
    lines: Annotated[int, typer.Option("-n", help="How many lines from the end.", min=0)] = 50,
) -> None:
    """Print what a process of the stack wrote last."""
    file = log_of(service)
    if not follow:
        print(tail_of(file, lines))
        return
    tail = shutil.which("tail")
    if tail is None:
        raise Problem("Following needs the program tail.", f"The file is {file}")
    os.execv(tail, [tail, "-n", str(lines), "-F", str(file)])  # noqa: S606 - we become it


def log_of(name: str) -> Path:
    """The log of a process of the running stack, or of the last `up`."""
    try:
        about = stackfile.read(name=stackfile.PROCESSES)["processes"].get(name)
    except Problem:
        about = None
    file = Path(about["log"]) if about else RUN / "logs" / f"{name}.log"
    if not file.is_file():
        there = ", ".join(sorted(path.stem for path in file.parent.glob("*.log")))
        raise Problem(
            f"There is no log of {name}.",
            f"There are: {there}" if there else "Start a stack first: ./dev up",
        )
    return file


def tail_of(file: Path, lines: int) -> str:
    """The last lines of a file of bounded size."""
    return "\n".join(file.read_text(errors="replace").splitlines()[-lines:] if lines else [])


@app.command(rich_help_panel="Run it")
def rebuild(*, json: Json = False) -> None:
    """Make the dashboard's tables anew from what their owners tell again; timelines stay.

    While it lasts (about a minute for a million patients) pages say so instead of showing numbers;
    invitations, answers and bookings go on. Nothing is lost when it is interrupted: run it again.
    """
    again = importlib.import_module("launcher.rebuild").run
    found = again()
    if json:
        show.as_json(found)


@app.command(rich_help_panel="Run it")
def reset(*, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Wipe the data and logs of `up`: every target, patient and slot.

    The environment and Kafka's jars stay.
    """
    holder = stackfile.holder_of()
    if holder is not None:
        raise Problem(f"A stack is running ({holder}).", "Stop it first: ./dev down")
    if not yes and not typer.confirm(f"Wipe all data under {RUN}?"):
        raise typer.Exit(1)
    shutil.rmtree(RUN, ignore_errors=True)
    show.say("Wiped. The next ./dev up starts empty.")


@app.command(rich_help_panel="Work on it", context_settings=PASS_ON, add_help_option=False)
def test(context: typer.Context) -> None:
    """Run the test suite; all arguments go to pytest (./dev test --help shows pytest's).

    The tests of the pages need Chromium: as root, or by a sudo that asks for nothing, it is
    installed with apt-get first. Prometheus' checker is taken out of Debian's package.
    """
    if chromium.are_wanted(context.args):
        chromium.ensure(show.say)
    if promtool.is_wanted(context.args):
        promtool.ensure(show.say)
    _become(sys.executable, "-m", "pytest", *context.args)


@app.command(rich_help_panel="Work on it", context_settings=PASS_ON, add_help_option=False)
def bench(context: typer.Context) -> None:
    """Measure the whole pipeline beside the raw limit of this computer.

    All arguments go to the benchmark: ./dev bench --help shows them.
    """
    os.environ["PYTHONPATH"] = str(ROOT / "tests")
    _become(sys.executable, "-m", "benchmarks", *context.args)


@app.command(rich_help_panel="Work on it")
def pictures() -> None:
    """Take the pictures of docs/pages.md anew: the worked example in Chromium."""
    if not chromium.ensure(show.say):
        raise typer.Exit(1)
    os.environ["PYTHONPATH"] = str(ROOT / "tests")
    _become(sys.executable, "-m", "browser.pictures")


def _become(*command: str) -> None:
    """Run in the place of this process, from the checkout's root."""
    os.chdir(ROOT)
    os.execv(command[0], command)  # noqa: S606 - we become it.


@app.command(rich_help_panel="Work on it")
def reconcile(
    *,
    patients: Annotated[int, typer.Option(help="So many made-up patients.", min=50)] = 100_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same crowd.")] = 7,
    json: Json = False,
) -> None:
    """Play a crowd through three rounds, and count it from the topics and from all tables.

    With send windows, slots in portions, removals and a pause, on empty stores of its own; every
    look at the page must add up. Exit code 1 on any difference.
    """
    play = importlib.import_module("launcher.reconcile").run
    raise typer.Exit(play(patients=patients, seed=seed, as_json=json))


@app.command(rich_help_panel="Work on it")
def lint(
    *,
    fix: Annotated[
        bool, typer.Option("--fix", help="Mend first what can be mended by itself.")
    ] = False,
) -> None:
    """Run every check that needs no running system, one line each."""
    from launcher import linting  # noqa: PLC0415 - a start needs none of it.

    raise typer.Exit(0 if linting.run(fix=fix) else 1)


@app.command(rich_help_panel="Work on it")
def doctor(*, json: Json = False) -> None:
    """Look over this computer: what is there, what is missing, and the command that mends it."""
    from launcher import doctor as checks  # noqa: PLC0415 - a start needs none of it.

    found = checks.examine()
    if json:
        show.as_json([asdict(one) for one in found])
    else:
        checks.show(found)
    raise typer.Exit(0 if all(one.ok for one in found) else 1)


def main() -> None:
    """Run one verb; problems are told in a sentence, Ctrl-C without a traceback."""
    try:
        app(prog_name="./dev")
    except Problem as problem:
        show.ERRORS.print(f"./dev: {problem}", markup=False, style="red")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
