"""What a site's alarm has told, a sensor that is a key of it does not tell again; what it has not told, it does."""

import pytest

from device_profiles.profile import load_profiles
from device_profiles.wire import Binding, Event, Reading
from hub.alarms.transitions import Transition
from tests.hub.alarms.scene import AREA, Scene, us
from tests.hub.alarms.street import policy

TEXTS = {kind: load_profiles()[kind].text for kind in ("camera_zone", "ground_sensor", "road_site")}
DEVICES = (
    Binding("cam-1-a", "camera_zone", "", ("cam-1",)),
    Binding("gs-1", "ground_sensor"),
    Binding("gs-2", "ground_sensor"),
)
MOVED, CASE, ALARM = "ground.moved", "road.inspection", "road.collapse"


class Road(Scene):
    """A camera and two sensors within 10 m of each other."""

    def __init__(self) -> None:
        super().__init__(born=False, texts={})
        self.text(TEXTS, policy=policy({binding.device: 5 * number for number, binding in enumerate(DEVICES)}))
        self.birth(at_s=0, devices=DEVICES)

    def event_of(self, at_s: float, device: str = "gs-1", *, over: bool = False, got_s: float | None = None) -> None:
        """Fold the event that the ground moved, or is back."""
        kind = f"{MOVED}_over" if over else MOVED
        event = Event(device, us(at_s), kind, "info" if over else "major")
        self.pack(event, at_s=at_s if got_s is None else got_s, lane="event")

    def value_of(self, at_s: float, device: str = "gs-1") -> None:
        """Fold the reading that says the same."""
        self.pack(Reading(device, us(at_s), {"exceeded": True, "limit": "settlement"}), at_s=at_s)

    def hole(self, at_s: float) -> None:
        """Fold that the camera sees a hole."""
        self.pack(Reading("cam-1-a", us(at_s), {"surface": "hole"}), at_s=at_s)

    def close(self, at_s: float, rule: str) -> None:
        """Fold that somebody has inspected."""
        (alarm,) = (each.alarm for each in self.made if each.alarm.rule == rule and each.kind == "raised")
        self.act("close", at_s=at_s, subject="", alarm=alarm.id, because="inspected")


def calls(made: list[Transition]) -> list[tuple[str, str]]:
    """Return (rule, kind) of what calls somebody."""
    return [(each.alarm.rule, each.kind.value) for each in made if each.calls]


@pytest.mark.parametrize("event_first", [True, False])
def test_a_movement_is_told_once(event_first: bool) -> None:
    """Event and reading go by two lanes, in any order: the case calls, the sensor's alarm stands under it."""
    road = Road()
    for say in (road.event_of, road.value_of) if event_first else (road.value_of, road.event_of):
        say(5)
    assert calls(road.made) == [(CASE, "raised")]
    (case,) = (each.alarm for each in road.made if each.alarm.rule == CASE and each.kind == "raised")
    (moved,) = (each.alarm for each in road.made if each.alarm.rule == MOVED)
    assert (moved.open, moved.suppressed_by) == (True, case.id)


def test_an_event_is_a_key_however_late_its_reading() -> None:
    """Readings that are late are no keys, events are; what only was recorded sounds with the first word that is not."""
    road = Road()
    road.event_of(5, got_s=400)
    assert calls(road.made) == []
    assert [each.alarm.rule for each in road.made] == [CASE, MOVED]
    road.value_of(401)
    assert calls(road.made) == [(CASE, "sounded")]
    moved = road.state.open_alarm(MOVED, f"{AREA}/gs-1")
    assert moved is not None
    assert moved.suppressed_by


def test_what_a_case_was_not_raised_for_is_told() -> None:
    """A sensor that only joins a case of the same severity hours later has told nobody: it calls."""
    road = Road()
    road.hole(5)
    road.pack(Reading("cam-1-a", us(6), {"surface": "sound"}), at_s=6)
    road.event_of(3600)
    road.value_of(3600)
    assert calls(road.made) == [(CASE, "raised"), (MOVED, "raised")]


def test_a_collapse_covers_every_key_of_it() -> None:
    """It is more severe: whoever was called to it need not be called for one more sensor there."""
    road = Road()
    road.hole(5)
    road.event_of(6)
    road.value_of(6)
    road.event_of(7, "gs-2")
    assert calls(road.made) == [(CASE, "raised"), (ALARM, "raised")]


def test_what_lasts_after_the_inspection_calls() -> None:
    """A minute after the end of what covered it; what has ended meanwhile does not."""
    road = Road()
    road.event_of(5)
    road.value_of(5)
    road.event_of(5, "gs-2")
    road.close(20, CASE)
    road.event_of(30, "gs-2", over=True)
    before = len(road.made)
    road.ticks(31, 100)
    (told,) = (each for each in road.made[before:] if each.calls and each.alarm.rule == MOVED)
    assert (told.kind, told.alarm.device, told.t_us) == ("unsuppressed", "gs-1", us(80))


@pytest.mark.parametrize(("shelved", "told"), [(False, []), (True, [(MOVED, "raised")])])
def test_what_calls_nobody_covers_nothing(shelved: bool, told: list[tuple[str, str]]) -> None:
    """A case that still waits covers that its sensor moves again; one that was put aside does not."""
    road = Road()
    road.event_of(5)
    road.event_of(7, over=True)
    if shelved:
        subject = f"site:{AREA}/gs-1"
        road.act("shelve", at_s=8, rule=CASE, subject=subject, because="nuisance", for_us=600_000_000)
    before = len(road.made)
    road.event_of(100)
    assert calls(road.made[before:]) == told


@pytest.mark.parametrize("shelved", [False, True])
def test_what_chatters_is_covered_by_what_stands_now(shelved: bool) -> None:
    """It comes again within a minute, as the same alarm: not what covered it then counts, for that was closed."""
    road = Road()
    road.event_of(5)
    road.event_of(7, over=True)
    if shelved:  # with all cases to come there
        subject = f"site:{AREA}/gs-1"
        road.act("shelve", at_s=8, rule=CASE, subject=subject, because="nuisance", for_us=600_000_000)
    road.close(9, CASE)
    before = len(road.made)
    road.event_of(20)
    (case,) = (each.alarm for each in road.made[before:] if each.alarm.rule == CASE and each.kind == "raised")
    (again,) = (each for each in road.made[before:] if each.alarm.rule == MOVED)
    assert (again.kind, again.alarm.suppressed_by, again.calls) == ("chatters", "" if shelved else case.id, shelved)
