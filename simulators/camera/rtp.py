"""Pictures as RTP packets (RFC 3550, 2435), and as a TCP connection carries them (RFC 2326, 10.12)."""

import struct
from collections.abc import Iterator

from simulators.camera.jpeg import Scan

CLOCK_HZ = 90_000
PAYLOAD_TYPE = 26
PAYLOAD = 1_400  # bytes of a packet's picture: what fits an Ethernet frame
_OWN_TABLES = 255  # Q: the tables come with the first packet


class Packets:
    """Numbers the packets of one stream."""

    def __init__(self, *, ssrc: int, sequence: int = 0) -> None:
        self.sequence = sequence
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

    def _header(self, t_rtp: int, *, last: bool) -> bytes:
        self.sequence = (self.sequence + 1) & 0xFFFF
        return struct.pack(
            ">BBHII", 0x80, PAYLOAD_TYPE | (0x80 if last else 0), self.sequence, t_rtp & 0xFFFFFFFF, self._ssrc
        )


def interleaved(packet: bytes, *, channel: int) -> bytes:
    """Return a packet as it goes between RTSP's answers."""
    return struct.pack(">BBH", 0x24, channel, len(packet)) + packet
