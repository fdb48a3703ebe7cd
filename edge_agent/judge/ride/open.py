"""A ride that began and whose end was not seen: what the barometer, the rails' vibration and the shaft say of it."""

from enum import StrEnum

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from edge_agent.judge.ride.find import likely
from edge_agent.judge.ride.signal import BIN_S, HOLLOW, Array, Pulse, has_run, roughness
from edge_agent.judge.ride.track import View

CALM_S = 5.0  # the pressure stands still for so long
CALM_LEAST = 4  # samples
CALM_M = 0.35
EXPECTED_M = 3.0  # in CALM_S and before, the car should have gone so far
QUIET_S = 15.0  # without any vibration of a ride
BRAKING_BINS = 25  # about a braking's length
ROUGH = 0.5  # m/s²: with more, a braking may have been hidden
LONGEST_S = 180.0  # lifts are built for half a minute from end to end; this is three times the slowest
BLOW = 3.0  # m/s² inside 0.1 s
BLOW_S = 40.0  # few rides go on for so long after a blow
HALF = 0.5
SURE_BEGUN = 0.7
MOST_LOST = 0.4  # of the speed is left
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
    hidden = _roughest(view, pulse.end, now) > max(ROUGH, 1.5 * _rough(view, 0, pulse.start))
    begun = likely(pulse) >= SURE_BEGUN and not pulse.braking > HALF  # else it may be the end of a ride, not its begin
    lasts = abs(speed) > MOST_LOST * abs(pulse.speed)  # else it braked, and something spoilt the sum
    clean = begun and lasts and not hidden and not _hole(view, pulse, now)
    level = calm(altitudes, view.first + now)
    if level is not None and abs(speed) * CALM_S > EXPECTED_M / 2 and (now - pulse.end) * BIN_S > CALM_S:
        before = altitudes[altitudes[:, 0] < view.first + pulse.start]
        if len(before) < 2:
            return (Guess.UNBRAKED if clean else Guess.LOST), 0.0
        rise = level - float(np.median(before[-6:, 1]))
        if abs(rise) < 0.6 or rise * speed < 0:
            if not clean:
                return Guess.NEVER, rise
            return _without_pressure(view, pulse, speed=speed, shaft_m=shaft_m, clean=clean)  # a sealed sensor
        return (Guess.UNBRAKED if clean else Guess.ARRIVED), rise
    if len(altitudes) >= 4 and altitudes[-1, 0] > view.first + now - 30:
        return Guess.RIDING, 0.0  # the pressure says nothing of a stop
    return _without_pressure(view, pulse, speed=speed, shaft_m=shaft_m, clean=clean)


def _without_pressure(view: View, pulse: Pulse, *, speed: float, shaft_m: float, clean: bool) -> tuple[Guess, float]:
    now = len(view)
    if _hole(view, pulse, now) and not view.hole[-AFTER_HOLE:].any():
        return Guess.LOST, 0.0
    seconds = (now - pulse.start) * BIN_S
    too_far = seconds > LONGEST_S or abs(speed) * seconds > shaft_m
    if clean and (too_far or _was_knocked(view, pulse) or _went_quiet(view, pulse)):
        return Guess.UNBRAKED, 0.0
    return (Guess.LOST if too_far else Guess.RIDING), 0.0


def calm(altitudes: Array, now: int) -> float | None:
    """Return the altitude at which the car stands for a while, None when it moves or the air does."""
    latest = altitudes[altitudes[:, 0] >= now - CALM_S / BIN_S]
    if len(latest) < CALM_LEAST or float(np.ptp(latest[:, 1])) > CALM_M:
        return None
    return float(np.median(latest[:, 1]))


def _was_knocked(view: View, pulse: Pulse) -> bool:
    """Return whether a blow came, and then for long no braking: it was a stop too hard for the sensor's range."""
    blows = np.flatnonzero(view.spread[pulse.end :] > BLOW)
    return bool(len(blows)) and len(view) - pulse.end - int(blows[-1]) > BLOW_S / BIN_S


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
    return has_run(view.hole[pulse.start : now], HOLLOW)


def _roughest(view: View, start: int, end: int) -> float:
    """Return how much it shook in the worst stretch that is as long as a braking."""
    rough = roughness(view.mean, view.spread)[start:end]
    if len(rough) < BRAKING_BINS:
        return _rough(view, start, end)
    return float(np.median(sliding_window_view(rough, BRAKING_BINS), axis=1).max())


def _rough(view: View, start: int, end: int) -> float:
    return float(np.median(roughness(view.mean, view.spread)[start:end])) if end > start else 0.0
