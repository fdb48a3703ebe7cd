"""What a receiver's turn leaves behind when the hub dies in the middle of it."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from device_profiles.clock import Clock
from hub.alarms.words import WordBody
from hub.channels.faults import DeliveryError, Fault, Refused, Uncertain, Unsent
from hub.channels.notice import Notice
from hub.channels.outbox.gate import Gate
from hub.channels.outbox.outbox import outbox
from hub.channels.outbox.router import Router
from hub.channels.outbox.turns import Say, Turns
from hub.channels.routes import Lane
from hub.database import open_database
from hub.journal.records import NewRecord
from tests.hub.channels.listening import raised, store
from tests.hub.channels.receiving import receivers
from tests.hub.made import T0_US

HOOK = '[[receivers]]\nname = "hook"\nchannel = "webhook"\nurl = "http://127.0.0.1:1/"\n'


PAIR = HOOK + 'fallback = "spare"\n' + HOOK.replace("hook", "spare", 1)


class Died(Exception):
    """The hub has died."""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    """Return a hub.db with two life alarms for a receiver."""
    made = open_database(tmp_path / "hub.db")
    router = Router(Gate(made), receivers(HOOK), Lane.LIFE)
    store(made, raised(1), raised(2, number=2))
    router.route(now_us=T0_US)
    yield made
    made.dispose()


def life(engine: sa.Engine, say: Say) -> tuple[Turns, Notice]:
    """Begin anew, as after a start, and return the notice that goes next."""
    turns = Turns(Gate(engine), receivers(HOOK)[0], Lane.LIFE, hub="x", say=say)
    turns.failures()
    notice = turns.next(now_us=Clock().wall_us(), anew=False)
    assert isinstance(notice, Notice)
    return turns, notice


def test_a_death_behind_the_word_leaves_no_receiver_dead_for_ever(engine: sa.Engine) -> None:
    """The journal says that it is dead, hub.db does not: the next notice that arrives says that it lives."""
    said: list[bool] = []

    def note(word: NewRecord) -> None:
        said.append(msgspec.json.decode(word.body, type=WordBody).holds)

    def note_and_die(word: NewRecord) -> None:
        note(word)
        raise Died

    turns, notice = life(engine, note_and_die)
    with pytest.raises(Died):
        turns.refused(notice, Refused(Fault.REFUSED, "422"), now_us=T0_US)
    for _ in range(2):
        turns, notice = life(engine, note)
        turns.told(notice, accepted=False, receipt="200", now_us=T0_US)
    assert said == [True, False]


@pytest.mark.parametrize(
    ("second", "same"),
    [
        (Unsent(Fault.STATUS, "500"), True),
        (Unsent(Fault.UNREACHABLE, "no connection"), True),
        (Unsent(Fault.REFUSED, "422"), False),  # whoever had taken it would not refuse what is in it
    ],
)
def test_a_list_that_may_have_arrived_keeps_its_key(tmp_path: Path, second: DeliveryError, *, same: bool) -> None:
    """Its answer timed out, then the receiver was down: it goes again as it is, not with others by another key."""
    engine = open_database(tmp_path / "hub.db")
    router = Router(Gate(engine), receivers(HOOK), Lane.OTHER)
    made = [replace(each, alarm=replace(each.alarm, severity="minor")) for each in (raised(1), raised(2, number=2))]
    store(engine, *made)
    router.route(now_us=T0_US)
    turns = Turns(Gate(engine), receivers(HOOK)[0], Lane.OTHER, hub="x", say=[].append)
    first = turns.next(now_us=T0_US, anew=True)
    assert isinstance(first, Notice)
    assert len(first.transitions) == 2
    turns.failed(first, Uncertain(Fault.TIMED_OUT, "no answer"), due_us=T0_US, now_us=T0_US)
    assert turns.next(now_us=T0_US, anew=True) == first
    turns.failed(first, second, due_us=T0_US, now_us=T0_US)
    store(engine, replace(raised(3, number=3), alarm=made[0].alarm))
    router.route(now_us=T0_US)
    third = turns.next(now_us=T0_US, anew=True)
    assert isinstance(third, Notice)
    assert (third == first) is same
    engine.dispose()


def test_what_waits_behind_a_slow_receiver_is_told_to_its_fallback(engine: sa.Engine) -> None:
    """It takes every notice and is not given up, but who waits for a minute does not wait for it alone."""
    slow = receivers(PAIR)[0]
    turns = Turns(Gate(engine), slow, Lane.LIFE, hub="x", say=_unheard)
    minute_us = 60_000_000

    def waiting() -> list[tuple[str, str]]:
        with engine.connect() as connection:
            rows = connection.execute(sa.select(outbox.c.receiver, outbox.c.state).order_by(outbox.c.receiver)).all()
        return [(row.receiver, row.state) for row in rows]

    turns.kept_waiting(now_us=T0_US + minute_us - 1)
    assert waiting() == [("hook", "queued")] * 2
    turns.kept_waiting(now_us=T0_US + 100 * minute_us)
    turns.kept_waiting(now_us=T0_US + 101 * minute_us)
    assert waiting() == [("hook", "queued")] * 2 + [("spare", "queued")] * 2


def test_a_clock_that_is_set_back_keeps_no_fallback_waiting(engine: sa.Engine) -> None:
    """What waits was queued in what is the future now: how long ago nobody knows, so the fallback is told at once."""
    turns = Turns(Gate(engine), receivers(PAIR)[0], Lane.LIFE, hub="x", say=_unheard)

    def spared() -> int:
        with engine.connect() as connection:
            return len(connection.execute(sa.select(outbox).where(outbox.c.receiver == "spare")).all())

    turns.overdue(now_us=T0_US - 1_000_000, tried=True)  # another thread's clock may be a little ahead
    assert spared() == 0
    turns.overdue(now_us=T0_US - 3_600_000_000, tried=True)
    assert spared() == 2


def _unheard(word: NewRecord) -> None:
    raise AssertionError(f"the hub says {word.body!r}")
