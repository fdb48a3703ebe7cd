"""An archive with its tiers, in each kind of store, for tests."""

from pathlib import Path

from hub.archive.embedded import EmbeddedArchive
from hub.archive.influx.influx import InfluxArchive
from hub.archive.influx.server import InfluxPlace
from hub.archive.tiers.embedded import EmbeddedTiers
from hub.archive.tiers.influx import InfluxTiers
from tests.hub.archive.influxes import influx_archive

KINDS = ("embedded", "influx")


class Stores:
    """The archive and the tiers of one kind of store; each name is a store of its own."""

    def __init__(self, folder: Path, url: str, *, name: str = "archive") -> None:
        """``url`` of an InfluxDB, or empty for the embedded archive."""
        self.archive: EmbeddedArchive | InfluxArchive
        self.tiers: EmbeddedTiers | InfluxTiers
        if url:
            self.archive = influx_archive(url, folder, name=f"{folder.name}-{name}")
            self.archive.offset()  # makes the database
            self.tiers = InfluxTiers(InfluxPlace(url, database=f"{folder.name}-{name}"))
        else:
            self.archive = EmbeddedArchive(folder / f"{name}.db")
            self.tiers = EmbeddedTiers(folder / f"{name}.db")

    def close(self) -> None:
        """Close both."""
        self.tiers.close()
        self.archive.close()
