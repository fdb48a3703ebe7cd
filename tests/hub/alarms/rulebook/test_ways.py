"""A rule with several ways: the lift rules that the hub times for platforms, and how their timers live together."""

import pytest

from device_profiles.profile import BUILT_IN
from device_profiles.wire import Binding, Reading, Value
from tests.hub.alarms.scene import Scene, us

TEXT = (BUILT_IN / "lift_platform.toml").read_text(encoding="utf-8")
BETWEEN: dict[str, Value] = {
    "car_moving": False, "door_zone": False, "door_closed": True, "passenger": True, "alarm_button": False,
    "door_open_demand": True, "service_mode": 1, "fault_code": 0,
}  # fmt: skip
LEVEL = BETWEEN | {"door_zone": True}
OPEN = LEVEL | {"door_closed": False, "door_open_demand": False}
FREE = OPEN | {"passenger": False}
PARKED = LEVEL | {"door_open_demand": False}


class Street(Scene):
    """A lift on a platform that speaks once a second."""

    def __init__(self) -> None:
        super().__init__(born=False, texts={"lift_platform": TEXT})
        self.birth(at_s=0, devices=(Binding("lift-7", "lift_platform"),))

    def say(self, at_s: float, values: dict[str, Value]) -> None:
        """Fold a reading."""
        self.pack(Reading("lift-7", us(at_s), values), at_s=at_s)

    def heard(self) -> list[tuple[str, str, float]]:
        """Return (what, rule, seconds) of all transitions."""
        return [
            (one.kind.value, one.alarm.rule, ((one.alarm.t_cleared_us or one.alarm.t_fact_us) - us(0)) / 1e6)
            for one in self.made
            if one.alarm is not None
        ]


def _play(*steps: tuple[float, dict[str, Value]], until_s: float = 70) -> list[tuple[str, str, float]]:
    street = Street()
    for at_s, values in steps:
        street.say(at_s, values)
    for at_s in range(int(steps[-1][0]) + 1, int(until_s)):
        street.beat(at_s, "lift-7")
    return street.heard()


@pytest.mark.parametrize(
    ("values", "rule", "after_s"),
    [
        (BETWEEN, "lift.entrapment", 20),
        (LEVEL, "lift.entrapment", 45),
        (LEVEL | {"fault_code": 2}, "lift.entrapment", 10),
        (LEVEL | {"fault_code": 3, "door_open_demand": None}, "lift.entrapment", 10),
        (BETWEEN | {"alarm_button": True}, "lift.entrapment", 3),
        (BETWEEN | {"fault_code": 90}, "lift.entrapment", 3),
        (BETWEEN | {"alarm_button": True, "service_mode": 2}, "lift.entrapment", 3),
        (BETWEEN | {"alarm_button": True, "service_mode": 4, "passenger": False}, "lift.entrapment", 3),
        (BETWEEN | {"fault_code": 100}, "lift.entrapment", 0),
        (PARKED | {"fault_code": 101, "passenger": None, "service_mode": None}, "lift.entrapment", 0),
        (BETWEEN | {"passenger": False, "load_kg": 70.0}, "lift.entrapment", 20),
        (BETWEEN | {"passenger": None}, "lift.entrapment_possible", 20),
        (BETWEEN | {"passenger": None, "load_kg": 0.0}, "lift.entrapment_possible", 20),
        (BETWEEN | {"service_mode": None}, "lift.entrapment_possible", 20),
        (LEVEL | {"door_open_demand": None}, "lift.entrapment_possible", 45),
        (PARKED | {"door_zone": None, "alarm_button": True}, "lift.entrapment_possible", 3),
        (BETWEEN | {"fault_code": 102, "service_mode": 2}, "lift.entrapment_possible", 0),
        (BETWEEN | {"passenger": False}, "lift.out_of_order", 45),
    ],
)
def test_what_is_stuck_is_told_after_its_time(values: dict[str, Value], rule: str, after_s: float) -> None:
    """DOMAIN section 2, each limit; one alarm and no other."""
    assert _play((1, values)) == [("raised", rule, 1 + after_s)]


