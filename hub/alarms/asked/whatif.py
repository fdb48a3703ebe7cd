"""What would have fired: the journal judged by the rules as they were and by others, side by side."""

import hashlib

import msgspec
import sqlalchemy as sa

from device_profiles.profile import Profile
from hub.alarms.asked.replay import state_before
from hub.alarms.decisions import Decisions
from hub.alarms.engine import fold
from hub.alarms.facts.bindings import RecordedText, RecordedTexts, take_texts
from hub.alarms.rulebook.rules import RuleTexts
from hub.alarms.state import State
from hub.alarms.transitions import Alarm, Kind
from hub.journal.journal import Journal
from hub.journal.records import Record

_BATCH = 1_000


class WhatIf(msgspec.Struct, frozen=True):
    """Alarms that were raised by the rules as recorded, and that would have been by others."""

    first: int  # record
    last: int
    before: tuple[Alarm, ...]
    after: tuple[Alarm, ...]
    devices: int = 0  # of the kind whose rules are tried

    @property
    def gone(self) -> list[Alarm]:
        """Those that would not have been raised."""
        return _without(self.before, self.after)

    @property
    def new(self) -> list[Alarm]:
        """Those that would have been raised too."""
        return _without(self.after, self.before)


def what_if(journal: Journal, engine: sa.Engine, profile: Profile, *, since_us: int = 0) -> WhatIf:
    """Judge the journal from ``since_us`` (received time) on, by the rules as recorded and with ``profile`` instead.

    Raises NoData when the journal does not reach so far back.
    """
    first = max(1, journal.whole_from(), journal.offset_at(since_us) + 1)
    at, last = first - 1, journal.last_offset()
    theirs, ours = (state_before(journal, engine, first) for _ in range(2))
    before: list[Alarm] = []
    after: list[Alarm] = []
    while at < last and (records := journal.read(at, _BATCH)):
        if at < first:
            _put(ours, profile, records[0])
        for record in records:
            before += _raised(theirs, record)
            after += _raised(ours, _instead(record, profile))
        at = records[-1].offset
    devices = sum(device.profile == profile.spec.kind for device in ours.devices.values())
    return WhatIf(first, at, tuple(before), tuple(after), devices)


def _raised(state: State, record: Record) -> list[Alarm]:
    made = fold(state, record)
    state.forget_dirty()
    state.take_refused()
    return [each.alarm for each in made if each.kind is Kind.RAISED]


def _put(state: State, profile: Profile, record: Record) -> None:
    """Put the profile in force just before ``record``."""
    known: RuleTexts = state.book.recorded
    texts = {kind: RecordedText(known.texts[digest]) for kind, digest in known.in_force.items()}
    texts[profile.spec.kind] = RecordedText(profile.text)
    take_texts(Decisions(state, record), RecordedTexts(texts, known.policy))


def _instead(record: Record, profile: Profile) -> Record:
    """Return a text record with the profile in it; any other record as it is."""
    if record.kind != "text":
        return record
    body = msgspec.json.decode(record.body)
    digest = hashlib.sha256(profile.text.encode()).hexdigest()
    body["profiles"][profile.spec.kind] = {"digest": digest, "text": profile.text}
    return msgspec.structs.replace(record, body=msgspec.json.encode(body))


def _without(alarms: tuple[Alarm, ...], others: tuple[Alarm, ...]) -> list[Alarm]:
    """Return the alarms whose rule, subject and time of the fact are not among others'."""
    known = {(other.rule, other.subject, other.t_fact_us) for other in others}
    return [alarm for alarm in alarms if (alarm.rule, alarm.subject, alarm.t_fact_us) not in known]
