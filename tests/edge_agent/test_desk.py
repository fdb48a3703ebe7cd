"""Samples become readings, events and heartbeats, in an order that keeps them true."""

from pathlib import Path

import pytest

from device_profiles.wire import ClockStep, Event, Heartbeat, Reading
from edge_agent.sample import Sample
from tests.edge_agent.desks import START, S, Street

ALARM = {
    "alarm_button": False,
    "car_moving": False,
    "door_zone": False,
    "door_closed": True,
    "passenger": True,
    "passenger_sensor_fault": False,
    "power_mains": True,
    "door_open_demand": False,
    "test_call": False,
}
COUNTS = {"car_direction": 0, "speed_mps": 0.0, "running_time_h": 9, "trip_count": 70}
STATE = {"service_mode": 1, "car_position": 3, "fault_code": 0, "load_kg": 75.0, **COUNTS}
PARKED = {**ALARM, "door_zone": True, "passenger": False}


@pytest.fixture
def street(tmp_path: Path) -> Street:
    """Return an empty street."""
    return Street(tmp_path)


def test_only_changes_are_said(street: Street) -> None:
    """The first sample in full, then what changed."""
    street.poll(PARKED, STATE, PARKED, STATE, {**PARKED, "passenger": True})
    assert [fact.values for fact in street.notes.facts(Reading)] == [PARKED, STATE, {"passenger": True}]


def test_an_event_goes_with_its_reading_and_state(street: Street) -> None:
    """In one put, so in one transaction."""
    street.play(25, ALARM, STATE)
    event_puts = [put for put in street.notes.puts if "event" in put[0]]
    assert [put[0]["event"][0].kind for put in event_puts] == [  # type: ignore[union-attr]
        "lift.stuck_suspected",
        "lift.stuck_occupied",
    ]
    event = street.notes.facts(Event)[-1]
    assert (event.device, event.t_us, event.severity) == ("lift-01", START + 20 * S, "life")
    assert event.data["reason"] == "between_floors"
    assert all("lift-01" in states for _, states in event_puts)


def test_a_restart_neither_repeats_nor_forgets_an_event(street: Street, tmp_path: Path) -> None:
    """The state that was stored with the event goes on; the release comes once."""
    street.play(25, ALARM, STATE)
    states = {device: state for _, some in street.notes.puts for device, state in some.items()}
    again = Street(tmp_path, states)
    again.clock.advance(30)
    again.play(25, ALARM, STATE)
    assert again.notes.facts(Event) == []
    again.play(20, {**PARKED, "door_closed": False}, {**STATE, "load_kg": 0.0})
    assert [event.kind for event in again.notes.facts(Event)] == ["lift.released"]


def test_a_restart_does_not_take_not_read_yet_for_unknown(street: Street, tmp_path: Path) -> None:
    """A lift that is suspected goes on being judged once every block was read, or when one stays silent."""
    street.play(15, ALARM, STATE)
    states = {device: state for _, some in street.notes.puts for device, state in some.items()}
    again = Street(tmp_path, states)
    again.play(10, ALARM)
    assert again.notes.facts(Event) == []
    again.play(25, ALARM, STATE)
    assert [event.kind for event in again.notes.facts(Event)] == ["lift.stuck_occupied"]
    silent = Street(tmp_path, states)
    silent.play(60, ALARM)
    assert [event.kind for event in silent.notes.facts(Event)] == ["lift.stuck_unknown"]


def test_a_state_that_cannot_be_read_begins_anew(tmp_path: Path) -> None:
    """Of another version, perhaps."""
    street = Street(tmp_path, {"lift-01": b'{"phase":"perhaps"}'})
    street.play(25, ALARM, STATE)
    assert len(street.notes.facts(Event)) == 2


def test_heartbeats_every_5_s_and_every_1_s_in_suspense(street: Street) -> None:
    """They name the devices that were polled with success since."""
    street.play(20, PARKED, STATE)
    calm = street.notes.facts(Heartbeat)
    assert len(calm) == 4
    assert calm[-1].seen_us == {"lift-01": START + 19 * S}
    street.play(15, ALARM, STATE)
    assert len(street.notes.facts(Heartbeat)) >= 4 + 14


