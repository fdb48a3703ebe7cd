"""One picture, and where pictures come from."""

from typing import Any, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge_agent.errors import AgentError
from edge_agent.sources.camera.streams.trouble import Stream

Image = NDArray[np.uint8]  # height × width × 3, BGR


class Frame(msgspec.Struct, frozen=True):
    """A picture with the time at which it was grabbed."""

    t_us: int  # city
    real_s: float  # real seconds that never step
    image: Image
    anew: bool = False  # a recording begins again here: its pixels will repeat, and that is no fault
    key: bool = True  # it, or one since the last that was taken, builds on no earlier picture
    prepared: Any = None  # what was made of it beside the model; only who made it looks inside


class NoPicture(AgentError):
    """The stream gives no picture; it is to be opened again."""

    def __init__(self, stream: Stream, detail: str) -> None:
        super().__init__(f"{stream}: {detail}")
        self.stream = stream
        self.detail = detail


class BrokenPicture(AgentError):
    """One picture came broken; the next one may be whole."""


class Grabber(Protocol):
    """An opened stream. Each of its calls returns within the read time-out."""

    anew: bool  # the picture that was grabbed last is the first of a recording that began again
    key: bool  # a picture that builds on no earlier one was grabbed since the last that was returned

    def grab(self) -> None:
        """Wait for the next picture. Raises NoPicture or BrokenPicture."""

    def picture(self) -> Image:
        """Return the picture that was grabbed last. Raises BrokenPicture."""

    def close(self) -> None:
        """Let go of it."""
