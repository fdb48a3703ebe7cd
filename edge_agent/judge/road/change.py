"""One change of a road's surface, followed from look to look: where it is, and what the looks make of it."""

from collections.abc import Iterable

import msgspec

from edge_agent.judge.road.blob import CLASSES, HOLE, OBJECT, PERSON, SHADOW, SOUND, VEHICLE, WATER, Blob, Box
from edge_agent.judge.road.limits import RoadLimits

OURS = (HOLE, WATER)  # what the road itself has become
PASSING = (VEHICLE, PERSON, SHADOW, SOUND)  # what is no change of the road
SAME = 0.3  # intersection over union of two boxes that show the same change
COVERED = 0.5  # of a change's box
STANDS = 0.25  # mean probability that it is something that stands or lies there, from which on it may be
NAMED = 3  # looks in which somebody could tell, before it is said that nothing does
SHOWN = 0.8  # of the looks since it came: what rain makes of a road comes and goes
MOST = 60.0  # looks that weigh in a mean; what is seen later still counts


class Change(msgspec.Struct, frozen=True):
    """What is known of it."""

    blob: Blob  # as it was seen last
    first_us: int  # first look that showed it
    seen_us: int  # last one that did
    looks: int = 1  # that showed it
    scored: float = 0.0  # of them, those in which somebody could tell; at most MOST
    named: tuple[tuple[str, int], ...] = ()  # class → looks in which it was the likeliest
    means: tuple[tuple[str, float], ...] = ()  # class → mean probability
    missed: int = 0  # looks since it was seen
    absent: int = 0  # looks before that did not show it
    told: str = ""  # class of the last event; empty: none yet
    told_us: int = 0
    place: Box | None = None  # where it was told to be; what passes over it and is seen as one with it moves it nowhere
    pinned: bool = False  # whoever looks now has never seen the road without it: not to see it means nothing

    @property
    def box(self) -> Box:
        """Return where it is."""
        return self.place or self.blob.box

    @property
    def mean(self) -> dict[str, float]:
        """Return the mean probability by class."""
        return dict(self.means)

    def since_us(self) -> int:
        """Return when it began to be what it is; pixels that hardly waver may be older."""
        return self.first_us


def begin(blob: Blob, t_us: int) -> Change:
    """Return a change that is seen for the first time."""
    return _scored(Change(blob, t_us, t_us), blob)


def follow(change: Change, blob: Blob, t_us: int) -> Change:
    """Return it after one more look."""
    if blob.since_us > max(change.seen_us, change.blob.since_us) and not change.told:
        return begin(blob, t_us)  # something else lies there now
    looks, absent = change.looks + 1, change.absent + change.missed
    seen = msgspec.structs.replace(change, blob=blob, seen_us=t_us, looks=looks, missed=0, absent=absent)
    return _scored(seen, blob)


def miss(change: Change) -> Change:
    """Return it after a look that did not show it."""
    return msgspec.structs.replace(change, missed=change.missed + 1)


def gone(change: Change, t_us: int, limits: RoadLimits) -> bool:
    """Return whether it has not been seen for long enough."""
    if change.pinned:
        return t_us - change.seen_us >= limits.pinned_us
    us, looks = (limits.gone_us, limits.gone_looks) if change.told else (limits.lost_us, limits.lost_looks)
    return change.missed >= looks and t_us - change.seen_us >= us


def class_of(change: Change, t_us: int, limits: RoadLimits) -> str | None:
    """Return what it is by now: HOLE, WATER or OBJECT; None: nothing that is worth a word, or not yet."""
    mean, stayed_us = change.mean, t_us - change.since_us()
    passing = sum(mean.get(one, 0.0) for one in PASSING)
    if not mean or passing >= limits.sure or change.looks < SHOWN * (change.looks + change.absent):
        return None
    ours = _ours(mean, limits)
    if ours is not None:
        agree = sum(count for name, count in change.named if name in OURS)
        return ours if stayed_us >= limits.stays_us and agree >= _needed(change, limits.looks, limits) else None
    if passing > limits.doubt:
        return None
    agree = sum(count for name, count in change.named if name not in PASSING)
    return OBJECT if stayed_us >= limits.object_us and agree >= _needed(change, limits.object_looks, limits) else None


