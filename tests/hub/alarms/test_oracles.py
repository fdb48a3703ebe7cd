"""The oracles of ALARMS.md, 17, over stories that hypothesis makes up."""

from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from device_profiles.clock import Clock
from hub.alarms.engine import fold
from hub.alarms.kept.log import read_alarms, read_bodies
from hub.alarms.kept.reader import AlarmReader
from hub.alarms.state import State
from hub.alarms.transitions import ASSET, SITE, Reason, Transition, encode_transition
from hub.database import open_database
from hub.journal.records import Record
from tests.hub.alarms.scene import COVER, Scene
from tests.hub.alarms.stories import stories

FAST = settings(max_examples=150, deadline=None)
STORED = settings(max_examples=15, deadline=None)


def bodies(made: list[Transition]) -> list[bytes]:
    """Return transitions as the bytes that a replay compares."""
    return [encode_transition(transition) for transition in made]


def folded(records: list[Record]) -> list[Transition]:
    """Fold records from the empty state."""
    state = State()
    return [transition for record in records for transition in fold(state, record)]


@FAST
@given(stories)
def test_rule_17_a_reload_after_any_record_changes_nothing(scene: Scene) -> None:
    """The state as rows is the whole state: written and read after each record, it gives the same bytes."""
    state, made = State(), []
    for record in scene.records:
        made += fold(state, record)
        state = State.load(reversed(list(state.rows())))
    assert bodies(made) == bodies(scene.made)


@FAST
@given(stories)
def test_rule_17_dirty_rows_are_all_that_changed(scene: Scene) -> None:
    """Rows that are not named as changed have not changed: what is stored is always the state."""
    state = State()
    stored: dict[str, bytes] = {"hub": b"{}", "texts": b"{}"}
    for record in scene.records:
        fold(state, record)
        stored |= dict(state.dirty_rows())
        state.forget_dirty()
        assert stored == {"hub": b"{}", "texts": b"{}"} | dict(state.rows())


@STORED
@given(stories, st.data())
def test_rule_17_any_split_and_a_kill_at_any_record_give_the_same(scene: Scene, data: st.DataObject) -> None:
    """Through the real store: batches of any size, and readers that die with what they held."""
    with TemporaryDirectory() as folder:
        engine = open_database(Path(folder) / "hub.db")
        reader = AlarmReader(engine, clock=Clock(), snapshot_every=7)
        position = 0
        while position < len(scene.records):
            size = data.draw(st.integers(1, 12))
            reader.apply(scene.records[position : position + size])
            position += size
            if data.draw(st.booleans()):
                reader = AlarmReader(engine, clock=Clock(), snapshot_every=7)
                position = reader.cursor()
        reader.flush()
        with engine.connect() as connection:
            assert [body for _, _, body in read_bodies(connection, after=0, upto=10**9)] == bodies(scene.made)
            known = read_alarms(connection)
        engine.dispose()
    opened = [(alarm.rule, alarm.subject) for alarm in known if alarm.open]
    assert len(opened) == len(set(opened))
    last = {transition.alarm.id: transition.alarm for transition in scene.made}
    assert {alarm.id: alarm for alarm in known} == last


