"""The doctor: one finding for each thing that a hub needs, with what to do about it; it changes nothing."""

import sqlite3
from collections.abc import Callable, Mapping
from enum import StrEnum

import msgspec
import sqlalchemy as sa

from device_profiles.clock import Clock
from device_profiles.errors import ContractError
from hub.config import Settings
from hub.errors import HubError
from hub.life import is_locked, process_of


class Level(StrEnum):
    """How well it is."""

    OK = "ok"
    WARN = "warn"  # it works, and will not for long or not for all
    FAIL = "fail"


class Finding(msgspec.Struct, frozen=True):
    """What was found."""

    level: Level
    says: str
    do: str = ""  # what helps, "" when nothing is needed
    check: str = ""


class Patient(msgspec.Struct, frozen=True):
    """The hub that is looked at."""

    settings: Settings
    clock: Clock

    @property
    def runs(self) -> bool:
        """Whether a hub runs on the data folder now."""
        return is_locked(self.settings)

    @property
    def process(self) -> str:
        """Where that hub runs, as host:pid; "" when it does not, or has not said so."""
        return process_of(self.settings) if self.runs else ""


Check = Callable[[Patient], Finding]

_KNOWN = (HubError, ContractError, OSError, sqlite3.DatabaseError, sa.exc.SQLAlchemyError, msgspec.MsgspecError)


def diagnose(patient: Patient, checks: Mapping[str, Check]) -> list[Finding]:
    """Return a finding for each check; one that cannot be made is a failure with its own words."""
    return [msgspec.structs.replace(_look(patient, check), check=name) for name, check in checks.items()]


def _look(patient: Patient, check: Check) -> Finding:
    try:
        return check(patient)
    except _KNOWN as error:
        return Finding(Level.FAIL, ": ".join([*getattr(error, "__notes__", ()), str(error)]), "repair that first")


def worst(findings: list[Finding]) -> Level:
    """Return the worst level of all."""
    order = list(Level)
    return max((finding.level for finding in findings), key=order.index, default=Level.OK)
