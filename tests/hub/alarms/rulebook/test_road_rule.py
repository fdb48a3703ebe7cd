"""The rule of the road as it is shipped: what makes a collapse, and what looks like one."""

import pytest

from device_profiles.profile import load_profiles
from device_profiles.wire import Binding, Event, Reading, Value
from tests.hub.alarms.scene import AREA, Scene, us
from tests.hub.alarms.street import north, policy

TEXTS = {kind: load_profiles()[kind].text for kind in ("camera_zone", "ground_sensor", "road_queue", "road_site")}
DEVICES = (
    *(Binding(f"{camera}-{zone}", "camera_zone", "", (camera,)) for camera in ("cam-1", "cam-2") for zone in "ab"),
    *(Binding(name, "ground_sensor") for name in ("gs-1", "gs-2")),
    Binding("road-1", "road_queue", "", ("cam-1", "cam-2")),
    Binding("road-2", "road_queue", "", ("cam-8",)),
)
BENDS: tuple[str, Value] = ("avoided", "road")
HOLE, WATER, CHANGED = (("surface", each) for each in ("hole", "water", "changed"))


def moved(limit: str) -> tuple[tuple[str, Value], ...]:
    """Return what a ground sensor says that is beyond a limit."""
    return ("exceeded", True), ("limit", limit)


def street(
    *said: tuple[str, tuple[tuple[str, Value], ...]], queue: str = "", called: bool = False, beside: bool = False
) -> Scene:
    """Return the scene in which devices within 28 m of each other say their values, a second apart."""
    scene = Scene(born=False, texts={})
    own = (
        TEXTS["road_site"].replace('follows = "5m",', 'follows = "5m", beside = true,')
        if beside
        else TEXTS["road_site"]
    )
    scene.text(
        TEXTS | {"road_site": own},
        policy=policy({binding.device: 4 * number for number, binding in enumerate(DEVICES)}),
    )
    scene.birth(at_s=0, devices=DEVICES)
    for at_s, (device, values) in enumerate(said, 1):
        scene.pack(Reading(device, us(at_s), dict(values)), at_s=at_s)
    if queue:
        scene.pack(Event(queue, us(6), "queue.formed", "info"), at_s=6, lane="event")
    if called:
        scene.act("report", at_s=6, subject="", area=AREA, kind="person.reported_hole", at=north(0))
    return scene


@pytest.mark.parametrize(("ticks_s", "collapses"), [(0, True), (930, False)])
def test_a_sensor_that_speaks_every_five_minutes_holds_what_it_said(ticks_s: int, collapses: bool) -> None:
    """The camera sees the hole four minutes after the sensor's last uplink: at once, unless the sensor is silent."""
    scene = street(("gs-1", moved("settlement")))
    for at_s in range(1, ticks_s + 1, 5):
        scene.tick(at_s)
    at_s = max(240, ticks_s + 5)
    made = scene.pack(Reading("cam-1-a", us(at_s), {"surface": "hole"}), at_s=at_s)
    assert ("road.collapse" in [t.alarm.rule for t in made]) is collapses
    assert not collapses or made[0].alarm.t_fact_us == us(240)


def test_zones_of_a_profile_of_ones_own_are_keys_too() -> None:
    """A city whose zones have other limits has a profile with the same values: it is asked as well."""
    own = TEXTS["camera_zone"].replace('kind = "camera_zone"', 'kind = "slow_zone"')
    scene = Scene(born=False, texts=TEXTS | {"slow_zone": own})
    scene.birth(at_s=0, devices=(Binding("cam-1-a", "slow_zone", "r", ("cam-1",)), Binding("gs", "ground_sensor", "r")))
    scene.pack(Reading("cam-1-a", us(1), {"surface": "hole"}), at_s=1)
    scene.pack(Reading("gs", us(2), dict(moved("tilt"))), at_s=2)
    assert [t.alarm.rule for t in scene.made if t.kind == "raised"] == ["road.inspection", "road.collapse"]


