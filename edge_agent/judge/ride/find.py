"""Find the ride in a car's pulses: it gains speed, keeps it, and loses it again."""

import math
from collections.abc import Sequence

import msgspec
import numpy as np

from edge_agent.judge.ride.signal import BIN_S, SMOOTH, Array, Pulse, smooth

SURE = 0.45
MODEL_SHARE = 0.65  # a drive that no simulator knew has a clean shape at least: shape alone is not enough, but helps
LEAST_RIDE_MPS = 0.38  # an escalator rises by 0.33 m/s at most, the slowest lift by 0.5 m/s
SOFT_PEAK = 2.3  # m/s²: no drive accelerates more, passengers would fall
CORE = 0.7  # of a pulse's speed: what its flanks hold is left out
DEAD_MPS2 = 2.1  # a mean deceleration that no drive makes
DEAD_LEAST_MPS2 = 1.3
BRAKED_REST = 0.35  # of the speed: children who jumped just before it may have spoilt a pulse so much
DEAD_REST = 0.55  # of the speed: so much of a dead stop may fall between the samples of a slow box
DEAD_TIMES = 1.75  # so many times the mean acceleration of the same ride
DEAD_S = 0.8  # a brake that falls in is done by then; a firm drive takes longer
RAILS_MPS2 = 0.5  # rails shake a car less
SHAKEN_BINS = 30  # before a stop, and after it
SWING_BINS = 12  # a car that stopped dead swings on its ropes for so long by itself
SHORT_BINS = 15  # of shaking make an end doubtful
SHAKES = 2.0  # who shakes the car so much may stop it for the sensor so much harder
CREEP_BINS = 100  # a drive of two speeds, or a hydraulic one, creeps up to its floor for so long at most
CREEP_LEFT = 0.05  # m/s: with more left over it may still creep


class Found(msgspec.Struct, frozen=True):
    """A stretch of pulses whose speeds add up to nothing."""

    pulses: tuple[Pulse, ...]
    speed: float  # m/s, the greatest, upwards positive
    rest: float  # m/s that should be 0
    dead: bool  # it ended as no drive ends a ride

    @property
    def uneven(self) -> bool:
        """Whether speed is left over: a longer calm has to show that it stands."""
        return abs(self.rest) > _tolerance(abs(self.speed))

    def is_shaken(self, fine: Array) -> bool:
        """Return whether somebody shook the car right before or after it stopped: so the stop itself may be his."""
        off, last = np.abs(fine - smooth(fine, SMOOTH)), self.pulses[-1]
        before = off[max(0, last.start - SHAKEN_BINS) : last.start]
        after = off[last.end + SWING_BINS : last.end + SWING_BINS + SHAKEN_BINS]
        return any(_goes_on_shaking(part) for part in (before, after))

    @property
    def start(self) -> int:
        """First bin."""
        return self.pulses[0].start

    @property
    def end(self) -> int:
        """Bin after the last one."""
        return self.pulses[-1].end

    @property
    def likely(self) -> float:
        """How much its beginning and end look like a lift's, 0 to 1."""
        ends = [likely(self.pulses[0]), 1.0 if self.dead else likely(self.pulses[-1])]
        return sum(ends) / 2


def likely(pulse: Pulse) -> float:
    """Return how much a pulse looks like a lift's, 0 to 1: the model's word and the thresholds', or theirs alone."""
    by_shape = _likely_shape(pulse)
    return MODEL_SHARE * pulse.moving + (1 - MODEL_SHARE) * by_shape if math.isfinite(pulse.moving) else by_shape


def _likely_shape(pulse: Pulse) -> float:
    """Return how much a pulse looks like a lift's by thresholds."""
    seconds = (pulse.end - pulse.start) * BIN_S
    mean = abs(pulse.speed) / seconds
    faults = (
        max(0.0, pulse.rough / (0.15 + 0.5 * mean) - 1),
        max(0.0, pulse.tilt / (0.3 + 0.7 * mean) - 1),
        max(0.0, pulse.peak / SOFT_PEAK - 1),
        max(0.0, 1.4 / seconds - 1),
    )
    return 1.0 / (1.0 + math.exp(6.0 * (sum(faults) - 0.5)))


