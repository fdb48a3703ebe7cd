"""Plays scenarios by the command; one that fails where the machine was too busy is played again, slower."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from simulators.play.loading import load_scenarios
from tests.strain import Strain

SLOWER = 4.0  # times, in the second try; a camera is real, and never slower than that
STALL_S = 1.0  # of waiting, all together: it is up to ten of the city's seconds, after fifteen a lift is silent


def play(
    command: Sequence[str], name: str, *, folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run a ``command`` that plays scenario ``name``; where nobody waited it has one try, and it is the pace's own."""
    strain = Strain()
    played = _run(command, folder, environment)
    if played.returncode == 0 or not strain.felt(most_s=STALL_S):
        return played
    speed = load_scenarios()[name].speed
    again = _run([*command, "--speed", f"{max(min(speed, 1.0), speed / SLOWER):g}"], folder, environment)
    again.stderr += f"\n\nthe first try, at its own pace:\n{played.stdout}{played.stderr}" if again.returncode else ""
    return again


def _run(
    command: Sequence[str], folder: Path | None, environment: Mapping[str, str] | None
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
