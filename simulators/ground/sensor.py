"""One ground sensor's world: slow drift, warmth, lorries, what gives way below it, and the unit in which it speaks."""

import math
import random
from typing import Protocol

import msgspec

from device_profiles.config import duration_s
from device_profiles.wire import Value
from simulators.ground.spec import GroundSpec

S = 1_000_000
BUCKET_US = S // 10  # city; within it a sensor measures the same
AT_ONCE_S = 0.5  # a collapse
ENOUGH = {"ground_tilts": 0.5, "ground_collapses": 1.0, "cover_opens": 45.0}  # degrees, where an act says none
UNITS = {"0.1deg": ("tilt", 1, 10.0), "rad": ("tilt", 2, math.pi / 180), "cm": ("settlement", 1, 0.1)}
UNITS |= {"m": ("settlement", 2, 0.001)}  # unit → of what, its code in the unit field, factor
RISES_M = 2.0  # of a well


class Deed(Protocol):
    """What an act of a scenario says."""

    @property
    def act(self) -> str:
        """What happens."""

    @property
    def lasts(self) -> str:
        """How long."""

    @property
    def mm(self) -> float:
        """By how much it sinks."""

    @property
    def deg(self) -> float:
        """By how much it tilts; 0: enough."""

    @property
    def metres(self) -> float:
        """By how much the water rises; 0: enough."""

    @property
    def unit(self) -> str:
        """In which it speaks from then on."""

    @property
    def says_unit(self) -> bool:
        """And says so."""

    @property
    def count(self) -> int:
        """Of uplinks."""


class Ramp(msgspec.Struct, frozen=True):
    """Something that moves from one moment to another, and stays there."""

    begin_us: int
    for_us: float
    mm: float = 0.0
    deg: float = 0.0
    metres: float = 0.0

    def share(self, t_us: int) -> float:
        """Return how much of it has happened."""
        return min(1.0, max(0.0, (t_us - self.begin_us) / max(1.0, self.for_us)))


class Trouble(msgspec.Struct):
    """What befalls its next uplinks."""

    lost: int = 0
    doubled: int = 0
    late: int = 0
    late_us: int = 0  # city


