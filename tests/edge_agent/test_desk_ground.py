"""The desk and a judge that says values: they stand in the reading, beside what the source found itself."""

from typing import Any

import msgspec

from device_profiles.profile import Profile, load_profiles
from device_profiles.wire import Value
from edge_agent.desk import DeviceDesk
from edge_agent.judge import judge_of
from edge_agent.judge.finding import Finding
from edge_agent.sample import Sample
from edge_agent.sources.platforms.config import MqttPlatform
from edge_agent.sources.platforms.feed import Feed
from tests.edge_agent.sources.platforms.rig import START_US, HandClock

PROFILE = load_profiles()["ground_sensor"]
S = 1_000_000
ALL: dict[str, Value] = {name: None for name, value in PROFILE.spec.values.items() if value.modbus is not None}
CALM = ALL | {"mount": 0, "tilt_x_deg": 0.01, "tilt_y_deg": 0.0, "settlement_mm": -2.0}


def _desk(profile: Profile = PROFILE) -> DeviceDesk:
    return DeviceDesk("ground-1", profile, judge_of(profile), stored=None)


def _said(desk: DeviceDesk, *samples: Sample) -> list[dict[str, Value]]:
    readings = [desk.take(sample)[0] for sample in samples]
    return [dict(reading.values) for reading in readings if reading is not None]


def test_what_the_judge_says_stands_in_the_reading_that_made_it_say_so() -> None:
    """Unknown at first, then false, then true in the same reading as the settlement."""
    desk = _desk()
    said = _said(desk, *(Sample("ground-1", START_US + n * S, CALM) for n in range(5)))
    assert [one.get("exceeded", "-") for one in said] == [None, False]
    sunk = CALM | {"settlement_mm": -50.0}
    said = _said(desk, *(Sample("ground-1", START_US + n * S, sunk) for n in range(5, 12)))
    assert [one.get("exceeded", "-") for one in said] == ["-", True]
    assert said[-1]["limit"] == "settlement"


def test_what_the_source_found_is_told_beside_what_the_judge_finds() -> None:
    """An unknown code of a judged device."""
    desk = _desk()
    for n in range(10):
        desk.take(Sample("ground-1", START_US + n * S, CALM))
    strange = Finding("device.unknown_code", START_US + 10 * S, {"reason": "unknown_code"})
    sample = Sample("ground-1", START_US + 10 * S, CALM | {"tilt_unit": 2}, findings=(strange,))
    _, events, state = desk.take(sample)
    assert [event.kind for event in events] == ["device.unknown_code", "ground.unit_changed"]
    assert list(state) == ["ground-1"]


def test_a_dialect_that_knows_only_some_values_is_judged_at_once() -> None:
    """What it will never say is unknown, and nothing to wait for."""
    dialect = msgspec.structs.replace(
        PROFILE.spec.dialects["things_stack_v3"],
        values={name: PROFILE.spec.dialects["things_stack_v3"].values[name] for name in ("water_m", "battery_pct")},
    )
    spec = msgspec.structs.replace(PROFILE.spec, dialects={"mine": dialect})
    profile = msgspec.structs.replace(PROFILE, spec=spec)
    base: dict[str, Any] = {"kind": "mqtt", "name": "p", "dialect": "mine", "broker": {"url": "mqtt://h"}, "topic": "t"}
    base |= {"profile": "ground_sensor", "feed": "uplink_feed", "devices": {"a": {"device": "ground-1"}}}
    samples: list[Sample] = []
    profiles = load_profiles() | {"ground_sensor": profile}
    clock = HandClock()
    feed = Feed(msgspec.convert(base, MqttPlatform), profiles, sink=samples.append, clock=clock)
    message = {"received_at": "2025-11-20T00:53:20Z", "decoded_payload": {"water_level": 0.2}}
    feed.take(msgspec.json.encode({"end_device_ids": {"device_id": "a"}, "uplink_message": message}))
    (sample,) = [one for one in samples if one.device == "ground-1"]
    (said,) = _said(_desk(profile), sample)
    assert (said["exceeded"], said["limit"]) == (False, "none")