def test_a_device_that_does_not_answer_is_not_seen(street: Street) -> None:
    """The hub notices the silence; a failed poll says nothing else."""
    street.play(10, PARKED, STATE)
    street.poll(PARKED, STATE, device="lift-02")
    before = len(street.notes.puts)
    for _ in range(10):
        street.clock.advance(1)
        street.desk.take(Sample("lift-01", street.clock.wall_us(), failure="timeout"))
        street.poll(PARKED, device="lift-02")
        street.desk.beat()
    beats = [fact for facts, _ in street.notes.puts[before:] for fact in facts.get("reading", [])]
    assert beats
    assert all(isinstance(beat, Heartbeat) and list(beat.seen_us) == ["lift-02"] for beat in beats)


def test_seen_never_runs_ahead_of_a_reading(street: Street) -> None:
    """Whatever order samples and beats come in, the lane holds a change before it says "unchanged since"."""
    for n in range(60):
        street.clock.advance(0.3)
        street.poll({**PARKED, "passenger": n % 7 < 3})
        if n % 2:
            street.desk.beat()
    seen_us = -1
    for facts, _ in street.notes.puts:
        for fact in facts.get("reading", []):
            if isinstance(fact, Heartbeat):
                seen_us = fact.seen_us["lift-01"]
            elif isinstance(fact, Reading):
                assert fact.t_us > seen_us


def test_aside_no_heartbeat_says_unchanged_and_all_is_said_anew_after(street: Street) -> None:
    """Readings in the backlog come late; "unchanged" would hide them."""
    street.play(6, PARKED, STATE)
    street.notes.lane, street.notes.gaps = "backlog", 1
    before = len(street.notes.puts)
    street.play(10, {**PARKED, "passenger": True}, STATE)
    assert all("reading" not in facts for facts, _ in street.notes.puts[before:])
    street.notes.lane, street.notes.gaps = "reading", 2
    before = len(street.notes.puts)
    street.play(6, {**PARKED, "passenger": True}, STATE)
    first, *_, last = [fact for facts, _ in street.notes.puts[before:] for fact in facts["reading"]]
    assert first.values == {**PARKED, "passenger": True, **STATE}  # type: ignore[union-attr]
    assert isinstance(last, Heartbeat)


def test_events_never_go_aside(street: Street) -> None:
    """An alarm is not backlog."""
    street.notes.lane = "backlog"
    street.play(25, ALARM, STATE)
    assert [list(facts) for facts, _ in street.notes.puts if "event" in facts] == [["event"]] * 2


def test_a_hub_that_has_forgotten_is_told_what_stands(street: Street) -> None:
    """The event that no other has ended, as of now; none once the car is released."""
    street.play(25, ALARM, STATE)
    street.notes.gaps = street.notes.forgotten = 1
    street.play(2, ALARM, STATE)
    *_, last, again = street.notes.facts(Event)
    assert (again.kind, again.severity, again.data) == (last.kind, last.severity, {**last.data, "again": True})
    assert again.t_us == START + 24 * S
    street.play(20, {**PARKED, "door_closed": False}, STATE | {"load_kg": 0.0})
    assert street.notes.facts(Event)[-1].kind == "lift.released"
    told = len(street.notes.facts(Event))
    street.notes.gaps = street.notes.forgotten = 2
    street.play(2, PARKED, STATE | {"load_kg": 0.0})
    assert len(street.notes.facts(Event)) == told


@pytest.mark.parametrize("step_s", [-3600, 3600])
def test_a_clock_that_was_set_is_told_and_changes_no_decision(street: Street, step_s: int) -> None:
    """One ClockStep; the judge's times go on."""
    street.play(15, ALARM, STATE)
    street.clock.now_us += step_s * S
    before = len(street.notes.facts(Reading))
    street.play(10, ALARM, STATE)
    anew = [reading.values for reading in street.notes.facts(Reading)[before:]]
    assert anew == [{**STATE, **ALARM}]  # by the wrong clock it may not have been believed
    assert [step.step_us for step in street.notes.facts(ClockStep)] == [step_s * S]
    assert [event.t_us for event in street.notes.facts(Event)] == [START + 10 * S, START + (20 + step_s) * S]


def test_slewing_is_no_step(street: Street) -> None:
    """However far it goes in the end."""
    for _ in range(100):
        street.clock.now_us += S // 10
        street.play(1, PARKED)
    assert street.notes.facts(ClockStep) == []


def test_a_sample_of_a_device_that_no_config_names_is_counted(street: Street) -> None:
    """And nothing else."""
    street.poll(PARKED, device="lift-99")
    assert street.desk.unknown_samples == 1
    assert street.notes.puts == []
