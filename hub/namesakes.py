"""Which other hubs go by this hub's name: their life signs come on its own topic, from starts that are not its own."""

import threading

import msgspec

CONFIRM_S = 1.0  # two signs so far apart: one alone may have been under way when its hub died
FORGET_S = 30.0  # ten signs that did not come
MOST = 16  # whoever may write there may write anything


class _Heard(msgspec.Struct):
    """One other start."""

    process: str
    first_s: float  # real seconds
    last_s: float
    sure: bool = False


class Namesakes:
    """Keeps the starts that are heard; from any thread.

    A start and not a data folder is what tells two hubs apart: a copied folder would have its copied mark.
    """

    def __init__(self, own: str) -> None:
        """``own`` is the boot of this start."""
        self._own = own
        self._lock = threading.Lock()
        self._heard: dict[str, _Heard] = {}

    def hear(self, boot: str, process: str, *, now_s: float) -> bool:
        """Take in a life sign that was said just now; return whether it makes sure of another hub."""
        with self._lock:
            self._forget(now_s)
            if boot == self._own or (boot not in self._heard and len(self._heard) >= MOST):
                return False
            found = self._heard.setdefault(boot, _Heard(process, now_s, now_s))
            found.last_s = now_s
            news = not found.sure and now_s - found.first_s >= CONFIRM_S
            found.sure = found.sure or news
            return news

    def present(self, *, now_s: float) -> tuple[str, ...]:
        """Return the processes of those that are sure."""
        with self._lock:
            self._forget(now_s)
            return tuple(sorted(found.process for found in self._heard.values() if found.sure))

    def deaf(self, *, now_s: float) -> None:
        """Forget nobody meanwhile: nothing can be heard at all."""
        with self._lock:
            for found in self._heard.values():
                found.last_s = now_s

    def _forget(self, now_s: float) -> None:
        self._heard = {boot: found for boot, found in self._heard.items() if now_s - found.last_s < FORGET_S}
