"""The rounds: something happens, the hub lives on from its files, and dies where it was to die or at random."""

import os
import random
import time
from collections import Counter
from pathlib import Path

from device_profiles.faults import ACTS, COMMITS, DELIVERY
from hub.alarms.kept.reader import NAME
from hub.alarms.transitions import Alarm, Kind
from hub.database import open_database, read_cursor, reading
from hub.journal.journal import Journal
from tests.hub.alarm_crash import verdict
from tests.hub.alarm_crash.city import ENTRAPMENT, SECOND_US, City, deed
from tests.hub.alarm_crash.life import SPEED, Deed, Life
from tests.hub.alarm_crash.office import Mood, Office, Taken
from tests.hub.alarm_crash.verdict import Findings, Verdict
from tests.hub.alarm_crash.zygote import Zygote

CHANGES = (Kind.RAISED, Kind.ACKED, Kind.SHELVED, Kind.ESCALATED, Kind.CLEARED)
RANDOM = "random"
AIMS = (*(f"{point} {kind.value}" for kind in CHANGES for point in COMMITS), *DELIVERY, *ACTS, RANDOM, RANDOM)
_KILLED = -9
_TRIES = 10  # entrapments until there is an alarm of which nobody has taken care
_RANDOM_S = 0.4  # real
_AIMED_S = 2.0  # a point that is not reached by then is not reached in this round
_DRAIN_S = 300.0  # for all that was not told yet, on a machine that does other things too

# a SIGKILL takes nothing from a file in memory that it would not take from one on a disk, and its fsync is free
MEMORY = next((path for path in ("/dev/shm",) if os.access(path, os.W_OK)), None)


