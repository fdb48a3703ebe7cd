"""Rules and bindings that change (ALARMS.md, 16)."""

from device_profiles.wire import Binding
from tests.hub.alarms.scene import COVER, MANHOLE, TEXTS, Scene, said


def test_rule_16_changed_rules_restart_and_open_alarms_stay_under_their_text() -> None:
    """Timers of changed rules begin anew, of unchanged ones go on; an open alarm clears by its old text."""
    scene = Scene()
    scene.cover(0, tilt_deg=12, water_level_m=2)
    scene.beat(2)
    old = scene.alarm("cover.tilted")
    edited = MANHOLE.replace('when = "tilt_deg >= 10"', 'when = "tilt_deg >= 3"').replace(
        "tilt_deg < 5", "tilt_deg < 1"
    )
    assert scene.text(TEXTS | {"manhole_cover": edited}, at_s=10) == []
    assert scene.alarm("cover.tilted") == old
    assert said(scene.beat(20)) == [("raised", "cover.flooded", 20)]  # not changed: its 20 s went on
    scene.cover(21, tilt_deg=4)
    made = scene.beat(30)  # below 5 clears by the old text at 24, above 3 raises by the new one at 26
    assert said(made) == [("cleared", "cover.tilted", 24), ("raised", "cover.tilted", 26)]
    assert old is not None
    assert made[0].alarm.digest == old.digest != made[1].alarm.digest
    third = edited.replace('for = "2s"', 'for = "4s"')
    other = Scene()
    other.cover(0, tilt_deg=12)
    other.text(TEXTS | {"manhole_cover": third}, at_s=1)
    assert other.beat(3.9) == []
    assert said(other.beat(4)) == [("raised", "cover.tilted", 4)]


def test_rule_16_rebinding_to_another_profile_drops_what_was_pending() -> None:
    """A device that becomes another kind keeps its open alarms and loses the pending timers of the old kind."""
    scene = Scene()
    scene.cover(0, tilt_deg=61, water_level_m=2)
    scene.birth(at_s=1, devices=(Binding("cover-1", "lift_terminal"),))
    assert scene.state.devices[COVER].timers == {}
    assert scene.alarm("cover.gone") is not None
    assert scene.beat(100) == []
