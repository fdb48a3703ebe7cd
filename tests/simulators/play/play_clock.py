"""A clock that stands where a play is, for judges that a test feeds by hand."""

from device_profiles.clock import Clock
from simulators.play.play import Play


class PlayClock(Clock):
    """Both times are the play's; ``start_us`` is when it begins."""

    def __init__(self, play: Play, start_us: int) -> None:
        super().__init__()
        self._play = play
        self._begin_us = start_us

    def wall_us(self) -> int:
        """Return the wall time."""
        return self._begin_us + self._play.t_us

    def monotonic_s(self) -> float:
        """Return the monotonic time."""
        return self._play.t_us / 1e6
