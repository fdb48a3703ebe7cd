"""Who is told what: two routers follow one log, and neither puts into a receiver's queue what the other would not."""

from pathlib import Path

import sqlalchemy as sa
from msgspec.structs import replace

from hub.alarms.transitions import Kind
from hub.channels.outbox.gate import Gate
from hub.channels.outbox.outbox import outbox
from hub.channels.outbox.router import Router
from hub.channels.routes import Lane
from hub.database import open_database
from tests.hub.channels.listening import alarm, cleared, raised, store
from tests.hub.channels.receiving import receivers
from tests.hub.made import T0_US

CREWS = "".join(
    f'[[receivers]]\nname = "{name}"\nchannel = "webhook"\nurl = "http://127.0.0.1:1/"\n'
    'rules = ["none.*"]\nchanges = ["escalated"]\n'
    for name in ("grid", "fire")
)
PICKY = """
[[receivers]]
name = "hook"
channel = "webhook"
url = "http://127.0.0.1:1/"
changes = ["raised", "cleared"]
"""


def test_whoever_is_called_late_is_not_told_later_still_what_came_before(tmp_path: Path) -> None:
    """The second router comes behind the first: by then the fire brigade is known, but it was not at the first step."""
    engine = open_database(tmp_path / "hub.db")
    routers = [Router(Gate(engine), receivers(CREWS), lane) for lane in (Lane.LIFE, Lane.OTHER)]
    calls = [
        replace(raised(offset, kind=Kind.ESCALATED, n=n), to=(name,))
        for offset, n, name in ((2, 0, "grid"), (2, 1, "fire"), (3, 0, "grid"))
    ]
    store(engine, raised(1), *calls)
    for router in routers:
        router.route(now_us=T0_US)
        with engine.connect() as connection:
            columns = (outbox.c.receiver, outbox.c.offset, outbox.c.n)
            rows = {tuple(row) for row in connection.execute(sa.select(*columns))}
        assert rows == {("grid", 2, 0), ("grid", 2, 1), ("fire", 2, 1), ("grid", 3, 0), ("fire", 3, 0)}
    engine.dispose()


def test_who_asks_for_what_is_raised_hears_when_it_begins_to_call(tmp_path: Path) -> None:
    """Raised while another alarm explained it, it called nobody; what calls later is its beginning, and only once."""
    engine = open_database(tmp_path / "hub.db")
    quiet = replace(raised(1), alarm=alarm(suppressed_by="alarm-9"))
    later = (raised(2, kind=Kind.UNSUPPRESSED), raised(3, kind=Kind.REMINDED), cleared(4))
    routers = [Router(Gate(engine), receivers(PICKY), lane) for lane in (Lane.LIFE, Lane.OTHER)]
    store(engine, quiet, *later)
    for router in routers:
        router.route(now_us=T0_US)
        with engine.connect() as connection:
            assert list(connection.execute(sa.select(outbox.c.offset).order_by(outbox.c.offset)).scalars()) == [2, 4]
    engine.dispose()
