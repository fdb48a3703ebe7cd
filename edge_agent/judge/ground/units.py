"""Notice that a sensor speaks in another unit: by its own word, or by a jump of exactly such a factor at once."""

import math
from enum import StrEnum

import msgspec

SAMPLES = 3  # that agree before it is said
NEAR = 0.05  # by so much of itself a factor may be missed
FAR = 0.3  # at the most, where the sensor's noise is great
ALONG = 0.99  # cosine between the directions of a tilt before and after
MEMORY = 16  # samples in the level and its noise

Vector = tuple[float, ...]


class UnitReason(StrEnum):
    """Why a sensor is not believed."""

    UNIT_FIELD = "unit_field"  # it says another unit
    FACTOR = "factor"  # all that it measures jumped by a factor between two units


class Kind(msgspec.Struct, frozen=True):
    """What is measured."""

    factors: tuple[float, ...]  # between the units that are customary for it; and their inverses
    floor: float  # below it there is too little to see a factor in
    step: float  # a change beyond it, and beyond the noise, is a movement


TILT = Kind((10.0, 1000 * math.tan(math.radians(1)), math.degrees(1), 1000.0), 0.05, 0.1)  # 0.1°, mm/m, rad, mdeg
SETTLEMENT = Kind((10.0, 100.0, 1000.0), 1.0, 2.0)  # cm, 0.01 mm, m
WATER = Kind((100.0, 1000.0), 0.05, 0.2)  # cm, mm


class Spoken(msgspec.Struct, frozen=True):
    """How a sensor has spoken of one thing until now."""

    level: Vector = ()
    noise: float = 0.0
    last: Vector = ()  # the last that was believed
    count: int = 0  # samples in level and noise, at most MEMORY
    factor: float | None = None  # suspected, or known when `changed`
    agreed: int = 0  # samples that say so, or, when `changed`, that say the contrary
    changed: bool = False
    by_field: bool = False  # it says another unit

    @property
    def believed(self) -> bool:
        """Whether what it says counts."""
        return not (self.changed or self.by_field or self.factor)


def factor_of(spoken: Spoken, now: Vector, kind: Kind) -> float | None:
    """Return the factor by which ``now`` has jumped, None when there is none that is customary."""
    before, size, level = _size(spoken.last), _size(now), _size(spoken.level)
    if (
        spoken.count < SAMPLES
        or len(now) != len(spoken.level)
        or not size
        or min(before, level) < kind.floor
        or not _steady(spoken)
    ):
        return None
    along = sum(a * b for a, b in zip(spoken.level, now, strict=True)) / (level * size)
    near = min(FAR, NEAR + 2 * spoken.noise / level)
    fit = [f for factor in kind.factors for f in (factor, 1 / factor) if abs(size / level / f - 1) <= near]
    return fit[0] if fit and along >= ALONG else None


def has_moved(spoken: Spoken, now: Vector | None, kind: Kind) -> bool:
    """Return whether something has really moved: a step, and none of a factor."""
    if now is None or not spoken.count or factor_of(spoken, now, kind) is not None:
        return False
    return _distance(spoken.level, now) > max(kind.step, 5 * spoken.noise)


def listen(spoken: Spoken, now: Vector, kind: Kind, *, moved: bool) -> Spoken:
    """Return how it speaks after a sample; ``moved``: something else that it measures has really moved."""
    if spoken.changed:
        return _until_back(spoken, now)
    factor = None if moved else spoken.factor or factor_of(spoken, now, kind)
    if factor is None or len(now) != len(spoken.level) or not _still(spoken, now, factor):
        return _learn(msgspec.structs.replace(spoken, factor=None, agreed=0), now, kind)
    agreed = spoken.agreed + 1
    changed = agreed >= SAMPLES
    return msgspec.structs.replace(spoken, factor=factor, agreed=0 if changed else agreed, changed=changed)


def _still(spoken: Spoken, now: Vector, factor: float) -> bool:
    """Return whether a sample is where the factor says."""
    level = _size(spoken.level)
    return abs(_size(now) / level / factor - 1) <= min(FAR, NEAR + 2 * spoken.noise / level)


def _until_back(spoken: Spoken, now: Vector) -> Spoken:
    """It speaks as before once it is nearer to where it was than to the factor."""
    assert spoken.factor is not None
    ratio, middle = _size(now) / max(_size(spoken.level), 1e-9), math.sqrt(spoken.factor)
    back = ratio < middle if spoken.factor > 1 else ratio > middle
    agreed = spoken.agreed + 1 if back else 0
    if agreed < SAMPLES:
        return msgspec.structs.replace(spoken, agreed=agreed)
    return Spoken((*now,), 0.0, (*now,), 1, by_field=spoken.by_field)


def _learn(spoken: Spoken, now: Vector, kind: Kind) -> Spoken:
    away = _distance(spoken.level, now)
    if len(spoken.level) != len(now) or away > max(kind.step, 5 * spoken.noise):
        return msgspec.structs.replace(spoken, level=now, last=now, count=1)  # a step is no noise
    count = min(spoken.count + 1, MEMORY)
    level = tuple(old + (new - old) / count for old, new in zip(spoken.level, now, strict=True))
    noise = spoken.noise + (away - spoken.noise) / count
    return msgspec.structs.replace(spoken, level=level, noise=noise, last=now, count=count)


def _steady(spoken: Spoken) -> bool:
    """Return whether the last sample was where the level is, so that a jump is one between two samples."""
    return _distance(spoken.level, spoken.last) <= 0.25 * _size(spoken.level) + 3 * spoken.noise


def _size(vector: Vector) -> float:
    return math.hypot(*vector)


def _distance(one: Vector, other: Vector) -> float:
    return math.dist(one, other) if len(one) == len(other) else 0.0
