"""What the ledger proves, for people and programs: what became of every pack that an agent made."""

from collections import Counter
from collections.abc import Iterable

import msgspec
from rich.box import SIMPLE_HEAD
from rich.table import Table

from hub.ledger.ledger import LaneKey, LaneState, Ledger

MAX_GAPS = 100  # listed of one lane; ``missing`` counts all
_COLUMNS = ("published", "received", "missing", "outstanding", "doubled", "late", "resent", "lost", "quarantined")


class LaneRow(msgspec.Struct, frozen=True):
    """One lane of one session: published = received + missing + outstanding + lost - recovered."""

    agent: str
    epoch: int  # 0: the total of the sessions that left the journal long ago
    lane: str
    published: int  # packs made, by the numbers seen and by the agent's word
    received: int  # packs in the journal
    to: int  # everything up to here is in the journal or lost
    highest: int
    doubled: int
    late: int  # came behind one with a greater number
    resent: int  # came by a later session than the one that made them
    missing: int  # neither here nor lost, though a later one came
    gaps: list[tuple[int, int]]
    outstanding: int  # made, says the agent, behind the last that came
    lost: dict[str, int]  # reason → packs
    recovered: int  # lost, and came after all
    quarantined: dict[str, int]  # reason → messages
    starts: int  # different starts under one epoch; more than one is a clone
    facts: int  # in the packs received
    lost_facts: dict[str, int]  # reason → facts, as the agent declared them; 0 where it did not know
    stand_ins: int  # packs received that stand for thinned ones


class Totals(msgspec.Struct, frozen=True):
    """All lanes together; ``lost`` without what was recovered, so that all but the last three make ``published``."""

    published: int
    received: int
    missing: int
    outstanding: int
    lost: int
    doubled: int
    late: int
    resent: int
    quarantined: int
    lost_by: dict[str, int]  # reason → packs, recovered ones too


class View(msgspec.Struct, frozen=True):
    """The ledger as far as the journal's record ``offset``."""

    offset: int
    lanes: list[LaneRow]
    total: Totals


def view(ledger: Ledger, *, agent: str = "", from_epoch: int = 0, from_offset: int = 0) -> View:
    """Return what the ledger proves, ordered by agent, epoch and lane.

    ``agent`` is an agent's key or its last level alone; ``from_epoch`` leaves out older sessions, ``from_offset``
    those of which nothing came since that record.
    """
    last = _last_offsets(ledger)
    rows = [
        _row(key, state)
        for key, state in sorted(ledger.lanes.items())
        if agent in ("", key.agent, key.agent.rpartition("/")[2])
        and key.epoch >= from_epoch
        and last[key.agent, key.epoch] >= from_offset
    ]
    return View(ledger.cursor, rows, _totals(rows))


def table(found: View) -> Table:
    """Return the view as a table for a terminal."""
    shown = Table(title=f"ledger up to record {found.offset}", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("agent", "epoch", "lane"):
        shown.add_column(name, overflow="fold")
    for name in _COLUMNS:
        shown.add_column(name, justify="right")
    for row in found.lanes:
        counts = (_words(getattr(row, name)) for name in _COLUMNS)
        epoch = str(row.epoch or ("earlier" if row.lane else ""))
        shown.add_row(row.agent or "(unknown)", epoch, row.lane, *counts)
    shown.add_section()
    shown.add_row("total", "", "", *(str(getattr(found.total, name)) for name in _COLUMNS))
    return shown


def _last_offsets(ledger: Ledger) -> Counter[tuple[str, int]]:
    """Return (agent, epoch) → its newest record."""
    last: Counter[tuple[str, int]] = Counter()
    for key, state in ledger.lanes.items():
        last[key.agent, key.epoch] = max(last[key.agent, key.epoch], state.offset)
    return last


def _totals(rows: list[LaneRow]) -> Totals:
    return Totals(
        published=sum(row.published for row in rows),
        received=sum(row.received for row in rows),
        missing=sum(row.missing for row in rows),
        outstanding=sum(row.outstanding for row in rows),
        lost=_sum([row.lost for row in rows]).total() - sum(row.recovered for row in rows),
        doubled=sum(row.doubled for row in rows),
        late=sum(row.late for row in rows),
        resent=sum(row.resent for row in rows),
        quarantined=_sum(row.quarantined for row in rows).total(),
        lost_by=dict(sorted(_sum(row.lost for row in rows).items())),
    )


def _row(key: LaneKey, state: LaneState) -> LaneRow:
    return LaneRow(
        agent=key.agent,
        epoch=key.epoch,
        lane=key.lane,
        published=state.published,
        received=state.received.count + state.earlier,
        to=state.known.to,
        highest=state.known.highest,
        doubled=state.doubled,
        late=state.late,
        resent=state.resent,
        missing=state.missing,
        gaps=state.known.gaps(limit=MAX_GAPS),
        outstanding=state.outstanding,
        lost=dict(sorted(state.losses.items())),
        recovered=state.recovered,
        quarantined=dict(sorted(state.quarantined.items())),
        starts=len(state.boots),
        facts=state.facts,
        lost_facts=dict(sorted(state.lost_facts.items())),
        stand_ins=state.stand_ins,
    )


def _sum(counts: Iterable[dict[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count)
    return total


def _words(count: int | dict[str, int]) -> str:
    if isinstance(count, int):
        return str(count)
    return ", ".join(f"{number} {reason}" for reason, number in count.items()) or "0"
