"""What the file of a profile says; values, keys, rules, dialects and tiers have files of their own."""

from typing import Literal

import msgspec

from device_profiles.config import Duration
from device_profiles.evidence import Permit
from device_profiles.specs.dialect_spec import Dialect
from device_profiles.specs.rule_spec import AlarmRule
from device_profiles.specs.tier_spec import Retention
from device_profiles.specs.value_spec import ModbusMap, ValueSpec
from device_profiles.wire import Name, Severity


class BoxLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a box of this kind, which streams by itself over a serial line, is understood (docs/lifts.md)."""

    rate_hz: tuple[float, float] = (10.0, 100.0)  # inclusive; a box that says another rate is not believed
    model: str = ""  # in models.toml; empty: thresholds alone


class EventSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of Event that the edge makes for this kind of device."""

    severity: Severity
    description: str
    evidence: Permit = "masked"  # what a camera may keep of it: people and vehicles hidden, or not, or nothing


class JudgeSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which judge turns the readings into events, and its limits; the judge checks the names of the limits."""

    name: Name
    limits: dict[str, Duration | float] = {}


class Liveness(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a device of this kind counts as silent, and how bad that is."""

    silent_after: Duration
    severity: Severity = "major"


class ProfileSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of a profile's file."""

    kind: Name
    title: str
    values: dict[Name, ValueSpec]
    liveness: Liveness
    vendor: str = ""
    source: str = ""  # the standard or document that it follows
    modbus: ModbusMap | None = None
    box: BoxLine | None = None
    judge: JudgeSpec | None = None
    events: dict[Name, EventSpec] = {}
    dialects: dict[Name, Dialect] = {}  # how platforms say these values, by name
    alarms: tuple[AlarmRule, ...] = ()
    retention: Retention = Retention()
    replaces: Literal["built-in"] | None = None  # it stands in place of the built-in one of its kind
