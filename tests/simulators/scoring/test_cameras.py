"""The verdict over cameras can fail: wrong states, wrong dwell times, invented arrivals, wrong lengths."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from simulators.camera.places.road import Flow
from simulators.camera.scene.scene import PARK_S, Scene
from simulators.camera.spec import CameraSpec, RoadSpec, scene_of
from simulators.scoring.cameras import camera_checks
from simulators.scoring.told import told_by

ENDS_S = 300.0
KERB = CameraSpec("cam", busy=1.6)
ROAD = tuple(CameraSpec(f"road-{n}", place="hospital", scene="road", view=n) for n in (1, 2, 3))


def _kerb() -> Scene:
    return scene_of(KERB, seed=1, duration_s=ENDS_S)


def _facts(scene: Scene, *, late_s: float = 5.0) -> Iterator[dict[str, Any]]:
    """Yield what an agent says that is right, ``late_s`` after it has become true."""
    for berth in scene.berths:
        device = f"cam-{berth.id}"
        for second in range(-10, int(ENDS_S)):
            state = "free" if scene.occupied(berth.id, second - late_s) is None else "occupied"
            yield {"type": "reading", "device": device, "t_us": second * 1_000_000, "values": {"state": state}}
    for stay in scene.stays:
        data = {"dwell_s": stay.to_s - stay.from_s}
        t_us = int((stay.to_s + late_s) * 1e6)
        yield {"type": "event", "device": f"cam-{stay.berth}", "t_us": t_us, "kind": "berth.freed", "data": data}


def _verdict(scene: Scene, facts: list[dict[str, Any]]) -> dict[str, bool]:
    told = told_by(facts, 0)
    return {check.name: check.good for check in camera_checks([KERB], {"cam": scene}, told, ends_s=ENDS_S)}


def test_what_is_right_is_met() -> None:
    """All three demands."""
    scene = _kerb()
    assert _verdict(scene, list(_facts(scene))) == {
        "cam: states": True,
        "cam: stays": True,
        "cam: nothing invented": True,
    }


def test_silence_meets_nothing() -> None:
    """Unknown is wrong, and a stay of which nothing was told too."""
    assert _verdict(_kerb(), []) == {"cam: states": False, "cam: stays": False, "cam: nothing invented": True}


def test_a_state_that_is_turned_round_is_seen() -> None:
    """One berth of five that says the contrary."""
    scene = _kerb()
    facts = list(_facts(scene))
    for fact in facts:
        if fact["type"] == "reading" and fact["device"] == "cam-1":
            fact["values"] = {"state": {"free": "occupied", "occupied": "free"}[fact["values"]["state"]]}
    assert not _verdict(scene, facts)["cam: states"]


@pytest.mark.parametrize("wrong_s", [-12.0, 12.0])
def test_a_dwell_time_that_is_wrong_is_seen(wrong_s: float) -> None:
    """By more than eight seconds."""
    scene = _kerb()
    facts = list(_facts(scene))
    for fact in facts:
        if fact["type"] == "event":
            fact["data"]["dwell_s"] += wrong_s
    assert not _verdict(scene, facts)["cam: stays"]


def test_an_arrival_that_never_was_is_seen() -> None:
    """One is enough."""
    scene = _kerb()
    turns = [turn for stay in scene.stays if stay.berth == "1" for turn in (stay.from_s, stay.to_s)]
    t_s = next(t_s for t_s in range(30, 280) if all(abs(t_s - turn) > 20 + PARK_S for turn in turns))
    event = {"type": "event", "device": "cam-1", "t_us": t_s * 1_000_000, "kind": "berth.occupied", "data": {}}
    assert not _verdict(scene, [*_facts(scene), event])["cam: nothing invented"]


def test_a_departure_that_is_told_twice_is_seen() -> None:
    """But for one that says that the stay went on."""
    scene = _kerb()
    facts = list(_facts(scene))
    again = next(fact for fact in facts if fact["type"] == "event" and 0 < fact["t_us"] < 280_000_000)
    assert not _verdict(scene, [*facts, again])["cam: nothing invented"]
    assert _verdict(scene, [*facts, again | {"data": again["data"] | {"joined": 1}}])["cam: nothing invented"]


@pytest.mark.parametrize(("factor", "good"), [(1.0, True), (0.9, True), (0.75, False), (1.3, False)])
def test_a_queue_must_be_right_by_15_percent(factor: float, good: bool) -> None:
    """What is said of the road, while its end is in sight."""
    scene = scene_of(ROAD[0], seed=1, duration_s=ENDS_S, views=3)
    facts = [
        {
            "type": "reading",
            "device": "road",
            "t_us": second * 1_000_000,
            "values": {"queue_m": scene.queue_m(second) * factor},
        }
        for second in range(0, int(ENDS_S), 2)
    ]
    scenes = {spec.device: scene for spec in ROAD}
    roads = [RoadSpec("road", tuple(scenes))]
    (check,) = camera_checks(ROAD, scenes, told_by(facts, 0), ends_s=ENDS_S, roads=roads)
    assert check.good is good, check.found
    opened = [msgspec.structs.replace(spec, flow=Flow(opens_s=70.0)) for spec in ROAD]
    checks = list(camera_checks(opened, scenes, told_by(facts, 0), ends_s=ENDS_S, roads=roads))
    assert [check.name for check in checks] == ["road: length", "road: length, shrinking"]
    assert checks[1].good is good, checks[1].found
