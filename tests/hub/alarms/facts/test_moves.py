"""How now(d) moves (ALARMS.md, 2, 3 and 11)."""

from device_profiles.wire import Heartbeat
from hub.alarms.transitions import Refusal
from tests.hub.alarms.scene import COVER, Scene, said, us


def test_rule_02_only_the_reading_lane_moves_now() -> None:
    """Events, ticks, births and readings on the backlog lane leave now(d); readings and heartbeats move it."""
    scene = Scene()
    scene.cover(1, tilt_deg=0)
    scene.event("cover.opened", 5, device="cover-1")
    scene.tick(6)
    scene.birth(at_s=6)
    scene.cover(7, lane="backlog", tilt_deg=50)
    scene.pack(Heartbeat(us(7), {"cover-1": us(7)}), at_s=7, lane="backlog")
    assert scene.now_s() == 1
    scene.beat(8)
    assert scene.now_s() == 8
    scene.cover(9, water_level_m=0)
    assert scene.now_s() == 9
    scene.beat(4)
    assert scene.now_s() == 9


def test_rule_03_a_heartbeat_confirms_what_no_reading_repeats() -> None:
    """A heartbeat says "unchanged": a condition that became true once confirms without a second reading."""
    scene = Scene()
    scene.cover(1, tilt_deg=12)
    assert scene.beat(2) == []
    assert said(scene.beat(4)) == [("raised", "cover.tilted", 3)]


def test_rule_11_a_future_time_is_refused() -> None:
    """More than 60 s ahead of the hub: counted, and now(d) stays; 60 s is still believed."""
    scene = Scene()
    scene.cover(1, tilt_deg=0)
    assert scene.cover(62.1, got_s=2, tilt_deg=70) == []
    assert scene.now_s() == 1
    scene.beat(70, got_s=2)
    assert scene.now_s() == 1
    assert scene.state.hub.refused[Refusal.TIME_IN_FUTURE] == 2
    assert [r.reason for r in scene.state.take_refused()] == [Refusal.TIME_IN_FUTURE] * 2
    scene.cover(61.9, got_s=2, tilt_deg=1)
    assert scene.now_s() == 61.9


def test_rule_11_a_late_reading_touches_nothing() -> None:
    """Behind now(d): no value, no timer, no alarm."""
    scene = Scene()
    scene.cover(10, tilt_deg=0)
    assert scene.cover(9, got_s=11, tilt_deg=70) == []
    assert scene.state.devices[COVER].values["tilt_deg"] == 0
    assert scene.now_s() == 10
    assert scene.state.hub.refused == {Refusal.READING_LATE: 1}
