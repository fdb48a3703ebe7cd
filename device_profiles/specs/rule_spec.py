"""Alarm rules as data: when a device, or by keys an asset or a site, is alarming (ALARMS.md)."""

from typing import Annotated, Literal

import msgspec

from device_profiles.config import Duration, duration_us
from device_profiles.specs.key_spec import Key
from device_profiles.specs.site_spec import Case, CloseReason, Distance
from device_profiles.wire import Name, Severity


class Way(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of several ways to the same alarm: a condition, and how long it must hold."""

    when: str
    hold: Duration = msgspec.field(name="for", default="0s")


class AlarmRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a device is alarming (ALARMS.md): on an event or when a condition holds; or when an asset is, by keys."""

    rule: Name
    severity: Severity
    title: str
    on: Name | None = None  # kind of the Event that opens it
    until: tuple[Name, ...] = ()  # kinds of Events that clear it
    when: str | None = None  # condition that opens it once it has held for `for`
    hold: Duration = msgspec.field(name="for", default="0s")
    ways: tuple[Way, ...] = ()  # instead of `when` and `for`: any of these opens it
    clear_when: str | None = None  # condition that clears it once it has held for `clear`; default: not (when)
    clear: Duration = "0s"
    latch: bool = False  # cleared by a person's act only
    remind: Duration | None = None  # told again so often until acknowledged, then unfiltered until its end (EN 81-28)
    missing: Name | None = None  # kind of an Event whose absence opens it, and which clears it
    every: Duration | None = None  # it must come at least so often
    subject: Literal["device", "asset", "site"] = "device"  # whose alarm it is; others are decided by keys (14)
    keys: dict[Name, Key] = {}  # what may agree that an asset or a site is alarming
    need: Annotated[int, msgspec.Meta(ge=1)] | None = None  # so many of the keys must agree
    within: Duration | None = None  # and be true within this of each other, in event time
    near: Distance | None = None  # of a site: and stand within this of each other
    case: Case | None = None  # of a site: what one key alone opens
    folds: tuple[Name, ...] = ()  # of a site: rules of its keys' devices that say the same; not told twice
    closes_with: tuple[CloseReason, ...] = ()  # of a latched one: why a person may close it; empty: for any reason

    @property
    def conditions(self) -> tuple[Way, ...]:
        """Every condition that opens it, with its time; none for a rule on an event."""
        return self.ways or ((Way(self.when, self.hold),) if self.when is not None else ())

    @property
    def for_us(self) -> int:
        """Microseconds that ``when`` must hold."""
        return duration_us(self.hold)

    @property
    def clear_us(self) -> int:
        """Microseconds that the clear condition must hold."""
        return duration_us(self.clear)

    @property
    def remind_us(self) -> int:
        """Microseconds between two tellings while nobody has acknowledged it, 0 for one telling."""
        return duration_us(self.remind) if self.remind is not None else 0

    @property
    def every_us(self) -> int:
        """Microseconds after which ``missing`` is missing."""
        return duration_us(self.every) if self.every is not None else 0

    @property
    def clear_text(self) -> str:
        """The clear condition's text; only for a rule with ``when``."""
        return self.clear_when if self.clear_when is not None else f"not ({self.when})"
