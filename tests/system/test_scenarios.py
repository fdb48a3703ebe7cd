"""Every scenario through the real wire: broker, hub and agent as processes, ten times the speed, scored."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from simulators.scenario import load_scenarios

Run = Future[subprocess.CompletedProcess[str]]
SCENARIOS = load_scenarios()
ORDINARY = sorted(name for name, scenario in SCENARIOS.items() if not scenario.long)


def _simulate(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "simulators", *arguments], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def runs(request: pytest.FixtureRequest) -> Iterator[Mapping[str, Run]]:
    """Run the scenarios that were asked for, two at a time: each waits more than it computes."""
    asked = [item.callspec.params["name"] for item in request.session.items if hasattr(item, "callspec")
             and item.path == request.path and "name" in item.callspec.params]  # fmt: skip
    with ThreadPoolExecutor(2) as pool:
        yield {name: pool.submit(_simulate, "run", name, "--json") for name in asked}
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("name", ORDINARY)
def test_scenario_raises_what_it_should_and_nothing_else(name: str, runs: Mapping[str, Run]) -> None:
    """Every expected alarm is raised once, none is false, and nothing is lost."""
    run = runs[name].result()
    assert run.returncode == 0, run.stdout + run.stderr
    score = json.loads(run.stdout)
    assert score["scenario"] == name
    assert (score["missed"], score["false"], score["doubled"], score["packs_missing"]) == (0, 0, 0, 0)
    assert len(score["alarms"]) == len(score["expected"])
    assert score["packs_published"] > 0
    assert score["packs_journalled"] >= score["packs_published"]


def test_list_names_every_scenario() -> None:
    """``simulate list`` has a name first on each line."""
    assert sorted(line.split()[0] for line in _simulate("list").stdout.splitlines()) == sorted(SCENARIOS)


def test_an_unknown_scenario_is_a_usage_error() -> None:
    """One line and exit 2."""
    run = _simulate("run", "no-such-scenario")
    assert (run.returncode, len(run.stderr.strip().splitlines())) == (2, 1)
