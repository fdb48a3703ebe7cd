"""What happens in the city between two deaths: people in lifts, covers, ticks, and people who act."""

import random

import msgspec

from device_profiles.wire import Binding, Event, Fact, Heartbeat, Lane, Pack, Reading, Status, encode
from hub.alarms.engine import fold
from hub.alarms.state import State
from hub.alarms.transitions import Alarm, Transition
from hub.journal.journal import Journal
from hub.journal.records import Act, NewRecord, tick_row
from tests.hub.alarms.scene import AGENT, T0_US, TEXTS

SECOND_US = 1_000_000
LIFTS = tuple(f"lift-{number}" for number in range(1, 5))
COVERS = ("cover-1", "cover-2")
BOUND = tuple(
    Binding(name, "lift_terminal" if name in LIFTS else "manhole_cover", f"asset-{name}") for name in (*LIFTS, *COVERS)
)
RULES = TEXTS | {"lift_terminal": TEXTS["lift_terminal"].replace('remind = "60s"', 'remind = "5m"')}
ENTRAPMENT = "lift.entrapment"
STEPS = (("L1", 0), ("L2", 60), ("L3", 120))  # level, seconds after the alarm
POLICY = """
lease = "90s"
shelving = { longest = "1h", second_within = "10m" }
[[ladders]]
name = "lift"
rules = ["lift.entrapment"]
steps = [
  { level = "L1", to = ["centre"], after = "0s" },
  { level = "L2", to = ["grid"], after = "60s", unless = "arrived" },
  { level = "L3", to = ["fire"], after = "2m", unless = "arrived" },
]
"""
BEAT_S = 10
TICK_S = 2  # seconds between two ticks: what a tick does it does whenever it comes


class City:
    """Writes the journal from beside the hub, and folds it undisturbed."""

    def __init__(self, chance: random.Random) -> None:
        self.now_us = T0_US
        self.state = State()
        self.made: list[Transition] = []  # of the undisturbed fold
        self.trapped: dict[str, int] = {}  # lift → since when
        self.entrapments = 0
        self._chance = chance
        self._offset = 0  # up to which it is folded
        self._seqs = {"event": 0, "reading": 0, "status": 0}
        self._rows: list[NewRecord] = []

    def begin(self) -> None:
        """Write the rules and the birth of the agent."""
        body = {kind: {"digest": kind, "text": text} for kind, text in RULES.items()}
        self._rows.append(NewRecord(self.now_us, "text", msgspec.json.encode({"profiles": body, "policy": POLICY})))
        self._pack(Status(self.now_us, 7, True, devices=BOUND), lane="status")
        self.pass_time(2)

    def pass_time(self, seconds: int) -> None:
        """Let ticks and heartbeats come."""
        for second in range(0, seconds, TICK_S):
            self.now_us += TICK_S * SECOND_US
            if second % BEAT_S == 0:
                self._pack(Heartbeat(self.now_us, {each.device: self.now_us for each in BOUND}))
            self._rows.append(tick_row(self.now_us, clock="ntp"))

    def trap(self) -> None:
        """Somebody is trapped in a lift, if there is one that runs; else somebody is freed first."""
        free = [lift for lift in LIFTS if lift not in self.trapped]
        if not free:
            free = [self.release(min(self.trapped, key=lambda lift: self.trapped[lift]))]
        lift = self._chance.choice(free)
        self.now_us += SECOND_US
        self.trapped[lift] = self.now_us
        self.entrapments += 1
        self._pack(Event(lift, self.now_us, "lift.stuck_occupied", "life"), lane="event")

    def release(self, lift: str) -> str:
        """Whoever is in a lift is freed."""
        self.now_us += SECOND_US
        del self.trapped[lift]
        self._pack(Event(lift, self.now_us, "lift.released", "info"), lane="event")
        return lift

    def busy(self) -> None:
        """A cover moves, or its contact opens and shuts."""
        cover, moved = self._chance.choice(COVERS), self._chance.random() < 0.6
        self.now_us += SECOND_US
        if moved:
            self._pack(Reading(cover, self.now_us, {"tilt_deg": self._chance.choice([0, 12, 65])}))
        else:
            kind = self._chance.choice(["cover.opened", "cover.shut"])
            self._pack(Event(cover, self.now_us, kind, "major"), lane="event")

    def write(self, journal: Journal) -> None:
        """Put all this into the journal, and fold what there is."""
        journal.append(self._rows)
        self._rows = []
        while records := journal.read(self._offset, 500):
            for record in records:
                self.made += fold(self.state, record)
                self.now_us = max(self.now_us, record.received_us)
            self._offset = records[-1].offset
            self.state.forget_dirty()
            self.state.take_refused()

    def open_alarms(self) -> list[Alarm]:
        """Return what is open, oldest first."""
        found = [o.alarm for rules in self.state.occurrences.values() for o in rules.values() if o.open]
        return sorted((alarm for alarm in found if alarm is not None), key=lambda alarm: alarm.t_raised_us)

    def _pack(self, fact: Fact, *, lane: Lane = "reading") -> None:
        self._seqs[lane] += 1
        pack = Pack(1, "a-1", 7, lane, self.now_us, (fact,), self._seqs[lane], "b7")
        self._rows.append(NewRecord(self.now_us, "pack", encode(pack), AGENT, 7, lane, pack.seq))


def deed(act: str, alarm: Alarm, *, actor: str, note: str) -> Act:
    """Return what a person does about an alarm."""
    because, for_us = ("test", 40 * SECOND_US) if act == "shelve" else (None, None)
    return Act(actor, act, "", "", note, alarm.id, because, for_us)
