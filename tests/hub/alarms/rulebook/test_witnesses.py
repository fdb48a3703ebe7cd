"""What is a key of a site and what is none: events, people, and who says nothing or cannot know (ALARMS.md, 14)."""

import pytest

from hub.alarms.transitions import Reason
from tests.hub.alarms.street import CASE, ONE, ZONES, Street, brief, north


def test_traffic_that_stands_before_another_camera_is_a_key() -> None:
    """An event is true at its instant, from whatever lane and however late it comes."""
    street = Street()
    street.see(5, "hole")
    street.see(6, "sound")
    assert brief(street.queue(14, got_s=60, lane="backlog")) == ONE
    late = Street()
    late.see(5, "hole")
    late.see(6, "sound")
    made = late.queue(14, got_s=600)
    assert (made[0].reason, made[0].alarm.sounded) == (Reason.EVENT_LATE, False)
    late.see(610, "hole")
    made = late.feel(611, True)
    assert ("sounded", "road.collapse", "keys_agree") in brief(made)


@pytest.mark.parametrize(("at_s", "raised"), [(25, True), (25.1, False)])
def test_traffic_is_a_key_only_soon_after_the_hole(at_s: float, raised: bool) -> None:
    """A hole that has been seen for hours is not confirmed by the evening's queue: `follows` is 20 s here."""
    street = Street()
    street.see(5, "hole")
    street.alive(at_s, "cam-1-road")
    assert brief(street.queue(at_s)) == (ONE if raised else [])


def test_what_means_nothing_alone_is_no_case() -> None:
    """Traffic stands every day; it only adds to others."""
    street = Street()
    assert street.queue(5) == []
    assert brief(street.see(6, "hole")) == ONE[:1]


def test_unknown_and_stale_are_no_keys() -> None:
    """A camera that was moved says null, a sensor that is silent says nothing: neither is a key any more."""
    street = Street()
    street.see(5, "hole")
    street.see(6, None)
    assert brief(street.feel(17, True)) == [("joined", "road.inspection", "one_key")]
    silent = Street()
    silent.see(5, "hole")
    silent.ticks(0, 40)
    silent.feel(41, True)
    assert silent.open("road.collapse") == []
    (case,) = silent.open("road.inspection")
    assert case.stale
    assert ("fresh", "road.inspection", "back") in brief(silent.see(42, "sound"))


def test_a_person_is_a_key_where_he_stands() -> None:
    """`hub report --at`: with his words he joins the case that is open near him, or opens one 800 m away."""
    street = Street()
    street.see(5, "hole")
    (alone,) = street.call(6, at=north(800))
    assert (brief([alone]), alone.actor) == (CASE, "li")
    made = street.call(7, at=north(12))
    assert brief(made) == [
        ("joined", "road.inspection", "one_key"),
        ("raised", "road.collapse", "keys_agree"),
        ("suppressed", "road.inspection", "cause"),
    ]
    assert (made[0].actor, made[0].detail) == ("li", "seen [person.reported_hole] at 30.250108,120.160000")
    assert made[1].detail.startswith("person report:")
    (joined,) = street.call(8, at=north(20))
    assert (brief([joined]), joined.actor) == ([("joined", "road.collapse", "one_key")], "li")


def test_a_person_who_names_a_device_or_an_asset_stands_there() -> None:
    """A position that is on no Earth is refused."""
    street = Street()
    street.see(5, "hole")
    assert brief(street.call(8, at=(91.0, 0.0))) == []
    assert ONE[0] in brief(street.call(6, device="gs-1"))
    by_asset = Street()
    by_asset.see(5, "hole", device="cam-9-road")
    assert ONE[0] in brief(by_asset.call(6, subject="road-9"))
    other = Street()
    assert brief(other.call(6, kind="person.reported_smoke")) == [("raised", "person.report", "act")]


def test_people_alone_raise_no_alarm() -> None:
    """Ten who call are one case and one key."""
    street = Street()
    for at_s in range(10):
        street.call(at_s, at=north(at_s))
    (case,) = street.open("road.inspection")
    assert (street.open("road.collapse"), len(case.signs)) == ([], 10)


def test_events_before_the_birth_count_after_it() -> None:
    """Without a birth nobody knows through what a device senses: it waits."""
    street = Street()
    street.birth(at_s=1, devices=())
    street.feel(5, True)
    assert brief(street.queue(6)) == []
    assert ONE[0] in brief(street.birth(at_s=8, devices=ZONES))
