"""``hub response`` says what was missed as plainly as what was met."""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from hub.channels.outbox.outbox import DeliveryState, outbox
from hub.cli import app
from hub.database import open_database
from tests.hub.channels.listening import raised, store
from tests.hub.made import T0_US


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return the config of a hub that has raised one alarm of somebody in a lift, long ago."""
    (tmp_path / "data").mkdir()
    engine = open_database(tmp_path / "data" / "hub.db")
    store(engine, raised(1))
    engine.dispose()
    file = tmp_path / "hub.toml"
    file.write_text('hub = "x"\ndata = "data"\n', encoding="utf-8")
    return file


def told(config: Path, receiver: str, state: DeliveryState, after_s: int) -> None:
    """Let one receiver's delivery of the alarm have ended so."""
    engine = open_database(config.parent / "data" / "hub.db")
    row = {"receiver": receiver, "offset": 1, "n": 0, "alarm": "alarm-1", "lane": "life", "rank": 4, "urgent": True}
    row |= {"state": state.value, "reason": "", "notice": "", "via": "", "fell_back": False, "attempts": 1}
    times = {"queued_us": T0_US, "due_us": T0_US, "done_us": T0_US + after_s * 1_000_000}
    with engine.begin() as connection:
        connection.execute(sa.insert(outbox).values(row | times))
    engine.dispose()


def asked(config: Path, *words: str) -> str:
    """Return what the command says."""
    done = CliRunner().invoke(app, ["response", str(config), *words])
    assert done.exit_code == 0
    return done.stdout


def test_a_dead_letter_has_told_nobody(config: Path) -> None:
    """It was given up within seconds, and was taken for an alert met in time."""
    told(config, "mail", DeliveryState.FAILED, 2)
    (clock,) = json.loads(asked(config, "--json"))["alarms"]
    assert "alerted" not in clock["t_us"]
    assert [(each["stage"], each["met"]) for each in clock["outcomes"]] == [("alerted", False), ("safe", False)]
    told(config, "sms", DeliveryState.ACCEPTED, 30)
    (clock,) = json.loads(asked(config, "--json"))["alarms"]
    assert clock["t_us"]["alerted"] == T0_US + 30_000_000


def test_a_target_that_nobody_reached_is_in_the_table(config: Path) -> None:
    """The text says the same as the JSON: of the worst there is no time, and a target that was missed."""
    lines = [line.split("│") for line in asked(config).splitlines() if "│" in line]
    rows = {cells[4].strip(): [cell.strip() for cell in cells[5:-1]] for cells in lines}
    assert rows["alerted"] == ["-", "-", "57 s", "0 of 1"]
    assert rows["safe"] == ["-", "-", "420 s", "0 of 1"]


def test_two_targets_of_one_stage_are_two_rows(config: Path) -> None:
    """One in time and one at all."""
    (config.parent / "policy.toml").write_text(
        '[[targets]]\nstage = "alerted"\nwithin = "10s"\n[[targets]]\nstage = "alerted"\nwithin = "60s"\n',
        encoding="utf-8",
    )
    config.write_text('hub = "x"\ndata = "data"\npolicy = "policy.toml"\n', encoding="utf-8")
    told(config, "sms", DeliveryState.DELIVERED, 30)
    said = asked(config)
    assert ("10 s" in said, "0 of 1" in said, "60 s" in said, "1 of 1" in said) == (True,) * 4
