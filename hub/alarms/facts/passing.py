"""Readings that decide nothing, as nearly all: told by a glance, and kept (ALARMS.md, 2, 6, 9, 11)."""

from device_profiles.wire import Reading
from hub.alarms.facts.arrivals import Arrival

GAP_US = 60_000_000  # after a longer silence, pending timers begin anew (ALARMS.md, 9)


def passes(arrival: Arrival, fact: Reading) -> bool:
    """Keep a reading of a device whose rules are at rest and stay so; of any other do nothing and return False."""
    state, t_us, values = arrival.decisions.state, fact.t_us, fact.values
    key = f"{arrival.agent.area}/{fact.device}"
    device = state.devices.get(key)
    if device is None or device.timers or device.next_us is not None or device.dark or device.silent or device.elder:
        return False
    now_us, held = device.now_us, device.values
    if now_us is None or not now_us <= t_us <= arrival.future_us or t_us - now_us > GAP_US:
        return False
    if device.agent != arrival.key or (device.epoch, device.step) != arrival.era:
        return False
    if key in state.occurrences and state.open_of(key):
        return False
    rules = state.book.unwatched.get(device.profile)
    if rules is None or not held.keys() >= values.keys():
        return False
    said = values if len(values) == len(held) else held | values
    for truth_at in rules.whens:
        if truth_at(said):
            return False
    device.now_us, device.values = t_us, said
    state.touch_device(key)
    return True
