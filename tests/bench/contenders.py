"""What others write: four subscribers that bring the same messages into InfluxDB, each a process of its own.

They keep no journal, count nothing that is lost, raise no alarm and ack before anything is written: less than the hub
does, and so a baseline. Each prints ``ready`` once it is subscribed and ``done`` once the database has all.
"""

import argparse
import http.client
import json
import queue
import threading
from collections.abc import Callable
from typing import Any

import msgspec
import paho.mqtt.client as paho
from influxdb_client import InfluxDBClient, Point, WriteOptions
from influxdb_client.client.write_api import SYNCHRONOUS, WriteApi
from paho.mqtt.enums import CallbackAPIVersion

from device_profiles.topics import lane_filter
from tests.bench.influx import DATABASE

KINDS = ("tutorial", "batching", "decoding", "tuned")
TUNED_LINES = 5_000  # in one request: InfluxDB's own advice
TUNED_BYTES = 262_144  # in one read of the socket


class Said(msgspec.Struct):
    """A fact of a message, as far as a time series needs it."""

    device: str
    t_us: int
    values: dict[str, float]


class Envelope(msgspec.Struct):
    """A message, as far as a time series needs it."""

    facts: list[Said]


def subscribe(port: int, on_payload: Callable[[bytes], None]) -> paho.Client:
    """Return a client that hands over every payload on its own thread, as a tutorial shows it."""
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="bench-contender")
    client.on_message = lambda _client, _data, message: on_payload(message.payload)
    client.on_subscribe = lambda *_arguments: print("ready", flush=True)
    client.connect("127.0.0.1", port)
    client.subscribe(lane_filter("reading"), qos=1)
    client.loop_start()
    return client


def library(url: str, count: int, port: int, *, batching: bool, decode: Callable[[bytes], Any] = json.loads) -> None:
    """Write through influxdb-client: every message by itself, or by its own batching mode.

    A tutorial decodes with the standard library; with ``decode`` it has a faster one.
    """
    influx = InfluxDBClient(url, token="", org="-", timeout=60_000)
    _reach_1x(influx)
    options = WriteOptions(batch_size=5_000, flush_interval=1_000) if batching else SYNCHRONOUS
    writer: WriteApi = influx.write_api(write_options=options)
    seen, done = 0, threading.Event()

    def on_payload(payload: bytes) -> None:
        nonlocal seen
        for fact in decode(payload)["facts"]:
            point = Point("reading").tag("device", fact["device"]).time(fact["t_us"], "us")
            for name, value in fact["values"].items():
                point.field(name, value)
            writer.write(DATABASE, record=point, write_precision="us")
        seen += 1
        if seen == count:
            done.set()

    client = subscribe(port, on_payload)
    done.wait()
    writer.close()
    print("done", flush=True)
    client.disconnect()


def tuned(url: str, count: int, port: int) -> None:
    """Decode with msgspec into records, format lines by hand, post thousands at once from a second thread."""
    host = url.removeprefix("http://")
    decoder = msgspec.json.Decoder(Envelope)
    batches: queue.Queue[list[str] | None] = queue.Queue(4)
    lines: list[str] = []
    seen = 0

    def post() -> None:
        connection = http.client.HTTPConnection(host)
        while (batch := batches.get()) is not None:
            connection.request("POST", f"/write?db={DATABASE}&precision=u", "\n".join(batch).encode())
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 204, answer.status
        print("done", flush=True)

    def on_payload(payload: bytes) -> None:
        nonlocal lines, seen
        lines += map(line_of, decoder.decode(payload).facts)
        seen += 1
        if len(lines) >= TUNED_LINES or seen == count:
            batches.put(lines)
            lines = []
        if seen == count:
            batches.put(None)

    poster = threading.Thread(target=post)
    poster.start()
    client = subscribe(port, on_payload)
    poster.join()
    client.disconnect()


def line_of(fact: Said) -> str:
    """Return a line of line protocol; names need no escape here."""
    fields = ",".join([f"{name}={value}" for name, value in fact.values.items()])
    return f"reading,device={fact.device} {fields} {fact.t_us}"


def _reach_1x(influx: InfluxDBClient) -> None:
    """InfluxDB 1.6 knows no ``/api/v2/write``: send the same request to ``/write``."""
    call = influx.api_client.call_api

    def call_api(path: str, method: str, _path: object, _query: object, *rest: object, **options: object) -> object:
        assert path == "/api/v2/write"
        return call("/write", method, {}, [("db", DATABASE), ("precision", "u")], *rest, **options)

    influx.api_client.call_api = call_api


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    for name, kind in (("url", str), ("count", int), ("port", int)):
        parser.add_argument(f"--{name}", type=kind, required=True)
    chosen = parser.parse_args()
    at = (chosen.url, chosen.count, chosen.port)
    match chosen.kind:
        case "tuned":
            tuned(*at)
        case "decoding":
            library(*at, batching=True, decode=msgspec.json.decode)
        case kind:
            library(*at, batching=kind == "batching")
