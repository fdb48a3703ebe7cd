"""Delivery: every change reaches every receiver that wants it, whatever is away, killed, flooded or refused."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from device_profiles import faults
from device_profiles.clock import Clock, simulated_clock
from hub.alarms.transitions import Kind, Transition
from hub.channels.outbox.outbox import trim
from simulators.receivers.webhook import Manner
from tests.hub.channels.listening import alarm, cleared, raised, store
from tests.hub.channels.receiving import Hook, Told, until
from tests.hub.made import T0_US

Tell = Callable[[str], Told]

CHILD = """
import sys, threading
from pathlib import Path
from device_profiles.clock import Clock
from hub.channels.delivery import Delivery, DeliverySpec
from hub.database import open_database
from tests.hub.channels.receiving import receivers
folder = Path(sys.argv[1])
spec = DeliverySpec(receivers(sys.argv[2]), "x", folder, keep_us=10**12)
engine = open_database(folder / "hub.db")
delivery = Delivery(engine, spec, clock=Clock(), say=print, make_room=lambda: False, on_crash=print)
delivery.start()
threading.Event().wait(60)
"""


def minor(made: Transition) -> Transition:
    """Return a change of an alarm that is no danger to life."""
    return replace(made, alarm=replace(made.alarm, severity="minor", rule="device.silent"))


def test_a_flood_is_told_in_few_notices_and_none_is_hidden(hook: Hook, tell: Tell) -> None:
    """5,000 alarms as the reader commits them: at most 20 notices, each alarm in exactly one, each row delivered."""
    told = tell(hook.toml('window = "2s"'))
    for begin in range(1, 5_001, 500):
        told.commit(*(minor(raised(n, number=n)) for n in range(begin, begin + 500)))
    until(lambda: told.count("delivered") == 5_000)
    events = hook.events()
    assert len(events) <= 20
    ones = [event["data"]["id"] for event in events if event["type"] == "city.alarm.raised"]
    lists = [each["id"] for event in events for each in event["data"].get("alarms", ())]
    assert sorted(ones + lists) == sorted(f"alarm-{n}" for n in range(1, 5_001))


def test_a_life_alarm_goes_at_once_in_a_flood(hook: Hook, tell: Tell) -> None:
    """While the others are gathered and the flood's own connection hangs, a life alarm is told."""
    other = Hook(Manner.HANGS)
    told = tell(hook.toml('least = "life"') + other.toml('window = "1h"', name="other"))
    told.commit(*(minor(raised(n, number=n)) for n in range(1, 1_001)))
    until(lambda: other.receiver.calls)
    told.commit(raised(2_000, number=2_000))
    until(lambda: hook.receiver.calls)
    assert [event["data"]["severity"] for event in hook.events()] == ["life"]
    until(lambda: any(b'"severity":"life"' in call.body for call in list(other.receiver.calls)))  # beside what hangs
    told.stop()
    other.close()


def test_an_outage_is_told_in_one_notice(tmp_path: Path, hook: Hook) -> None:
    """An hour in ten times the speed of nothing: what came and went meanwhile is one list when the receiver is back."""
    hook.away()
    clock = simulated_clock(start_us=T0_US, speed=10.0)
    told = Told(tmp_path, hook.toml('dead_after = "9h"'), clock=clock).start()
    told.commit(*(minor(raised(n, number=n)) for n in range(1, 4)))
    until(lambda: told.rows() and max(row.attempts for row in told.rows()) >= 3)
    told.commit(*(minor(raised(n, number=n)) for n in range(4, 13)))
    told.commit(*(minor(cleared(n + 20, number=n)) for n in range(1, 10)))
    until(lambda: len(told.rows()) == 21)
    hook.back()
    until(lambda: told.states() == ["delivered"] * 21)
    (event,) = hook.events()
    assert event["data"]["summary"] == "While you were away: 12 raised, 9 cleared, 3 open"
    assert [each["id"] for each in event["data"]["alarms"] if each["active"]] == ["alarm-10", "alarm-11", "alarm-12"]
    told.close()


@pytest.mark.parametrize("point", ["hub.after_form", "hub.after_send"])
def test_after_a_kill_it_is_told_again_under_the_same_key(point: str, hook: Hook, tmp_path: Path) -> None:
    """Killed with SIGKILL round the send: at least once, and the key drops the double; the order is kept."""
    early = Told(tmp_path, hook.toml()).start()  # a hub that has receivers tells what comes from now on
    early.close()
    early = Told(tmp_path, hook.toml())
    store(early.engine, raised(1), cleared(2))
    early.close()
    arguments = [sys.executable, "-c", CHILD, str(tmp_path), hook.toml()]
    environment = os.environ | {faults.ENVIRONMENT: f"{point}:1"}
    assert subprocess.run(arguments, env=environment, timeout=90).returncode == -signal.SIGKILL
    told = Told(tmp_path, hook.toml())
    assert told.states() == ["sent", "queued"]
    told.start()
    until(lambda: told.states() == ["delivered", "delivered"])
    keys = [call.key for call in hook.receiver.calls]
    assert keys == ([told.rows()[0].notice] if point == "hub.after_send" else []) + [r.notice for r in told.rows()]
    taken = [json.loads(call.body)["type"] for call in hook.receiver.taken.values()]
    assert taken == ["city.alarm.raised", "city.alarm.cleared"]
    told.close()


