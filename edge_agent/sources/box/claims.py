"""Which line speaks for which serial number: of two boxes with one id the second is refused, and they never mix."""

from device_profiles.clock import Clock

HELD_S = 30.0  # real; a box that is unplugged here and plugged in there is believed after that


class Claims:
    """The serial numbers in use, shared by all lines of an agent."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[str, float]] = {}  # serial number → device, when it was last heard

    def claim(self, serial: str, device: str) -> bool:
        """Return whether ``device`` may speak as this box; called for each of its frames."""
        now_s = Clock.real_s()
        holder, heard_s = self._held.get(serial, (device, now_s))
        if holder != device and now_s - heard_s < HELD_S:
            return False
        self._held[serial] = (device, now_s)
        return True
