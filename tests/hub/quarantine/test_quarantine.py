"""What was set aside: listed, judged again by the running hub, dropped, kept within a bound."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from device_profiles.topics import lane_topic
from device_profiles.wire import encode
from hub.journal.faulty import Faulty, Reason, note_of, quarantine_row
from hub.journal.journal import Journal
from hub.journal.records import NewRecord, append_deeds
from hub.ledger.ledger import LaneKey, Ledger
from hub.quarantine.asides import Deed, State, deed_row, read_asides
from hub.quarantine.bound import QuarantineBound
from hub.quarantine.replays import Replays
from tests.hub.metrics.scraped import counted
from tests.hub.rig import ADDRESS, EPOCH, AgentSide, HubProcess, pack
from tests.servers import Mosquitto

TOPIC = lane_topic(ADDRESS, "reading")
KEY = LaneKey(str(ADDRESS), EPOCH, "reading")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """Open a journal of its own."""
    found = Journal.open(tmp_path / "journal.db", reserve_bytes=1_000_000)
    yield found
    found.close()


def aside(journal: Journal, payload: bytes, *, reason: Reason = Reason.UNEXPECTED, seq: int | None = None) -> int:
    """Set a message aside, as an intake did that knew less; return its id."""
    faulty = Faulty(reason, "a test", str(ADDRESS), EPOCH if seq else 0, "reading" if seq else "", seq)
    return journal.append([quarantine_row(faulty, topic=TOPIC, payload=payload, now_us=time.time_ns() // 1000)])[
        0
    ].offset


def ask(journal: Journal, *messages: int) -> None:
    """Write requests as another process does."""
    append_deeds(journal.path, [deed_row(Deed("replay", one, "li.wei"), now_us=2) for one in messages])


def state_of(journal: Journal, message: int) -> tuple[State, str]:
    """Return what became of a message, and why."""
    found = read_asides(journal)[message]
    return found.state, found.why


def test_a_message_that_is_good_now_is_journalled_as_what_it_is(journal: Journal) -> None:
    """Once, however often it is asked for, also by a hub that starts anew; the ledger knows it."""
    ledger, message = Ledger(), aside(journal, encode(pack(3)))
    ask(journal, message, message)
    Replays(journal, ledger).run(now_us=5)
    assert state_of(journal, message) == (State.REPLAYED, "pack")
    ask(journal, message)
    Replays(journal, ledger).run(now_us=6)
    packs = [record for record in journal.read(0, 100) if record.kind == "pack"]
    assert [(record.seq, record.body, record.received_us) for record in packs] == [
        (3, note_of(journal.of_kind("quarantine", 0, 1)[0])[1], 5)
    ]
    assert ledger.seen(KEY, 3)


@pytest.mark.parametrize(
    ("payload", "reason", "outcome"),
    [
        (b"garbage", Reason.MALFORMED, "malformed"),
        (b'{"v":1}', Reason.WRONG_TYPE, "wrong_type"),
        (b"x" * 70_000, Reason.TOO_LARGE, "emptied"),
        (b"", Reason.FUTURE_TIME, "future_time"),
        (encode(pack(1)), Reason.CLONED, "cloned"),
        (encode(pack(1)), Reason.UNEXPECTED, "double"),
        (encode(pack(None, "status")), Reason.UNEXPECTED, "wrong_lane"),
    ],
)
def test_what_is_still_no_good_stays(journal: Journal, payload: bytes, reason: Reason, outcome: str) -> None:
    """Its state says what came of it, its outcome is counted, and nothing else is written."""
    ledger = Ledger()
    (known,) = journal.append([aside_of_pack(1)])
    ledger.take(known)
    before = counted("quarantine_replayed", outcome=outcome)
    message = aside(journal, payload, reason=reason)
    ask(journal, message)
    Replays(journal, ledger).run(now_us=5)
    assert state_of(journal, message) == (State.REFUSED, outcome)
    assert [record.kind for record in journal.read(message, 100)] == ["aside", "aside"]
    assert counted("quarantine_replayed", outcome=outcome) == before + 1


def aside_of_pack(seq: int) -> NewRecord:
    """Return the record of a pack that came well."""
    return NewRecord(1, "pack", encode(pack(seq)), str(ADDRESS), EPOCH, "reading", seq)


def test_a_number_that_was_receipted_for_bad_facts_is_no_double(journal: Journal) -> None:
    """The agent has forgotten it on the hub's word, so that its quarantine record is all there is."""
    ledger = Ledger()
    message = aside(journal, encode(pack(7)), reason=Reason.WRONG_TYPE, seq=7)
    ledger.take(journal.read(0, 1)[0])
    assert ledger.seen(KEY, 7)
    ask(journal, message)
    Replays(journal, ledger).run(now_us=5)
    assert state_of(journal, message) == (State.REPLAYED, "pack")


