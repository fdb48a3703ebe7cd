"""Dialects: the same lift said in four ways is the same lift; what nobody knows is kept, and never a guess."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.dialect import MAX_MESSAGES, Message, Reason, Refused, Translator, decode_json
from device_profiles.profile import load_profiles
from device_profiles.specs.dialect_spec import Dialect, Field, TimeField, parse_path

SPEC = load_profiles()["lift_platform"].spec
CODE = "31103301002018030005"
T_MS = 1_763_600_000_125


def _code11(**changes: object) -> dict[str, object]:
    return {
        "registerCode": CODE, "ts": T_MS, "carStatus": 0, "doorZone": 0, "doorStatus": 1, "passengerStatus": 1,
        "alarmButton": 0, "serviceMode": 1, "carDirection": 0, "carPosition": 7, "faultCode": 11,
        "totalRunningTime": 4012, "tripCount": 88_123, **changes,
    }  # fmt: skip


def _code0101(**changes: object) -> dict[str, object]:
    lift = {
        "device": {"regNo": CODE}, "collectTime": "2025-11-20 08:53:20.125",
        "run": {"state": 2, "doorZone": 2, "mode": "01", "direction": "N", "floor": 7},
        "door": {"closed": 1}, "cabin": {"person": 1, "loadT": 0.082}, "alarms": ["0041", "0101"], **changes,
    }  # fmt: skip
    return {"data": {"lifts": [lift]}}


def _code7and8(**changes: object) -> dict[str, object]:
    said = {"run": 0, "doorZone": 1, "door": 0, "person": 1, "alarm": 0, "mode": "AUTO", "floor": 7, "fault": 7}
    params = [{"id": name, "val": value} for name, value in (said | changes).items()]
    return {"regCode": CODE, "time": T_MS / 1000, "params": params}


def _nocode(**changes: object) -> dict[str, object]:
    body = {"moving": False, "level": False, "door": 2, "cabin": 2, "mode": 1, "floor": 7, "err": "E01"}
    return {"h": {"t": T_MS}, "b": body | changes}


STUCK = {"code11": _code11, "code0101": _code0101, "code7and8": _code7and8, "nocode": _nocode}
TOPIC = ("lifts", "push", CODE)


def _one(dialect: str, document: object) -> Message | Refused:
    (outcome,) = Translator(SPEC, SPEC.dialects[dialect]).translate(document, TOPIC)
    return outcome


def _message(dialect: str, document: object) -> Message:
    outcome = _one(dialect, document)
    assert isinstance(outcome, Message)
    return outcome


@pytest.mark.parametrize("dialect", SPEC.dialects)
def test_the_same_lift_in_every_dialect(dialect: str) -> None:
    """Somebody stands in a car between floors: polarity, enumerations, place and time come out the same."""
    message = _message(dialect, STUCK[dialect]())
    assert (message.registration_code, message.t_us, message.unknown_codes) == (CODE, T_MS * 1000, ())
    names = ("car_moving", "door_zone", "door_closed", "passenger", "service_mode", "car_position")
    assert [message.values[name] for name in names] == [False, False, True, True, 1, 7]


@pytest.mark.parametrize(
    ("dialect", "canonical", "raw"),
    [("code11", 100, "11"), ("code0101", 100, "0041,0101"), ("code7and8", 102, "7"), ("nocode", 1, "E01")],
)
def test_the_raw_code_stands_beside_the_canonical_one(dialect: str, canonical: int, raw: str) -> None:
    """Entrapment is 11, 0101, 7 or nothing; of several codes the most important one counts, all are kept."""
    values = _message(dialect, STUCK[dialect]()).values
    assert (values["fault_code"], values["fault_code_raw"]) == (canonical, raw)


def test_one_number_means_different_things() -> None:
    """7 is position lost in one dialect and an entrapment in another; 8 is a restart that is prevented, or one."""
    assert [_message("code11", _code11(faultCode=code)).values["fault_code"] for code in (7, 8)] == [7, 8]
    assert [_message("code7and8", _code7and8(fault=code)).values["fault_code"] for code in (7, 8)] == [102, 101]


@pytest.mark.parametrize(
    ("dialect", "document", "strange"),
    [
        ("code11", _code11(faultCode=77), "77"),
        ("code0101", _code0101(alarms=["0000", "0999"]), "0999"),
        ("code7and8", _code7and8(fault="x"), "x"),
        ("nocode", _nocode(err="E99"), "E99"),
    ],
)
def test_an_unknown_code_is_kept_and_no_word_of_no_fault(dialect: str, document: object, strange: str) -> None:
    """The canonical value is unknown, the raw one is there, and the code is reported."""
    message = _message(dialect, document)
    assert message.values["fault_code"] is None
    assert strange in str(message.values["fault_code_raw"])
    assert [(one.value, one.code) for one in message.unknown_codes] == [("fault_code", strange)]


def test_an_unknown_code_hides_no_known_one() -> None:
    """An entrapment stays one, whatever else is said."""
    message = _message("code0101", _code0101(alarms=["0999", "0101"]))
    assert message.values["fault_code"] == 100
    assert len(message.unknown_codes) == 1


def test_a_declared_unknown_is_no_strange_code() -> None:
    """255 is this platform's word for "I do not know"."""
    message = _message("code11", _code11(passengerStatus=255, serviceMode=7))
    assert (message.values["passenger"], message.values["service_mode"], message.unknown_codes) == (None, None, ())
    assert message.values["passenger_raw"] == "255"


