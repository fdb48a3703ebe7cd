"""Which maintenance windows are open at an instant, in the local time of their zones."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from device_profiles.wire import SEVERITIES
from hub.alarms.city.policy import Maintenance, Policy, fits
from hub.alarms.transitions import Alarm

PREFIX = "maintenance:"  # begins the cause of what a window suppresses; no alarm's id has a colon
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def open_windows(policy: Policy, now_us: int) -> tuple[str, ...]:
    """Return the names of the windows that are open at ``now_us``."""
    return tuple(window.name for window in policy.spec.maintenance if is_open(window, now_us))


def is_open(window: Maintenance, now_us: int) -> bool:
    """Return whether a window is open.

    Start and end are wall-clock readings: an hour that daylight saving skips or repeats makes it shorter or longer,
    as it does for the people who work in it.
    """
    zone = ZoneInfo(window.zone)
    today = (_EPOCH + timedelta(microseconds=now_us)).astimezone(zone).date()
    return any(low_us <= now_us < high_us for low_us, high_us in _spans(window, zone, today))


def _spans(window: Maintenance, zone: ZoneInfo, today: date) -> Iterator[tuple[int, int]]:
    """Yield begin and end of the windows that started today or yesterday."""
    for day in (today - timedelta(days=1), today):
        if window.days and _DAYS[day.weekday()] not in window.days:
            continue
        if (window.begins is not None and day < window.begins) or (window.ends is not None and day > window.ends):
            continue
        last = day if window.end > window.start else day + timedelta(days=1)
        # an end that occurs twice, when clocks go back, is the second one
        start = datetime.combine(day, window.start, zone)
        end = datetime.combine(last, window.end, zone).replace(fold=1)
        yield _us(start), _us(end)


def _us(instant: datetime) -> int:
    return (instant.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1)


def suppressing(policy: Policy, windows: tuple[str, ...], alarm: Alarm) -> str:
    """Return the cause by which one of the open ``windows`` suppresses an alarm, "" when none does."""
    rank = SEVERITIES.index(alarm.severity)
    for window in policy.spec.maintenance:
        if (
            window.name in windows
            and rank <= SEVERITIES.index(window.up_to)
            and fits(alarm.rule, alarm.subject, window)
        ):
            return PREFIX + window.name
    return ""
