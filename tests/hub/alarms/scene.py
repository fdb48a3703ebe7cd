"""A scene of records made by hand: a manhole cover, which the code has never heard of, and a lift."""

import hashlib

import msgspec

from device_profiles.profile import BUILT_IN
from device_profiles.wire import (
    Binding,
    ClockState,
    ClockStep,
    Event,
    Fact,
    Heartbeat,
    Lane,
    Pack,
    Reading,
    Severity,
    Status,
    Value,
    encode,
)
from hub.alarms.engine import fold
from hub.alarms.state import State
from hub.alarms.transitions import Alarm, Transition
from hub.journal.records import Record, tick_row

T0_US = 1_763_600_000_000_000
AREA = "hz/xiacheng/chaoming"
AGENT = f"{AREA}/a-1"
COVER = f"{AREA}/cover-1"
LIFT = f"{AREA}/lift-7"

MANHOLE = """
kind = "manhole_cover"
title = "Manhole cover"

[liveness]
silent_after = "15s"
severity = "minor"

[values.tilt_deg]
type = "float"
description = "angle to the horizontal"

[values.water_level_m]
type = "float"
description = "water in the well"

[events."cover.opened"]
severity = "major"
description = "the contact has opened"

[events."cover.shut"]
severity = "info"
description = "the contact has closed"

[[alarms]]
rule = "cover.tilted"
severity = "major"
title = "Manhole cover tilted"
when = "tilt_deg >= 10"
for = "2s"
clear_when = "tilt_deg < 5"
clear = "3s"

[[alarms]]
rule = "cover.flooded"
severity = "critical"
title = "Well is flooded"
when = "water_level_m > 1 or tilt_deg > 80"
for = "20s"

[[alarms]]
rule = "cover.gone"
severity = "critical"
title = "Manhole cover gone"
when = "tilt_deg >= 60"
latch = true

[[alarms]]
rule = "cover.open"
severity = "major"
title = "Manhole cover opened"
on = "cover.opened"
until = ["cover.shut"]
"""
WELL = """
kind = "well_level"
title = "Water level of a well"

[liveness]
silent_after = "15s"

[values.water_m]
type = "float"
description = "water in the well"

[events."person.reported_hole"]
severity = "critical"
description = "somebody called about a hole in the road"

[[alarms]]
rule = "road.collapse"
severity = "life"
title = "Road is collapsing"
subject = "asset"
need = 2
within = "10s"
latch = true

[alarms.keys]
cover = { kind = "manhole_cover", when = "tilt_deg >= 10" }
water = { kind = "well_level", when = "water_m > 2" }
report = { on = "person.reported_hole" }

[[alarms]]
rule = "road.wet"
severity = "minor"
title = "Water under the road"
subject = "asset"
need = 2
within = "4s"
clear = "3s"

[alarms.keys]
cover = { kind = "manhole_cover", when = "tilt_deg >= 1" }
water = { kind = "well_level", when = "water_m > 1" }
"""
LIFT_TEXT = (BUILT_IN / "lift_terminal.toml").read_text(encoding="utf-8")
TEXTS = {"manhole_cover": MANHOLE, "lift_terminal": LIFT_TEXT}
KEYED = TEXTS | {"well_level": WELL}
ROAD = "asset:road-1"
ON_ROAD = (Binding("cover-1", "manhole_cover", "road-1"),)
IN_ROAD = (Binding("well-1", "well_level", "road-1"), Binding("well-2", "well_level", "road-1"))
BOUND = (Binding("cover-1", "manhole_cover", "asset-1"), Binding("lift-7", "lift_terminal", "asset-7"))


def us(at_s: float) -> int:
    """Return seconds of a scene as microseconds since 1970."""
    return T0_US + round(at_s * 1_000_000)


