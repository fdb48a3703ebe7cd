"""Bytes inside messages: real sensors' vectors, layouts that cannot be, and whatever else comes."""

import base64
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.specs.payload import Part, Payload, payload_faults, read_payload
from tests.real_data import DATA

VECTORS = DATA / "conformance" / "lorawan" / "nwave_parking_vectors.json"
LAYOUTS = {  # of the parking sensors of nwave, by port
    1: {"occupied": {"byte": 0, "bits": [7, 7]}, "previous_state_duration": {"byte": 0, "bits": [0, 6]}},
    2: {"occupied": {"byte": 0, "bits": [7, 7]}, "battery": {"byte": 1}, "temperature": {"byte": 2, "type": "s8"}},
    3: {"major": {"byte": 0}, "minor": {"byte": 1}, "patch": {"byte": 2}},
}


def _payload(parts: dict[str, Any], **more: Any) -> Payload:
    return msgspec.convert({"at": "x", "parts": parts, **more}, Payload)


def _vectors() -> list[dict[str, Any]]:
    if not VECTORS.is_file():
        pytest.skip(f"no vectors in {VECTORS}: set CITYNERVE_DATA")
    vectors: list[dict[str, Any]] = json.loads(VECTORS.read_text(encoding="utf-8"))
    return [vector for vector in vectors if vector["device"] == "nps405"]


def test_a_parking_sensor_is_read_as_its_maker_says() -> None:
    """Heartbeat and start of a real sensor; coded as hexadecimal digits."""
    read = {
        one["fPort"]: read_payload(one["hex"], _payload(LAYOUTS[one["fPort"]], coding="hex"))
        for one in _vectors()
        if one["fPort"] in LAYOUTS
    }
    assert (2500 + 4 * read[2]["battery"], read[2]["temperature"] / 2 + 10, read[2]["occupied"]) == (3344, -10, 0)
    assert tuple(read[3].values()) == (2, 4, 9)


def test_a_vector_that_contradicts_its_own_decoder_is_read_as_its_bytes_say() -> None:
    """Upstream states 74 where the low seven bits of 0x95 are 21, and 160 where they are 81; the bytes count."""
    stated = {one["fPort"]: one for one in _vectors() if "note" in one and "consistent" not in one["note"]}
    assert sorted(stated) == [1, 10]
    for port, says, is_ in ((1, 74, 21), (10, 160, 81)):
        read = read_payload(stated[port]["hex"], _payload(LAYOUTS[1], coding="hex"))
        assert (stated[port]["expected"]["previous_state_duration"], read["previous_state_duration"]) == (says, is_)
        assert read["occupied"] == 1


def test_both_orders_of_bytes_and_both_codings() -> None:
    """As data says, never guessed."""
    parts = {"big": {"byte": 0, "type": "u16"}, "little": {"byte": 0, "type": "u16", "order": "little"}}
    assert read_payload("AQI=", _payload(parts)) == {"big": 0x0102, "little": 0x0201}
    assert read_payload("0102", _payload(parts, coding="hex")) == {"big": 0x0102, "little": 0x0201}


def test_what_is_not_there_is_left_out() -> None:
    """A short payload gives what it has; one that is no text gives nothing."""
    payload = _payload({"first": {"byte": 0}, "last": {"byte": 1, "type": "s32"}})
    assert read_payload("AQI=", payload) == {"first": 1}
    assert [read_payload(raw, payload) for raw in ("%%", "A", None, 7, [], "A" * 5_000, "é")] == [{}] * 7


@pytest.mark.parametrize(
    ("payload", "key"),
    [
        (_payload({}, port=2), "payloads[0].port"),
        (_payload({}, port_at="p"), "payloads[0].port"),
        (_payload({"a": {"byte": 0, "bits": [3, 8]}}), "payloads[0].parts.a.bits"),
        (_payload({"a": {"byte": 0, "bits": [3, 2]}}), "payloads[0].parts.a.bits"),
        (_payload({"a": {"byte": 0, "type": "s16", "bits": [0, 1]}}), "payloads[0].parts.a.bits"),
    ],
)
def test_a_layout_that_cannot_be_is_named(payload: Payload, key: str) -> None:
    """With its key."""
    assert [fault for fault, _ in payload_faults([payload])] == [key]


@given(st.binary(max_size=40), st.sampled_from(["u8", "s8", "u16", "s16", "u32", "s32", "f32"]), st.integers(0, 40))
def test_any_bytes_give_a_number_or_none(data: bytes, type_: Any, byte: int) -> None:
    """Whatever came."""
    found = read_payload(base64.b64encode(data).decode(), Payload("x", {"a": Part(byte, type_)}))
    size = {"8": 1, "6": 2, "2": 4}[type_[-1]]
    assert ("a" in found) is (byte + size <= len(data))
