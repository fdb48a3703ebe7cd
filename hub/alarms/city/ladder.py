"""Ladders: who is called next while nobody has come; frozen when an alarm is raised, taken by the ticks."""

from device_profiles.config import duration_us
from hub.alarms.city.policy import Policy
from hub.alarms.rows import DueStep
from hub.alarms.transitions import Alarm


def frozen(policy: Policy, alarm: Alarm, *, from_us: int) -> tuple[str, tuple[DueStep, ...]]:
    """Return the name and the steps of the ladder for an alarm, which a later change of the policy leaves alone."""
    ladder = policy.ladder_of(alarm.rule, alarm.subject)
    if ladder is None:
        return "", ()
    steps = (DueStep(from_us + duration_us(s.after), s.level, s.to, s.unless or "") for s in ladder.steps)
    return ladder.name, tuple(steps)
