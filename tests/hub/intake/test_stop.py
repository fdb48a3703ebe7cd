"""A stop of the intake is bounded, however much waits: what has no ack comes again."""

import threading
from pathlib import Path

import pytest

from device_profiles.clock import Clock
from device_profiles.link import Inbound
from hub.database import open_database
from hub.intake.inbox import Inbox, Port
from hub.intake.intake import Deliver, Intake
from hub.intake.writer import Writer
from hub.journal.journal import Journal
from hub.ledger.ledger import Ledger
from hub.ledger.store import LedgerSaver

WAITING = 10_000


class Quiet:
    """A client at a broker that brings nothing of its own, and counts what is acked."""

    def __init__(self) -> None:
        self.acked = 0

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """End."""

    def ack(self, *messages: Inbound) -> None:
        """Count."""
        self.acked += len(messages)

    def publish(self, topic: str, payload: bytes) -> int | None:
        """Take it."""
        return 1 if topic and payload else None

    def drop(self) -> None:
        """Nothing to cut."""


class OneByOne(Writer):
    """Takes one message a round, and is held at a gate in its first."""

    def __init__(self, journal: Journal, saver: LedgerSaver) -> None:
        super().__init__(journal, Ledger(), saver, hub="hub-1", clock=Clock())
        self.entered, self.gate, self.finished = threading.Event(), threading.Event(), False

    def round(self, events: Inbox, readings: Inbox, port: Port) -> None:
        """Ack the oldest message."""
        self.entered.set()
        assert self.gate.wait(30)
        for waiting in events.take(1) or readings.take(1):
            waiting.port.ack(waiting.message)
        super()._send_receipts(port)

    def finish(self) -> None:
        """Note that it came to its end."""
        self.finished = True


@pytest.mark.parametrize(("drain_s", "all_of_it"), [(0.0, False), (600.0, True)])
def test_a_stop_writes_what_is_here_if_that_is_soon_done(tmp_path: Path, drain_s: float, all_of_it: bool) -> None:
    """The rest is neither written nor acked, and what was begun comes to its end."""
    journal, engine, ports = Journal.open(tmp_path / "journal.db"), open_database(tmp_path / "hub.db"), list[Quiet]()
    delivers: dict[str, Deliver] = {}

    def connect(name: str, filters: tuple[str, ...], deliver: Deliver) -> Port:
        delivers[name] = deliver
        ports.append(Quiet())
        return ports[-1]

    writer = OneByOne(journal, LedgerSaver(engine, Ledger()))
    intake = Intake(writer, clock=Clock(), connect=connect, lag_ms=lambda: 0.0, on_crash=pytest.fail, drain_s=drain_s)
    intake.start()
    delivers["reading"]([Inbound("t", b"", False, mid, 1) for mid in range(1, WAITING + 1)])
    assert writer.entered.wait(30)
    stop = threading.Thread(target=intake.stop)
    stop.start()
    while not intake.closing.wait(0.01):
        assert stop.is_alive()
    writer.gate.set()
    stop.join(30)
    acked = sum(port.acked for port in ports)
    assert writer.finished
    assert (acked == WAITING) is all_of_it
    assert acked + intake.held()["reading"][0] == WAITING
    journal.close()
    engine.dispose()
