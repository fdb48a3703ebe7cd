"""``hub journal status`` says how far back the journal goes, from where it is whole, and what it gave up."""

import json
from pathlib import Path

from typer.testing import CliRunner

from hub.cli import app
from hub.config import read_config
from hub.journal.journal import Journal
from hub.journal.thinning import Thinning
from tests.hub.made import T0_US, pack, reading, record, unwritten


def test_status_tells_what_was_thinned(tmp_path: Path) -> None:
    """Offsets, times, bytes and the count of each agent and reason; for people and for programs."""
    config = tmp_path / "hub.toml"
    config.write_text('hub = "hub-1"\ndata = "data"\n[journal]\nmax_bytes = "1MB"\n')
    settings = read_config(config)
    settings.data.mkdir()
    journal = Journal.open(settings.journal, reserve_bytes=0)
    journal.append([unwritten(record(0, pack(reading(at_s=n, load=n), seq=n + 1), at_s=n)) for n in range(20)])
    Thinning(journal).thin(10, short=True)
    journal.close()
    shown = CliRunner().invoke(app, ["journal", "status", str(config)])
    assert shown.exit_code == 0, shown.output
    assert "whole, and to be replayed, from record 11, since 2025-11-20T00:53:30Z" in shown.output
    assert "thinned of hz/xiacheng/chaoming/a-1: 8 facts in 8 packs" in shown.output
    found = json.loads(CliRunner().invoke(app, ["journal", "status", str(config), "--json"]).output)
    assert (found["first"], found["whole_from"], found["last"], found["max_bytes"]) == (1, 11, 20, 1_000_000)
    assert found["given_up"] == [
        {
            "agent": "hz/xiacheng/chaoming/a-1",
            "reason": "thinned",
            "packs": 8,
            "facts": 8,
            "first_us": T0_US + 1_000_000,
            "last_us": T0_US + 8_000_000,
        }
    ]
