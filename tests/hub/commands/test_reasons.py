"""``hub reasons`` and ``hub why`` answer from a hub's data, also for what never was."""

from pathlib import Path

import msgspec
import pytest

from hub.commands.reasons import reasons
from hub.commands.why import why
from tests.hub.alarms.asked.rig import store
from tests.hub.alarms.scene import COVER, ROAD
from tests.hub.reasons.scenes import conditions, road


def hub(folder: Path, scene: str) -> Path:
    """Return the config of a hub that has lived through a scene."""
    (folder / "data").mkdir()
    store(folder / "data", {"conditions": conditions, "road": road}[scene]())
    path = folder / "hub.toml"
    path.write_text('hub = "h-1"\ndata = "data"\n', encoding="utf-8")
    return path


def test_every_reason_is_counted_also_those_that_never_were(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As JSON with a zero, as a table with a dash."""
    config = hub(tmp_path, "conditions")
    reasons(config, as_json=True)
    found = {(each["of"], each["name"]): each["count"] for each in msgspec.json.decode(capsys.readouterr().out)}
    assert (found["reason", "clear_held"], found["reason", "will"], found["refused", "time_in_future"]) == (1, 0, 1)
    assert found["delivery", "failed"] == 0
    reasons(config)
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["reason", "clear_held", "1"] in lines
    assert ["fault", "cut", "-"] in lines


def test_devices_and_assets_have_an_answer_for_every_rule(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Open, with the keys that it waits for, and whether it speaks."""
    config = hub(tmp_path, "road")
    why(ROAD, config, as_json=True)
    found = {each["rule"]: (each["standing"], each["detail"]) for each in msgspec.json.decode(capsys.readouterr().out)}
    assert found["road.collapse"][0] == "open"
    assert found["road.wet"][0] == "open"
    why(COVER, config)
    assert "device.silent: false, last seen 2025-11-20 00:53:21 UTC" in capsys.readouterr().out
    why("asset:road-9", config)
    assert "road.collapse: keys_apart, 2 of its keys within 10 s: cover was not" in capsys.readouterr().out