def test_what_a_message_leaves_out_is_unknown_or_unchanged() -> None:
    """A dialect says which: a full state without a field does not know it, a change leaves the others alone."""
    full = _code11()
    del full["passengerStatus"]
    assert _message("code11", full).values["passenger"] is None
    assert _message("nocode", {"h": {"t": T_MS}, "b": {"door": 1}}).values == {
        "door_closed": False,
        "door_closed_raw": "1",
    }


def test_numbers_are_scaled_and_kept_in_range() -> None:
    """Tonnes become kilograms; a floor that no house has is unknown and reported."""
    assert _message("code0101", _code0101()).values["load_kg"] == 82.0
    message = _message("code11", _code11(carPosition=999))
    assert (message.values["car_position"], [one.code for one in message.unknown_codes]) == (None, ["999"])


@pytest.mark.parametrize(
    ("dialect", "document", "reason"),
    [
        ("code11", [1, 2], Reason.NOT_AN_OBJECT),
        ("code11", _code11(registerCode=""), Reason.NO_REGISTRATION_CODE),
        ("code11", _code11(registerCode=None), Reason.NO_REGISTRATION_CODE),
        ("code11", _code11(registerCode="123"), Reason.BAD_REGISTRATION_CODE),
        ("code11", _code11(registerCode=12345678901234567890), Reason.BAD_REGISTRATION_CODE),
        ("code11", _code11(ts=None), Reason.NO_TIME),
        ("code11", _code11(ts="soon"), Reason.BAD_TIME),
        ("code11", _code11(ts=-5), Reason.BAD_TIME),
        ("code11", _code11(ts=10**40), Reason.BAD_TIME),
        ("code0101", _code0101(collectTime="20 Nov"), Reason.BAD_TIME),
        ("code0101", {"data": {}}, Reason.NO_MESSAGES),
        ("code0101", {"data": {"lifts": []}}, Reason.NO_MESSAGES),
        ("code0101", {"data": {"lifts": [0] * (MAX_MESSAGES + 1)}}, Reason.NO_MESSAGES),
        ("code11", {"registerCode": CODE, "ts": T_MS, "hello": 1}, Reason.NO_VALUES),
    ],
)
def test_what_cannot_be_believed_is_refused(dialect: str, document: object, reason: Reason) -> None:
    """Each with its reason."""
    outcome = _one(dialect, document)
    assert isinstance(outcome, Refused)
    assert outcome.reason is reason


