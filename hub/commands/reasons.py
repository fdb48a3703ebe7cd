"""``hub reasons``: which of the reasons that the docs name have occurred in this hub's data, and how often."""

import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
from rich.table import Table

from hub.alarms.asked import reached as decided
from hub.alarms.asked.replay import state_before
from hub.channels.outbox import reached as delivered
from hub.commands import Config, Json
from hub.config import read_config
from hub.data import opened_database, opened_journal
from hub.database import reading
from hub.journal.journal import Journal
from hub.journal.records import Record
from hub.screen import Screen

_BATCH = 500  # records in memory at a time


def reasons(config: Config = Path("hub.toml"), as_json: Json = False) -> None:
    """Explain every record that the journal still has, and count each reason, also those that never occurred."""
    settings = read_config(config)
    with opened_database(settings.database) as engine, opened_journal(settings.journal) as journal:
        first = max(1, journal.whole_from())
        counts = decided.reached(state_before(journal, engine, first), _records(journal, first - 1))
        with reading(engine).connect() as connection:
            counts += delivered.reached(connection)
    found = decided.listed(decided.DECIDED | delivered.DELIVERED, counts)
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(found)).decode() + "\n")
        return
    table = Table("of", "reason", "times", box=None, pad_edge=False)
    for each in found:
        table.add_row(each.of, each.name, str(each.count) if each.count else "-")
    Screen().print(table)


def _records(journal: Journal, after: int) -> Iterator[Record]:
    while records := journal.read(after, _BATCH):
        yield from records
        after = records[-1].offset
