"""Open the archive that a config names."""

from device_profiles.errors import ConfigError
from hub.archive.embedded import EmbeddedArchive
from hub.archive.influx.influx import InfluxArchive
from hub.archive.influx.server import InfluxPlace
from hub.config import Settings

Store = EmbeddedArchive | InfluxArchive


def open_archive(settings: Settings, *, mend: bool = False) -> Store:
    """Return the archive, whose server is not asked yet. Raises ConfigError, StoreDown for a local file.

    ``mend``: set a damaged file aside and begin anew, which is for the archive's own reader.
    """
    config = settings.config.archive
    if config.kind == "embedded":
        return EmbeddedArchive(settings.archive, mend=mend)
    return InfluxArchive(
        influx_place(settings),
        hub=settings.config.hub,
        refusals=settings.refusals,
        batch_points=config.batch_points,
        in_flight=config.in_flight,
    )


def influx_place(settings: Settings) -> InfluxPlace:
    """Return where the config's InfluxDB is. Raises ConfigError when a file cannot be read."""
    config = settings.config.archive
    settings.check_archive()
    try:
        secret = config.secret(settings.folder)
    except (OSError, UnicodeDecodeError) as error:
        key = "token_file" if config.version == "2" else "password_file"
        raise ConfigError(f"cannot be read: {error}", file=str(settings.file), key=f"archive.{key}") from error
    return InfluxPlace(
        url=config.url,
        version=config.version,
        database=config.database if config.version == "1" else config.bucket,
        org=config.org,
        user=config.user,
        secret=secret,
        ca_file=str(settings.folder / config.ca_file) if config.ca_file else "",
        verify=config.verify,
        timeout_s=config.timeout_s,
    )


def describe(settings: Settings) -> str:
    """Return which archive it is, for a log."""
    config = settings.config.archive
    if config.kind == "embedded":
        return f"embedded, {settings.archive}"
    name = config.database if config.version == "1" else config.bucket
    return f"InfluxDB at {config.url}, {name}, write API {config.version}"
