"""Alarms of sites: keys of different devices that stand near each other (ALARMS.md, 14)."""

import pytest

from tests.hub.alarms.scene import AREA, us
from tests.hub.alarms.street import AFTER, BEFORE, CASE, KEPT, NORTH_M, ONE, STREET, Street, brief, north, policy


def test_two_keys_near_each_other_raise_one_alarm_and_the_case_folds_into_it() -> None:
    """The camera's key alone is a case; the sensor's 29 m away makes it a collapse, with keys and evidence."""
    street = Street()
    assert brief(street.see(5, "hole", evidence=KEPT)) == CASE
    made = street.feel(9, True)
    assert brief(made) == ONE
    alarm = made[0].alarm
    assert (alarm.subject, alarm.area, alarm.severity, alarm.latched) == (
        f"site:{AREA}/cam-1-road", AREA, "life", True,
    )  # fmt: skip
    assert alarm.t_fact_us == us(9)
    assert [(key.key, key.device, key.since_us) for key in alarm.signs] == [
        ("ground", f"{AREA}/gs-1", us(9)),
        ("surface", f"{AREA}/cam-1-road", us(5)),
    ]
    assert alarm.evidence == {f"{AREA}/cam-1-road": {"before": BEFORE, "after": AFTER, "clip": "ring_young"}}
    assert made[0].detail == "ground gs-1, surface cam-1-road; 29 m apart"
    assert made[1].alarm.suppressed_by == alarm.id


@pytest.mark.parametrize(("begun_s", "raised"), [(20, True), (20.000001, False)])
def test_keys_agree_within_the_window_in_event_time(begun_s: float, raised: bool) -> None:
    """10 s apart they agree, a microsecond more and they are two cases near each other, which are one."""
    street = Street()
    street.see(5, "hole")
    street.see(10, "sound")
    made = street.feel(begun_s, True)
    assert brief(made) == (ONE if raised else [("joined", "road.inspection", "one_key")])


@pytest.mark.parametrize(("metres", "raised"), [(29.999, True), (30.001, False)])
def test_keys_agree_within_their_distance(metres: float, raised: bool) -> None:
    """30 m and no further; what is further is another case."""
    street = Street(places=NORTH_M | {"gs-1": metres})
    street.see(5, "hole")
    assert brief(street.feel(6, True)) == (ONE if raised else CASE)


def test_two_zones_of_one_camera_are_one_key_and_another_camera_is_another() -> None:
    """What one eye sees is one witness, also for keys of different names."""
    street = Street()
    street.see(5, "hole")
    street.see(6, "hole", device="cam-1-lane")
    street.queue(7, device="cam-1-lane")
    assert street.open("road.collapse") == []
    assert brief(street.see(8, "hole", device="cam-2-road"))[:1] == ONE[:1]


def test_three_keys_round_one_that_stands_between_them() -> None:
    """With `need = 3` the outer two may be 58 m apart; two of them are a case."""
    street = Street(places={"gs-1": 0, "cam-1-road": 29, "cam-2-road": 58})
    three = STREET | {"road_eye": STREET["road_eye"].replace("need = 2", "need = 3")}
    street.text(three, policy=policy({"gs-1": 0, "cam-1-road": 29, "cam-2-road": 58}))
    street.see(5, "hole", device="cam-1-road")
    street.feel(6, True)
    assert street.open("road.collapse") == []
    made = street.see(7, "hole", device="cam-2-road")
    assert [each for each in brief(made) if each[0] == "raised"] == [ONE[0]]
    assert made[0].detail == "ground gs-1, surface cam-1-road, surface cam-2-road; 58 m apart"


def test_keys_that_one_physics_explains_are_one_key() -> None:
    """Rain makes puddles before two cameras, and traffic stand: that is rain. The ground that gives way is not."""
    street = Street()
    street.see(5, "water")
    street.see(6, "hole", device="cam-2-road")  # the other camera takes it for a hole
    street.see(8, "water", device="cam-2-road")
    street.queue(9)
    assert street.open("road.collapse") == []
    assert len(street.open("road.inspection")) == 1
    assert brief(street.feel(12, True)) == ONE


def test_two_sensors_in_the_ground_are_one_key() -> None:
    """Of a key that is not `another`, two devices are one key: a lorry shakes both."""
    street = Street(places=NORTH_M | {"gs-2": 25})
    street.feel(5, True)
    assert brief(street.feel(6, True, device="gs-2")) == [("joined", "road.inspection", "one_key")]
    assert street.open("road.collapse") == []


def test_further_keys_join_the_alarm_that_is_open_near_them() -> None:
    """One hole is one alarm, however many stand round it; what was kept later is added, what was kept first stays."""
    street = Street()
    street.see(5, "hole")
    street.feel(9, True)
    assert brief(street.see(12, "hole", device="cam-2-road")) == [("joined", "road.collapse", "keys_agree")]
    assert brief(street.alive(13, "cam-1-road", "cam-2-road")) == []
    made = street.see(14, "hole", evidence=KEPT)
    assert brief(made) == [("joined", "road.collapse", "keys_agree")]
    (alarm,) = street.open("road.collapse")
    assert [key.key for key in alarm.signs] == ["ground", "surface", "surface"]
    assert list(alarm.evidence) == [f"{AREA}/cam-1-road"]  # type: ignore[arg-type]
    other = f"before:{AFTER}"
    assert brief(street.see(15, "hole", evidence=other)) == []


