"""People who come to a lift and want to go somewhere: random, but the same for the same seed."""

import random
from collections.abc import Callable, Iterator

import msgspec

from simulators.lifts.spec import LiftSpec


class Person(msgspec.Struct, frozen=True):
    """Somebody with a way to go."""

    weight_kg: float
    origin: int  # floor index
    destination: int


class Arrival(msgspec.Struct, frozen=True):
    """When somebody comes to the landing."""

    t_s: float  # after the start of the play
    person: Person


def weight(chance: random.Random) -> float:
    """Return a person's weight in kg."""
    return round(min(130.0, max(18.0, chance.gauss(67.0, 14.0))), 1)


Busy = Callable[[float], float]  # seconds after the start → share of the people that come, 0 to 1


def always(_t_s: float) -> float:
    """No hour is quieter than another."""
    return 1.0


def arrivals(spec: LiftSpec, chance: random.Random, *, busy: Busy = always) -> Iterator[Arrival]:
    """Yield the people who come, for ever; half of them start at the entrance.

    On average ``people_per_minute`` come while ``busy`` says 1; in quieter hours that share of them.
    """
    if spec.people_per_minute <= 0:
        return
    t_s = 0.0
    while True:
        t_s += chance.expovariate(spec.people_per_minute / 60)
        origin = 0 if chance.random() < 0.5 else chance.randrange(spec.floors)
        destination = chance.choice([floor for floor in range(spec.floors) if floor != origin])
        if (share := busy(t_s)) < 1 and chance.random() >= share:
            continue
        yield Arrival(t_s, Person(weight(chance), origin, destination))
