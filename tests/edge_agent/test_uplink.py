"""The uplink against a real Mosquitto: what is not receipted is sent again, and only a receipt frees it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from device_profiles.topics import receipt_topic
from device_profiles.wire import Command, LaneReceipt, Lost, Reading, Result, Status
from edge_agent.outbox import Bounds, Outbox
from edge_agent.uplink import Uplink
from tests.edge_agent.listener import ADDRESS, WAIT_S, Listener, listening
from tests.edge_agent.outbox.opened import event, held, lost, opened, put, reading, until
from tests.edge_agent.sending import sending
from tests.servers import Mosquitto


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing be sent again because this machine is slow; who wants that says after how long."""
    monkeypatch.setattr("edge_agent.window.RESEND_S", 600.0)


@pytest.fixture
def hub(mosquitto: Mosquitto) -> Iterator[Listener]:
    """Listen as a hub does."""
    with listening(mosquitto.url) as listener:
        yield listener


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    """Return an open outbox."""
    with opened(tmp_path / "data") as outbox:
        yield outbox


@pytest.fixture
def uplink(tmp_path: Path, mosquitto: Mosquitto, hub: Listener, outbox: Outbox) -> Iterator[Uplink]:
    """Return a running uplink, connected."""
    with sending(tmp_path, outbox, mosquitto.url) as uplink:
        assert uplink.link.subscribed.wait(WAIT_S)
        yield uplink


def test_a_pack_comes_whole_and_leaves_on_the_receipt_only(uplink: Uplink, outbox: Outbox, hub: Listener) -> None:
    """The broker's ack frees nothing."""
    put(outbox, "event", event(1))
    hub.wait(lambda: bool(hub.lane("event")))
    pack = hub.lane("event")[0]
    assert (pack.agent, pack.epoch, pack.seq, pack.boot) == ("chaoming-01", outbox.epoch, 1, outbox.boot)
    assert (pack.resent_in, pack.facts) == (None, (event(1),))
    put(outbox, "event", event(2))
    hub.wait(lambda: len(hub.lane("event")) == 2)
    assert outbox.depths()["event"] == 2
    hub.receipt(outbox.epoch, event=1)
    until(outbox, lambda: outbox.depths()["event"] == 1)
    assert [pack.seq for pack in held(outbox, "event")] == [2]


def test_the_birth_is_retained_and_the_farewell_after_it(
    tmp_path: Path, mosquitto: Mosquitto, hub: Listener, outbox: Outbox
) -> None:
    """Whoever comes later learns what the agent is, and that it went."""
    with sending(tmp_path, outbox, mosquitto.url):
        hub.wait(lambda: len(hub.facts("status")) == 2)  # on a busy machine both in one pack
        with listening(mosquitto.url, name="late") as late:
            late.wait(lambda: bool(late.retained))
        birth = late.retained[0].facts[0]
        assert isinstance(birth, Status)
        assert (birth.online, birth.epoch) == (True, outbox.epoch)
        assert next((b.device, b.profile, b.asset) for b in birth.devices) == ("lift-01", "lift_terminal", "LIFT-01")
        assert list(birth.profiles) == ["lift_terminal"]
    with listening(mosquitto.url, name="later") as later:
        later.wait(lambda: bool(later.retained))
    gone = later.retained[0].facts[-1]
    assert isinstance(gone, Status)
    assert not gone.online


def test_events_go_before_readings(tmp_path: Path, mosquitto: Mosquitto, hub: Listener, outbox: Outbox) -> None:
    """Whatever waits."""
    for n in range(60):
        put(outbox, "backlog", reading(n))
        put(outbox, "reading", reading(n))
    for n in range(60):
        put(outbox, "event", event(n))
    with sending(tmp_path, outbox, mosquitto.url):
        hub.wait(lambda: len(hub.lane("event")) == len(hub.lane("reading")) == 60 and len(hub.lane("backlog")) == 50)
        lanes = [pack.lane for pack in hub.packs if pack.lane != "status"]
        assert lanes == ["event"] * 60 + ["reading"] * 60 + ["backlog"] * 50
        hub.receipt(outbox.epoch, backlog=20)  # the window was full
        hub.wait(lambda: len(hub.lane("backlog")) == 60)


