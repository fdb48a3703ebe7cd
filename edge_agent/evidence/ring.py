"""A ring of compressed pictures: what a camera has shown lately, bounded by bytes and by age, in memory only."""

from collections import deque

import msgspec

from device_profiles.evidence import EvidenceReason
from edge_agent.judge.road.blob import Box


class Still(msgspec.Struct, frozen=True):
    """One picture, not masked yet."""

    t_us: int
    jpeg: bytes
    movers: tuple[Box, ...] = ()  # in pixels of this picture


class Ring:
    """The newest pictures. Times are city microseconds and never go back inside it."""

    def __init__(self, *, max_bytes: int, max_age_us: int) -> None:
        self._max_bytes = max_bytes
        self._max_age_us = max_age_us
        self._stills: deque[Still] = deque()
        self._bytes = 0
        self._crowded_us = 0  # of the newest picture that went for want of bytes

    def __len__(self) -> int:
        return len(self._stills)

    @property
    def held_bytes(self) -> int:
        """What they take."""
        return self._bytes

    def put(self, still: Still) -> None:
        """Take in the newest picture; what is too old or too much goes, the oldest first."""
        while self._stills and self._stills[-1].t_us >= still.t_us:  # the clock went back
            self._drop(self._stills.pop())
        self._stills.append(still)
        self._bytes += len(still.jpeg)
        while self._stills and self._stills[0].t_us < still.t_us - self._max_age_us:
            self._drop(self._stills.popleft())
        while self._bytes > self._max_bytes:
            self._crowded_us = self._stills[0].t_us
            self._drop(self._stills.popleft())

    def stills(self) -> list[Still]:
        """Return them, oldest first."""
        return list(self._stills)

    def shift(self, step_us: int) -> None:
        """Follow the clock, which was set."""
        self._stills = deque(msgspec.structs.replace(still, t_us=still.t_us + step_us) for still in self._stills)
        self._crowded_us = self._crowded_us + step_us if self._crowded_us else 0

    def shorter(self, since_us: int, *, slack_us: int) -> EvidenceReason | None:
        """Return why the pictures do not reach back to ``since_us``; None when they do, but for ``slack_us``."""
        if not self._stills:
            return EvidenceReason.RING_FULL if self._crowded_us else EvidenceReason.RING_EMPTY
        if self._stills[0].t_us <= since_us + slack_us:
            return None
        return EvidenceReason.RING_FULL if self._crowded_us >= since_us else EvidenceReason.RING_YOUNG

    def _drop(self, still: Still) -> None:
        self._bytes -= len(still.jpeg)
