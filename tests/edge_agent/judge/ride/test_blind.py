"""What follows a gap or a restart in mid-ride: the braking of a ride that nobody saw begin traps nobody."""

import msgspec
import pytest

from edge_agent.infer.motion import load_motion
from edge_agent.judge.ride.ride import Classify
from edge_agent.judge.ride.state import RideState
from tests.edge_agent.judge.box import START_US, Signal, hear


@pytest.fixture(params=["model", "thresholds"])
def classify(request: pytest.FixtureRequest) -> Classify | None:
    """Return the committed model, and nothing."""
    return load_motion() if request.param == "model" else None


def _ride_twice() -> Signal:
    return Signal().stand(30).ride(24.0).stand(20).ride(-12.0).stand(30)


@pytest.mark.parametrize("gone_s", [2, 6, 9])
def test_a_restart_in_mid_ride(gone_s: int, classify: Classify | None) -> None:
    """The state is restored, samples are missing, a braking comes: no stuck, and the next ride is found."""
    signal = _ride_twice()
    axes, t_us, (times, pressures) = signal.axes(), signal.t_us, signal.pressures()
    cut, back = 36 * 25, (36 + gone_s) * 25
    early = [(at, pa) for at, pa in zip(times, pressures, strict=True) if at < t_us[cut]]
    before = hear(
        t_us[:cut], axes[:cut], pressures=([at for at, _ in early], [pa for _, pa in early]), classify=classify,
        finish=False,
    )  # fmt: skip
    stored = msgspec.json.decode(msgspec.json.encode(before.judge.state), type=RideState)
    late = [(at, pa) for at, pa in zip(times, pressures, strict=True) if at >= t_us[back]]
    pairs = ([at for at, _ in late], [pa for _, pa in late])
    after = hear(t_us[back:], axes[back:], pressures=pairs, classify=classify, state=stored)
    assert after.kinds == []
    assert [(ride.direction, round(ride.height_m)) for ride in after.rides] == [("down", 12)]


@pytest.mark.parametrize("begin_s", [32, 35, 40])
def test_a_recording_that_begins_in_mid_ride(begin_s: int, classify: Classify | None) -> None:
    """Its first braking begins no ride when the barometer stood still between."""
    signal = _ride_twice()
    times, pressures = signal.pressures()
    late = [(at, pa) for at, pa in zip(times, pressures, strict=True) if at >= START_US + begin_s * 1_000_000]
    pairs = ([at for at, _ in late], [pa for _, pa in late])
    heard = hear(signal.t_us[begin_s * 25 :], signal.axes()[begin_s * 25 :], pressures=pairs, classify=classify)
    assert heard.kinds == []
    assert [(ride.direction, round(ride.height_m)) for ride in heard.rides] == [("down", 12)]


def test_a_gap_longer_than_the_ride(classify: Classify | None) -> None:
    """A gap of 77 s hides the rest of one ride and the begin of the next."""
    signal = Signal().stand(30).ride(24.0).stand(55).ride(-24.0).stand(30)
    axes, t_us, (times, pressures) = signal.axes(), signal.t_us, signal.pressures()
    heard = hear(t_us[: 36 * 25], axes[: 36 * 25], classify=classify, finish=False)
    late = [(at, pa) for at, pa in zip(times, pressures, strict=True) if at >= t_us[113 * 25]]
    pairs = ([at for at, _ in late], [pa for _, pa in late])
    assert hear(t_us[113 * 25 :], axes[113 * 25 :], pressures=pairs, heard=heard).kinds == []
