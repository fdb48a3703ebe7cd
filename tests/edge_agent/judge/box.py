"""A plain box for tests: trapezoids of acceleration and white noise, unlike the simulator that trained the model."""

import numpy as np
from numpy.typing import NDArray

from edge_agent.judge.finding import Finding
from edge_agent.judge.ride.limits import RideLimits
from edge_agent.judge.ride.ride import Classify, RideJudge
from edge_agent.judge.ride.state import Ride, RideState

Array = NDArray[np.float64]
START_US = 1_763_600_000_000_000


class Signal:
    """Acceleration and height of a car, step by step."""

    def __init__(self, *, rate_hz: int = 25, noise: float = 0.03, seed: int = 1) -> None:
        self.rate_hz = rate_hz
        self._noise = noise
        self._rng = np.random.default_rng(seed)
        self._parts: list[Array] = []

    def stand(self, seconds: float) -> "Signal":
        """Stand, or go on as fast as it is."""
        self._parts.append(np.zeros(round(seconds * self.rate_hz)))
        return self

    def gain(self, speed: float, accel: float) -> "Signal":
        """Gain a speed, upwards positive."""
        n = max(1, round(abs(speed) / accel * self.rate_hz))
        self._parts.append(np.full(n, speed * self.rate_hz / n))
        return self

    def ride(self, height: float, *, speed: float = 1.6, accel: float = 0.8) -> "Signal":
        """Ride, and stand for 10 s."""
        sign, ramp_s = np.sign(height), speed / accel
        return (
            self.gain(sign * speed, accel)
            .stand((abs(height) - speed * ramp_s) / speed)
            .gain(-sign * speed, accel)
            .stand(10)
        )

    @property
    def up(self) -> Array:
        """Acceleration upwards."""
        return np.concatenate(self._parts)

    @property
    def t_us(self) -> NDArray[np.int64]:
        """Times of the samples."""
        return START_US + (np.arange(len(self.up)) * 1_000_000) // self.rate_hz

    def axes(self, down: tuple[float, float, float] = (0.0, 0.0, -1.0), *, gravity: float = 9.81) -> Array:
        """Return what a box gives that hangs so that ``down`` points to the earth."""
        unit = -np.array(down) / np.linalg.norm(down)
        force: Array = np.outer(self.up + gravity, unit) + self._rng.normal(0, self._noise, (len(self.up), 3))
        return force

    def pressures(self, *, noise: float = 1.0) -> tuple[list[int], Array]:
        """Return times and pressures once a second."""
        height = np.cumsum(np.cumsum(self.up)) / self.rate_hz**2
        at = np.arange(0, len(height), self.rate_hz)
        pressure: Array = 101_325.0 * np.exp(-height[at] / 8434.5) + self._rng.normal(0, noise, len(at))
        return self.t_us[at].tolist(), pressure


class Heard:
    """What a judge said."""

    def __init__(self, judge: RideJudge) -> None:
        self.judge = judge
        self.rides: list[Ride] = []
        self.findings: list[Finding] = []

    @property
    def kinds(self) -> list[str]:
        """Kinds of all findings but rides."""
        return [one.kind for one in self.findings if one.kind != "lift.ride"]


def hear(
    t_us: NDArray[np.int64],
    axes: Array,
    *,
    pressures: tuple[list[int], Array] | None = None,
    state: RideState | None = None,
    classify: Classify | None = None,
    block: int = 25,
    finish: bool = True,
    heard: Heard | None = None,
) -> Heard:
    """Feed a judge in blocks and return what it said."""
    heard = heard or Heard(RideJudge(RideLimits(), state=state, classify=classify))
    told = []
    if pressures is not None:
        times, values = pressures
    for low in range(0, len(t_us), block):
        part = slice(low, low + block)
        if pressures is not None:
            now = [(at, pa) for at, pa in zip(times, values, strict=True) if t_us[part][0] <= at <= t_us[part][-1]]
            told.append(heard.judge.take_pressure([at for at, _ in now], [pa for _, pa in now]))
        told.append(heard.judge.take_acceleration(t_us[part].tolist(), *axes[part].T))
    if finish:
        told.append(heard.judge.finish())
    heard.rides += [ride for word in told for ride in word.rides]
    heard.findings += [one for word in told for one in word.findings]
    return heard
