"""What can be a key of a site's rule has a place, or is named."""

import sqlite3

import msgspec

from hub.alarms.rows import DeviceState
from hub.config import Settings
from hub.doctor import Level
from tests.hub.doctor.rig import look
from tests.hub.rig import ADDRESS


def test_a_key_that_stands_nowhere_is_named(settings: Settings) -> None:
    """A berth is none; what has a position, or shares its asset with another key, has a place."""

    def say(device: str, asset: str = "", **values: str | bool | None) -> None:
        state = DeviceState(ADDRESS.area, device, "a", asset=asset, values=dict(values))
        with sqlite3.connect(settings.database) as database:
            row = (f"device {state.key}", msgspec.json.encode(state))
            database.execute("INSERT OR REPLACE INTO device_state VALUES (?, ?)", row)
        database.close()

    say("cam-1-berth", surface=None)
    say("cam-1-road", "road-1", surface="sound")
    found = look(settings, "positions")
    words = f"1 devices are keys of a site's rule and stand nowhere: {ADDRESS.area}/cam-1-road;"
    assert (found.level, words in found.says) == (Level.WARN, True)
    say("ground-1", "road-1", exceeded=False, limit="none")
    assert look(settings, "positions").level is Level.OK
    say("cam-2-road", surface="hole")
    assert look(settings, "positions").level is Level.WARN
    (settings.folder / "policy.toml").write_text(
        f'[[positions]]\ndevice = "{ADDRESS.area}/cam-2-road"\nat = [30.0, 120.0]\n', encoding="utf-8"
    )
    placed = msgspec.structs.replace(settings, config=msgspec.structs.replace(settings.config, policy="policy.toml"))
    assert look(placed, "positions").level is Level.OK
