"""[evidence] of the agent's config: where evidence is kept, how much of it, and where who has the key may fetch it."""

import ssl
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec

from device_profiles.config import Duration, Size, duration_us, size_bytes
from device_profiles.errors import ConfigError
from device_profiles.evidence import Permit, read_key
from edge_agent.evidence.order import EvidenceOrder

LEAST_BYTES = 1_000_000  # a clip with its stills has about as much
LEAST_AGE_US = 3_600_000_000  # what an event of the last hour names is not too old
LEAST_RING, MOST_RING = 500_000, 100_000_000  # the worker has its own bound of memory


class EvidenceConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is kept of findings on roads, and who may have it."""

    folder: str = "evidence"  # below `data`; empty: nothing is kept
    max_bytes: Size = "500MB"  # of the folder; above it the oldest goes
    max_age: Duration = "7d"
    ring_bytes: Size = "8MB"  # of compressed pictures in memory, for each camera with a road
    listen: str = ""  # host:port where the hub may fetch it; empty: nowhere
    url: Annotated[str, msgspec.Meta(max_length=300)] = ""  # by which the hub reaches that; empty: as it listens
    key_file: str = ""  # the key that hub and agent share; its first line
    cert_file: str = ""  # with tls_key_file: TLS
    tls_key_file: str = ""

    @property
    def host_port(self) -> tuple[str, int]:
        """The address in two. Raises ValueError."""
        host, _, port = self.listen.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
            raise ValueError(f"{self.listen!r} is not host:port")
        return host.strip("[]"), int(port)

    @property
    def offered(self) -> str:
        """What a birth says; empty: nothing is handed out."""
        return self.url.rstrip("/") or f"http{'s' if self.cert_file else ''}://{self.listen}" if self.serves else ""

    @property
    def serves(self) -> bool:
        """Whether somebody may fetch it."""
        return bool(self.folder and self.listen)

    @property
    def exposed(self) -> bool:
        """Whether it leaves this machine in the open."""
        host, _ = self.host_port
        return not self.cert_file and not (host == "localhost" or _is(host, "is_loopback"))

    def tls(self, folder: Path) -> ssl.SSLContext | None:
        """Return what the server speaks TLS with, None without. Raises OSError, which ssl.SSLError is."""
        if not self.cert_file:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / self.cert_file, folder / self.tls_key_file)
        return context

    def order(self, data: Path, *, permits: Mapping[str, Permit]) -> EvidenceOrder:
        """Return what a worker is told."""
        return EvidenceOrder(
            folder=str((data / self.folder).resolve()) if self.folder else "",
            max_bytes=size_bytes(self.max_bytes),
            max_age_us=duration_us(self.max_age),
            ring_bytes=size_bytes(self.ring_bytes),
            permits=dict(permits),
        )


def evidence_faults(config: EvidenceConfig, *, folder: Path) -> Iterable[tuple[str, str]]:
    """Yield (key, message) of each fault."""
    if config.folder and (config.folder == "." or ".." in Path(config.folder).parts):
        yield "folder", f"{config.folder!r} is not a folder of its own: what is in it is swept"
    if size_bytes(config.max_bytes) < LEAST_BYTES:
        yield "max_bytes", f"must be at least {LEAST_BYTES // 1_000_000}MB"
    if duration_us(config.max_age) < LEAST_AGE_US:
        yield "max_age", "must be at least 1h"
    if not LEAST_RING <= size_bytes(config.ring_bytes) <= MOST_RING:
        yield "ring_bytes", f"must be {LEAST_RING // 1000}kB to {MOST_RING // 1_000_000}MB"
    if bool(config.cert_file) is not bool(config.tls_key_file):
        yield "cert_file", "and tls_key_file stand together"
    else:
        try:
            config.tls(folder)
        except OSError as error:
            yield "cert_file", f"gives no certificate with tls_key_file: {error.strerror or error}"
    if config.listen:
        yield from _listen_faults(config, folder)


def _listen_faults(config: EvidenceConfig, folder: Path) -> Iterable[tuple[str, str]]:
    try:
        host, _ = config.host_port
    except ValueError as error:
        yield "listen", str(error)
        return
    if not config.url and _is(host, "is_unspecified"):
        yield "url", f"is missing: no hub reaches {config.listen}"
    if config.url and (urlsplit(config.url).scheme not in ("http", "https") or not urlsplit(config.url).hostname):
        yield "url", f"{config.url!r} is not http://host:port"
    try:
        read_key(folder / config.key_file)
    except ConfigError as error:
        yield "key_file", f"{folder / config.key_file} {error.message}" if config.key_file else "is missing"


def _is(host: str, what: Literal["is_loopback", "is_unspecified"]) -> bool:
    try:
        return bool(getattr(ip_address(host), what))
    except ValueError:  # a name
        return False
