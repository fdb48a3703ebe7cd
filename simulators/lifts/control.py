"""The controller of a lift: where it goes next, when its door opens, and what each service mode changes."""

import random
from collections.abc import Callable
from enum import IntEnum, StrEnum

from simulators.lifts.physics import Body
from simulators.lifts.traffic import Person

TRANSFER_S = 0.9  # one person through the door
RESCUE_OPEN_S = 15.0  # rescuers hold the door open for this long
INSPECTION_PAUSE_S = (25.0, 45.0)  # an inspector's stop between two runs: longer than any entrapment's confirm time
NOWHERE = -1  # destination of somebody who presses no floor


FIRE_PAUSE_S = (8.0, 15.0)  # a firefighter behind a closed door, before the next ride


class Mode(IntEnum):
    """Service modes of GB/T 24476 that a lift here can be in."""

    STOPPED = 0
    NORMAL = 1
    INSPECTION = 2
    FIRE_RETURN = 3
    FIREFIGHTER = 4


class Phase(StrEnum):
    """What the controller is doing."""

    PARKED = "parked"
    MOVING = "moving"
    OPENING = "opening"
    OPEN = "open"
    CLOSING = "closing"
    STRANDED = "stranded"


class Control:
    """The decisions of one lift, in steps of city time."""

    def __init__(self, body: Body, chance: random.Random) -> None:
        self.mode = Mode.NORMAL
        self.wanted = Mode.NORMAL  # the mode it changes to as soon as it is safe
        self.phase = Phase.PARKED
        self.waiting: list[Person] = []
        self.hold_open_s = 0.0
        self.evacuating = False  # everybody leaves, nobody enters
        self.reopenings = 0  # in a row, because something stood in the door
        self._body = body
        self._chance = chance
        self._up = True
        self._left_s = 0.0  # of the dwell or of an inspector's pause
        self._transfer_s = 0.0
        self._phases: dict[Phase, Callable[[float], None]] = {
            Phase.PARKED: self._parked,
            Phase.MOVING: self._arrived,
            Phase.OPENING: self._opening,
            Phase.OPEN: self._open,
            Phase.CLOSING: self._closing,
            Phase.STRANDED: self._stranded,
        }

    @property
    def idle(self) -> bool:
        """Whether it stands with its door closed, and nobody wants anything of it."""
        return self.phase is Phase.PARKED and not self.waiting and not self._body.people

    def step(self, dt_s: float) -> None:
        """Decide once; a car without power or under way is left alone."""
        if self._body.power and not self._body.moving:
            self._phases[self.phase](dt_s)

    def rescue(self) -> None:
        """Repair the lift, bring it to a level at creeping speed, let everybody out and hold the door open a while."""
        self._body.safety_circuit = True
        self._body.door.jammed = False
        self.evacuating, self.hold_open_s = True, RESCUE_OPEN_S

    def _stranded(self, _dt_s: float) -> None:
        if self._body.safety_circuit:
            self._creep(self._body.level_m(self._body.floor))

    def _arrived(self, _dt_s: float) -> None:
        if not self._body.safety_circuit or (self.mode is not Mode.INSPECTION and not self._body.in_door_zone):
            self.phase = Phase.STRANDED
        elif self.mode is Mode.INSPECTION and self.wanted is Mode.INSPECTION:
            self.phase, self._left_s = Phase.PARKED, self._chance.uniform(*INSPECTION_PAUSE_S)
        else:
            self._open_door()

    def _opening(self, _dt_s: float) -> None:
        if not self._body.door.wide:
            return
        if self.mode is not self.wanted and self.wanted is Mode.NORMAL:
            self.mode, self.evacuating = Mode.NORMAL, True
        self.phase, self._left_s, self._transfer_s = Phase.OPEN, self._body.spec.dwell_s, TRANSFER_S

    def _open(self, dt_s: float) -> None:
        self._transfer_s -= dt_s
        if self._transfer_s <= 0 and self._transfer():
            self._transfer_s, self._left_s = TRANSFER_S, self._body.spec.dwell_s
        self._left_s -= dt_s
        self.hold_open_s = max(0.0, self.hold_open_s - dt_s)
        if self.mode is Mode.FIRE_RETURN and self.wanted is Mode.NORMAL:
            self.mode = Mode.NORMAL
        elif self.mode is Mode.FIRE_RETURN and self.wanted is Mode.FIREFIGHTER and not self._body.people:
            self.mode, self.evacuating = Mode.FIREFIGHTER, False
            self._body.people.append(Person(95.0, self._body.floor, NOWHERE))
        if self._left_s <= 0 and self.hold_open_s <= 0 and self.mode is not Mode.FIRE_RETURN:
            self.evacuating = False
            self._body.door.close()
            self.phase = Phase.CLOSING

    def _closing(self, _dt_s: float) -> None:
        if self._body.door.obstructed or self._boarding():
            self.reopenings += self._body.door.obstructed
            self._open_door()
        elif self._body.door.closed:
            self.phase, self.reopenings = Phase.PARKED, 0
            self._left_s = self._chance.uniform(*FIRE_PAUSE_S) if self.mode is Mode.FIREFIGHTER else 0.0

    def _parked(self, dt_s: float) -> None:
        self._left_s -= dt_s
        if self.evacuating:
            self._open_door()
        elif self.mode is Mode.INSPECTION:
            self._inspect()
        elif self.mode is Mode.FIREFIGHTER:
            self._fight()
        elif self.mode is Mode.STOPPED:
            self.mode = self.wanted
        elif self.wanted is Mode.STOPPED and not self._body.people:
            self.mode = Mode.STOPPED
        elif self.wanted is Mode.FIRE_RETURN:
            self.mode = Mode.FIRE_RETURN
            self._go(0)
            self.evacuating = True
        elif self.wanted is Mode.INSPECTION and not self._body.people:
            self.mode, self._left_s = Mode.INSPECTION, 0.0
            self._body.people.append(Person(82.0, self._body.floor, NOWHERE))
        elif (target := self._target()) is not None:
            self._go(target)

    def _inspect(self) -> None:
        if self.wanted is not Mode.INSPECTION:
            self._creep(self._body.level_m(self._body.floor))
        elif self._left_s <= 0:
            storey = self._body.floor + self._chance.randint(-2, 1)
            storey = min(self._body.spec.floors - 2, max(0, storey))
            self._creep((storey + self._chance.uniform(0.35, 0.65)) * self._body.spec.floor_height_m)

    def _fight(self) -> None:
        """Take the firefighter somewhere else, or home when it is over."""
        if self.wanted is not Mode.FIREFIGHTER:
            self._go(0)
        elif self._left_s <= 0:
            self._go(
                self._chance.choice([floor for floor in range(self._body.spec.floors) if floor != self._body.floor])
            )

    def _go(self, floor: int) -> None:
        if self._body.in_door_zone and floor == self._body.floor:
            self._open_door()
            return
        self._up = floor > self._body.floor
        self._body.start_trip(self._body.level_m(floor), self._body.spec.limits)
        self.phase = Phase.MOVING

    def _creep(self, target_m: float) -> None:
        self._body.start_trip(target_m, self._body.spec.creep)
        self.phase = Phase.MOVING

    def _open_door(self) -> None:
        self._body.door.open()
        self.phase = Phase.OPENING

    def _boarding(self) -> Person | None:
        """Return who may enter here now."""
        if self.evacuating or self.wanted is not Mode.NORMAL or self.mode is not Mode.NORMAL:
            return None
        room = self._body.spec.capacity_kg - self._body.load_kg
        here = (person for person in self.waiting if person.origin == self._body.floor and person.weight_kg <= room)
        return next(here, None)

    def _transfer(self) -> bool:
        """Let one person out or in; return whether there was one."""
        inside = self._body.people
        for person in inside:
            if self.evacuating or person.destination == self._body.floor:
                inside.remove(person)
                return True
        entering = self._boarding()
        if entering is not None:
            self.waiting.remove(entering)
            inside.append(entering)
        return entering is not None

    def _target(self) -> int | None:
        """Return the nearest call in the direction of travel, else the nearest the other way."""
        if not self.waiting and not self._body.people:
            return None
        calls = {person.destination for person in self._body.people if person.destination != NOWHERE}
        if self.wanted is Mode.NORMAL and self._body.load_kg < 0.8 * self._body.spec.capacity_kg:
            calls |= {person.origin for person in self.waiting}
        here = self._body.floor
        ahead = [floor for floor in calls if floor == here or (floor > here) is self._up]
        return min(ahead or calls, key=lambda floor: (abs(floor - here), floor), default=None)
