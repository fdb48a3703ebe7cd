"""Which keys have spoken for the alarm of a site, in words: where, how far apart, with what, and which came later."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from hub.alarms.rulebook.signs import farthest_m
from hub.alarms.transitions import Alarm, Reason, Transition


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


def later_texts(history: Iterable[Transition]) -> Iterator[str]:
    """Yield a line for each key that came after the alarm of its site was closed."""
    for each in history:
        if each.reason is Reason.KEY_LATE and each.alarm.t_cleared_us is not None:
            after_s = (each.t_us - each.alarm.t_cleared_us) / 1e6
            when = f"true at {instant(each.t_fact_us)}, heard {after_s:.0f} s after the end"
            yield f"  came later: {each.detail}, {when}; it opens nothing again\n"


def instant(t_us: int) -> str:
    """Return a time to the millisecond, with its zone."""
    return datetime.fromtimestamp(t_us / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + " UTC"
