"""The sensors of a box: how they lie about a true acceleration and a true pressure."""

import msgspec
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Sensors(msgspec.Struct, frozen=True):
    """One box's sensors and where they hang."""

    rate_hz: float
    noise: float  # m/s² a sample
    bias: tuple[float, float, float]  # m/s²
    scale: float
    step: float  # m/s², quantisation
    range: float  # m/s²
    drops: float  # share of samples lost
    jitter: float  # share of the period
    turn: tuple[tuple[float, float, float], ...]  # rotation matrix
    pressure_hz: float = 1.0  # 0: no such sensor
    pressure_noise: float = 1.0  # Pa
    pressure_step: float = 0.1  # Pa
    pressure_lag_s: float = 0.3


def draw_sensors(rng: np.random.Generator) -> Sensors:
    """Return a box from the market, or a phone."""
    phone = rng.random() < 0.4
    return Sensors(
        rate_hz=float(rng.choice([10.0, 12.5, 20.0, 25.0, 50.0, 50.0, 100.0])),
        noise=float(10 ** rng.uniform(-2.0, -1.2)) if phone else float(10 ** rng.uniform(-1.9, -0.9)),
        bias=tuple(rng.normal(0, 0.15, 3)),
        scale=float(1 + rng.normal(0, 0.004)),
        step=float(rng.choice([0.0005, 0.0024, 0.0096, 0.038])),
        range=float(rng.choice([19.6, 39.2, 78.5])),
        drops=float(rng.choice([0.0, 0.0, 0.01, 0.05])),
        jitter=float(rng.uniform(0, 0.3)),
        turn=tuple(map(tuple, draw_turn(rng))),
        pressure_noise=float(10 ** rng.uniform(-0.4, 0.5)),
        pressure_step=float(rng.choice([0.02, 0.16, 1.0])),
        pressure_lag_s=float(rng.uniform(0, 0.6)),
    )


def draw_turn(rng: np.random.Generator) -> Array:
    """Return a random rotation."""
    matrix, upper = np.linalg.qr(rng.normal(size=(3, 3)))
    matrix = matrix * np.sign(np.diag(upper))
    if np.linalg.det(matrix) < 0:
        matrix[:, 0] *= -1
    result: Array = matrix
    return result


def feel(sensors: Sensors, world: Array, *, turns: Array | None, rng: np.random.Generator) -> Array:
    """Return what the accelerometer gives for specific forces ``world`` (n, 3), upwards the third."""
    body = world @ np.array(sensors.turn).T
    if turns is not None:
        body = np.einsum("nij,nj->ni", turns, body)
    given = body * sensors.scale + np.array(sensors.bias) + rng.normal(0, sensors.noise, world.shape)
    felt: Array = np.clip(np.round(given / sensors.step) * sensors.step, -sensors.range, sensors.range)
    return felt


def breathe(sensors: Sensors, true_pa: Array, *, rate_hz: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return times in s and what the barometer gives for the pressure sampled at ``rate_hz``."""
    lag = sensors.pressure_lag_s * rate_hz
    if lag > 1:
        kernel = np.exp(-np.arange(int(5 * lag)) / lag)
        padded = np.concatenate([np.full(len(kernel), true_pa[0]), true_pa])
        true_pa = np.convolve(padded, kernel / kernel.sum())[len(kernel) : len(kernel) + len(true_pa)]
    at = np.arange(0, len(true_pa), max(1, round(rate_hz / sensors.pressure_hz)))
    given = true_pa[at] + rng.normal(0, sensors.pressure_noise, len(at))
    return at / rate_hz, np.round(given / sensors.pressure_step) * sensors.pressure_step
