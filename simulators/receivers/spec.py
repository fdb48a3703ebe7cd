"""A webhook receiver of a scenario, and what it must have been told in the end."""

from typing import Annotated

import msgspec

from device_profiles.config import Duration
from device_profiles.wire import Id

STORM_RULE = "meter.overvoltage"  # of the fleet's profile: above 260 V for 5 s


class ReceiverSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A receiver on the loopback under the name that the hub knows it by."""

    name: Id
    config: str = ""  # further keys of its part of the hub's config, as TOML lines
    called: tuple[str, ...] | None = None  # "rule device" of exactly the alarms that it hears of, in order
    whole: bool = False  # it must have heard of every alarm in the hub's list
    most: int | None = None  # notices
    kinds: dict[str, int] = {}  # kind of notice → exactly so many: one, flood, digest, away
    life_within: Duration | None = None  # real time from the raise of a life alarm to a notice of its own


class StormSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Meters of one agent that say too much, all at once, when the act `storm` comes."""

    agent: Id
    meters: Annotated[int, msgspec.Meta(ge=1, le=5_000)]

    @property
    def devices(self) -> list[str]:
        """The meters."""
        return [f"meter-{number}" for number in range(self.meters)]