def test_what_the_hub_wants_is_sent_at_once_or_declared_lost(uplink: Uplink, outbox: Outbox, hub: Listener) -> None:
    """So a gap closes either way."""
    for n in range(5):
        put(outbox, "reading", reading(n))
    hub.wait(lambda: len(hub.lane("reading")) == 5)
    hub.receipt(outbox.epoch, reading=2)
    until(outbox, lambda: outbox.depths()["reading"] == 3)
    hub.receipt(outbox.epoch, reading=LaneReceipt(2, ((1, 1), (4, 4), (9, 12))))
    hub.wait(lambda: [pack.seq for pack in hub.lane("reading")][5:] == [4])
    hub.wait(lambda: any(isinstance(fact, Lost) for fact in hub.facts("event")))
    lost = [fact for fact in hub.facts("event") if isinstance(fact, Lost)]
    assert [(m.lane, m.epoch, m.first, m.last, m.reason) for m in lost] == [
        ("reading", outbox.epoch, 1, 1, "receipted")
    ]


def test_what_is_wanted_early_leaves_nothing_out(
    tmp_path: Path, mosquitto: Mosquitto, hub: Listener, outbox: Outbox
) -> None:
    """A pack beyond the window goes out of turn; those before it go when their turn comes."""
    for n in range(60):
        put(outbox, "backlog", reading(n))
    with sending(tmp_path, outbox, mosquitto.url):
        hub.wait(lambda: len(hub.lane("backlog")) == 50)
        hub.receipt(outbox.epoch, backlog=LaneReceipt(0, ((60, 60),)))
        hub.wait(lambda: hub.lane("backlog")[-1].seq == 60)
        hub.receipt(outbox.epoch, backlog=50)
        hub.wait(lambda: {pack.seq for pack in hub.lane("backlog")} == set(range(1, 61)))


