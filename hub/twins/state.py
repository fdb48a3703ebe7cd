"""Fold the journal into the last known state of each device; latest is the greatest observed time."""

from collections.abc import Iterable, Sequence

import msgspec

from device_profiles.errors import WireError
from device_profiles.topics import area_of
from device_profiles.wire import ClockState, ClockStep, Event, Heartbeat, Pack, Reading, Status, Value
from hub.admission import Admission, admit_facts
from hub.journal.records import Record, pack_of
from hub.twins.last import Last

MAX_TWINS = 100_000  # a city hub serves some 10,000 devices; what comes above is not kept, an agent may invent names
MAX_VALUES = 512  # of one device: twice what one reading may carry


class Held(msgspec.Struct, gc=False, frozen=True):
    """A value that is held until a later one was observed."""

    value: Value
    t_us: int  # when it was observed
    epoch: int
    seq: int


class Twin(msgspec.Struct):
    """What is known of one device."""

    subject: str  # <area>/<device>
    agent: str = ""  # <area>/<agent> that spoke for it last
    profile: str = ""
    asset: str = ""
    seen_us: int = 0  # its last sign of life, on the agent's clock; 0 is never
    watermark_us: int = 0  # now(d): what the reading lane has told of it is known up to here; what comes before is late
    event: str = ""  # kind of its last event
    event_us: int = 0
    values: dict[str, Held] = {}


class AgentState(msgspec.Struct):
    """What is known of one agent's session."""

    agent: str  # <area>/<agent>
    epoch: int = 0
    online: bool = False
    since_us: int = 0  # city time at which the hub took the last change of online
    version: str = ""
    clock: ClockState = ClockState()  # what it says of its own clock
    outbox: dict[str, int] = {}  # lane → packs that wait there, by its last status
    counts: dict[str, int] = {}  # what it counted since its start, by its last status
    evidence: str = ""  # URL at which it hands out evidence, by its last birth
    delay_us: int = 0  # between its word for when it sent the newest pack and the hub's for when that came


