"""A journal, the archive that follows it, and the proof that compares both."""

from pathlib import Path

from device_profiles.wire import Pack
from hub.archive.expected import Identity
from hub.archive.proof import Proof, prove
from hub.archive.reader import ArchiveReader
from hub.archive.tiers import Tier
from hub.journal.journal import Journal, Record
from tests.hub.archive.tiers.stores import Stores
from tests.hub.made import record, unwritten


class City:
    """A journal and an archive that follows it."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.journal = Journal.open(folder / "journal.db", reserve_bytes=4096)
        self.stores = Stores(folder, url)
        self.horizons: dict[str, int] = {}
        self.events_gone = 0
        self.not_taken: set[Identity] = set()

    def horizon(self, subject: str, tier: Tier = Tier.RAW) -> int:
        """Return before when a tier of a device was deleted."""
        return self.horizons.get(subject, 0) if tier is Tier.RAW else self.events_gone

    def refused(self) -> set[Identity]:
        """Return the points that the database does not take."""
        return self.not_taken

    def receive(self, *packs: Pack | Record) -> None:
        """Write to the journal."""
        made = [one if isinstance(one, Record) else record(0, one) for one in packs]
        self.journal.append([unwritten(one) for one in made])

    def archive(self, upto: int = 2**62) -> None:
        """Let the archive's reader follow up to a record."""
        reader = ArchiveReader(self.stores.archive)
        while records := [one for one in self.journal.read(reader.cursor(), 500) if one.offset <= upto]:
            reader.apply(records)

    def prove(self, *, values: bool = True) -> Proof:
        """Compare both."""
        return prove(self.journal, self.stores.archive, self, values=values)

    def close(self) -> None:
        """Close journal and archive."""
        self.journal.close()
        self.stores.close()

    def again(self) -> Proof:
        """Compare both as another process does, which knows nothing yet."""
        stores = Stores(self.folder, self.url)
        try:
            return prove(self.journal, stores.archive, self, values=True)
        finally:
            stores.close()