def test_above_the_bound_only_the_notes_of_the_oldest_stay(journal: Journal) -> None:
    """By number and by bytes; each is counted once, and what is empty cannot be judged again."""
    before = counted("quarantine_emptied")
    messages = [aside(journal, b"x" * 1_000) for _ in range(10)]
    by_number = QuarantineBound(journal, max_messages=6, max_bytes=10**9)
    assert (by_number.keep(), by_number.keep()) == (4, 0)
    by_bytes = QuarantineBound(journal, max_messages=100, max_bytes=4_000)
    assert by_bytes.keep() == 3
    states = [found.state for found in read_asides(journal).values()]
    assert states == [State.EMPTIED] * 7 + [State.KEPT] * 3
    assert counted("quarantine_emptied") == before + 7
    assert [found.size for found in read_asides(journal).values()] == [1_000] * 10
    ask(journal, messages[0])
    Replays(journal, Ledger()).run(now_us=5)
    assert state_of(journal, messages[0]) == (State.REFUSED, "emptied")


def test_the_commands_beside_a_running_hub(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """List, show, replay and drop; a person's name and reason stand in the journal."""
    hub = HubProcess(tmp_path / "hub", mosquitto.url).start()
    with AgentSide(mosquitto.url, tmp_path) as agent:
        agent.send_raw(b"garbage")
        agent.send(pack(1))
        assert agent.receipted("reading", 1)
        journal = Journal.open(tmp_path / "hub" / "data" / "journal.db", reserve_bytes=0)
        good = aside(journal, encode(pack(2)))
        journal.close()
        config = ("--config", hub.config)
        bad, _ = (found["id"] for found in json.loads(hub.ask("quarantine", "list", "--json", *config, config=False)))
        assert "garbage" in hub.ask("quarantine", "show", bad, *config, config=False)
        done = hub.ask("quarantine", "replay", good, "--actor", "li.wei", *config, config=False)
        assert done == f"{good}: pack\n"
        still = hub.ask(
            "quarantine", "replay", "--reason", "malformed", "--actor", "li.wei", *config, config=False, code=1
        )
        assert still.startswith(f"{bad}: still malformed")
        hub.ask("quarantine", "drop", bad, "--actor", "li.wei", "--why", "noise", *config, config=False)
        again = hub.ask("quarantine", "replay", bad, "--actor", "li.wei", *config, config=False, code=1)
        assert again == f"{bad}: dropped already\n"
        agent.send(pack(3))
        assert agent.receipted("reading", 3)  # the hub's own ledger has number 2
    assert hub.stop() == 0
    shown = json.loads(hub.ask("quarantine", "list", "--json", *config, config=False))
    assert [(found["state"], found["actor"], found["why"]) for found in shown] == [
        ("dropped", "li.wei", "noise"),
        ("replayed", "hub", "pack"),
    ]
    assert shown[0]["held"] == 0
    assert hub.totals()["received"] == 3
    assert "same" in hub.ask("replay")


def test_what_is_asked_of_a_hub_that_is_down_is_done_when_it_starts(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """The request is a record; who names no message, or one that is not there, is told so."""
    hub = HubProcess(tmp_path / "hub", mosquitto.url).start()
    assert hub.stop() == 0
    journal = Journal.open(tmp_path / "hub" / "data" / "journal.db", reserve_bytes=0)
    message = aside(journal, encode(pack(1)))
    config = ("--config", hub.config)
    done = hub.ask("quarantine", "replay", message, "--actor", "li.wei", *config, config=False)
    assert done == "1 will be judged when the hub starts\n"
    hub.ask("quarantine", "replay", "--actor", "li.wei", *config, config=False, code=2)
    hub.ask("quarantine", "show", message + 99, *config, config=False, code=1)
    hub.start()
    with AgentSide(mosquitto.url, tmp_path) as agent:
        agent.send(pack(2))
        assert agent.receipted("reading", 2)
    assert hub.stop() == 0
    assert state_of(journal, message) == (State.REPLAYED, "pack")
    journal.close()
