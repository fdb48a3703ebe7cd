"""What a rule of a site says besides its keys: how near, what one key alone is, how it is closed (ALARMS.md, 14)."""

from typing import Annotated, Literal

import msgspec

from device_profiles.wire import Name, Severity

Distance = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,3}(\.[0-9]{1,3})?m$")]  # such as 30m
CloseReason = Literal[  # the hub's ActReason
    "maintenance",
    "nuisance",
    "known_fault",
    "test",
    "false_call",
    "rescued",
    "repaired",
    "inspected",
    "taken",
    "other",
]


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one key alone opens, latched too; it folds into the alarm once enough keys agree."""

    rule: Name
    severity: Severity
    title: str


def metres(text: Distance) -> float:
    """Return a distance in metres."""
    return float(text.removesuffix("m"))
