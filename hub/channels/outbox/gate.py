"""The gate before hub.db for those who deliver: they wait for each other by a lock, which wakes them at once.

SQLite's own waiting is a poll with pauses up to 0.1 s, and whoever has waited longest is not the first.
"""

import contextlib
import threading
from collections.abc import Iterator

import sqlalchemy as sa

from hub.database import reading


class Gate:
    """Transactions of hub.db; one for both lanes."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._reading = reading(engine)
        self._writing = threading.Lock()

    @contextlib.contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Yield a connection in a transaction that writes; keep it short: a life alarm may wait for it."""
        with self._writing, self._engine.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Yield a connection that sees one state and holds up nobody."""
        with self._reading.connect() as connection:
            yield connection
