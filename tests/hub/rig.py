"""What tests of the whole hub need: the hub as a process that may be killed, and an agent's side of the wire."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from device_profiles.link import BrokerConfig, Inbound, Link
from device_profiles.topics import AgentAddress, lane_topic, receipt_topic
from device_profiles.wire import Event, Fact, Lane, Lost, Pack, Reading, Receipt, decode_receipt, encode
from hub.journal.journal import Journal, Record

ADDRESS = AgentAddress("hz/xiacheng/chaoming", "chaoming-01")
EPOCH = 1_763_599_000
WAIT_S = 60.0  # long enough for a loaded machine; nothing here is about speed


def reading(value: int = 1) -> Reading:
    """Return a reading made now."""
    return Reading("lift-07", time.time_ns() // 1000, {"car_position": value})


def event() -> Event:
    """Return an event made now."""
    return Event("lift-07", time.time_ns() // 1000, "lift.stuck_occupied", "life")


def lost(lane: Lane, first: int, last: int) -> Lost:
    """Return the word that packs are lost."""
    return Lost(time.time_ns() // 1000, lane, EPOCH, first, last, "evicted")


def pack(seq: int | None, lane: Lane = "reading", *facts: Fact, epoch: int = EPOCH, boot: str = "b00t") -> Pack:
    """Return a pack of our agent, with one reading unless facts are given."""
    return Pack(1, ADDRESS.agent, epoch, lane, time.time_ns() // 1000, facts or (reading(),), seq, boot)


class HubProcess:
    """A hub in ``folder`` that may be armed to die at a fault point."""

    def __init__(self, folder: Path, url: str, *, extra: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.config = folder / "hub.toml"
        self.config.write_text(f'hub = "hub-1"\ndata = "data"\n{extra}\n[broker]\nurl = "{url}"\n', encoding="utf-8")
        self.program = ["hub"]  # a module, and words before those of the command
        self.process: subprocess.Popen[str] | None = None
        self.log: list[str] = []
        self._reader: threading.Thread | None = None

    def start(self, *, fault: str = "", words: tuple[str, ...] = ()) -> "HubProcess":
        """Start it and return when it says ready."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", *self.program, "run", str(self.config), *words],
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"CITYNERVE_FAULT": fault},
        )
        ready = threading.Event()
        self._reader = threading.Thread(target=self._read, args=(ready,), daemon=True)
        self._reader.start()
        assert ready.wait(WAIT_S), "".join(self.log)
        return self

    def stop(self) -> int:
        """End it politely and return its exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.ended()

    def ended(self) -> int:
        """Wait for its end and return its exit code."""
        assert self.process is not None
        assert self._reader is not None
        code = self.process.wait(WAIT_S)
        self._reader.join(WAIT_S)
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code

    def records(self) -> list[Record]:
        """Return the journal, ticks left out."""
        journal = Journal.open(self.folder / "data" / "journal.db", reserve_bytes=0)
        try:
            return [record for record in journal.read(0, 100_000) if record.kind not in ("tick", "text")]
        finally:
            journal.close()

    def ask(self, *words: object, code: int = 0, config: bool = True) -> str:
        """Return what ``hub WORDS CONFIG`` prints; it must end with ``code``."""
        command = [sys.executable, "-m", "hub", *map(str, words), *([str(self.config)] if config else [])]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=180)
        assert done.returncode == code, done.stderr
        return done.stdout

    def ledger(self) -> dict[str, object]:
        """Return what ``hub ledger --json`` prints."""
        found: dict[str, object] = msgspec.json.decode(self.ask("ledger", "--json"))
        return found

    def alarms(self, *, open_only: bool = False) -> list[dict[str, object]]:
        """Return what ``hub alarms --json`` prints."""
        words = ["alarms", "--json", *(["--open"] if open_only else [])]
        found: list[dict[str, object]] = msgspec.json.decode(self.ask(*words))
        return found

    def totals(self) -> dict[str, Any]:
        """Return the ledger's totals."""
        total = self.ledger()["total"]
        assert isinstance(total, dict)
        return total

    def _read(self, ready: threading.Event) -> None:
        assert self.process is not None
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log.append(line)
            if line.rstrip().endswith(": ready"):
                ready.set()


class AgentSide:
    """An agent's link: it publishes what it is told and keeps the receipts."""

    def __init__(
        self, url: str, folder: Path, *, address: AgentAddress = ADDRESS, broker: BrokerConfig | None = None
    ) -> None:
        self.address = address
        self.receipts: list[Receipt] = []
        self.pubacks: list[int] = []
        self._changed = threading.Condition()
        self.link = Link(
            broker or BrokerConfig(url=url),
            client_id=address.agent,
            folder=folder,
            persistent=True,
            subscriptions=(receipt_topic(address),),
            on_message=self._on_message,
            on_puback=self._on_puback,
        )

    def __enter__(self) -> "AgentSide":
        self.link.start()
        assert self.link.subscribed.wait(WAIT_S)
        return self

    def __exit__(self, *_: object) -> None:
        self.link.stop()

    def send(self, *packs: Pack) -> None:
        """Publish packs on their lanes."""
        for one in packs:
            self.send_raw(encode(one), lane=one.lane)

    def send_raw(self, payload: bytes, *, lane: Lane = "reading", topic: str = "", retain: bool = False) -> None:
        """Publish whatever on our lane's topic."""
        assert self.link.publish(topic or lane_topic(self.address, lane), payload, retain=retain) is not None

    def until(self, reached: Callable[[], bool], timeout_s: float = WAIT_S) -> bool:
        """Wait until receipts or PUBACKs make ``reached`` true; return whether they did."""
        with self._changed:
            return self._changed.wait_for(reached, timeout_s)

    def receipted(self, lane: Lane, to: int, *, epoch: int = EPOCH) -> bool:
        """Wait for a receipt up to ``to``."""
        return self.until(lambda: any(got >= to for got in self.receipted_to(lane, epoch)))

    def receipted_to(self, lane: Lane, epoch: int = EPOCH) -> Iterator[int]:
        """Yield the ``to`` of each receipt of a lane."""
        for receipt in self.receipts:
            if receipt.epoch == epoch and lane in receipt.lanes:
                yield receipt.lanes[lane].to

    def _on_message(self, message: Inbound) -> None:
        with self._changed:
            self.receipts.append(decode_receipt(message.payload))
            self._changed.notify_all()

    def _on_puback(self, mid: int) -> None:
        with self._changed:
            self.pubacks.append(mid)
            self._changed.notify_all()
