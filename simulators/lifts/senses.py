"""What a lift's monitoring terminal senses and says, and what is wrong with its senses."""

import math

from simulators.lifts.control import Control, Mode
from simulators.lifts.physics import Body

CLOSE_FAULT_AFTER = 5  # re-openings in a row: the terminal calls it a fault of the door
RUMMAGING_KG = 82.0  # somebody who works on the car's roof hangs on the same load cell
_BOUNCES_HZ, _BOUNCE = 2.1, 0.95  # of children: how often, and how much of their weight
_RATTLE_US = 350_000  # a shaken car: its movement sensor chatters in this rhythm
_CODES = {Mode.STOPPED: 42, Mode.NORMAL: 0, Mode.INSPECTION: 43, Mode.FIRE_RETURN: 44, Mode.FIREFIGHTER: 45}
Values = dict[str, int | float | bool | None]


class Senses:
    """The terminal of one lift, on a battery of its own; times run down as the lift lives."""

    def __init__(self, body: Body, control: Control) -> None:
        self.button_s = 0.0  # how long the alarm button stays pressed
        self.test_call_s = 0.0  # how long the terminal tests itself, which shows the button as pressed
        self.jumping_s = 0.0  # how long children jump in the car
        self.shaking_s = 0.0  # how long somebody works on its roof
        self.goods_kg = 0.0  # left behind in the car
        self.sensor_broken = False  # the presence sensor, which reports it
        self.load_broken = False  # the load cell
        self._body = body
        self._control = control

    def step(self, dt_s: float) -> None:
        """Let time pass."""
        self.button_s = max(0.0, self.button_s - dt_s)
        self.test_call_s = max(0.0, self.test_call_s - dt_s)
        self.jumping_s = max(0.0, self.jumping_s - dt_s)
        self.shaking_s = max(0.0, self.shaking_s - dt_s)

    def alarm_bits(self, t_us: int) -> Values:
        """Return what stands in the alarm scan."""
        body = self._body
        rattles = self.shaking_s > 0 and t_us // _RATTLE_US % 3 == 0
        return {
            "alarm_button": self.button_s > 0 or self.test_call_s > 0,
            "car_moving": body.moving or rattles,
            "door_zone": body.in_door_zone,
            "door_closed": body.door.closed,
            "passenger": bool(body.people) and not self.sensor_broken,
            "passenger_sensor_fault": self.sensor_broken,
            "power_mains": body.power,
            "door_open_demand": body.door.overdue,
            "test_call": self.test_call_s > 0,
        }

    def fault_code(self) -> int | None:
        """Return the code of GB/T 24476; None of a controller that gives none."""
        if not self._body.spec.says_codes:
            return None
        if not self._body.power:
            return 41
        if not self._body.safety_circuit:
            return 1
        if self._body.door.overdue:
            return 3
        if self._control.reopenings >= CLOSE_FAULT_AFTER:
            return 2
        return _CODES[self._control.mode]

    def load_kg(self, t_us: int) -> float | None:
        """Return what the load cell says."""
        if self.load_broken:
            return None
        load = self._body.load_kg
        if self.jumping_s > 0:
            load *= 1 + _BOUNCE * math.sin(2 * math.pi * _BOUNCES_HZ * t_us / 1e6)
        return round(load + self.goods_kg + (RUMMAGING_KG if self.shaking_s > 0 else 0.0), 1)