def test_without_a_receipt_a_pack_is_sent_again(
    uplink: Uplink, outbox: Outbox, hub: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker may have lost it."""
    monkeypatch.setattr("edge_agent.window.RESEND_S", 0.3)
    put(outbox, "event", event())
    hub.wait(lambda: [pack.seq for pack in hub.lane("event")][:3] == [1, 1, 1])


def test_a_restart_sends_old_packs_under_their_old_epoch(tmp_path: Path, mosquitto: Mosquitto, hub: Listener) -> None:
    """And says in which session it does."""
    with opened(tmp_path / "data") as outbox:
        put(outbox, "event", event(1))
        first = outbox.epoch
    with opened(tmp_path / "data") as outbox, sending(tmp_path, outbox, mosquitto.url):
        put(outbox, "event", event(2))
        hub.wait(lambda: len(hub.lane("event")) == 2)
        old, new = hub.lane("event")
        assert (old.epoch, old.seq, old.resent_in, old.facts) == (first, 1, outbox.epoch, (event(1),))
        assert (new.epoch, new.seq, new.resent_in, new.facts) == (outbox.epoch, 1, None, (event(2),))
        hub.receipt(first, event=1)
        hub.receipt(outbox.epoch, event=1)
        until(outbox, lambda: outbox.depths()["event"] == 0)


@pytest.mark.parametrize("kill", [False, True])
def test_a_broker_that_goes_and_comes_back_empty_costs_nothing(
    mosquitto: Mosquitto,
    uplink: Uplink,
    outbox: Outbox,
    hub: Listener,
    kill: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All that is unreceipted is sent again, and what was made meanwhile; the will gives way to the birth."""
    monkeypatch.setattr("edge_agent.window.RESEND_S", 1.0)  # the hub may be back later than the agent
    for n in range(10):
        put(outbox, "event", event(n))
    hub.wait(lambda: len(hub.lane("event")) == 10)
    hub.packs.clear()
    mosquitto.stop(kill=kill)
    for path in (mosquitto.folder / "data").iterdir():
        path.unlink()  # what PUBACK was given for is gone
    for n in range(10, 20):
        put(outbox, "event", event(n))
    mosquitto.start()
    hub.wait(lambda: hub.facts("event") == [event(n) for n in range(20)])
    hub.wait(lambda: any(pack.lane == "status" for pack in hub.packs))
    hub.receipt_all()
    with listening(mosquitto.url, name="late") as late:
        late.wait(lambda: bool(late.retained))
        assert late.retained[0].facts[0].online  # type: ignore[union-attr]


def test_a_killed_session_leaves_its_will_and_the_next_birth_takes_it_back(
    mosquitto: Mosquitto, uplink: Uplink, hub: Listener, outbox: Outbox
) -> None:
    """The will carries the epoch and no seq."""
    hub.wait(lambda: len(hub.lane("status")) == 2)
    uplink.link.drop()
    hub.wait(lambda: any(pack.seq is None for pack in hub.packs))
    hub.wait(lambda: len(hub.lane("status")) > 2)
    said = lambda seq: [one.facts[0] for one in hub.lane("status") if one.seq == seq]  # noqa: E731
    hub.wait(lambda: bool(said(3)))
    (first, *_), (last, *_) = said(1), said(3)
    names = ("connects", "resent", "thinned", "evicted", "bad_receipts", "bad_messages")
    assert first.counts == dict.fromkeys(names, 0)  # type: ignore[union-attr]
    assert (last.counts["connects"], uplink.resent) == (2, 2)  # type: ignore[union-attr]
    will = next(pack for pack in hub.packs if pack.seq is None)
    assert (will.epoch, will.facts[0].online) == (outbox.epoch, False)  # type: ignore[union-attr]
    with listening(mosquitto.url, name="late") as late:
        late.wait(lambda: bool(late.retained))
        assert late.retained[0].facts[0].online  # type: ignore[union-attr]


def test_an_older_status_sent_again_is_not_retained(
    mosquitto: Mosquitto, uplink: Uplink, hub: Listener, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker would show the past as the present."""
    hub.wait(lambda: len(hub.lane("status")) == 2)
    hub.receipt(outbox.epoch, status=LaneReceipt(0, ((1, 1),)))
    hub.wait(lambda: [pack.seq for pack in hub.lane("status")] == [1, 2, 1])
    with listening(mosquitto.url, name="late") as late:
        late.wait(lambda: bool(late.retained))
        assert late.retained[0].seq == 2


@pytest.mark.parametrize(
    "payload",
    [b"", b"garbage", b'{"hub":"x"}', b"\xff\xfe", b'{"hub":"x","epoch":1,"lanes":{"event":{"to":-1}},"t_us":0}'],
)
def test_a_bad_receipt_is_counted_and_stops_nothing(
    uplink: Uplink, outbox: Outbox, hub: Listener, payload: bytes
) -> None:
    """Nor does one that speaks of packs that were never made."""
    put(outbox, "event", event(1))
    hub.wait(lambda: len(hub.lane("event")) == 1)
    hub.say(receipt_topic(ADDRESS), payload)
    hub.receipt(outbox.epoch, event=2**60)
    hub.receipt(outbox.epoch, event=1)
    put(outbox, "event", event(2))
    hub.wait(lambda: len(hub.lane("event")) == 2)
    hub.receipt(outbox.epoch, event=2, status=1)
    until(outbox, lambda: outbox.depths()["event"] == 0)
    assert (uplink.bad_messages, outbox.bad_receipts) == (1, 1)


def test_every_command_is_answered(uplink: Uplink, outbox: Outbox, hub: Listener) -> None:
    """No profile has commands yet; expired ones are answered too, garbage is counted."""
    hub.say(receipt_topic(ADDRESS).replace("/receipt", "/command"), b"garbage")
    hub.command(Command("c-1", "lift-01", "lift.call", 5, 6))
    hub.command(Command("c-2", "lift-01", "lift.call", 5, 2**60))
    hub.wait(lambda: len(hub.facts("result")) == 2)
    results = [fact for fact in hub.facts("result") if isinstance(fact, Result)]
    assert [(r.command, r.device, r.ok, r.reason) for r in results] == [
        ("c-1", "lift-01", False, "unknown command"),
        ("c-2", "lift-01", False, "unknown command"),
    ]
    assert uplink.bad_messages == 1


def test_a_stand_in_says_what_it_stands_for(tmp_path: Path, mosquitto: Mosquitto, hub: Listener) -> None:
    """And the event lane declares the same packs thinned, with its name."""
    small = Bounds(max_bytes=40_000, reserve_bytes=64_000)
    with opened(tmp_path / "small", bounds=small) as outbox:
        for n in range(500):
            put(outbox, "reading", reading(n))
        marker = lost(outbox)[0]
        with sending(tmp_path, outbox, mosquitto.url):
            hub.wait(lambda: any(pack.stands_for for pack in hub.lane("reading")))
        pack = next(pack for pack in hub.lane("reading") if pack.stands_for)
    assert marker.by == (pack.epoch, pack.seq, pack.seq)
    assert pack.stands_for == ((marker.epoch, marker.first, marker.last),)
    assert (marker.reason, marker.facts) == ("thinned", marker.last - marker.first + 1)
    assert [fact.values["n"] for fact in pack.facts if isinstance(fact, Reading)] == [0, marker.facts - 1]
