"""Scenarios from their files, each checked before it is played."""

from pathlib import Path

from device_profiles.config import read_toml
from device_profiles.errors import ConfigError
from simulators.play.faults import scenario_faults
from simulators.play.scenario import Scenario

FOLDER = Path(__file__).parents[1] / "scenarios"


def load_scenario(path: Path) -> Scenario:
    """Return the scenario in a TOML file. Raises ConfigError with file and key."""
    scenario = read_toml(path, Scenario)
    for key, message in scenario_faults(scenario):
        raise ConfigError(message, file=str(path), key=key)
    return scenario


def load_scenarios(folder: Path = FOLDER) -> dict[str, Scenario]:
    """Return name → scenario of a folder. Raises ConfigError."""
    found = [load_scenario(path) for path in sorted(folder.glob("*.toml"))]
    return {scenario.name: scenario for scenario in found}
