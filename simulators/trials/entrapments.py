"""People get trapped again and again, so that alarms flow while programs are killed; each entrapment is counted."""

from collections.abc import Collection, Iterable

import msgspec

from simulators.lifts.lift import Lift
from simulators.observers.witness import AlarmWord
from simulators.play.play import Play

RULE = "lift.entrapment"
_CALM_US = 5_000_000  # city time of ordinary life between two entrapments of one lift
_QUIET_US = 20_000_000  # city time without the alarm: a client that lost its broker sees none for a while
_HOLD_US = 60_000_000  # city time for which rescuers hold the door: for ever, the car fills up and is never seen empty
_AGAIN_US = 150_000_000  # city time after which rescuers empty a car whose alarm has not cleared


class Entrapment(msgspec.Struct, frozen=True):
    """One entrapment, from the physics."""

    device: str
    t_us: int  # city time since the play began at which the car stood


class AlarmCount(msgspec.Struct, frozen=True):
    """How alarms and entrapments fit together."""

    expected: int
    raised: int
    doubled: int  # more than one alarm of one entrapment
    missing: int  # entrapments without an alarm
    false: int  # alarms of no entrapment


class Trapper:
    """Keeps some lifts in a round of ordinary life, entrapment, alarm, rescue, end of alarm."""

    def __init__(self, play: Play, devices: list[str], *, start_us: int) -> None:
        """``start_us``: wall time at which the play began."""
        self.entrapments: list[Entrapment] = []
        self.stopping = False  # no new entrapment any more
        self._start_us = start_us
        self._cycles = {device: _Cycle(play.lifts[device]) for device in devices}

    @property
    def busy(self) -> bool:
        """Whether an entrapment is under way: stuck, or its alarm not cleared yet."""
        return any(cycle.token for cycle in self._cycles.values())

    def tick(self, open_alarms: dict[str, AlarmWord]) -> None:
        """Take the next step of each lift; ``open_alarms`` are those that the command centre sees."""
        words = sorted((word.t_fact_us, word.subject) for word in open_alarms.values() if word.rule == RULE)
        alarming = {subject.rpartition("/")[2]: t_us - self._start_us for t_us, subject in words}
        for device, cycle in self._cycles.items():
            stuck = cycle.tick(alarming.get(device), stopping=self.stopping)
            if stuck is not None:
                self.entrapments.append(Entrapment(device, stuck))


class _Cycle:
    """One lift's round."""

    def __init__(self, lift: Lift) -> None:
        self.token = ""  # of the entrapment under way
        self._lift = lift
        self._number = 0
        self._stuck_us: int | None = None  # since when the car stands
        self._rescued = False
        self._rescued_us = 0
        self._alarming_us = 0  # when the alarm was seen last
        self._calm_from_us = 0

    def tick(self, alarm_us: int | None, *, stopping: bool) -> int | None:
        """Take a step; return the moment of an entrapment that has just begun.

        ``alarm_us`` is when the alarm that is seen began. One of an earlier entrapment calls nobody: a broker that
        crashed shows it again for a while.
        """
        if not self.token:
            if not stopping and self._lift.t_us >= self._calm_from_us + _CALM_US:
                self._number += 1
                self.token, self._stuck_us, self._rescued = f"trap-{self._number}", None, False
                self._lift.stop_between(self.token)
            return None
        if self._stuck_us is None:
            self._stuck_us = self._lift.effects.get(self.token)
            return self._stuck_us
        alarming = alarm_us is not None and alarm_us >= self._stuck_us
        if alarming:
            self._alarming_us = self._lift.t_us
        if not self._rescued and alarming:
            self._rescued, self._rescued_us = True, self._lift.t_us
            self._lift.release(f"{self.token}-free")
        elif self._rescued and self._over():
            self.token, self._calm_from_us = "", self._lift.t_us
        elif self._rescued and self._lift.t_us < self._rescued_us + _HOLD_US:
            self._lift.control.hold_open_s = max(self._lift.control.hold_open_s, 2.0)  # until the alarm has cleared
        elif self._rescued and alarming and self._lift.t_us > self._rescued_us + _AGAIN_US:
            # the agent was dead while the car stood empty, and in a busy house it never is again: all out once more
            self._rescued_us = self._lift.t_us
            self._lift.control.rescue()
        return None

    def _over(self) -> bool:
        """Return whether everybody is out and the alarm has been gone for a while."""
        freed = f"{self.token}-free" in self._lift.effects
        return freed and self._lift.t_us > self._alarming_us + _QUIET_US


def forgotten(words: Iterable[AlarmWord], known: Collection[str]) -> set[str]:
    """Return the ids of the entrapments that were told and of which the hub knows nothing."""
    return {word.id for word in words if word.rule == RULE and word.id not in known}


def count_alarms(entrapments: list[Entrapment], alarms: list[tuple[str, int]]) -> AlarmCount:
    """Match alarms, (device, t_fact since the play began), to entrapments: each belongs to the latest before it."""
    found = dict.fromkeys(((item.device, item.t_us) for item in entrapments), 0)
    false = 0
    for device, t_fact_us in alarms:
        before = [key for key in found if key[0] == device and key[1] <= t_fact_us]
        if before:
            found[max(before)] += 1
        else:
            false += 1
    doubled = sum(max(0, count - 1) for count in found.values())
    missing = sum(not count for count in found.values())
    return AlarmCount(len(entrapments), len(alarms), doubled, missing, false)
