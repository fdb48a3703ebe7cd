"""The picture that shows where a camera is to look: a given one, or one that was learned and is kept."""

import logging
from pathlib import Path

import cv2
import numpy as np

from device_profiles.whole import write_whole
from edge_agent.sources.camera.integrity.integrity import Integrity
from edge_agent.sources.camera.streams.frame import BrokenPicture
from edge_agent.sources.camera.streams.stills import read_picture
from edge_agent.vision.structure import Bands, bands_of, small_grey

logger = logging.getLogger(__name__)


class Reference:
    """Of one camera. Somebody who turns the camera on purpose removes the learned file."""

    def __init__(self, *, given: str, learned: str) -> None:
        """Both are paths, or empty."""
        self._path = Path(given or learned)
        self._learns = bool(learned) and not given and not self._path.is_file()

    def bands(self) -> Bands | None:
        """Return its structure, None when there is none yet."""
        if self._learns or not self._path.is_file():
            return None
        try:
            return bands_of(small_grey(read_picture(self._path)))
        except BrokenPicture as error:
            logger.error("the reference cannot be read: %s", error)
            return None

    def keep(self, integrity: Integrity) -> None:
        """Keep what was learned, once."""
        picture = integrity.picture if self._learns else None
        if picture is None:
            return
        self._learns = False
        _, data = cv2.imencode(".png", np.clip(picture, 0, 255).astype(np.uint8))
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._path, data.tobytes())
        except OSError as error:
            logger.error("the reference is not kept: %s", error.strerror)
