"""A doubt becomes a state only after it has held for a while, and ends only after it has not."""

import msgspec


class Hold(msgspec.Struct, frozen=True):
    """How long; seconds."""

    on_s: float
    off_s: float


class Holding:
    """One state: None until it is known."""

    def __init__(self, hold: Hold) -> None:
        self.state: bool | None = None
        self._hold = hold
        self._seen: bool | None = None
        self._since_s = 0.0

    @property
    def suspected(self) -> bool:
        """Whether it holds, or may be about to."""
        return self._seen is True or self.state is True

    def take(self, seen: bool | None, t_s: float) -> bool | None:
        """Take in what one look says, None when it cannot say; return the state."""
        if seen is None:
            self._seen = None  # what is not seen confirms nothing and clears nothing
            return self.state
        if seen is not self._seen:
            self._seen, self._since_s = seen, t_s
        if t_s - self._since_s >= (self._hold.on_s if seen else self._hold.off_s):
            self.state = seen
        return self.state
