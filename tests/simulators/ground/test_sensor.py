"""Simulated ground sensors: the same however they are asked, and what befalls them is what the profile's judge sees."""

import struct
from typing import Any

import msgspec
import pytest

from device_profiles.profile import load_profiles
from device_profiles.wire import Value
from edge_agent.judge import judge_of
from simulators.ground.sensor import GroundSensor
from simulators.ground.spec import GroundSpec
from simulators.ground.uplink import Radio, packed
from simulators.modbus import values_to_image
from simulators.play.act import Act
from simulators.scoring.ground import counts, ground_checks, late
from simulators.scoring.told import Told

S = 1_000_000
PROFILE = load_profiles()["ground_sensor"]


def _sensor(seed: int = 1, **spec: Any) -> GroundSensor:
    return GroundSensor(GroundSpec("ground-1", **spec), seed=seed)


def _act(act: str, **more: Any) -> Act:
    return msgspec.convert({"name": "it", "act": act, "sensor": "ground-1", "at": "1s"} | more, Act)


def _judged(sensor: GroundSensor, *acts: Act, seconds: int = 90) -> tuple[list[str], Value]:
    """Return the kinds of the events of a story in which acts happen at 30 s, and the limit at its end."""
    judge = judge_of(PROFILE)
    assert judge is not None
    state, kinds = judge.state(), []
    for second in range(1, seconds):
        for act in acts if second == 30 else ():
            sensor.do(act, second * S)
        state, found = judge.judge(state, sensor.values(second * S), second * S)
        kinds += [finding.kind for finding in found]
    return kinds, judge.says(state)["limit"]


@pytest.mark.parametrize("seed", range(1, 6))
def test_drift_and_lorries_are_quiet(seed: int) -> None:
    """Five minutes of warmth, drift and passing lorries."""
    assert _judged(_sensor(seed, well=True), seconds=300) == ([], "none")
    assert _judged(_sensor(seed, mount="cover"), seconds=300) == ([], "none")


@pytest.mark.parametrize("seed", range(1, 4))
@pytest.mark.parametrize(
    ("act", "spec", "kind", "limit"),
    [
        (_act("ground_collapses"), {}, "ground.moved", "settlement"),
        (_act("ground_sinks", mm=8.0), {}, "ground.moved", "settlement_day"),
        (_act("ground_tilts"), {}, "ground.moved", "tilt"),
        (_act("well_rises"), {"well": True}, "ground.water", "water"),
        (_act("cover_opens"), {"mount": "cover"}, "ground.cover_open", "cover"),
        (_act("unit_changes", unit="cm"), {"settlement_mm": -9.0}, "ground.unit_changed", None),
        (_act("unit_changes", unit="rad", says_unit=True), {}, "ground.unit_changed", None),
    ],
    ids=lambda value: value.act if isinstance(value, Act) else "",
)
def test_what_befalls_it_is_seen(act: Act, spec: dict[str, Any], kind: str, limit: str | None, seed: int) -> None:
    """By the judge of the built-in profile, with its limits."""
    kinds, said = _judged(_sensor(seed, **spec), act)
    assert (set(kinds), said) == ({kind}, limit)


def test_it_can_be_said_in_registers_and_in_bytes() -> None:
    """What it measures fits into both."""
    values = _sensor().values(5 * S) | {"frame_counter": 5}
    cells = values_to_image(PROFILE.spec, values).input_register
    high, low = cells[5], cells[6]
    (settlement,) = struct.unpack(">i", struct.pack(">HH", high, low))
    assert settlement / 100 == values["settlement_mm"]
    assert struct.unpack(">BBhHiii", packed(values))[4] == settlement
    assert cells[7] == 65_535  # it has no well


def test_uplinks_are_lost_doubled_and_late_as_they_are_told_to_be() -> None:
    """And the verdict counts what was published, not what was told."""
    radio = Radio(_sensor(way="things_stack_v3"))
    for second in range(120):
        for act in [_act("uplinks_lost", count=2), _act("uplinks_doubled")] if second == 21 else ():
            radio.sensor.do(act, second * S)
        for act in [_act("uplinks_late", count=1, **{"for": "8s"})] if second == 51 else ():
            radio.sensor.do(act, second * S)
        list(radio.due(second * S, second * S))
    assert counts(radio.published) == {"uplinks_lost": 2, "uplinks_doubled": 1, "uplinks_late": 1}
    assert [one.t_us for one in late(radio.published)] == [55 * S]
    assert {one.number for one in radio.published} & {65_534, 65_535, 0, 1} == {65_534, 1}


def test_the_verdict_notices_what_does_not_add_up() -> None:
    """A count that is not the truth, and a late uplink that nobody kept."""
    radio = Radio(_sensor(way="things_stack_v3"))
    radio.sensor.do(_act("uplinks_late", count=1, **{"for": "8s"}), 0)
    for second in range(30):
        list(radio.due(second * S, second * S))
    right = {"uplinks_lost": 0, "uplinks_doubled": 0, "uplinks_late": 1}
    told = Told([0.0, 25.0], [{}, right], [])
    assert [check.good for check in ground_checks([radio], {"ground-1": told}, 0)] == [True] * 4
    told = Told([1.0, 25.0], [{}, right | {"uplinks_lost": 1}], [])
    assert [check.good for check in ground_checks([radio], {"ground-1": told}, 0)] == [False, True, True, False]
    assert not any(check.good for check in ground_checks([radio], {}, 0))
