"""How much the outbox may keep."""

import msgspec


class Bounds(msgspec.Struct, frozen=True):
    """What the outbox may keep."""

    max_bytes: int = 256_000_000  # of packs; beyond it readings are evicted down to seven eighths
    max_age_us: int = 7 * 86_400_000_000  # of readings
    reserve_bytes: int = 4_000_000  # of disk, kept for events and the WAL that they go through

    @property
    def low_bytes(self) -> int:
        """Where an eviction ends, so that it does not come with every commit."""
        return self.max_bytes // 8 * 7
