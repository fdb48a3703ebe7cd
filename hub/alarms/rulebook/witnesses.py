"""What devices and people say as keys of sites, and up to when it is used up."""

from collections.abc import Iterator, Sequence

from hub.alarms.rows import DeviceState, ReportState
from hub.alarms.rulebook.keys import Span
from hub.alarms.rulebook.signs import Sign, SiteRule
from hub.alarms.rulebook.truths import spans_of
from hub.alarms.state import State
from hub.alarms.transitions import Alarm


def speaks(state: State, key: str) -> bool:
    """Return whether a device or a report may have a key to say."""
    device = state.devices.get(key)
    return bool(device.keys) if device is not None else key in state.reports


def signs_at(state: State, rule: SiteRule, key: str, *, behind: str) -> Iterator[Sign]:
    """Yield the signs of one device or report, without what alarms called ``behind`` have used up."""
    device, report = state.devices.get(key), state.reports.get(key)
    if device is not None and device.profile:  # without a birth nobody knows through what it senses
        yield from _of_device(state, rule, device, device.used.get(behind))
    elif report is not None:
        yield from _of_report(state, rule, report, report.used.get(behind))


def use_up(state: State, rule: SiteRule | None, name: str, alarm: Alarm, *, end_us: int) -> None:
    """Let nothing that was said near an alarm's keys before its end begin another one called ``name``."""
    keys = {sign.device for sign in alarm.signs}
    if rule is not None:
        keys = {near for key in keys for near in state.places.near(key, rule.near_m)}
    for key in sorted(keys):
        device, report = state.devices.get(key), state.reports.get(key)
        if device is not None and (device.keys or device.profile):  # what it may still say of the time before, too
            device.used[name] = end_us
            state.touch(device)
        elif report is not None:
            report.used[name] = end_us
            state.dirty["reports"] = None


def _of_device(state: State, rule: SiteRule, device: DeviceState, used_us: int | None) -> Iterator[Sign]:
    spot = state.places.spot(device.key)
    sources = frozenset(f"{device.area}/{each}" for each in device.via) or frozenset((device.key,))
    for name, id in rule.ids.items():
        spans, begins = _unused(_held(device, id, rule.holds.get(name, 0)), used_us)
        if spans:
            yield Sign(name, spot, sources, spans, begins, device.keys[id].evidence)


def _held(device: DeviceState, id: str, holds_us: int) -> list[Span]:
    """Return when a key was true; what goes on is held to do so for a while, unless the device is silent."""
    spans = spans_of(device, id)
    if not holds_us or id not in device.keys or device.keys[id].since_us is None or device.dark or device.silent:
        return spans
    begin_us, known_us = spans[-1]
    return [*spans[:-1], (begin_us, known_us + holds_us)]


def _of_report(state: State, rule: SiteRule, report: ReportState, used_us: int | None) -> Iterator[Sign]:
    spans, begins = _unused([(report.t_us, report.t_us)], used_us)
    for name, (kind, _) in rule.hears.items():
        if kind == report.kind and spans:
            yield Sign(name, state.places.spot(report.key), frozenset((report.key,)), spans, begins)


def _unused(spans: Sequence[Span], used_us: int | None) -> tuple[tuple[Span, ...], tuple[int, ...]]:
    """Return what was true behind an instant, and where it began behind it."""
    if used_us is None:
        return tuple(spans), tuple(begin for begin, _ in spans)
    kept = tuple(span for span in spans if span[1] > used_us)
    return kept, tuple(begin for begin, _ in spans if begin > used_us)
