"""What was refused, told as few events: the first of each reason at once, then at most one a minute with its count."""

from typing import Any

import msgspec

from edge_agent.judge.finding import Finding

REFUSED = "platform.refused"
AGAIN_US = 60_000_000  # city; an event is never evicted, so that a platform gone mad must not make one a message
EXCERPT = 400  # characters of the last body


class _Heap(msgspec.Struct):
    """The refusals of one reason since the last word about them."""

    count: int = 0
    said_us: int | None = None
    last: dict[str, Any] = {}


class Complaints:
    """Bounded by the number of reasons."""

    def __init__(self) -> None:
        self._heaps: dict[str, _Heap] = {}

    def take(self, reason: str, *, detail: str, registration_code: str = "", body: bytes = b"") -> None:
        """Note a refusal."""
        heap = self._heaps.setdefault(reason, _Heap())
        heap.count += 1
        heap.last = {
            "reason": reason,
            "detail": detail[:EXCERPT],
            "registration_code": registration_code[:EXCERPT],
            "body": body[: 4 * EXCERPT].decode("utf-8", "replace")[:EXCERPT],
            "size": len(body),
        }

    def due(self, t_us: int) -> tuple[Finding, ...]:
        """Return what is to be told at ``t_us``."""
        told = []
        for heap in self._heaps.values():
            if heap.count and (heap.said_us is None or not 0 <= t_us - heap.said_us < AGAIN_US):
                told.append(Finding(REFUSED, t_us, {**heap.last, "count": heap.count}))
                heap.count, heap.said_us = 0, t_us
        return tuple(told)
