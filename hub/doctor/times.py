"""The hub's clock and those of its agents."""

import msgspec
import sqlalchemy as sa

from hub.alarms.kept.store import device_state
from hub.alarms.rows import AgentState
from hub.data import opened_journal
from hub.database import open_database, reading
from hub.doctor import Finding, Level, Patient

WRONG_US = 60_000_000  # a clock that is further away is not believed (ALARMS.md, 11)


def clock(patient: Patient) -> Finding:
    """Whether somebody keeps this clock, it runs after the journal's, and agents agree with it."""
    now_us, state = patient.clock.wall_us(), patient.clock.state()
    with opened_journal(patient.settings.journal) as journal:
        newest = journal.read(journal.last_offset() - 1, 1)
    if newest and newest[0].received_us > now_us + WRONG_US:
        ahead_s = (newest[0].received_us - now_us) / 1e6
        return Finding(Level.FAIL, f"the journal's newest record is {ahead_s:.0f} s in the future", "set the clock")
    away = {agent: us for agent, us in agent_offsets(patient).items() if abs(us) > WRONG_US}
    if away:
        words = ", ".join(f"{agent} {-us / 1e6:+.0f} s" for agent, us in sorted(away.items())[:3])
        return Finding(Level.WARN, f"{len(away)} agents' clocks are more than a minute away: {words}", "set them")
    if state.source in ("rtc", "unknown"):
        return Finding(Level.WARN, f"nobody keeps this clock ({state.source})", "install chrony")
    return Finding(Level.OK, f"kept by {state.source}, {state.offset_us} us off; agents agree")


def agent_offsets(patient: Patient) -> dict[str, int]:
    """Return agent → hub's time minus agent's, as the alarms have estimated it."""
    if not patient.settings.database.is_file():
        return {}
    engine = open_database(patient.settings.database)
    try:
        with reading(engine).connect() as connection:
            query = sa.select(device_state.c.body).where(device_state.c.key.like("agent %"))
            states = [msgspec.json.decode(body, type=AgentState) for body in connection.execute(query).scalars()]
    finally:
        engine.dispose()
    return {state.key: state.offset.us for state in states}
