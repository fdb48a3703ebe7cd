"""What a scenario asks for beside its alarms, one demand at a time."""

import msgspec


class Check(msgspec.Struct, frozen=True):
    """One demand, and whether it was met."""

    name: str
    good: bool
    found: str
