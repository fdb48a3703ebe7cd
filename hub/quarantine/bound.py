"""Keep the quarantine within its bound: of the oldest messages only the notes stay, counted."""

import logging

from hub import metrics
from hub.errors import JournalFull
from hub.journal.journal import Journal
from hub.periodic import Periodic

logger = logging.getLogger(__name__)

PERIOD_S = 10.0
_STEP = 50  # messages emptied in one transaction: at 64 kB each that frees 3 MB, and an alarm waits for no longer


class QuarantineBound:
    """The thread that empties now and then. What comes between two looks is above the bound for so long."""

    def __init__(self, journal: Journal, *, max_messages: int, max_bytes: int) -> None:
        self._journal = journal
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._emptied = 0  # offset up to which only notes are left
        self._periodic = Periodic("quarantine", self._look, period_s=PERIOD_S)
        self.start, self.stop = self._periodic.start, self._periodic.stop

    def keep(self) -> int:
        """Empty what is above the bound; return how many messages. Raises JournalFull."""
        sizes = self._journal.quarantined_sizes(self._emptied)
        messages = held = 0
        for index in range(len(sizes) - 1, -1, -1):
            messages, held = messages + 1, held + sizes[index][1]
            if messages > self._max_messages or held > self._max_bytes:
                return self._empty([offset for offset, _ in sizes[: index + 1]])
        return 0

    def _empty(self, offsets: list[int]) -> int:
        gone = 0
        for start in range(0, len(offsets), _STEP):
            gone += self._journal.empty(offsets[start : start + _STEP])
            self._emptied = offsets[min(start + _STEP, len(offsets)) - 1]
        metrics.EMPTIED.inc(gone)
        return gone

    def _look(self) -> None:
        try:
            gone = self.keep()
        except JournalFull as error:
            logger.debug("the quarantine cannot be emptied: %s", error)
            return
        if gone:
            logger.warning("the quarantine is full: of its %d oldest messages only the notes are left", gone)
