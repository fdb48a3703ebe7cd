"""A hub that is well, for the doctor's tests."""

from pathlib import Path

import pytest

from hub.config import Settings, read_config
from hub.database import open_database
from tests.hub.doctor.rig import archive, move, write
from tests.servers import free_port


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return a hub that has run and stands at its journal's end, with one archived pack."""
    config = tmp_path / "hub.toml"
    config.write_text(
        'hub = "hub-1"\ndata = "data"\n[journal]\nmax_bytes = "1MB"\n'
        f'[broker]\nurl = "mqtt://127.0.0.1:{free_port()}"\n'
    )
    found = read_config(config)
    found.data.mkdir()
    write(found, age_s=1)
    open_database(found.database).dispose()
    for reader in ("alarms", "ledger", "twins"):
        move(found, reader, 1)
    archive(found, 1)
    return found
