"""A baseline JPEG taken apart as RTP wants it (RFC 2435): tables, size, and the scan without its headers."""

import struct
from collections.abc import Iterator

import msgspec

MAX_SIDE = 2040  # px; a byte holds an eighth of it
_SOF0, _DQT, _SOS, _DRI, _EOI = 0xC0, 0xDB, 0xDA, 0xDD, b"\xff\xd9"
_TYPES = {0x21: 0, 0x22: 1}  # sampling of the brightness → type: 4:2:2, 4:2:0
_ANY_TABLE = 64  # bytes


class Scan(msgspec.Struct, frozen=True):
    """What a packet's receiver needs to make the picture again."""

    kind: int  # RTP's type of JPEG
    width: int
    height: int
    tables: bytes  # quantisation: brightness, then colour, 64 bytes each
    data: bytes


def read_scan(jpeg: bytes) -> Scan:
    """Return the parts of a picture. Raises ValueError for what RTP cannot carry."""
    tables: dict[int, bytes] = {}
    kind = width = height = -1
    for marker, body, after in _segments(jpeg):
        if marker == _DQT:
            tables |= _tables(body)
        elif marker == _SOF0:
            _, height, width, _ = struct.unpack(">BHHB", body[:6])
            kind = _TYPES.get(body[7], -1)
        elif marker == _DRI:
            raise ValueError("restart markers are not carried")
        elif marker == _SOS:
            end = jpeg.rfind(_EOI)
            data = jpeg[after : end if end > 0 else len(jpeg)]
            if kind < 0 or not {0, 1} <= tables.keys():
                raise ValueError("not a baseline JPEG of 4:2:0 or 4:2:2 with two tables")
            if max(width, height) > MAX_SIDE or width % 8 or height % 8:
                raise ValueError(f"{width} × {height}: RTP carries multiples of 8 up to {MAX_SIDE}")
            return Scan(kind, width, height, tables[0] + tables[1], data)
    raise ValueError("no scan")


def _segments(jpeg: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Yield (marker, body, where the next begins) up to the scan."""
    at = 2
    if jpeg[:2] != b"\xff\xd8":
        raise ValueError("not a JPEG")
    while at + 4 <= len(jpeg):
        marker, length = jpeg[at + 1], int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if jpeg[at] != 0xFF or length < 2:
            raise ValueError(f"no marker at byte {at}")
        yield marker, jpeg[at + 4 : at + 2 + length], at + 2 + length
        at += 2 + length


def _tables(body: bytes) -> dict[int, bytes]:
    """Return number → table of a DQT, in the order of the file, which is RTP's."""
    found: dict[int, bytes] = {}
    for at in range(0, len(body), _ANY_TABLE + 1):
        if body[at] >> 4:
            raise ValueError("tables of 16 bits are not baseline")
        found[body[at] & 0xF] = body[at + 1 : at + 1 + _ANY_TABLE]
    return found
