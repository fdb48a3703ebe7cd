"""Intake: two clients at the broker, events apart from readings, and the thread that writes what they bring."""

import logging
import threading
from collections.abc import Callable, Sequence

from device_profiles.clock import Clock
from device_profiles.link import Inbound
from device_profiles.topics import lane_filter
from device_profiles.wire import Lane
from hub import metrics
from hub.intake.inbox import Inbox, Port, Waiting
from hub.intake.writer import Writer

logger = logging.getLogger(__name__)

EVENT_LANES: tuple[Lane, ...] = ("event", "status", "result")
READING_LANES: tuple[Lane, ...] = ("reading", "backlog")
HOLD_BYTES = 64 * 1024 * 1024  # of messages that are not yet in the journal; a quarter of it is the event client's
BLOCK_S = 5.0  # how long a network thread is held back before its link is cut
MAX_LAG_MS = 200.0  # the reading client is held while alarms are further behind
DRAIN_S = 2.0  # at a stop; what is then still unwritten has no ack, and the broker brings it again
_IDLE_S = 0.1

Deliver = Callable[[Sequence[Inbound]], None]
Connect = Callable[[str, tuple[str, ...], Deliver], Port]  # name, filters, what takes the messages → client


class Intake:
    """Fills two inboxes on the clients' threads and empties them on its own."""

    def __init__(
        self,
        writer: Writer,
        *,
        clock: Clock,
        connect: Connect,
        lag_ms: Callable[[], float],
        on_crash: Callable[[str], None],
        hold_bytes: int = HOLD_BYTES,
        block_s: float = BLOCK_S,
        drain_s: float = DRAIN_S,
    ) -> None:
        """``lag_ms`` tells how far alarms are behind; ``on_crash`` is told when the thread ends by an error."""
        self._block_s, self._drain_s = block_s, drain_s
        self._writer = writer
        self._clock = clock
        self._lag_ms = lag_ms
        self._on_crash = on_crash
        lock = threading.Lock()
        self._ready = threading.Condition(lock)
        self._events = Inbox(hold_bytes // 4, lock=lock, ready=self._ready)
        self._readings = Inbox(hold_bytes - hold_bytes // 4, lock=lock, ready=self._ready)
        self.closing = threading.Event()  # a stop has begun
        self._end_s = 0.0  # real seconds at which a stop waits no longer for what is here
        self.event_port = connect("event", tuple(map(lane_filter, EVENT_LANES)), self._on_events)
        self.reading_port = connect("reading", tuple(map(lane_filter, READING_LANES)), self._on_readings)
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)

    def start(self) -> None:
        """Begin to take in."""
        self._thread.start()
        self.event_port.start()
        self.reading_port.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Take nothing more in, write and receipt what is here if that is soon done, then say goodbye to the broker."""
        self._end_s = self._clock.real_s() + self._drain_s
        self.closing.set()
        self._events.close()
        self._readings.close()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        self.event_port.stop()
        self.reading_port.stop()

    def held(self) -> dict[str, tuple[int, int]]:
        """Return inbox → messages and bytes that are not yet in the journal. From any thread."""
        inboxes = {"event": self._events, "reading": self._readings}
        return {name: (len(inbox), inbox.held_bytes) for name, inbox in inboxes.items()}

    def _on_events(self, messages: Sequence[Inbound]) -> None:
        self._put(self._events, messages, self.event_port)

    def _on_readings(self, messages: Sequence[Inbound]) -> None:
        deadline_s = self._clock.real_s() + self._block_s
        while self._lag_ms() > MAX_LAG_MS and self._clock.real_s() < deadline_s:
            if self.closing.wait(0.02):
                return
        self._put(self._readings, messages, self.reading_port)

    def _put(self, inbox: Inbox, messages: Sequence[Inbound], port: Port) -> None:
        waiting = [Waiting(message, port) for message in messages]
        if not inbox.put(*waiting, timeout_s=self._block_s) and not self.closing.is_set():
            logger.warning("no room in %.0f s: the link is cut, the broker sends its messages again", self._block_s)
            metrics.LINKS_CUT.labels("event" if inbox is self._events else "reading").inc()
            port.drop()

    def _run(self) -> None:
        done = False
        try:
            while not (self.closing.is_set() and self._drained()):
                with self._ready:
                    self._ready.wait_for(self._has_work, self._writer.idle_s(_IDLE_S))
                self._writer.round(self._events, self._readings, self.event_port)
            self._writer.finish()
            done = True
        finally:  # the error itself goes to threading.excepthook
            if not done:
                self._on_crash("intake")

    def _has_work(self) -> bool:
        return self._writer.has_work(self._events, self._readings)

    def _drained(self) -> bool:
        late = self._clock.real_s() >= self._end_s
        return late or self._writer.full or not (self._events or self._readings)