class Scene:
    """Makes records one after the other, folds each at once and keeps what follows."""

    def __init__(self, *, born: bool = True, texts: dict[str, str] | None = None) -> None:
        """``born``: the agent's birth, with a cover and a lift, was received at 0 s."""
        self.state = State()
        self.records: list[Record] = []
        self.made: list[Transition] = []
        self.seqs: dict[tuple[str, int, str], int] = {}
        self.text(TEXTS if texts is None else texts)
        if born:
            self.birth(at_s=0)

    @property
    def offset(self) -> int:
        """The offset of the next record."""
        return len(self.records) + 1

    def record(self, kind: str, at_s: float, body: bytes, **fields: object) -> list[Transition]:
        """Fold one more record and return what follows."""
        base = {"agent": "", "epoch": 0, "lane": "", "seq": None}
        record = msgspec.convert(
            base | {"offset": len(self.records) + 1, "received_us": us(at_s), "kind": kind, "body": body} | fields,
            Record,
        )
        self.records.append(record)
        made = fold(self.state, record)
        self.made += made
        return made

    def pack(
        self,
        *facts: Fact,
        at_s: float,
        lane: Lane = "reading",
        agent: str = "a-1",
        epoch: int = 7,
        seq: int | None = 0,
        boot: str | None = None,
        sent_s: float | None = None,
        resent_in: int | None = None,
        clock: ClockState | None = None,
    ) -> list[Transition]:
        """Fold a pack that is received at ``at_s``; ``seq`` 0 is the next one, None a will."""
        if seq == 0:
            seq = self.seqs[agent, epoch, lane] = self.seqs.get((agent, epoch, lane), 0) + 1
        sent_us = us(at_s if sent_s is None else sent_s)
        pack = Pack(
            1, agent, epoch, lane, sent_us, facts, seq, boot or f"b{epoch}", resent_in, clock=clock or ClockState()
        )
        return self.record("pack", at_s, encode(pack), agent=f"{AREA}/{agent}", epoch=epoch, lane=lane, seq=seq)

    def birth(
        self,
        *,
        at_s: float,
        devices: tuple[Binding, ...] = BOUND,
        epoch: int = 7,
        agent: str = "a-1",
        boot: str | None = None,
    ) -> list[Transition]:
        """Fold a birth."""
        status = Status(us(at_s), epoch, True, devices=devices)
        return self.pack(status, at_s=at_s, lane="status", epoch=epoch, agent=agent, boot=boot)

    def will(self, *, at_s: float, epoch: int = 7) -> list[Transition]:
        """Fold a will, which was written when the session began."""
        return self.pack(Status(us(0), epoch, False), at_s=at_s, lane="status", epoch=epoch, seq=None, sent_s=0)

    def cover(
        self, at_s: float, *, got_s: float | None = None, lane: Lane = "reading", **values: Value
    ) -> list[Transition]:
        """Fold a reading of the cover made at ``at_s`` and received at once, or at ``got_s``."""
        reading = Reading("cover-1", us(at_s), dict(values))
        return self.pack(reading, at_s=at_s if got_s is None else got_s, lane=lane)

    def beat(self, at_s: float, *devices: str, got_s: float | None = None) -> list[Transition]:
        """Fold a heartbeat that names the devices, by default the cover."""
        seen = {device: us(at_s) for device in devices or ("cover-1",)}
        return self.pack(Heartbeat(us(at_s), seen), at_s=at_s if got_s is None else got_s)

    def well(
        self, at_s: float, water_m: Value, *, device: str = "well-1", got_s: float | None = None
    ) -> list[Transition]:
        """Fold a reading of a well, which another agent sends."""
        reading = Reading(device, us(at_s), {"water_m": water_m})
        return self.pack(reading, at_s=at_s if got_s is None else got_s, agent="a-2")

    def event(
        self,
        kind: str,
        at_s: float,
        *,
        device: str = "lift-7",
        got_s: float | None = None,
        severity: Severity = "life",
        epoch: int = 7,
        lane: Lane = "event",
        agent: str = "a-1",
    ) -> list[Transition]:
        """Fold an event made at ``at_s`` and received at once, or at ``got_s``."""
        event = Event(device, us(at_s), kind, severity)
        return self.pack(event, at_s=at_s if got_s is None else got_s, lane=lane, epoch=epoch, agent=agent)

    def step(self, at_s: float, step_s: float, *, got_s: float) -> list[Transition]:
        """Fold the word that the clock was set to ``at_s``, by ``step_s``."""
        return self.pack(ClockStep(us(at_s), round(step_s * 1_000_000)), at_s=got_s, sent_s=at_s)

    def tick(self, at_s: float, *, clock: str = "ntp") -> list[Transition]:
        """Fold a tick of a hub whose clock ``clock`` keeps."""
        return self.record("tick", at_s, tick_row(us(at_s), clock=clock).body)

    def ticks(self, first_s: int, last_s: int, *, clock: str = "ntp") -> list[Transition]:
        """Fold a tick a second, both ends included."""
        return [made for at_s in range(first_s, last_s + 1) for made in self.tick(at_s, clock=clock)]

    def text(self, texts: dict[str, str], *, at_s: float = 0, policy: str = "") -> list[Transition]:
        """Fold the rule texts in force."""
        body = {k: {"digest": hashlib.sha256(t.encode()).hexdigest(), "text": t} for k, t in texts.items()}
        return self.record("text", at_s, msgspec.json.encode({"profiles": body, "policy": policy}))

    def act(
        self, act: str, *, at_s: float, rule: str = "", subject: str = COVER, actor: str = "li", **more: object
    ) -> list[Transition]:
        """Fold what a person did; ``more`` are further keys of the act."""
        body = {"actor": actor, "act": act, "rule": rule, "subject": subject, "reason": "seen"} | more
        return self.record("act", at_s, msgspec.json.encode(body))

    def alarm(self, rule: str, subject: str = COVER) -> Alarm | None:
        """Return the open alarm."""
        return self.state.open_alarm(rule, subject)

    def now_s(self, subject: str = COVER) -> float | None:
        """Return now(d) in seconds of the scene."""
        now_us = self.state.devices[subject].now_us
        return None if now_us is None else (now_us - T0_US) / 1e6


def said(made: list[Transition]) -> list[tuple[str, str, float]]:
    """Return (kind, rule, t_fact in seconds) of each transition."""
    return [(t.kind.value, t.alarm.rule, (t.t_fact_us - T0_US) / 1e6) for t in made]
