"""The motion of a car from floor to floor: limited in jerk, acceleration and speed; and stops that should not be."""

import msgspec
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Drive(msgspec.Struct, frozen=True):
    """What a lift's drive can do."""

    speed: float  # m/s, rated
    accel: float  # m/s²
    jerk: float  # m/s³


class Leg(msgspec.Struct, frozen=True):
    """One travel, sampled."""

    accel: Array  # m/s², upwards positive
    height: Array  # m above its start
    phases: Array  # 1 speeding up, 3 cruising, 4 braking, 6 an emergency stop, 0 standing


def travel(drive: Drive, height: float, *, rate_hz: float) -> Leg:
    """Return the travel by ``height`` (negative: down)."""
    times, accels, jerks = _segments(drive, abs(height))
    ends = np.cumsum(times)
    t = np.arange(0.0, ends[-1] + 1.0 / rate_hz, 1.0 / rate_hz)
    at = np.minimum(np.searchsorted(ends, t, side="right"), 6)
    since = t - (ends - times)[at]
    accel = np.where(t >= ends[-1], 0.0, accels[at] + jerks[at] * since)
    phases = np.array([1, 1, 1, 3, 4, 4, 4], dtype=float)[at]
    speed = np.cumsum(accel) / rate_hz
    risen = np.cumsum(speed) / rate_hz
    sign = np.sign(height) * abs(height) / max(risen[-1], 1e-9)  # the sum's error, below a per cent
    return Leg(accel * np.sign(height), risen * sign, phases)


def cut_short(leg: Leg, at: int, *, decel: float, rate_hz: float, rng: np.random.Generator) -> Leg:
    """Return the leg with an emergency stop at sample ``at``: brakes fall in, the car swings on its ropes."""
    speed = float(np.sum(leg.accel[:at])) / rate_hz
    rise_s = rng.uniform(0.03, 0.12)
    stop_s = abs(speed) / decel + rise_s
    n = max(2, round(stop_s * rate_hz))
    shape = np.minimum(np.arange(1, n + 1) / max(1.0, rise_s * rate_hz), 1.0)
    stop = -speed * rate_hz * shape / shape.sum()
    swing_hz, decay_s = rng.uniform(2.0, 5.0), rng.uniform(0.2, 0.6)
    t = np.arange(round(3.0 * rate_hz)) / rate_hz
    swing = 0.25 * decel * np.exp(-t / decay_s) * np.sin(2 * np.pi * swing_hz * t) * -np.sign(speed)
    if swing.size:
        swing -= swing.sum() * np.exp(-t / decay_s) / np.exp(-t / decay_s).sum()  # it ends at rest
    accel = np.concatenate([leg.accel[:at], stop, swing])
    height = np.cumsum(np.cumsum(accel)) / rate_hz**2
    phases = np.concatenate([leg.phases[:at], np.full(n, 6.0), np.full(len(swing), 6.0)])
    phases[at + n + round(rate_hz) :] = 0
    return Leg(accel, height, phases)


def _segments(drive: Drive, height: float) -> tuple[Array, Array, Array]:
    """Return the seven segments: durations, accelerations at their begin, jerks."""
    low, high = 0.0, drive.speed
    if _least_height(drive, high) > height:  # too short to reach the rated speed
        for _ in range(50):
            middle = (low + high) / 2
            low, high = (low, middle) if _least_height(drive, middle) > height else (middle, high)
    speed = high
    accel = min(drive.accel, float(np.sqrt(speed * drive.jerk)))
    ramp, hold = accel / drive.jerk, speed / accel - accel / drive.jerk
    cruise = max(0.0, (height - _least_height(drive, speed)) / speed)
    times = np.array([ramp, hold, ramp, cruise, ramp, hold, ramp])
    accels = np.array([0, accel, accel, 0, 0, -accel, -accel])
    jerks = np.array([drive.jerk, 0, -drive.jerk, 0, -drive.jerk, 0, drive.jerk])
    return times, accels, jerks


def _least_height(drive: Drive, speed: float) -> float:
    accel = min(drive.accel, float(np.sqrt(speed * drive.jerk)))
    return float(speed * (speed / accel + accel / drive.jerk))
