"""What becomes of notices on their way to receivers that fail in each way: every name that `hub reasons` counts."""

from collections import Counter
from pathlib import Path

import sqlalchemy as sa
from msgspec.structs import replace

from hub.alarms.transitions import Transition
from hub.channels.faults import Fault, Refused, Uncertain, Unsent
from hub.channels.notice import Notice
from hub.channels.outbox.gate import Gate
from hub.channels.outbox.outbox import drop_removed
from hub.channels.outbox.reached import reached
from hub.channels.outbox.router import Router
from hub.channels.outbox.turns import Turns
from hub.channels.routes import Lane
from hub.database import open_database, reading
from tests.hub.channels.listening import raised, store
from tests.hub.channels.receiving import receivers
from tests.hub.made import T0_US

FAULTS = {fault.value.replace("_", "-"): fault for fault in Fault}
NAMES = ("well", "acting", "slow", "flooded", "away", "informed", *FAULTS)
HOUR_US = 3_600_000_000


def told(folder: Path) -> Counter[tuple[str, str]]:
    """Tell five alarms to one receiver after another, and count what became of them."""
    engine = open_database(folder / "hub.db")
    try:
        _tell(engine)
        with reading(engine).connect() as connection:
            return reached(connection)
    finally:
        engine.dispose()


def _tell(engine: sa.Engine) -> None:
    gate, known = Gate(engine), receivers("".join(_toml(name) for name in NAMES))
    routers = [Router(gate, known, lane) for lane in Lane]
    store(engine, *(_minor(number) for number in range(1, 6)), _late(6), _late(7))
    for router in routers:
        router.route(now_us=T0_US)
    other = {each.name: Turns(gate, each, Lane.OTHER, hub="x", say=[].append) for each in known}
    _next(other["well"], now_us=T0_US, end=True)
    _next(other["acting"], now_us=T0_US, end=True, accepted=True)
    _next(other["slow"], now_us=T0_US)
    _next(other["flooded"], now_us=T0_US, end=True)
    _next(other["away"], now_us=T0_US, anew=True, end=True)
    informed = next(each for each in known if each.name == "informed")
    _next(Turns(gate, informed, Lane.LIFE, hub="x", say=[].append), now_us=T0_US + HOUR_US, end=True)
    other["dead"].overdue(now_us=T0_US + 2 * HOUR_US, tried=True)
    for name, fault in ((name, fault) for name, fault in FAULTS.items() if name not in ("dead", "removed", "refused")):
        turns = other[name]
        error = (Uncertain if fault in (Fault.TIMED_OUT, Fault.CUT) else Unsent)(fault, "as it is")
        turns.failed(_next(turns, now_us=T0_US), error, due_us=T0_US, now_us=T0_US)
    other["refused"].refused(_next(other["refused"], now_us=T0_US), Refused(Fault.REFUSED, "422"), now_us=T0_US)
    with gate.write() as connection:
        drop_removed(connection, [name for name in NAMES if name != "removed"], now_us=T0_US)


def _next(turns: Turns, *, now_us: int, anew: bool = False, end: bool = False, accepted: bool = False) -> Notice:
    notice = turns.next(now_us=now_us, anew=anew)
    assert isinstance(notice, Notice)
    if end:
        turns.told(notice, accepted=accepted, receipt="200", now_us=now_us)
    return notice


def _toml(name: str) -> str:
    text = f'[[receivers]]\nname = "{name}"\nchannel = "webhook"\nurl = "http://127.0.0.1:1/"\n'
    return text + f"burst = {1 if name == 'flooded' else 9}\n"


def _minor(number: int) -> Transition:
    made = raised(number, number=number)
    return replace(made, alarm=replace(made.alarm, severity="minor"))


def _late(number: int) -> Transition:
    made = raised(number, number=number)
    return replace(made, alarm=replace(made.alarm, sounded=False))
