"""Tests of register images."""

import pytest

from device_profiles.profile import load_profiles
from simulators.modbus import Cells, RegisterImage, blank_cells, values_to_image

LIFT = load_profiles()["lift_terminal"].spec


def test_blank_image_answers_every_block() -> None:
    """Each cell that a profile reads exists; others do not."""
    image = RegisterImage(blank_cells(LIFT))
    assert image.read("discrete_input", 0, count=8) == [0] * 8
    assert image.read("input_register", 0, count=11) == [0] * 11
    assert image.read("input_register", 1, count=11) is None
    assert image.read("holding_register", 0, count=1) is None


def test_values_stand_where_the_profile_says() -> None:
    """Bits, negative and long numbers, scales, and unknown as the first number that means it."""
    cells = values_to_image(
        LIFT, {"door_closed": True, "car_position": -2, "speed_mps": -0.5, "trip_count": 65_537, "service_mode": None}
    )
    assert cells.discrete_input == {3: 1}
    assert cells.input_register == {0: 7, 2: 0xFFFE, 5: 0xFFCE, 8: 1, 9: 1}


@pytest.mark.parametrize(
    ("name", "value"), [("door_closed", None), ("trip_count", None), ("fault_code", 70_000), ("fault_code", "x")]
)
def test_what_a_register_cannot_say_is_refused(name: str, value: object) -> None:
    """A simulation never writes something else silently."""
    with pytest.raises(ValueError, match=name):
        values_to_image(LIFT, {name: value})  # type: ignore[dict-item]


def test_update_leaves_other_cells() -> None:
    """Only the given cells change."""
    image = RegisterImage(Cells(coil={0: 1, 1: 1}))
    image.update(Cells(coil={1: 0}))
    assert image.read("coil", 0, count=2) == [1, 0]
