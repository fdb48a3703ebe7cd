"""Chattering: three transitions within 60 s are one alarm until it has been calm for 60 s; never for life-safety."""

from hub.alarms.transitions import Kind, Transition
from tests.hub.alarms.scene import LIFT, T0_US, TEXTS, Scene

TILTED = "cover.tilted"
LADDER = """
[[ladders]]
name = "cover"
rules = ["cover.*"]
steps = [{ level = "L1", to = ["m"], after = "5s" }, { level = "L2", to = ["g"], after = "3m" }]
"""


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


def cover_event(scene: Scene, kind: str, at_s: float, *, got_s: float | None = None) -> list[Transition]:
    """Let the cover's contact say something."""
    return scene.event(kind, at_s, got_s=got_s, device="cover-1", severity="major")


def test_one_that_was_only_recorded_calls_when_it_comes_again_lately() -> None:
    """A backlog was raised and cleared too late to sound; what comes now is news, although it is the third turn."""
    scene = Scene()
    cover_event(scene, "cover.opened", 10, got_s=900)
    cover_event(scene, "cover.shut", 20, got_s=901)
    (again,) = cover_event(scene, "cover.opened", 902, got_s=903)
    assert (again.kind, again.alarm.sounded, again.calls) == (Kind.CHATTERS, True, True)


def test_a_shelf_for_one_occurrence_does_not_hold_what_comes_again() -> None:
    """Else nothing would ever take it off: there is no shelf any more."""
    scene = Scene()
    cover_event(scene, "cover.opened", 10)
    scene.act("shelve", at_s=11, rule="cover.open", because="nuisance")
    cover_event(scene, "cover.shut", 12)
    (again,) = cover_event(scene, "cover.opened", 13)
    assert (again.kind, again.alarm.shelved, again.calls) == (Kind.CHATTERS, False, True)


def test_its_ladder_goes_on_when_it_comes_again() -> None:
    """The same alarm, so each step once, at the time that was frozen when it was raised."""
    scene = Scene()
    scene.text(TEXTS, policy=LADDER)
    scene.ticks(1, 9)
    for kind, at_s in (("cover.opened", 10), ("cover.shut", 17), ("cover.opened", 20)):
        cover_event(scene, kind, at_s)
        scene.tick(at_s + 6)
    scene.ticks(27, 200)
    steps = [(made.to, (made.t_fact_us - T0_US) // 1_000_000) for made in scene.made if made.kind is Kind.ESCALATED]
    assert steps == [(("m",), 15), (("g",), 190)]


def test_an_end_that_is_said_again_is_no_unrest() -> None:
    """Else an alarm whose end is repeated every 20 s would never end."""
    scene = Scene()
    for kind, at_s in (("cover.opened", 1), ("cover.shut", 2), ("cover.opened", 3), ("cover.shut", 4)):
        cover_event(scene, kind, at_s)
    for at_s in range(20, 81, 20):
        cover_event(scene, "cover.shut", at_s)
        scene.tick(at_s)
    assert scene.alarm("cover.open") is None
