"""A ride that began and whose end was not seen: what the barometer, the rails' vibration and the shaft say of it."""

from enum import StrEnum

import numpy as np

from edge_agent.judge.ride_find import likely
from edge_agent.judge.ride_signal import BIN_S, Array, Pulse, roughness
from edge_agent.judge.ride_track import View

CALM_S = 5.0  # the pressure stands still for so long
CALM_LEAST = 4  # samples
CALM_M = 0.35
EXPECTED_M = 3.0  # in CALM_S and before, the car should have gone so far
QUIET_S = 15.0  # without any vibration of a ride
ROUGH = 0.5  # m/s²: with more, a braking may have been hidden
SURE_BEGUN = 0.85
AFTER_HOLE = 40  # bins


class Guess(StrEnum):
    """What became of a ride."""

    RIDING = "riding"
    ARRIVED = "arrived"  # it stands; that its braking was not seen has a reason
    UNBRAKED = "unbraked"  # it stands, and there was no braking
    NEVER = "never"  # it was no ride
    LOST = "lost"  # nobody can tell


def guess(view: View, pulse: Pulse, altitudes: Array, *, speed: float, shaft_m: float) -> tuple[Guess, float]:
    """Return what became of the ride that ``pulse`` began, and by how much it rose if the pressure tells."""
    now = len(view)
    clean = not _hole(view, pulse, now) and _rough(view, pulse.end, now) < ROUGH and likely(pulse) >= SURE_BEGUN
    calm = _calm(altitudes, view.first + now)
    if calm is not None and abs(speed) * CALM_S > EXPECTED_M / 2 and (now - pulse.end) * BIN_S > CALM_S:
        before = altitudes[altitudes[:, 0] < view.first + pulse.start]
        if len(before) < 2:
            return (Guess.UNBRAKED if clean else Guess.LOST), 0.0
        rise = calm - float(np.median(before[-6:, 1]))
        if abs(rise) < 0.6 or rise * speed < 0:
            return Guess.NEVER, rise
        return (Guess.UNBRAKED if clean else Guess.ARRIVED), rise
    if len(altitudes) >= 4 and altitudes[-1, 0] > view.first + now - 30:
        return Guess.RIDING, 0.0  # the pressure says nothing of a stop
    return _without_pressure(view, pulse, speed=speed, shaft_m=shaft_m, clean=clean)


def _without_pressure(view: View, pulse: Pulse, *, speed: float, shaft_m: float, clean: bool) -> tuple[Guess, float]:
    now = len(view)
    if _hole(view, pulse, now) and not view.hole[-AFTER_HOLE:].any():
        return Guess.LOST, 0.0
    gone_m = abs(speed) * (now - pulse.start) * BIN_S
    if clean and (_went_quiet(view, pulse) or gone_m > shaft_m):
        return Guess.UNBRAKED, 0.0
    return (Guess.LOST if gone_m > shaft_m else Guess.RIDING), 0.0


def _calm(altitudes: Array, now: int) -> float | None:
    """Return the altitude at which the car stands for a while, None when it moves or the air does."""
    latest = altitudes[altitudes[:, 0] >= now - CALM_S / BIN_S]
    if len(latest) < CALM_LEAST or float(np.ptp(latest[:, 1])) > CALM_M:
        return None
    return float(np.median(latest[:, 1]))


def _went_quiet(view: View, pulse: Pulse) -> bool:
    """Return whether rails shook the car after the pulse, and for a while nothing has, as at rest before it."""
    rough = roughness(view.mean, view.spread)
    size = int(QUIET_S / BIN_S)
    if len(view) - pulse.end < size + 20 or pulse.start < 10:
        return False
    before, during = float(np.median(rough[: pulse.start])), float(np.median(rough[pulse.end : pulse.end + 20]))
    now = float(np.quantile(rough[-size:], 0.9))
    return during > 2.0 * before + 0.01 and now < 1.5 * before + 0.005


def _hole(view: View, pulse: Pulse, now: int) -> bool:
    return int(view.hole[pulse.start : now].sum()) >= 4


def _rough(view: View, start: int, end: int) -> float:
    return float(np.median(roughness(view.mean, view.spread)[start:end])) if end > start else 0.0
