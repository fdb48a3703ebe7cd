"""What looks like a ride to a box and is none: somebody carries it, climbs, stands on an escalator, plays with it."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from simulators.boxes import life
from simulators.boxes.travel import Drive, travel

Array = NDArray[np.float64]
Motion = tuple[Array, Array, Array]  # world (n, 3), climb (n,), turns (n, 3, 3)


def walking(seconds: float, *, rate_hz: float, rng: np.random.Generator) -> Motion:
    """Walk with the box in a hand or a bag."""
    world = _steps(seconds, rate_hz=rate_hz, rng=rng)
    return world, np.zeros(len(world)), _sway(len(world), rate_hz=rate_hz, rng=rng, degrees=8)


def stairs(seconds: float, *, rate_hz: float, rng: np.random.Generator) -> Motion:
    """Climb or descend stairs, with landings."""
    world = _steps(seconds, rate_hz=rate_hz, rng=rng, hz=(1.4, 2.4))
    t = np.arange(len(world)) / rate_hz
    speed = rng.uniform(0.22, 0.42) * rng.choice([-1, 1]) * (np.sin(2 * np.pi * t / rng.uniform(8, 14)) > -0.7)
    return world, np.cumsum(speed) / rate_hz, _sway(len(world), rate_hz=rate_hz, rng=rng, degrees=8)


def escalator(seconds: float, *, rate_hz: float, rng: np.random.Generator) -> Motion:
    """Step on an escalator of 0.5 to 0.65 m/s at 30°, stand, step off."""
    sign, speed = rng.choice([-1, 1]), rng.uniform(0.5, 0.65)
    up, along = speed * 0.5, speed * 0.87
    leg = travel(Drive(up, rng.uniform(0.3, 0.8), 2.0), max(2.0, up * seconds) * sign, rate_hz=rate_hz)
    n = len(leg.accel)
    world = life.rails(np.ones(n), rate_hz=rate_hz, rng=rng)
    world[:, 2] += leg.accel
    world[:, 0] += np.abs(leg.accel) * np.sign(np.where(np.arange(n) < n / 2, 1, -1)) * along / up
    world += life.people(n, rate_hz=rate_hz, rng=rng, often=0.5)
    edge = _steps(2.0, rate_hz=rate_hz, rng=rng)
    both = np.concatenate([edge, world, edge])
    climb = np.concatenate([np.zeros(len(edge)), leg.height, np.full(len(edge), leg.height[-1])])
    return both, climb, _sway(len(both), rate_hz=rate_hz, rng=rng, degrees=3)


def lifted(seconds: float, *, rate_hz: float, rng: np.random.Generator) -> Motion:
    """Pick the box up, hold it, put it down, turn it."""
    parts = []
    for sign in (1, -1):
        hand = Drive(rng.uniform(0.4, 1.5), rng.uniform(1, 4), 12.0)
        leg = travel(hand, rng.uniform(0.4, 1.5) * sign, rate_hz=rate_hz)
        parts += [leg.accel, np.zeros(round(seconds / 3 * rate_hz))]
    up = np.concatenate(parts)
    world = 0.1 * rng.normal(0, 1, (len(up), 3)) + np.stack([0.3 * np.roll(up, 2), 0.1 * up, up], axis=1)
    climb = np.cumsum(np.cumsum(up)) / rate_hz**2
    return world, climb, _sway(len(up), rate_hz=rate_hz, rng=rng, degrees=40)


def shaking(seconds: float, *, rate_hz: float, rng: np.random.Generator) -> Motion:
    """Shake the box, or the car in an earthquake."""
    n = round(seconds * rate_hz)
    t, hz = np.arange(n) / rate_hz, rng.uniform(0.5, 5.0)
    wave = np.sin(2 * np.pi * hz * t + 2 * np.sin(0.7 * t)) * np.sin(np.pi * t / seconds)
    world = rng.uniform(0.5, 6.0) * np.outer(wave, rng.normal(0, 0.6, 3)) + rng.normal(0, 0.1, (n, 3))
    return world, np.zeros(n), _sway(n, rate_hz=rate_hz, rng=rng, degrees=5)


LOOKALIKES: Mapping[str, Callable[..., Motion]] = {
    "walking": walking,
    "stairs": stairs,
    "escalator": escalator,
    "lifted": lifted,
    "shaking": shaking,
}


def _steps(seconds: float, *, rate_hz: float, rng: np.random.Generator, hz: tuple[float, float] = (1.5, 2.2)) -> Array:
    n, frequency = round(seconds * rate_hz), rng.uniform(*hz)
    phase = 2 * np.pi * (frequency * np.arange(n) / rate_hz + 0.03 * np.cumsum(rng.normal(0, 1, n)) / np.sqrt(rate_hz))
    up = rng.uniform(0.8, 4.0) * (np.sin(phase) + 0.4 * np.sin(2 * phase + 0.8) + 0.2 * np.sin(3 * phase))
    fore = rng.uniform(0.3, 1.5) * (np.sin(phase + 1.2) + 0.3 * np.sin(2 * phase))
    side = rng.uniform(0.2, 1.0) * np.sin(phase / 2)
    return np.stack([fore, side, up], axis=1) + rng.normal(0, 0.15, (n, 3))


def _sway(n: int, *, rate_hz: float, rng: np.random.Generator, degrees: float) -> Array:
    """Return slow turns of a hand."""
    m = max(2, int(n / rate_hz) + 2)
    angles = np.cumsum(rng.normal(0, np.radians(degrees) / 3, (m, 2)), axis=0)
    angles = np.clip(angles, -1.2, 1.2) - angles[0]
    t = np.arange(n) / rate_hz
    first, second = (np.interp(t, np.arange(m), angles[:, axis]) for axis in range(2))
    turns = np.zeros((n, 3, 3))
    cos_a, sin_a, cos_b, sin_b = np.cos(first), np.sin(first), np.cos(second), np.sin(second)
    turns[:, 0, 0], turns[:, 0, 2] = cos_b, sin_b
    turns[:, 1, 0], turns[:, 1, 1], turns[:, 1, 2] = sin_a * sin_b, cos_a, -sin_a * cos_b
    turns[:, 2, 0], turns[:, 2, 1], turns[:, 2, 2] = -cos_a * sin_b, sin_a, cos_a * cos_b
    return turns
