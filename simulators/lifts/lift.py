"""One lift of the city: its body, its controller, its people and the faults that a scenario does to it."""

import random
from enum import StrEnum

from simulators.lifts.control import NOWHERE, Control, Mode, Phase
from simulators.lifts.doors import Door
from simulators.lifts.physics import Body
from simulators.lifts.spec import LiftSpec
from simulators.lifts.traffic import Person, arrivals, weight

STEP_US = 20_000  # city time of one step; the grid makes a play the same however it is called
MAX_WAITING = 20  # people at the landings; who comes later takes the stairs
FAST_SHARE = 0.6  # of the rated speed: well under way
Values = dict[str, int | float | bool | None]


class Effect(StrEnum):
    """A fault that waits for its moment, and what shows that the moment has come."""

    STOP_OCCUPIED = "stop_occupied"
    STOP_EMPTY = "stop_empty"
    STOP_FAST = "stop_fast"
    JAM = "jam"
    INSPECTION = "inspection"
    FIRE = "fire"
    NORMAL = "normal"
    RELEASE = "release"


class Lift:
    """A lift that is advanced in city time and says what its monitoring terminal would say."""

    def __init__(self, spec: LiftSpec, *, seed: int) -> None:
        self.spec = spec
        self.t_us = 0  # city time since the play began
        self.button_s = 0.0  # how long the alarm button stays pressed
        self.sensor_broken = False
        self.effects: dict[str, int] = {}  # token of an act → t_us at which it took hold
        self._chance = random.Random(f"{seed}/{spec.device}")
        self.body = Body(spec, Door(spec))
        self.control = Control(self.body, self._chance)
        self._arrivals = arrivals(spec, random.Random(f"{seed}/{spec.device}/people"))
        self._next = next(self._arrivals, None)
        self._pending: dict[str, Effect] = {}
        self._frozen: Values | None = None
        self._hours = self._chance.randrange(500, 9000)
        self._trips = self._chance.randrange(10_000, 900_000)

    def advance(self, to_us: int) -> None:
        """Live until ``to_us``, in whole steps."""
        while self.t_us + STEP_US <= to_us:
            self.t_us += STEP_US
            self._step(STEP_US / 1e6)

    def stop_between(self, token: str, *, occupied: bool = True) -> None:
        """Open the safety circuit the next time the car is between floors with somebody (or nobody) inside."""
        self._pending[token] = Effect.STOP_OCCUPIED if occupied else Effect.STOP_EMPTY
        self.invite()

    def stop_at_speed(self, token: str) -> None:
        """Open the safety circuit the next time the car is between floors, with somebody inside and well under way."""
        self._pending[token] = Effect.STOP_FAST
        self.invite()

    def jam_door(self, token: str) -> None:
        """Let the door refuse to open at the next level that the car reaches with somebody inside."""
        self._pending[token] = Effect.JAM
        self.invite()

    def release(self, token: str) -> None:
        """Send the rescue: repaired, levelled, everybody out."""
        self._pending[token] = Effect.RELEASE
        self.control.rescue()

    def change_mode(self, token: str, mode: Mode) -> None:
        """Change the service mode as soon as that is safe."""
        effects = {Mode.NORMAL: Effect.NORMAL, Mode.INSPECTION: Effect.INSPECTION, Mode.FIRE_RETURN: Effect.FIRE}
        self._pending[token] = effects[mode]
        self.control.wanted = mode

    def press_button(self, token: str, *, for_s: float) -> None:
        """Keep the alarm button pressed for ``for_s``."""
        self.button_s = for_s
        self.effects[token] = self.t_us

    def break_sensor(self, token: str) -> None:
        """Let the presence sensor report itself broken."""
        self.sensor_broken = True
        self.effects[token] = self.t_us

    def cut_power(self, token: str) -> None:
        """Take the mains away: the brake falls in, the door stays as it is, the terminal lives on its battery."""
        self.body.stop_here()
        self.body.power = False
        self.effects[token] = self.t_us

    def restore_power(self, token: str) -> None:
        """Give the mains back."""
        self.body.power = True
        self.effects[token] = self.t_us

    def hold_door(self, token: str, *, for_s: float) -> None:
        """Keep the door open for ``for_s`` at the next stop: somebody loads furniture."""
        self.control.hold_open_s = for_s
        self.invite()
        self.effects[token] = self.t_us

    def seat(self, token: str) -> None:
        """Put somebody into the car who presses no floor."""
        self.control.waiting.append(Person(weight(self._chance), self.body.floor, NOWHERE))
        self.effects[token] = self.t_us

    def freeze(self, token: str) -> None:
        """Let the terminal repeat its present values for ever."""
        self._frozen = self.values()
        self.effects[token] = self.t_us

    def thaw(self, token: str) -> None:
        """Let the terminal tell the truth again."""
        self._frozen = None
        self.effects[token] = self.t_us

    def invite(self) -> None:
        """Let somebody come who goes far, so that the car moves soon with somebody inside."""
        here = self.body.floor
        far = 0 if here >= self.spec.floors / 2 else self.spec.floors - 1
        self.control.waiting.append(Person(weight(self._chance), here, far))
        self.control.waiting.append(Person(weight(self._chance), far, here))

    def values(self) -> Values:
        """Return what the terminal says, under the names of the profile ``lift_terminal``."""
        return self._frozen.copy() if self._frozen is not None else self._alarm_bits() | self._state()

    def _alarm_bits(self) -> Values:
        body = self.body
        return {
            "alarm_button": self.button_s > 0,
            "car_moving": body.moving,
            "door_zone": body.in_door_zone,
            "door_closed": body.door.closed,
            "passenger": bool(body.people) and not self.sensor_broken,
            "passenger_sensor_fault": self.sensor_broken,
            "power_mains": body.power,
            "door_open_demand": body.door.overdue,
        }

    def _state(self) -> Values:
        body = self.body
        return {
            "service_mode": int(self.control.mode),
            "car_direction": 0 if not body.moving or body.car.v == 0 else (1 if body.car.v > 0 else 2),
            "car_position": body.floor,
            "fault_code": self._fault_code(),
            "load_kg": round(body.load_kg, 1),
            "speed_mps": round(body.car.v, 2),
            "running_time_h": self._hours + int(body.running_s / 3600),
            "trip_count": self._trips + body.trips,
        }

    def _fault_code(self) -> int:
        if not self.body.power:
            return 41
        if not self.body.safety_circuit:
            return 1
        if self.body.door.overdue:
            return 3
        return {Mode.NORMAL: 0, Mode.INSPECTION: 43, Mode.FIRE_RETURN: 44}[self.control.mode]

    def _step(self, dt_s: float) -> None:
        self._let_people_come()
        self.button_s = max(0.0, self.button_s - dt_s)
        self.body.step(dt_s)
        self.control.step(dt_s)
        for token, effect in list(self._pending.items()):
            if self._took_hold(effect):
                del self._pending[token]
                self.effects[token] = self.t_us

    def _let_people_come(self) -> None:
        while self._next is not None and self._next.t_s * 1e6 <= self.t_us:
            if len(self.control.waiting) < MAX_WAITING:
                self.control.waiting.append(self._next.person)
            self._next = next(self._arrivals, None)

    def _took_hold(self, effect: Effect) -> bool:
        body, control = self.body, self.control
        match effect:
            case Effect.STOP_OCCUPIED | Effect.STOP_EMPTY | Effect.STOP_FAST:
                if effect is not Effect.STOP_FAST or abs(body.car.v) > FAST_SHARE * self.spec.rated_mps:
                    self._try_stop(occupied=effect is not Effect.STOP_EMPTY)
                return not body.safety_circuit and not body.moving
            case Effect.JAM:
                body.door.jammed = body.door.jammed or (body.moving and bool(body.people))
                return body.door.jammed and body.door.overdue
            case Effect.RELEASE:
                return body.door.wide and control.phase is Phase.OPEN
            case Effect.INSPECTION:
                return control.mode is Mode.INSPECTION
            case Effect.FIRE:
                return control.mode is Mode.FIRE_RETURN
            case Effect.NORMAL:
                return control.mode is Mode.NORMAL

    def _try_stop(self, *, occupied: bool) -> None:
        body = self.body
        if body.safety_circuit and bool(body.people) is occupied and body.would_stop_between():
            body.safety_circuit = False
            body.stop_here()
