"""Tell alarms on the broker: every transition in order, at least once, and what is open retained."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

import sqlalchemy as sa

from device_profiles.clock import Clock
from device_profiles.durable import is_disk_full
from device_profiles.faults import fault_point
from device_profiles.link import BrokerConfig, Inbound, Link
from device_profiles.topics import ALARM_FILTER, alarm_topic
from hub.alarms.kept.log import AlarmLog, Place
from hub.alarms.transitions import Transition
from hub.channels.cloudevents import alarm_event, event_source, source_of
from hub.channels.deliveries import Window, move_delivered, read_delivered

logger = logging.getLogger(__name__)

RECEIVER = "mqtt"
WINDOW = 200  # transitions on their way; what is above waits in the database
STOP_S = 3.0  # how long a stop waits for acks
_BATCH = 100
_RETAINED = 10_000  # topics of retained alarms that are looked at after a connect


class MqttChannel:
    """Publishes from the thread that made the transitions when nothing is waiting, else from its own.

    ```
    alarm reader ─ on_transitions ─┬─(nothing waits)──────────→ link → broker
                                   └─ wake → thread: hub.db ──→ link    │ PUBACK → thread → cursor in hub.db
    ```
    Nothing is published on a connection before its subscription is confirmed: by then paho has sent again what an
    earlier connection left unacked, so that an old "raised" never comes after its "cleared".
    """

    def __init__(
        self,
        engine: sa.Engine,
        log: AlarmLog,
        *,
        broker: BrokerConfig,
        hub: str,
        folder: Path,
        on_crash: Callable[[str], None],
    ) -> None:
        """``on_crash`` is told "mqtt channel", on its thread, when that ends by an error."""
        self._engine = engine
        self._log = log
        self._hub = hub
        self._on_crash = on_crash
        self._place = read_delivered(engine, RECEIVER)  # of the last transition handed over
        self._window = Window(WINDOW)
        self._publishing = threading.Lock()  # guards place, window, current and told
        self._current = False  # everything committed was handed over: on_transitions may publish
        self._told = 0  # calls of on_transitions
        self._refreshed = 0  # connection on which saying anew what is open was begun
        self._again: deque[Transition] = deque()  # what is still to be said anew on it
        self._repeated: set[int] = set()  # messages that say it, or that what was ended is; not acked yet
        # PUBACKs are told under paho's own lock: taking ours there would deadlock with a publish under ours
        self._acked: deque[int] = deque()
        self._retained: deque[Inbound] = deque(maxlen=_RETAINED)
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._link = Link(
            broker,
            client_id=f"hub-{hub}-alarm",
            folder=folder,
            persistent=False,  # nothing that is said while the hub is away concerns this link
            subscriptions=(ALARM_FILTER,),
            on_message=self._hear,
            on_connected=self._wake.set,
            on_puback=self._take_ack,
        )
        self._thread = threading.Thread(target=self._run, name="mqtt channel", daemon=True)

    def start(self) -> None:
        """Begin to connect, and to tell what was not told before the last stop."""
        self._link.start()
        self._thread.start()

    def stop(self) -> None:
        """Wait a little for what is on its way, note it, and end."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(STOP_S + 1.0)
        self._link.stop()

    def all_told(self) -> bool:
        """Return whether the broker has acked all that was decided, and what is retained is what is open."""
        if not self._link.subscribed.is_set() or self._refreshed != self._link.connection:
            return False
        with self._publishing:
            return self._current and not (len(self._window) or self._repeated or self._retained)

    def on_transitions(self, transitions: Sequence[Transition]) -> None:
        """Tell transitions that were just committed; never waits for the broker."""
        with self._publishing:
            self._told += 1
            self._current = self._current and all(map(self._hand_over, transitions))
            if self._current:
                return
        self._wake.set()

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._wake.wait()
                self._wake.clear()
                self._step()
            deadline = Clock.real_s() + STOP_S
            while len(self._window) and self._link.connected.is_set() and Clock.real_s() < deadline:
                self._wake.wait(0.1)
                self._wake.clear()
                self._note_acks()
        finally:  # the error itself goes to threading.excepthook
            if not self._stopping.is_set():
                self._on_crash("mqtt channel")

    def _step(self) -> None:
        self._note_acks()
        if not self._link.connected.is_set():
            return
        if not self._link.subscribed.wait(1.0):
            self._wake.set()
            return
        if self._refreshed != self._link.connection:
            with self._publishing:
                self._current = False  # else a "cleared" of this moment would be told before what stood is said anew
                self._repeated.clear()
            self._refreshed = self._link.connection
            self._again = deque(self._log.standing())
        if self._refresh() and self._clear_foregone():
            self._catch_up()

    def _note_acks(self) -> None:
        with self._publishing:
            while self._acked:
                mid = self._acked.popleft()
                self._window.ack(mid)
                self._repeated.discard(mid)
            done = self._window.take_done()
        if done is not None:
            fault_point("hub.after_delivery")
            self._note(done)

    def _note(self, done: Place) -> None:
        try:
            move_delivered(self._engine, RECEIVER, done)
        except sa.exc.OperationalError as error:
            if error.orig is None or not is_disk_full(error.orig):
                raise
            logger.warning("what was told up to %d-%d cannot be noted: no space left; a restart tells it again", *done)

    def _catch_up(self) -> None:
        """Hand over what is in the database, until there is no more or the window is full."""
        while not self._current and not self._stopping.is_set():
            told = self._told
            transitions = self._log.after(self._place, _BATCH)
            for transition in transitions:
                with self._publishing:
                    if not self._hand_over(transition):
                        return  # an ack or a connection wakes us
            with self._publishing:
                self._current = not transitions and told == self._told

    def _hand_over(self, transition: Transition) -> bool:
        """Publish one transition; False when it must be tried again."""
        place = (transition.offset, transition.n)
        if place <= self._place:
            return True
        if self._window.full:
            return False
        mids = self._publish(transition) if transition.told else []
        if None in mids:
            return False
        self._window.send(place, [mid for mid in mids if mid is not None])
        self._place = place
        return True

    def _publish(self, transition: Transition) -> list[int | None]:
        if not self._link.subscribed.is_set():
            return [None]
        alarm = transition.alarm
        topics = [alarm_topic(area, alarm.id) for area in (alarm.area, *alarm.areas)]
        payload = alarm_event(transition, hub=self._hub)
        if alarm.open:
            return [self._link.publish(topic, payload, retain=True) for topic in topics]
        said = [self._link.publish(topic, payload) for topic in topics]
        return [*said, *(self._link.publish(topic, b"", retain=True) for topic in topics)]

    def _refresh(self) -> bool:
        """Say anew what is open: a broker that crashed has lost what it had acked. False: an ack lets it go on."""
        while self._again:
            transition = self._again[0]
            with self._publishing:
                told = (transition.offset, transition.n) <= self._place
                if not self._repeat(self._publish(transition) if told else []):
                    return False
            self._again.popleft()
        return True

    def _clear_foregone(self) -> bool:
        """Clear what the broker retains of ours and is not open: a crash has brought it back. False: as above."""
        open_ids = {transition.alarm.id for transition in self._log.standing()} if self._retained else set()
        while self._retained:
            with self._publishing:
                message = self._retained.popleft()
                ours = source_of(message.payload) == event_source(self._hub)
                gone = ours and message.topic.rpartition("/")[2] not in open_ids
                if gone and not self._repeat([self._link.publish(message.topic, b"", retain=True)]):
                    self._retained.appendleft(message)
                    return False
        return True

    def _repeat(self, mids: list[int | None]) -> bool:
        """Wait for the acks of what was said anew; return whether all of it was handed over."""
        self._repeated.update(mid for mid in mids if mid is not None)
        return None not in mids

    def _take_ack(self, mid: int) -> None:
        self._acked.append(mid)
        self._wake.set()

    def _hear(self, message: Inbound) -> None:
        if message.retain and message.payload:
            self._retained.append(message)
            self._wake.set()
