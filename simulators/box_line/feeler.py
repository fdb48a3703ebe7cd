"""What a box in a played lift's car feels, step by step: the car's motion, its doors and people, and mischief."""

import math

import numpy as np
from numpy.typing import NDArray

from simulators.boxes import life, lookalikes
from simulators.boxes.sensors import draw_turn
from simulators.lifts.lift import STEP_US, Lift

RATE_HZ = 1e6 / STEP_US  # one sample a step: the box samples the physics as it is computed
Array = NDArray[np.float64]
_GRAVITY = 9.81
_NOISE = 0.02  # m/s² a sample: a MEMS sensor
_RAILS = 0.03  # m/s² at 1 m/s
_SCALE_M = 8_400.0  # height in which the pressure falls to 1/e
_PASCAL_NOISE = 1.0
_KNOCK_S = 1.0


class Feeler:
    """The sensors of one box. ``step`` after each step of its lift; ``take`` gives what they have measured."""

    def __init__(self, lift: Lift, *, seed: int) -> None:
        self._lift = lift
        self._rng = np.random.default_rng([seed, *lift.spec.device.encode()])
        self._turn = draw_turn(self._rng)
        self._base_pa = float(self._rng.uniform(98_000, 102_500))
        self._weather_pa_s = float(self._rng.normal(0, 30)) / 3600
        self._overlays: list[tuple[Array, int]] = []  # what else shakes the car, and how much of it is over
        self._people = len(lift.body.people)
        self._opened = lift.body.door.opened
        self._drive = lift.body.door.told_to_open
        self._samples: list[tuple[float, float, float]] = []
        self._steps = 0

    def step(self) -> None:
        """Take one sample."""
        self._steps += 1
        self._listen()
        body = self._lift.body
        world = np.array([0.0, 0.0, _GRAVITY + body.car.a])
        world += self._rng.normal(0, _RAILS * min(2.0, abs(body.car.v)), 3)
        world += self._shaken()
        felt = self._turn @ world + self._rng.normal(0, _NOISE, 3)
        self._samples.append((float(felt[0]), float(felt[1]), float(felt[2])))

    def take(self) -> list[tuple[float, float, float]]:
        """Return the samples since the last call, in m/s²."""
        samples, self._samples = self._samples, []
        return samples

    def pascal(self) -> float:
        """Return the air pressure now."""
        true = self._base_pa * math.exp(-self._lift.body.car.x / _SCALE_M)
        return true + self._weather_pa_s * self._steps / RATE_HZ + float(self._rng.normal(0, _PASCAL_NOISE))

    def jump(self, seconds: float) -> None:
        """Let children jump in the car."""
        self._overlay(life.jumping(self._count(seconds), rate_hz=RATE_HZ, rng=self._rng))

    def shake(self, seconds: float) -> None:
        """Let somebody tread about on the car as on stairs."""
        self._overlay(lookalikes.stairs(seconds, rate_hz=RATE_HZ, rng=self._rng)[0])

    def _listen(self) -> None:
        """Notice doors that set out and people who come and go."""
        body = self._lift.body
        moves = body.door.opened != self._opened
        if moves and body.door.told_to_open is not self._drive:
            self._drive = body.door.told_to_open
            seconds = self._lift.spec.door_open_s if self._drive else self._lift.spec.door_close_s
            self._overlay(life.door(self._count(seconds), rate_hz=RATE_HZ, rng=self._rng))
        if len(body.people) != self._people:
            self._overlay(life.people(self._count(_KNOCK_S), rate_hz=RATE_HZ, rng=self._rng, often=3.0))
        self._opened, self._people = body.door.opened, len(body.people)

    def _overlay(self, shaken: Array) -> None:
        self._overlays.append((shaken, 0))

    def _shaken(self) -> Array:
        total = np.zeros(3)
        for shaken, at in self._overlays:
            total += shaken[at]
        self._overlays = [(shaken, at + 1) for shaken, at in self._overlays if at + 1 < len(shaken)]
        return total

    @staticmethod
    def _count(seconds: float) -> int:
        return max(4, round(seconds * RATE_HZ))
