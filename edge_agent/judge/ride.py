"""Judge a box in a lift car: rides and stucks from acceleration and pressure, block by block as they arrive."""

from collections.abc import Callable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge_agent.judge.finding import Finding
from edge_agent.judge.ride_limits import RideLimits
from edge_agent.judge.ride_state import Ride, RideState

Numbers = NDArray[np.float64] | Sequence[float]
Classify = Callable[[NDArray[np.float32]], NDArray[np.float32]]  # (n, channels, bins) → (n, labels) probabilities

RIDE, STUCK, RELEASED, FAULT, SOUND = "lift.ride", "lift.stuck", "lift.released", "box.fault", "box.sound"
KINDS = frozenset({RIDE, STUCK, RELEASED, FAULT, SOUND})
VALUES = ("motion", "height_m", "speed_mps", "floor", "moving", "box_quality", "ride_count")


class Told(msgspec.Struct, frozen=True):
    """What one block told us."""

    rides: tuple[Ride, ...] = ()  # that ended
    findings: tuple[Finding, ...] = ()  # kinds as above; a ride is also a finding of kind `lift.ride`
    state_changed: bool = False  # the state is worth storing


class RideJudge:
    """One box's judge. Pure: time comes with the samples; the same samples in the same blocks give the same words."""

    def __init__(self, limits: RideLimits, *, classify: Classify | None = None, state: RideState | None = None) -> None:
        """Begin, or go on from ``state`` as it was stored (its ``floors`` hold given ones).

        ``classify`` is `edge_agent.infer`'s model, None is thresholds alone.
        """
        self._limits, self._classify = limits, classify
        self._state = state or RideState()

    def take_acceleration(self, t_us: Sequence[int], ax: Numbers, ay: Numbers, az: Numbers) -> Told:
        """Take in a block in m/s², in order of arrival; gaps, doubles and disorder are normal, NaN is an empty cell."""
        raise NotImplementedError

    def take_pressure(self, t_us: Sequence[int], pressure_pa: Numbers) -> Told:
        """Take in pressures, which may come at other times than the accelerations, or never."""
        raise NotImplementedError

    def take_time(self, now_us: int) -> Told:
        """Let time pass without a sample (call it once a second while the box is silent)."""
        raise NotImplementedError

    def finish(self) -> Told:
        """Decide what waits for more samples: a recording ends here. A live agent never calls it."""
        raise NotImplementedError

    def shift(self, step_us: int) -> None:
        """Move all times: the agent's clock was set."""
        raise NotImplementedError

    @property
    def state(self) -> RideState:
        """What is to be stored: plain data (`msgspec.json.encode`), a few kB."""
        return self._state

    @property
    def values(self) -> dict[str, object]:
        """The values now, by the names in VALUES; None is unknown."""
        return dict.fromkeys(VALUES)

    @property
    def pending(self) -> bool:
        """Whether a timer runs whose end would be an event."""
        return False
