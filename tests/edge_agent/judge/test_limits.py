"""Limits of judges come from profiles, strictly."""

import pytest

from device_profiles.errors import ConfigError
from device_profiles.profile import BUILT_IN, parse_profile
from edge_agent.judge import judge_of
from edge_agent.judge.lift.limits import LiftLimits
from edge_agent.judge.limits import read_limits

TEXT = (BUILT_IN / "lift_terminal.toml").read_text(encoding="utf-8")


def test_the_built_in_profile_states_the_limits_of_the_domain_notes() -> None:
    """The defaults in the code and the numbers in the profile are the same."""
    spec = parse_profile(TEXT, file="lift.toml").spec.judge
    assert spec is not None
    assert read_limits(spec, LiftLimits, file="lift.toml") == LiftLimits()


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('suspect = "10s"', 'suspekt = "10s"', "judge.limits.suspekt"),
        ('suspect = "10s"', "suspect = 10", "judge.limits.suspect"),
        ("load_kg = 30.0", 'load_kg = "3s"', "judge.limits.load_kg"),
        ("load_kg = 30.0", "load_kg = -1.0", "judge.limits.load_kg"),
        ('name = "lift"', 'name = "crane"', "judge.name"),
    ],
)
def test_a_wrong_limit_names_file_and_key(old: str, new: str, key: str) -> None:
    """The operator finds the line."""
    with pytest.raises(ConfigError) as caught:
        judge_of(parse_profile(TEXT.replace(old, new), file="lift.toml"))
    assert (caught.value.file, caught.value.key) == ("lift.toml", key)


def test_a_profile_that_does_not_name_an_event_of_its_judge_is_refused() -> None:
    """Else its severity would be a guess."""
    text = TEXT.replace('[events."lift.stuck_suspected"]', '[events."lift.stuck_somehow"]')
    with pytest.raises(ConfigError, match=r"lift\.toml: events: judge 'lift' also makes lift\.stuck_suspected"):
        judge_of(parse_profile(text, file="lift.toml"))


def test_a_profile_without_judge_has_none() -> None:
    """Value rules at the hub need no judge."""
    start, end = TEXT.index("[judge]"), TEXT.index('[events."lift.stuck_suspected"]')
    assert judge_of(parse_profile(TEXT[:start] + TEXT[end:], file="lift.toml")) is None
