"""What a source hands over after each poll of a device: the seam between reading and judging."""

from collections.abc import Callable

import msgspec

from device_profiles.wire import Value
from edge_agent.judge.finding import Finding


class Sample(msgspec.Struct, frozen=True):
    """One poll of one device. A source gives one for each answer, and one for each failure."""

    device: str
    t_us: int  # city wall time at which the answer was there
    values: dict[str, Value] = {}  # what this poll read, which may be a part of the profile's values; None is unknown
    failure: str = ""  # why the poll gave nothing (a StrEnum's text); then `values` is empty
    findings: tuple[Finding, ...] = ()  # of a source that judges signals itself
    state: bytes = b""  # of that judge, when it is to be stored

    late: bool = False  # observed before what the device has said already: kept as history, judged by nobody

    @property
    def ok(self) -> bool:
        """Whether the device answered."""
        return not self.failure


Sink = Callable[[Sample], None]  # called on the event loop; never blocks
