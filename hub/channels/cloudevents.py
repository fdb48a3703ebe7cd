"""Write a transition of an alarm as a CloudEvents 1.0 message in structured JSON."""

from datetime import UTC, datetime, timedelta

import msgspec

from hub.alarms.transitions import Transition
from hub.channels.notice import Notice, headline, last_of, sums

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_US = 253_402_300_799_999_999  # the end of the year 9999
_encoder = msgspec.json.Encoder(order="deterministic")


def event_source(hub: str) -> str:
    """Return the source of a hub's events; (source, id) is the key by which a receiver drops doubles."""
    return f"citynerve/hub/{hub}"


def alarm_event(transition: Transition, *, hub: str) -> bytes:
    """Return the event of ``transition``: always the same bytes, however often it is told."""
    alarm = transition.alarm
    data = msgspec.to_builtins(alarm) | {
        "active": alarm.open,
        "agent": alarm.agent,
        "transition": {
            "kind": transition.kind.value,
            "reason": transition.reason.value,
            "detail": transition.detail,
            "t_fact_us": transition.t_fact_us,
            "t_us": transition.t_us,
        },
    }
    event = {
        "specversion": "1.0",
        "id": transition.id,
        "source": event_source(hub),
        "type": f"city.alarm.{transition.kind.value}",
        "subject": alarm.subject,
        "time": rfc3339(transition.t_us),
        "datacontenttype": "application/json",
        "data": data,
    }
    return _encoder.encode(event)


def list_event(notice: Notice, *, hub: str) -> bytes:
    """Return the event of a list of changes: what it comes to, and each alarm as it stands after its last one."""
    ids: dict[str, list[str]] = {}
    for transition in notice.transitions:
        ids.setdefault(transition.alarm.id, []).append(transition.id)
    found = sums(notice)
    alarms = [
        msgspec.to_builtins(last.alarm)
        | {"active": last.alarm.open, "kind": last.kind.value, "transitions": ids[last.alarm.id]}
        for last in last_of(notice)
    ]
    first, last = notice.transitions[0], notice.transitions[-1]
    data: dict[str, object] = {
        "kind": notice.kind.value,
        "summary": headline(notice),
        "from_us": first.t_us,
        "to_us": last.t_us,
    }
    data |= {"raised": found.raised, "cleared": found.cleared, "open": found.open, "alarms": alarms}
    event = {
        "specversion": "1.0",
        "id": notice.id,
        "source": event_source(hub),
        "type": f"city.alarms.{notice.kind.value}",
        "time": rfc3339(notice.made_us),
        "datacontenttype": "application/json",
        "data": data,
    }
    return _encoder.encode(event)


def source_of(payload: bytes) -> str:
    """Return the source of a CloudEvents message, empty when it is none."""
    try:
        return msgspec.json.decode(payload, type=_Sourced).source
    except msgspec.MsgspecError:
        return ""


def rfc3339(t_us: int) -> str:
    """Return an instant as RFC 3339 text with microseconds, in UTC; where no calendar has it, the nearest."""
    return (_EPOCH + timedelta(microseconds=max(0, min(t_us, _LAST_US)))).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class _Sourced(msgspec.Struct):
    source: str
