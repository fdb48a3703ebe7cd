"""How a lift's drive speeds and slows: direct, creeping or in two speeds, as vertical acceleration."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
FINE_HZ = 200.0  # of the physics; each box samples it at a rate of its own


def change(speed: float, accel: float, *, shape: str) -> Array:
    """Return the acceleration of a change of speed by ``speed`` (signed), at most about ``accel``."""
    size = abs(speed)
    if shape == "cosine":
        n = max(8, int(2 * size / accel * FINE_HZ))
        bump = 1 - np.cos(2 * np.pi * (np.arange(n) + 0.5) / n)
    elif shape == "lag":  # a drive that pulls at once and lets go slowly
        tau = size / accel
        t = np.arange(int(6 * tau * FINE_HZ) + 8) / FINE_HZ
        bump = np.exp(-t / tau) * (1 - np.exp(-t / 0.15))
    else:  # constant, with a soft edge of 0.2 s
        n, edge = max(8, int(size / accel * FINE_HZ)), int(0.2 * FINE_HZ)
        bump = np.convolve(np.ones(n), np.ones(edge))
    result: Array = bump * (speed * FINE_HZ / bump.sum())
    return result


def _distance(*parts: Array) -> float:
    return float(np.cumsum(np.concatenate(parts)).sum()) / FINE_HZ**2


def _direct(height: float, speed: float, accel: float, rng: np.random.Generator) -> list[Array]:
    shape, other = rng.choice(["cosine", "constant", "lag"]), rng.choice(["cosine", "constant"])
    brake = accel * rng.uniform(0.7, 1.3)
    for _ in range(60):
        parts = [change(speed, accel, shape=shape), change(-speed, brake, shape=other)]
        if _distance(*parts) <= height:
            break
        speed *= 0.93
    cruise = (height - _distance(*parts)) / speed
    return [parts[0], np.zeros(int(cruise * FINE_HZ)), parts[1]]


def _slowing(height: float, speed: float, accel: float, *, low: float, low_s: float, stop: float) -> list[Array]:
    for _ in range(60):
        parts = [change(speed, accel, shape="constant"), change(low - speed, accel, shape="cosine"),
                 np.zeros(int(low_s * FINE_HZ)), change(-low, stop, shape="constant")]  # fmt: skip
        if _distance(*parts) <= height:
            break
        speed = low + (speed - low) * 0.93
    cruise = (height - _distance(*parts)) / speed
    return [parts[0], np.zeros(int(cruise * FINE_HZ)), *parts[1:]]


def _creeping(height: float, speed: float, accel: float, rng: np.random.Generator) -> list[Array]:
    speed = min(speed, 1.0)
    low = rng.uniform(0.04, 0.12)
    return _slowing(height, speed, min(accel, 0.6), low=low, low_s=rng.uniform(0.5, 5), stop=rng.uniform(0.3, 0.6))


def _two_speed(height: float, speed: float, accel: float, rng: np.random.Generator) -> list[Array]:
    speed = min(speed, 1.2)
    return _slowing(height, speed, accel, low=speed / 4, low_s=rng.uniform(0.4, 2.0), stop=rng.uniform(0.5, 0.9))


STYLES: dict[str, Callable[[float, float, float, np.random.Generator], list[Array]]] = {
    "direct": _direct,
    "creeping": _creeping,
    "two_speed": _two_speed,
}
