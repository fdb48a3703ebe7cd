"""The floor of this machine, sampled alongside: the broker's own way and the disk's own sync."""

import os
import threading
import time
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

PERIOD_S = 0.05


class BrokerProbe:
    """Publishes to itself at QoS 1 and notes how long each message took, until stopped."""

    def __init__(self, port: int) -> None:
        self.samples_ms: list[float] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id="bench-probe")
        self._client.on_message = self._arrived
        self._client.connect("127.0.0.1", port)
        self._client.subscribe("bench/probe", qos=1)
        self._client.loop_start()
        self._thread = _Periodic(self._send)

    def stop(self) -> None:
        """End the probe."""
        self._thread.stop()
        self._client.disconnect()
        self._client.loop_stop()

    def _send(self) -> None:
        self._client.publish("bench/probe", str(time.perf_counter_ns()), qos=1)

    def _arrived(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        self.samples_ms.append((time.perf_counter_ns() - int(message.payload)) / 1e6)


class SyncProbe:
    """Appends one page to a file and syncs it, as a commit does, and notes how long that took."""

    def __init__(self, folder: Path) -> None:
        self.samples_ms: list[float] = []
        self._file = os.open(folder / "sync.probe", os.O_WRONLY | os.O_CREAT)
        self._thread = _Periodic(self._sync)

    def stop(self) -> None:
        """End the probe."""
        self._thread.stop()
        os.close(self._file)

    def _sync(self) -> None:
        began = time.perf_counter_ns()
        os.write(self._file, b"\0" * 4096)
        os.fdatasync(self._file)
        self.samples_ms.append((time.perf_counter_ns() - began) / 1e6)


class _Periodic:
    def __init__(self, work: object) -> None:
        assert callable(work)
        self._work = work
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._loop, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _loop(self) -> None:
        while not self._stopped.wait(PERIOD_S):
            self._work()
