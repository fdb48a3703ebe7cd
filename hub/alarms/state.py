"""Everything the engine knows, and which rows of it have changed."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from hub.alarms.city.places import Places, Spot
from hub.alarms.city.policy import Policy
from hub.alarms.rows import AgentState, AssetState, DeviceState, HubState, Occurrence, ReportState, asset_key
from hub.alarms.rulebook.rules import RuleBook, RuleSet, RuleTexts
from hub.alarms.transitions import Alarm, Refused

MAX_UNBOUND = 10_000  # devices without a birth whose values are kept: the rest is refused and counted
MAX_REPORTS = 256  # of people that may still be keys; the oldest goes first, as long as its case stands
MAX_REFUSED = 1_000  # outcomes kept for the log; the counts are exact all the same


class State:
    """Everything the engine knows. ``dirty`` names the rows that changed since ``forget_dirty``."""

    def __init__(self) -> None:
        self.hub = HubState()
        self.book = RuleBook(RuleTexts())
        self.devices: dict[str, DeviceState] = {}
        self.agents: dict[str, AgentState] = {}
        self.assets: dict[str, AssetState] = {}  # by subject
        self.members: dict[str, set[str]] = {}  # asset → keys of the devices bound to it
        self.reports: dict[str, ReportState] = {}  # by key, the oldest first
        self.places = Places()  # of devices and reports
        self.spoken: dict[str, set[tuple[str, str]]] = {}  # device → (rule, subject) of open alarms it is a key of
        self.ended: dict[str, set[tuple[str, str]]] = {}  # the same of alarms that have ended, or were opened again
        self.occurrences: dict[str, dict[str, Occurrence]] = {}  # subject → rule
        self.reminding: dict[tuple[str, str], Occurrence] = {}  # (rule, subject) → nobody has acknowledged it
        self.timed: dict[tuple[str, str], Occurrence] = {}  # (rule, subject) → the ticks have something to look after
        self.open_rules: dict[str, set[str]] = {}  # rule → subjects on which it is open
        self.dirty: dict[str, None] = {}
        self.refused: list[Refused] = []  # since the reader took them, at most MAX_REFUSED
        self.unbound = 0  # devices without a birth

    def rules_of(self, device: DeviceState) -> RuleSet | None:
        """Return the rules in force for a device; None without a birth or a profile that the hub knows."""
        return self.book.of_kind(device.profile) if device.profile else None

    def asset(self, asset: str, *, area: str) -> AssetState:
        """Return the state of an asset, a new one in ``area`` when there is none."""
        found = self.assets.setdefault(asset_key(asset), AssetState(area, asset))
        self.touch(found)
        return found

    def asset_of(self, device: DeviceState) -> AssetState | None:
        """Return the state of the asset that a device is bound to; None when it was never alarming."""
        return self.assets.get(asset_key(device.asset)) if device.asset and self.assets else None

    def place(self, device: DeviceState, asset: str) -> None:
        """Bind a device to an asset, "" for none."""
        self.members.get(device.asset, set()).discard(device.key)
        device.asset = asset
        if asset:
            self.members.setdefault(asset, set()).add(device.key)
        self._stand(device)

    def report(self, report: ReportState) -> None:
        """Keep what a person has reported."""
        self.reports[report.key] = report
        self.places.put(Spot(report.key, report.at, report.asset))
        if len(self.reports) > MAX_REPORTS:
            oldest = next(iter(self.reports))
            del self.reports[oldest]
            self.places.drop(oldest)
        self.dirty["reports"] = None

    def settle_places(self) -> None:
        """Place every device anew: the policy has other positions."""
        for device in self.devices.values():
            self._stand(device)

    def _stand(self, device: DeviceState) -> None:
        self.places.put(Spot(device.key, self.policy.position(device.key, device.asset), device.asset))

    def occurrence(self, rule: str, subject: str) -> Occurrence | None:
        """Return the open or last alarm of a rule on a subject."""
        return self.occurrences.get(subject, {}).get(rule)

    def open_alarm(self, rule: str, subject: str) -> Alarm | None:
        """Return the open alarm of a rule on a subject."""
        found = self.occurrence(rule, subject)
        return found.alarm if found is not None and found.open else None

    def open_of(self, subject: str) -> list[Occurrence]:
        """Return the occurrences that are open on a subject, by rule."""
        found = self.occurrences.get(subject)
        return [found[rule] for rule in sorted(found) if found[rule].open] if found else []

    def keep(self, occurrence: Occurrence) -> None:
        """Store an occurrence."""
        self.occurrences.setdefault(occurrence.subject, {})[occurrence.rule] = occurrence
        self.dirty[f"alarm {occurrence.rule} {occurrence.subject}"] = None
        self._index(occurrence)

    def _index(self, occurrence: Occurrence) -> None:
        key = occurrence.rule, occurrence.subject
        if occurrence.reminds:
            self.reminding[key] = occurrence
        else:
            self.reminding.pop(key, None)
        if any(True for _ in occurrence.deadlines):
            self.timed[key] = occurrence
        else:
            self.timed.pop(key, None)
        for sign in occurrence.alarm.signs if occurrence.alarm is not None else ():
            spoken = self.spoken.setdefault(sign.device, set())
            (spoken.add if occurrence.open else spoken.discard)(key)
            if not occurrence.open:
                self.ended.setdefault(sign.device, set()).add(key)
        subjects = self.open_rules.setdefault(occurrence.rule, set())
        if occurrence.open:
            subjects.add(occurrence.subject)
        else:
            subjects.discard(occurrence.subject)

    @property
    def policy(self) -> Policy:
        """The policy in force."""
        return self.book.policy

    def touch(self, owner: DeviceState | AgentState | AssetState) -> None:
        """Mark a row as changed."""
        kind = "device" if isinstance(owner, DeviceState) else "agent" if isinstance(owner, AgentState) else "asset"
        self.dirty[f"{kind} {owner.key}"] = None

    def touch_device(self, key: str) -> None:
        """Mark a device as changed whose key is at hand: to make it anew for each reading takes time."""
        self.dirty[f"device {key}"] = None

    def refuse(self, refused: Refused) -> None:
        """Count an outcome that changed nothing."""
        self.hub.refused[refused.reason] = self.hub.refused.get(refused.reason, 0) + 1
        self.dirty["hub"] = None
        if len(self.refused) < MAX_REFUSED:
            self.refused.append(refused)

    def take_refused(self) -> list[Refused]:
        """Return what was refused since the last call."""
        taken, self.refused = self.refused, []
        return taken

    def dirty_rows(self) -> list[tuple[str, bytes]]:
        """Return the rows that changed since ``forget_dirty``."""
        return [(key, _encoder.encode(self._row(key))) for key in self.dirty]

    def forget_dirty(self) -> None:
        """Begin anew: what had changed is stored."""
        self.dirty = {}

    def rows(self) -> Iterator[tuple[str, bytes]]:
        """Return every row, in an order that depends on the keys alone."""
        keys = [
            "hub",
            "texts",
            *(["reports"] if self.reports else []),
            *(f"device {key}" for key in self.devices),
            *(f"agent {key}" for key in self.agents),
        ]
        keys += [f"asset {key}" for key in self.assets]
        keys += [f"alarm {rule} {subject}" for subject, found in self.occurrences.items() for rule in found]
        return ((key, _encoder.encode(self._row(key))) for key in sorted(keys))

    @classmethod
    def load(cls, rows: Iterable[tuple[str, bytes]]) -> "State":
        """Return the state in ``rows``."""
        state = cls()
        for key, body in rows:
            state._load(key, body)
        state.unbound = sum(1 for device in state.devices.values() if not device.profile)
        for device in state.devices.values():
            state.place(device, device.asset)
        for report in state.reports.values():
            state.places.put(Spot(report.key, report.at, report.asset))
        return state

    def _row(self, key: str) -> Any:
        kind, _, name = key.partition(" ")
        if kind == "device":
            return self.devices[name]
        if kind == "agent":
            return self.agents[name]
        if kind == "asset":
            return self.assets[name]
        if kind == "alarm":
            rule, _, subject = name.partition(" ")
            return self.occurrences[subject][rule]
        if kind == "reports":
            return list(self.reports.values())
        return self.hub if kind == "hub" else self.book.recorded

    def _load(self, key: str, body: bytes) -> None:
        kind, _, name = key.partition(" ")
        if kind == "device":
            self.devices[name] = msgspec.json.decode(body, type=DeviceState)
        elif kind == "agent":
            self.agents[name] = msgspec.json.decode(body, type=AgentState)
        elif kind == "asset":
            self.assets[name] = msgspec.json.decode(body, type=AssetState)
        elif kind == "alarm":
            found = msgspec.json.decode(body, type=Occurrence)
            self.occurrences.setdefault(found.subject, {})[found.rule] = found
            self._index(found)
        elif kind == "reports":
            self.reports = {each.key: each for each in msgspec.json.decode(body, type=list[ReportState])}
        elif kind == "hub":
            self.hub = msgspec.json.decode(body, type=HubState)
        else:
            self.book = RuleBook(msgspec.json.decode(body, type=RuleTexts))


_encoder = msgspec.json.Encoder(order="sorted")