class TwinState(msgspec.Struct):
    """All twins and agents; a fold over the journal's records."""

    twins: dict[str, Twin] = {}
    agents: dict[str, AgentState] = {}

    def take_all(self, records: Sequence[Record]) -> tuple[set[str], set[str]]:
        """Fold records in; of readings of one device that follow each other only the last one is looked at."""
        subjects: set[str] = set()
        agents: set[str] = set()
        last = Last()
        for record in records:
            if record.kind != "pack" or last.take(record):
                continue
            subjects.update(self._speak(last))
            for found, changed in zip((subjects, agents), self.take(record), strict=True):
                found |= changed
        subjects.update(self._speak(last))
        return subjects, agents

    def _speak(self, last: Last) -> Iterable[str]:
        for fact, pack, agent in last.readings():
            yield self._read(fact, pack, agent)
        for pack, record in last.packs():
            self._set_clock(pack, record)

    def take(self, record: Record) -> tuple[set[str], set[str]]:
        """Fold one record in; return the subjects and the agents that have changed."""
        if record.kind != "pack":
            return set(), set()
        try:
            pack = pack_of(record)
        except WireError:  # written by another version; the archive's reader logs it
            return set(), set()
        subjects: set[str] = set()
        changed: set[str] = set()
        for fact, admission in admit_facts(pack, received_us=record.received_us):
            if admission is Admission.FUTURE:
                continue
            match fact:
                case Reading():
                    subjects.add(self._read(fact, pack, record.agent))
                case Event():
                    subjects.add(self._happen(fact, record.agent))
                case Heartbeat():
                    subjects.update(self._live(fact, pack, record.agent))
                case ClockStep():
                    subjects.update(self._step(fact, record.agent))
                case Status():
                    changed.add(record.agent)
                    subjects.update(self._session(fact, record))
        if pack.seq is not None:
            self._set_clock(pack, record)
        return subjects, changed

    def _twin(self, agent: str, device: str) -> Twin:
        subject = f"{area_of(agent)}/{device}"
        twin = self.twins.get(subject) or Twin(subject, agent=agent)
        if len(self.twins) < MAX_TWINS:
            self.twins[subject] = twin
        return twin

    def _read(self, reading: Reading, pack: Pack, agent: str) -> str:
        twin = self._twin(agent, reading.device)
        _move(twin, agent, t_us=reading.t_us)
        held, one_agent = twin.values, twin.agent == agent
        epoch, seq, t_us = pack.epoch, pack.seq or 0, reading.t_us
        for name, value in reading.values.items():
            new = Held(value, t_us, epoch, seq)
            old = held.get(name)
            if old is None and len(held) >= MAX_VALUES:
                continue
            if old is None or (old.epoch == epoch and old.t_us < t_us) or _replaces(new, old, one_agent=one_agent):
                held[name] = new
        _see(twin, pack, t_us=reading.t_us)
        return twin.subject

    def _happen(self, event: Event, agent: str) -> str:
        twin = self._twin(agent, event.device)
        if event.t_us >= twin.event_us:
            twin.event, twin.event_us = event.kind, event.t_us
        return twin.subject

    def _live(self, heartbeat: Heartbeat, pack: Pack, agent: str) -> Iterable[str]:
        for device, seen_us in heartbeat.seen_us.items():
            twin = self._twin(agent, device)
            _move(twin, agent, t_us=seen_us)
            _see(twin, pack, t_us=seen_us)
            yield twin.subject

    def _step(self, step: ClockStep, agent: str) -> Iterable[str]:
        if step.step_us < 0:
            yield from self._hold_back(agent, t_us=step.t_us)

    def _hold_back(self, agent: str, *, t_us: int) -> Iterable[str]:
        """Bring what was observed on a clock that stood ahead down to the new clock (ALARMS.md 13)."""
        for twin in self.twins.values():
            if twin.agent == agent and twin.seen_us > t_us:
                _lower(twin, t_us=t_us)
                yield twin.subject

    def _set_clock(self, pack: Pack, record: Record) -> None:
        """Keep what the pack says of its agent's clock; stored with the next status, for it changes with each pack."""
        state = self.agents.get(record.agent)
        if state is not None:
            state.clock, state.delay_us = pack.clock, record.received_us - pack.sent_us

    def _session(self, status: Status, record: Record) -> Iterable[str]:
        state = self.agents.setdefault(record.agent, AgentState(record.agent))
        if status.epoch < state.epoch:
            return  # the will or the birth of a session that is over
        if status.epoch > state.epoch or status.online is not state.online:
            state.since_us = record.received_us
        if status.epoch > state.epoch > 0:
            yield from self._hold_back(record.agent, t_us=status.t_us)
        state.epoch, state.online = status.epoch, status.online
        state.version = status.version or state.version
        state.evidence = status.evidence if status.version else state.evidence  # a will has none
        state.outbox, state.counts = status.outbox or state.outbox, status.counts or state.counts  # a will has none
        for binding in status.devices:
            twin = self._twin(record.agent, binding.device)
            _move(twin, record.agent, t_us=twin.seen_us)
            twin.profile, twin.asset = binding.profile, binding.asset
            yield twin.subject


def _replaces(new: Held, old: Held, *, one_agent: bool) -> bool:
    """Return whether ``new`` is the latest: by session, whose clocks may differ, then by observed time, then by seq."""
    if one_agent and new.epoch != old.epoch and old.epoch:
        return new.epoch > old.epoch
    return (new.t_us, new.seq) >= (old.t_us, old.seq)


def _move(twin: Twin, agent: str, *, t_us: int) -> None:
    """Let ``agent`` speak for the twin from ``t_us`` on, unless the other one has spoken since."""
    if twin.agent == agent or t_us < twin.seen_us:
        return
    twin.agent = agent
    twin.values = {name: Held(old.value, old.t_us, 0, 0) for name, old in twin.values.items()}


def _see(twin: Twin, pack: Pack, *, t_us: int) -> None:
    twin.seen_us = max(twin.seen_us, t_us)
    if pack.lane == "reading":
        twin.watermark_us = max(twin.watermark_us, t_us)


def _lower(twin: Twin, *, t_us: int) -> None:
    twin.seen_us, twin.watermark_us = min(twin.seen_us, t_us), min(twin.watermark_us, t_us)
    twin.values = {name: Held(old.value, min(old.t_us, t_us), old.epoch, old.seq) for name, old in twin.values.items()}
