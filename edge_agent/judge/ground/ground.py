"""Decide from a ground sensor's samples whether ground, cover or water is beyond a limit, or that nobody knows."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from device_profiles.specs.condition import Values
from device_profiles.wire import Value
from edge_agent.judge.finding import Finding
from edge_agent.judge.ground import units
from edge_agent.judge.ground.day import Day, add, change_mm
from edge_agent.judge.ground.limits import GroundLimits
from edge_agent.judge.ground.state import GroundState, Hold, Limit, shift
from edge_agent.judge.ground.units import Spoken, UnitReason, Vector

KINDS: Mapping[Limit, str] = {
    Limit.SETTLEMENT: "ground.moved",
    Limit.SETTLEMENT_DAY: "ground.moved",
    Limit.TILT: "ground.moved",
    Limit.WATER: "ground.water",
    Limit.COVER: "ground.cover_open",
}
UNIT_CHANGED, UNIT_RESTORED, REZEROED = "ground.unit_changed", "ground.unit_restored", "ground.rezeroed"
EVENTS = frozenset({*KINDS.values(), *(f"{kind}_over" for kind in KINDS.values()), UNIT_CHANGED, UNIT_RESTORED})
EVENTS |= {REZEROED}
COVER = 1  # value of `mount`
ZERO_MM = 1.0  # a settlement nearer to 0 than this is one
_WRAP = 1 << 16
_ROUND = 256  # frames before and after the end of 16 bits that count on

Measured = Mapping[Limit, Vector | None]  # of each limit that this sensor can exceed; None: unknown


def judge(
    state: GroundState, values: Values, t_us: int, *, limits: GroundLimits
) -> tuple[GroundState, tuple[Finding, ...]]:
    """Return the next state and what was found. A sample of the same instant says nothing new."""
    if t_us == state.t_us:
        return state, ()
    if t_us < state.t_us:  # whoever gives the time was set back
        state = shift(state, t_us - state.t_us)
    if t_us - state.t_us > limits.gap_us:
        state = msgspec.structs.replace(state, holds={key: Hold(hold.on) for key, hold in state.holds.items()})
    state, zeroed = _count_anew(state, values, t_us)
    state, said = _listen(state, values, t_us)
    measured = _measured(state, values, t_us, limits)
    state, found = _weigh(state, measured, t_us, limits)
    mm = _believed(state.settlement, _number(values, "settlement_mm"))
    hold = state.holds.get(Limit.SETTLEMENT_DAY, Hold())
    apart = any(one.data["reason"] == Limit.SETTLEMENT_DAY for one in found)
    waits = hold.since_us is not None and not hold.on
    day = state.day if mm is None or waits else add(state.day, t_us, mm[0], apart=apart)
    return msgspec.structs.replace(state, t_us=t_us, day=day), (*zeroed, *said, *found)


def says(state: GroundState) -> dict[str, Value]:
    """Return the values that the judge says: whether a limit is exceeded, and which."""
    known = [limit for limit in state.exceeding if state.truth.get(limit) is not None]
    if known:
        return {"exceeded": True, "limit": str(known[0])}
    if not state.truth or None in state.truth.values():
        return {"exceeded": None, "limit": None}
    return {"exceeded": False, "limit": "none"}


def pending(state: GroundState) -> bool:
    """Return whether a timer runs whose end would be an event."""
    spoken = (state.tilt, state.settlement, state.water)
    return any(hold.since_us is not None for hold in state.holds.values()) or any(one.agreed for one in spoken)


def _count_anew(state: GroundState, values: Values, t_us: int) -> tuple[GroundState, list[Finding]]:
    """Notice that the sensor has restarted and measures its settlement from zero: the day begins anew."""
    frames, mm = _number(values, "frame_counter"), _number(values, "settlement_mm")
    before = state.frames
    state = msgspec.structs.replace(state, frames=state.frames if frames is None else int(frames))
    if frames is None or before is None or frames >= before or _is_round(before, int(frames)):
        return state, []
    spoken = state.settlement
    if mm is None or not spoken.last or abs(mm) > ZERO_MM or abs(spoken.last[0] - mm) <= ZERO_MM:
        return state, []
    if units.factor_of(spoken, (mm,), units.SETTLEMENT) is not None:
        return state, []
    data = {"reason": "restarted", "settlement_mm": mm, "before_mm": spoken.last[0]}
    return msgspec.structs.replace(state, settlement=Spoken(), day=Day()), [Finding(REZEROED, t_us, data)]


def _is_round(before: int, now: int) -> bool:
    return before < _WRAP and now + _WRAP - before <= _ROUND


def _listen(state: GroundState, values: Values, t_us: int) -> tuple[GroundState, list[Finding]]:
    """Take in what is measured, and in which unit."""
    seen: dict[str, Vector | None] = {"tilt": _tilt(state.tilt, values), "settlement": None, "water": None}
    for name, value in (("settlement", "settlement_mm"), ("water", "water_m")):
        number = _number(values, value)
        seen[name] = None if number is None else (number,)
    kinds = {"tilt": units.TILT, "settlement": units.SETTLEMENT, "water": units.WATER}
    moved = {name for name, kind in kinds.items() if units.has_moved(getattr(state, name), seen[name], kind)}
    found: list[Finding] = []
    after: dict[str, Spoken] = {}
    for name, kind in kinds.items():
        before: Spoken = getattr(state, name)
        now, field = before, values.get(f"{name}_unit")
        if field is not None:
            now = msgspec.structs.replace(now, by_field=field != 0)
        vector = seen[name]
        if vector is not None and not now.by_field:
            others = moved - {name} - ({"water"} if name != "water" else set())
            now = units.listen(now, vector, kind, moved=bool(others) and name != "water")
        after[name] = now
        found += _unit_findings(name, before, now, field, t_us)
    return msgspec.structs.replace(state, **after), found


def _unit_findings(name: str, before: Spoken, now: Spoken, field: Value, t_us: int) -> list[Finding]:
    was, is_ = before.changed or before.by_field, now.changed or now.by_field
    if was is is_:
        return []
    data: dict[str, Any] = {"of": name}
    if not is_:
        return [Finding(UNIT_RESTORED, t_us, {"reason": "as_before", **data})]
    reason = UnitReason.UNIT_FIELD if now.by_field else UnitReason.FACTOR
    data |= {"unit": field} if now.by_field else {"factor": now.factor, "before": list(now.level)}
    return [Finding(UNIT_CHANGED, t_us, {"reason": str(reason), **data})]


def _measured(state: GroundState, values: Values, t_us: int, limits: GroundLimits) -> Measured:
    """Return what is measured of everything that this sensor has ever measured."""
    mm = _believed(state.settlement, _number(values, "settlement_mm"))
    change = None if mm is None else change_mm(state.day, t_us, mm[0])
    measured: dict[Limit, Vector | None] = {}
    if mm is not None or _spoke(state.settlement):
        measured |= {Limit.SETTLEMENT: mm, Limit.SETTLEMENT_DAY: None if change is None else (change,)}
    tilt = _believed(state.tilt, _tilt(state.tilt, values))
    if tilt is not None or _spoke(state.tilt):
        measured |= _leaning(tilt, values.get("mount"), state, limits)
    water = _believed(state.water, _number(values, "water_m"))
    return measured | ({Limit.WATER: water} if water is not None or _spoke(state.water) else {})


def _leaning(tilt: Vector | None, mount: Value, state: GroundState, limits: GroundLimits) -> Measured:
    """Return the tilt as that of what the sensor is mounted on; it leaves what it was mounted on before."""
    at, other = (Limit.COVER, Limit.TILT) if mount == COVER else (Limit.TILT, Limit.COVER)
    if mount is None and tilt is not None and limits.ground_tilt_deg <= math.hypot(*tilt) < limits.cover_tilt_deg:
        tilt = None  # too much for the ground, nothing for a cover: who knows
    left: Measured = {other: (0.0,)} if mount is not None and state.holds.get(other, Hold()).on else {}
    return {at: tilt, **left}


def _weigh(
    state: GroundState, measured: Measured, t_us: int, limits: GroundLimits
) -> tuple[GroundState, list[Finding]]:
    """Move the timers of all limits."""
    holds: dict[Limit, Hold] = {}
    truth: dict[Limit, bool | None] = {}
    flipped: list[Limit] = []
    for limit, now in measured.items():
        before = state.holds.get(limit, Hold())
        share = _SHARES[limit]
        holds[limit] = _held(before, now, share, t_us=t_us, last_us=state.t_us, limits=limits)
        truth[limit] = None if now is None else share(now, limits) >= 1
        flipped += [limit] if holds[limit].on is not before.on else []
    state = msgspec.structs.replace(state, holds=holds, truth=truth)
    return state, [finding for limit in flipped for finding in _findings(state, limit, measured[limit], t_us, limits)]


def _held(hold: Hold, now: Vector | None, share: "Share", *, t_us: int, last_us: int, limits: GroundLimits) -> Hold:
    """Return the timer of one limit after a sample; unknown freezes it."""
    if now is None:
        frozen_us = None if hold.since_us is None else hold.since_us + t_us - last_us
        return msgspec.structs.replace(hold, since_us=frozen_us)
    if not _contrary(hold, share(now, limits), limits):
        return Hold(hold.on)
    since_us = t_us if hold.since_us is None else hold.since_us
    count = hold.samples + 1
    before = hold.mean if len(hold.mean) == len(now) else now
    mean = tuple(old + (new - old) / count for old, new in zip(before, now, strict=True))
    spread = hold.spread + math.dist(now, before) * math.dist(now, mean)
    hold = Hold(hold.on, since_us, count, mean, spread)
    due_us = limits.clear_us if hold.on else limits.confirm_us
    if count < limits.samples or t_us - since_us < due_us or not _contrary(hold, share(_least(hold), limits), limits):
        return hold
    return Hold(not hold.on)


def _least(hold: Hold) -> Vector:
    """Return the least that was measured on the average, beyond all doubt."""
    size = math.hypot(*hold.mean)
    less = 0.0 if hold.on or not size else min(1.0, hold.doubt / size)
    return tuple(one * (1 - less) for one in hold.mean)


def _contrary(hold: Hold, share: float, limits: GroundLimits) -> bool:
    return share < limits.clear_share if hold.on else share >= 1


def _findings(state: GroundState, limit: Limit, now: Vector | None, t_us: int, limits: GroundLimits) -> list[Finding]:
    kind = KINDS[limit]
    measured = None if now is None else round(now[0] if len(now) == 1 else math.hypot(*now), 4)
    if state.holds[limit].on:
        share = 0.0 if now is None else round(_SHARES[limit](now, limits), 3)
        return [Finding(kind, t_us, {"reason": str(limit), "measured": measured, "share": share})]
    if any(KINDS[other] == kind for other in state.exceeding):
        return []
    return [Finding(f"{kind}_over", t_us, {"reason": str(limit), "measured": measured})]


Share = Callable[[Vector, GroundLimits], float]  # of the limit that is measured; from 1 on it is exceeded


def _of(measured: float, limit: float) -> float:
    return measured / limit if limit else 0.0


_SHARES: Mapping[Limit, Share] = {
    Limit.SETTLEMENT: lambda mm, limits: _of(-mm[0], limits.sink_mm) if mm[0] < 0 else _of(mm[0], limits.rise_mm),
    Limit.SETTLEMENT_DAY: lambda mm, limits: _of(abs(mm[0]), limits.day_mm),
    Limit.TILT: lambda deg, limits: _of(math.hypot(*deg), limits.ground_tilt_deg),
    Limit.WATER: lambda m, limits: _of(m[0], limits.water_m),
    Limit.COVER: lambda deg, limits: _of(math.hypot(*deg), limits.cover_tilt_deg),
}


def _believed(spoken: Spoken, now: float | Vector | None) -> Vector | None:
    if now is None or not spoken.believed:
        return None
    return now if isinstance(now, tuple) else (now,)


def _spoke(spoken: Spoken) -> bool:
    return bool(spoken.level) or spoken.by_field


def _tilt(spoken: Spoken, values: Values) -> Vector | None:
    """Return both axes; one is enough for a sensor that has never told another."""
    axes = [_number(values, name) for name in ("tilt_x_deg", "tilt_y_deg")]
    known = tuple(one for one in axes if one is not None)
    return known if known and len(known) >= len(spoken.level) else None


def _number(values: Values, name: str) -> float | None:
    value = values.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