@pytest.mark.parametrize(
    "scene",
    [
        street(("cam-1-a", (HOLE,)), ("gs-1", moved("settlement"))),
        street(("cam-1-a", (WATER,)), ("gs-1", moved("tilt"))),
        street(("cam-1-a", (HOLE,)), ("gs-1", moved("water"))),
        street(("cam-1-a", (HOLE,)), ("cam-2-a", (HOLE,))),
        street(("cam-1-a", (HOLE,)), queue="cam-2-b"),
        street(("cam-1-a", (HOLE,)), queue="road-2"),
        street(("cam-1-a", (HOLE,)), called=True),
        street(("gs-1", moved("settlement_day")), called=True),
        street(("cam-2-a", (HOLE,)), ("cam-1-a", (BENDS,))),
        street(("gs-1", moved("tilt")), ("cam-1-a", (BENDS,))),
    ],
)
def test_two_keys_of_different_physics_are_a_collapse(scene: Scene) -> None:
    """One alarm of severity life, and one case that it explains."""
    raised = [t.alarm for t in scene.made if t.kind == "raised"]
    assert sorted(alarm.rule for alarm in raised) == ["road.collapse", "road.inspection"]
    assert [alarm.severity for alarm in raised if alarm.rule == "road.collapse"] == ["life"]


@pytest.mark.parametrize(
    ("scene", "case"),
    [
        (street(("cam-1-a", (HOLE,)), ("cam-1-b", (HOLE,)), queue="cam-1-b"), True),  # one camera
        (street(("cam-1-a", (HOLE,)), queue="road-1"), True),  # of which the road's queue is too
        (street(("cam-1-a", (WATER,)), ("cam-2-a", (HOLE,))), True),
        (street(("cam-1-a", (WATER,)), ("cam-2-a", (WATER,)), ("gs-1", moved("water")), queue="cam-2-b"), True),
        (street(("cam-1-a", (HOLE,)), ("gs-1", moved("cover"))), True),  # a gang has opened a manhole
        (street(("gs-1", moved("tilt")), ("gs-2", moved("settlement"))), True),  # two sensors, one physics
        (street(("cam-1-a", (CHANGED,)), called=True), True),  # a tarpaulin
        (street(("cam-1-a", (CHANGED,)), ("cam-2-a", (("surface", None),))), False),
        (street(("cam-1-a", (HOLE, BENDS))), True),  # one camera: round a gang traffic bends too
        (street(("cam-1-a", (WATER, BENDS))), True),  # rain explains them both
        (street(("cam-1-a", (HOLE, ("avoided", "obstacle")))), True),  # a gang, a lorry
        (street(("cam-1-a", (CHANGED, BENDS))), False),
        (street(("cam-1-a", (BENDS,)), ("cam-2-a", (BENDS,)), queue="cam-2-b"), False),  # traffic alone
        (street(("cam-1-a", (HOLE,)), ("cam-1-b", (BENDS,))), True),  # another zone of the same camera
        (street(("cam-1-a", (("surface", "unknown"), ("avoided", "unknown"))), ("gs-1", moved("tilt"))), True),
        (street(("cam-1-a", (HOLE,)), ("gs-1", (("exceeded", True), ("limit", None)))), True),  # it cannot say which
    ],
)
def test_what_looks_like_a_collapse_is_a_case_at_most(scene: Scene, case: bool) -> None:
    """One camera alone, rain, a gang, a tarpaulin: somebody may have to look, nobody is called out of bed."""
    raised = [t.alarm.rule for t in scene.made if t.kind == "raised" and t.alarm.rule.startswith("road.")]
    assert raised == (["road.inspection"] if case else [])


@pytest.mark.parametrize(
    ("said", "raised"),
    [
        ((("cam-1-a", (HOLE,)), ("cam-1-a", (HOLE, BENDS))), ["road.inspection", "road.collapse"]),
        ((("cam-1-a", (HOLE,)), ("cam-1-a", (HOLE, ("avoided", "obstacle")))), ["road.inspection"]),
        ((("cam-1-a", (HOLE,)), ("cam-1-b", (BENDS,))), ["road.inspection"]),  # another zone of the same camera
        ((("cam-1-a", (WATER,)), ("cam-1-a", (WATER, BENDS))), ["road.inspection"]),
        ((("cam-1-a", (("surface", "unknown"), ("avoided", "unknown"))),), []),  # moved: neither is a key
    ],
)
def test_a_city_may_let_a_key_stand_beside_another_of_its_device(
    said: tuple[tuple[str, tuple[tuple[str, Value], ...]], ...], raised: list[str]
) -> None:
    """With `beside` the hole and the traffic of one zone are two keys; what one physics explains is still one."""
    scene = street(*said, beside=True)
    assert [t.alarm.rule for t in scene.made if t.kind == "raised"] == raised
