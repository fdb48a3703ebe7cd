"""How long a device's tiers are kept is said by the profile that its birth named."""

from pathlib import Path

from device_profiles.profile import Retention
from device_profiles.wire import Binding, Status
from hub.archive.tiers.opened import retention_lookup
from hub.config import read_config
from hub.database import open_database
from hub.twins.reader import TwinReader
from tests.hub.made import AREA, T0_US, pack, record

WELL = """
kind = "well_level"
title = "Well"
[liveness]
silent_after = "1h"
[values.water_m]
type = "float"
description = "level"
[retention]
raw = "90d"
"""


def test_each_device_has_the_retention_of_its_profile(tmp_path: Path) -> None:
    """Never born: the defaults; of a profile that is not here: none at all, so that nothing is deleted."""
    (tmp_path / "kinds").mkdir()
    (tmp_path / "kinds" / "wells.toml").write_text(WELL, encoding="utf-8")
    config = tmp_path / "hub.toml"
    config.write_text('hub = "hub-1"\ndata = "data"\nprofiles = ["kinds"]\n', encoding="utf-8")
    settings = read_config(config)
    settings.data.mkdir()
    birth = Status(T0_US, 7, online=True, devices=(Binding("well-1", "well_level"), Binding("gone-1", "not_here")))
    engine = open_database(settings.database)
    twins = TwinReader(engine)
    twins.apply([record(1, pack(birth, lane="status"))])
    twins.flush()
    engine.dispose()
    of = retention_lookup(settings)()
    assert of(f"{AREA}/well-1") == Retention(raw="90d")
    assert of(f"{AREA}/gone-1") is None
    assert of(f"{AREA}/unborn") == Retention()
