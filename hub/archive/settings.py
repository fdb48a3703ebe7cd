"""Which archive a hub has: what its config says about it, checked."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec


class ArchiveConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where time series go."""

    kind: Literal["embedded", "influx"] = "embedded"
    apart: bool = False  # a process of its own follows the journal: hub run --only archive
    url: str = "http://127.0.0.1:8086"
    version: Literal["1", "2"] = "1"  # of the write API: 2 is that of InfluxDB 1.8, 2 and 3
    database: str = "citynerve"  # of version 1
    user: str = ""
    password_file: str = ""  # its first line
    org: str = ""  # of version 2, with bucket and token
    bucket: str = ""
    token_file: str = ""
    ca_file: str = ""  # for https:// with a private authority
    verify: bool = True  # false: any certificate will do
    timeout_s: Annotated[float, msgspec.Meta(ge=0.5, le=300)] = 10.0  # of one request
    batch_points: Annotated[int, msgspec.Meta(ge=1, le=50_000)] = 5_000  # lines in one request
    in_flight: Annotated[int, msgspec.Meta(ge=1, le=16)] = 2  # requests at once

    def files(self) -> Iterator[tuple[str, str]]:
        """Yield key and name of the files that it names."""
        for key, name in (
            ("password_file", self.password_file),
            ("token_file", self.token_file),
            ("ca_file", self.ca_file),
        ):
            if name:
                yield key, name

    def faults(self) -> Iterator[tuple[str, str]]:
        """Yield key and message of what cannot be meant."""
        if not _is_server(self.url):
            yield "url", f"{self.url!r} is not http://host:port or https://host:port"
        if self.kind == "embedded":
            return
        if self.version == "1":
            if not self.database:
                yield "database", "must have a name"
            if self.password_file and not self.user:
                yield "user", "whose password is in password_file?"
            for key in ("bucket", "token_file"):
                if getattr(self, key):
                    yield key, 'is of version = "2"'
        elif not self.bucket:
            yield "bucket", 'must have a name with version = "2"'

    def secret(self, folder: Path) -> str:
        """Return the password or token. Raises OSError, UnicodeDecodeError."""
        name = self.token_file if self.version == "2" else self.password_file
        return (folder / name).read_text(encoding="utf-8").partition("\n")[0].strip() if name else ""


def _is_server(url: str) -> bool:
    """Return whether an address says which server, and no more; who we are there have keys of their own."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and "@" not in url
    except ValueError:
        return False
