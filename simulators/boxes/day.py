"""A stretch of a lift's life as its box records it, with the truth beside it."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from simulators.boxes import life
from simulators.boxes.sensors import Sensors, breathe, feel
from simulators.boxes.travel import Drive, Leg, cut_short, travel

Array = NDArray[np.float64]
GRAVITY = 9.8
LABELS = ("still", "accelerating_up", "accelerating_down", "cruising", "braking", "door_people", "shock")


class TrueRide(msgspec.Struct, frozen=True):
    """A ride that was made."""

    start_s: float
    end_s: float
    height_m: float  # upwards positive
    stuck: bool = False


class Recording(msgspec.Struct, frozen=True):
    """What the box gave, and what was."""

    t_s: Array
    axes: Array  # (n, 3) m/s²
    labels: NDArray[np.int64]  # per sample, index in LABELS
    pressure_t_s: Array  # empty without a barometer
    pressure_pa: Array
    rides: tuple[TrueRide, ...]
    stuck_s: tuple[float, ...]  # when a car stood where it should not


class Day:
    """Collects what happens one after the other, then records it with one box."""

    def __init__(self, sensors: Sensors, rng: np.random.Generator, *, fans: bool = False) -> None:
        self.rides: list[TrueRide] = []
        self.stuck_s: list[float] = []
        self._sensors, self._rng, self._fans = sensors, rng, fans
        self._rate = sensors.rate_hz
        self._world: list[Array] = []  # specific force without gravity
        self._heights: list[Array] = []
        self._labels: list[Array] = []
        self._turns: list[Array] = []
        self._height = 0.0
        self._carried = False

    @property
    def now_s(self) -> float:
        """How long it is already."""
        return sum(len(part) for part in self._world) / self._rate

    def stand(self, seconds: float) -> None:
        """Stand, with nobody there."""
        self._add(np.zeros((self._count(seconds), 3)), label=0)

    def load(self, seconds: float) -> None:
        """Stand, doors and people."""
        n = self._count(seconds)
        shaken = life.people(n, rate_hz=self._rate, rng=self._rng)
        third = max(4, n // 3)
        shaken[:third] += life.door(third, rate_hz=self._rate, rng=self._rng)
        shaken[-third:] += life.door(third, rate_hz=self._rate, rng=self._rng)
        self._add(shaken, label=5)

    def shift_weight(self, seconds: float) -> None:
        """Stand with people inside who wait: the doors stay as they are."""
        n = self._count(seconds)
        self._add(life.people(n, rate_hz=self._rate, rng=self._rng, often=0.3), label=5)

    def jump(self, seconds: float) -> None:
        """Children jump in a standing car."""
        self._add(life.jumping(self._count(seconds), rate_hz=self._rate, rng=self._rng), label=5)

    def ride(self, drive: Drive, height: float, *, occupied: bool = True, jumping: bool = False) -> None:
        """Ride by ``height``."""
        start = self.now_s
        leg = travel(drive, height, rate_hz=self._rate)
        self._go(leg, top=drive.speed, occupied=occupied, jumping=jumping)
        self.rides.append(TrueRide(start, start + len(leg.accel) / self._rate, height))

    def stop_short(self, drive: Drive, height: float, *, decel: float, part: float, stay_s: float = 60.0) -> None:
        """Begin a ride by ``height``, stop dead on ``part`` of its time, and stay."""
        start = self.now_s
        whole = travel(drive, height, rate_hz=self._rate)
        leg = cut_short(whole, int(part * len(whole.accel)), decel=decel, rate_hz=self._rate, rng=self._rng)
        self._go(leg, top=drive.speed, occupied=True, jumping=False)
        self.rides.append(TrueRide(start, self.now_s - 3.0, float(leg.height[-1]), stuck=True))
        self.stuck_s.append(self.now_s)
        self.shift_weight(stay_s)

    def shake(self, world: Array, *, label: int = 5, climb: Array | None = None, turns: Array | None = None) -> None:
        """Add a motion that somebody else made: (n, 3), its climb in m, its turns (n, 3, 3)."""
        self._add(world, label=label, climb=climb, turns=turns)

    def record(self) -> Recording:
        """Return it all as the box gives it."""
        rng, world = self._rng, np.concatenate(self._world)
        n = len(world)
        heights = np.concatenate(self._heights)
        labels = np.concatenate(self._labels).astype(np.int64)
        force = world + np.array([0.0, 0.0, GRAVITY])
        turns = np.concatenate(self._turns) if self._carried else None
        axes = feel(self._sensors, force, turns=turns, rng=rng)
        t_s = (np.arange(n) + rng.uniform(-0.5, 0.5, n) * self._sensors.jitter) / self._rate
        keep = rng.random(n) >= self._sensors.drops
        pressure_t_s, pressure_pa = np.empty(0), np.empty(0)
        if self._sensors.pressure_hz:
            true_pa = life.air(heights, rate_hz=self._rate, rng=rng, fans=self._fans)
            pressure_t_s, pressure_pa = breathe(self._sensors, true_pa, rate_hz=self._rate, rng=rng)
        return Recording(
            t_s[keep], axes[keep], labels[keep], pressure_t_s, pressure_pa, tuple(self.rides), tuple(self.stuck_s)
        )

    def _go(self, leg: Leg, *, top: float, occupied: bool, jumping: bool) -> None:
        n = len(leg.accel)
        moving = np.abs(np.cumsum(leg.accel)) / self._rate / top
        world = life.rails(np.clip(moving, 0, 1), rate_hz=self._rate, rng=self._rng)
        world[:, 2] += leg.accel
        if occupied:
            world += life.people(n, rate_hz=self._rate, rng=self._rng, often=0.2)
        if jumping:
            world += life.jumping(n, rate_hz=self._rate, rng=self._rng)
        labels = leg.phases.copy()
        labels[labels == 1] = 1 if leg.accel[: n // 4].sum() > 0 else 2
        self._add(world, labels=labels, climb=leg.height)

    def _add(
        self,
        world: Array,
        *,
        label: int = 0,
        labels: Array | None = None,
        climb: Array | None = None,
        turns: Array | None = None,
    ) -> None:
        n = len(world)
        self._world.append(world)
        self._heights.append(self._height + (climb if climb is not None else np.zeros(n)))
        self._labels.append(labels if labels is not None else np.full(n, float(label)))
        self._carried |= turns is not None
        if turns is None:
            turns = np.broadcast_to(self._turns[-1][-1] if self._turns else np.eye(3), (n, 3, 3))
        self._turns.append(turns)
        self._height = float(self._heights[-1][-1])

    def _count(self, seconds: float) -> int:
        return max(4, round(seconds * self._rate))
