"""The desk: every sample passes it and becomes readings, events and heartbeats, in the order that keeps them true."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from device_profiles.clock import Clock
from device_profiles.profile import Profile
from device_profiles.wire import ClockStep, Event, Fact, Heartbeat, Lane, Reading, Value
from edge_agent.config import LoadedConfig
from edge_agent.judge import Judge
from edge_agent.judge.finding import Finding
from edge_agent.sample import Sample
from edge_agent.steps import ClockWatch
from edge_agent.suspense import Suspense
from edge_agent.worth import Values

logger = logging.getLogger(__name__)

BEAT_S = 1.0  # city; while a device has something pending
CALM_BEATS = 5  # beats from one heartbeat to the next otherwise


class Keeper(Protocol):
    """Where the facts go."""

    gaps: int  # how often readings were lost on the way or sent aside
    forgotten: int  # how often the hub had lost what it had taken

    def put(self, facts: Mapping[Lane, Sequence[Fact]], *, states: Mapping[str, bytes] | None = None) -> None:
        """Keep facts and states, in one transaction."""

    def reading_lane(self) -> Lane:
        """Return the lane for new readings."""


class Desk:
    """Runs on the event loop. A heartbeat says "unchanged" only of readings that went the same way before it."""

    def __init__(self, loaded: LoadedConfig, keeper: Keeper, *, states: Mapping[str, bytes], clock: Clock) -> None:
        """``states`` are the judges' states as stored."""
        self.unknown_samples = 0  # of devices that no config names
        self._keeper = keeper
        self._clock = clock
        self._watch = ClockWatch(clock)
        self._gaps = keeper.gaps
        self._forgotten = keeper.forgotten
        self._seen: dict[str, int] = {}  # device → last good poll since the last heartbeat
        self._beats = 0
        self._desks = {
            one.device: DeviceDesk(
                one.device,
                loaded.profiles[one.profile],
                loaded.judges.get(one.profile),
                stored=states.get(one.device),
            )
            for one in loaded.bindings
        }

    def take(self, sample: Sample) -> None:
        """Take in one poll. Its facts are put before this returns, so a heartbeat never runs ahead of them."""
        desk = self._desks.get(sample.device)
        if desk is None:
            self.unknown_samples += 1
            return
        if not (sample.ok or sample.findings or sample.state):
            return  # no word of "seen": the hub notices the silence; values hold until then (ALARMS.md, 4)
        self._notice_step()
        if sample.late:
            self._keeper.put({"backlog": [Reading(sample.device, sample.t_us, sample.values)]})
            return
        lane = self._lane()
        reading, events, state = desk.take(sample)
        facts: dict[Lane, list[Fact]] = {}
        if reading is not None:
            facts[lane] = [reading]
        if events:
            facts["event"] = list(events)
        if facts or state:
            self._keeper.put(facts, states=state)
        if sample.ok:
            self._seen[sample.device] = sample.t_us

    async def beat_loop(self) -> None:
        """Put a heartbeat every 5 s, every 1 s while something is pending."""
        while True:
            await self._clock.sleep(BEAT_S)
            self.beat()

    def beat(self) -> None:
        """Put a heartbeat if it is due."""
        self._notice_step()
        self._beats += 1
        if not self._seen or not (self._beats >= CALM_BEATS or any(desk.pending for desk in self._desks.values())):
            return
        if self._lane() == "reading":  # aside, readings are late: "unchanged" would not be true for the hub
            self._keeper.put({"reading": [Heartbeat(self._clock.wall_us(), self._seen)]})
        self._seen, self._beats = {}, 0

    def _lane(self) -> Lane:
        """Return the lane for readings; whenever some went astray, everything is said anew."""
        if self._keeper.forgotten != self._forgotten:
            self._forgotten = self._keeper.forgotten
            self._keeper.put({"event": [event for desk in self._desks.values() for event in desk.standing()]})
        lane = self._keeper.reading_lane()
        if self._keeper.gaps != self._gaps:
            self._gaps = self._keeper.gaps
            self._seen = {}
            for desk in self._desks.values():
                desk.values.forget_said()
        return lane

    def _notice_step(self) -> None:
        step_us = self._watch.step_us()
        if not step_us:
            return
        logger.warning("the clock was set by %.3f s", step_us / 1e6)
        self._keeper.put({"reading": [ClockStep(self._clock.wall_us(), step_us)]})
        self._seen = {device: t_us + step_us for device, t_us in self._seen.items()}
        for desk in self._desks.values():
            desk.shift(step_us)


