"""Show the last known state of every device, each with its age: an old value never looks like a live one."""

import json
from pathlib import Path
from typing import TextIO

import msgspec

from hub.database import open_database, reading
from hub.screen import one_line
from hub.twins.reader import load_twins
from hub.twins.state import Twin, TwinState

_HEADINGS = ("device", "profile", "agent", "session", "clock", "seen", "known up to", "values (age)")


def twins_command(database: Path, *, now_us: int, as_json: bool, out: TextIO) -> int:
    """Write the twins in ``database`` (hub.db) to ``out``; return the exit code, 1 when there are none."""
    state = _load(database)
    if as_json:
        out.write(json.dumps([twin_json(twin, state, now_us=now_us) for twin in state.twins.values()]) + "\n")
    elif state.twins:
        rows = [_HEADINGS, *(_row(twin, state, now_us=now_us) for twin in state.twins.values())]
        widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
        for row in rows:
            out.write("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n")
    else:
        out.write("no device has said anything yet\n")
    return 0 if state.twins else 1


def twin_json(twin: Twin, state: TwinState, *, now_us: int) -> dict[str, object]:
    """Return a twin for other programs: ages in city seconds, None for never."""
    session = state.agents.get(twin.agent)
    return {
        "subject": twin.subject,
        "profile": twin.profile,
        "asset": twin.asset,
        "agent": twin.agent,
        "online": session.online if session is not None else None,
        "seen_us": twin.seen_us or None,
        "age_s": _age_s(twin.seen_us, now_us),
        "watermark_us": twin.watermark_us or None,
        "clock": session.clock.source if session is not None else "unknown",
        "event": twin.event,
        "event_us": twin.event_us or None,
        "values": {
            name: msgspec.to_builtins(held) | {"age_s": _age_s(held.t_us, now_us)}
            for name, held in sorted(twin.values.items())
        },
    }


def _load(database: Path) -> TwinState:
    if not database.exists():
        return TwinState()
    engine = open_database(database)
    try:
        return load_twins(reading(engine))
    finally:
        engine.dispose()


def _row(twin: Twin, state: TwinState, *, now_us: int) -> tuple[str, ...]:
    session = state.agents.get(twin.agent)
    online = "unknown" if session is None else "online" if session.online else "offline"
    values = ", ".join(
        f"{name}={'unknown' if held.value is None else one_line(str(held.value))} ({_age(held.t_us, now_us)})"
        for name, held in sorted(twin.values.items())
    )
    clock = "unknown" if session is None else session.clock.source
    seen, known = (_age(t_us, now_us) for t_us in (twin.seen_us, twin.watermark_us))
    return (twin.subject, twin.profile or "unknown", twin.agent, online, clock, seen, known, values)


def _age_s(t_us: int, now_us: int) -> float | None:
    return round((now_us - t_us) / 1e6, 1) if t_us else None


def _age(t_us: int, now_us: int) -> str:
    if not t_us:
        return "never"
    seconds = max(0, now_us - t_us) // 1_000_000
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"
