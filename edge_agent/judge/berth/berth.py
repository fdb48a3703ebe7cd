"""Decide whether a berth is occupied, free or unknown, and how long a vehicle stayed."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from edge_agent.judge.berth.limits import BerthLimits
from edge_agent.judge.berth.stay import Left, Stay, left_by, never_left, shifted_stay
from edge_agent.judge.finding import Finding
from edge_agent.judge.lean import BACK_US, SURE, Lean, forgotten, lean_on, set_back_us, shifted

OCCUPIED, FREED, UNKNOWN = "berth.occupied", "berth.freed", "berth.unknown"
LATEST = 0.6  # of a state that is not decided yet: the weight of the last look, against those before it
EVENTS = frozenset({OCCUPIED, FREED, UNKNOWN})


class Spot(StrEnum):
    """A berth's state, in the words of FIWARE's ParkingSpot; ``closed`` is for the register to say, nobody sees it."""

    OCCUPIED = "occupied"
    FREE = "free"
    UNKNOWN = "unknown"


class SpotReason(StrEnum):
    """Why a berth's state changed."""

    SEEN = "seen"  # arrived or left before our eyes
    SEEN_AGAIN = "seen_again"  # it is known again after it was unknown, or after one look that erred
    UNSURE = "unsure"  # the model could not tell for a while
    UNSEEN = "unseen"  # the picture cannot be believed


class Berth(msgspec.Struct, frozen=True):
    """What is known of one berth."""

    decided: Spot = Spot.UNKNOWN  # what events speak of
    lean: Lean = Lean()
    stay: Stay | None = None  # it lasts while the state is unknown
    known: bool = False  # its state has been decided once
    told: Spot = Spot.UNKNOWN  # what is held of it by who hears the events; as decided, but after a restart
    first: float | None = None  # probability of a vehicle by the looks before that, the latest the loudest
    left: Left | None = None  # a stay that ended by one look, far from others: the next one may take that back

    @property
    def state(self) -> Spot:
        """Return what was decided; before the first time, what the looks so far say."""
        if self.known or self.first is None:
            return self.decided
        return Spot.OCCUPIED if self.vehicle >= 0.5 else Spot.FREE

    @property
    def score(self) -> float:
        """Return the probability of the state, 0 when it is unknown."""
        state = self.state
        return 0.0 if state is Spot.UNKNOWN else self.vehicle if state is Spot.OCCUPIED else 1 - self.vehicle

    @property
    def vehicle(self) -> float:
        """Return the probability of a vehicle; it means nothing while the state is unknown."""
        return (1 + self.lean.value) / 2 if self.known else self.first or 0.0


_NEW = Berth()


class BerthJudge:
    """All berths of a camera."""

    def __init__(self, limits: BerthLimits | None = None) -> None:
        self._limits = limits or BerthLimits()
        self._berths: dict[str, Berth] = {}

    def take(self, t_us: int, zone: str, p: float | None) -> list[Finding]:
        """Take in a look at a berth: the probability of a vehicle, None when the model cannot tell."""
        self._berths[zone], found = take(self.view(zone), t_us, p, zone=zone, limits=self._limits)
        return found

    def unseen(self, zone: str, t_us: int, *, reason: str = SpotReason.UNSEEN) -> list[Finding]:
        """Take in that nobody can see the berth, and why not."""
        self._berths[zone], found = lose(self.view(zone), t_us, zone=zone, reason=reason)
        return found

    def shift(self, step_us: int) -> None:
        """Follow the clock, which was set."""
        self._berths = {zone: shift(berth, step_us) for zone, berth in self._berths.items()}

    def resume(self, berths: Mapping[str, tuple[Stay | None, Spot]]) -> None:
        """Go on where somebody else stopped: the stay and what was told of berths whose state is unknown now."""
        for zone, (stay, told) in berths.items():
            self._berths[zone] = Berth(stay=stay and msgspec.structs.replace(stay, gap=True), known=True, told=told)

    def view(self, zone: str) -> Berth:
        """Return what is known of a berth."""
        return self._berths.get(zone, _NEW)