def test_a_receiver_that_stays_away_has_a_stand_in_and_is_an_alarm(hook: Hook, tell: Tell) -> None:
    """First the fallback is told, then the receiver is given up by an alarm; back, it hears what is still open."""
    away = Hook()
    away.away()
    text = hook.toml(name="stand-in", more='rules = ["none.*"]')
    text += away.toml('fallback = "stand-in"\nfallback_after = "300ms"\ndead_after = "1500ms"', name="away")
    told = tell(text)
    told.commit(raised(1), raised(2, number=2), cleared(3, number=2))
    until(lambda: told.states("away") == ["failed"] * 3)
    assert {row.reason for row in told.rows("away")} == {"dead"}
    assert [(word.rule, word.subject, word.holds) for word in told.words] == [("receiver.dead", "receiver:away", True)]
    assert [row.via for row in told.rows("stand-in")] == ["away"] * 3
    until(lambda: told.states("stand-in") == ["delivered"] * 3)
    told.commit(raised(4, number=4))
    until(lambda: len(told.states("away")) == 4)
    away.back()
    until(lambda: told.states("away") == ["delivered", "failed", "failed", "delivered"])
    assert [word.holds for word in told.words] == [True, False]
    told.commit(cleared(5))
    until(lambda: told.states("stand-in")[-1] == "delivered" and len(told.rows("stand-in")) >= 4)
    told.stop()
    away.close()


def test_a_restart_pages_nobody(hook: Hook, tell: Tell, tmp_path: Path) -> None:
    """What was told is told once, also by a hub that is started again; a new receiver hears what comes from now on."""
    told = Told(tmp_path, hook.toml()).start()
    told.commit(raised(1))
    until(lambda: told.states() == ["delivered"])
    told.close()
    again = tell(hook.toml() + hook.toml(name="new"))
    again.commit(raised(2, number=2))
    until(lambda: again.states() == ["delivered"] * 2 and again.states("new") == ["delivered"])
    assert [event["id"] for event in hook.events()] == ["1-0", "2-0", "2-0"]


def test_a_hub_without_receivers_begins_with_what_comes(hook: Hook, tell: Tell, tmp_path: Path) -> None:
    """Its past is in the list of alarms; nobody is called for it."""
    told = Told(tmp_path, "").start()
    told.commit(raised(1))
    told.close()
    again = tell(hook.toml())
    again.commit(raised(2, number=2))
    until(lambda: again.states() == ["delivered"])
    assert [event["id"] for event in hook.events()] == ["2-0"]


def test_what_a_removed_receiver_was_to_hear_is_given_up(hook: Hook, tell: Tell, tmp_path: Path) -> None:
    """With its reason, and its alarm ends."""
    hook.away()
    told = Told(tmp_path, hook.toml('dead_after = "1s"')).start()
    told.commit(raised(1))
    until(lambda: told.states() == ["failed"])
    told.commit(raised(2, number=2))
    until(lambda: len(told.states()) == 2)
    told.close()
    again = tell("")
    assert [(row.state, row.reason) for row in again.rows()] == [("failed", "dead"), ("failed", "removed")]
    assert [word.holds for word in again.words] == [False]


def test_a_list_with_one_that_is_refused_is_halved_until_that_one_is_found(hook: Hook, tell: Tell) -> None:
    """Alone it is a dead letter; nothing else is."""
    hook.away()
    told = tell(hook.toml())
    told.commit(*(minor(raised(n, number=n)) for n in range(1, 9)))
    until(lambda: told.rows() and max(row.attempts for row in told.rows()) >= 3)
    hook.receiver.refused_part = b'"alarm-3"'
    hook.back()
    until(lambda: set(told.states()) == {"delivered", "failed"})
    assert [row.alarm for row in told.rows() if row.state == "failed"] == ["alarm-3"]


def test_a_quiet_alarm_is_told_to_those_who_know_it(hook: Hook, tell: Tell) -> None:
    """Shelved before it was told: nobody hears of it. Told and then shelved: they hear of its end, in a list."""
    told = tell(hook.toml())
    quiet = alarm(2, shelved=True)
    told.commit(raised(1), replace(raised(2, number=2), alarm=quiet))
    until(lambda: told.states() == ["delivered"])
    shelved = replace(raised(3, kind=Kind.SHELVED), alarm=alarm(1, shelved=True))
    told.commit(shelved)
    until(lambda: len(told.rows()) == 2)
    assert (told.states(), told.rows()[1].urgent) == (["delivered", "queued"], False)
    assert told.rows()[1].due_us > Clock().wall_us() + 200_000_000


def test_old_rows_are_forgotten_but_those_of_open_alarms(hook: Hook, tell: Tell) -> None:
    """What was told of an alarm that is still open is referred to by its end."""
    told = tell(hook.toml())
    told.commit(raised(1), raised(2, number=2), cleared(3, number=2))
    until(lambda: told.states() == ["delivered"] * 3)
    with told.engine.begin() as connection:
        trim(connection, Clock().wall_us() + 1)
    assert [row.alarm for row in told.rows()] == ["alarm-1"]
    assert [row.id for row in told.notices()] == [told.rows()[0].notice]
