"""Run a program whose wall clock is set now and then: its clock adds the seconds that stand in a file.

``python -m tests.system.stepped FILE hub|edge_agent WORDS…``
"""

import importlib
import sys
from pathlib import Path

from device_profiles.clock import Clock, clock_from_environment
from device_profiles.wire import ClockState


class SteppedClock(Clock):
    """The clock of the environment, and what the file says; the monotonic time does not step."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file
        self._base = clock_from_environment()
        self.speed = self._base.speed

    def wall_us(self) -> int:
        """Return the time that somebody has set."""
        return self._base.wall_us() + round(self._step_s() * 1e6)

    def state(self) -> ClockState:
        """Return what a kernel says whose clock somebody has set: nobody keeps it."""
        return self._base.state() if self._step_s() == 0 else ClockState("rtc")

    def _step_s(self) -> float:
        return float(self._file.read_text(encoding="ascii") or 0)


def main(file: str, program: str, *words: str) -> None:
    """Become ``program``."""
    cli = importlib.import_module(f"{program}.cli")
    cli.clock_from_environment = lambda: SteppedClock(Path(file))
    sys.argv = [program, *words]
    cli.main()


if __name__ == "__main__":
    main(*sys.argv[1:])
