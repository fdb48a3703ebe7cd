"""What goes over a worker's pipes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.judge.finding import Finding
from edge_agent.sources.camera.messages import (
    HEADER,
    Health,
    Order,
    Report,
    ZoneWord,
    decode_order,
    decode_report,
    encode_order,
    encode_report,
    report_length,
)
from edge_agent.sources.camera.streams.trouble import Stream, Trouble
from edge_agent.vision.zones import Zone, Zones

ZONES = Zones(640, 360, (Zone("1", "berth", ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0))),))


def test_an_order_comes_back() -> None:
    """On one line, whatever the address."""
    order = Order(
        device="camera-1", url="rtsp://a\nb", interval_s=0.2, loop=True, looks_hz=5.0, stall_s=1.5, frozen_s=1.2,
        memory_bytes=6, zones=ZONES,
    )  # fmt: skip
    line = encode_order(order)
    assert line.count(b"\n") == 1
    assert decode_order(line) == order


def test_a_report_comes_back() -> None:
    """With its zones and findings."""
    health = Health(False, Stream.LIVE, "", {Trouble.FROZEN: True, Trouble.MOVED: None}, {}, {"fps": 5.0})
    word = ZoneWord("1", {"state": "unknown", "score": None}, (Finding("berth.unknown", 7, {"zone": "1"}),))
    report = Report(7, health, (word,))
    data = encode_report(report)
    assert report_length(data[:HEADER]) == len(data) - HEADER
    assert decode_report(data[HEADER:]) == report


@given(st.binary(min_size=0, max_size=200))
def test_babble_is_refused(data: bytes) -> None:
    """Nothing but a report is one."""
    with pytest.raises(ValueError):
        decode_report(data)


@pytest.mark.parametrize("header", [b"\0\0\0\0", b"\xff\xff\xff\xff", b"GET "])
def test_no_report_is_so_long(header: bytes) -> None:
    """A print that got into the pipe is no length."""
    with pytest.raises(ValueError):
        report_length(header)