def test_one_bad_message_of_a_batch_costs_no_other() -> None:
    """The others are translated."""
    batch = _code0101()
    batch["data"]["lifts"].insert(0, {"device": {}})  # type: ignore[index]
    first, second = Translator(SPEC, SPEC.dialects["code0101"]).translate(batch)
    assert isinstance(first, Refused)
    assert isinstance(second, Message)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a":1e999}', b'"\\ud800"'])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    """However it is broken."""
    refused = decode_json(body)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.NOT_JSON


_scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30)
_json = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)


@given(st.sampled_from(sorted(STUCK)), st.data())
def test_any_json_gives_messages_or_refusals(dialect: str, data: st.DataObject) -> None:
    """Whatever stands in a message, translating ends, and every value is of its type."""
    document = STUCK[dialect]()
    _spoil(document, data)
    for outcome in Translator(SPEC, SPEC.dialects[dialect]).translate(document, TOPIC):
        if isinstance(outcome, Message):
            for name, value in outcome.values.items():
                assert value is None or type(value).__name__ == SPEC.values[name].type
            msgspec.json.encode(outcome)


def _spoil(node: object, data: st.DataObject) -> None:
    """Put any JSON at some place of a document."""
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node))) if isinstance(node, list) else []
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        if not isinstance(node[key], dict | list) or data.draw(st.booleans()):  # type: ignore[index]
            node[key] = data.draw(_json)  # type: ignore[index]
            return
        node = node[key]  # type: ignore[index]


def test_paths() -> None:
    """Members, places, and the object in a list that says a word."""
    assert parse_path("a.b[0].c[id=x y].d") == ("a", "b", 0, "c", ("id", "x y"), "d")
    assert parse_path("$topic[2]") == ("$topic", 2)
    for wrong in ("a..b", "a[", "a[b", ".a.", "a]"):
        with pytest.raises(ValueError, match="path"):
            parse_path(wrong)


@pytest.mark.parametrize(
    ("field", "said", "t_us"),
    [
        (TimeField("t", "us"), 1_000_001, 1_000_001),
        (TimeField("t", "s"), "1.5", 1_500_000),
        (TimeField("t", "text"), "1970-01-01T08:00:01", 1_000_000),
        (TimeField("t", "text"), "1970-01-01T00:00:01Z", 1_000_000),
        (TimeField("t", "text", format="%Y%m%d%H%M%S", zone="-01:30"), "19700101000000", 5_400_000_000),
    ],
)
def test_times(field: TimeField, said: object, t_us: int) -> None:
    """Units, formats and zones."""
    dialect = Dialect("t", "id", {"car_position": Field("p")}, "5s", time=field)
    (outcome,) = Translator(SPEC, dialect).translate({"id": CODE, "t": said, "p": 1})
    assert isinstance(outcome, Message)
    assert outcome.t_us == t_us


def test_what_the_wire_cannot_carry_is_unknown_and_shown() -> None:
    """A number over 64 bits or a text over 512 characters would cost its whole pack at the hub."""
    fields = {"trip_count": Field("trips", scale=10.0), "fault_code_raw": Field("text")}
    dialect = Dialect("t", "id", fields, "5s", id_length=0)
    translator = Translator(SPEC, dialect)
    (said,) = translator.translate({"id": "a", "trips": 4e18, "text": "x" * 513})
    assert isinstance(said, Refused)  # nothing in it is a value
    (said,) = translator.translate({"id": "a", "trips": 12, "text": "x" * 513})
    assert isinstance(said, Message)
    assert said.values == {"trip_count": 120, "fault_code_raw": None}
    assert [(one.value, len(one.code)) for one in said.unknown_codes] == [("fault_code_raw", 120)]
