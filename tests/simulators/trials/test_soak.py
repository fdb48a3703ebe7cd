"""The soak: its memory figure, and a minute of it for real when asked for."""

import asyncio

import msgspec
import pytest

from simulators.stage.brokers import find_mosquitto
from simulators.trials.soak import SoakResult, growth_pct, soak

RESULT = SoakResult(
    minutes=1, facts_made=9, facts_kept=9, lost=0, missing=0, doubled=0, balanced=True, rss_growth_pct=0, faults={},
    alarms=1, settled=True,
)  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [{"lost": 1}, {"missing": 1}, {"doubled": 1}, {"balanced": False}, {"rss_growth_pct": 21.0}, {"alarms": 0},
     {"settled": False}],
)  # fmt: skip
def test_each_finding_spoils_it(wrong: dict[str, int]) -> None:
    """Also an alarm that stands for ever, of which nothing else is wrong."""
    assert RESULT.good
    assert not msgspec.structs.replace(RESULT, **wrong).good


@pytest.mark.parametrize(
    ("samples", "growth"),
    [
        ([100] * 8, 0.0),
        ([50, 60, 100, 100, 110, 120, 130, 130], 30.0),  # what the first quarter takes is no growth
        ([100, 100], 0.0),  # too short to say
    ],
)
def test_growth_is_from_the_second_quarter_to_the_last(samples: list[int], growth: float) -> None:
    """Caches fill in the beginning; what grows after that is kept for ever."""
    assert growth_pct(samples) == growth


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_minute_loses_nothing() -> None:
    """Network, broker and processes falter; the ledger adds up to the tap's own count."""
    assert find_mosquitto() is not None
    result = asyncio.run(soak(1.0, seed=3))
    assert (result.lost, result.missing, result.doubled, result.balanced) == (0, 0, 0, True)
    assert result.facts_kept == result.facts_made > 0
    assert result.settled
