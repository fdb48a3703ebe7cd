"""Recordings replayed: what comes out, and what is said of rows and files that are wrong."""

import json
import random
from pathlib import Path

import pytest
from typer.testing import CliRunner

from device_profiles.errors import ConfigError
from edge_agent.cli import app
from edge_agent.replay.order import in_order
from edge_agent.replay.recording import read_recording
from tests.edge_agent.judge.box import Signal


def _rows(signal: Signal, *, zero: bool = False) -> list[str]:
    start = int(signal.t_us[0]) if zero else 0
    return [f"{t - start},{x:.4f},{y:.4f},{z:.4f}" for t, (x, y, z) in zip(signal.t_us, signal.axes(), strict=True)]


def _write(path: Path, header: str, rows: list[str]) -> str:
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return str(path)


def _replay(*arguments: str) -> tuple[dict, str]:
    result = CliRunner().invoke(app, ["replay", "--profile", "lift_retrofit_box", "--json", *arguments])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout), result.stderr


@pytest.fixture
def stuck() -> Signal:
    """Return a ride, and one that stops dead."""
    return Signal().stand(10).ride(12.0).gain(1.6, 0.8).stand(3).gain(-1.6, 8.0).stand(40)


def test_rides_and_events_as_json(tmp_path: Path, stuck: Signal) -> None:
    """The keys are as documented; the stuck has the profile's severity."""
    times, pressures = stuck.pressures()
    story, _ = _replay(
        _write(tmp_path / "a.csv", "t_us,ax,ay,az", _rows(stuck)),
        _write(tmp_path / "p.csv", "t_us,pressure_pa", [f"{t},{p:.2f}" for t, p in zip(times, pressures, strict=True)]),
    )
    assert [set(ride) for ride in story["rides"]] == [{"start_us", "end_us", "direction", "height_m"}] * 2
    assert story["rides"][0]["direction"] == "up"
    assert story["rides"][0]["height_m"] == pytest.approx(12.0, abs=0.4)
    assert [(event["kind"], event["severity"]) for event in story["events"]] == [("lift.stuck", "critical")]


def test_shuffled_doubled_and_broken_rows(tmp_path: Path, stuck: Signal) -> None:
    """Order and doubles change nothing; what cannot be read is counted on stderr."""
    rows = _rows(stuck, zero=True)
    clean, _ = _replay(_write(tmp_path / "clean.csv", "t_us,ax,ay,az", rows))
    spoilt = [*rows, *rows[200:400], "x,1,2,3", "5,1,2", "7,nan,1,1", "9,,,", ""]
    random.Random(1).shuffle(spoilt)
    story, stderr = _replay(_write(tmp_path / "spoilt.csv", " t_us , ax,ay,az", spoilt))
    assert story == clean
    for words in ("2 rows left out: not a number", "1 rows left out: too few cells", "200 doubled", "unsorted"):
        assert words in stderr


def test_rows_with_empty_cells(tmp_path: Path) -> None:
    """A sensor that gives each axis at a time of its own is a sensor too."""
    signal = Signal(rate_hz=50).stand(10).ride(12.0)
    rows = [
        ",".join(cell if column in (0, 1 + number % 3) else "" for column, cell in enumerate(row.split(",")))
        for number, row in enumerate(_rows(signal))
    ]
    story, _ = _replay(_write(tmp_path / "sparse.csv", "t_us,ax,ay,az", rows))
    assert [round(ride["height_m"]) for ride in story["rides"]] == [12]


@pytest.mark.parametrize(
    ("header", "column"),
    [("t_us,ax,ay", "az"), ("time,ax,ay,az", "time"), ("t_us,ax,ax,az", "ax"), ("t_us", "ax"), ("", "1")],
)
def test_a_wrong_header_names_file_and_column(tmp_path: Path, header: str, column: str) -> None:
    """It is a fault of usage, not of rows."""
    path = _write(tmp_path / "wrong.csv", header, ["1,2,3,4"])
    with pytest.raises(ConfigError, match=rf"wrong\.csv: {column}: "):
        read_recording([Path(path)])


def test_floors_given(tmp_path: Path) -> None:
    """With floors a ride says where it ended; an end between them is a stuck."""
    signal = Signal().stand(10).ride(12.0).ride(-6.1).stand(30)
    recording = _write(tmp_path / "a.csv", "t_us,ax,ay,az", _rows(signal))
    for name, text in (("f.toml", "heights_m = [0, 4, 8, 12]"), ("f.csv", "floor,height_m\nG,0\n1,4\n2,8\n3,12\n")):
        (tmp_path / name).write_text(text, encoding="utf-8")
        story, _ = _replay(recording, "--floors", str(tmp_path / name))
        assert [ride["floor"] for ride in story["rides"]] == [3, None]
        assert [event["kind"] for event in story["events"]] == ["lift.stuck"]


def test_a_clock_set_back_stays_in_file_order(tmp_path: Path) -> None:
    """Two laps over the same times are not mixed."""
    rows = _rows(Signal(seed=1).stand(20), zero=True) + _rows(Signal(seed=2).stand(20), zero=True)
    ordered = in_order(read_recording([Path(_write(tmp_path / "a.csv", "t_us,ax,ay,az", rows))]).acceleration)
    assert ordered.done["clock set back"] == 1
    assert len(ordered.series.t_us) == len(rows)


def test_only_pressure_is_said_to_be_too_little(tmp_path: Path) -> None:
    """Nothing to judge is no silence."""
    story, stderr = _replay(_write(tmp_path / "p.csv", "t_us,pressure_pa", ["0,101325", "1000000,101325"]))
    assert story == {"rides": [], "events": []}
    assert "no acceleration" in stderr


def test_as_text(tmp_path: Path, stuck: Signal) -> None:
    """People get a table."""
    path = _write(tmp_path / "a.csv", "t_us,ax,ay,az", _rows(stuck))
    result = CliRunner().invoke(app, ["replay", path])
    assert "2 rides, 1 events" in result.stdout
    assert "lift.stuck (critical): dead_stop" in result.stdout
