"""What the hub wants again: packs still held are sent at once, those gone are declared lost, if they are not yet."""

import logging
from collections.abc import Iterator

from device_profiles.clock import Clock
from device_profiles.wire import Lane, Lost, Receipt
from edge_agent.outbox import Outbox, StoredPack

logger = logging.getLogger(__name__)

AGAIN_S = 1.0  # real; a range that was answered a moment ago is not answered again
TELL_S = 10.0  # real; many gaps are one loss
LIMIT = 200  # packs for one receipt; the hub asks again
MAX_ANSWERED = 1_000  # ranges remembered


class Wanted:
    """Answers the gaps of receipts."""

    def __init__(self, outbox: Outbox, *, clock: Clock) -> None:
        self._outbox = outbox
        self._clock = clock
        self._told_s = float("-inf")
        self._overtaken_s = float("-inf")
        self._answered: dict[tuple[int, Lane, int, int], float] = {}

    def answer(self, receipt: Receipt) -> list[StoredPack]:
        """Return the wanted packs that are held, and put a Lost into the outbox for those that are not."""
        packs: list[StoredPack] = []
        lost: list[Lost] = []
        for lane, word in receipt.lanes.items():
            for first, last in word.want:
                if last < first or not self._is_new((receipt.epoch, lane, first, last)):
                    continue
                found, gone = self._look(receipt.epoch, lane, first, last, limit=LIMIT - len(packs))
                packs += found
                lost += gone
        if lost:
            self._outbox.put({"event": lost})
            self._tell_forgotten()
        elif any(pack.lane == "reading" for pack in packs) and self._clock.real_s() - self._overtaken_s >= TELL_S:
            self._overtaken_s = self._clock.real_s()
            self._outbox.overtaken()
        return packs

    def _tell_forgotten(self) -> None:
        now_s = self._clock.real_s()
        if now_s - self._told_s >= TELL_S:
            self._told_s = now_s
            logger.warning("the hub has lost what it had receipted: it is told anew what holds")
            self._outbox.hub_forgot()

    def _is_new(self, wanted: tuple[int, Lane, int, int]) -> bool:
        now_s = self._clock.real_s()
        if now_s - self._answered.get(wanted, float("-inf")) < AGAIN_S:
            return False
        if len(self._answered) >= MAX_ANSWERED:
            self._answered.clear()
        self._answered[wanted] = now_s
        return True

    def _look(
        self, epoch: int, lane: Lane, first: int, last: int, *, limit: int
    ) -> tuple[list[StoredPack], list[Lost]]:
        next_ = self._outbox.next_seq(epoch, lane)
        if next_ is None:  # made on another disk, which may come back: the hub counts it as abandoned meanwhile
            return [], []
        last = min(last, next_ - 1)  # what was never made is not lost
        packs = self._outbox.span(epoch, lane, first, last, limit=limit) if limit > 0 else []
        if limit <= 0 or len(packs) == limit:
            last = packs[-1].seq if packs else first - 1  # the rest when the hub asks again
        now_us = self._clock.wall_us()
        # asked after the packs: what is thinned or let go in between is declared in the same transaction
        told = self._outbox.declared(epoch, lane, first, last)
        known = [*((pack.seq, pack.seq) for pack in packs), *told]
        gone = [Lost(now_us, lane, epoch, a, b, "receipted") for a, b in _holes(first, last, known)]
        return packs, gone


def _holes(first: int, last: int, known: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the ranges between ``first`` and ``last`` that no range in ``known`` covers."""
    for begin, end in sorted([*known, (last + 1, last + 1)]):
        if begin > first:
            yield first, min(begin - 1, last)
        first = max(first, end + 1)
