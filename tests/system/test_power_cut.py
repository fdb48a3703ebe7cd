"""SIGKILL cannot see a missing fsync, so strace does: no receipt and no PUBACK before the sync that covers it."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from device_profiles import topics, wire
from hub.journal.journal import Journal
from tests.servers import Mosquitto, need
from tests.system.strace_log import OPTIONS, read_calls
from tests.system.sync_check import Disk, Identity, acknowledged

PACKS = 30  # of each lane
AGENT = topics.AgentAddress("hz/xiacheng/chaoming", "chaoming-01")
LANES: tuple[wire.Lane, ...] = ("event", "reading")
HUB = "import device_profiles.durable as durable; durable.SYNCHRONOUS = {!r}; import hub.cli; hub.cli.main()"


def _hub_under_strace(folder: Path, url: str, *, synchronous: str) -> Path:
    """Run a hub whose SQLite is ``synchronous`` until an agent has all its packs receipted; return the log."""
    config = folder / "hub.toml"
    config.write_text(f'hub = "xiacheng"\ndata = "data"\n[broker]\nurl = "{url}"\n', encoding="utf-8")
    log = folder / "strace.log"
    command = [
        need("strace"),
        "-D",
        *OPTIONS,
        "-o",
        str(log),
        sys.executable,
        "-c",
        HUB.format(synchronous),
        "run",
        str(config),
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert any(line.rstrip().endswith("ready") for line in process.stderr), "the hub never said ready"
        drain = threading.Thread(target=process.stderr.read, daemon=True)
        drain.start()
        try:
            _send_until_receipted(url)
        finally:
            process.terminate()  # with -D it is the hub, and strace the grandchild
            assert process.wait(timeout=60) == 0
            drain.join()
    _wait_for_end(log, process.pid)
    return log


def _wait_for_end(log: Path, pid: int) -> None:
    """Return when strace, which nobody is the parent of, has written the hub's last line."""
    deadline_s = time.monotonic() + 60
    while f"{pid} +++ exited" not in log.read_text(encoding="ascii", errors="replace")[-400:].replace("  ", " "):
        assert time.monotonic() < deadline_s, "strace did not finish its log"
        time.sleep(0.02)


def _send_until_receipted(url: str) -> None:
    done = threading.Event()
    reached: dict[str, int] = {}

    def on_message(_client: object, _data: object, message: paho.MQTTMessage) -> None:
        for lane, receipt in wire.decode_receipt(message.payload).lanes.items():
            reached[lane] = max(reached.get(lane, 0), receipt.to)
        if all(reached.get(lane, 0) >= PACKS for lane in LANES):
            done.set()

    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=AGENT.agent)
    client.on_message = on_message
    client.connect("127.0.0.1", int(url.rsplit(":", 1)[1]))
    client.subscribe(topics.receipt_topic(AGENT), qos=1)
    client.loop_start()
    for seq in range(1, PACKS + 1):
        for lane in LANES:
            client.publish(topics.lane_topic(AGENT, lane), _pack(lane, seq), qos=1).wait_for_publish(10)
    assert done.wait(60), f"receipts stopped at {reached}"
    client.disconnect()
    client.loop_stop()


def _pack(lane: wire.Lane, seq: int) -> bytes:
    fact: wire.Fact = wire.Reading("lift-07", 1763600000000000 + seq, {"car_position": seq})
    if lane == "event":
        fact = wire.Event("lift-07", 1763600000000000 + seq, "lift.stuck_suspected", "info")
    return wire.encode(wire.Pack(1, AGENT.agent, 1763599000, lane, 1763600000000000 + seq, (fact,), seq=seq))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the hub's folder, not nested in the broker's."""
    path = tmp_path / "hub"
    path.mkdir()
    return path


def test_invariant_02_no_word_before_the_sync_that_covers_it(folder: Path, mosquitto: Mosquitto) -> None:
    """With synchronous FULL every receipt and PUBACK leaves after its fdatasync, and a power cut then loses none."""
    log = _hub_under_strace(folder, mosquitto.url, synchronous="FULL")
    disk = Disk(str(folder))
    receipted: list[Identity] = []
    words = []
    for number, word in enumerate(acknowledged(read_calls(log), disk, on_receipt=receipted.append)):
        words.append(word)
        if word[0] == "receipt" and len(receipted) % 10 == 0:
            kept = _journal_after_power_cut(disk, folder / f"cut-{number}")
            assert [identity for identity in receipted if identity not in kept] == []
    assert [word for word in words if not word[2]] == []
    assert len([word for word in words if word[0] == "puback"]) >= PACKS * len(LANES)
    assert len(receipted) == PACKS * len(LANES)


@pytest.mark.parametrize("synchronous", ["NORMAL", "OFF"])
def test_the_check_sees_a_missing_sync(folder: Path, mosquitto: Mosquitto, synchronous: str) -> None:
    """With less than FULL the same check finds words that no sync covers: it can fail."""
    log = _hub_under_strace(folder, mosquitto.url, synchronous=synchronous)
    words = list(acknowledged(read_calls(log), Disk(str(folder))))
    assert [word for word in words if word[0] == "receipt" and not word[2]] != []
    assert [word for word in words if word[0] == "puback" and not word[2]] != []


def _journal_after_power_cut(disk: Disk, folder: Path) -> set[Identity]:
    """Return the packs in a journal made of nothing but what had been synced."""
    folder.mkdir()
    for name, content in disk.after_power_cut():
        if Path(name).name.startswith("journal.db"):
            (folder / Path(name).name).write_bytes(content)
    journal = Journal.open(folder / "journal.db")
    try:
        records = journal.read(0, 100_000)
    finally:
        journal.close()
    return {(record.agent, record.epoch, record.lane, record.seq or 0) for record in records if record.kind == "pack"}
