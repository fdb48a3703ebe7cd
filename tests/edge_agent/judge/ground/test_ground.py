"""Ground, covers and wells: what moves and stays is told once, what only shakes never, what nobody knows is unknown."""

import random
from collections.abc import Iterable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device_profiles.profile import load_profiles
from device_profiles.wire import Value
from edge_agent.judge import judge_of
from edge_agent.judge.finding import Finding

S = 1_000_000
HOUR = 3_600 * S
START = 1_763_600_000 * S
PROFILE = load_profiles()["ground_sensor"]
CALM: dict[str, Value] = {"mount": 0, "tilt_x_deg": 0.02, "tilt_y_deg": -0.01, "settlement_mm": -2.0}


class Sensor:
    """A judged sensor whose samples are given by hand."""

    def __init__(self, **base: Value) -> None:
        judge = judge_of(PROFILE)
        assert judge is not None
        self.judge, self.state = judge, judge.state()
        self.t_us = START
        self.base = {**CALM, **base}
        self.found: list[Finding] = []

    def say(self, every_s: float = 1.0, **changes: Value) -> "Sensor":
        """Take in one sample."""
        self.t_us += round(every_s * S)
        self.base |= changes
        self.state, found = self.judge.judge(self.state, self.base, self.t_us)
        self.found += found
        return self

    def say_for(self, seconds: float, every_s: float = 1.0, **changes: Value) -> "Sensor":
        """Take in the same for so long."""
        for _ in range(round(seconds / every_s)):
            self.say(every_s, **changes)
        return self

    @property
    def kinds(self) -> list[str]:
        """Return what was found."""
        return [finding.kind for finding in self.found]

    @property
    def said(self) -> tuple[Value, Value]:
        """Return what the judge says now."""
        said = self.judge.says(self.state)
        return said["exceeded"], said["limit"]

    def store(self) -> None:
        """Restart the agent."""
        self.state = msgspec.json.decode(msgspec.json.encode(self.state), type=self.judge.state)


@pytest.mark.parametrize(
    ("base", "changes", "limit", "kind"),
    [
        ({}, {"settlement_mm": -31.0}, "settlement", "ground.moved"),
        ({}, {"settlement_mm": 10.5}, "settlement", "ground.moved"),
        ({}, {"settlement_mm": -5.1}, "settlement_day", "ground.moved"),
        ({}, {"tilt_x_deg": 0.15, "tilt_y_deg": 0.13}, "tilt", "ground.moved"),
        ({"mount": 1}, {"tilt_x_deg": -11.0}, "cover", "ground.cover_open"),
        ({"water_m": 0.3}, {"water_m": 1.2}, "water", "ground.water"),
    ],
)
def test_each_limit_is_confirmed_and_ends(
    base: dict[str, Value], changes: dict[str, Value], limit: str, kind: str
) -> None:
    """After 4 s and three samples, not before; back for 10 s it is over. A restart in between forgets nothing."""
    sensor = Sensor(**base).say_for(30)
    calm = dict(sensor.base)
    assert (sensor.said, sensor.found) == ((False, "none"), [])
    sensor.say_for(4, **changes)
    assert sensor.found == []
    sensor.say()
    assert (sensor.kinds[0], sensor.said[0]) == (kind, True)
    assert sensor.found[0].data["reason"] == sensor.said[1] == limit
    sensor.store()
    sensor.say_for(60)
    assert len(sensor.kinds) == len({finding.data["reason"] for finding in sensor.found})
    sensor.say_for(12, **calm)
    if limit.startswith("settlement"):  # going back is a change within the day too
        assert sensor.said == (True, "settlement_day")
        sensor.say_for(25 * 3_600, 300)
    assert (sensor.kinds[-1], sensor.said) == (f"{kind}_over", (False, "none"))


@pytest.mark.parametrize("changes", [{"settlement_mm": -29.0}, {"settlement_mm": 9.0}])
def test_what_has_settled_slowly_is_no_change_of_a_day(changes: dict[str, Value]) -> None:
    """A month's drift stays below 3 mm a day and below the limits in all."""
    sensor, target = Sensor(), changes["settlement_mm"]
    assert isinstance(target, float)
    for hour in range(30 * 24):
        sensor.say_for(3_600, 600, settlement_mm=-2 + (target + 2) * hour / 720)
    assert (sensor.found, sensor.said) == ([], (False, "none"))


