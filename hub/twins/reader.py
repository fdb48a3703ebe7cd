"""Keep the last known state of each device in the hub's database."""

import threading

import msgspec
import sqlalchemy as sa

from device_profiles.clock import Clock
from hub.database import metadata, move_cursor, read_cursor
from hub.journal.journal import Record
from hub.twins.state import AgentState, Twin, TwinState

STORE_S = 1.0  # real seconds between two stores: what is lost by a crash is read again from the journal

twins = sa.Table(
    "twins",
    metadata,
    sa.Column("subject", sa.Text, primary_key=True),  # <area>/<device>
    sa.Column("body", sa.LargeBinary, nullable=False),  # Twin as JSON
)
agents = sa.Table(
    "twin_agents",
    metadata,
    sa.Column("agent", sa.Text, primary_key=True),  # <area>/<agent>
    sa.Column("body", sa.LargeBinary, nullable=False),  # AgentState as JSON
)


class TwinReader:
    """A reader of the journal that keeps the twins in the hub's database, at most once a second."""

    name = "twins"

    def __init__(self, engine: sa.Engine, *, store_s: float = STORE_S) -> None:
        self._engine = engine
        self._store_s = store_s
        self._lock = threading.Lock()  # flush() comes from another thread than apply()
        self._state = load_twins(engine)
        with engine.connect() as connection:
            self._stored = read_cursor(connection, self.name)
        self._offset = self._stored
        self._stored_s = -store_s
        self._dirty: tuple[set[str], set[str]] = (set(), set())

    def cursor(self) -> int:
        """Return the offset of the last record whose effects are in the database."""
        return self._stored

    def apply(self, records: list[Record]) -> None:
        """Fold ``records`` in, and store when the last store is old enough."""
        with self._lock:
            new = [
                record for record in records if record.offset > self._offset
            ]  # the others came before a store failed
            for dirty, changed in zip(self._dirty, self._state.take_all(new), strict=True):
                dirty.update(changed)
            self._offset = max(self._offset, records[-1].offset) if records else self._offset
            if Clock.real_s() - self._stored_s >= self._store_s:
                self._store()

    def sessions(self) -> list[AgentState]:
        """Return what is known of each agent. From any thread."""
        with self._lock:
            return list(self._state.agents.values())

    def flush(self) -> None:
        """Store what is not stored yet; for an orderly stop."""
        with self._lock:
            self._store()

    def _store(self) -> None:
        if self._offset > self._stored:
            with self._engine.begin() as connection:
                subjects, agent_names = self._dirty
                _put(connection, twins, {name: self._state.twins[name] for name in subjects & self._state.twins.keys()})
                _put(connection, agents, {name: self._state.agents[name] for name in agent_names})
                move_cursor(connection, self.name, old=self._stored, new=self._offset)
            self._stored = self._offset
            self._dirty = (set(), set())
        self._stored_s = Clock.real_s()


def load_twins(engine: sa.Engine) -> TwinState:
    """Return the twins and agents as they were stored last."""
    with engine.connect() as connection:
        bodies = connection.execute(sa.select(twins.c.body).order_by(twins.c.subject)).scalars().all()
        states = connection.execute(sa.select(agents.c.body).order_by(agents.c.agent)).scalars().all()
    known = [msgspec.json.decode(body, type=Twin) for body in bodies]
    sessions = [msgspec.json.decode(body, type=AgentState) for body in states]
    return TwinState({twin.subject: twin for twin in known}, {state.agent: state for state in sessions})


def _put(connection: sa.Connection, table: sa.Table, rows: dict[str, Twin] | dict[str, AgentState]) -> None:
    if rows:
        key = table.primary_key.columns.values()[0].name
        insert = sa.insert(table).prefix_with("OR REPLACE")
        connection.execute(insert, [{key: name, "body": msgspec.json.encode(row)} for name, row in rows.items()])
