"""An event that nobody waits for: how long a thread would have rested, without the rest."""

import threading


class Rests(threading.Event):
    """Notes how long somebody would have waited for it."""

    def __init__(self) -> None:
        super().__init__()
        self.waited: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        """Return at once."""
        self.waited.append(timeout or 0.0)
        return False
