"""What else shakes a box: doors, people, children jumping, rails; and the air in a shaft."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def bursts(
    n: int, *, rate_hz: float, strength: float, hz: tuple[float, float], times: int, rng: np.random.Generator
) -> Array:
    """Return (n, 3) of ``times`` damped knocks in random directions; they move nothing for good."""
    result = np.zeros((n, 3))
    for _ in range(times):
        start, frequency, decay = int(rng.integers(0, max(1, n - 2))), rng.uniform(*hz), rng.uniform(0.05, 0.25)
        t = np.arange(min(n - start, int(5 * decay * rate_hz) + 2)) / rate_hz
        knock = np.exp(-t / decay) * np.sin(2 * np.pi * frequency * t + rng.uniform(0, 2 * np.pi))
        result[start : start + len(t)] += np.outer(knock - knock.mean(), rng.normal(0, strength, 3))
    return result


def door(n: int, *, rate_hz: float, rng: np.random.Generator) -> Array:
    """Return (n, 3) of a door that moves all the time: its drive hums, its ends knock."""
    t = np.arange(n) / rate_hz
    strength = rng.uniform(0.01, 0.12)
    hum = strength * np.sin(2 * np.pi * rng.uniform(3, 20) * t)[:, None] * rng.normal(0, 1, 3)
    slide = rng.uniform(0, 0.05) * np.sin(np.pi * t / max(t[-1], 0.1) * 2)[:, None] * np.array([1.0, 0.3, 0.0])
    knocks = bursts(n, rate_hz=rate_hz, strength=rng.uniform(0.05, 0.6), hz=(4, 25), times=3, rng=rng)
    moved: Array = hum + slide + knocks
    return moved


def people(n: int, *, rate_hz: float, rng: np.random.Generator, often: float = 1.0) -> Array:
    """Return (n, 3) of people who step in and out or shift their weight: the car dips on its ropes and comes back."""
    times = int(rng.poisson(often * n / rate_hz))
    strength = 10 ** rng.uniform(-1.5, -0.4)
    knocks = bursts(n, rate_hz=rate_hz, strength=strength, hz=(3, 12), times=times, rng=rng)
    knocks += bursts(n, rate_hz=rate_hz, strength=strength / 3, hz=(0.8, 2), times=times // 3, rng=rng)
    return knocks


def jumping(n: int, *, rate_hz: float, rng: np.random.Generator) -> Array:
    """Return (n, 3) of children who jump: 1.5-2.5 Hz, up to several m/s²; the car swings and stays where it is."""
    t, hz = np.arange(n) / rate_hz, rng.uniform(1.5, 2.5)
    phase = 2 * np.pi * (hz * t + 0.1 * np.cumsum(rng.normal(0, 1, n)) / np.sqrt(rate_hz))
    envelope = np.clip(np.interp(t, np.linspace(0, t[-1] + 0.1, 8), rng.uniform(0, 1.2, 8)), 0, 1)
    shape = np.sin(phase) + 0.5 * np.sin(2 * phase + 1) + 0.25 * np.sin(3 * phase)
    up = rng.uniform(0.5, 4.0) * envelope * shape
    return np.stack([0.2 * np.roll(up, 3), 0.15 * np.roll(up, 5), up], axis=1)


def rails(moving: Array, *, rate_hz: float, rng: np.random.Generator) -> Array:
    """Return (n, 3) of what guide rails and drive give a car, as strong as it is fast (``moving`` 0 to 1)."""
    n, strength = len(moving), 10 ** rng.uniform(-2.3, -0.9)
    noise = rng.normal(0, 1, (n, 3)) * np.array([1.0, 1.0, 0.6])
    t = np.arange(n) / rate_hz
    joints = np.sin(2 * np.pi * rng.uniform(0.4, 3.0) * t + rng.uniform(0, 6))[:, None] * np.array([0.6, 0.6, 0.15])
    shaken: Array = strength * moving[:, None] * (noise + joints)
    return shaken


def air(height: Array, *, rate_hz: float, rng: np.random.Generator, fans: bool) -> Array:
    """Return the pressure in Pa round a car at ``height``: weather, doors and, with ``fans``, gusts in the shaft."""
    n, base = len(height), rng.uniform(97_000, 102_800)
    scale = 287.05 * (273.15 + rng.uniform(5, 32)) / 9.80665  # m: height in which the pressure falls to 1/e
    pressure = base * np.exp(-height / scale)
    weather_pa_s = rng.normal(0, 30) / 3600
    pressure += weather_pa_s * np.arange(n) / rate_hz
    pressure += _gusts(n, rate_hz=rate_hz, strength=rng.uniform(0.0, 0.6), tau_s=rng.uniform(2, 30), rng=rng)
    if fans:
        pressure += _gusts(n, rate_hz=rate_hz, strength=rng.uniform(2, 8), tau_s=rng.uniform(1, 6), rng=rng)
        steps = np.cumsum(np.where(rng.random(n) < 1 / (60 * rate_hz), rng.normal(0, 15, n), 0.0))
        width = max(1, int(2 * rate_hz))
        ramp = np.convolve(np.concatenate([np.zeros(width - 1), steps]), np.full(width, 1 / width), mode="valid")
        pressure += ramp
    return pressure


def _gusts(n: int, *, rate_hz: float, strength: float, tau_s: float, rng: np.random.Generator) -> Array:
    """Return an Ornstein-Uhlenbeck process, at 2 Hz and interpolated."""
    m = int(n / rate_hz * 2) + 2
    keep = np.exp(-0.5 / tau_s)
    kicks = rng.normal(0, strength * np.sqrt(1 - keep**2), m)
    walk = np.empty(m)
    value = rng.normal(0, strength)
    for index, kick in enumerate(kicks):
        value = keep * value + kick
        walk[index] = value
    return np.interp(np.arange(n) / rate_hz, np.arange(m) / 2, walk)