def _ours(mean: dict[str, float], limits: RoadLimits) -> str | None:
    """Return which of HOLE and WATER it is; None when neither is sure: together they say that something is there."""
    hole, water = mean.get(HOLE, 0.0), mean.get(WATER, 0.0)
    if hole >= limits.sure:
        return HOLE
    return WATER if hole + water >= limits.sure and water > limits.doubt else None


def stands(change: Change) -> bool | None:
    """Return whether it is something that stands or lies on the road; None: nobody can tell yet."""
    mean = change.mean
    there = sum(mean.get(one, 0.0) for one in (VEHICLE, PERSON, OBJECT))
    if there >= max(STANDS, mean.get(HOLE, 0.0) + mean.get(WATER, 0.0)):
        return True
    return False if change.scored >= NAMED else None


def score_of(change: Change, kind: str) -> float:
    """Return the probability of a class; of OBJECT that it is none of those that pass."""
    mean = change.mean
    return mean.get(kind, 0.0) if kind in OURS else 1.0 - sum(mean.get(one, 0.0) for one in PASSING)


def shift(change: Change, step_us: int) -> Change:
    """Return it after the clock was set by so much."""
    blob = msgspec.structs.replace(change.blob, since_us=change.blob.since_us + step_us)
    times = {"first_us": change.first_us + step_us, "seen_us": change.seen_us + step_us}
    return msgspec.structs.replace(change, blob=blob, told_us=change.told_us + step_us, **times)


def likeness(change: Change, blob: Blob) -> float:
    """Return intersection over union of a change and a blob, 0 when they are too unlike to be the same."""
    shared = _area(_shared(change.box, blob.box))
    whole = _area(change.box) + _area(blob.box) - shared
    return shared / whole if shared >= SAME * whole > 0 else 0.0


def covers(box: Box, change: Change) -> bool:
    """Return whether something lies over a change, so that nobody sees whether it is still there."""
    return _area(_shared(change.box, box)) >= COVERED * _area(change.box)


def shares(change: Change, box: Box) -> bool:
    """Return whether something lies where a change was told to be, as a part of it or round it."""
    least = min(_area(change.box), _area(box))
    return bool(change.told) and _area(_shared(change.box, box)) >= SAME * least > 0


def tell(change: Change, kind: str, t_us: int) -> Change:
    """Return it once it was told to be of a class, where it is seen now."""
    return msgspec.structs.replace(change, told=kind, told_us=t_us, place=change.blob.box)


def join(told: Change, seen: Change) -> Change:
    """Return what was told, as it is seen now: it had grown, or was hidden by what passed over it."""
    first_us = min(told.first_us, seen.first_us)
    return msgspec.structs.replace(seen, first_us=first_us, told=told.told, told_us=told.told_us, place=seen.blob.box)


def hide(change: Change, t_us: int) -> Change:
    """Return it after a look in which something lay over it."""
    absent = change.absent + change.missed
    return msgspec.structs.replace(change, seen_us=max(t_us, change.seen_us), missed=0, absent=absent)


def _scored(change: Change, blob: Blob) -> Change:
    if not blob.scores:
        return change
    count = min(MOST, change.scored + 1)
    old = change.mean
    means = tuple((one, _onward(old.get(one), blob.scores.get(one, 0.0), count)) for one in _classes(blob, old))
    likeliest = max(blob.scores, key=lambda one: blob.scores[one])
    named = dict(change.named)
    named[likeliest] = named.get(likeliest, 0) + 1
    return msgspec.structs.replace(change, scored=count, means=means, named=tuple(sorted(named.items())))


def _classes(blob: Blob, old: Iterable[str]) -> list[str]:
    return sorted({*CLASSES, *blob.scores, *old})


def _onward(mean: float | None, now: float, count: float) -> float:
    return now if mean is None else mean + (now - mean) / count


def _needed(change: Change, looks: int, limits: RoadLimits) -> int:
    apart_us = (change.seen_us - change.first_us) / max(1, change.looks - 1)
    return max(looks, limits.far_looks) if apart_us > limits.far_us else looks


def _shared(one: Box, two: Box) -> Box:
    return max(one[0], two[0]), max(one[1], two[1]), min(one[2], two[2]), min(one[3], two[3])


def _area(box: Box) -> int:
    return max(0, box[2] - box[0]) * max(0, box[3] - box[1])