def test_two_collapses_of_one_street_are_two_alarms() -> None:
    """800 m on, keys that agree at the same time are another alarm."""
    street = Street(places={"cam-1-road": 0, "gs-1": 10, "cam-2-road": 800, "gs-2": 810})
    street.see(5, "hole")
    street.see(5, "hole", device="cam-2-road")
    street.feel(6, True)
    street.feel(6, True, device="gs-2")
    assert [alarm.subject for alarm in street.open("road.collapse")] == [
        f"site:{AREA}/cam-1-road",
        f"site:{AREA}/cam-2-road",
    ]


def test_a_device_without_a_position_takes_part_with_its_asset_only() -> None:
    """gs-9 and cam-9 are of one road; gs-8 stands nobody knows where."""
    street = Street()
    street.see(5, "hole", device="cam-9-road")
    assert brief(street.feel(6, True, device="gs-8")) == CASE
    assert brief(street.feel(7, True, device="gs-9")) == ONE


def test_positions_are_the_policys_and_may_be_the_assets() -> None:
    """An asset's position is that of its devices; a new policy counts from the next word on."""
    street = Street(places={})
    street.see(5, "hole", device="cam-9-road")
    street.feel(6, True, device="gs-8")
    where = (
        '[[positions]]\nasset = "road-8"\nat = [30.25, 120.16]\n[[positions]]\nasset = "road-9"\nat = [30.2501, 120.16]'
    )
    assert street.text(STREET, at_s=7, policy=where) == []
    assert brief(street.alive(8, "cam-9-road"))[0] == ONE[0]


def test_it_ends_by_inspection_only_and_its_cases_with_it() -> None:
    """Other reasons are refused; what was seen until then begins nothing again, and what begins anew does."""
    street = Street()
    street.see(5, "hole")
    street.feel(9, True)
    (alarm,) = street.open("road.collapse")
    for because in ("repaired", "false_call", None):
        assert street.close(20, alarm, because) == []
    assert street.state.take_refused()[-1].reason == "act_needs_reason"
    assert brief(street.close(21, alarm)) == [("closed", "road.collapse", "act"), ("closed", "road.inspection", "act")]
    assert brief(street.see(22, "hole")) == brief(street.feel(23, True)) == []
    street.feel(30, False)
    assert brief(street.alive(40, "cam-1-road")) == []
    assert brief(street.feel(40, True)) == [("raised", "road.collapse", "keys_agree")]


def test_a_case_is_closed_for_any_reason_and_what_goes_on_opens_none() -> None:
    """The hole is still there, and has been looked at."""
    street = Street()
    (raised,) = street.see(5, "hole")
    assert brief(street.close(10, raised.alarm, "false_call")) == [("closed", "road.inspection", "act")]
    assert brief(street.see(11, "hole")) == []
    assert brief(street.feel(15, True))[:1] == ONE[:1]  # what was looked at is still a key


def test_a_key_alone_near_an_open_alarm_joins_it() -> None:
    """Hours later another sensor gives way: no case beside the alarm."""
    street = Street(places=NORTH_M | {"gs-2": 40})
    street.see(5, "hole")
    street.feel(9, True)
    street.feel(12, False)
    made = street.feel(3600, True, device="gs-2")
    assert brief(made) == [("joined", "road.collapse", "one_key")]
    made = street.call(3700, at=north(50))
    assert brief(made) == [("joined", "road.collapse", "one_key")]


@pytest.mark.parametrize("slow_s", [0, 30, -30, 3600])
def test_clocks_that_differ_are_joined_by_the_offset(slow_s: float) -> None:
    """Agent a-2 is 30 s behind and says what it honestly holds: the keys agree, at the hub's time."""
    street = Street(slow_s=slow_s)
    street.see(5, "hole")
    made = street.feel(9, True)
    assert brief(made) == ONE
    assert made[0].alarm.t_fact_us == us(9)


@pytest.mark.parametrize("slow_s", [0, 30])
def test_what_is_really_apart_stays_apart(slow_s: float) -> None:
    """30 s between two things are 30 s, also where the times that are written down are the same."""
    street = Street(slow_s=slow_s)
    street.see(5, "hole")
    street.see(6, "sound")
    street.feel(10, False)
    street.feel(35, True)
    assert street.open("road.collapse") == []


def test_a_policy_that_says_where_nothing_stands_joins_nothing() -> None:
    """No position, no asset: a key that stands alone."""
    street = Street(places={})
    street.see(5, "hole")
    assert brief(street.feel(6, True)) == CASE
    assert policy({}) == ""
