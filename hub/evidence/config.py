"""[evidence] of the hub's config: what is fetched by itself, with whose keys, and how much of it is kept."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from device_profiles.config import Duration, Size, duration_us, size_bytes

LEAST_BYTES = 10_000_000  # some alarms' worth


class EvidenceConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the hub does about evidence."""

    fetch: Literal["life", "never"] = "life"  # of alarms of that severity at once; never: only when a person asks
    keys: str = "evidence-keys"  # folder of the agents' keys; relative to this file's folder
    ca_file: str = ""  # of a private authority, for agents with TLS
    max_bytes: Size = "5GB"  # above it the oldest goes, that of open alarms last
    max_age: Duration = "90d"  # older evidence of alarms that have ended goes
    give_up: Duration = "1d"  # what could not be fetched for so long is given up


def evidence_faults(config: EvidenceConfig) -> Iterable[tuple[str, str]]:
    """Yield (key, message) of each fault."""
    if size_bytes(config.max_bytes) < LEAST_BYTES:
        yield "max_bytes", f"{config.max_bytes} is less than {LEAST_BYTES // 1_000_000}MB"
    for key, text in (("max_age", config.max_age), ("give_up", config.give_up)):
        if duration_us(text) <= 0:
            yield key, "must be longer than 0"
