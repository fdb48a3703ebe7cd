"""What readings say of each minute: what thinned ones are compared by."""

from device_profiles.thinning import MINUTE_US
from device_profiles.wire import Reading, Value

Key = tuple[str, str, int]


def minutes(readings: list[Reading]) -> dict[Key, list[tuple[int, Value]]]:
    """Return device, value and minute → what was read, with its time."""
    found: dict[Key, list[tuple[int, Value]]] = {}
    for one in readings:
        for name, value in one.values.items():
            found.setdefault((one.device, name, one.t_us // MINUTE_US), []).append((one.t_us, value))
    return found
