"""The answer to how a rule stands: a name, and words."""

from enum import StrEnum

import msgspec

from hub.alarms.transitions import Alarm


class Standing(StrEnum):
    """How one rule stands on one device, asset or site."""

    OPEN = "open"  # its alarm is open
    FALSE = "false"  # its condition does not hold
    UNKNOWN = "unknown"  # a value is not known: it neither confirms nor clears
    PENDING = "pending"  # its condition holds, and not yet for long enough
    FROZEN = "frozen"  # it held, and a value that is unknown or a silence has stopped its time
    AWAITS_EVENT = "awaits_event"  # only an event of the edge opens it
    NO_BIRTH = "no_birth"  # no birth has said what kind of device it is
    NO_PROFILE = "no_profile"  # the hub does not know that kind
    KEYS_APART = "keys_apart"  # of the rule of an asset or a site: fewer keys agree than it needs


class Answer(msgspec.Struct, frozen=True):
    """How one rule stands on one device, asset or site, in words."""

    subject: str
    rule: str
    standing: Standing
    detail: str


def opened(alarm: Alarm) -> tuple[Standing, str]:
    """Return the standing of a rule whose alarm is open, in words."""
    return Standing.OPEN, f"alarm {alarm.id}{f', quiet: {_quiet(alarm)}' if alarm.quiet else ''}"


def _quiet(alarm: Alarm) -> str:
    """Return why an alarm calls nobody."""
    if alarm.suppressed_by:
        return alarm.suppressed_by
    return "shelved" if alarm.shelved else "out of service" if alarm.out_of_service else "it came too late to sound"
