"""A lift lives by physics whatever happens to it, and says what its terminal would say."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device_profiles.profile import load_profiles
from simulators.lifts.control import Mode, Phase
from simulators.lifts.doors import Door
from simulators.lifts.lift import STEP_US, Lift
from simulators.lifts.physics import Body, DoorOpenError
from simulators.lifts.spec import BRAKE, LiftSpec

SECOND = 1_000_000
BUSY = LiftSpec("lift-01", floors=8, people_per_minute=12)


def _misfortune(lift: Lift, name: str, token: str) -> None:
    match name:
        case "stop":
            lift.stop_between(token)
        case "empty":
            lift.stop_between(token, occupied=False)
        case "jam":
            lift.jam_door(token)
        case "rescue":
            lift.release(token)
        case "inspection":
            lift.change_mode(token, Mode.INSPECTION)
        case "fire":
            lift.change_mode(token, Mode.FIRE_RETURN)
        case "normal":
            lift.change_mode(token, Mode.NORMAL)
        case "dark":
            lift.cut_power(token)
        case "light":
            lift.restore_power(token)
        case "hold":
            lift.hold_door(token, for_s=20)


NAMES = ["stop", "empty", "jam", "rescue", "inspection", "fire", "normal", "dark", "light", "hold"]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), story=st.lists(st.tuples(st.integers(1, 60), st.sampled_from(NAMES)), max_size=8))
def test_a_lift_obeys_physics_through_any_story(seed: int, story: list[tuple[int, str]]) -> None:
    """The car never moves with an open door, never jumps, never leaves its shaft and never passes its limits."""
    lift, t_us = Lift(BUSY, seed=seed), 0
    for number, (pause_s, name) in enumerate([*story, (30, "rescue")]):
        t_us += pause_s * SECOND
        while lift.t_us < t_us:
            before = lift.body.car
            lift.advance(lift.t_us + STEP_US)
            now = lift.body.car
            assert not (lift.body.moving and not lift.body.door.closed)
            assert not (now.v and not lift.body.door.closed)
            assert -1e-6 <= now.x <= lift.body.level_m(BUSY.floors - 1) + 1e-6
            assert abs(now.v) <= BUSY.rated_mps + 1e-6
            assert abs(now.a) <= BRAKE.acceleration + 1e-6
            assert abs(now.x - before.x) <= BUSY.rated_mps * STEP_US / 1e6 + 1e-6
            assert abs(now.v - before.v) <= BRAKE.acceleration * STEP_US / 1e6 + 1e-6
            assert abs(now.a - before.a) <= BRAKE.jerk * STEP_US / 1e6 + 0.05
            assert lift.body.load_kg <= BUSY.capacity_kg + 82
        _misfortune(lift, name, str(number))


def test_a_lift_is_the_same_for_the_same_seed_however_it_is_advanced() -> None:
    """A play does not depend on how often it was looked at."""
    coarse, fine, other = Lift(BUSY, seed=3), Lift(BUSY, seed=3), Lift(BUSY, seed=4)
    for lift in (coarse, fine, other):
        lift.stop_between("stuck")
    coarse.advance(90 * SECOND)
    other.advance(90 * SECOND)
    for t_us in range(0, 90 * SECOND, 37_000):
        fine.advance(t_us)
    fine.advance(90 * SECOND)
    assert fine.values() == coarse.values()
    assert fine.effects == coarse.effects
    assert other.values() != coarse.values()


def test_ordinary_life_carries_people_and_never_looks_stuck() -> None:
    """In an hour of traffic the car stands outside a door zone never, and its door never fails to open."""
    lift = Lift(BUSY, seed=1)
    for t_s in range(0, 3600):
        lift.advance(t_s * SECOND)
        values = lift.values()
        assert values["car_moving"] or values["door_zone"]
        assert not values["door_open_demand"]
        assert values["fault_code"] == 0
    assert lift.body.trips > 50
    assert lift.spec.floors > len({person.origin for person in lift.control.waiting})


def test_a_trapped_passenger_shows_in_the_terminals_values() -> None:
    """Stopped between floors: not moving, outside the zone, door closed, somebody inside, code 01; then freed."""
    lift = Lift(BUSY, seed=2)
    lift.stop_between("stuck")
    lift.advance(60 * SECOND)
    values = lift.values()
    assert "stuck" in lift.effects
    assert (values["car_moving"], values["door_zone"], values["door_closed"]) == (False, False, True)
    assert values["passenger"] is True
    assert values["fault_code"] == 1
    lift.release("free")
    lift.advance(80 * SECOND)
    assert "free" in lift.effects
    assert lift.values()["door_zone"] is True


def test_a_jammed_door_traps_at_a_level() -> None:
    """The door is told to open and does not: the demand shows, with code 03 and the people inside."""
    lift = Lift(BUSY, seed=2)
    lift.jam_door("jam")
    lift.advance(90 * SECOND)
    values = lift.values()
    assert "jam" in lift.effects
    assert (values["door_zone"], values["door_closed"], values["door_open_demand"]) == (True, True, True)
    assert values["fault_code"] == 3
    assert values["passenger"] is True


def test_inspection_stops_between_floors_and_says_so() -> None:
    """An inspector's run stands between floors for longer than the confirm time, in mode 2."""
    lift, longest, standing = Lift(BUSY, seed=7), 0, 0
    lift.change_mode("in", Mode.INSPECTION)
    for t_s in range(30, 300):
        lift.advance(t_s * SECOND)
        values = lift.values()
        inside = values["service_mode"] == 2 and not values["car_moving"] and not values["door_zone"]
        standing = standing + 1 if inside else 0
        longest = max(longest, standing)
    assert longest > 20
    lift.change_mode("out", Mode.NORMAL)
    lift.advance(400 * SECOND)
    assert lift.values()["service_mode"] == 1
    assert lift.control.phase is not Phase.STRANDED


