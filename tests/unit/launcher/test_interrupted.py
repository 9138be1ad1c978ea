"""Ctrl-C at the moment when ./dev hands over to the launcher."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from launcher.stack import import_path


def hold_back() -> None:
    """As ./dev does before it becomes the launcher; the terminal's signal comes in between."""
    # Whoever runs the tests in the background of a shell ignores it, and children inherit that.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_while_the_launcher_starts_ends_it_without_a_traceback(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "launcher", "status"],
        env=os.environ | {"PYTHONPATH": import_path(), "RECALL_RUN": str(tmp_path)},
        preexec_fn=hold_back,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 130, ended.stderr
    assert ended.stderr == ""
