"""Clips: JPEGs as one AVI (MJPG), which every player opens, made in memory: its digest is known before the disk.

OpenCV's own writer is not used: it says nothing when the disk is full, and its file is on the disk before it is whole.
"""

import struct
from collections.abc import Sequence

_HAS_INDEX = 0x10
_KEY_FRAME = 0x10


def avi(jpegs: Sequence[bytes], *, width: int, height: int, period_us: int) -> bytes:
    """Return a clip of one JPEG or more, all of one size, ``period_us`` apart."""
    largest = max(map(len, jpegs))
    rate = largest * 1_000_000 // period_us  # bytes a second
    shape = (len(jpegs), 0, 1, largest, width, height, 0, 0, 0, 0)
    main = struct.pack("<14I", period_us, rate, 0, _HAS_INDEX, *shape)
    stream = struct.pack(
        "<4s4s3I8I4H",
        *(b"vids", b"MJPG", 0, 0, 0),
        *(period_us, 1_000_000, 0, len(jpegs), largest, 0xFFFFFFFF, 0, 0),
        *(0, 0, width, height),
    )
    picture = struct.pack("<IiiHH4sIiiII", 40, width, height, 1, 24, b"MJPG", width * height * 3, 0, 0, 0, 0)
    header = _list(b"strl", _chunk(b"strh", stream) + _chunk(b"strf", picture))
    frames, index, offset = [], [], 4
    for jpeg in jpegs:
        frames.append(_chunk(b"00dc", jpeg))
        index.append(struct.pack("<4s3I", b"00dc", _KEY_FRAME, offset, len(jpeg)))
        offset += len(frames[-1])
    movie = _list(b"movi", b"".join(frames)) + _chunk(b"idx1", b"".join(index))
    return _riff(b"AVI ", _list(b"hdrl", _chunk(b"avih", main) + header) + movie)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack("<4sI", name, len(body)) + body + b"\0" * (len(body) % 2)


def _list(kind: bytes, body: bytes) -> bytes:
    return _chunk(b"LIST", kind + body)


def _riff(kind: bytes, body: bytes) -> bytes:
    return _chunk(b"RIFF", kind + body)
