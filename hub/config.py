"""The hub's config: one TOML file whose every key is checked."""

import re
import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec

from device_profiles.config import Duration, Size, duration_us, read_text, read_toml, size_bytes
from device_profiles.errors import ConfigError, TopicError
from device_profiles.link import BrokerConfig, tls_of
from device_profiles.topics import check_id
from hub.alarms.city.policy import parse_policy
from hub.archive.settings import ArchiveConfig
from hub.channels.receivers import AnyReceiver, receiver_faults, unreadable
from hub.channels.ways.ways import open_channel
from hub.evidence.config import EvidenceConfig, evidence_faults
from hub.metrics.server import host_port

_LEAST_BYTES = 1_000_000  # of any bound: below it a single batch does not fit


class JournalConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much of the past the journal keeps."""

    keep: Duration = "14d"
    max_bytes: Size = "20GB"  # above it the oldest goes, and readings wait when that is not possible
    reserve_bytes: Size = "16MB"  # of disk, for alarms and acts when it is full


class IntakeConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much may be in memory before it is in the journal."""

    hold_bytes: Size = "64MB"


class QuarantineConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much of messages that are no good is kept; above it only their notes are."""

    max_messages: Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)] = 10_000
    max_bytes: Size = "64MB"


class MetricsConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where /metrics is, as host:port; "" is nowhere."""

    listen: str = ""
    archive_listen: str = ""  # of the archive's process, when that runs apart


class MqttChannelConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Alarms as CloudEvents on the broker."""

    enabled: bool = True


class ChannelsConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where alarms go."""

    mqtt: MqttChannelConfig = MqttChannelConfig()


class HubConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of hub.toml; relative paths are relative to its folder."""

    hub: str
    data: str
    profiles: tuple[str, ...] = ()  # folders of more profiles
    policy: str = ""  # file of maintenance windows, causes and ladders; "": none
    broker: BrokerConfig = BrokerConfig()
    journal: JournalConfig = JournalConfig()
    intake: IntakeConfig = IntakeConfig()
    archive: ArchiveConfig = ArchiveConfig()
    channels: ChannelsConfig = ChannelsConfig()
    receivers: tuple[AnyReceiver, ...] = ()
    quarantine: QuarantineConfig = QuarantineConfig()
    evidence: EvidenceConfig = EvidenceConfig()
    metrics: MetricsConfig = MetricsConfig()


class Settings(msgspec.Struct, frozen=True):
    """A config that was checked, and the paths that follow from it."""

    config: HubConfig
    file: Path

    @property
    def folder(self) -> Path:
        """What relative paths are relative to."""
        return self.file.parent

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.folder / self.config.data

    @property
    def journal(self) -> Path:
        """The journal's file."""
        return self.data / "journal.db"

    @property
    def database(self) -> Path:
        """The relational database's file."""
        return self.data / "hub.db"

    @property
    def archive(self) -> Path:
        """The embedded archive's file."""
        return self.data / "archive.db"

    @property
    def refusals(self) -> Path:
        """What InfluxDB refused, and its last known place."""
        return self.data / "refused.db"

    @property
    def tiers(self) -> Path:
        """Which minutes and hours of the archive wait to be computed."""
        return self.data / "tiers.db"

    @property
    def photos(self) -> Path:
        """The folder of the photographs of people's reports."""
        return self.data / "photos"

    @property
    def evidence(self) -> Path:
        """The folder of what cameras kept of alarms."""
        return self.data / "evidence"

    @property
    def profiles(self) -> list[Path]:
        """The folders of more profiles."""
        return [self.folder / folder for folder in self.config.profiles]

    def read_policy(self) -> str:
        """Return the text of the policy, "" without one. Raises ConfigError with file and key."""
        if not self.config.policy:
            return ""
        file = self.folder / self.config.policy
        try:
            text = read_text(file)
        except ConfigError as error:
            raise ConfigError(str(error), file=str(self.file), key="policy") from error
        parse_policy(text, file=str(file), receivers=frozenset(receiver.name for receiver in self.config.receivers))
        return text

    def check_broker(self) -> None:
        """Read the files that the broker's part names. Raises ConfigError."""
        broker = self.config.broker
        self._check("broker", (("password_file", broker.password_file), ("ca_file", broker.ca_file)))
        tls_of(broker, self.folder)

    def check_archive(self) -> None:
        """Read the files that the archive's part names. Raises ConfigError."""
        archive = self.config.archive
        self._check("archive", archive.files())
        if archive.token_file and not re.fullmatch("[ -~]+", archive.secret(self.folder)):
            says = f"{self.folder / archive.token_file}: its first line is no token, which is of ASCII"
            raise ConfigError(says, file=str(self.file), key="archive.token_file")

    def _check(self, part: str, files: Iterable[tuple[str, str]]) -> None:
        for key, name in files:
            try:
                text = read_text(self.folder / name) if name else "none"
            except ConfigError as error:
                raise ConfigError(str(error), file=str(self.file), key=f"{part}.{key}") from error
            if key != "ca_file" and not text.partition("\n")[0].strip():
                says = f"{self.folder / name}: its first line is empty"
                raise ConfigError(says, file=str(self.file), key=f"{part}.{key}")

    def check_evidence(self) -> None:
        """Read the file that the part of evidence names. Raises ConfigError."""
        ca_file = self.config.evidence.ca_file
        self._check("evidence", (("ca_file", ca_file),))
        try:
            ssl.create_default_context(cafile=self.folder / ca_file if ca_file else None)
        except OSError as error:  # ssl.SSLError is one
            says = f"{self.folder / ca_file} cannot be used: {error}"
            raise ConfigError(says, file=str(self.file), key="evidence.ca_file") from error

    def check_receivers(self) -> None:
        """Read the files that the receivers' parts name. Raises ConfigError."""
        for key, message in unreadable(self.config.receivers, self.folder):
            raise ConfigError(message, file=str(self.file), key=key)
        for index, receiver in enumerate(self.config.receivers):
            try:
                open_channel(receiver, hub=self.config.hub, folder=self.folder, now_us=lambda: 0)
            except ConfigError as error:
                key = f"receivers[{index}].{error.key or 'secret_file'}"
                raise ConfigError(str(error), file=str(self.file), key=key) from error


