"""Control packets are cut out of any stream of bytes, within bounds, and a PUBLISH is taken apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.observers.packets import MAX_PACKET, PacketReader, ProtocolError, published, remaining_length


def _packet(first: int, body: bytes) -> bytes:
    return bytes([first]) + remaining_length(len(body)) + body


@given(
    packets=st.lists(st.tuples(st.integers(16, 255), st.binary(max_size=400)), max_size=8),
    cuts=st.lists(st.integers(1, 50), min_size=1),
)
def test_packets_are_the_same_however_the_stream_is_cut(packets: list[tuple[int, bytes]], cuts: list[int]) -> None:
    """Any split of the bytes gives the packets that were sent."""
    stream = b"".join(_packet(*packet) for packet in packets)
    reader, found, at, turn = PacketReader(), [], 0, 0
    while at < len(stream):
        step = cuts[turn % len(cuts)]
        found += reader.feed(stream[at : at + step])
        at, turn = at + step, turn + 1
    assert found == packets


def test_what_is_no_mqtt_is_refused() -> None:
    """A length without end and a packet beyond the bound are errors: the tap's memory is bounded."""
    with pytest.raises(ProtocolError):
        list(PacketReader().feed(b"\x30\xff\xff\xff\xff\x01"))
    with pytest.raises(ProtocolError):
        list(PacketReader().feed(b"\x30" + remaining_length(MAX_PACKET + 1)))


def test_a_publish_is_taken_apart_with_and_without_a_packet_id() -> None:
    """QoS 0 has no packet id, QoS 1 has one; other packets are no publishes."""
    topic = b"\x00\x03a/b"
    assert published(0x30, topic + b"hello") == ("a/b", b"hello")
    assert published(0x3A, topic + b"\x00\x07hello") == ("a/b", b"hello")
    assert published(0x40, b"\x00\x07") is None
