"""Which pieces of evidence an alarm names, and which agent has them."""

from collections.abc import Iterator

import msgspec
import sqlalchemy as sa

from device_profiles.evidence import evidence_digests
from hub.alarms.kept.store import alarms
from hub.alarms.transitions import Alarm
from hub.twins.reader import agents, twins
from hub.twins.state import AgentState, Twin

NAMES_EVIDENCE = sa.text("instr(alarms.body, '\"evidence\"') > 0")  # before a body is decoded


class Piece(msgspec.Struct, frozen=True):
    """One piece of evidence of one alarm."""

    alarm: str
    device: str  # <area>/<device>
    part: str  # before, after, clip
    digest: str


class Holder(msgspec.Struct, frozen=True):
    """The agent that has it."""

    agent: str = ""  # <area>/<agent>, "" when nobody knows
    url: str = ""  # "" when its birth names none


def pieces_of(alarm: Alarm) -> Iterator[Piece]:
    """Yield what an alarm names, in the order of its devices."""
    if isinstance(alarm.evidence, dict):
        for device, words in alarm.evidence.items():
            subject = device if "/" in device else f"{alarm.area}/{device}"
            for part, digest in evidence_digests(words).items():
                yield Piece(alarm.id, subject, part, digest)


def alarms_with_evidence(connection: sa.Connection, *, alarm: str = "", open_only: bool = False) -> list[Alarm]:
    """Return the alarms that name evidence, in the order in which they were raised; of an id that one, if it does."""
    query = sa.select(alarms.c.body).where(NAMES_EVIDENCE).order_by(alarms.c.opened_offset, alarms.c.id)
    query = query.where(alarms.c.id == alarm) if alarm else query
    query = query.where(alarms.c.open) if open_only else query
    found = [msgspec.json.decode(body, type=Alarm) for body in connection.execute(query).scalars()]
    return [each for each in found if any(pieces_of(each))]


def open_digests(connection: sa.Connection) -> set[str]:
    """Return the digests that open alarms name: of these the last that makes room."""
    return {piece.digest for alarm in alarms_with_evidence(connection, open_only=True) for piece in pieces_of(alarm)}


def holder_of(connection: sa.Connection, device: str) -> Holder:
    """Return who has what a device named."""
    body = connection.execute(sa.select(twins.c.body).where(twins.c.subject == device)).scalar()
    agent = msgspec.json.decode(body, type=Twin).agent if body is not None else ""
    body = connection.execute(sa.select(agents.c.body).where(agents.c.agent == agent)).scalar()
    return Holder(agent, msgspec.json.decode(body, type=AgentState).evidence if body is not None else "")


def offering(connection: sa.Connection) -> list[str]:
    """Return the agents that hand out evidence, by their last birth."""
    bodies = connection.execute(sa.select(agents.c.body).order_by(agents.c.agent)).scalars()
    states = [msgspec.json.decode(body, type=AgentState) for body in bodies]
    return [state.agent for state in states if state.evidence]
