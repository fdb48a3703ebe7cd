"""Timers in a device's own time: they run while a condition is true, freeze while it is unknown, and end when false."""

import msgspec

from device_profiles.specs.condition import Truth


class Timer(msgspec.Struct, omit_defaults=True):
    """One pending decision: an alarm that would open, or an open one that would clear."""

    length_us: int
    held_us: int = 0  # how long the condition had held before it froze
    since_us: int | None = None  # true since then; None while frozen

    @property
    def due_us(self) -> int | None:
        """When the condition will have held for the length; None while frozen."""
        return None if self.since_us is None else self.since_us + self.length_us - self.held_us

    def freeze(self, at_us: int) -> None:
        """Keep what has been held up to ``at_us``."""
        if self.since_us is not None:
            self.held_us += max(0, at_us - self.since_us)
            self.since_us = None

    def restart(self) -> None:
        """Forget what was held and wait, frozen, until the condition is known to be true."""
        self.held_us = 0
        self.since_us = None


Timers = dict[str, Timer]  # by rule, or by way to it: all of them end when one fires


def weigh(timers: Timers, rule: str, truth: Truth, *, at_us: int, length_us: int) -> None:
    """Start, resume, freeze or end the timer of ``rule`` whose condition has been ``truth`` since ``at_us``."""
    timer = timers.get(rule)
    if truth is None:
        if timer is not None:
            timer.freeze(at_us)
    elif not truth:
        timers.pop(rule, None)
    elif timer is None:
        timers[rule] = Timer(length_us, since_us=at_us)
    elif timer.since_us is None:
        timer.since_us = at_us


def first_due(timers: Timers) -> tuple[int, str] | None:
    """Return the earliest (due, rule) of the timers that run."""
    due = [(timer.due_us, rule) for rule, timer in timers.items() if timer.due_us is not None]
    return min(due) if due else None


def freeze_all(timers: Timers, at_us: int) -> None:
    """Freeze every timer."""
    for timer in timers.values():
        timer.freeze(at_us)


def restart_all(timers: Timers) -> None:
    """Restart every timer (ALARMS.md, 9 and 13)."""
    for timer in timers.values():
        timer.restart()
