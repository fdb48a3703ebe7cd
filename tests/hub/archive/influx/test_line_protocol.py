"""Line protocol: equal to InfluxData's own encoder, and read by the server as it was meant."""

import itertools
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hub.archive.influx.line_protocol import LineError, field_value, line
from hub.archive.influx.server import InfluxPlace, InfluxServer, identifier
from tests.real_data import DATA
from tests.servers import Server

FEW = json.loads((Path(__file__).parent / "line_protocol_cases.json").read_text(encoding="utf-8"))["encode"]
CORPUS = DATA / "conformance/line_protocol/corpus.json"


def encoded(point: dict[str, Any]) -> dict[str, str]:
    """Return what we make of a point of the corpus, in its words."""
    tags = [(tag["key"], tag["value"]) for tag in point["tags"]]
    fields = [
        (field["key"], float(value) if kind == "float" else value)  # JSON has no 1.0
        for field in point["fields"]
        for kind, value in field["value"].items()
    ]
    try:
        return {"result": line(point["name"], tags, fields, point["time"])}
    except LineError:
        return {"error": ""}


@pytest.mark.parametrize("case", FEW, ids=lambda case: case["point"]["name"])
def test_some_cases_of_the_corpus(case: dict[str, Any]) -> None:
    """Names, texts, numbers and times are written as InfluxData writes them; what it refuses, we refuse."""
    assert encoded(case["point"]).get("result") == case.get("result")


def test_every_encode_case_of_the_corpus() -> None:
    """All of them, where the whole corpus is at hand."""
    if not CORPUS.is_file():
        pytest.skip("the corpus is not here; some of its cases are in this repository")
    cases = json.loads(CORPUS.read_text(encoding="utf-8"))["encode"].values()
    wrong = [case for case in cases if encoded(case["input"]["point"]).get("result") != case["output"].get("result")]
    assert len(cases) == 115
    assert wrong == []


@given(st.floats(allow_nan=False, allow_infinity=False))
@example(2.0**-24)  # half way between two texts of 16 digits, of which one is another number
def test_a_float_says_itself_in_the_fewest_digits(value: float) -> None:
    """Nothing is lost, and no digit is for nothing."""
    text = field_value(value)
    assert float(text) == value
    assert math.copysign(1, float(text)) == math.copysign(1, value)
    assert len(text) <= len(repr(value)) + 4


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 2**63, -(2**63) - 1, None, b"x"])
def test_what_is_no_value_is_refused(value: Any) -> None:
    """It never becomes a line that says something else."""
    with pytest.raises(LineError):
        field_value(value)


@pytest.mark.parametrize(
    ("key", "tag"), [("", "a"), ("a\nb", "a"), ("a", ""), ("a", "b\n"), ("a\\", "b"), ("a", "b\\")]
)
def test_what_is_no_name_is_refused(key: str, tag: str) -> None:
    """A name that is empty, has a line feed or would escape what follows it."""
    with pytest.raises(LineError):
        line("m", [(key, tag)], [("f", 1)], 0)


def test_a_point_says_something() -> None:
    """No fields is no point, and a comment is none."""
    with pytest.raises(LineError):
        line("m", [], [], 0)
    with pytest.raises(LineError):
        line("#m", [], [("f", 1)], 0)


_texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
_names = _texts.filter(lambda text: not text.endswith("\\") and text.strip() and text != "time" and "\\" not in text)
_values = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\0"), max_size=20),
)


_measurements = itertools.count()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tag=_names, fields=st.dictionaries(_names, _values, min_size=1, max_size=8))
def test_influxdb_returns_what_was_encoded(influx: Server, tag: str, fields: dict[str, Any]) -> None:
    """Keys, tag and values of every type come back from a real InfluxDB 1.6.7."""
    server = InfluxServer(InfluxPlace(influx.url, database="line_protocol"))
    server.create_database()
    fields.pop("a tag", None)
    fields["sure"] = True
    measurement = f"a, name {next(_measurements)}"  # a database of their own would cost a second each
    server.write(line(measurement, [("a tag", tag)], fields.items(), 7).encode())
    ((series,),) = server.query([f"SELECT * FROM {identifier(measurement)}"])
    server.close()
    said = dict(zip(series.columns, series.values[0], strict=True))
    floats = {key for key, value in fields.items() if isinstance(value, float)}  # JSON does not tell 1.0 from 1
    # InfluxDB 1.6.7 reads small powers of two one last bit off: 2**-24 comes back as 5.960464477539062e-08
    expected = {
        key: pytest.approx(value, rel=1e-15, abs=0) if key in floats else value for key, value in fields.items()
    }
    assert {key: float(value) if key in floats else value for key, value in said.items()} == {
        "time": 7,
        "a tag": tag,
        **expected,
    }
