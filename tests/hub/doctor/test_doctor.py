"""What is well is ok, and what cannot be looked at is a finding in words; the command beside a running hub."""

import json
import sqlite3
import time
from pathlib import Path

import msgspec
import pytest

from hub.config import Settings, read_config
from hub.doctor import Finding, Level, worst
from hub.doctor.checks import CHECKS
from hub.doctor.places import places_of
from tests.hub.doctor.rig import archive, look, write
from tests.hub.rig import AgentSide, HubProcess, pack
from tests.servers import Mosquitto


@pytest.mark.parametrize("check", [name for name in CHECKS if name not in ("folder", "broker")])
def test_what_is_well_is_ok_though_no_hub_runs(settings: Settings, check: str) -> None:
    """Everything that can be looked at in files is."""
    assert look(settings, check).level is Level.OK


@pytest.mark.parametrize("check", ["versions", "archive"])
def test_a_folder_may_have_any_name(settings: Settings, check: str) -> None:
    """Characters that mean something in an address mean nothing in a path."""
    settings.data.rename(settings.folder / "a%41#b?c=d")
    named = msgspec.structs.replace(settings.config, data="a%41#b?c=d")
    moved = msgspec.structs.replace(settings, config=named)
    write(moved, age_s=1)
    archive(moved, 2)
    assert look(moved, check).level is Level.OK


def test_a_row_that_cannot_be_read_is_a_finding(settings: Settings) -> None:
    """Of another version, or damaged: the check fails in words."""
    with sqlite3.connect(settings.database) as database:
        for key in ("agent a", "device a"):
            database.execute("INSERT INTO device_state VALUES (?, ?)", (key, b"{"))
    database.close()
    assert {look(settings, check).level for check in ("clock", "positions")} == {Level.FAIL}


def test_the_command_beside_a_running_hub(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """A line each, exit 0 while nothing fails; after the hub has stopped it says so with 1."""
    hub = HubProcess(tmp_path / "hub", mosquitto.url).start()
    with AgentSide(mosquitto.url, tmp_path) as agent:
        agent.send(pack(1))
        assert agent.receipted("reading", 1)
    settings = read_config(hub.config)
    deadline = time.monotonic() + 20
    while min(places_of(settings).values()) == 0 and time.monotonic() < deadline:
        time.sleep(0.1)
    found = msgspec.json.decode(hub.ask("doctor", "--json"), type=list[Finding])
    assert [finding.check for finding in found] == list(CHECKS)
    assert worst(found) is not Level.FAIL, found
    assert "the hub is heard" in next(finding.says for finding in found if finding.check == "broker")
    assert hub.stop() == 0
    lines = hub.ask("doctor", code=1).splitlines()
    assert len(lines) == len(CHECKS)
    assert lines[0].startswith("fail  folder")
    assert json.loads(hub.ask("doctor", "--json", code=1))[0]["do"] == "hub run"
