"""What a judge found: an Event before it knows its device and severity."""

from typing import Any

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """One thing that became true."""

    kind: str  # e.g. lift.stuck_occupied; the profile names it and gives its severity
    t_us: int  # the instant at which its time was up
    data: dict[str, Any]  # `reason`, and the inputs at that instant
