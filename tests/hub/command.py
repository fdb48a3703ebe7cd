"""The command `hub`, run as people run it."""

import subprocess
import sys


def hub(*words: object) -> "subprocess.CompletedProcess[str]":
    """Run ``hub`` with these words."""
    return subprocess.run(
        [sys.executable, "-m", "hub", *map(str, words)], capture_output=True, text=True, timeout=180, check=False
    )


def one_line(done: "subprocess.CompletedProcess[str]", code: int) -> str:
    """Return what a command that failed with ``code`` said on its one line."""
    assert (done.returncode, done.stderr.count("\n")) == (code, 1), done.stderr
    assert done.stderr.startswith("hub: ")
    return done.stderr
