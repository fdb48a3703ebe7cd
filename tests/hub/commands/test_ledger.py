"""``hub ledger``: of one agent, since a time or an epoch, for people and programs."""

import json
import time
from pathlib import Path

import pytest

from device_profiles.wire import encode
from hub.config import EXAMPLE, read_config
from hub.database import open_database
from hub.journal.journal import Journal, NewRecord
from tests.hub.command import hub, one_line
from tests.hub.rig import ADDRESS, EPOCH, pack

HOUR_US = 3_600_000_000
NEXT = EPOCH + 1


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a hub that got a session ten hours ago and another one just now."""
    folder = tmp_path_factory.mktemp("hub")
    path = folder / "hub.toml"
    path.write_text(EXAMPLE)
    settings = read_config(path)
    settings.data.mkdir()
    now_us = time.time_ns() // 1000
    journal = Journal.open(settings.journal, reserve_bytes=0)
    journal.append([NewRecord(now_us - 20 * HOUR_US, "tick", b'{"now_us":1}')])
    for epoch, hours in ((EPOCH, 10), (NEXT, 0)):
        packs = [pack(seq, epoch=epoch) for seq in (1, 2, 4)]
        journal.append(
            [
                NewRecord(now_us - hours * HOUR_US, "pack", encode(one), str(ADDRESS), epoch, one.lane, one.seq)
                for one in packs
            ]
        )
    journal.close()
    open_database(settings.database).dispose()
    return path


@pytest.mark.parametrize(
    ("words", "epochs"),
    [
        ((), [EPOCH, NEXT]),
        ((str(ADDRESS),), [EPOCH, NEXT]),
        ((ADDRESS.agent, "--since", "2h"), [NEXT]),
        (("--since", "12h"), [EPOCH, NEXT]),
        (("--since", "90d"), [EPOCH, NEXT]),
        (("--since", NEXT), [NEXT]),
        (("--since", "2100-01-01"), []),
    ],
)
def test_sessions_are_chosen(config: Path, words: tuple[object, ...], epochs: list[int]) -> None:
    """By agent, and by when something came last."""
    done = hub("ledger", *words, config, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [row["epoch"] for row in found["lanes"]] == epochs
    assert found["total"]["published"] == 4 * len(epochs)
    assert found["total"]["missing"] == len(epochs)


def test_people_get_a_table(config: Path) -> None:
    """With the totals below."""
    done = hub("ledger", config)
    assert done.returncode == 0
    assert "total" in done.stdout


def test_what_is_not_understood_or_not_known_is_one_line(config: Path) -> None:
    """Exit 2 for a time that is none, exit 1 for an agent that never spoke."""
    assert "--since" in one_line(hub("ledger", config, "--since", "yesterday"), 2)
    assert "chaoming-99" in one_line(hub("ledger", "chaoming-99", config), 1)
