"""What the frames of a box say: who it is, blocks of acceleration, pressure."""

import struct
from typing import TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge_agent.sources.box.frames import Frame, crc16

VERSION = 1  # of the protocol
GRAVITY = 9.80665  # m/s², standard gravity
NO_PRESSURE = 0xFFFFFFFF  # the box's word for "the sensor gave nothing"

_HELLO = struct.Struct("<BBHHHH12s")
_PRESSURE = struct.Struct("<II")
_HAS_PRESSURE = 0x01

Raw: TypeAlias = NDArray[np.int16]  # n × 3, as on the wire
Metres: TypeAlias = NDArray[np.float32]  # n × 3, m/s²


class BadMessage(Exception):
    """A frame that arrived whole says what cannot be."""


class Hello(msgspec.Struct, frozen=True):
    """Who speaks, and how to read its numbers."""

    serial: str
    rate_hz: float
    lsb_per_g: int
    range_mg: int  # full scale
    firmware: int
    pressure: bool  # it has a pressure sensor

    @property
    def box(self) -> int:
        """What the box's other frames carry."""
        return crc16(self.serial.encode())

    @property
    def period_us(self) -> float:
        """The time from one sample to the next, as the box believes."""
        return 1e6 / self.rate_hz

    @property
    def full_scale(self) -> int:
        """The raw number at which the sensor is saturated."""
        return min(32_767, self.range_mg * self.lsb_per_g // 1000)

    def metres(self, raw: Raw) -> Metres:
        """Return raw numbers in m/s²."""
        return raw.astype(np.float32) * np.float32(GRAVITY / self.lsb_per_g)


class Block(msgspec.Struct, frozen=True):
    """Samples that follow each other without a hole."""

    first: int  # index of the first sample since power-on
    raw: Raw

    @property
    def end(self) -> int:
        """The index behind the last sample."""
        return self.first + len(self.raw)


class Pressure(msgspec.Struct, frozen=True):
    """One sample of the pressure sensor."""

    index: int  # of the acceleration sample that was taken last
    pascal: float | None  # None: the sensor gave nothing


def read_hello(frame: Frame) -> Hello:
    """Return the hello in a frame. Raises BadMessage."""
    version, flags, centihertz, lsb_per_g, range_mg, firmware, name = _HELLO.unpack(frame.payload)
    if version != VERSION:
        raise BadMessage(f"protocol {version} instead of {VERSION}")
    try:
        serial = name.rstrip(b"\0").decode("ascii")
    except UnicodeDecodeError as error:
        raise BadMessage("a serial number that is not ASCII") from error
    if not serial or not serial.isprintable() or not centihertz or not lsb_per_g or not range_mg:
        raise BadMessage("a hello without serial number, rate, scale or range")
    hello = Hello(serial, centihertz / 100, lsb_per_g, range_mg, firmware, bool(flags & _HAS_PRESSURE))
    if hello.box != frame.box:
        raise BadMessage("a serial number that is not the frame's box")
    return hello


def read_block(frame: Frame) -> Block:
    """Return the block of samples in a frame."""
    first = int.from_bytes(frame.payload[:4], "little")
    return Block(first, np.frombuffer(frame.payload, "<i2", offset=4).reshape(-1, 3))


def read_pressure(frame: Frame) -> Pressure:
    """Return the pressure in a frame."""
    index, centipascal = _PRESSURE.unpack(frame.payload)
    return Pressure(index, None if centipascal == NO_PRESSURE else centipascal / 100)
