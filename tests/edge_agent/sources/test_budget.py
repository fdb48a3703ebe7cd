"""Property tests of a line's budget, and the refusal of a line that is too full."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.errors import ConfigError
from edge_agent.config import LineConfig
from edge_agent.sources.budget import LIMIT_MS, Budget, check_line, line_budget
from edge_agent.sources.plan import plan_line
from edge_agent.sources.timing import line_timing
from tests.edge_agent.sources.rig import LIFT, PROFILES, line_of

BAUDS = st.sampled_from([2_400, 9_600, 19_200, 38_400, 115_200])
PARITIES = st.sampled_from(["N", "E"])


def _line(count: int) -> LineConfig:
    return line_of("/dev/ttyS0", dict.fromkeys(range(1, count + 1), LIFT))


def _budget(count: int, *, baud: int = 19_200, parity: str = "N", turn_around_ms: float = 5.0) -> Budget:
    plan = plan_line(_line(count), PROFILES)
    return line_budget(plan, line_timing(baud, parity=parity), turn_around_ms=turn_around_ms)


@pytest.mark.parametrize("parity", ["N", "E"])
def test_eight_lifts_at_19200_baud_fit(parity: str) -> None:
    """The line that the city's terminals are promised on holds 200 ms, with one breaker open too."""
    budget = _budget(8, parity=parity)
    assert budget.fits
    assert budget.healthy_ms < budget.probing_ms < LIMIT_MS
    assert budget.one_dead_ms > LIMIT_MS  # why there is a breaker


def test_the_sum_by_hand() -> None:
    """Two lifts at 9,600 baud, 8N1: each scan is 14 bytes, the block 35, and a character lasts 1.0417 ms."""
    char_ms = 10_000 / 9_600
    scan_ms = 14 * char_ms + 5 + 3.5 * char_ms + 2  # bytes, turn-around, silence, host
    block_ms = 35 * char_ms + 5 + 3.5 * char_ms + 2
    assert _budget(2, baud=9_600).healthy_ms == pytest.approx(max(100.0, 2 * scan_ms + block_ms) + scan_ms)


@given(st.integers(1, 40), BAUDS, PARITIES, st.floats(0, 50))
def test_more_of_anything_is_never_faster(count: int, baud: int, parity: str, turn_around_ms: float) -> None:
    """A slave more, a parity bit, a slower line or a slower slave never shortens the budget."""
    budget = _budget(count, baud=baud, parity=parity, turn_around_ms=turn_around_ms)
    slower = (
        _budget(count + 1, baud=baud, parity=parity, turn_around_ms=turn_around_ms),
        _budget(count, baud=baud, parity="E", turn_around_ms=turn_around_ms),
        _budget(count, baud=1_200, parity=parity, turn_around_ms=turn_around_ms),
        _budget(count, baud=baud, parity=parity, turn_around_ms=turn_around_ms + 1),
    )
    assert all(other.healthy_ms >= budget.healthy_ms for other in slower)
    assert all(other.one_dead_ms >= budget.one_dead_ms for other in slower)
    assert budget.one_dead_ms >= budget.healthy_ms
    assert budget.one_dead_ms >= budget.probing_ms


def test_overfull_line_is_refused_by_its_key() -> None:
    """The error names the file and the slaves of the line, and says what to do."""
    with pytest.raises(ConfigError) as refused:
        check_line(_line(12), PROFILES, file="agent.toml", key="lines[3]")
    assert refused.value.key == "lines[3].slaves"
    assert "12 slaves at 19200 baud" in str(refused.value)
    assert "another line" in str(refused.value)


def test_line_that_fits_returns_its_budget() -> None:
    """`check` can print it."""
    assert check_line(_line(8), PROFILES, file="agent.toml", key="lines[0]") == _budget(8)