def test_the_fire_return_brings_everybody_down_and_keeps_the_door_open() -> None:
    """Mode 3: level 0, door open, nobody inside, until the mode ends."""
    lift = Lift(BUSY, seed=7)
    lift.advance(40 * SECOND)
    lift.change_mode("fire", Mode.FIRE_RETURN)
    lift.advance(160 * SECOND)
    values = lift.values()
    assert (values["service_mode"], values["car_position"], values["door_closed"]) == (3, 0, False)
    assert values["passenger"] is False


def test_a_frozen_terminal_repeats_itself_and_a_broken_sensor_says_so() -> None:
    """Frozen values stay while the lift lives on; a broken presence sensor has its own bit."""
    lift = Lift(BUSY, seed=7)
    lift.advance(20 * SECOND)
    lift.freeze("ice")
    before = lift.values()
    lift.break_sensor("blind")
    lift.advance(120 * SECOND)
    assert lift.values() == before
    lift.thaw("sun")
    assert lift.values()["passenger_sensor_fault"] is True
    assert lift.values()["passenger"] is False


def test_a_power_cut_stops_the_car_and_the_trip_goes_on_afterwards() -> None:
    """The brake holds without power; with power back the car levels and opens."""
    lift = Lift(BUSY, seed=7)
    while not lift.body.moving:
        lift.advance(lift.t_us + STEP_US)
    lift.cut_power("dark")
    lift.advance(lift.t_us + 30 * SECOND)
    assert lift.values()["power_mains"] is False
    assert lift.values()["car_moving"] is False
    lift.restore_power("light")
    lift.advance(lift.t_us + 30 * SECOND)
    assert lift.values()["power_mains"] is True
    assert lift.control.phase is not Phase.STRANDED


def test_the_alarm_button_is_pressed_as_long_as_told() -> None:
    """The button's bit falls by itself."""
    lift = Lift(BUSY, seed=7)
    lift.press_button("press", for_s=4)
    lift.advance(3 * SECOND)
    assert lift.values()["alarm_button"] is True
    lift.advance(5 * SECOND)
    assert lift.values()["alarm_button"] is False


def test_a_body_refuses_to_move_with_an_open_door() -> None:
    """No wish of a controller moves a car whose door is open."""
    body = Body(BUSY, Door(BUSY))
    body.door.opened = 0.1
    with pytest.raises(DoorOpenError, match="lift-01"):
        body.start_trip(3.0, BUSY.limits)


def test_values_are_the_profiles() -> None:
    """The lift says exactly the values that its profile knows."""
    assert Lift(BUSY, seed=1).values().keys() == load_profiles()["lift_terminal"].spec.values.keys()
