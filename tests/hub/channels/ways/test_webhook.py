"""A webhook is told signed CloudEvents, and whatever it answers, the hub survives it and knows what became of it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from device_profiles.errors import ConfigError
from hub.alarms.transitions import Transition
from hub.channels.cloudevents import alarm_event
from hub.channels.ways.webhook import read_secret
from simulators.receivers.webhook import Manner, is_signed
from tests.hub.channels.listening import alarm, cleared, raised
from tests.hub.channels.receiving import Hook, Told, until
from tests.servers import self_signed

Tell = Callable[[str], Told]
SECRET = "a secret of at least 16 bytes"


def test_a_notice_is_a_signed_cloudevent(hook: Hook, tell: Tell, tmp_path: Path) -> None:
    """Body, type, key and signature; what was taken is delivered, with the answer as receipt."""
    (tmp_path / "secret").write_text(SECRET + "\n", encoding="utf-8")
    told = tell(hook.toml('secret_file = "secret"'))
    told.commit(raised(1))
    until(lambda: told.states() == ["delivered"])
    (call,) = hook.receiver.calls
    assert call.body == alarm_event(raised(1), hub="x")
    assert call.headers["content-type"].startswith("application/cloudevents+json")
    assert call.key == call.headers["webhook-id"] == told.rows()[0].notice
    assert is_signed(call, SECRET.encode())
    assert not is_signed(call, b"another secret of 16 bytes")
    assert told.notices()[0].receipt.startswith("200 OK")


def test_a_receiver_may_say_that_somebody_acts_on_it(hook: Hook, tell: Tell) -> None:
    """Then it is accepted, which is more than delivered."""
    hook.receiver.manner = Manner.ACCEPTS
    told = tell(hook.toml())
    told.commit(raised(1), cleared(2))
    until(lambda: told.states() == ["accepted", "accepted"])
    assert [event["type"] for event in hook.events()] == ["city.alarm.raised", "city.alarm.cleared"]


@pytest.mark.parametrize("manner", [Manner.HANGS, Manner.FAILS, Manner.LATE, Manner.REDIRECTS, Manner.CUTS])
def test_what_fails_is_told_when_it_is_well_again(hook: Hook, tell: Tell, manner: Manner) -> None:
    """Nothing is lost, the key stays the same, and a redirect is followed nowhere."""
    hook.receiver.manner = manner
    told = tell(hook.toml('timeout = "300ms"'))
    told.commit(raised(1))
    until(lambda: told.rows() and told.rows()[0].attempts >= 1)
    assert told.states() in (["queued"], ["sent"])
    hook.receiver.manner = Manner.WELL
    until(lambda: told.states() == ["delivered"])
    assert {call.key for call in hook.receiver.calls} == {told.rows()[0].notice}
    assert {call.path for call in hook.receiver.calls} == {"/alarms"}


@pytest.mark.parametrize("manner", [Manner.GIGABYTE, Manner.DRIPS])
def test_an_answer_without_an_end_is_bounded(hook: Hook, tell: Tell, manner: Manner) -> None:
    """What follows a 200 is read up to a bound of bytes and of time, and does not undo it."""
    hook.receiver.manner = manner
    told = tell(hook.toml())
    told.commit(raised(1))
    until(lambda: told.states() == ["delivered"])
    assert len(hook.receiver.calls) == 1
    assert len(told.notices()[0].receipt) <= 500


def test_a_refusal_is_a_dead_letter_and_stops_nothing(hook: Hook, tell: Tell) -> None:
    """422: this notice will never be taken. It is an alarm; the next notice goes, and ends that alarm."""
    hook.receiver.manner = Manner.REFUSES
    told = tell(hook.toml())
    told.commit(raised(1))
    until(lambda: told.states() == ["failed"])
    assert (told.rows()[0].reason, told.words[0].holds, told.words[0].subject) == ("refused", True, "receiver:hook")
    hook.receiver.manner = Manner.WELL
    told.commit(raised(2, number=2))
    until(lambda: told.states() == ["failed", "delivered"])
    assert [word.holds for word in told.words] == [True, False]


def test_a_private_authority_is_named_by_its_file(tell: Tell, tmp_path: Path) -> None:
    """Without it the receiver is not trusted, and nothing goes to a stranger; with it the notice arrives."""
    key, certificate = self_signed(tmp_path)
    hook = Hook(certificate=certificate, key=key)
    told = tell(hook.toml(name="stranger") + hook.toml('ca_file = "ca.pem"', name="trusted"))
    told.commit(raised(1))
    until(lambda: told.states("trusted") == ["delivered"])
    until(lambda: told.rows("stranger")[0].attempts >= 1)
    assert told.rows("stranger")[0].reason == "unreachable"
    assert len(hook.receiver.calls) == 1
    told.stop()
    hook.close()


def test_a_list_is_one_event(hook: Hook, tell: Tell) -> None:
    """It says what it comes to, and each alarm as it stands."""
    hook.away()
    told = tell(hook.toml())
    made = [_minor(raised(1)), _minor(raised(2, number=2)), _minor(cleared(3))]
    told.commit(*made)
    until(lambda: told.rows() and told.rows()[0].attempts >= 3)
    hook.back()
    until(lambda: told.states() == ["delivered"] * 3)
    (event,) = hook.events()
    data = event["data"]
    assert (event["type"], data["raised"], data["cleared"], data["open"]) == ("city.alarms.away", 2, 1, 1)
    assert data["summary"] == "While you were away: 2 raised, 1 cleared, 1 open"
    assert [(each["id"], each["active"], each["transitions"]) for each in data["alarms"]] == [
        ("alarm-2", True, ["2-0"]),
        ("alarm-1", False, ["1-0", "3-0"]),
    ]


def test_a_secret_is_checked_when_it_is_read(tmp_path: Path) -> None:
    """Base64 behind whsec_, else as it is; a short one or none is refused with the file."""
    path = tmp_path / "secret"
    path.write_text("whsec_" + "QUJD" * 8, encoding="utf-8")
    assert read_secret(path) == b"ABC" * 8
    for wrong in ("", "short", "whsec_???"):
        path.write_text(wrong, encoding="utf-8")
        with pytest.raises(ConfigError, match="secret"):
            read_secret(path)
    with pytest.raises(ConfigError, match="missing"):
        read_secret(tmp_path / "missing")


def _minor(made: Transition) -> Transition:
    number = int(made.alarm.id.rpartition("-")[2])
    body = alarm(number, severity="minor", t_cleared_us=made.alarm.t_cleared_us)
    return Transition(made.offset, made.n, made.kind, made.reason, made.t_fact_us, made.t_us, body, made.detail)


def test_the_body_is_json(hook: Hook, tell: Tell) -> None:
    """Whoever reads it needs no more than JSON."""
    told = tell(hook.toml())
    told.commit(raised(1))
    until(lambda: hook.receiver.calls)
    assert json.loads(hook.receiver.calls[0].body)["data"]["severity"] == "life"
