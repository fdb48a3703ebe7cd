"""A thread that does one thing now and then, until it is told to stop."""

import threading
from collections.abc import Callable

STOP_S = 5.0  # a turn that takes longer is left behind


class Periodic:
    """Runs ``turn`` every ``period_s`` real seconds on a thread of its own."""

    def __init__(
        self,
        name: str,
        turn: Callable[[], float | None],
        *,
        period_s: float,
        at_once: bool = False,
        on_crash: Callable[[str], None] | None = None,
    ) -> None:
        """``turn`` may return how soon it wants the next one; ``at_once``: the first comes without a pause before it.

        ``on_crash`` is told the name, on the thread, when a turn ends by an error; the error itself goes to
        threading.excepthook.
        """
        self.stopping = threading.Event()  # a long turn looks at it
        self._name = name
        self._turn = turn
        self._period_s = period_s
        self._at_once = at_once
        self._on_crash = on_crash
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the turn at hand."""
        self.stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(STOP_S)

    def wake(self) -> None:
        """Let the next turn come now. From any thread."""
        self._wake.set()

    def _run(self) -> None:
        pause_s = 0.0 if self._at_once else self._period_s
        try:
            while True:
                self._wake.wait(pause_s)
                self._wake.clear()
                if self.stopping.is_set():
                    return
                sooner_s = self._turn()
                pause_s = self._period_s if sooner_s is None else sooner_s
        finally:
            if self._on_crash is not None and not self.stopping.is_set():
                self._on_crash(self._name)
