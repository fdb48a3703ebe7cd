"""Whether a picture's lower part never arrived: decoders fill it with one colour, or leave an old one there."""

import zlib
from collections import deque

from edge_agent.sources.camera.streams.frame import Image

FILLS = ((128, 128, 128), (0, 135, 0))  # BGR: libjpeg's grey; FFMPEG's empty buffer, whose zeros are green
NEAR = 3
MEMORY = 32  # pictures; a decoder has a few buffers
TEXTURE = 1.0  # grey levels; a clipped or smooth strip may well come again
ROWS = 8  # a JPEG is coded in rows of at least so many pixels


def is_torn(image: Image) -> bool:
    """Return whether the lowest rows of ``image`` (BGR) are all one of the colours that decoders fill with."""
    last = image[-1, -1].astype(int)
    if not any(max(abs(last - fill)) <= NEAR for fill in FILLS):  # nearly always: no need to look further
        return False
    return bool((image[-ROWS:] == image[-1, -1]).all())


def is_plain(image: Image) -> bool:
    """Return whether a picture is of a single colour all over: it lacks no part more than another."""
    return bool((image == image[-1, -1]).all())


def is_cut(image: Image) -> bool:
    """Return whether a JPEG that stands alone is torn.

    Other decoders than those of JPEG and video give all of a picture or nothing.
    """
    return is_torn(image) and not is_plain(image)


class Tears:
    """Notices a lower part that is left over from an earlier picture in a decoder's buffer, below a new upper one."""

    def __init__(self) -> None:
        self._lower: deque[int] = deque(maxlen=MEMORY)
        self._upper: deque[int] = deque(maxlen=MEMORY)

    def take(self, image: Image) -> bool:
        """Return whether ``image`` is torn. One that repeats as a whole is not: it is frozen."""
        height = image.shape[0]
        upper, lower = image[height // 10 : height * 6 // 10 : 4, ::4, 1], image[-max(ROWS, height // 12) :: 2, ::2, 1]
        upper_digest, lower_digest = (zlib.crc32(part.tobytes()) for part in (upper, lower))
        old = lower_digest in self._lower and upper_digest not in self._upper
        self._upper.append(upper_digest)
        self._lower.append(lower_digest)
        return is_torn(image) or (old and float(lower.std()) > TEXTURE)
