"""One lift of the city: its body, its controller, its people and the faults that a scenario does to it."""

import random
from enum import StrEnum

from simulators.lifts.control import NOWHERE, Control, Mode, Phase
from simulators.lifts.doors import Door
from simulators.lifts.physics import Body
from simulators.lifts.senses import Senses, Values
from simulators.lifts.spec import LiftSpec
from simulators.lifts.traffic import Busy, Person, always, arrivals, weight

STEP_US = 20_000  # city time of one step; the grid makes a play the same however it is called
MAX_WAITING = 20  # people at the landings; who comes later takes the stairs
FAST_SHARE = 0.6  # of the rated speed: well under way
OBSTACLE = 0.6  # how far a door has closed when it meets what stands in it


class Effect(StrEnum):
    """A fault that waits for its moment, and what shows that the moment has come."""

    STOP_OCCUPIED = "stop_occupied"
    STOP_EMPTY = "stop_empty"
    STOP_FAST = "stop_fast"
    STOP_DARK = "stop_dark"
    JAM = "jam"
    UNJAM = "unjam"
    MODE = "mode"
    RELEASE = "release"


class Lift:
    """A lift that is advanced in city time and says what its monitoring terminal would say."""

    def __init__(self, spec: LiftSpec, *, seed: int, busy: Busy = always) -> None:
        self.spec = spec
        self.t_us = 0  # city time since the play began
        self.effects: dict[str, int] = {}  # token of an act → t_us at which it took hold
        self._chance = random.Random(f"{seed}/{spec.device}")
        self.body = Body(spec, Door(spec))
        self.control = Control(self.body, self._chance)
        self.senses = Senses(self.body, self.control)
        self._arrivals = arrivals(spec, random.Random(f"{seed}/{spec.device}/people"), busy=busy)
        self._next = next(self._arrivals, None)
        self._pending: dict[str, Effect] = {}
        self._frozen: Values | None = None
        self._obstructed_s = 0.0
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
        if occupied:
            self.invite()
        else:
            self._call_away()

    def stop_at_speed(self, token: str) -> None:
        """Open the safety circuit the next time the car is between floors, with somebody inside and well under way."""
        self._pending[token] = Effect.STOP_FAST
        self.invite()

    def lose_power(self, token: str) -> None:
        """Take the mains away the next time the car is between floors with somebody inside."""
        self._pending[token] = Effect.STOP_DARK
        self.invite()

    def jam_door(self, token: str) -> None:
        """Let the door refuse to open at the next level that the car reaches with somebody inside."""
        self._pending[token] = Effect.JAM
        self.invite()

    def unjam_door(self, token: str) -> None:
        """Let a jammed door give way by itself."""
        self.body.door.jammed = False
        self._pending[token] = Effect.UNJAM

    def release(self, token: str) -> None:
        """Send the rescue: repaired, levelled, everybody out."""
        self._pending[token] = Effect.RELEASE
        self.control.rescue()

    def change_mode(self, token: str, mode: Mode) -> None:
        """Change the service mode as soon as that is safe."""
        self._pending[token] = Effect.MODE
        self.control.wanted = mode

    def press_button(self, token: str, *, for_s: float) -> None:
        """Keep the alarm button pressed for ``for_s``."""
        self.senses.button_s = for_s
        self.effects[token] = self.t_us

    def test_call(self, token: str, *, for_s: float) -> None:
        """Let the terminal make its periodic test call."""
        self.senses.test_call_s = for_s
        self.effects[token] = self.t_us

    def jump(self, token: str, *, for_s: float) -> None:
        """Let children jump in the car."""
        self.senses.jumping_s = for_s
        self.effects[token] = self.t_us

    def shake(self, token: str, *, for_s: float) -> None:
        """Let somebody work on the car's roof, in no mode that says so."""
        self.senses.shaking_s = for_s
        self.effects[token] = self.t_us

    def leave_goods(self, token: str, *, kg: float) -> None:
        """Leave goods behind in the car."""
        self.senses.goods_kg = kg
        self.effects[token] = self.t_us

    def break_sensor(self, token: str) -> None:
        """Let the presence sensor report itself broken."""
        self.senses.sensor_broken = True
        self.effects[token] = self.t_us

    def break_load(self, token: str) -> None:
        """Let the load cell say that it does not know."""
        self.senses.load_broken = True
        self.effects[token] = self.t_us

    def mend_sensors(self, token: str) -> None:
        """Let presence sensor and load cell tell the truth again."""
        self.senses.sensor_broken = self.senses.load_broken = False
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

    def obstruct_door(self, token: str, *, for_s: float) -> None:
        """Put something into the way of the door for ``for_s``: it opens again whenever it meets it."""
        self._obstructed_s = for_s
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

    def _call_away(self) -> None:
        """Let somebody ride a floor or two, and somebody far away call the car that he has just left."""
        here, floors = self.body.floor, self.spec.floors
        far = 0 if here >= floors / 2 else floors - 1
        near = here + (1 if far > here else -1) * min(2, abs(far - here) - 1)
        if near != here:
            self.control.waiting.append(Person(weight(self._chance), here, near))
        self.control.waiting.append(Person(weight(self._chance), far, here))

    def values(self) -> Values:
        """Return what the terminal says, under the names of the profile ``lift_terminal``."""
        return self._frozen.copy() if self._frozen is not None else self._sensed()

    def _sensed(self) -> Values:
        return self.senses.alarm_bits(self.t_us) | self._state()

    def _state(self) -> Values:
        body = self.body
        return {
            "service_mode": int(self.control.mode),
            "car_direction": 0 if not body.moving or body.car.v == 0 else (1 if body.car.v > 0 else 2),
            "car_position": body.floor,
            "fault_code": self.senses.fault_code(),
            "load_kg": self.senses.load_kg(self.t_us),
            "speed_mps": round(body.car.v, 2),
            "running_time_h": self._hours + int(body.running_s / 3600),
            "trip_count": self._trips + body.trips,
        }

    def _step(self, dt_s: float) -> None:
        self._let_people_come()
        self.senses.step(dt_s)
        self._obstructed_s = max(0.0, self._obstructed_s - dt_s)
        self.body.door.obstructed = self._obstructed_s > 0 and self.body.door.opened < OBSTACLE
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
                if effect is Effect.STOP_EMPTY and control.idle:
                    self._call_away()  # the last ride went by without a moment to stop
                return not body.safety_circuit and not body.moving
            case Effect.STOP_DARK:
                if body.power and body.people and body.would_stop_between():
                    body.stop_here()
                    body.power = False
                return not body.power and not body.moving
            case Effect.UNJAM:
                return body.door.wide
            case Effect.JAM:
                body.door.jammed = body.door.jammed or (body.moving and bool(body.people))
                return body.door.jammed and body.door.overdue
            case Effect.RELEASE:
                return body.door.wide and control.phase is Phase.OPEN
            case Effect.MODE:
                return control.mode is control.wanted

    def _try_stop(self, *, occupied: bool) -> None:
        body = self.body
        if body.safety_circuit and bool(body.people) is occupied and body.would_stop_between():
            body.safety_circuit = False
            body.stop_here()