class DeviceDesk:
    """What the desk knows of one device."""

    def __init__(self, device: str, profile: Profile, judge: Judge | None, *, stored: bytes | None) -> None:
        self.device = device
        self.values = Values(profile.spec)
        self._spec = profile.spec
        self._judge = judge
        self._state: Any = None if judge is None else _restore(device, judge, stored)
        self._suspense = Suspense(profile.spec)
        self._standing: dict[str, Event] = {}  # alarm rule → the event that opened it, until one that clears it
        self._t_us = 0  # of the last sample

    @property
    def pending(self) -> bool:
        """Whether a timer runs, here or at the hub."""
        judged = self._judge is not None and self._judge.pending(self._state)
        return judged or self._suspense.pending(self._t_us)

    def take(self, sample: Sample) -> tuple[Reading | None, tuple[Event, ...], dict[str, bytes]]:
        """Return what a poll is worth saying, what it makes happen, and the judge's state if it is to be kept."""
        told = tuple(self._event(finding) for finding in sample.findings)
        kept = {self.device: sample.state} if sample.state else {}
        if not sample.ok:
            return None, told, kept
        self._t_us = max(self._t_us, sample.t_us)
        worth = self.values.take(sample.values, sample.t_us)
        self._suspense.take(self.values.now, sample.t_us)
        if self._judge is None or not self.values.ripe(sample.t_us):
            return self._reading(sample.t_us, worth), told, kept
        before = self._judge.phase(self._state)
        self._state, findings = self._judge.judge(self._state, self.values.now, sample.t_us)
        if said := self._judge.says(self._state):
            worth |= self.values.take(said, sample.t_us)
        keep = bool(findings) or self._judge.phase(self._state) != before
        state = {self.device: msgspec.json.encode(self._state)} if keep else {}
        found = tuple(self._event(finding) for finding in findings)
        return self._reading(sample.t_us, worth), (*told, *found), kept | state

    def _reading(self, t_us: int, worth: dict[str, Value]) -> Reading | None:
        return Reading(self.device, t_us, worth) if worth else None

    def shift(self, step_us: int) -> None:
        """Move all times: the clock was set. What was said by a wrong clock may not have been believed."""
        self.values.shift(step_us)
        self.values.forget_said()
        self._t_us += step_us
        if self._judge is not None:
            self._state = self._judge.shift(self._state, step_us)

    def standing(self) -> list[Event]:
        """Return, as of now, the events of this run that no other has ended; for a hub that has forgotten them."""
        events = {event.kind: event for event in self._standing.values()}.values()
        return [
            msgspec.structs.replace(event, t_us=max(event.t_us, self._t_us), data={**event.data, "again": True})
            for event in events
        ]

    def _event(self, finding: Finding) -> Event:
        logger.info("%s: %s (%s)", self.device, finding.kind, finding.data.get("reason"))
        severity = self._spec.events[finding.kind].severity
        event = Event(self.device, finding.t_us, finding.kind, severity, finding.data)
        for rule in self._spec.alarms:
            if event.kind in rule.until:
                self._standing.pop(rule.rule, None)
            if event.kind == rule.on and rule.until:
                self._standing[rule.rule] = event
        return event


def _restore(device: str, judge: Judge, stored: bytes | None) -> Any:
    if stored is None:
        return judge.state()
    try:
        return msgspec.json.decode(stored, type=judge.state)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        logger.error("%s: the judge's stored state cannot be read and begins anew: %s", device, error)
        return judge.state()
