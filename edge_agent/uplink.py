"""The uplink: sends what the outbox holds, events first, again and again until the hub's receipt."""

import logging
import threading
from collections import deque

from device_profiles.clock import Clock
from device_profiles.errors import WireError
from device_profiles.faults import fault_point
from device_profiles.link import Inbound, Link
from device_profiles.topics import command_topic, lane_topic, receipt_topic
from device_profiles.wire import Command, Receipt, Result, decode_command, decode_receipt, encode_pack_of
from edge_agent.birth import Birth
from edge_agent.config import LoadedConfig
from edge_agent.lanes import SENDING_ORDER, WINDOWS
from edge_agent.outbox import Outbox, StoredPack
from edge_agent.wanted import Wanted
from edge_agent.window import PROBE, RESEND_S, START, Window

logger = logging.getLogger(__name__)

CHUNK = 20  # packs of one lane before a more urgent lane is looked at again
BACKLOG_CHUNK = 4  # of the backlog: an event waits for no more of them
TICK_S = 0.5  # real; how exactly RESEND_S is kept
STATUS_S = 60.0  # city
GOODBYE_S = 2.0  # real; for the receipt of the last packs
MAX_INBOX = 1_000  # messages; beyond it new ones are dropped: the hub repeats its receipts, and misses its results


