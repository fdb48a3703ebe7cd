"""What was said of a road's surface, against what had befallen it."""

from collections.abc import Iterator, Mapping, Sequence

from simulators.camera.places.street import ZONE
from simulators.camera.scene.happenings import CLASSES, Happening, Kind
from simulators.camera.spec import CameraSpec, folder_of, is_real
from simulators.scoring.check import Check
from simulators.scoring.told import Told

SEEN_S = 10.0  # city; so soon after it began must a collapse be seen
_AREA = 2.0  # by such a factor may the area be wrong: its rim is cracked
_STAYS_S = 3.0  # city; what has come since then has not stayed yet, and is not counted: water still spreads
_EVENTS = ("road.hole", "road.water", "road.surface_changed")
_SOUND = "road.surface_restored"
_REAL = (Kind.HOLE, Kind.FLOOD)


def surface_checks(
    cameras: Sequence[CameraSpec], happened: Mapping[str, Sequence[Happening]], told: Mapping[str, Told]
) -> Iterator[Check]:
    """Yield what is asked of the cameras that watch a road."""
    for spec in cameras:
        if spec.place != "road" or not spec.judged:
            continue
        said = told.get(f"{spec.device}-{ZONE}", Told())
        seen = [what for other in cameras if _same(spec, other) for what in happened.get(other.device, ())]
        if spec.photographs:
            lacking = f"drawn: no photographs in {folder_of(spec)}"
            yield Check(f"{spec.device}: background", True, "a photograph" if is_real(spec) else lacking)
        yield _quiet_check(spec, said, seen)
        for what in seen:
            yield _seen_check(spec, said, what)


def _same(spec: CameraSpec, other: CameraSpec) -> bool:
    return spec.device == other.device or bool(spec.scene and spec.scene == other.scene)


def _quiet_check(spec: CameraSpec, said: Told, seen: Sequence[Happening]) -> Check:
    """Before anything has happened nothing is found."""
    begin_s = min((what.begin_s for what in seen), default=float("inf"))
    invented = [f"{kind} at {t_s:.0f} s" for t_s, kind, _ in said.events if kind in _EVENTS and 0 < t_s < begin_s]
    return Check(f"{spec.device}: nothing invented", not invented, "; ".join(invented) or "nothing")


def _seen_check(spec: CameraSpec, said: Told, what: Happening) -> Check:
    """A collapse is seen in time as what it is, and when it is mended; of a look-alike nothing is asked."""
    name = f"{spec.device}: {what.kind}"
    if what.kind is Kind.MENDED:
        since_s = [t_s - what.begin_s for t_s, kind, _ in said.events if kind == _SOUND and t_s > what.begin_s]
        return Check(name, bool(since_s), f"told after {since_s[0]:.1f} s" if since_s else "not told")
    told = [(t_s - what.begin_s, kind, data) for t_s, kind, data in said.events if kind in _EVENTS]
    told = [one for one in told if one[0] >= 0]
    heard = "; ".join(f"{kind} after {after_s:.1f} s, {_m2(data):.1f} m²" for after_s, kind, data in told[:4])
    heard = f"{what.area_m2:.1f} m²; {heard or 'nothing was said'}"
    if what.kind not in _REAL:
        return Check(name, True, heard)
    wanted = f"road.{CLASSES[what.kind]}"
    good = any(
        kind == wanted
        and after_s <= SEEN_S
        and what.area_at(what.begin_s + after_s - _STAYS_S) / _AREA <= _m2(data) <= what.area_m2 * _AREA
        for after_s, kind, data in told
    )
    return Check(name, good, heard)


def _m2(data: Mapping[str, object]) -> float:
    area = data.get("area_m2")
    return float(area) if isinstance(area, int | float) else 0.0
