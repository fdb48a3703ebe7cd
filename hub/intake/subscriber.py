"""The intake's connection to the broker: an MQTT 3.1.1 subscriber that takes in and acks many messages at a time.

paho hands over each message by itself and makes six system calls for it, which costs more than all that the hub then
does with the message (docs/PERFORMANCE.md). This client knows what the intake needs and no more: one persistent
session, QoS 1, acks when it is told to.
"""

import contextlib
import logging
import select
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from device_profiles.backoff import jittered_s
from device_profiles.clock import Clock
from device_profiles.link import FIRST_DELAY_S, LEAST_DELAY_S, MAX_DELAY_S, BrokerConfig, Inbound
from device_profiles.wire import MAX_PACK_BYTES
from hub.intake import packets
from hub.intake.dial import Dial, Refused
from hub.intake.packets import Other, Parser, ProtocolError

logger = logging.getLogger(__name__)

READ_BYTES = 262_144  # at once: what a full socket holds
MAX_PACKET_BYTES = 2 * MAX_PACK_BYTES  # kept of a message; above half of it it goes to quarantine
MAX_UNSENT_BYTES = 4 * 1024 * 1024  # acks and receipts that the broker does not take: above it receipts wait
_GOODBYE_S = 1.0


class Subscriber:
    """Implements hub.intake.inbox.Port. One thread owns the socket; ``ack``, ``publish``, ``drop`` come from any.

    A publish that is lost with its connection is not sent again: what the intake says is a receipt, and an agent that
    misses one sends its packs again and is told again.
    """

    def __init__(
        self,
        broker: BrokerConfig,
        *,
        client_id: str,
        folder: Path,
        subscriptions: tuple[str, ...],
        on_messages: Callable[[Sequence[Inbound]], None],
    ) -> None:
        """``on_messages`` runs on the network thread and may hold it back. Raises ConfigError."""
        self.client_id = client_id
        self.connection = 0  # connections made so far
        self.connected = threading.Event()
        self.subscribed = threading.Event()  # the broker has confirmed the subscriptions of this connection
        self._dial = Dial.of(broker, client_id=client_id, folder=folder)
        self._subscriptions = subscriptions
        self._on_messages = on_messages
        self._lock = threading.Lock()  # over what follows, and over connection and connected
        self._unsent = bytearray()
        self._asleep = False  # the thread waits, and would not look at _unsent by itself
        self._mid = 0
        self._wake, self._woken = socket.socketpair()
        self._woken.setblocking(False)
        self._stopping = threading.Event()
        self._cut = False  # somebody wants the connection made anew
        self._failures = 0
        self._told = False  # the loss of the link was logged
        self._thread = threading.Thread(target=self._run, name=f"subscriber {client_id}", daemon=True)

    def start(self) -> None:
        """Begin to connect; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Send what waits, say goodbye and end the thread."""
        self._stopping.set()
        self._nudge()
        if self._thread.is_alive():
            self._thread.join(5.0)
        self._wake.close()
        self._woken.close()

    def ack(self, *messages: Inbound) -> None:
        """Send the PUBACKs of messages; those that came on an earlier connection are left out."""
        with self._lock:
            mids = [one.mid for one in messages if one.mid and one.connection == self.connection]
            if mids and self.connected.is_set():
                self._unsent += packets.pubacks(mids)
        self._wake_up()

    def publish(self, topic: str, payload: bytes) -> int | None:
        """Hand over a message with QoS 1; None while there is no connection, or when the broker takes nothing."""
        with self._lock:
            if not self.connected.is_set() or len(self._unsent) > MAX_UNSENT_BYTES:
                return None
            mid = self._mid = self._mid % packets.MAX_ID + 1
            self._unsent += packets.publish(topic, payload, mid=mid)
        self._wake_up()
        return mid

    def drop(self) -> None:
        """Cut the connection and make it anew: the broker then sends again what was not acked."""
        self._cut = True
        self._nudge()

    def _wake_up(self) -> None:
        """A system call for those only who find the thread asleep: it would cost a turn of the interpreter."""
        with self._lock:
            asleep, self._asleep = self._asleep, False
        if asleep:
            self._nudge()

    def _nudge(self) -> None:
        with contextlib.suppress(OSError):  # full: it wakes up anyway; closed: nobody is there
            self._wake.send(b"\0", socket.MSG_DONTWAIT)

    def _run(self) -> None:
        while not self._stopping.wait(self._delay_s()):
            try:
                with self._dial.open() as sock:
                    self._serve(sock)
            except Refused as error:
                self._tell(logging.ERROR, "broker %s:%d refuses %s: %s", error)
            except (OSError, ProtocolError) as error:  # ssl.SSLError is an OSError
                self._tell(logging.WARNING, "broker %s:%d, link of %s is down: %s", error)
            finally:
                self._leave()

    def _delay_s(self) -> float:
        return jittered_s(self._failures, base_s=FIRST_DELAY_S, cap_s=MAX_DELAY_S, least_s=LEAST_DELAY_S)

    def _serve(self, sock: socket.socket) -> None:
        """Take in and send until a stop. Raises OSError, ProtocolError when the connection is over."""
        self._enter()
        parser = Parser(connection=self.connection, max_bytes=MAX_PACKET_BYTES)
        pulse = Pulse(self._dial.keepalive_s)
        while not self._stopping.is_set():
            if self._wait(sock, pulse.left_s()):
                self._take(parser, _received(sock))
                pulse.heard()
            if self._cut:
                raise ConnectionAbortedError("cut by the intake")
            if pulse.due():
                with self._lock:
                    self._unsent += packets.PINGREQ
            if self._send(sock):
                pulse.said()
        self._say_goodbye(sock)

    def _wait(self, sock: socket.socket, timeout_s: float) -> bool:
        """Wait for something to do; return whether there is something to read."""
        if isinstance(sock, ssl.SSLSocket) and sock.pending():
            return True
        poll = select.poll()
        poll.register(self._woken, select.POLLIN)
        with self._lock:
            self._asleep = True
            poll.register(sock, select.POLLIN | (select.POLLOUT if self._unsent else 0))
        ready = dict(poll.poll(timeout_s * 1_000))
        self._asleep = False
        if self._woken.fileno() in ready:
            self._woken.recv(4_096)
        return bool(ready.get(sock.fileno(), 0) & ~select.POLLOUT)

    def _take(self, parser: Parser, data: bytes) -> None:
        messages, others = parser.feed(data)
        if messages:
            self._on_messages(messages)
        for other in others:
            self._answer(other)

    def _answer(self, other: Other) -> None:
        if other.kind == packets.SUBACK:
            if packets.REFUSED in other.body[2:]:
                logger.error("broker %s:%d refuses what %s subscribes to", *self._name())
            else:
                self.subscribed.set()
        elif other.kind not in (packets.PUBACK, packets.PINGRESP):
            raise ProtocolError(f"a packet of type {other.kind}")

    def _send(self, sock: socket.socket) -> int:
        """Send what waits, without the lock: who acks must not wait for the kernel, and then for its turn in Python."""
        with self._lock:
            waiting, self._unsent = self._unsent, bytearray()
        if not waiting:
            return 0
        sent = 0
        with contextlib.suppress(BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            sent = sock.send(waiting)
        if sent < len(waiting):
            with self._lock:
                self._unsent[:0] = waiting[sent:]
        return sent

    def _enter(self) -> None:
        with self._lock:
            self.connection += 1
            self._cut = False
            self._unsent = bytearray(packets.subscribe(self._subscriptions, mid=packets.MAX_ID))
            self.connected.set()
        if self._told or self.connection == 1:
            logger.info("connected to broker %s:%d as %s", *self._name())
        self._failures, self._told = 0, False

    def _leave(self) -> None:
        with self._lock:
            self.connected.clear()
            self.subscribed.clear()
            self._unsent.clear()

    def _tell(self, level: int, text: str, error: Exception) -> None:
        self._failures += 1
        if not self._told:
            logger.log(level, text, *self._name(), str(error) or type(error).__name__)
        self._told = True

    def _name(self) -> tuple[str, int, str]:
        return self._dial.host, self._dial.port, self.client_id

    def _say_goodbye(self, sock: socket.socket) -> None:
        with self._lock:
            last = bytes(self._unsent) + packets.DISCONNECT
        sock.settimeout(_GOODBYE_S)
        with contextlib.suppress(OSError):
            sock.sendall(last)


class Pulse:
    """Whether the other side lives: asked when either side was still for the keepalive, believed as long again."""

    def __init__(self, keepalive_s: float) -> None:
        self._keepalive_s = keepalive_s
        self._heard_s = self._said_s = Clock.real_s()
        self._asked_s: float | None = None

    def heard(self) -> None:
        """Something came."""
        self._heard_s, self._asked_s = Clock.real_s(), None

    def said(self) -> None:
        """Something was sent."""
        self._said_s = Clock.real_s()

    def left_s(self) -> float:
        """Return for how many seconds there is nothing to do."""
        since_s = min(self._heard_s, self._said_s) if self._asked_s is None else self._asked_s
        return max(0.0, since_s + self._keepalive_s - Clock.real_s())

    def due(self) -> bool:
        """Return whether to ask now. Raises TimeoutError when the last question got no answer."""
        if self.left_s() > 0:
            return False
        if self._asked_s is not None:
            raise TimeoutError(f"no word from the broker for {self._keepalive_s:g} s")
        self._asked_s = self._said_s = Clock.real_s()
        return True


def _received(sock: socket.socket) -> bytes:
    """Return what is there. TLS gives 16 kB at a time and knows of more than select does: take all of it."""
    pieces: list[bytes] = []
    while True:
        try:
            piece = sock.recv(READ_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return b"".join(pieces)
        if not piece:
            raise ConnectionResetError("closed by the broker")
        if not isinstance(sock, ssl.SSLSocket):
            return piece
        pieces.append(piece)
        if len(pieces) * 16_384 >= READ_BYTES:
            return b"".join(pieces)