def test_four_millimetres_in_a_day_are_told_over_gaps() -> None:
    """Half of the uplinks are missing, one gap takes three hours, and the change is told; a day later it is over."""
    sensor, rng = Sensor(), random.Random(7)
    for minute in range(0, 26 * 60, 5):
        settlement = -2 - 4.2 * minute / (24 * 60)
        if rng.random() < 0.5 or 300 < minute < 480:
            sensor.t_us += 300 * S
        else:
            sensor.say(300, settlement_mm=settlement)
    assert [(finding.kind, finding.data["reason"]) for finding in sensor.found] == [("ground.moved", "settlement_day")]
    sensor.say_for(26 * 3_600, 300)
    assert sensor.kinds == ["ground.moved", "ground.moved_over"]


@pytest.mark.parametrize("every_s", [1.0, 2.0])
@pytest.mark.parametrize("seed", range(25))
def test_a_column_of_lorries_shakes_and_nothing_comes_of_it(seed: int, every_s: float) -> None:
    """Half a degree and five millimetres to and fro for ten seconds and more, at any phase."""
    sensor, rng = Sensor().say_for(20), random.Random(seed)
    for _ in range(10):
        shaken = {name: rng.gauss(0.0, 0.4) for name in ("tilt_x_deg", "tilt_y_deg")}
        sensor.say(every_s, settlement_mm=-2 + rng.uniform(-5, 5), **shaken)
    sensor.say_for(20, settlement_mm=-2.0, tilt_x_deg=0.02, tilt_y_deg=-0.01)
    assert "ground.moved" not in sensor.kinds
    assert sensor.said == (False, "none")


def test_uplinks_confirm_by_their_own_time() -> None:
    """Three of them two seconds apart; a single outlier between calm ones is none."""
    sensor = Sensor().say_for(1_500, 300).say(300, settlement_mm=-50.0).say(300, settlement_mm=-2.0)
    assert sensor.found == []
    sensor.say(2, settlement_mm=-50.0).say(2).say(2)
    assert sensor.kinds[0] == "ground.moved"


def test_unknown_neither_confirms_nor_clears() -> None:
    """A broken probe freezes the timer and makes the word unknown; what was confirmed is unknown, not over."""
    sensor = Sensor().say_for(20).say_for(3, settlement_mm=-40.0).say_for(60, settlement_mm=None)
    assert (sensor.found, sensor.said) == ([], (None, None))
    sensor.say_for(3, settlement_mm=-40.0)
    assert sensor.kinds[0] == "ground.moved"
    sensor.say_for(60, settlement_mm=None)
    assert (sensor.kinds.count("ground.moved_over"), sensor.said) == (0, (None, None))
    sensor.say(settlement_mm=-40.0)
    assert sensor.said == (True, "settlement")


def test_what_a_sensor_never_measured_is_not_unknown() -> None:
    """A sensor in a well has neither tilt nor settlement; one that has said nothing at all says nothing."""
    nothing = dict.fromkeys(CALM)
    assert Sensor(**nothing).say_for(5).said == (None, None)
    assert Sensor(**nothing, water_m=0.2).say_for(5).said == (False, "none")
    assert Sensor(**nothing | {"tilt_x_deg": 0.3}).say_for(5).said == (None, None)  # mounted on nobody knows what
    assert Sensor(**nothing | {"tilt_x_deg": 0.3, "mount": 0}).say_for(6).said == (True, "tilt")


JUMPS = [
    ("settlement_mm", "settlement", 0.1),
    ("settlement_mm", "settlement", 0.001),
    ("settlement_mm", "settlement", 10.0),
    ("tilt", "tilt", 10.0),
    ("tilt", "tilt", 0.01745),
    ("water_m", "water", 100.0),
]


@pytest.mark.parametrize(("name", "of", "factor"), JUMPS)
def test_a_jump_by_a_factor_between_units_is_no_movement(name: str, of: str, factor: float) -> None:
    """It is told once, nothing it would mean is alarming, the value is unknown, and it ends when the unit is back."""
    sensor, rng = Sensor(water_m=0.2), random.Random(3)

    def measure(times: float, seconds: int) -> None:
        for _ in range(seconds):
            said: dict[str, Value] = {"settlement_mm": -9 + rng.gauss(0, 0.05), "water_m": 0.2 + rng.gauss(0, 0.002)}
            said |= {"tilt_x_deg": 0.10 + rng.gauss(0, 0.004), "tilt_y_deg": -0.06 + rng.gauss(0, 0.004)}
            turned = ("tilt_x_deg", "tilt_y_deg") if name == "tilt" else (name,)
            said |= {one: float(said[one] or 0) * times for one in turned}
            sensor.say(**said)

    measure(1.0, 60)
    assert (sensor.said, sensor.found) == ((False, "none"), [])
    measure(factor, 60)
    assert [(finding.kind, finding.data["of"]) for finding in sensor.found] == [("ground.unit_changed", of)]
    assert sensor.found[0].data["reason"] == "factor"
    assert sensor.said == (None, None)
    sensor.store()
    measure(1.0, 20)
    assert (sensor.kinds, sensor.said) == (["ground.unit_changed", "ground.unit_restored"], (False, "none"))


