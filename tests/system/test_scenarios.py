"""Every scenario through the real wire: broker, hub and agent as processes, ten times the speed, scored."""

import json
import subprocess
import sys

import pytest

from simulators.play.loading import load_scenarios
from tests.system.paced import play

SCENARIOS = load_scenarios()
ORDINARY = sorted(name for name, scenario in SCENARIOS.items() if not scenario.long)
SEEN = ("camera-faults", "road-collapse", "road-lookalike-tarpaulin")
"""Of those with cameras, which take long and much; the others are for `make scenarios`."""


def _costly(name: str) -> bool:
    return bool(SCENARIOS[name].cameras) and name not in SEEN


def _simulate(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "simulators", *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.long) if _costly(name) else name for name in ORDINARY]
)
def test_scenario_raises_what_it_should_and_nothing_else(name: str) -> None:
    """Every expected alarm is raised once, none is false, and nothing is lost.

    A second of waiting for a processor is ten of the city's: on a machine that is too busy it has a second, slower try.
    """
    run = play([sys.executable, "-m", "simulators", "run", name, "--json"], name)
    assert run.returncode == 0, run.stdout + run.stderr
    score = json.loads(run.stdout)
    assert score["scenario"] == name
    assert (score["missed"], score["false"], score["doubled"], score["packs_missing"]) == (0, 0, 0, 0)
    asked = [alarm for alarm in score["alarms"] if alarm["rule"] not in SCENARIOS[name].allowed]
    assert len(asked) == len([alarm for alarm in score["expected"] if alarm["rule"] not in SCENARIOS[name].allowed])
    assert score["packs_published"] > 0
    assert score["packs_journalled"] >= score["packs_published"]


def test_list_names_every_scenario() -> None:
    """``simulate list`` has a name first on each line."""
    assert sorted(line.split()[0] for line in _simulate("list").stdout.splitlines()) == sorted(SCENARIOS)


def test_an_unknown_scenario_is_a_usage_error() -> None:
    """One line and exit 2."""
    run = _simulate("run", "no-such-scenario")
    assert (run.returncode, len(run.stderr.strip().splitlines())) == (2, 1)
