"""A journal of its own, and packs that come into it without a broker."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from device_profiles.link import Inbound
from device_profiles.topics import lane_topic
from device_profiles.wire import Pack, encode
from hub.intake.batch import Batch
from hub.intake.inbox import Waiting
from hub.journal.journal import Journal
from hub.ledger.ledger import Ledger
from tests.hub.rig import ADDRESS


class NoPort:
    """A port that is never used."""

    def start(self) -> None: ...  # noqa: D102
    def stop(self) -> None: ...  # noqa: D102
    def drop(self) -> None: ...  # noqa: D102
    def ack(self, *messages: Inbound) -> None: ...  # noqa: D102
    def publish(self, topic: str, payload: bytes) -> int | None: ...  # noqa: D102


def take(ledger: Ledger, journal: Journal, *packs: Pack) -> None:
    """Journal packs as the writer does."""
    batch = Batch(ledger, now_us=1)
    for one in packs:
        message = Inbound(lane_topic(ADDRESS, one.lane), encode(one), False, 1, 1)
        entry = batch.judge(Waiting(message, NoPort()))
        for record in journal.append(entry.rows):
            ledger.take(record, entry.pack)


@contextmanager
def new_journal() -> Iterator[tuple[Journal, Path]]:
    """Yield a journal in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal.open(Path(folder) / "journal.db", reserve_bytes=0)
        yield journal, Path(folder)
        journal.close()
