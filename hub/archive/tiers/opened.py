"""The tiers that a config names, and how long each device's are kept."""

from collections.abc import Callable, Mapping

from device_profiles.profile import Profile, Retention, load_profiles
from hub.archive.stores import influx_place
from hub.archive.tiers.embedded import EmbeddedTiers
from hub.archive.tiers.influx import InfluxTiers
from hub.config import Settings
from hub.database import open_database, reading
from hub.twins.reader import load_twins

Lookup = Callable[[str], Retention | None]


def open_tiers(settings: Settings) -> EmbeddedTiers | InfluxTiers:
    """Return the store of tiers beside the archive; it is not asked yet. Raises ConfigError."""
    if settings.config.archive.kind == "embedded":
        return EmbeddedTiers(settings.archive)
    return InfluxTiers(influx_place(settings))


def retention_lookup(settings: Settings) -> Callable[[], Lookup]:
    """Return what looks up how long a device's tiers are kept, by the profile its birth named. Raises ConfigError."""
    profiles = load_profiles(settings.profiles)

    def look() -> Lookup:
        engine = open_database(settings.database)
        try:
            kinds = {twin.subject: twin.profile for twin in load_twins(reading(engine)).twins.values()}
        finally:
            engine.dispose()
        return lambda subject: _retention(kinds.get(subject, ""), profiles)

    return look


def _retention(kind: str, profiles: Mapping[str, Profile]) -> Retention | None:
    """Return the profile's; the default of a device that was never born, None for a kind that nobody knows here."""
    if not kind:
        return Retention()
    return profiles[kind].spec.retention if kind in profiles else None
