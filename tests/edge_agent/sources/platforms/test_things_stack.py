"""Uplinks as The Things Stack v3 publishes them: real messages, a sensor of ours both ways, clocks and counters."""

import base64
import json
import struct
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from device_profiles.dialect import Message, Reason, Refused, Translator
from device_profiles.errors import ConfigError
from device_profiles.profile import load_profiles, parse_profile
from device_profiles.specs.dialect_spec import Dialect, Field
from edge_agent.sources.platforms.config import MqttPlatform
from edge_agent.sources.platforms.feed import Feed
from tests.edge_agent.sources.platforms.rig import START_US, Rig
from tests.real_data import DATA

PROFILE = load_profiles()["ground_sensor"]
WAYS = ("things_stack_v3", "things_stack_v3_bytes")


def _real(name: str) -> Any:
    path = DATA / "conformance" / "lorawan" / name
    if not path.is_file():
        pytest.skip(f"no {path}: set CITYNERVE_DATA")
    return json.loads(path.read_text(encoding="utf-8"))


def _platform(dialect: str = WAYS[0]) -> MqttPlatform:
    base = {"kind": "mqtt", "name": "platform-1", "dialect": dialect, "broker": {"url": "mqtt://h"}, "topic": "v3/#"}
    devices = {"tilt-07": {"device": "ground-07", "asset": "ROAD-1"}}
    more = {"profile": "ground_sensor", "feed": "uplink_feed", "devices": devices}
    return msgspec.convert(base | more, MqttPlatform)


def _uplink(number: int, *, ago_s: float = 0, session: str = "AYfg", **changes: Any) -> dict[str, Any]:
    """Return an uplink of a sensor of ours; as there, a counter of 0 is left out."""
    t_us = START_US - round(ago_s * 1e6)
    when = f"{server_time(t_us)}123Z"  # nanoseconds
    decoded = {"mount": "ground", "tilt_x": 0.021, "tilt_y": -0.01, "settlement": -2.5, "water_level": 0.4}
    decoded |= {"temperature": 11.5, "battery": 87, "tilt_unit": "deg", "settlement_unit": "mm"}
    packed = struct.pack(">BBhHiii", 0, 87, 115, 400, -250, 21, -10)
    uplink = {"session_key_id": session, "f_port": 2, "frm_payload": base64.b64encode(packed).decode()}
    uplink |= {"decoded_payload": decoded | changes, "received_at": when} | ({"f_cnt": number} if number else {})
    return {"end_device_ids": {"device_id": "tilt-07"}, "received_at": when, "uplink_message": uplink}


