"""Zones files: what is read, and that what means nothing is refused by name."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.errors import ConfigError
from edge_agent.vision.zones import parse_zones, read_zones
from tests.edge_agent.replay.pklot import frames_of_pklot, size_of_picture, truth_of, zones_json

SQUARE = [[10, 10], [60, 10], [60, 60], [10, 60]]
GROUND = [[10, 10, 0, 0], [60, 10, 3, 0], [60, 60, 3, 9], [10, 60, 0, 9]]


def _text(*zones: dict[str, Any], **more: Any) -> str:
    whole = [{"id": str(at), "kind": "berth", "polygon": SQUARE} | zone for at, zone in enumerate(zones)]
    return json.dumps({"width": 100, "height": 80, "zones": whole, **more})


def _read(path: Path, text: str) -> str:
    """Return the message with which a file is refused."""
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        read_zones(path)
    return str(refused.value)


def test_zones_are_read_as_they_stand(tmp_path: Path) -> None:
    """In order, with a polygon that is closed opened, and one that reaches beyond the frame left whole."""
    path = tmp_path / "z.json"
    beyond = [[80, 10], [110, 10], [110, 60], [80, 60]]
    path.write_text("\ufeff" + _text({"polygon": [*SQUARE, SQUARE[0]]}, {"polygon": beyond}), encoding="utf-8")
    zones = read_zones(path)
    assert (zones.width, zones.height) == (100, 80)
    assert [zone.polygon for zone in zones.zones] == [tuple(map(tuple, SQUARE)), tuple(map(tuple, beyond))]
    assert zones.fits(width=100, height=80)
    assert not zones.fits(width=80, height=100)


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ({"polygon": [[1, 1], [9, 9]]}, "zone '0': a polygon has at least 3 points, this one 2"),
        ({"polygon": [[1, 1], [9, 9], [1, 1], [9, 9]]}, "zone '0': a polygon has at least 3 points, this one 2"),
        ({"polygon": []}, "at least 3 points, this one 0"),
        ({"polygon": [[10, 10], [60, 60], [60, 10], [10, 60]]}, "zone '0': its polygon crosses itself"),
        ({"polygon": [[10, 10], [60, 10], [30, 10], [30, 60]]}, "crosses itself"),
        ({"polygon": [[10, 10], [10.1, 10], [10.1, 10.1]]}, "has no area"),
        ({"polygon": [[10, 10], [11.5, 10], [11.5, 11.5], [10, 11.5]]}, "is 1.5 pixels wide: nothing can be told"),
        ({"polygon": [[0, 10], [100, 10], [100, 10.5], [0, 10.5]]}, "is 0.5 pixels wide"),
        ({"kind": "lane", "m_per_px": 99}, "its ground is 2.45e+07 m²"),
        ({"kind": "lane", "m_per_px": 1e-6}, "its ground is 2.5e-09 m²"),
        ({"polygon": [[200, 10], [260, 10], [260, 60]]}, "zone '0': lies outside the frame of 100 × 80"),
        ({"polygon": [[90, 10], [160, 10], [160, 60], [90, 60]]}, "lies outside the frame"),
        ({"polygon": [[1e9, 1], [2e9, 1], [1e9, 9]]}, "a point is no pixel"),
        ({"polygon": [[x, x * x / 1000] for x in range(300)]}, "at most 200 points"),
        ({"cells": 3}, "cells are a lane's"),
        ({"kind": "lane", "cells": 0}, "cells are a lane's, 1 to"),
        ({"m_per_px": 0}, "m_per_px is above 0"),
        ({"m_per_px": 0.1, "ground": GROUND}, "stands without ground points"),
        ({"kind": "road", "m_per_px": 1e-9}, "its ground is 2.5e-15 m²"),
        ({"kind": "road", "m_per_px": 50}, "its ground is 6.25e+06 m², and is to be between 0.5 and 1e+06: m_per_px"),
        ({"kind": "road", "ground": [[x, y, 1e5 * u, v] for x, y, u, v in GROUND]}, "or ground points are wrong"),
        ({"ground": GROUND[:3]}, "ground has 4 to"),
        ({"ground": [[x, x, x, x] for x in range(4)]}, "no plane: three of the points lie on one line"),
        ({"ground": [[1, 1, 1, 1]] * 4}, "ground points give no plane: the points are one point"),
    ],
)  # fmt: skip
def test_a_zone_that_means_nothing_is_refused(tmp_path: Path, zone: dict[str, Any], said: str) -> None:
    """The line names the file, the zone and what is wrong."""
    path = tmp_path / "z.json"
    message = _read(path, _text(zone))
    assert message.startswith(f"{path}: ")
    assert said in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "truncated"),
        ("[]", "Expected `object`"),
        (_text({"id": "a"}, {"id": "a"}), "zones[1].id: 'a' is the id of another zone too"),
        (_text({"id": ""}), "zones[0].id: must be 1 to 64"),
        (_text({"id": "a/1"}), "without a slash"),
        (_text({"id": 1}), "$.zones[0].id"),
        (_text({"kind": "garden"}), "Invalid enum value 'garden'"),
        (_text({"colour": "red"}), "unknown field `colour`"),
        (_text({"polygon": [[1, 2, 3], [4, 5, 6], [7, 8, 9]]}), "$.zones[0].polygon[0]"),
        (_text({"polygon": [["a", 1]]}), "Expected `float`"),
        (_text(), "has 0 zones"),
        (_text({}, width=0), "$.width"),
        (_text({}).replace('"height": 80, ', ""), "missing required field `height`"),
        (_text({}).replace("10", "NaN", 1), "JSON is malformed"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """It names the file and the place."""
    assert said in _read(tmp_path / "z.json", text)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """One line, with its name."""
    with pytest.raises(ConfigError, match=r"none.json: cannot be read"):
        read_zones(tmp_path / "none.json")


def test_a_survey_keeps_what_is_sound() -> None:
    """Faults stand beside the zones that mean something."""
    read = parse_zones(_text({}, {"polygon": [[1, 1], [2, 2]]}).encode(), file="z")
    assert [zone.id for zone in read.sound.zones] == ["0"]
    assert list(read.faults) == ["1"]


def test_a_horizon_is_no_ground() -> None:
    """A zone that reaches beyond the horizon of its own points has no place on the road."""
    far = [[40, 70, 0, 0], [60, 70, 3, 0], [52, 40, 3, 60], [48, 40, 0, 60]]  # the lines meet at y = 32
    zone = {"ground": far, "polygon": [[40, 70], [60, 70], [52, 10], [48, 10]]}
    (fault,) = parse_zones(_text(zone).encode(), file="z").faults.values()
    assert "horizon" in fault


@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: _text({"id": text}).encode()))
def test_no_bytes_crash_the_reader(data: bytes) -> None:
    """They are zones, or refused."""
    with suppress(ConfigError):
        assert parse_zones(data, file="z").sound.width > 0


def test_pklot_gives_zones(tmp_path: Path) -> None:
    """All spaces of real frames are sound zones, and one without a label is no truth."""
    frames = frames_of_pklot()
    if not frames:
        pytest.skip("real data is not there (CITYNERVE_DATA names its folder)")
    lots = {xml.parent: (picture, xml) for picture, xml in frames}
    for picture, xml in lots.values():
        read = parse_zones(zones_json(xml, size=size_of_picture(picture)).encode(), file=xml.name)
        assert read.faults == {}
        assert truth_of(xml).keys() <= {zone.id for zone in read.sound.zones}
    assert any(len(truth_of(xml)) < zones_json(xml, size=(1, 1)).count('"id"') for _, xml in frames)