def find_ride(pulses: Sequence[Pulse], fine: Array) -> Found | None:
    """Return the first ride among ``pulses``; ``fine`` is the acceleration in bins, not smoothed."""
    for first in range(len(pulses)):
        if likely(pulses[first]) < SURE:
            continue
        found = _from(pulses, first, fine)
        if found is not None:
            return found
    return None


def with_creep(found: Found, later: Sequence[Pulse]) -> Found:
    """Return the ride with those of the ``later`` pulses in which it gave up what speed was left over."""
    for pulse in () if found.dead else later:
        rest = found.rest + pulse.speed
        creeps = found.rest * found.speed > 0 and abs(found.rest) > CREEP_LEFT
        gives_up = abs(rest) < found.rest * np.sign(found.speed) / 2 and likely(pulse) >= SURE
        if not creeps or not gives_up or pulse.start - found.end > CREEP_BINS:
            break
        found = msgspec.structs.replace(found, pulses=(*found.pulses, pulse), rest=rest)
    return found


def open_pulse(pulses: Sequence[Pulse]) -> Pulse | None:
    """Return the pulse with which a ride began that has not ended, None when there is none."""
    for first, pulse in enumerate(pulses):
        if likely(pulse) >= SURE and abs(pulse.speed) >= LEAST_RIDE_MPS:
            speed = sum(other.speed for other in pulses[first:])
            if abs(speed) > _tolerance(abs(pulse.speed)) and speed * pulse.speed > 0:
                return pulse
    return None


def is_dead(first: Pulse, last: Pulse, fine: Array) -> bool:
    """Return whether ``last`` took the speed as no drive does."""
    end, begin = core(last, fine), core(first, fine)
    sudden = CORE * abs(last.speed) <= DEAD_S * end
    mischief = SHAKES * max(0.0, _shaken(fine[max(0, last.start - SHAKEN_BINS) : last.start]) - RAILS_MPS2)
    by_itself = end >= DEAD_MPS2 + mischief
    return by_itself or (sudden and not mischief and end >= DEAD_LEAST_MPS2 and end >= DEAD_TIMES * begin)


def _shaken(fine: Array) -> float:
    """Return how much it shook up and down, m/s²: twice the standard deviation of what is faster than any drive."""
    return 2.0 * float((fine - smooth(fine, SMOOTH)).std()) if len(fine) > SMOOTH else 0.0


def _goes_on_shaking(off: Array) -> bool:
    """Return whether anywhere it shakes more than rails do for longer than a knock."""
    if len(off) < SHORT_BINS:
        return False
    power = np.convolve(off**2, np.full(SHORT_BINS, 1 / SHORT_BINS), mode="valid")
    return 2.0 * float(np.sqrt(power.max())) > RAILS_MPS2


def core(pulse: Pulse, fine: Array) -> float:
    """Return the mean acceleration in the shortest time in which 70 % of the speed came or went, m/s²."""
    part = np.cumsum(fine[pulse.start : pulse.end]) * BIN_S * np.sign(pulse.speed)
    part = np.concatenate([[0.0], part])
    need = CORE * abs(pulse.speed)
    for size in range(1, len(part)):
        if float((part[size:] - part[:-size]).max()) >= need:
            return need / (size * BIN_S)
    return 0.0


def _from(pulses: Sequence[Pulse], first: int, fine: Array) -> Found | None:
    speed = top = 0.0
    for last in range(first, len(pulses)):
        speed += pulses[last].speed
        top = speed if abs(speed) > abs(top) else top
        if last == first:
            continue
        dead = pulses[last].speed * top < 0 and is_dead(pulses[first], pulses[last], fine)
        brakes = pulses[last].speed * top < 0 and likely(pulses[last]) >= SURE
        rest = DEAD_REST if dead else BRAKED_REST if brakes else 0.0
        if abs(speed) <= max(_tolerance(abs(top)), rest * abs(top)):
            found = Found(tuple(pulses[first : last + 1]), top, speed, dead)
            return with_creep(found, pulses[last + 1 :]) if abs(top) >= LEAST_RIDE_MPS else None
        if speed * pulses[first].speed < 0:
            return None  # it went past standing: this pulse began no ride
    return None


def _tolerance(top: float) -> float:
    return 0.08 + 0.10 * top