def test_a_unit_that_is_said_to_be_another_is_not_believed() -> None:
    """Even before anything jumps; the event has the unit."""
    sensor = Sensor(tilt_unit=0, settlement_unit=0).say_for(20).say_for(20, settlement_unit=2, settlement_mm=-0.04)
    (finding,) = sensor.found
    assert (finding.kind, finding.data["reason"], finding.data["unit"]) == ("ground.unit_changed", "unit_field", 2)
    assert sensor.said == (None, None)
    sensor.say_for(5, settlement_unit=0, settlement_mm=-2.0)
    assert (sensor.kinds[-1], sensor.said) == ("ground.unit_restored", (False, "none"))


@settings(max_examples=40)
@given(st.floats(-4.0, -1.0), st.floats(5.0, 200.0), st.floats(0.2, 3.0), st.floats(0, 6.28), st.integers(0, 1_000))
def test_a_collapse_is_told_within_five_seconds_whatever_its_size(
    level: float, sinks: float, tilts: float, way: float, seed: int
) -> None:
    """A settlement that grows by just ten is one, because the ground tilts too."""
    rng = random.Random(seed)
    sensor = Sensor(settlement_mm=level)
    for _ in range(30):
        sensor.say(tilt_x_deg=0.02 + rng.gauss(0, 0.003), settlement_mm=level + rng.gauss(0, 0.05))
    tilted: dict[str, Any] = {"tilt_x_deg": tilts * rng.uniform(0.99, 1.01), "tilt_y_deg": tilts * way / 6.28}
    sensor.say_for(6, settlement_mm=level - sinks, **tilted)
    assert (sensor.said[0], sensor.kinds[0]) == (True, "ground.moved")


def test_a_restarted_sensor_counts_from_zero() -> None:
    """What it was before is told, and no rise of eight millimetres in a day; a collapse that restarts it is one."""
    sensor = Sensor(settlement_mm=-9.0, frame_counter=500).say_for(40).say_for(60, frame_counter=1, settlement_mm=-0.1)
    assert [(one.kind, one.data["before_mm"]) for one in sensor.found] == [("ground.rezeroed", -9.0)]
    sensor = Sensor(frame_counter=500).say_for(40).say_for(6, frame_counter=1, settlement_mm=-45.0)
    assert "ground.moved" in sensor.kinds
    sensor = (
        Sensor(settlement_mm=-9.0, frame_counter=65_535).say_for(40).say_for(6, frame_counter=0, settlement_mm=-0.1)
    )
    assert "ground.rezeroed" not in sensor.kinds  # sixteen bits are full, nothing has restarted


def test_a_clock_that_is_set_costs_no_alarm() -> None:
    """The desk moves the state; a source whose own time is not set goes on."""
    sensor = Sensor().say_for(30)
    sensor.state = sensor.judge.shift(sensor.state, HOUR)
    sensor.say_for(6, settlement_mm=-40.0)
    assert sensor.kinds[0] == "ground.moved"


def _history() -> Iterable[dict[str, Value]]:
    rng = random.Random(11)
    for step in range(400):
        yield {"tilt_x_deg": rng.gauss(0, 0.2), "settlement_mm": -2.0 if step < 250 else -40.0, "water_m": None}


@settings(max_examples=10)
@given(st.sets(st.integers(0, 399), max_size=6))
def test_a_restart_at_any_sample_changes_nothing(restarts: set[int]) -> None:
    """The state is all that a judge knows."""
    plain, restarted = Sensor(), Sensor()
    for step, said in enumerate(_history()):
        plain.say(**said)
        restarted.say(**said)
        if step in restarts:
            restarted.store()
    assert (plain.found, plain.said) == (restarted.found, restarted.said)
