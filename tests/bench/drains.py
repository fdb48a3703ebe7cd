"""One process that drains a broker's queue, bare or through the hub's intake, and prints messages a second and CPU."""

import argparse
import resource
import threading
import time
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from device_profiles.clock import Clock
from device_profiles.link import BrokerConfig
from device_profiles.topics import lane_filter
from hub.database import open_database
from hub.intake.intake import Deliver, Intake
from hub.intake.subscriber import Subscriber
from hub.intake.writer import Writer
from hub.journal.journal import Journal
from hub.ledger.store import LedgerSaver, load

CLIENTS = {"bare": ("bench-bare",), "intake": ("hub-bench-event", "hub-bench-reading")}


def bare(port: int, count: int, _folder: Path) -> float:
    """Return the seconds that a paho subscriber needs to receive and ack ``count`` messages."""
    done, seen = threading.Event(), 0

    def on_message(_client: object, _data: object, _message: object) -> None:
        nonlocal seen
        seen += 1
        if seen == count:
            done.set()

    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=CLIENTS["bare"][0], clean_session=False)
    client.on_message = on_message
    began = time.perf_counter()
    client.connect("127.0.0.1", port)
    client.loop_start()
    done.wait()
    passed = time.perf_counter() - began
    client.disconnect()
    client.loop_stop()
    return passed


def intake(port: int, count: int, folder: Path) -> float:
    """Return the seconds until the hub's intake has ``count`` packs in its journal and has acked them."""
    journal = Journal.open(folder / "journal.db")
    engine = open_database(folder / "hub.db")
    ledger = load(engine)
    saver = LedgerSaver(engine, ledger)
    broker = BrokerConfig(url=f"mqtt://127.0.0.1:{port}")

    def connect(name: str, filters: tuple[str, ...], deliver: Deliver) -> Subscriber:
        client_id = f"hub-bench-{name}"
        return Subscriber(broker, client_id=client_id, folder=folder, subscriptions=filters, on_messages=deliver)

    failures: list[str] = []
    writer = Writer(journal, ledger, saver, hub="bench", clock=Clock())
    parts = Intake(writer, clock=Clock(), connect=connect, lag_ms=lambda: 0.0, on_crash=failures.append)
    began = time.perf_counter()
    parts.start()
    while sum(state.packs for state in list(ledger.lanes.values())) < count and not failures:
        time.sleep(0.005)
    passed = time.perf_counter() - began
    parts.stop()
    assert not failures
    journal.close()
    return passed


def subscribe(port: int) -> None:
    """Open the persistent session of every drain, so that the broker queues for it."""
    for names in CLIENTS.values():
        for name in names:
            subscribed = threading.Event()
            client = paho.Client(CallbackAPIVersion.VERSION2, client_id=name, clean_session=False)
            client.on_subscribe = lambda *_arguments, event=subscribed: event.set()
            client.connect("127.0.0.1", port)
            if name != "hub-bench-event":
                client.subscribe(lane_filter("reading"), qos=1)
            else:
                subscribed.set()
            client.loop_start()
            assert subscribed.wait(10)
            client.disconnect()
            client.loop_stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=CLIENTS)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    arguments = parser.parse_args()
    drain = {"bare": bare, "intake": intake}[arguments.kind]
    before = resource.getrusage(resource.RUSAGE_SELF)
    seconds = drain(arguments.port, arguments.count, arguments.folder)
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    print(arguments.count / seconds, cpu_s / arguments.count * 1e5)
