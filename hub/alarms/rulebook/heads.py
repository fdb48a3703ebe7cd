"""What an alarm takes over from the rule that opens it."""

import msgspec

from device_profiles.wire import Severity


class RuleHead(msgspec.Struct, frozen=True):
    """What an alarm takes over from the rule that opens it."""

    rule: str
    severity: Severity
    title: str
    latch: bool
    digest: str  # of the profile, "" for a rule of the hub
    remind_us: int = 0  # told again so often until it is acknowledged; 0: told once
    closes_with: tuple[str, ...] = ()  # why a person may close it; empty: for any reason
