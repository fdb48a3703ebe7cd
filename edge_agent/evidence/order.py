"""What a camera's worker is told about evidence."""

import msgspec

from device_profiles.evidence import Permit


class EvidenceOrder(msgspec.Struct, frozen=True, kw_only=True):
    """All in numbers and absolute paths."""

    folder: str = ""  # empty: nothing is kept
    max_bytes: int = 0
    max_age_us: int = 0
    span_us: int = 10_000_000  # how far back a clip reaches, in the camera's own time
    ring_bytes: int = 0  # of compressed pictures in memory
    permits: dict[str, Permit] = {}  # by kind of event; one that is not here is masked
