"""Keep the quarantine within its bound: of the oldest messages only the notes stay, counted."""

import logging
import threading

from hub import metrics
from hub.errors import JournalFull
from hub.journal.journal import Journal

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
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="quarantine", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End after the look at hand."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(5.0)

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

    def _run(self) -> None:
        while not self._stopping.wait(PERIOD_S):
            try:
                gone = self.keep()
            except JournalFull as error:
                logger.debug("the quarantine cannot be emptied: %s", error)
                continue
            if gone:
                logger.warning("the quarantine is full: of its %d oldest messages only the notes are left", gone)