@FAST
@given(stories, st.integers(1, 86_400_000_000))
def test_rule_17_a_delay_moves_only_raised_times(scene: Scene, delay_us: int) -> None:
    """Everything received later by the same time, ticks too: the facts keep their times."""

    def delayed(record: Record) -> Record:
        body = record.body
        if record.kind == "tick":
            body = b'{"now_us":%d}' % (record.received_us + delay_us)
        return msgspec.structs.replace(record, received_us=record.received_us + delay_us, body=body)

    def timeless(transition: Transition, moved_us: int) -> Transition:
        own = (Reason.ACT, Reason.WILL, Reason.UNACKNOWLEDGED, Reason.CAUSE, Reason.CAUSE_ENDED)
        own += (Reason.LEASE_EXPIRED, Reason.SHELF_EXPIRED)
        hubs_own = transition.reason in own  # what happened at the hub has the hub's time
        alarm = msgspec.structs.replace(transition.alarm, t_raised_us=0, lease_us=None)
        t_fact_us = transition.t_fact_us
        if alarm.subject.startswith((ASSET, SITE)):  # on the hub's clock, told by packs that all came later
            t_fact_us -= moved_us
            ended_us = alarm.t_cleared_us - moved_us if alarm.t_cleared_us is not None else None
            alarm = msgspec.structs.replace(alarm, t_fact_us=alarm.t_fact_us - moved_us, t_cleared_us=ended_us)
            keys = tuple(msgspec.structs.replace(key, since_us=key.since_us - moved_us) for key in alarm.signs)
            alarm = msgspec.structs.replace(alarm, keys=keys)
        elif alarm.reason is Reason.WILL:
            alarm = msgspec.structs.replace(alarm, t_fact_us=0)
        return msgspec.structs.replace(transition, t_fact_us=0 if hubs_own else t_fact_us, t_us=0, alarm=alarm)

    made = folded([delayed(record) for record in scene.records])
    assert [timeless(t, delay_us) for t in made] == [timeless(t, 0) for t in scene.made]


@FAST
@given(stories, st.integers(1, 200))
def test_rule_17_a_frozen_device_never_confirms_and_never_clears(scene: Scene, seconds: int) -> None:
    """Once the devices say no more, time alone raises nothing but device.silent, and clears nothing.

    What chatters may end: a fact has ended it already, and that was held back until it was calm.
    """
    hubs_own = ("stale", "reminded", "lapsed", "unshelved", "unsuppressed")
    begin_s = int(scene.records[-1].received_us / 1e6 - scene.records[0].received_us / 1e6) + 1
    made = scene.ticks(begin_s, begin_s + seconds)
    for each in made:
        calmed = each.kind == "cleared" and each.alarm.chattering
        assert calmed or each.kind in hubs_own or each.alarm.rule == "device.silent"


@FAST
@given(stories)
def test_rule_17_doubles_change_nothing(scene: Scene) -> None:
    """A double between any two records leaves every transition as it was."""
    spaced = [msgspec.structs.replace(record, offset=2 * record.offset) for record in scene.records]
    doubles = [msgspec.structs.replace(r, offset=r.offset + 1, kind="double", body=b"") for r in spaced]
    woven = [record for pair in zip(spaced, doubles, strict=True) for record in pair]
    assert bodies(folded(woven)) == bodies(folded(spaced))


@FAST
@given(stories)
def test_one_alarm_is_open_for_a_rule_and_a_subject(scene: Scene) -> None:
    """An alarm is raised only when none is open there, ends once, and changes only while it is open or by history."""
    opened: dict[tuple[str, str], str] = {}
    for transition in scene.made:
        key, alarm = (transition.alarm.rule, transition.alarm.subject), transition.alarm
        if transition.kind == "raised":
            assert key not in opened
            opened[key] = alarm.id
        elif transition.kind == "chatters":  # the last one comes again, as itself
            assert key not in opened
            assert alarm.id in {made.alarm.id for made in scene.made if made.kind == "raised"}
            opened[key] = alarm.id
        elif transition.kind in ("cleared", "closed"):
            assert opened.pop(key) == alarm.id
        elif transition.kind in ("stale", "fresh", "sounded", "suppressed", "unsuppressed", "lapsed", "escalated"):
            assert opened[key] == alarm.id
    ids = [transition.alarm.id for transition in scene.made if transition.kind == "raised"]
    assert len(ids) == len(set(ids))


@FAST
@given(stories)
def test_now_falls_only_when_the_clock_was_set(scene: Scene) -> None:
    """now(d) never falls inside one era."""
    state, before = State(), {}
    for record in scene.records:
        fold(state, record)
        device = state.devices.get(COVER)
        if device is not None and device.now_us is not None and not device.rebase:
            era = (device.agent, device.epoch, device.step)
            assert device.now_us >= before.get(era, 0)
            before[era] = device.now_us
