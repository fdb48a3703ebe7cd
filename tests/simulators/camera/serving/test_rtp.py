"""Pictures as RTP packets: what a receiver puts together again is the picture."""

import struct

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.camera.serving.jpeg import MAX_SIDE, Scan, read_scan
from simulators.camera.serving.rtp import PAYLOAD, Packets, interleaved


def _jpeg(width: int = 64, height: int = 48, *options: int) -> bytes:
    picture = np.random.default_rng(width).integers(0, 255, (height, width, 3)).astype(np.uint8)
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 80, *options])[1].tobytes()


def _put_together(packets: list[bytes]) -> tuple[bytes, bytes]:
    """Return tables and scan of a picture's packets, as a receiver reads them (RFC 2435, 3.1)."""
    tables, data = b"", b""
    for packet in packets:
        offset = int.from_bytes(packet[13:16], "big")
        body = packet[20:]
        if offset == 0:
            length = struct.unpack(">H", body[2:4])[0]
            tables, body = body[4 : 4 + length], body[4 + length :]
        assert offset == len(data)
        data += body
    return tables, data


@given(data=st.binary(min_size=1, max_size=5 * PAYLOAD), start=st.integers(0, 0xFFFF), t_rtp=st.integers(0, 1 << 40))
@settings(max_examples=40)
def test_packets_put_together_are_the_scan(data: bytes, start: int, t_rtp: int) -> None:
    """Tables once, pieces without a gap, one number each, the last one marked."""
    scan = Scan(1, 640, 360, bytes(range(128)), data)
    packets = list(Packets(ssrc=7, sequence=start).of(scan, t_rtp))
    assert _put_together(packets) == (scan.tables, data)
    numbers = [struct.unpack(">H", packet[2:4])[0] for packet in packets]
    assert numbers == [(start + 1 + n) & 0xFFFF for n in range(len(packets))]
    assert [bool(packet[1] & 0x80) for packet in packets] == [False] * (len(packets) - 1) + [True]
    assert {struct.unpack(">I", packet[4:8])[0] for packet in packets} == {t_rtp & 0xFFFFFFFF}
    assert all(len(packet) <= PAYLOAD + 152 for packet in packets)


def test_a_jpeg_is_read() -> None:
    """Size, sampling and both tables; the scan has no headers any more."""
    jpeg = _jpeg(64, 48)
    scan = read_scan(jpeg)
    assert (scan.kind, scan.width, scan.height, len(scan.tables)) == (1, 64, 48, 128)
    assert scan.data in jpeg
    assert not scan.data.endswith(b"\xff\xd9")
    half = read_scan(_jpeg(64, 48, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422))
    assert half.kind == 0


@pytest.mark.parametrize(
    "jpeg",
    [
        b"",
        b"\xff\xd8",
        b"\x89PNG",
        _jpeg(60, 48),
        _jpeg(MAX_SIDE + 8, 16),
        _jpeg(64, 48, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444),
        _jpeg(64, 48, cv2.IMWRITE_JPEG_RST_INTERVAL, 2),
        _jpeg()[:40],
    ],
    ids=["empty", "nothing", "png", "no-eighths", "large", "444", "restarts", "cut"],
)
def test_what_rtp_cannot_carry_is_refused(jpeg: bytes) -> None:
    """A ValueError, not a picture that nobody can read."""
    with pytest.raises(ValueError):
        read_scan(jpeg)


def test_interleaved_packets_have_channel_and_length() -> None:
    """RFC 2326, 10.12."""
    assert interleaved(b"abc", channel=2) == b"$\x02\x00\x03abc"
