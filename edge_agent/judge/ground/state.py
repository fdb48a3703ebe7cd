"""What the judge remembers of a ground sensor between two samples."""

import math
from enum import StrEnum

import msgspec

from edge_agent.judge.ground import day as ground_day
from edge_agent.judge.ground.day import Day
from edge_agent.judge.ground.units import Spoken, Vector


class Limit(StrEnum):
    """What may be exceeded, the gravest first."""

    SETTLEMENT = "settlement"
    SETTLEMENT_DAY = "settlement_day"
    TILT = "tilt"
    WATER = "water"
    COVER = "cover"


class Hold(msgspec.Struct, frozen=True):
    """Whether a limit is exceeded, confirmed, and for how long the contrary has been measured."""

    on: bool = False
    since_us: int | None = None  # of the first sample that said the contrary
    samples: int = 0  # that did, one after another
    mean: Vector = ()  # of what they measured
    spread: float = 0.0  # sum of the squares of their distances from it

    @property
    def doubt(self) -> float:
        """Return how far the mean may be off: 99.5 % of Student's t. What only shakes has a mean near nothing."""
        free = self.samples - 1
        if free < 1:
            return math.inf
        return (2.6 + 15 / (free * math.sqrt(free))) * math.sqrt(self.spread / free / self.samples)


class GroundState(msgspec.Struct, frozen=True):
    """Of one sensor."""

    t_us: int = 0  # of the last sample
    holds: dict[Limit, Hold] = {}  # of what it has ever measured
    truth: dict[Limit, bool | None] = {}  # whether each is exceeded at this moment, as far as it is known
    tilt: Spoken = Spoken()
    settlement: Spoken = Spoken()
    water: Spoken = Spoken()
    day: Day = Day()
    frames: int | None = None  # its frame counter

    @property
    def exceeding(self) -> list[Limit]:
        """Return what is exceeded, confirmed, the gravest first."""
        return [limit for limit in Limit if limit in self.holds and self.holds[limit].on]

    @property
    def unbelieved(self) -> list[str]:
        """Return what is measured in a unit that is not the profile's."""
        spoken = {"tilt": self.tilt, "settlement": self.settlement, "water": self.water}
        return [name for name, one in spoken.items() if one.changed or one.by_field]


def shift(state: GroundState, step_us: int) -> GroundState:
    """Return the state after the clock was set by so much."""
    holds = {
        limit: hold if hold.since_us is None else msgspec.structs.replace(hold, since_us=hold.since_us + step_us)
        for limit, hold in state.holds.items()
    }
    moved = ground_day.shift(state.day, step_us)
    return msgspec.structs.replace(state, t_us=state.t_us + step_us, holds=holds, day=moved)


def phase(state: GroundState) -> str:
    """Return what is exceeded or not believed, and the half hour: whenever it changes the state is stored."""
    since_us = state.day.bins[-1][0] if state.day.bins else 0
    return f"{'+'.join(state.exceeding) or 'calm'}/{'+'.join(state.unbelieved)}/{since_us}"
