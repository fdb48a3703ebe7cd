"""Whether one of a device's alarm rules is about to be decided at the hub: its timer runs."""

from collections.abc import Iterator

from device_profiles.config import duration_us
from device_profiles.profile import ProfileSpec
from device_profiles.specs.condition import Condition, Values

MARGIN_US = 2_000_000  # for the hub's first record behind the end of a timer


class Suspense:
    """Follows the conditions of one device's rules that must hold for a time."""

    def __init__(self, spec: ProfileSpec) -> None:
        self._timers = [(Condition(text), hold_us) for text, hold_us in _timers(spec)]
        self._since_us: list[int | None] = [None] * len(self._timers)

    def take(self, values: Values, t_us: int) -> None:
        """Take in all values of the device at ``t_us``."""
        for index, (condition, _) in enumerate(self._timers):
            truth = condition.evaluate(values)
            if truth is False:
                self._since_us[index] = None
            elif truth is True and self._since_us[index] is None:
                self._since_us[index] = t_us

    def pending(self, t_us: int) -> bool:
        """Return whether a timer runs, or has just ended."""
        return any(
            since_us is not None and t_us - since_us <= hold_us + MARGIN_US
            for since_us, (_, hold_us) in zip(self._since_us, self._timers, strict=True)
        )


def _timers(spec: ProfileSpec) -> Iterator[tuple[str, int]]:
    for rule in spec.alarms:
        for way in rule.conditions:
            if hold_us := duration_us(way.hold):
                yield way.when, hold_us
        if rule.conditions and rule.clear_us:
            yield rule.clear_text, rule.clear_us
