"""The codec of the contract: what is encoded comes back, and nothing but WireError comes out of garbage."""

import json
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles import wire
from device_profiles.errors import WireError
from device_profiles.wire import (
    MAX_FACTS,
    MAX_PACK_BYTES,
    ClockState,
    Event,
    Fact,
    Heartbeat,
    Pack,
    Reading,
    decode_command,
    decode_facts,
    decode_pack,
    decode_receipt,
    encode,
    encode_facts,
    encode_pack_of,
)
from tests.device_profiles.strategies import FACTS, commands, facts, packs, receipts

READING: dict[str, object] = {"type": "reading", "device": "lift-07", "t_us": 5, "values": {"speed": 1.5}}
EVENT: dict[str, object] = {"type": "event", "device": "lift-07", "t_us": 5, "kind": "lift.stuck", "severity": "life"}


def pack_json(*pack_facts: dict[str, object], **envelope: object) -> bytes:
    """Return a pack as another implementation would write it."""
    pack = {"v": 1, "agent": "a-1", "epoch": 7, "lane": "reading", "seq": 1, "sent_us": 9, "facts": pack_facts}
    return json.dumps(pack | envelope).encode()


def fault_of(payload: bytes) -> WireError:
    """Return the error that ``payload`` gives."""
    with pytest.raises(WireError) as caught:
        decode_pack(payload)
    return caught.value


@pytest.mark.parametrize("kind", FACTS)
@given(data=st.data())
def test_every_fact_survives_the_wire(kind: str, data: st.DataObject) -> None:
    """A fact of every type is the same after encoding and decoding, and its tag is its name."""
    fact: Fact = data.draw(FACTS[kind])
    encoded = encode_facts([fact])
    assert decode_facts(encoded) == (fact,)
    assert json.loads(encoded)[0]["type"] == kind


@given(pack=packs)
def test_every_pack_survives_the_wire(pack: Pack) -> None:
    """A pack is the same after encoding and decoding."""
    assert decode_pack(encode(pack)) == pack


@given(pack=packs.filter(lambda pack: pack.seq is not None))
def test_a_pack_of_stored_facts_equals_the_pack_of_records(pack: Pack) -> None:
    """What the outbox sends from JSON facts decodes to the pack that it stands for."""
    payload = encode_pack_of(
        encode_facts(pack.facts),
        agent=pack.agent,
        boot=pack.boot,
        epoch=pack.epoch,
        lane=pack.lane,
        seq=pack.seq or 0,
        sent_us=pack.sent_us,
        clock=pack.clock,
        resent_in=pack.resent_in,
        stands_for=pack.stands_for,
    )
    assert decode_pack(payload) == pack


@given(receipt=receipts)
def test_every_receipt_survives_the_wire(receipt: wire.Receipt) -> None:
    """A receipt is the same after encoding and decoding."""
    assert decode_receipt(encode(receipt)) == receipt


@given(command=commands)
def test_every_command_survives_the_wire(command: wire.Command) -> None:
    """A command is the same after encoding and decoding."""
    assert decode_command(encode(command)) == command


def test_the_example_of_the_design_decodes() -> None:
    """The pack printed in DESIGN.md section 5 is a pack of this contract."""
    pack = decode_pack(
        b'{"v":1,"agent":"chaoming-01","epoch":1763599000,"lane":"reading","seq":1041,"sent_us":1763600000250000,'
        b'"clock":{"source":"ntp","offset_us":-120},"facts":[{"type":"reading","device":"lift-07",'
        b'"t_us":1763600000125000,"values":{"car_position":12,"door_zone":null}},{"type":"event","device":"lift-07",'
        b'"t_us":1763600000125000,"kind":"lift.stuck_occupied","severity":"life","data":{}}]}'
    )
    assert (pack.seq, pack.clock) == (1041, ClockState("ntp", -120))
    assert pack.facts == (
        Reading("lift-07", 1763600000125000, {"car_position": 12, "door_zone": None}),
        Event("lift-07", 1763600000125000, "lift.stuck_occupied", "life"),
    )


def test_the_receipt_of_the_design_decodes() -> None:
    """The receipt printed in DESIGN.md section 5 is a receipt of this contract."""
    receipt = decode_receipt(
        b'{"hub":"xiacheng","epoch":1763599000,"lanes":{"event":{"to":41},"reading":{"to":1041,"want":[[1042,1043]]}},'
        b'"t_us":5}'
    )
    assert receipt.lanes["event"].want == ()
    assert receipt.lanes["reading"].want == ((1042, 1043),)


def test_fields_of_a_later_version_are_ignored() -> None:
    """Unknown fields of envelope, clock and fact do not disturb: the wire only grows."""
    payload = pack_json(READING | {"colour": "red"}, mood=[1], clock={"source": "ntp", "drift": 2})
    assert decode_pack(payload).facts == (Reading("lift-07", 5, {"speed": 1.5}),)


def test_names_that_are_good_are_remembered_within_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """An agent that makes up devices without end fills no memory, and a bad name is refused each time it comes."""
    monkeypatch.setattr("device_profiles.wire._MOST_IDS", 5)
    remembered: set[str] = set()
    monkeypatch.setattr("device_profiles.wire._ids", remembered)
    for number in range(20):
        decode_pack(pack_json(READING | {"device": f"lift-{number}"}, agent=f"a-{number}"))
        assert 0 < len(remembered) <= 5
        with pytest.raises(WireError):
            decode_pack(pack_json(READING | {"device": "lift 07"}))


