"""The command `simulate`: what it lists, and how it refuses."""

import subprocess
import sys
from pathlib import Path

import pytest

from simulators.play.loading import load_scenarios

ROOT = Path(__file__).parents[2]


def _simulate(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "simulators", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)


def test_list_begins_each_line_with_a_name() -> None:
    """One line for each scenario, name first, then the title."""
    done = _simulate("list")
    scenarios = load_scenarios()
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert [line.split()[0] for line in lines] == list(scenarios)
    assert all(scenario.title in line for scenario, line in zip(scenarios.values(), lines, strict=True))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "lift-levitation"), "no scenario 'lift-levitation'"),
        (("run", "lift-long-stop", "--speed", "11"), "--speed 11"),
        (("run", "lift-long-stop", "--speed", "0"), "--speed 0"),
        (("run", "lift-long-stop", "--broker", "http://here"), "http://here"),
        (("run", "lift-long-stop", "--broker", "mqtt://127.0.0.1:9"), "cannot be reached"),
        (("run", "lift-long-stop", "--keep", str(ROOT)), "is not empty"),
    ],
)
def test_a_wrong_use_is_exit_2_and_one_line(arguments: tuple[str, ...], words: str) -> None:
    """Nothing is started, and the one line says what was wrong."""
    done = _simulate(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert words in line