def server_time(t_us: int) -> str:
    """Return a time as the network server writes it, in microseconds."""
    return datetime.fromtimestamp(t_us / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")


class Network(Rig):
    """A feed of one ground sensor."""

    def __init__(self, dialect: str = WAYS[0], *, stored: bytes | None = None) -> None:
        super().__init__(_platform(dialect))
        if stored is not None:
            self.feed = Feed(_platform(dialect), load_profiles(), sink=self._sink, clock=self.clock, stored=stored)

    def hear(self, *uplinks: dict[str, Any]) -> list[int]:
        """Take in uplinks; return accepted, late, doubled, refused."""
        verdicts = [self.feed.take(msgspec.json.encode(one)) for one in uplinks]
        sums = [sum(getattr(one, name) for one in verdicts) for name in ("accepted", "late", "doubled")]
        return [*sums, sum(len(one.refused) for one in verdicts)]

    def counted(self) -> list[Any]:
        """Return lost, doubled, late, as the sensor's last sample says."""
        values = self.of("ground-07")[-1].values
        return [values[f"uplinks_{name}"] for name in ("lost", "doubled", "late")]


@pytest.mark.parametrize("dialect", WAYS)
def test_decoded_there_or_here_it_is_the_same(dialect: str) -> None:
    """Our payload formatter's fields, and the bytes that they were made of."""
    network = Network(dialect)
    assert network.hear(_uplink(7)) == [1, 0, 0, 0]
    (sample,) = network.of("ground-07")
    said = [sample.values[name] for name in ("tilt_x_deg", "tilt_y_deg", "settlement_mm", "water_m", "battery_pct")]
    assert (said, sample.t_us) == ([0.021, -0.01, -2.5, 0.4, 87.0], START_US)
    assert [sample.values[name] for name in ("mount", "tilt_unit", "settlement_unit", "frame_counter")] == [0, 0, 0, 7]


def test_real_messages_are_understood() -> None:
    """One of 2021 with a counter, decoded; one of 2019 whose network server says no time: its gateway does."""
    fields = {"settlement_mm": {"at": "uplink_message.decoded_payload.t", "scale": 0.01}}
    dialect = msgspec.structs.replace(PROFILE.spec.dialects[WAYS[0]], values=msgspec.convert(fields, dict[str, Field]))
    (found,) = Translator(PROFILE.spec, dialect).translate(_real("ttn_v3_uplink_decoded.json"))
    assert isinstance(found, Message)
    assert (found.registration_code, found.values, found.t_us) == (
        "eui-YOUR_DEVICE_EUI", {"settlement_mm": 50.17}, 1_634_363_479_488_029
    )  # fmt: skip
    assert found.frame is not None
    assert (found.frame.number, found.frame.session) == (18, "YOUR_SESSION_KEY_ID")
    parts = {"at": "uplink_message.frm_payload", "parts": {"digit": {"byte": 14}}}
    bytes_ = msgspec.json.decode(msgspec.json.encode(PROFILE.spec.dialects[WAYS[1]]))
    bytes_ |= {"payloads": [parts], "values": {"battery_pct": {"at": "$payload.digit", "plus": -48}}}
    (found,) = Translator(PROFILE.spec, msgspec.convert(bytes_, Dialect)).translate(_real("ttn_v3_uplink.json"))
    assert isinstance(found, Message)
    assert (found.registration_code, found.t_us) == ("dev-simulator", 1_548_766_954_981_000)
    assert found.values == {"battery_pct": 0.0}  # "Temperature = 0.0"
    assert found.frame is not None
    assert found.frame.number == 0


def test_a_gateways_clock_is_not_believed_where_the_network_server_has_one() -> None:
    """The real message's gateway is seven minutes ahead."""
    real = _real("ttn_v3_uplink_decoded.json")
    assert real["uplink_message"]["rx_metadata"][0]["time"] > "2021-10-16T05:58"
    (found,) = Translator(PROFILE.spec, PROFILE.spec.dialects[WAYS[0]]).translate(real)
    assert isinstance(found, Refused)  # no field of ours in it
    assert (found.reason, found.frame is not None) == (Reason.NO_VALUES, True)


def test_lost_doubled_and_late_uplinks_are_counted_and_change_no_state() -> None:
    """A late one keeps its own time and goes to the archive; the second of two is dropped."""
    network = Network()
    heard = network.hear(
        _uplink(0, ago_s=50), _uplink(1, ago_s=45), _uplink(4, ago_s=30), _uplink(4, ago_s=30),
        _uplink(3, ago_s=35, settlement=-400), _uplink(5, ago_s=25),
    )  # fmt: skip
    assert heard == [5, 1, 1, 0]
    late = [sample for sample in network.of("ground-07") if sample.late]
    assert [(sample.t_us, sample.values["settlement_mm"]) for sample in late] == [(START_US - 35_000_000, -400.0)]
    assert network.counted() == [1, 1, 1]
    network.feed.tell(force=True)
    said = next(sample.values for sample in reversed(network.of("platform-1")) if sample.ok)
    assert [said[name] for name in ("messages", "doubled", "late")] == [5, 1, 1]


def test_a_clock_that_is_behind_is_made_good_and_told() -> None:
    """Thirty seconds, once eight uplinks agree; until the clock is set right."""
    network, lags = Network(), []
    for number in range(1, 13):
        network.clock.now_us += 5_000_000
        network.hear(_uplink(number, ago_s=30 - 5 * number))
        lags.append((network.clock.now_us - network.of("ground-07")[-1].t_us) / 1e6)
    assert lags == [30.0] * 7 + [0.0] * 5
    network.hear(_uplink(13, ago_s=-65))
    told = [f for sample in network.of("platform-1") for f in sample.findings]
    assert [(one.data["reason"], one.data["offset_s"]) for one in told] == [("behind", 30.0), ("right_again", 0.0)]


@pytest.mark.parametrize("lags", [[0, 20, 0, 90] * 8, [40 - k for k in range(32)], [3] * 32])
def test_delays_are_no_clock(lags: list[int]) -> None:
    """They vary, or are short: each uplink keeps its own time."""
    network, sent = Network(), []
    for number, lag in enumerate(lags, 1):
        network.clock.now_us = START_US + number * 100_000_000 + lag * 1_000_000
        sent.append(START_US + number * 100_000_000)
        network.hear(_uplink(number, ago_s=-100 * number))
    assert [sample.t_us for sample in network.of("ground-07")] == sent


def test_to_join_anew_is_no_loss_and_a_refused_one_is_not_lost() -> None:
    """What was refused was heard."""
    network = Network()
    network.hear(_uplink(70, ago_s=60))
    empty = _uplink(71, ago_s=50)
    empty["uplink_message"]["decoded_payload"] = {}
    assert network.hear(empty, _uplink(72, ago_s=-90), _uplink(73, ago_s=40)) == [1, 0, 0, 2]
    network.hear(_uplink(0, ago_s=30, session="AYfh"))
    assert network.counted() == [0, 0, 0]


def test_what_was_missed_while_the_agent_was_away_is_known() -> None:
    """The Things Stack keeps nothing for who is away; the counter, stored, tells what was missed, and doubles too."""
    network = Network()
    network.hear(_uplink(5, ago_s=60))
    network.feed.tell(force=True)
    stored = next(sample.state for sample in network.of("platform-1") if sample.state)
    after = Network(stored=stored)
    assert after.hear(_uplink(5, ago_s=60), _uplink(9, ago_s=20)) == [1, 0, 1, 0]
    assert after.counted() == [3, 1, 0]
    assert Network(stored=b"{").hear(_uplink(5)) == [1, 0, 0, 0]


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('at = "$payload.tilt_x"', 'at = "$payload.tilt"', "dialects.things_stack_v3_bytes.values.tilt_x_deg.at"),
        ("bits = [1, 2]", "bits = [1, 9]", "dialects.things_stack_v3_bytes.payloads[0].parts.tilt_unit.bits"),
        ('at = "uplink_message.f_cnt"', 'at = "a["', "dialects.things_stack_v3.counter.at"),
        ('else_at = ["received_at"', 'else_at = ["a["', "dialects.things_stack_v3.time.else_at"),
        ("id_length = 0", "id_length = -1", "dialects.things_stack_v3.id_length"),
    ],
)
def test_a_fault_in_a_dialect_names_its_key(old: str, new: str, key: str) -> None:
    """Nothing is guessed."""
    assert old in PROFILE.text
    with pytest.raises(ConfigError) as caught:
        parse_profile(PROFILE.text.replace(old, new, 1), file="mine.toml")
    assert caught.value.key == key