@pytest.mark.parametrize(
    "values",
    [
        PARKED,  # somebody sits in a parked car
        PARKED | {"passenger": False},
        PARKED | {"alarm_button": True},  # a child plays with the button in a lift that is well
        BETWEEN | {"car_moving": True, "alarm_button": True},
        BETWEEN | {"service_mode": 2},
        BETWEEN | {"service_mode": 3, "passenger": None},
        OPEN,
        dict.fromkeys(BETWEEN),  # nothing is known
        PARKED | {"door_zone": None},  # where it stands is not known, and nobody calls
    ],
)
def test_ordinary_life_and_the_unknown_raise_nothing(values: dict[str, Value]) -> None:
    """Never a false entrapment."""
    assert _play((1, values)) == []


def test_several_ways_at_once_make_one_alarm() -> None:
    """The button comes first, the 20 s and the platform's own code find it open."""
    steps = [(1.0, BETWEEN), (5.0, BETWEEN | {"alarm_button": True}), (30.0, BETWEEN | {"fault_code": 100})]
    assert _play(*steps) == [("raised", "lift.entrapment", 8)]


def test_each_way_has_its_own_time() -> None:
    """A way that becomes false starts again, the others run on."""
    pressed = BETWEEN | {"alarm_button": True}
    assert _play((1, BETWEEN), (2, pressed), (4, BETWEEN), (5, pressed)) == [("raised", "lift.entrapment", 8)]
    assert _play((1, BETWEEN), (2, pressed), (4, BETWEEN), until_s=30) == [("raised", "lift.entrapment", 21)]


def test_unknown_freezes_a_way() -> None:
    """5 s of not knowing whether somebody is inside do not count and do not reset."""
    steps = [(1.0, BETWEEN), (11.0, BETWEEN | {"passenger": None}), (16.0, BETWEEN)]
    assert _play(*steps, until_s=40) == [("raised", "lift.entrapment", 26)]


def test_it_clears_only_level_open_and_empty() -> None:
    """Moving, level or open alone are no end; nor is somebody who has not left; nor a code that still says so."""
    street = Street()
    steps = [BETWEEN, *[BETWEEN] * 21, BETWEEN | {"car_moving": True}, *[LEVEL] * 5, *[OPEN] * 5]
    steps += [FREE | {"fault_code": 100}] * 5
    for at_s, values in enumerate(steps, 1):
        street.say(at_s, values)
    assert street.heard() == [("raised", "lift.entrapment", 21)]
    for at_s in range(len(steps) + 1, len(steps) + 6):
        street.say(at_s, FREE)
    assert street.heard()[1:] == [("cleared", "lift.entrapment", len(steps) + 4)]


def test_a_silent_platform_confirms_nothing() -> None:
    """The last word was "stuck": no alarm but the silence, and the time goes on when it is back."""
    street = Street()
    street.say(1, BETWEEN)
    street.say(6, BETWEEN)
    street.ticks(7, 50)
    assert [rule for _, rule, _ in street.heard()] == ["device.silent"]
    street.say(51, BETWEEN)
    street.say(65, BETWEEN)
    assert [rule for what, rule, _ in street.heard() if what == "raised"] == ["device.silent"]
    street.say(67, BETWEEN)
    assert street.heard()[-1] == ("raised", "lift.entrapment", 66)


def test_a_rule_that_changes_lets_go_of_the_timers_of_ways_that_are_gone() -> None:
    """Pending timers of a changed rule restart (ALARMS.md, 16)."""
    street = Street()
    street.say(1, BETWEEN)
    street.text({"lift_platform": TEXT.replace('for = "20s"', 'for = "30s"')}, at_s=2)
    for at_s in range(3, 40):
        street.say(at_s, BETWEEN)
    assert street.heard() == [("raised", "lift.entrapment", 31)]
