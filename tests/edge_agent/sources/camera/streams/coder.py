"""H.264 as a camera codes it, by PyAV: a key frame now and then, and nothing that waits for later pictures."""

from fractions import Fraction

import av
from numpy.typing import NDArray


class H264:
    """Codes one stream; ``bit_rate`` says how much of the noise is left."""

    def __init__(self, *, fps: int, bit_rate: int, key_every: int) -> None:
        self._context = av.CodecContext.create("libx264", "w")
        self._context.time_base, self._context.framerate = Fraction(1, fps), Fraction(fps, 1)
        self._context.pix_fmt, self._context.bit_rate = "yuv420p", bit_rate
        self._context.options = {"preset": "veryfast", "tune": "zerolatency", "g": f"{key_every}", "threads": "1"}
        self._count = 0

    def __call__(self, picture: NDArray) -> tuple[bytes, ...]:  # type: ignore[type-arg]
        """Return the NAL units of a picture."""
        frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
        if not self._count:
            self._context.width, self._context.height = frame.width, frame.height
        frame.pts, self._count = self._count, self._count + 1
        data = b"".join(bytes(packet) for packet in self._context.encode(frame))
        return units_of(data)


def units_of(data: bytes) -> tuple[bytes, ...]:
    """Return the NAL units of a byte stream (H.264, annex B)."""
    parts = data.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")
    return tuple(part for part in parts if part)
