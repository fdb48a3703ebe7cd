"""Somebody shakes the car while it stops, or a hole hides a begin: nothing is claimed of such an end."""

import numpy as np
import pytest

from edge_agent.infer.motion import load_motion
from edge_agent.judge.ride.ride import Classify
from tests.edge_agent.judge.box import START_US, Array, Heard, Signal, hear

RATE_HZ = 25
STOPS_S = 10 + 7.5  # of the ride below
TREADING = 3.0  # m/s²


@pytest.fixture(params=["model", "thresholds"])
def classify(request: pytest.FixtureRequest) -> Classify | None:
    """Return the committed model, and nothing."""
    return load_motion() if request.param == "model" else None


def _stop_dead() -> Signal:
    return Signal(rate_hz=RATE_HZ).stand(10).gain(1.6, 0.8).stand(5).gain(-1.6, 8.0).stand(40)


def _tread(signal: Signal, axes: Array, *, begin_s: float, seconds: float) -> Array:
    """Return ``axes`` with somebody who treads about on the car, two steps a second."""
    t = np.arange(len(signal.up)) / RATE_HZ
    inside = (t >= begin_s) & (t < begin_s + seconds)
    shaken = axes.copy()
    shaken[inside, 2] += TREADING * np.sin(2 * np.pi * 2.0 * t[inside])
    return shaken


def _hear(signal: Signal, axes: Array, classify: Classify | None) -> Heard:
    return hear(signal.t_us, axes, pressures=signal.pressures(), classify=classify, finish=False)


def test_a_stop_that_nobody_shook_is_stuck(classify: Classify | None) -> None:
    """The same stop without anybody on the car is told: the tests below can fail."""
    signal = _stop_dead()
    assert _hear(signal, signal.axes(), classify).kinds == ["lift.stuck"]


@pytest.mark.parametrize(("begin_s", "seconds"), [(12.5, 4.4), (17.4, 30.0), (18.5, 4.0), (14.0, 20.0)])
def test_a_shaken_stop_claims_nothing(begin_s: float, seconds: float, classify: Classify | None) -> None:
    """Treading before, at and after the stop: what looked like a dead stop may be a step."""
    signal = _stop_dead()
    axes = _tread(signal, signal.axes(), begin_s=begin_s, seconds=seconds)
    assert _hear(signal, axes, classify).kinds == []


def test_treading_later_takes_no_claim_back(classify: Classify | None) -> None:
    """Who knocks on the walls 8 s after the stop is trapped all the same."""
    signal = _stop_dead()
    axes = _tread(signal, signal.axes(), begin_s=STOPS_S + 8, seconds=4.0)
    assert _hear(signal, axes, classify).kinds == ["lift.stuck"]


def test_a_shaken_dead_stop_releases_nobody(classify: Classify | None) -> None:
    """A stuck car that moves and stops dead while somebody treads on it is no lift that rides again."""
    signal = _stop_dead().gain(-1.6, 0.8).stand(5).gain(1.6, 8.0).stand(40)
    axes = _tread(signal, signal.axes(), begin_s=68.0, seconds=10.0)
    assert _hear(signal, axes, classify).kinds == ["lift.stuck"]


@pytest.mark.parametrize("gone_s", [5.0, 20.0, 40.0])
def test_a_begin_that_a_hole_hid(gone_s: float, classify: Classify | None) -> None:
    """A box that stood falls silent for less than a minute and speaks again right before its car brakes."""
    signal = Signal(rate_hz=RATE_HZ).stand(30).stand(gone_s - 2.5).gain(1.6, 0.8).stand(4).gain(-1.6, 0.8).stand(40)
    axes, (times, pressures) = signal.axes(), signal.pressures()
    cut, back = 28 * RATE_HZ, round((30 + gone_s + 2.7) * RATE_HZ)
    keep = np.r_[0:cut, back : len(axes)]
    pairs = [
        (at, pa)
        for at, pa in zip(times, pressures, strict=True)
        if not signal.t_us[cut] <= at < signal.t_us[back] and at >= START_US
    ]
    heard = hear(
        signal.t_us[keep], axes[keep], pressures=([at for at, _ in pairs], [pa for _, pa in pairs]),
        classify=classify, finish=False,
    )  # fmt: skip
    assert heard.kinds == []


def test_a_car_that_rides_again_is_not_called_stuck(classify: Classify | None) -> None:
    """The claim waits while the car rides, and a good end takes it away."""
    signal = _stop_dead_then_ride(after_s=16.0)
    assert _hear(signal, signal.axes(), classify).kinds == []


def _stop_dead_then_ride(*, after_s: float) -> Signal:
    start = Signal(rate_hz=RATE_HZ).stand(10).gain(1.6, 0.8).stand(5).gain(-1.6, 8.0)
    return start.stand(after_s).ride(-9.0).stand(20)
