"""Chattering: three transitions within 60 s are one alarm until it has been calm for 60 s; never for life-safety."""

from hub.alarms.transitions import Kind
from tests.hub.alarms.scene import LIFT, Scene

TILTED = "cover.tilted"


def flap(scene: Scene, times: int, *, from_s: float = 0) -> float:
    """Tilt the cover and put it back so many times, 8 s each; return when that has ended."""
    for turn in range(times):
        at_s = from_s + turn * 8
        scene.cover(at_s + 1, tilt_deg=20)
        scene.beat(at_s + 4)
        scene.cover(at_s + 4.1, tilt_deg=1)
        scene.beat(at_s + 8)
    return from_s + times * 8


def kinds(scene: Scene, rule: str = TILTED) -> list[str]:
    """Return what was said of a rule."""
    return [made.kind.value for made in scene.made if made.alarm.rule == rule]


def test_a_cover_that_flaps_is_one_alarm() -> None:
    """It came, went and came again: from then on one alarm that chatters."""
    scene = Scene()
    flap(scene, 10)
    assert kinds(scene) == ["raised", "cleared", "chatters"]
    alarm = scene.alarm(TILTED)
    assert alarm is not None
    assert alarm.chattering
    assert len({made.alarm.id for made in scene.made}) == 1


def test_it_ends_after_a_minute_of_calm() -> None:
    """And the next one is a new alarm that points at it."""
    scene = Scene()
    end_s = flap(scene, 5)
    for at_s in range(int(end_s), int(end_s) + 70):
        scene.beat(at_s)
    assert kinds(scene)[-1] == "cleared"
    last = scene.made[-1].alarm
    scene.cover(end_s + 80, tilt_deg=20)
    (raised,) = scene.beat(end_s + 90)
    assert (raised.kind, raised.alarm.previous, raised.alarm.chattering) == (Kind.RAISED, last.id, False)


def test_slow_turns_are_alarms_of_their_own() -> None:
    """Half a minute between them."""
    scene = Scene()
    for turn in range(3):
        flap(scene, 1, from_s=turn * 70)
    assert kinds(scene) == ["raised", "cleared"] * 3


def test_events_chatter_too_and_wait_for_calm_by_the_ticks() -> None:
    """The end of an event's alarm is held back; another event takes it back."""
    scene = Scene()
    scene.tick(0)
    for turn in range(4):
        scene.event("cover.opened", 1 + turn * 5, device="cover-1", severity="major")
        scene.event("cover.shut", 3 + turn * 5, device="cover-1", severity="info")
    assert [kind for kind in kinds(scene, "cover.open") if kind != "joined"] == ["raised", "cleared", "chatters"]
    scene.tick(70)
    assert scene.alarm("cover.open") is not None
    scene.tick(79)
    assert scene.alarm("cover.open") is None


def test_life_safety_never_chatters() -> None:
    """Who was freed and is trapped again is another call."""
    scene = Scene()
    for turn in range(3):
        scene.event("lift.stuck_occupied", 1 + turn * 5)
        scene.event("lift.released", 3 + turn * 5, severity="info")
    assert kinds(scene, "lift.entrapment") == ["raised", "cleared"] * 3
    assert len({made.alarm.id for made in scene.made if made.alarm.subject == LIFT}) == 3