@pytest.mark.parametrize(
    ("payload", "path"),
    [
        (pack_json(READING, v=2), "$.v"),
        (pack_json(READING, agent="Chaoming 01"), "$.agent"),
        (pack_json(READING, agent="a\n"), "$.agent"),
        (pack_json(READING, lane="video"), "$.lane"),
        (pack_json(READING, epoch=0), "$.epoch"),
        (pack_json(READING, epoch=True), "$.epoch"),
        (pack_json(READING, seq=0), "$.seq"),
        (pack_json(READING, seq=-1), "$.seq"),
        (pack_json(READING, seq=1.5), "$.seq"),
        (pack_json(READING, seq="1"), "$.seq"),
        (pack_json(READING, seq=2**63), "$.seq"),
        (pack_json(READING, sent_us=None), "$.sent_us"),
        (pack_json(READING, boot="x" * 33), "$.boot"),
        (pack_json(READING, clock={"source": "sundial"}), "$.clock.source"),
        (pack_json(READING, facts=None), "$.facts"),
        (pack_json(READING, READING | {"t_us": -1}), "$.facts[1].t_us"),
        (pack_json(READING | {"t_us": 10**40}), "$.facts[0].t_us"),
        (pack_json(READING | {"type": "rumour"}), "$.facts[0].type"),
        (pack_json(READING | {"device": "lift 07"}), "$.facts[0].device"),
        (pack_json(READING | {"values": {"Speed!": 1}}), "$.facts[0].values"),
        (pack_json(READING | {"values": {"speed": [1]}}), "$.facts[0].values[...]"),
        (pack_json(READING | {"values": {"speed": 2**63}}), "$.facts[0].values[...]"),
        (pack_json(READING | {"values": {"name": "x" * 513}}), "$.facts[0].values[...]"),
        (pack_json(EVENT | {"severity": "fatal"}), "$.facts[0].severity"),
        (pack_json(EVENT | {"kind": ""}), "$.facts[0].kind"),
        (pack_json(EVENT | {"data": {"big": 10**30}}), "$.facts[0].data[...]"),
        (pack_json({"type": "heartbeat", "t_us": 1, "seen_us": {"a b": 1}}), "$.facts[0].seen_us"),
        (pack_json({"device": "lift-07"}), "$.facts[0]"),
        (b"[]", "$"),
    ],
)
def test_a_wrong_field_is_named_by_its_path(payload: bytes, path: str) -> None:
    """What does not follow the contract gives a WireError that points at the fault."""
    assert fault_of(payload).path == path


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"nul",
        pack_json(READING)[:-1],
        pack_json(READING) + b"x",
        pack_json(READING).replace(b"1.5", b"NaN"),
        pack_json(READING).replace(b"1.5", b"1e999"),
        pack_json(READING | {"values": {"name": "?"}}).replace(b'"?"', b'"\\ud800"'),
        b"[" * 100_000,
        b'{"a":' * 40_000,
    ],
)
def test_what_is_no_json_is_a_wire_error(payload: bytes) -> None:
    """Broken, cut, endless or not quite JSON text is refused like any other bad message."""
    fault_of(payload)


def test_deep_nesting_in_the_data_of_an_event_is_refused() -> None:
    """An event's data has two levels, so that whatever was decoded can be written again."""
    deep: object = 1
    for _ in range(3):
        deep = {"a": deep}
    assert fault_of(pack_json(EVENT | {"data": {"deep": deep}})).path.startswith("$.facts[0].data")


def test_a_huge_payload_is_refused_unread() -> None:
    """More bytes or more facts than a pack may have are refused."""
    assert "more than" in fault_of(b" " * (MAX_PACK_BYTES + 1)).message
    many: list[Fact] = [Heartbeat(1, {})] * (MAX_FACTS + 1)
    assert fault_of(pack_json().replace(b'"facts": []', b'"facts": ' + encode_facts(many))).path == "$.facts"


@pytest.mark.parametrize("seq", [1, 2**63 - 1])
def test_the_bounds_of_a_seq_are_inside(seq: int) -> None:
    """A seq is a positive 64-bit number, both ends included; a will has none."""
    assert decode_pack(pack_json(READING, seq=seq)).seq == seq
    assert decode_pack(pack_json(READING, seq=None)).seq is None


@given(payload=st.binary(max_size=200))
def test_arbitrary_bytes_raise_only_wire_errors(payload: bytes) -> None:
    """No bytes at all bring the decoders down."""
    for decode in (decode_pack, decode_receipt, decode_command, decode_facts):
        with suppress(WireError):  # an empty list is facts, none
            decode(payload)


@given(pack=packs, edits=st.lists(st.tuples(st.integers(0, 10_000), st.binary(max_size=3)), min_size=1, max_size=4))
def test_mutated_packs_decode_or_raise_wire_errors(pack: Pack, edits: list[tuple[int, bytes]]) -> None:
    """A damaged pack is refused with a WireError, or is a pack that can be encoded again."""
    payload = bytearray(encode(pack))
    for at, patch in edits:
        start = at % (len(payload) + 1)
        payload[start : start + max(1, len(patch))] = patch
    try:
        decoded = decode_pack(bytes(payload))
    except WireError:
        return
    assert decode_pack(encode(decoded)) == decoded


@given(fact=facts)
def test_facts_are_frozen(fact: Fact) -> None:
    """A fact cannot be changed after it was made."""
    with pytest.raises(AttributeError):
        fact.t_us = 1  # type: ignore[misc]


def test_wire_errors_read_well() -> None:
    """The text of an error is path and reason."""
    assert str(fault_of(pack_json(READING, v=2))) == "$.v: Invalid enum value 2"
    assert isinstance(fault_of(b"{").__cause__, msgspec.DecodeError)
