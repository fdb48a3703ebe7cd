"""A hub's end of the wire for tests of the agent: hears packs, and says receipts when it is told to."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from device_profiles.link import BrokerConfig, Inbound, Link
from device_profiles.topics import AgentAddress, command_topic, lane_topic, receipt_topic
from device_profiles.wire import (
    LANES,
    Command,
    Fact,
    Lane,
    LaneReceipt,
    Pack,
    Receipt,
    decode_pack,
    encode,
)

ADDRESS = AgentAddress("hz/xiacheng/chaoming", "chaoming-01")
WAIT_S = 30.0


class Listener:
    """Collects packs in the order in which they come."""

    def __init__(self) -> None:
        self.packs: list[Pack] = []
        self.retained: list[Pack] = []
        self.link: Link
        self._came = threading.Condition()

    def take(self, message: Inbound) -> None:
        """Keep one message."""
        with self._came:
            (self.retained if message.retain else self.packs).append(decode_pack(message.payload))
            self._came.notify_all()

    def wait(self, holds: Callable[[], bool], timeout_s: float = WAIT_S) -> None:
        """Return once ``holds()``, which is asked whenever a pack comes. Raises AssertionError."""
        with self._came:
            assert self._came.wait_for(holds, timeout_s), self.packs

    def lane(self, lane: Lane) -> list[Pack]:
        """Return the packs of a lane, wills left out."""
        return [pack for pack in self.packs if pack.lane == lane and pack.seq is not None]

    def facts(self, lane: Lane) -> list[Fact]:
        """Return the facts of a lane, each pack once, in the order of their numbers."""
        packs = {(pack.epoch, pack.seq or 0): pack for pack in self.lane(lane)}
        return [fact for _, pack in sorted(packs.items()) for fact in pack.facts]

    def receipt(self, epoch: int, **lanes: int | LaneReceipt) -> None:
        """Say up to where each lane is journalled."""
        words = {lane: word if isinstance(word, LaneReceipt) else LaneReceipt(word) for lane, word in lanes.items()}
        self.say(receipt_topic(ADDRESS), encode(Receipt("xiacheng", epoch, words, 0)))  # type: ignore[arg-type]

    def receipt_all(self) -> None:
        """Receipt everything that was heard, as far as it has no gap."""
        heard: dict[int, dict[str, int]] = {}
        for epoch, lane in {(pack.epoch, pack.lane) for pack in self.packs if pack.seq is not None}:
            seqs = {pack.seq for pack in self.packs if (pack.epoch, pack.lane) == (epoch, lane)}
            to = 0
            while to + 1 in seqs:
                to += 1
            heard.setdefault(epoch, {})[lane] = to
        for epoch, lanes in heard.items():
            self.receipt(epoch, **lanes)

    def command(self, command: Command) -> None:
        """Send a command."""
        self.say(command_topic(ADDRESS), encode(command))

    def say(self, topic: str, payload: bytes) -> None:
        """Publish something."""
        end_s = time.monotonic() + WAIT_S
        assert self.link.subscribed.wait(WAIT_S)
        while self.link.publish(topic, payload) is None:
            assert time.monotonic() < end_s
            self.link.connected.wait(1)


@contextlib.contextmanager
def listening(url: str, *, name: str = "hub") -> Iterator[Listener]:
    """Hear everything that the agent says."""
    listener = Listener()
    listener.link = Link(
        BrokerConfig(url=url),
        client_id=name,
        folder=Path(),
        persistent=True,
        subscriptions=tuple(lane_topic(ADDRESS, lane) for lane in LANES),
        on_message=listener.take,
    )
    listener.link.start()
    try:
        assert listener.link.subscribed.wait(WAIT_S)
        yield listener
    finally:
        listener.link.stop()