def read_config(file: Path) -> Settings:
    """Return the settings in ``file``. Raises ConfigError with file and key."""
    config = read_toml(file, HubConfig)
    for key, message in _faults(config):
        raise ConfigError(message, file=str(file), key=key)
    return Settings(config, file.absolute())


def _faults(config: HubConfig) -> Iterable[tuple[str, str]]:
    try:
        check_id(config.hub)
    except TopicError as error:
        yield "hub", str(error)
    try:
        config.broker.host_port()
    except ValueError as error:
        yield "broker.url", str(error)
    for key, message in config.archive.faults():
        yield f"archive.{key}", message
    for key, listen in (("listen", config.metrics.listen), ("archive_listen", config.metrics.archive_listen)):
        try:
            _ = host_port(listen) if listen else None
        except ValueError as error:
            yield f"metrics.{key}", str(error)
    yield from receiver_faults(config.receivers)
    yield from ((f"evidence.{key}", message) for key, message in evidence_faults(config.evidence))
    if duration_us(config.journal.keep) <= 0:
        yield "journal.keep", "must be longer than 0"
    sizes = {
        "journal.max_bytes": config.journal.max_bytes,
        "journal.reserve_bytes": config.journal.reserve_bytes,
        "intake.hold_bytes": config.intake.hold_bytes,
        "quarantine.max_bytes": config.quarantine.max_bytes,
    }
    for key, size in sizes.items():
        if size_bytes(size) < _LEAST_BYTES:
            yield key, f"{size} is less than 1MB"


EXAMPLE = """# A hub's config. Paths are relative to this file. Check it with: hub check hub.toml
hub = "hub-1"                         # its name at the broker: a-z, 0-9 and '-'
data = "data"                         # folder of journal.db, hub.db and archive.db
profiles = []                         # folders with profiles of your own kinds of devices
# policy = "policy.toml"              # maintenance windows, causes that fold alarms, ladders

[broker]
url = "mqtt://127.0.0.1:1883"         # or mqtts://
# username = "hub"                    # `hub broker init` makes a broker with passwords
# password_file = "broker/secrets/hub.password"
# ca_file = "ca.pem"
keepalive_s = 30

[journal]
keep = "14d"                          # how long every input of the hub can be replayed
max_bytes = "20GB"                    # near it readings are thinned, then dropped
reserve_bytes = "16MB"                # disk for alarms and acts when it is full

[intake]
hold_bytes = "64MB"                   # messages in memory that are not yet in the journal

[archive]
kind = "embedded"                     # a file; or "influx", with the keys below
apart = false                         # true: run `hub run --only archive` beside the hub
# url = "http://127.0.0.1:8086"       # or https://
# version = "1"                       # of the write API: "1" for InfluxDB 1, "2" for 2 and 3
# database = "citynerve"              # version 1; made when it is missing and the user may
# user = "hub"
# password_file = "influx.password"
# org = "city"                        # version 2
# bucket = "citynerve"
# token_file = "influx.token"
# ca_file = "ca.pem"                  # of a private authority
# verify = true                       # false: any certificate will do
# timeout_s = 10                      # of one request
# batch_points = 5000                 # lines in one request
# in_flight = 2                       # requests at once

[channels.mqtt]
enabled = true                        # alarms as CloudEvents, retained while open

# [[receivers]]                       # as many as there are; channels: webhook alertmanager cap mail command
# name = "centre"
# channel = "webhook"
# url = "https://127.0.0.1:8443/alarms"
# secret_file = "secrets/centre"      # signs each message
# least = "major"                     # and areas = ["hz/xiacheng"], rules = ["lift.*"]
# fallback = "mail"                   # a receiver that is told when this one cannot be

[evidence]
fetch = "life"                        # what life alarms name comes at once; "never": when a person asks
keys = "evidence-keys"                # the agents' keys, made by `hub evidence key`

[metrics]
listen = "127.0.0.1:9464"             # http://127.0.0.1:9464/metrics for Prometheus; "" is off
"""
