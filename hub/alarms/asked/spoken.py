"""Which keys have spoken for the alarm of a site, in words: where, how far apart, and what was kept of it."""

from collections.abc import Iterator
from datetime import UTC, datetime

from hub.alarms.rulebook.signs import farthest_m
from hub.alarms.transitions import Alarm


def key_texts(alarm: Alarm) -> Iterator[str]:
    """Yield lines about the keys of an alarm; none, when it is no site's."""
    evidence = alarm.evidence if isinstance(alarm.evidence, dict) else {}
    for key in alarm.signs:
        where = f"at {key.at[0]:.6f},{key.at[1]:.6f}" if key.at is not None else f"of {key.asset or 'no known place'}"
        yield f"  key {key.key}: {key.device} since {instant(key.since_us)}, {where}\n"
        for what, digest in evidence.get(key.device, {}).items():
            yield f"    evidence {what}: {digest}\n"
    far_m = farthest_m(alarm.signs)
    if far_m is not None:
        yield f"  keys stand {far_m:.1f} m apart at most\n"


def instant(t_us: int) -> str:
    """Return a time to the millisecond, in UTC."""
    return datetime.fromtimestamp(t_us / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
