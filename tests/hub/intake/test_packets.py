"""The MQTT packets of the intake: what Mosquitto sends is cut right however it is split, and garbage is told."""

import contextlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.link import Inbound
from hub.intake import packets
from hub.intake.packets import Other, Parser, ProtocolError
from simulators.fleet.offer import Offer
from simulators.fleet.packs import Message

TOPICS = st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=40)
MESSAGES = st.lists(st.tuples(TOPICS, st.binary(max_size=300), st.integers(1, packets.MAX_ID)), max_size=8)


def parser() -> Parser:
    """Return one for the third connection."""
    return Parser(connection=3, max_bytes=100_000)


@given(MESSAGES, st.lists(st.integers(0, 2_000), max_size=6))
def test_messages_survive_any_split(messages: list[tuple[str, bytes, int]], cuts: list[int]) -> None:
    """Whatever pieces the stream comes in, each message is there once, in order, with its packet id."""
    stream = b"".join(packets.publish(topic, payload, mid=mid) for topic, payload, mid in messages)
    cutter, found = parser(), []
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    for start, end in itertools.pairwise(places):
        found += cutter.feed(stream[start:end])[0]
    assert found == [Inbound(topic, payload, False, mid, 3) for topic, payload, mid in messages]


@given(st.integers(0, 5_000), st.lists(st.integers(0, 8_000), max_size=8))
def test_a_message_without_measure_is_passed_over(size: int, cuts: list[int]) -> None:
    """Its beginning is kept and the rest counted; what comes before and behind it is whole, however it is split."""
    sent = [("a", b"before", 1), ("b", bytes(size), 2), ("c", b"behind", 3)]
    stream = b"".join(packets.publish(topic, payload, mid=mid) for topic, payload, mid in sent)
    cutter, found = Parser(connection=3, max_bytes=500), []
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    for start, end in itertools.pairwise(places):
        found += cutter.feed(stream[start:end])[0]
    assert [(one.topic, len(one.payload) + one.beyond, one.mid) for one in found] == [
        ("a", 6, 1),
        ("b", size, 2),
        ("c", 6, 3),
    ]
    assert all(not one.beyond or len(one.payload) >= 400 for one in found)


@given(st.integers(0, 50_000))
def test_lengths_are_those_of_the_standard(size: int) -> None:
    """One, two and three bytes of length are read as they are written (OASIS 2.2.3)."""
    messages, _ = parser().feed(packets.publish("t", b"x" * size, mid=1))
    assert len(messages[0].payload) == size


def test_two_encoders_agree() -> None:
    """The load generator's own encoder, written apart, says the same bytes."""
    offer = Offer.__new__(Offer)
    offer._mid = 0
    assert offer._publish(Message(b"a/b", b"payload" * 40)) == packets.publish("a/b", b"payload" * 40, mid=1)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"\x31\x05\x00\x01txy", ([Inbound("t", b"xy", True, 0, 3)], [])),  # QoS 0, retained
        (b"\x3a\x06\x00\x01t\x00\x09x", ([Inbound("t", b"x", False, 9, 3)], [])),  # sent again
        (b"\x90\x03\xff\xff\x01", ([], [Other(packets.SUBACK, b"\xff\xff\x01")])),
        (b"\xd0\x00\x40\x02\x00\x01", ([], [Other(packets.PINGRESP, b""), Other(packets.PUBACK, b"\x00\x01")])),
        (b"\x30", ([], [])),
        (b"", ([], [])),
    ],
)
def test_packets_of_the_standard(data: bytes, found: object) -> None:
    """Flags, QoS 0 and the packets without a message."""
    assert parser().feed(data) == found


@pytest.mark.parametrize(
    "data",
    [
        b"\x30\x80\x80\x80\x80\x01",  # a length of five bytes
        b"\x90\xff\xff\x7f",  # a SUBACK that is longer than any
        b"\x34\x05\x00\x01t\x00\x01",  # QoS 2
        b"\x32\x03\x00\x01t",  # no packet id
        b"\x30\x01\x00",  # no topic
        b"\x30\x03\x00\x09t",  # a topic longer than the packet
        b"\x30\x03\x00\x01\xff",  # no UTF-8
    ],
)
def test_what_is_no_mqtt_is_told(data: bytes) -> None:
    """The connection is of no use any more: ProtocolError, never a wrong message."""
    with pytest.raises(ProtocolError):
        parser().feed(data)


@given(st.binary(max_size=400))
def test_garbage_never_breaks_the_parser(data: bytes) -> None:
    """Any bytes are packets, the beginning of one, or a ProtocolError."""
    with contextlib.suppress(ProtocolError):
        parser().feed(data)


def test_acks_go_out_in_one_piece() -> None:
    """Four bytes each (OASIS 3.4)."""
    assert packets.pubacks([1, 0x1234]) == b"\x40\x02\x00\x01\x40\x02\x12\x34"
