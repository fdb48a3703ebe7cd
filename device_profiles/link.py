"""One MQTT client on a thread of its own, which stays connected with full jitter and acks only when told to."""

import contextlib
import logging
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MessageType, MQTTErrorCode, MQTTProtocolVersion

from device_profiles.backoff import jittered_s
from device_profiles.config import check_host
from device_profiles.errors import ConfigError

logger = logging.getLogger(__name__)

LEAST_DELAY_S, FIRST_DELAY_S, MAX_DELAY_S = 0.01, 0.5, 30.0
PUBACK = int(MessageType.PUBACK)
_PUBACK = struct.Struct("!BBH")  # OASIS MQTT 3.1.1, 3.4: header, remaining length, packet id
MAX_UNACKED = 2_000  # messages; paho keeps what was not acked over every reconnect, beside what is sent anew then
_PORTS = {"mqtt": 1883, "mqtts": 8883}


class BrokerConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the broker is and who we are there."""

    url: str = "mqtt://127.0.0.1:1883"  # mqtt:// or mqtts://, host and port
    username: str = ""
    password_file: str = ""  # its first line is the password; relative to the config's folder
    ca_file: str = ""  # for mqtts:// with a private authority
    keepalive_s: Annotated[int, msgspec.Meta(ge=5, le=3600)] = 30

    def host_port(self) -> tuple[str, int]:
        """Return host and port. Raises ValueError."""
        parts = urlsplit(self.url)
        more = parts.username is not None or parts.path.strip("/") or parts.query or parts.port == 0
        if parts.scheme not in _PORTS or not parts.hostname or more:
            raise ValueError(f"{self.url!r} is not mqtt://host:port or mqtts://host:port; who we are says `username`")
        check_host(parts.hostname)
        return parts.hostname, parts.port or _PORTS[parts.scheme]


def broker_faults(broker: BrokerConfig, folder: Path) -> Iterable[tuple[str, str]]:
    """Yield (key, message) of each fault; files are relative to ``folder``."""
    try:
        broker.host_port()
    except ValueError as error:
        yield "url", str(error)
    for key in ("password_file", "ca_file"):
        name = getattr(broker, key)
        if name and not (folder / name).is_file():
            yield key, f"{folder / name} is not a file"
    if broker.ca_file and not broker.url.startswith("mqtts://"):
        yield "ca_file", f"is of no use with {broker.url}: write mqtts://, or nothing is encrypted"
    if broker.password_file and not broker.username:
        yield "username", "is missing beside password_file: no password would be sent"


class Will(msgspec.Struct, frozen=True):
    """What the broker says when this client dies."""

    topic: str
    payload: bytes
    retain: bool = True


class Inbound(msgspec.Struct, gc=False, frozen=True):
    """A message received; ``connection`` and ``mid`` are what an ack needs."""

    topic: str
    payload: bytes
    retain: bool
    mid: int
    connection: int  # the how-manieth connection of this link it came on
    beyond: int = 0  # bytes of a payload without measure that were not kept


class Link:
    """A paho-mqtt client that is always connecting, connected or stopped.

    The callbacks run on the network thread and must not block for long, except ``on_message`` where holding the
    socket back is meant. ``publish`` and ``ack`` may be called from any thread. ``on_puback`` runs under paho's lock
    of outgoing messages: it must not wait for a lock that somebody holds while publishing. After a reconnect paho
    sends again what was not acked, behind ``on_connected`` and before ``subscribed`` is set.
    """

    def __init__(
        self,
        broker: BrokerConfig,
        *,
        client_id: str,
        folder: Path,
        persistent: bool,
        subscriptions: tuple[str, ...] = (),
        manual_ack: bool = False,
        will: Will | None = None,
        on_message: Callable[[Inbound], None] | None = None,
        on_connected: Callable[[], None] | None = None,
        on_puback: Callable[[int], None] | None = None,
    ) -> None:
        """Prepare the client; ``folder`` is what relative files of ``broker`` are relative to. Raises ConfigError."""
        self.client_id = client_id
        self.connection = 0  # connections made so far
        self.connected = threading.Event()
        self.subscribed = threading.Event()  # the broker has confirmed the subscriptions of this connection
        self._subscriptions = subscriptions
        self._on_message = on_message
        self._on_connected = on_connected
        self._on_puback = on_puback
        self._failures = 0
        self._told = False  # the loss of the link was logged
        self._stopping = False
        self._client = _client(broker, client_id, folder=folder, persistent=persistent, manual_ack=manual_ack)
        try:
            self._host, self._port = broker.host_port()
        except ValueError as error:
            raise ConfigError(str(error), file=str(folder), key="broker.url") from error
        self._keepalive_s = broker.keepalive_s
        if will is not None:
            self._client.will_set(will.topic, will.payload, qos=1, retain=will.retain)
        self._client.on_socket_open = _no_delay
        self._client.on_connect = self._handle_connect
        self._client.on_connect_fail = self._handle_connect_fail
        self._client.on_disconnect = self._handle_disconnect
        self._client.on_message = self._handle_message
        self._client.on_publish = self._handle_publish
        self._client.on_subscribe = self._handle_subscribe

    def start(self) -> None:
        """Begin to connect; returns at once."""
        self._next_delay()
        self._client.connect_async(self._host, self._port, keepalive=self._keepalive_s)
        self._client.loop_start()

    def stop(self) -> None:
        """Say goodbye to the broker (no will is sent) and end the thread."""
        self._stopping = True
        self._client.disconnect()
        self._client.loop_stop()
        self._client._reset_sockets()  # paho leaves its own pair of sockets to the garbage collector
        self.connected.clear()
        self.subscribed.clear()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False, qos: int = 1) -> int | None:
        """Hand a message over and return its mid, or None while there is no connection or too much is not acked."""
        if not self.connected.is_set() or (qos and self.unacked >= MAX_UNACKED):
            return None
        info = self._client.publish(topic, payload, qos=qos, retain=retain)
        return info.mid if info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS else None

    @property
    def unacked(self) -> int:
        """How many messages were handed over and are not acked by the broker."""
        return len(self._client._out_messages)

    def ack(self, *messages: Inbound) -> None:
        """Send the PUBACKs of ``messages`` in one piece; those that came on an earlier connection are left out."""
        mids = [message.mid for message in messages if message.mid and message.connection == self.connection]
        if mids and self.connected.is_set():
            # paho's public ack() wakes its thread and calls send() for each four bytes: a third of the intake's time
            pubacks = b"".join(_PUBACK.pack(PUBACK, 2, mid) for mid in mids)
            self._client._packet_queue(PUBACK, pubacks, 0, 1)

    def drop(self) -> None:
        """Cut the connection and make it anew: the broker then sends again what was not acked."""
        open_socket: Any = self._client.socket()
        if open_socket is not None:
            with contextlib.suppress(OSError):  # it was lost just now
                open_socket.shutdown(socket.SHUT_RDWR)

    def _next_delay(self) -> None:
        delay = jittered_s(self._failures, base_s=FIRST_DELAY_S, cap_s=MAX_DELAY_S, least_s=LEAST_DELAY_S)
        self._client.reconnect_delay_set(delay, delay)  # type: ignore[arg-type]

    def _handle_connect(self, client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            if not self._told:
                logger.error("broker %s:%d refuses %s: %s", self._host, self._port, self.client_id, reason)
            self._told = True
            return
        self.connection += 1
        if self._told or self.connection == 1:
            logger.info("connected to broker %s:%d as %s", self._host, self._port, self.client_id)
        self._failures, self._told = 0, False
        if self._subscriptions:
            client.subscribe([(topic, 1) for topic in self._subscriptions])
        self.connected.set()
        if self._on_connected is not None:
            self._on_connected()

    def _handle_connect_fail(self, _client: paho.Client, _data: Any) -> None:
        self._lost("cannot be reached")

    def _handle_disconnect(self, _client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self.connected.clear()
        self.subscribed.clear()
        if not self._stopping:
            self._lost(str(reason))

    def _lost(self, reason: str) -> None:
        self._failures += 1
        self._next_delay()
        if not self._told:
            logger.warning("link of %s to broker %s:%d is down: %s", self.client_id, self._host, self._port, reason)
        self._told = True

    def _handle_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        if self._on_message is not None:
            mid = message.mid if message.qos else 0
            self._on_message(Inbound(message.topic, bytes(message.payload), message.retain, mid, self.connection))

    def _handle_subscribe(self, _client: paho.Client, _data: Any, _mid: int, reasons: Any, _properties: Any) -> None:
        if any(reason.is_failure for reason in reasons):
            logger.error("broker %s:%d refuses what %s subscribes to", self._host, self._port, self.client_id)
            return
        self.subscribed.set()

    def _handle_publish(self, _client: paho.Client, _data: Any, mid: int, _reason: Any, _properties: Any) -> None:
        if self._on_puback is not None:
            self._on_puback(mid)


def _client(broker: BrokerConfig, client_id: str, *, folder: Path, persistent: bool, manual_ack: bool) -> paho.Client:
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        clean_session=not persistent,
        protocol=MQTTProtocolVersion.MQTTv311,
        manual_ack=manual_ack,
    )
    client.max_queued_messages_set(0)  # bounded by whoever publishes; paho would drop silently
    client.max_inflight_messages_set(1_000)
    if broker.username:
        client.username_pw_set(broker.username, password_of(broker, folder))
    context = tls_of(broker, folder)
    if context is not None:
        client.tls_set_context(context)
    return client


def tls_of(broker: BrokerConfig, folder: Path) -> ssl.SSLContext | None:
    """Return how to check the broker's certificate, None without TLS. Raises ConfigError."""
    if not broker.url.startswith("mqtts:"):
        return None
    try:
        return ssl.create_default_context(cafile=str(folder / broker.ca_file) if broker.ca_file else None)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigError(f"cannot be used: {error}", file=str(folder), key="broker.ca_file") from error


def password_of(broker: BrokerConfig, folder: Path) -> str | None:
    """Return the password in the config's file, None when it names none. Raises ConfigError."""
    if not broker.password_file:
        return None
    path = folder / broker.password_file
    try:
        return path.read_text(encoding="utf-8").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}", file=str(folder), key="broker.password_file") from error


def _no_delay(_client: paho.Client, _data: Any, sock: Any) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
