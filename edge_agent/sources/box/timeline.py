"""When a box's samples were taken, in the agent's time: samples are counted, the box's own clock is not believed."""

EARLY_US = 250_000  # more before than the count says: the count or the agent's clock jumped
LATE_US = 1_000_000  # so much behind at the best of WAIT_US: samples were never taken, or the clock jumped
WAIT_US = 10_000_000
DRIFT = 1e-3  # the count may run behind the agent's clock by this share: ten times a bad crystal's error


class Timeline:
    """Index → time. Nothing arrives before it was taken, so the least delay seen so far fixes where index 0 lies.

    A smaller delay moves it at once; otherwise it creeps by DRIFT, so that a crystal that is slow is followed too.
    A delay (a network port that stalled, a busy machine) therefore moves no sample.
    """

    def __init__(self, period_us: float) -> None:
        self.period_us = period_us
        self.reanchored = 0  # how often the count had to be thrown away
        self._zero_us: float | None = None  # time of index 0
        self._heard_us = 0  # the last arrival
        self._best_us: float | None = None  # least delay since `_since_us`
        self._since_us = 0

    def at(self, index: int) -> int:
        """Return when a sample was taken. Only after the first `heard`."""
        assert self._zero_us is not None
        return round(self._zero_us + index * self.period_us)

    def heard(self, index: int, now_us: int) -> bool:
        """Take note that the sample ``index`` arrived; return whether times before and after no longer join."""
        zero_us = now_us - index * self.period_us
        if self._zero_us is None:
            self._anchor(zero_us, now_us)
            return True
        delay_us = zero_us - self._zero_us
        if delay_us < -EARLY_US or self._is_late(delay_us, now_us):
            self.reanchored += 1
            self._anchor(zero_us, now_us)
            return True
        creep_us = DRIFT * max(0, now_us - self._heard_us)
        self._zero_us += min(delay_us, creep_us)
        self._heard_us = now_us
        return False

    def shift(self, step_us: int) -> None:
        """Follow the agent's clock, which was set."""
        self._heard_us += step_us
        self._since_us += step_us
        if self._zero_us is not None:
            self._zero_us += step_us

    def _anchor(self, zero_us: float, now_us: int) -> None:
        self._zero_us, self._heard_us = zero_us, now_us
        self._best_us, self._since_us = None, now_us

    def _is_late(self, delay_us: float, now_us: int) -> bool:
        """Return whether no sample of the last WAIT_US came in time."""
        self._best_us = delay_us if self._best_us is None else min(self._best_us, delay_us)
        if now_us - self._since_us < WAIT_US:
            return False
        late = self._best_us > LATE_US
        self._best_us, self._since_us = None, now_us
        return late
