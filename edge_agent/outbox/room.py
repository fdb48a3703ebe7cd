"""Whether the disk has room: on a full one the reserve is given up for events, and readings wait until it is back."""

import logging
import shutil

from device_profiles.durable import DiskReserve

logger = logging.getLogger(__name__)

RETRY_S = 1.0  # real


class Room:
    """Knows if readings may be written now."""

    def __init__(self, reserve: DiskReserve) -> None:
        self.short = False  # readings wait, events live on the reserve
        self.retry_at_s = 0.0  # real time before which a failed write is not tried again
        self.look_at_s = 0.0  # real time before which held readings are not looked at again
        self._reserve = reserve

    def look(self) -> None:
        """Take the reserve back if there is room for it again, which ends the shortage."""
        if self._reserve.hold():
            if self.short:
                logger.warning("the disk has room again: readings go on")
            self.short = False
        elif not self.short:
            logger.error("the disk has no room for the reserve of %d bytes: readings wait", self._reserve.size)
            self.short = True

    def full(self, *, now_s: float) -> None:
        """Note that a write failed for want of room; events may use the reserve at once."""
        if not self.short:
            logger.error("the disk is full: readings wait in memory, events use the reserve")
        self.short = True
        self.retry_at_s = now_s if self._reserve.release() else now_s + RETRY_S

    def tight(self) -> bool:
        """Return whether half of the reserve is used up: readings then make room for events."""
        return self.short and shutil.disk_usage(self._reserve.path.parent).free < self._reserve.size // 2

    def wait(self, *, now_s: float) -> None:
        """Note that what waits may not be written now."""
        self.look_at_s = now_s + RETRY_S
