"""What a network server publishes of a ground sensor: uplinks of The Things Stack v3, some lost, doubled or late."""

import base64
import heapq
import struct
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from device_profiles.config import duration_us
from device_profiles.wire import Value
from simulators.ground.sensor import GroundSensor

PORT = 2
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOUNTS, _TILT_UNITS, _SETTLEMENT_UNITS = ("ground", "cover"), ("deg", "0.1deg", "rad"), ("mm", "cm", "m")
_UNKNOWN = {"H": 65_535, "i": 2_147_483_647}
FIRST = 65_530  # the first number: sixteen bits are full soon


class Published(msgspec.Struct, frozen=True):
    """One uplink that the network server has published."""

    session: int
    number: int
    order: int  # of its sending, sixteen bits or not
    t_us: int  # city; at which the network server received it


class Radio:
    """A sensor that sends uplinks. ``due`` gives what is published now."""

    def __init__(self, sensor: GroundSensor) -> None:
        self.sensor = sensor
        self.published: list[Published] = []
        self.sent = 0
        self._next_us = 0
        self._session = sensor.session
        self._number = FIRST
        self._under_way: list[tuple[int, int, Published, bytes]] = []  # due at, tie, which, body

    def due(self, now_us: int, play_us: int) -> Iterator[bytes]:
        """Yield the bodies that are published at ``now_us``, city time since 1970; ``play_us`` since the beginning."""
        if now_us >= self._next_us and not self.sensor.off:
            spec = self.sensor.spec
            self._next_us = now_us + duration_us(spec.burst if self.sensor.moves(play_us) else spec.every)
            self._send(now_us, play_us)
        while self._under_way and self._under_way[0][0] <= now_us:
            *_, published, body = heapq.heappop(self._under_way)
            self.published.append(published)
            yield body

    def _send(self, now_us: int, play_us: int) -> None:
        sensor, trouble = self.sensor, self.sensor.trouble
        if sensor.session != self._session:
            self._session, self._number = sensor.session, 0
        number, self._number = self._number, (self._number + 1) % 65_536
        self.sent += 1
        if trouble.lost:
            trouble.lost -= 1
            return
        due_us = now_us
        if trouble.late:
            trouble.late, due_us = trouble.late - 1, now_us + trouble.late_us
        times = 1
        if trouble.doubled:
            trouble.doubled, times = trouble.doubled - 1, 2
        one = Published(self._session, number, self.sent, now_us)
        body = msgspec.json.encode(uplink(sensor, number, now_us, play_us))
        for copy in range(times):
            heapq.heappush(self._under_way, (due_us, 2 * self.sent + copy, one, body))


def uplink(sensor: GroundSensor, number: int, now_us: int, play_us: int) -> dict[str, Any]:
    """Return an uplink as the application server writes it: what is empty, a number of 0 too, is left out."""
    values = sensor.values(play_us)
    when = (_EPOCH + timedelta(microseconds=now_us)).strftime("%Y-%m-%dT%H:%M:%S.%f") + "000Z"
    message: dict[str, Any] = {"session_key_id": f"AY{sensor.session:06}==", "f_port": PORT, "received_at": when}
    message["frm_payload"] = base64.b64encode(packed(values)).decode()
    if sensor.spec.way == "things_stack_v3":
        message["decoded_payload"] = _decoded(values)
    message["rx_metadata"] = [{"gateway_ids": {"gateway_id": "roof-3"}, "rssi": -97, "snr": 6.5, "time": when}]
    ids = {"device_id": device_id(sensor.spec.device), "application_ids": {"application_id": "city"}}
    return {
        "end_device_ids": ids,
        "received_at": when,
        "uplink_message": message | ({"f_cnt": number} if number else {}),
    }


def device_id(device: str) -> str:
    """Return the name by which the network server knows a sensor."""
    return f"sensor-{device}"


def packed(values: Mapping[str, Value]) -> bytes:
    """Return the bytes that the sensor sends."""
    head = _int(values["mount"]) | _int(values["tilt_unit"]) << 1 | _int(values["settlement_unit"]) << 3
    tilts = [_scaled(values[name], 0.001, "i") for name in ("tilt_x_deg", "tilt_y_deg")]
    water, height = _scaled(values["water_m"], 0.001, "H"), _scaled(values["settlement_mm"], 0.01, "i")
    warm = _scaled(values["temperature_c"], 0.1, "i")
    return struct.pack(">BBhHiii", head, _int(values["battery_pct"]), warm, water, height, *tilts)


def _decoded(values: Mapping[str, Value]) -> dict[str, Any]:
    names = {"tilt_x": "tilt_x_deg", "tilt_y": "tilt_y_deg", "settlement": "settlement_mm", "water_level": "water_m"}
    names |= {"temperature": "temperature_c", "battery": "battery_pct"}
    said: dict[str, Any] = {field: values[name] for field, name in names.items() if values[name] is not None}
    said["mount"] = _MOUNTS[_int(values["mount"])]
    said["tilt_unit"] = _TILT_UNITS[_int(values["tilt_unit"])]
    return said | {"settlement_unit": _SETTLEMENT_UNITS[_int(values["settlement_unit"])]}


def _int(value: Value) -> int:
    return value if isinstance(value, int) else 0


def _scaled(value: Value, unit: float, width: str) -> int:
    return round(value / unit) if isinstance(value, int | float) else _UNKNOWN[width]
