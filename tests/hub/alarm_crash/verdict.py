"""What is left after all the deaths, held against a fold that nobody disturbed and against what receivers took."""

from collections import Counter, defaultdict
from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from hub.alarms.engine import fold
from hub.alarms.kept import audit
from hub.alarms.kept.log import read_alarms, read_bodies
from hub.alarms.state import State
from hub.alarms.transitions import Kind, Transition, encode_transition
from hub.alarms.words import RECEIVER_DEAD, receiver_subject
from hub.channels.outbox.standing import dead_lanes
from hub.database import reading
from hub.journal.journal import Journal
from hub.journal.records import Record
from tests.hub.alarm_crash.city import ENTRAPMENT, SECOND_US, STEPS, TICK_S
from tests.hub.alarm_crash.office import NAMES, Taken

_EXCUSES = {Kind.SHELVED, Kind.SHELVE_ASKED, Kind.OUT_OF_SERVICE, Kind.SUPPRESSED, Kind.ARRIVED}
Finding = tuple[str, str]  # what, and where


class Verdict(msgspec.Struct, frozen=True):
    """What ``make alarm-crash`` prints."""

    rounds: int
    kills: dict[str, int]  # point, with what was being committed there → deaths
    records: int
    transitions: int
    alarms: int
    entrapments: int  # that the story had
    acts: int  # after which their person was told that they are kept
    steps: int  # of ladders
    notices: int  # that receivers took
    again: int  # of them once more, under the same key: what at-least-once means
    lost: int
    doubled: int
    wrong: int  # neither: other bytes, another order, a chain that does not hold
    findings: tuple[Finding, ...] = ()  # the first of those

    @property
    def good(self) -> bool:
        """Whether nothing was lost, doubled or wrong, and every point was died at."""
        return not (self.lost or self.doubled or self.wrong) and all(self.kills.values())


class Findings:
    """What is not as it should be."""

    def __init__(self) -> None:
        self.lost: list[Finding] = []
        self.doubled: list[Finding] = []
        self.wrong: list[Finding] = []

    @property
    def first(self) -> tuple[Finding, ...]:
        """A few of each."""
        return (*self.lost[:5], *self.doubled[:5], *self.wrong[:5])


def undisturbed(journal: Journal) -> tuple[list[Record], list[Transition]]:
    """Return the whole journal, and what one fold of it makes."""
    records: list[Record] = []
    while more := journal.read(records[-1].offset if records else 0, 1_000):
        records += more
    state = State()
    return records, [made for record in records for made in fold(state, record)]


def compare_stored(engine: sa.Engine, made: Sequence[Transition], found: Findings) -> None:
    """Every transition is stored once, byte for byte, in a whole audit; nothing is open twice or for nothing."""
    with reading(engine).connect() as connection:
        stored = {(offset, n): body for offset, n, body in read_bodies(connection, after=0, upto=10**15)}
        chain = audit.verify(connection)
        alarms = read_alarms(connection)
        dead = {receiver_subject(name) for name in NAMES if dead_lanes(connection, name)}
    wanted = {(each.offset, each.n): encode_transition(each) for each in made}
    found.lost += [("transition", str(place)) for place in wanted.keys() - stored.keys()]
    found.doubled += [("transition", str(place)) for place in stored.keys() - wanted.keys()]
    found.wrong += [("bytes", str(place)) for place in wanted.keys() & stored.keys() if wanted[place] != stored[place]]
    if not chain.whole or chain.links != len(wanted):
        found.wrong.append(("audit", chain.fault or f"{chain.links} links"))
    last = {each.alarm.id: each.alarm for each in made}
    if {alarm.id: alarm for alarm in alarms} != last:
        found.wrong.append(("alarms", "do not stand as the fold leaves them"))
    twice = Counter((alarm.rule, alarm.subject) for alarm in alarms if alarm.open)
    found.doubled += [("open alarm", str(key)) for key, count in twice.items() if count > 1]
    called_dead = {alarm.subject for alarm in alarms if alarm.open and alarm.rule == RECEIVER_DEAD}
    found.wrong += [("receiver's death", subject) for subject in sorted(called_dead ^ dead)]


def compare_deeds(records: Sequence[Record], kept: Sequence[str], gone: Sequence[str], found: Findings) -> None:
    """What a person was told is kept is there once, what was cut off before it was kept is not there."""
    notes = Counter(msgspec.json.decode(record.body)["reason"] for record in records if record.kind == "act")
    found.lost += [("act", note) for note in kept if not notes[note]]
    found.doubled += [("act", note) for note, count in notes.items() if count > 1]
    found.doubled += [("act that was never kept", note) for note in gone if notes[note]]


def compare_story(made: Sequence[Transition], entrapments: int, found: Findings) -> None:
    """As many entrapments were raised as there were; each step of a ladder was taken once, in order, when due."""
    raised = sum(each.kind is Kind.RAISED and each.alarm.rule == ENTRAPMENT for each in made)
    found.lost += [("entrapment", "")] * max(0, entrapments - raised)
    found.doubled += [("entrapment", "")] * max(0, raised - entrapments)
    histories: dict[str, list[Transition]] = defaultdict(list)
    for each in made:
        if each.alarm.rule == ENTRAPMENT:
            histories[each.alarm.id].append(each)
    names = [level for level, _ in STEPS]
    for id, history in histories.items():
        levels = [each.detail for each in history if each.kind is Kind.ESCALATED]
        found.doubled += [("step", f"{id} {level}") for level in set(levels) if levels.count(level) > 1]
        if sorted(levels, key=names.index) != levels:
            found.wrong.append(("steps", f"{id} {levels}"))
        excused = any(each.kind in _EXCUSES for each in history)
        lasted_us = history[-1].t_us - history[0].t_us
        due = [level for level, after_s in STEPS if lasted_us > (after_s + 2 * TICK_S) * SECOND_US]
        found.lost += [("step", f"{id} {level}") for level in due if level not in levels and not excused]


def compare_told(made: Sequence[Transition], taken: dict[str, Taken], found: Findings) -> None:
    """Whoever was to be called was told at least once, under one key, and of each alarm in order."""
    places = {each.id: (each.alarm.id, each.offset, each.n) for each in made}
    for each in (each for each in made if each.calls):
        for name in {"centre", "desk", *each.to}:
            if each.alarm.rule == RECEIVER_DEAD and each.alarm.subject.endswith(f":{name}"):
                continue
            instead = taken["stand-in"].keys if name == "desk" and each.id in taken["desk"].refused else {}
            if each.id not in taken[name].keys and each.id not in instead:
                found.lost.append(("notice", f"{name} {each.id} {each.kind.value}"))
    for name, got in taken.items():
        found.doubled += [("notice", f"{name} {id}") for id, keys in got.keys.items() if len(keys) > 1]
        found.wrong += [("never made", f"{name} {id}") for id in got.order if id not in places]
        found.wrong += [("notice changed", name)] * got.changed
        newest: dict[str, tuple[int, int]] = {}
        for alarm, offset, n in (places[id] for id in got.order if id in places):
            if name != "stand-in" and (offset, n) < newest.get(alarm, (0, 0)):
                found.wrong.append(("order", f"{name} {alarm} {offset}-{n}"))
            newest[alarm] = max(newest.get(alarm, (0, 0)), (offset, n))
