"""The body of a lift: a car in its shaft, its door, its people and its power; it obeys physics, not wishes."""

import msgspec

from simulators.lifts.doors import Door
from simulators.lifts.motion import Kinematics, Motion, brake, trip
from simulators.lifts.spec import BRAKE, DOOR_ZONE_M, LiftSpec, Limits
from simulators.lifts.traffic import Person


class DoorOpenError(RuntimeError):
    """The car was told to move with its door not closed: no lift does."""


class Body(msgspec.Struct):
    """What stands in the shaft. Only ``step`` moves it."""

    spec: LiftSpec
    door: Door
    car: Kinematics = Kinematics()
    people: list[Person] = []
    power: bool = True
    safety_circuit: bool = True  # False: open, so the brake is applied and no trip can start
    trips: int = 0
    running_s: float = 0.0
    _motion: Motion | None = None
    _since_s: float = 0.0  # how long the motion has run

    @property
    def moving(self) -> bool:
        """Whether a motion is under way."""
        return self._motion is not None

    @property
    def floor(self) -> int:
        """The index of the nearest level."""
        return min(self.spec.floors - 1, max(0, round(self.car.x / self.spec.floor_height_m)))

    @property
    def in_door_zone(self) -> bool:
        """Whether a door could be opened here."""
        return self._off_level(self.car.x) <= DOOR_ZONE_M

    @property
    def load_kg(self) -> float:
        """The weight of the people in the car."""
        return sum(person.weight_kg for person in self.people)

    def level_m(self, floor: int) -> float:
        """Return the height of a floor."""
        return floor * self.spec.floor_height_m

    def start_trip(self, target_m: float, limits: Limits) -> None:
        """Set off to ``target_m``; a lift without power or with an open safety circuit stays. Raises DoorOpenError."""
        if not self.door.closed:
            raise DoorOpenError(f"{self.spec.device}: door is {self.door.opened:.0%} open")
        if self.power and self.safety_circuit and not self.moving and abs(target_m - self.car.x) > 1e-6:
            self._motion, self._since_s = trip(self.car.x, target_m, limits), 0.0
            self.trips += 1

    def stop_here(self) -> None:
        """Apply the safety brake."""
        if self.moving:
            self._motion, self._since_s = brake(self.car, BRAKE), 0.0

    def would_stop_between(self) -> bool:
        """Return whether the safety brake would now bring the car to rest outside every door zone."""
        return self.moving and self._off_level(brake(self.car, BRAKE).end_m) > 2 * DOOR_ZONE_M

    def step(self, dt_s: float) -> None:
        """Let ``dt_s`` pass."""
        if self._motion is not None:
            self._since_s += dt_s
            self.running_s += dt_s
            self.car = self._motion.at(self._since_s)
            if self._since_s >= self._motion.duration_s:
                self.car, self._motion = Kinematics(self._motion.end_m), None
        if self.power:
            self.door.step(dt_s)

    def _off_level(self, x: float) -> float:
        pitch = self.spec.floor_height_m
        return abs(x - pitch * round(x / pitch))
