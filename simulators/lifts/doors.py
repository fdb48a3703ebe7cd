"""A car door: it opens and closes in its times, reopens for an obstruction and can refuse to open."""

from simulators.lifts.spec import LiftSpec

OVERDUE_S = 1.0  # the controller allows this much over the opening time before it says that the door should be open


class Door:
    """The state of one door, from 0 (closed in place) to 1 (wide open)."""

    def __init__(self, spec: LiftSpec) -> None:
        self.opened = 0.0
        self.told_to_open = False
        self.jammed = False  # a fault: it does not leave its closed place
        self.obstructed = False  # somebody or something stands in it
        self._spec = spec
        self._told_s = 0.0

    @property
    def closed(self) -> bool:
        """Whether it is closed in place."""
        return self.opened <= 0.0

    @property
    def wide(self) -> bool:
        """Whether it is wide open."""
        return self.opened >= 1.0

    @property
    def overdue(self) -> bool:
        """Whether it was told to open and should be open by now."""
        return self.told_to_open and not self.wide and self._told_s > self._spec.door_open_s + OVERDUE_S

    def open(self) -> None:
        """Tell it to open."""
        if not self.told_to_open:
            self.told_to_open, self._told_s = True, 0.0

    def close(self) -> None:
        """Tell it to close."""
        self.told_to_open = False

    def step(self, dt_s: float) -> None:
        """Move for ``dt_s``."""
        if self.told_to_open:
            self._told_s += dt_s
            if not (self.jammed and self.closed):
                self._widen(dt_s)
        elif self.obstructed and not self.closed:
            self._widen(dt_s)
        else:
            self.opened = max(0.0, self.opened - dt_s / self._spec.door_close_s)

    def _widen(self, dt_s: float) -> None:
        self.opened = min(1.0, self.opened + dt_s / self._spec.door_open_s)
