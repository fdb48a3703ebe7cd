"""Pictures as RTP packets (RFC 3550; JPEG 2435, H.264 6184), and as a TCP connection carries them (RFC 2326)."""

import struct
from collections.abc import Iterator, Sequence

from simulators.camera.serving.jpeg import Scan

CLOCK_HZ = 90_000
PAYLOAD_TYPE = 26
H264_TYPE = 96  # the first one that a description gives a meaning
_FU_A = 28  # a piece of a NAL unit
PAYLOAD = 1_400  # bytes of a packet's picture: what fits an Ethernet frame
_OWN_TABLES = 255  # Q: the tables come with the first packet


class Packets:
    """Numbers the packets of one stream."""

    def __init__(self, *, ssrc: int, sequence: int = 0, kind: int = PAYLOAD_TYPE) -> None:
        self.sequence = sequence
        self._kind = kind
        self._ssrc = ssrc

    def of(self, scan: Scan, t_rtp: int) -> Iterator[bytes]:
        """Yield the packets of a picture; the last one is marked."""
        at = 0
        while at < len(scan.data):
            head = struct.pack(">I", at) + struct.pack(
                ">BBBB", scan.kind, _OWN_TABLES, scan.width // 8, scan.height // 8
            )
            if at == 0:
                head += struct.pack(">BBH", 0, 0, len(scan.tables)) + scan.tables
            piece = scan.data[at : at + PAYLOAD]
            at += len(piece)
            yield self._header(t_rtp, last=at >= len(scan.data)) + head + piece

    def of_units(self, units: Sequence[bytes], t_rtp: int) -> Iterator[bytes]:
        """Yield the packets of a picture's NAL units; the last one is marked."""
        for number, unit in enumerate(units):
            last = number == len(units) - 1
            if len(unit) <= PAYLOAD:
                yield self._header(t_rtp, last=last) + unit
                continue
            pieces = [unit[at : at + PAYLOAD] for at in range(1, len(unit), PAYLOAD)]
            for at, piece in enumerate(pieces):
                ends = at == len(pieces) - 1
                place = (0x80 if at == 0 else 0) | (0x40 if ends else 0)
                head = bytes([unit[0] & 0xE0 | _FU_A, place | unit[0] & 0x1F])
                yield self._header(t_rtp, last=last and ends) + head + piece

    def _header(self, t_rtp: int, *, last: bool) -> bytes:
        self.sequence = (self.sequence + 1) & 0xFFFF
        return struct.pack(
            ">BBHII", 0x80, self._kind | (0x80 if last else 0), self.sequence, t_rtp & 0xFFFFFFFF, self._ssrc
        )


def interleaved(packet: bytes, *, channel: int) -> bytes:
    """Return a packet as it goes between RTSP's answers."""
    return struct.pack(">BBH", 0x24, channel, len(packet)) + packet
