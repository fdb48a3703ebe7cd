"""What was said of berths and queues, against what was true."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from simulators.camera.scene.scene import PARK_S, Berth, Scene, Stay
from simulators.camera.spec import CameraSpec, RoadSpec, folder_of, is_real
from simulators.scoring.check import Check
from simulators.scoring.told import Told

SETTLE_S = 15.0  # after the start nothing is asked yet
SLOW_S = 9.0  # after a vehicle came or went its berth's state may be the old one
RIGHT = 0.97  # of the seconds
DWELL_S = 8.0  # by so much may a dwell time be wrong
QUEUE_LEAST_M = 25.0  # a shorter queue is not compared
QUEUE_WITHIN = 0.15
_MATCH_S = 20.0  # an event so near a departure is the one of it


def camera_checks(
    cameras: Sequence[CameraSpec],
    scenes: Mapping[str, Scene],
    told: Mapping[str, Told],
    *,
    ends_s: float,
    roads: Sequence[RoadSpec] = (),
) -> Iterator[Check]:
    """Yield what is asked of the cameras whose zones are judged, and of roads."""
    for spec in cameras:
        if spec.judged and spec.scored and scenes[spec.device].berths:
            yield from _berth_checks(spec, scenes[spec.device], told, ends_s=ends_s)
    for road in roads:
        spec = next(one for one in cameras if one.device in road.cameras)
        scene, opens_s = scenes[spec.device], spec.flow.opens_s
        begin_s = SETTLE_S + 45
        yield _queue_check(road, scene, told, word="length", from_s=begin_s, to_s=min(ends_s, opens_s))
        if opens_s < ends_s:
            yield _queue_check(road, scene, told, word="length, shrinking", from_s=opens_s, to_s=ends_s)


def _berth_checks(spec: CameraSpec, scene: Scene, told: Mapping[str, Told], *, ends_s: float) -> Iterator[Check]:
    if spec.photographs:
        lacking = f"drawn: no photographs in {folder_of(spec)}"
        yield Check(f"{spec.device}: background", True, "a photograph" if is_real(spec) else lacking)
    right = asked = unknown = 0
    wrong: Counter[str] = Counter()
    good: list[float] = []
    bad: list[str] = []
    for berth in scene.berths:
        said = told.get(f"{spec.device}-{berth.id}", Told())
        for t_s in _moments(scene, berth, ends_s):
            state = said.at(t_s, "state")
            asked += 1
            true = "occupied" if scene.occupied(berth.id, t_s) is not None else "free"
            right += state == true
            if state != true:
                wrong[f"{berth.id} {true}, told {state}"] += 1
            unknown += state in (None, "unknown")
        for stay in _whole_stays(scene, berth, ends_s):
            error_s = _dwell_error(said, stay)
            if error_s is None or error_s > DWELL_S:
                bad.append(
                    f"{berth.id}: {stay.to_s - stay.from_s:.0f} s" + ("" if error_s is None else f" ± {error_s:.0f}")
                )
            else:
                good.append(error_s)
    share = right / max(1, asked)
    text = f"{share:.1%} of {asked} s right, {unknown / max(1, asked):.1%} unknown"
    text += "".join(f"; {what} {seconds} s" for what, seconds in wrong.most_common(3))
    yield Check(f"{spec.device}: states", share >= RIGHT, text)
    worst = f", worst by {max(good):.1f} s" if good else ""
    text = f"{len(good)} of {len(good) + len(bad)} dwell times right{worst}" + "".join(f"; {one}" for one in bad)
    yield Check(f"{spec.device}: stays", bool(good) and not bad, text)
    yield _false_check(spec, scene, told, ends_s=ends_s)


def _moments(scene: Scene, berth: Berth, ends_s: float) -> Iterator[float]:
    """Yield the seconds at which a berth's state is beyond doubt."""
    turns = [turn for stay in scene.stays if stay.berth == berth.id for turn in (stay.from_s, stay.to_s)]
    for second in range(int(SETTLE_S), int(ends_s) - 2):
        if all(not turn - PARK_S <= second <= turn + PARK_S + SLOW_S for turn in turns):
            yield float(second)


def _whole_stays(scene: Scene, berth: Berth, ends_s: float) -> Iterator[Stay]:
    """Yield the stays whose beginning and end could be seen."""
    for stay in scene.stays:
        if stay.berth == berth.id and stay.from_s > SETTLE_S and stay.to_s < ends_s - PARK_S - SLOW_S:
            yield stay


def _dwell_error(said: Told, stay: Stay) -> float | None:
    """Return by how much the dwell time that was told of a stay is wrong; None: none was told."""
    told = [
        abs(float(data.get("dwell_s") or 0.0) - (stay.to_s - stay.from_s))
        for t_s, kind, data in said.events
        if kind == "berth.freed" and abs(t_s - stay.to_s) < _MATCH_S
    ]
    return min(told, default=None)


def _false_check(spec: CameraSpec, scene: Scene, told: Mapping[str, Told], *, ends_s: float) -> Check:
    """Every arrival and departure that was told has happened, and was told once; a stay that goes on says so."""
    invented = []
    for berth in scene.berths:
        stays = [stay for stay in scene.stays if stay.berth == berth.id]
        for kind, turns in (("berth.occupied", [s.from_s for s in stays]), ("berth.freed", [s.to_s for s in stays])):
            untold = list(turns)
            for t_s, told_kind, data in told.get(f"{spec.device}-{berth.id}", Told()).events:
                if told_kind != kind or not 0 < t_s < ends_s:
                    continue
                near = [turn for turn in (turns if data.get("joined") else untold) if abs(t_s - turn) <= _MATCH_S]
                turn = min(near, key=lambda turn, t_s=t_s: abs(turn - t_s), default=None)  # type: ignore[misc]
                if turn is None:
                    invented.append(f"{berth.id}: {kind} at {t_s:.0f} s")
                elif turn in untold:
                    untold.remove(turn)
    return Check(f"{spec.device}: nothing invented", not invented, "; ".join(invented) or "nothing")


def _queue_check(
    road: RoadSpec, scene: Scene, told: Mapping[str, Told], *, word: str, from_s: float, to_s: float
) -> Check:
    """The length, every 5 s, while the queue ends where a camera sees."""
    errors = []
    reach_m = sum(abs(lane.from_x - lane.to_x) for lane in scene.lanes)
    for second in range(int(from_s), int(to_s), 5):
        true_m = scene.queue_m(second - SLOW_S / 2)
        if QUEUE_LEAST_M <= true_m <= reach_m:
            said_m = float(told.get(road.device, Told()).at(second, "queue_m") or 0.0)
            errors.append(abs(said_m - true_m) / true_m)
    errors.sort()
    text = "never long enough"
    if errors:
        text = f"wrong by {median(errors):.0%} at {len(errors)} moments, {errors[len(errors) * 9 // 10]:.0%} at a tenth"
    return Check(f"{road.device}: {word}", bool(errors) and median(errors) <= QUEUE_WITHIN, text)