class GroundSensor:
    """A sensor. ``values`` may be asked for as often as one likes: the same moment gives the same."""

    def __init__(self, spec: GroundSpec, *, seed: int) -> None:
        self.spec = spec
        self.off = False
        self.trouble = Trouble()
        self.session = 0  # how often it has joined anew
        self._seed = f"{seed}/{spec.device}"
        rng = random.Random(self._seed)
        self._way = rng.uniform(0, math.tau)  # in which it tilts
        self._warm = rng.uniform(0, math.tau)
        self._ramps: list[Ramp] = []
        self._lorries = [(at_us, at_us + round(rng.uniform(1, 3) * S)) for at_us in _arrivals(rng)]
        self._unit = ""
        self._says_unit = False
        self._began_us = 0  # of its count
        self._zero_mm = 0.0  # what it takes for zero

    def do(self, deed: Deed, t_us: int) -> None:
        """Let something happen to it."""
        for_us = duration_s(deed.lasts) * S
        deg = deed.deg or ENOUGH.get(deed.act, 0.0)
        match deed.act:
            case "ground_sinks":
                self._ramps.append(Ramp(t_us, for_us, mm=-deed.mm))
            case "ground_tilts":
                self._ramps.append(Ramp(t_us, for_us, deg=deg))
            case "ground_collapses":
                self._ramps.append(Ramp(t_us, AT_ONCE_S * S, mm=-deed.mm, deg=deg))
            case "cover_opens" | "cover_closes":
                target = deg if deed.act == "cover_opens" else 0.0
                self._ramps.append(Ramp(t_us, AT_ONCE_S * S, deg=target - sum(ramp.deg for ramp in self._ramps)))
            case "well_rises":
                self._ramps.append(Ramp(t_us, for_us, metres=deed.metres or RISES_M))
            case "well_falls":
                self._ramps.append(Ramp(t_us, for_us, metres=-sum(ramp.metres for ramp in self._ramps)))
            case "lorry_passes":
                self._lorries.append((t_us, t_us + round(for_us)))
            case "unit_changes" | "unit_back":
                self._unit, self._says_unit = deed.unit, deed.says_unit
            case "sensor_restarts":
                self._began_us, self._zero_mm = t_us, self._height(t_us)
                self.session += 1
            case "sensor_off" | "sensor_on":
                self.off = deed.act == "sensor_off"
            case _:
                self._befall(deed, round(for_us))

    def values(self, t_us: int) -> dict[str, Value]:
        """Return what it says, in the unit in which it speaks."""
        rng = random.Random(f"{self._seed}/{t_us // BUCKET_US}")
        shaken = any(begin <= t_us < end for begin, end in self._lorries)
        tilts, lifts = (0.3, 3.0) if shaken else (0.004, 0.05)
        warm = 12 + 3 * math.sin(t_us / S / 600 + self._warm)
        tilted = sum(ramp.deg * ramp.share(t_us) for ramp in self._ramps) + 0.04 + 0.002 * (warm - 12)
        x, y = (tilted * turn(self._way) + rng.gauss(0, tilts) for turn in (math.cos, math.sin))
        mm = self._height(t_us) - self._zero_mm + 0.02 * (warm - 12) + rng.gauss(0, lifts)
        of, code, factor = UNITS.get(self._unit, ("", 0, 1.0))
        tilt, height = factor if of == "tilt" else 1.0, factor if of == "settlement" else 1.0
        said = code if self._says_unit else 0
        return {
            "mount": int(self.spec.mount == "cover"),
            "tilt_x_deg": round(x * tilt, 3),
            "tilt_y_deg": round(y * tilt, 3),
            "settlement_mm": round(mm * height, 2) if self.spec.mount == "ground" else None,
            "water_m": self._water(t_us, rng) if self.spec.well else None,
            "temperature_c": round(warm, 1),
            "battery_pct": 87,
            "tilt_unit": said if of == "tilt" else 0,
            "settlement_unit": said if of == "settlement" else 0,
        }

    def frames(self, t_us: int) -> int:
        """Return how many seconds it has measured since its start."""
        return (t_us - self._began_us) // S

    def moves(self, t_us: int) -> bool:
        """Return whether it has moved so much that it speaks more often."""
        moved = [
            sum(getattr(ramp, what) * ramp.share(t_us) for ramp in self._ramps) for what in ("mm", "deg", "metres")
        ]
        return any(abs(one) > least for one, least in zip(moved, (3.0, 0.1, 0.2), strict=True))

    def _height(self, t_us: int) -> float:
        sunk = sum(ramp.mm * ramp.share(t_us) for ramp in self._ramps)
        return self.spec.settlement_mm + sunk - 0.5 * t_us / S / 86_400

    def _water(self, t_us: int, rng: random.Random) -> float:
        risen = sum(ramp.metres * ramp.share(t_us) for ramp in self._ramps)
        return round(max(0.0, self.spec.water_m + risen + rng.gauss(0, 0.003)), 3)

    def _befall(self, deed: Deed, for_us: int) -> None:
        match deed.act:
            case "uplinks_lost":
                self.trouble.lost += deed.count
            case "uplinks_doubled":
                self.trouble.doubled += deed.count
            case "uplinks_late":
                self.trouble.late, self.trouble.late_us = self.trouble.late + deed.count, for_us


def _arrivals(rng: random.Random) -> list[int]:
    """Return when lorries pass in the first hour."""
    times: list[int] = []
    t_s = 0.0
    while (t_s := t_s + rng.expovariate(1 / 40)) < 3_600:
        times.append(round(t_s * S))
    return times
