"""A doubt becomes a state only after it has held for a while, and ends only after it has not."""

import msgspec

BLIND_S = 2.0  # what was seen before so long a blindness is not news any more
STEP_S = 2.0  # between two looks; what lies further apart is not one stretch


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
        self._held_s = 0.0  # it was seen for so long
        self._blind_s = 0.0  # nobody could say for so long
        self._t_s = 0.0

    @property
    def suspected(self) -> bool:
        """Whether it holds, or may be about to."""
        return self._seen is True or self.state is True

    def take(self, seen: bool | None, t_s: float) -> bool | None:
        """Take in what one look says, None when it cannot say; return the state."""
        passed_s, self._t_s = t_s - self._t_s, t_s
        if seen is None:  # it confirms nothing and clears nothing: the time stands still, and is forgotten soon
            self._blind_s += passed_s
            if self._blind_s >= BLIND_S:
                self._seen = None
            return self.state
        self._blind_s = 0.0
        if seen is not self._seen:
            self._seen, self._held_s = seen, 0.0
        else:
            self._held_s += min(passed_s, STEP_S)
        if self._held_s >= (self._hold.on_s if seen else self._hold.off_s) - 1e-6:
            self.state = seen
        return self.state
