"""Whether this machine was too busy for what a test measures by the clock; where one is idle every limit is strict."""

import os
import time
from pathlib import Path

MOST_WAITING = 0.25  # of the time somebody waited
_PRESSURE = Path("/proc/pressure/cpu"), Path("/proc/pressure/io")  # for a processor, and for the disk


class Strain:
    """What has passed since it was made: how long, and whether more wanted to run than the machine can serve."""

    def __init__(self) -> None:
        self._begun_s, self._waited_s = time.monotonic(), _waited_s()

    def felt(self, *, most_s: float | None = None) -> bool:
        """Return whether somebody waited for more than ``most_s`` together, else whether it was too busy on the whole.

        Where the kernel does not count who waits, nobody can say that it was not.
        """
        now_s, waited_s = time.monotonic(), _waited_s()
        if self._waited_s is None or waited_s is None:
            return True
        loaded = os.getloadavg()[0] > len(os.sched_getaffinity(0)) + 0.5
        bound_s = MOST_WAITING * (now_s - self._begun_s) if most_s is None else most_s
        return loaded or waited_s - self._waited_s > bound_s

    def within(self, limit_s: float) -> bool:
        """Return whether no more than ``limit_s`` have passed, or more only because the machine was too busy."""
        return time.monotonic() - self._begun_s <= limit_s or self.felt()


def _waited_s() -> float | None:
    """Return for how long, since it was started, somebody on this machine has waited for a processor or the disk."""
    try:
        some = [path.read_text(encoding="ascii").splitlines()[0] for path in _PRESSURE]
    except OSError:
        return None
    return sum(int(line.rpartition("total=")[2]) for line in some) / 1e6