def take(berth: Berth, t_us: int, p: float | None, *, zone: str, limits: BerthLimits) -> tuple[Berth, list[Finding]]:
    """Return the berth after a look, and what changed."""
    if back_us := set_back_us(berth.lean, t_us):
        berth = shift(berth, back_us)
    push = None if p is None else 2 * p - 1
    lean = lean_on(
        berth.lean, t_us, push, confirm_us=limits.confirm_us, lost_us=limits.lost_us, stays_us=limits.stays_us
    )
    if lean.blind >= 1:
        return lose(berth, t_us, zone=zone, reason=SpotReason.UNSURE)
    stay = berth.stay
    if stay is not None and p is not None and p >= 0.5 and berth.decided is Spot.OCCUPIED:
        stay = msgspec.structs.replace(stay, seen_us=max(t_us, stay.seen_us))
    first = berth.first if p is None or berth.known else p if berth.first is None else _mixed(berth.first, p)
    far = limits.stays_us > 0 and min(berth.lean.apart_us, lean.apart_us) >= limits.confirm_us > 0
    left = berth.left if far and (push is None or push >= 0) else None  # a second look that sees nobody settles it
    before, berth = berth, Berth(berth.decided, lean, stay, berth.known, berth.told, first, left)
    if p is None or lean.held is None or berth.decided is (Spot.OCCUPIED if lean.held else Spot.FREE):
        return berth, []
    berth = berth if berth.known else _as_first_known(berth, before, limits)
    if not lean.held:
        return _free(berth, t_us, zone=zone, far=far)
    if left is not None and never_left(left, lean.apart_us, stays_us=limits.stays_us):
        return _go_on(berth, left, t_us, zone=zone)
    return _occupy(berth, t_us, zone=zone, limits=limits)


def lose(berth: Berth, t_us: int, *, zone: str, reason: str) -> tuple[Berth, list[Finding]]:
    """Return the berth once it is unknown; a vehicle's stay goes on until something is seen again."""
    stay = berth.stay and msgspec.structs.replace(berth.stay, gap=True)
    lost = Berth(lean=forgotten(berth.lean, t_us), stay=stay, known=berth.known)  # it says nothing about afterwards
    if berth.decided is Spot.UNKNOWN and berth.told is Spot.UNKNOWN:
        return lost, []
    was = berth.told if berth.decided is Spot.UNKNOWN else berth.decided
    return lost, [Finding(UNKNOWN, t_us, _data(lost, zone, reason, was=str(was)))]


def shift(berth: Berth, step_us: int) -> Berth:
    """Return the berth after the clock was set by so much."""
    if not step_us:
        return berth
    stay = berth.stay and shifted_stay(berth.stay, step_us)
    return msgspec.structs.replace(berth, lean=shifted(berth.lean, step_us), stay=stay, left=None)


def _occupy(berth: Berth, t_us: int, *, zone: str, limits: BerthLimits) -> tuple[Berth, list[Finding]]:
    """A stay goes on after a gap, unless that was too long to say that it is the same vehicle."""
    turn_us = t_us if berth.lean.turn_us is None else berth.lean.turn_us
    arrived, before = berth.decided is Spot.FREE, _sound(berth.stay, t_us)
    unseen_us = 0 if before is None else max(0, turn_us - before.seen_us)
    if before is not None and unseen_us <= limits.unseen_us:
        stay = msgspec.structs.replace(before, seen_us=t_us, unseen_us=before.unseen_us + unseen_us)
    else:
        stay = Stay(turn_us, t_us, at_least=not arrived, gap=before is not None)
    now = Berth(Spot.OCCUPIED, berth.lean, stay, True, Spot.OCCUPIED)
    told = _of(stay)
    if before is not None and stay.arrived_us != before.arrived_us:
        told["earlier_dwell_s"] = (before.seen_us - before.arrived_us) / 1e6  # of whoever stood there, at the least
    if not berth.known or (berth.told is Spot.OCCUPIED and "earlier_dwell_s" not in told):
        return now, []
    return now, [Finding(OCCUPIED, t_us, _data(now, zone, _reason(arrived), **told))]


