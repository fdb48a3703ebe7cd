"""A value that remembers: the door should be open by now, because the car has run and the door has not opened since."""

import pytest

from device_profiles.profile import load_profiles
from edge_agent.worth import Values

SPEC = load_profiles()["lift_platform"].spec


@pytest.mark.parametrize(
    ("story", "demand"),
    [
        ([(False, True)], None),  # nothing has happened yet
        ([(True, True), (False, True)], True),
        ([(True, True), (False, True), (False, False)], False),
        ([(True, True), (False, False), (False, True)], False),  # it was open: a parked car
        ([(False, False), (False, True)], False),
        ([(True, True), (None, True), (False, True)], None),  # what happened meanwhile is unknown
        ([(True, True), (False, None), (False, True)], None),
    ],
)
def test_the_door_is_owed_after_a_run(story: list[tuple[bool | None, bool | None]], demand: bool | None) -> None:
    """Set by the run, reset by the open door, unknown when either may have been."""
    values = Values(SPEC)
    for second, (moving, closed) in enumerate(story):
        values.take({"car_moving": moving, "door_closed": closed}, second * 1_000_000)
    assert values.now["door_open_demand"] is demand