class Uplink:
    """One thread between the outbox and the link. PUBACK means nothing here: only a receipt frees a pack."""

    def __init__(self, loaded: LoadedConfig, outbox: Outbox, *, clock: Clock, goodbye_s: float = GOODBYE_S) -> None:
        """Prepare the link; ``run`` opens it. Raises ConfigError."""
        self._goodbye_s = goodbye_s
        config = loaded.config
        self.bad_messages = 0
        self.resent = 0  # packs, of this start's connections
        self.birth = Birth(loaded, outbox, clock=clock)
        self._agent = config.agent
        self._outbox = outbox
        self._clock = clock
        self._topics = {lane: lane_topic(config.address, lane) for lane in SENDING_ORDER}
        self._receipts, self._commands = receipt_topic(config.address), command_topic(config.address)
        self._windows = {lane: Window(lane, WINDOWS[lane]) for lane in SENDING_ORDER}
        self._wanted = Wanted(outbox, clock=clock)
        self._wake = threading.Event()
        self._inbox: deque[Inbound] = deque()
        self._stopping = False
        self._connection = 0  # the connection that the windows speak of
        self._heard_s = float("-inf")  # real time of the last receipt
        self._status_s = float("-inf")  # city time of the last status
        self._furthest = dict.fromkeys(SENDING_ORDER, START)  # the last pack of each lane that ever went out
        self._status_at = (0, 0)  # the newest status that was sent; only that one is retained
        outbox.on_commit = self._wake.set
        self.link = Link(
            config.broker,
            client_id=str(config.address).replace("/", "."),  # an agent's name alone is unique in its street only
            folder=loaded.folder,
            persistent=True,
            subscriptions=(self._receipts, self._commands),
            manual_ack=True,
            will=self.birth.will(),
            on_message=self._take,
            on_connected=self._wake.set,
        )

    def run(self) -> None:
        """Send until ``stop``; then say goodbye."""
        self._say(online=True)
        self.link.start()
        try:
            while not self._stopping:
                self._turn()
            self._drain()
        finally:
            self.link.stop()

    def stop(self) -> None:
        """Let ``run`` return; while the outbox's thread still runs."""
        self._stopping = True
        self._wake.set()

    def _turn(self) -> None:
        self._wake.wait(TICK_S)
        self._wake.clear()
        self._read_inbox()
        if self.link.connected.is_set():
            self._greet()
            self._send()

    def _greet(self) -> None:
        """Begin anew on a new connection, and say that we are here: the broker may have told our will."""
        connection = self.link.connection
        if connection != self._connection:
            self._connection = connection
            for window in self._windows.values():
                window.begin()
            self._say(online=True)
        elif self._clock.monotonic_s() - self._status_s >= STATUS_S:
            self._say(online=True)

    def _say(self, *, online: bool) -> threading.Event:
        """Put a status into the outbox; return what is set once it is committed."""
        self._status_s, committed = self._clock.monotonic_s(), threading.Event()
        self._outbox.put({"status": [self.birth.status(online=online, counts=self._counts())]}, then=committed.set)
        return committed

    def _counts(self) -> dict[str, int]:
        return {"resent": self.resent, "connects": self.link.connection, "bad_messages": self.bad_messages}

    def _drain(self) -> None:
        """Give the last packs, and the word that we go, a moment to be receipted; the rest stays in the outbox."""
        if not self.link.connected.is_set():
            return
        committed = self._say(online=False)
        end_s = self._clock.real_s() + self._goodbye_s
        while self.link.connected.is_set() and self._clock.real_s() < end_s:
            self._turn()
            if committed.is_set() and not any(self._outbox.depths().values()):
                return

    def _send(self) -> None:
        """Send until every window is full or nothing is left; after each chunk the most urgent lane comes first."""
        while any(self._send_lane(self._windows[lane]) for lane in SENDING_ORDER):
            self._read_inbox()

    def _send_lane(self, window: Window) -> bool:
        """Send at most one chunk of a lane; return whether there was any."""
        return self._send_again(window) or self._send_new(window)

    def _send_again(self, window: Window) -> bool:
        now_s = self._clock.real_s()
        overdue = list(window.overdue(now_s=now_s))
        if overdue and now_s - self._heard_s > RESEND_S and window.lane != "event":
            if not window.probe(now_s=now_s):
                return False
            overdue = overdue[:PROBE]
        for epoch, seq in overdue[:CHUNK]:
            packs = self._outbox.span(epoch, window.lane, seq, seq, limit=1)
            if not packs:
                window.gone((epoch, seq))
            elif not self._publish(packs[0]):
                return False
        return bool(overdue)

    def _send_new(self, window: Window) -> bool:
        limit = min(BACKLOG_CHUNK if window.lane == "backlog" else CHUNK, window.room)
        if not limit or not self._outbox.depths()[window.lane]:
            return False
        packs = self._outbox.unreceipted(window.lane, after=window.cursor, limit=limit)
        for pack in packs:
            if not self._publish(pack):
                return False
            window.cursor = (pack.epoch, pack.seq)  # not for what the hub wants early: that leaves others before it
        return bool(packs)

    def _publish(self, pack: StoredPack) -> bool:
        epoch, key = self._outbox.epoch, (pack.epoch, pack.seq)
        payload = encode_pack_of(
            pack.facts,
            agent=self._agent,
            boot=self._outbox.boot,
            epoch=pack.epoch,
            lane=pack.lane,
            seq=pack.seq,
            sent_us=self._clock.wall_us(),
            clock=self.birth.clock_state,
            resent_in=None if pack.epoch == epoch else epoch,
            stands_for=pack.stands_for,
        )
        # an older status that is sent again must not become the broker's retained one
        retain = pack.lane == "status" and pack.epoch == epoch and key >= self._status_at
        if self.link.publish(self._topics[pack.lane], payload, retain=retain) is None:
            return False
        self._status_at = key if retain else self._status_at
        self.resent += key <= self._furthest[pack.lane]
        self._furthest[pack.lane] = max(key, self._furthest[pack.lane])
        self._windows[pack.lane].sent(key, now_s=self._clock.real_s())
        fault_point("agent.after_publish")
        return True

    def _take(self, message: Inbound) -> None:
        """Keep a message for the uplink's thread. On the link's thread."""
        if len(self._inbox) >= MAX_INBOX:
            self.link.ack(message)
            return
        self._inbox.append(message)
        self._wake.set()

    def _read_inbox(self) -> None:
        while self._inbox:
            message = self._inbox.popleft()
            try:
                if message.topic == self._receipts:
                    self._obey(decode_receipt(message.payload))
                    self.link.ack(message)
                elif message.topic == self._commands:
                    self._answer(decode_command(message.payload), message)
            except WireError as error:
                self.bad_messages += 1
                level = logging.WARNING if self.bad_messages == 1 else logging.DEBUG
                logger.log(level, "message on %s is not understood: %s", message.topic, error)
                self.link.ack(message)

    def _obey(self, receipt: Receipt) -> None:
        if not self._outbox.forget(receipt):
            return
        self._heard_s = self._clock.real_s()
        for window in self._windows.values():
            window.receipted(receipt)
        for pack in self._wanted.answer(receipt):
            self._publish(pack)

    def _answer(self, command: Command, message: Inbound) -> None:
        """No profile has commands yet; whoever sent one learns so, and its ack waits for the answer's commit."""
        result = Result(self._clock.wall_us(), command.id, command.device, ok=False, reason="unknown command")
        self._outbox.put({"result": [result]}, then=lambda: self.link.ack(message))
