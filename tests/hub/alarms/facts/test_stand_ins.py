"""What is left of thinned readings is history: it confirms nothing, clears nothing and is no sign of life."""

from device_profiles.wire import Pack, Reading, encode
from tests.hub.alarms.scene import AGENT, Scene, us


def test_thinned_readings_move_nothing() -> None:
    """Between two of them everything may have happened: a condition that holds in both has not held throughout."""
    scene = Scene()
    scene.cover(0, tilt_deg=1.0, water_level_m=0.1)
    before = scene.now_s()
    facts = tuple(Reading("cover-1", us(at_s), {"tilt_deg": 40.0}) for at_s in (10, 40, 70))
    stand_in = Pack(1, "a-1", 7, "reading", us(80), facts, 99, "b7", stands_for=((7, 2, 98),))
    made = scene.record("pack", 80, encode(stand_in), agent=AGENT, epoch=7, lane="reading", seq=99)
    assert made == []
    assert scene.now_s() == before
    assert scene.alarm("cover.tilted") is None