class Rounds:
    """One folder of a hub, and who kills it."""

    def __init__(self, folder: Path, *, seed: int) -> None:
        self._folder = folder
        self._chance = random.Random(seed)
        self._city = City(self._chance)
        self._office = Office()
        self._zygote = Zygote(folder / "log")
        self._kills: Counter[str] = Counter(dict.fromkeys(AIMS, 0))
        self._kept: list[str] = []  # notes of acts
        self._gone: list[str] = []
        self._acts = 0
        self._stored = 0  # the alarm reader's cursor

    @property
    def taken(self) -> dict[str, Taken]:
        """What the receivers have taken."""
        return self._office.taken

    def play(self, rounds: int) -> Verdict:
        """Play all rounds, let the hub end its work, and compare."""
        self._office.start()
        try:
            self._city.begin()
            self._write()
            self._live("")  # a hub that has receivers tells what comes from now on
            for number in range(rounds):
                self._round(AIMS[number % len(AIMS)])
            self._office.mood = Mood.WELL
            self._city.pass_time(150)
            self._write()
            self._live("")
            self._live("", drain=True)
            return self._verdict(rounds)
        finally:
            self._zygote.stop()
            self._office.stop()

    def _round(self, aim: str) -> None:
        point, _, change = aim.partition(" ")
        self._office.mood = self._mood(point)
        self._happen(Kind(change) if change else self._chance.choice(CHANGES), point)
        self._write()
        before = self._stored
        if point in (RANDOM, *ACTS):
            killed = self._live("", kill_after_s=self._chance.uniform(0.0, _RANDOM_S))
        else:
            passes = self._chance.randint(1, 4) if point in DELIVERY[:-1] else 1
            killed = self._live(f"{point}:{passes}", kill_after_s=_AIMED_S)
        self._stored = self._cursor()
        if killed and point not in ACTS and self._was_at(point, change, before):
            self._kills[aim] += 1

    def _was_at(self, point: str, change: str, before: int) -> bool:
        """Return whether the change was in the commit before or behind which the hub died."""
        if point == "hub.before_transitions":
            return any(t.kind == change and t.offset > self._stored for t in self._city.made)
        if point == "hub.after_transitions":
            return any(t.kind == change and before < t.offset <= self._stored for t in self._city.made)
        return True

    def _mood(self, point: str) -> Mood:
        if point == "hub.after_word":
            return Mood.WELL if self._desk_is_dead() else Mood.REFUSES
        if point in (*COMMITS, RANDOM):
            return self._chance.choice([Mood.WELL, Mood.WELL, Mood.FAILS, Mood.CUTS])
        return Mood.WELL

    def _desk_is_dead(self) -> bool:
        return any(alarm.subject == "receiver:desk" for alarm in self._city.open_alarms())

    def _happen(self, change: Kind, point: str) -> None:
        """Let some time pass, and then the change happen."""
        city = self._city
        city.pass_time(self._chance.randint(1, 12))
        if self._chance.random() < 0.5:
            city.busy()
            city.pass_time(4)
        if change is Kind.RAISED or not city.trapped or point == "hub.after_word":
            city.trap()
        elif change is Kind.CLEARED:
            city.release(min(city.trapped, key=lambda lift: city.trapped[lift]))
        elif change is Kind.ESCALATED:
            self._escalate()
        self._write()
        if change in (Kind.ACKED, Kind.SHELVED) or point in ACTS:
            self._act(change, point)

    def _escalate(self) -> None:
        """Let the next step of somebody's ladder fall due, of a new alarm if there is no other."""
        before = len(self._city.made)
        self._city.pass_time(40)
        self._write()
        if not any(each.kind is Kind.ESCALATED for each in self._city.made[before:]):
            self._city.trap()
            self._city.pass_time(4)

    def _act(self, change: Kind, point: str) -> None:
        shelving = change is Kind.SHELVED
        alarm = self._meant(acknowledged=False, shelved=False)
        fault = f"{point}:1" if point in ACTS else ""
        self._do("shelve" if shelving else "ack", alarm, actor="li", fault=fault)
        if shelving and alarm.severity == "life":
            self._do("shelve", alarm, actor="wang", fault="")
        if self._chance.random() < 0.2:
            self._do("arrive", alarm, actor="zhao", fault="")

    def _meant(self, **flags: bool) -> Alarm:
        """Return an open alarm with such flags; of an entrapment that is made for it, when there is none."""
        for _ in range(_TRIES):
            found = [
                alarm
                for alarm in self._city.open_alarms()
                if alarm.rule == ENTRAPMENT and all(getattr(alarm, name) is value for name, value in flags.items())
            ]
            if found:
                return self._chance.choice(found)
            self._city.pass_time(4)  # a lift's alarms are shelved for a while, also the next one
            self._city.trap()
            self._write()
        raise AssertionError("a new entrapment raised no alarm")

    def _do(self, act: str, alarm: Alarm, *, actor: str, fault: str) -> None:
        """Act by a process of its own; who is cut off sees no answer, and looks before acting again."""
        self._acts += 1
        note = f"act {self._acts}"
        self._city.now_us += SECOND_US
        job = Deed(str(self._folder), deed(act, alarm, actor=actor, note=note), self._city.now_us, fault)
        code = self._zygote.run(job, kill_after_s=_DRAIN_S)
        if code not in (0, _KILLED) or (code == 0) is bool(fault):
            raise AssertionError(f"an act ended with {code}: {self._log()}")
        if fault:
            self._kills[fault.partition(":")[0]] += 1
        if fault.startswith("hub.before_act"):
            self._gone.append(note)
            self._do(act, alarm, actor=actor, fault="")
        else:
            self._kept.append(note)

    def _live(self, fault: str, *, kill_after_s: float = _DRAIN_S, drain: bool = False) -> bool:
        """Let the hub live; return whether it was killed."""
        self._city.now_us += 600 * SECOND_US if drain else SECOND_US
        life = Life(str(self._folder), self._office.toml(), self._city.now_us, fault, drain)
        began_us = _real_us()
        code = self._zygote.run(life, kill_after_s=kill_after_s)
        self._city.now_us += round((_real_us() - began_us) * SPEED)
        if code not in (0, _KILLED) or (code == _KILLED and kill_after_s == _DRAIN_S):
            raise AssertionError(f"the hub ended with {code}: {self._log()}")
        return code == _KILLED

    def _write(self) -> None:
        journal = Journal.open(self._folder / "journal.db", reserve_bytes=0)
        try:
            self._city.write(journal)
        finally:
            journal.close()

    def _cursor(self) -> int:
        engine = open_database(self._folder / "hub.db")
        try:
            with reading(engine).connect() as connection:
                return read_cursor(connection, NAME)
        finally:
            engine.dispose()

    def _log(self) -> str:
        return (self._folder / "log").read_text(encoding="utf-8")[-2_000:]

    def _verdict(self, rounds: int) -> Verdict:
        journal, engine = (
            Journal.open(self._folder / "journal.db", reserve_bytes=0),
            open_database(self._folder / "hub.db"),
        )
        found, taken = Findings(), self._office.taken
        try:
            records, made = verdict.undisturbed(journal)
            verdict.compare_stored(engine, made, found)
        finally:
            engine.dispose()
            journal.close()
        verdict.compare_deeds(records, self._kept, self._gone, found)
        verdict.compare_story(made, self._city.entrapments, found)
        verdict.compare_told(made, taken, found)
        return Verdict(
            rounds=rounds,
            kills=dict(self._kills),
            records=len(records),
            transitions=len(made),
            alarms=len({each.alarm.id for each in made}),
            entrapments=self._city.entrapments,
            acts=len(self._kept),
            steps=sum(each.kind is Kind.ESCALATED for each in made),
            notices=sum(len(each.bodies) for each in taken.values()),
            again=sum(each.again for each in taken.values()),
            lost=len(found.lost),
            doubled=len(found.doubled),
            wrong=len(found.wrong),
            findings=found.first,
        )


def _real_us() -> int:
    return time.monotonic_ns() // 1_000
