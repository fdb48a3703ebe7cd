"""What one camera gives: pictures at its rate, the newest for whoever looks, with faults on command."""

import asyncio
from collections.abc import Callable

import cv2
import msgspec
import numpy as np

from simulators.camera.drawing.backdrop import Image
from simulators.camera.serving.faults import SLOW_S, Fault
from simulators.camera.serving.jpeg import Scan, read_scan
from simulators.camera.serving.spoil import spoil

Frames = Callable[[float], Image]  # (s after the start) → picture
Coder = Callable[[Image], tuple[bytes, ...]]  # picture → NAL units of H.264
_STILL = (Fault.STALL, Fault.DROP)
_HALF = 0.5  # of the bytes of a picture that breaks off


class Shot(msgspec.Struct, frozen=True):
    """One picture as it is sent."""

    number: int
    t_s: float  # real, since the feed began
    jpeg: bytes
    scan: Scan
    units: tuple[bytes, ...] = ()  # of H.264, of a camera that codes so


class Feed:
    """The pictures of one camera; ``now_s`` says which moment of ``frames`` is shown, ``fps`` is real."""

    def __init__(
        self,
        frames: Frames,
        *,
        fps: float = 5.0,
        now_s: Callable[[], float],
        quality: int = 85,
        coder: Coder | None = None,
    ) -> None:
        """With a ``coder`` RTSP carries H.264, in place of JPEG."""
        self.fault: Fault | None = None
        self.resets = 0  # how often everybody was cut off
        self.shots = 0
        self.newest: Shot | None = None
        self._frames, self._now_s = frames, now_s
        self._fps, self._quality = fps, quality
        self._coder = coder
        self._shown: Image | None = None
        self.sets: tuple[bytes, ...] = ()  # the newest parameter sets of H.264: without them nothing can be decoded
        self._news = asyncio.Condition()
        self._rng = np.random.default_rng(fps.as_integer_ratio())
        self._begun_s = 0.0

    @property
    def fps(self) -> float:
        """Pictures in a real second."""
        return self._fps

    @property
    def codes(self) -> bool:
        """Whether RTSP carries H.264."""
        return self._coder is not None

    @property
    def unreachable(self) -> bool:
        """Whether nobody answers at its address."""
        return self.fault is Fault.DROP

    def strike(self, fault: Fault | None) -> None:
        """Begin a fault, in place of the present one; None ends it."""
        if fault in (Fault.DROP, Fault.RESET):
            self.resets += 1
        self.fault = None if fault is Fault.RESET else fault

    async def run_loop(self) -> None:
        """Take pictures until cancelled; rendering has a thread, so that the servers go on."""
        loop = asyncio.get_running_loop()
        self._begun_s = next_s = loop.time()
        while True:
            if self.fault not in _STILL:
                self._publish(*await asyncio.to_thread(self._shoot), loop.time() - self._begun_s)
            async with self._news:
                self._news.notify_all()
            next_s += SLOW_S if self.fault is Fault.RATE else 1 / self._fps
            now_s = loop.time()
            next_s = max(next_s, now_s - 1 / self._fps)  # late: one is made up for, not all
            await self._rest(next_s)

    async def after(self, number: int) -> Shot:
        """Wait for a picture newer than ``number``."""
        async with self._news:
            await self._news.wait_for(lambda: self.newest is not None and self.newest.number > number)
        assert self.newest is not None
        return self.newest

    async def _rest(self, until_s: float) -> None:
        """Sleep; a slow camera that is well again does not sleep on."""
        loop = asyncio.get_running_loop()
        while (left_s := until_s - loop.time()) > 0:
            await asyncio.sleep(min(left_s, 1 / self._fps))
            if self.fault is not Fault.RATE and left_s > 1 / self._fps:
                return

    def _shoot(self) -> tuple[bytes, tuple[bytes, ...]]:
        if self.fault is Fault.FREEZE and self.newest is not None and self._shown is not None:
            return self.newest.jpeg, self._coder(self._shown) if self._coder else ()
        picture = self._shown = spoil(self._frames(self._now_s()), self.fault, self._rng)
        good, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, self._quality])
        if not good:
            raise ValueError("the picture cannot be encoded")
        return data.tobytes(), self._coder(picture) if self._coder else ()

    def _publish(self, jpeg: bytes, units: tuple[bytes, ...], t_s: float) -> None:
        scan = read_scan(jpeg)
        if self.fault is Fault.HALF:
            jpeg = jpeg[: int(len(jpeg) * _HALF)]
            scan = msgspec.structs.replace(scan, data=scan.data[: int(len(scan.data) * _HALF)])
            units = tuple(unit[: max(2, int(len(unit) * _HALF))] if _is_slice(unit) else unit for unit in units)
        if self.fault is Fault.NOISE:
            jpeg = self._rng.bytes(len(jpeg))
            scan = msgspec.structs.replace(scan, data=self._rng.bytes(len(scan.data)))
            units = tuple(self._rng.bytes(len(unit)) for unit in units)
        self.sets = tuple(unit for unit in units if unit[0] & 0x1F in _SETS) or self.sets
        self.shots += 1
        self.newest = Shot(self.shots, t_s, jpeg, scan, units)


_SETS = (7, 8)  # types of NAL units: sequence, picture


def _is_slice(unit: bytes) -> bool:
    return unit[0] & 0x1F in (1, 5)
