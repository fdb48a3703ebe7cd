"""A key that comes after its alarm was closed is told in the alarm's history, and opens nothing (ALARMS.md, 12)."""

from device_profiles.wire import Reading
from hub.alarms.asked.spoken import later_texts
from hub.alarms.state import State
from hub.alarms.transitions import Alarm, Transition
from tests.hub.alarms.scene import us
from tests.hub.alarms.street import NORTH_M, Street, brief

LATE = [("joined", "road.collapse", "key_late")]
NEAR = NORTH_M | {"gs-2": 25}


def closed(*, places: dict[str, float] | None = None) -> tuple[Street, Alarm]:
    """Return a street of which a collapse was closed at 60 s, inspected, and that alarm."""
    street = Street(places=NEAR if places is None else places)
    street.see(5, "hole")
    street.feel(9, True)
    street.see(40, "sound")
    street.feel(41, False)
    (alarm,) = street.open("road.collapse")
    street.close(60, alarm)
    return street, alarm


def late_of(street: Street, alarm: Alarm) -> list[Transition]:
    """Return what came later, of the alarm."""
    return [made for made in street.made if made.reason == "key_late" and made.alarm.id == alarm.id]


def test_a_sensor_whose_word_was_on_its_way_is_told_and_opens_nothing() -> None:
    """Its agent was cut off: what it says at last was so at 20 s. It had never spoken before."""
    street, alarm = closed()
    assert brief(street.feel(20, True, device="gs-2", got_s=400)) == LATE
    (late,) = late_of(street, alarm)
    assert (late.alarm.open, late.calls, late.t_fact_us, late.t_us) == (False, False, us(20), us(400))
    assert late.detail == "ground gs-2"
    assert street.open("road.inspection") == street.open("road.collapse") == []


def test_an_event_and_a_reading_of_a_backlog_are_told_too() -> None:
    """Of a lane that moves no time, of a time that is behind; each key of each device once."""
    street, alarm = closed()
    assert brief(street.queue(12, got_s=500)) == LATE
    reading = Reading("cam-2-road", us(13), {"surface": "hole"})
    assert brief(street.pack(reading, at_s=501, lane="backlog")) == LATE
    street.see(502, "sound", device="cam-2-road")
    assert brief(street.pack(Reading("cam-1-lane", us(14), {"surface": "water"}), at_s=503)) == LATE
    assert brief(street.pack(Reading("cam-1-lane", us(15), {"surface": "water"}), at_s=504, lane="backlog")) == []
    assert brief(street.queue(13, got_s=505)) == []
    assert [late.detail for late in late_of(street, alarm)] == [
        "traffic cam-2-road", "surface cam-2-road", "pool cam-1-lane",
    ]  # fmt: skip


def test_what_the_alarm_knew_and_what_stands_elsewhere_is_not_told() -> None:
    """A key of the alarm itself, one 800 m away, and what was not true."""
    street, alarm = closed(places=NORTH_M)
    assert brief(street.pack(Reading("cam-1-road", us(8), {"surface": "hole"}), at_s=100, lane="backlog")) == []
    assert brief(street.pack(Reading("cam-2-road", us(8), {"surface": "sound"}), at_s=101, lane="backlog")) == []
    assert brief(street.feel(20, True, device="gs-2", got_s=400)) == [("raised", "road.inspection", "one_key")]
    assert late_of(street, alarm) == []


def test_what_begins_after_the_close_is_news() -> None:
    """A case again, also of a sensor that had never spoken."""
    street, alarm = closed()
    assert brief(street.feel(60.1, True, device="gs-2", got_s=400)) == [("raised", "road.inspection", "one_key")]
    assert late_of(street, alarm) == []


def test_what_goes_on_over_the_close_is_still_a_key_beside_a_new_one() -> None:
    """It came late, so it opens nothing; with a camera that sees a hole now it does."""
    street, alarm = closed()
    street.feel(50, True, device="gs-2", got_s=400)
    street.feel(400, True, device="gs-2")
    assert len(late_of(street, alarm)) == 1
    assert ("raised", "road.collapse", "keys_agree") in brief(street.see(401, "hole", device="cam-2-road"))


def test_a_case_that_was_closed_is_told_too_unless_its_key_makes_an_alarm() -> None:
    """One key that came late is told; one that agrees with what the case knew is an alarm, for nobody has seen that."""
    street = Street(places=NEAR)
    street.feel(5, True)
    (case,) = street.open("road.inspection")
    street.feel(6, False)
    street.close(60, case)
    assert brief(street.feel(30, True, device="gs-2", got_s=200)) == [("joined", "road.inspection", "key_late")]
    made = street.queue(15, got_s=202)
    assert ("raised", "road.collapse", "keys_agree") in brief(made)
    assert not any(each.reason == "key_late" for each in made)


def test_it_is_told_the_same_after_a_restart() -> None:
    """What has been told stands in the state's rows."""
    street, _ = closed()
    street.feel(20, True, device="gs-2", got_s=400)
    street.state = State.load(list(street.state.rows()))
    reading = Reading("gs-2", us(10), {"exceeded": True})
    assert street.pack(reading, at_s=500, lane="backlog", agent="a-2", sent_s=500) == []
    assert brief(street.queue(12, got_s=501)) == LATE
    assert street.queue(12, got_s=502) == []


def test_people_read_what_came_later() -> None:
    """`hub why` and `hub alarm show` say it in a line of its own."""
    street, alarm = closed()
    street.feel(20, True, device="gs-2", got_s=400)
    (line,) = later_texts(late_of(street, alarm))
    assert line.startswith("  came later: ground gs-2, true at ")
    assert line.endswith(", heard 340 s after the end; it opens nothing again\n")