def _go_on(berth: Berth, left: Left, t_us: int, *, zone: str) -> tuple[Berth, list[Finding]]:
    """The stay that one look ended has not ended: the departure that was told is taken back by name."""
    stay = msgspec.structs.replace(left.stay, seen_us=t_us, joined=left.stay.joined + 1)
    now = Berth(Spot.OCCUPIED, berth.lean, stay, True, Spot.OCCUPIED)
    told = {**_of(stay), "joined": stay.joined, "not_left_us": left.left_us}
    return now, [Finding(OCCUPIED, t_us, _data(now, zone, SpotReason.SEEN_AGAIN, **told))]


def _free(berth: Berth, t_us: int, *, zone: str, far: bool) -> tuple[Berth, list[Finding]]:
    """A stay ends when the first look saw it gone, or, when nobody looked, with the last one that saw it."""
    turn_us = t_us if berth.lean.turn_us is None else berth.lean.turn_us
    left, stay = berth.decided is Spot.OCCUPIED, _sound(berth.stay, t_us)
    alone = far and left and turn_us == t_us
    ended = left_by(berth.lean, stay, turn_us) if alone and stay is not None else None
    now = Berth(Spot.FREE, berth.lean, None, True, Spot.FREE, left=ended)
    told: dict[str, Any] = {}
    if stay is not None:
        left_us = turn_us if left else stay.seen_us
        dwell_s = max(0, left_us - stay.arrived_us) / 1e6
        told = {"arrived_us": stay.arrived_us, "left_us": left_us, "dwell_s": dwell_s}
        told |= {"at_least": stay.at_least or not left, "gap": stay.gap, "unseen_s": stay.unseen_us / 1e6}
        told |= {"joined": stay.joined} if stay.joined else {}
    if not berth.known or berth.told is Spot.FREE:
        return now, []
    return now, [Finding(FREED, t_us, _data(now, zone, _reason(left), **told))]


def _as_first_known(berth: Berth, before: Berth, limits: BerthLimits) -> Berth:
    """Return the berth as the first of stills far apart knew it, when the next one says the contrary: it changed."""
    first, last_us = before.first, before.lean.last_us
    if first is None or last_us is None or berth.lean.apart_us < limits.confirm_us:
        return berth
    if abs(2 * first - 1) < SURE or (first > 0.5) is berth.lean.held:
        return berth
    was, stay = (Spot.OCCUPIED, Stay(last_us, last_us, at_least=True)) if first > 0.5 else (Spot.FREE, None)
    return Berth(was, msgspec.structs.replace(berth.lean, turn_us=berth.lean.last_us), stay, True, was)


def _sound(stay: Stay | None, t_us: int) -> Stay | None:
    """Return a stay, unless it was seen in the future: the clock was set while nobody knew, its times say nothing."""
    return stay if stay is None or stay.seen_us <= t_us + BACK_US else None


def _reason(seen: bool) -> SpotReason:
    return SpotReason.SEEN if seen else SpotReason.SEEN_AGAIN


def _of(stay: Stay) -> dict[str, Any]:
    """Return what is told of a stay that goes on."""
    told = {"arrived_us": stay.arrived_us, "at_least": stay.at_least, "gap": stay.gap}
    return {**told, "unseen_s": stay.unseen_us / 1e6}


def _mixed(before: float, p: float) -> float:
    return before + LATEST * (p - before)


def _data(berth: Berth, zone: str, reason: str, **more: Any) -> dict[str, Any]:
    score = None if berth.state is Spot.UNKNOWN else round(berth.score, 3)
    return {"reason": str(reason), "zone": zone, "score": score, **more}
