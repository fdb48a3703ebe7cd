"""Recordings of a second simulator that shares nothing with the one that trained the model: other drives and noise."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from tests.edge_agent.replay.drives import FINE_HZ, STYLES, Array
from tests.edge_agent.replay.no_rides import NO_RIDES

GRAVITY = 9.794  # Hangzhou
START_US = 1_700_000_000_000_000


class Moved(msgspec.Struct, frozen=True):
    """A ride that was made, in seconds from the recording's begin."""

    start_s: float
    end_s: float
    height_m: float  # upwards positive


class Foreign(msgspec.Struct, frozen=True):
    """What a box gave, and what was."""

    t_us: NDArray[np.int64]
    axes: Array
    pressure_t_us: NDArray[np.int64]
    pressure_pa: Array
    rides: tuple[Moved, ...]

    def write(self, folder: Path, name: str, *, pressure: bool = True) -> list[Path]:
        """Write it as recordings are given to `edge-agent replay`."""
        files = [folder / f"{name}.csv"]
        rows = (f"{t},{x:.4f},{y:.4f},{z:.4f}" for t, (x, y, z) in zip(self.t_us, self.axes, strict=True))
        files[0].write_text("\n".join(["t_us,ax,ay,az", *rows]) + "\n", encoding="utf-8")
        if pressure:
            files.append(folder / f"{name}-pressure.csv")
            cells = zip(self.pressure_t_us, self.pressure_pa, strict=True)
            files[1].write_text("\n".join(["t_us,pressure_pa", *(f"{t},{p:.2f}" for t, p in cells)]), encoding="utf-8")
        return files


class Shaft:
    """A car's life, written down as vertical acceleration and as what shakes it besides."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rides: list[Moved] = []
        self._rng = rng
        self._up: list[Array] = []
        self._shaken: list[Array] = []
        self._climb: list[Array] = []
        self._steps = 0
        self._height = 0.0

    def rest(self, seconds: float) -> None:
        """Stand: a door that grinds, a step on the sill now and then, weight that is shifted."""
        n = int(seconds * FINE_HZ)
        shaken = np.zeros((n, 3))
        for _ in range(self._rng.poisson(seconds / 6)):
            self._grind(shaken)
        for _ in range(self._rng.poisson(seconds / 5)):
            self._footfall(shaken)
        self._add(np.zeros(n), shaken)

    def ride(self, height: float, *, speed: float, accel: float, style: str) -> None:
        """Ride by ``height``: ``direct``, ``creeping`` (hydraulic) or ``two_speed``."""
        sign, start = float(np.sign(height)), self._steps / FINE_HZ
        pieces = STYLES[style](abs(height), speed, accel, self._rng)
        up = sign * np.concatenate(pieces)
        strength = self._rng.uniform(0.005, 0.06) * speed**0.5
        moving = np.clip(np.abs(np.cumsum(up)) / FINE_HZ / speed, 0, 1)[:, None]
        shaken = strength * moving * self._rng.laplace(0, 1, (len(up), 3))
        shaken += (
            strength * moving * np.sin(2 * np.pi * self._rng.uniform(6, 30) * np.arange(len(up)) / FINE_HZ)[:, None]
        )
        self._add(up, shaken)
        self.rides.append(Moved(start, self._steps / FINE_HZ, height))

    def mischief(self, motion: Callable[[float, np.random.Generator], tuple[Array, Array]], seconds: float) -> None:
        """Add what is no ride: (n, 3) accelerations and the height in m."""
        world, climb = motion(seconds, self._rng)
        self._add(np.zeros(len(world)), world, climb=climb)

    def record(
        self, *, rate_hz: float, noise: float, bias: float, scale: float = 0.003, gaps: int = 0, hand: float = 0.0
    ) -> Foreign:
        """Return it as a box gives it; ``hand`` is how far it turns in somebody's hand, in radians."""
        rng, n = self._rng, self._steps
        world = np.concatenate(self._shaken)
        world[:, 2] += np.concatenate(self._up) + GRAVITY
        t_s = np.sort(np.arange(0, n / FINE_HZ, 1 / rate_hz) + rng.normal(0, 0.05 / rate_hz, _count(n, rate_hz)))
        at = np.clip((t_s * FINE_HZ).astype(int), 0, n - 1)
        felt = _turned(world[at], t_s, hand=hand, rng=rng) * (1 + rng.normal(0, scale)) + rng.normal(0, bias, 3)
        felt += np.outer(t_s / 3600, rng.normal(0, 0.1, 3))  # the bias drifts as it warms up
        felt += rng.normal(0, noise, felt.shape) * (1 + (rng.random(felt.shape) < 0.002) * 8)  # now and then far out
        keep = rng.random(len(at)) > 0.01
        for _ in range(gaps):
            hole = rng.uniform(0, t_s[-1])
            keep &= (t_s < hole) | (t_s > hole + rng.uniform(0.1, 0.35))
        times, pressures = self._breathe()
        t_us = START_US + (t_s * 1e6).astype(np.int64)
        step = rng.choice([0.0012, 0.0049, 0.0196])
        return Foreign(t_us[keep], np.round(felt / step)[keep] * step, times, pressures, tuple(self.rides))

    def _breathe(self) -> tuple[NDArray[np.int64], Array]:
        """Return what a barometer gives: the international formula, a temperature, wind and weather."""
        rng, heights = self._rng, np.concatenate(self._climb)
        t_s = np.arange(rng.uniform(0, 1), self._steps / FINE_HZ, 1 / rng.uniform(0.8, 2.0))
        height = heights[np.clip((t_s * FINE_HZ).astype(int), 0, self._steps - 1)]
        warm = 288.15 / (288.15 + rng.uniform(-12, 15))
        pressure = rng.uniform(99_000, 103_000) * (1 - height * warm / 44_330) ** 5.255
        pressure += rng.normal(0, 40) * t_s / 3600 + 1.5 * np.sin(2 * np.pi * t_s / rng.uniform(60, 600))
        pressure += rng.normal(0, rng.uniform(0.3, 2.5), len(t_s))
        return START_US + (t_s * 1e6).astype(np.int64), pressure

    def _add(self, up: Array, shaken: Array, *, climb: Array | None = None) -> None:
        own = np.cumsum(np.cumsum(up)) / FINE_HZ**2 if climb is None else climb
        self._up.append(up)
        self._shaken.append(shaken)
        self._climb.append(self._height + own)
        self._steps += len(up)
        self._height += float(own[-1]) if len(own) else 0.0

    def _grind(self, shaken: Array) -> None:
        rng, n = self._rng, int(2.5 * FINE_HZ)
        start = int(rng.integers(0, max(1, len(shaken) - n)))
        t = np.arange(min(n, len(shaken) - start)) / FINE_HZ
        hum = rng.uniform(0.02, 0.15) * np.sign(np.sin(2 * np.pi * rng.uniform(7, 23) * t))
        shaken[start : start + len(t)] += np.outer(hum, rng.uniform(-1, 1, 3))
        shaken[start + len(t) - 4 : start + len(t)] += rng.normal(0, 0.8, 3)

    def _footfall(self, shaken: Array) -> None:
        rng, n = self._rng, int(1.5 * FINE_HZ)
        start = int(rng.integers(0, max(1, len(shaken) - n)))
        t = np.arange(min(n, len(shaken) - start)) / FINE_HZ
        dip = rng.uniform(0.05, 0.5) * np.exp(-t / 0.3) * np.cos(2 * np.pi * rng.uniform(1.5, 6) * t)
        dip -= dip.mean()
        shaken[start : start + len(t)] += np.outer(dip, [0.1, 0.1, -1.0])


