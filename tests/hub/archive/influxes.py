"""Archives in an InfluxDB, for tests."""

from pathlib import Path

from hub.archive.influx import InfluxArchive
from hub.archive.influx_server import InfluxPlace


def influx_archive(url: str, folder: Path, *, name: str = "archive", batch_points: int = 5_000) -> InfluxArchive:
    """Return the archive in the database ``name``, its refusals in ``folder``."""
    place = InfluxPlace(url, database=name)
    return InfluxArchive(place, hub="hub-1", refusals=folder / f"{name}.db", batch_points=batch_points)