def _count(n: int, rate_hz: float) -> int:
    return len(np.arange(0, n / FINE_HZ, 1 / rate_hz))


def _turned(world: Array, t_s: Array, *, hand: float, rng: np.random.Generator) -> Array:
    """Return the world as a box feels it that hangs anyhow, and in a hand sways."""
    q = rng.normal(size=4)
    w, x, y, z = q / np.linalg.norm(q)
    turn = np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ])  # fmt: skip
    angle = hand * np.sin(2 * np.pi * t_s / rng.uniform(3, 9)) + 0.3 * hand * np.sin(2 * np.pi * t_s / 1.1)
    swayed = world.copy()
    swayed[:, 0] = world[:, 0] * np.cos(angle) - world[:, 2] * np.sin(angle)
    swayed[:, 2] = world[:, 0] * np.sin(angle) + world[:, 2] * np.cos(angle)
    result: Array = swayed @ turn.T
    return result


def building(rng: np.random.Generator, *, rides: int) -> Foreign:
    """Return rides in a building of any height with a drive of any kind."""
    speed, accel = float(rng.uniform(0.5, 5.0)), float(rng.uniform(0.35, 1.3))
    style = str(rng.choice(["direct", "direct", "direct", "creeping", "two_speed"]))
    tallest = min(150.0, max(6.0, speed * rng.uniform(6, 40)))
    shaft, at, storey = Shaft(rng), 0.0, rng.uniform(2.8, 4.5)
    shaft.rest(rng.uniform(8, 20))
    for _ in range(rides):
        to = rng.integers(0, max(2, int(tallest / storey))) * storey
        if abs(to - at) < 2.7:
            to = at + storey if at + storey <= tallest else at - storey
        shaft.ride(to - at, speed=speed, accel=accel, style=style)
        shaft.rest(rng.uniform(6, 40))
        at = to
    return shaft.record(
        rate_hz=float(rng.uniform(10, 100)), noise=float(10 ** rng.uniform(-2.2, -1.0)),
        bias=float(rng.uniform(0, 0.2)), gaps=int(rng.integers(0, 6)),
    )  # fmt: skip


def no_ride(kind: str, rng: np.random.Generator) -> Foreign:
    """Return somebody who carries the box about, or jumps in a car that stands."""
    shaft = Shaft(rng)
    shaft.rest(rng.uniform(5, 15))
    shaft.mischief(NO_RIDES[kind], float(rng.uniform(8, 40)))
    shaft.rest(rng.uniform(8, 20))
    hand = 0.0 if kind == "jump" else float(rng.uniform(0.02, 0.3))
    return shaft.record(rate_hz=float(rng.uniform(10, 100)), noise=0.03, bias=0.1, hand=hand)
