"""What the ledger proves, for people and programs: received, doubled, missing and lost packs of each lane."""

from collections.abc import Iterable

import msgspec
from rich.table import Table

from hub.ledger.ledger import LaneKey, LaneState, Ledger

MAX_GAPS = 100  # listed of one lane; ``missing`` counts all


class LaneRow(msgspec.Struct, frozen=True):
    """One lane of one session."""

    agent: str
    epoch: int  # 0: the total of the sessions that left the journal long ago
    lane: str
    received: int  # packs in the journal
    to: int  # everything up to here is in the journal or declared lost
    highest: int
    doubled: int
    resent: int
    missing: int  # neither here nor declared lost
    gaps: list[tuple[int, int]]
    lost: dict[str, int]  # reason → packs declared lost
    recovered: int  # declared lost, and came after all
    quarantined: dict[str, int]  # reason → messages
    starts: int  # different starts under one epoch; more than one is a clone


class Totals(msgspec.Struct, frozen=True):
    """All lanes together."""

    received: int
    doubled: int
    resent: int
    missing: int
    lost: int
    quarantined: int


class View(msgspec.Struct, frozen=True):
    """The ledger as far as the journal's record ``offset``."""

    offset: int
    lanes: list[LaneRow]
    total: Totals


def view(ledger: Ledger) -> View:
    """Return what the ledger proves, ordered by agent, epoch and lane."""
    rows = [_row(key, state) for key, state in sorted(ledger.lanes.items())]
    total = Totals(
        received=sum(row.received for row in rows),
        doubled=sum(row.doubled for row in rows),
        resent=sum(row.resent for row in rows),
        missing=sum(row.missing for row in rows),
        lost=sum(_sum([row.lost]) - row.recovered for row in rows),
        quarantined=_sum(row.quarantined for row in rows),
    )
    return View(ledger.cursor, rows, total)


def table(found: View) -> Table:
    """Return the view as a table for a terminal."""
    shown = Table(title=f"ledger up to record {found.offset}")
    for name in ("agent", "epoch", "lane"):
        shown.add_column(name, overflow="fold")
    for name in ("received", "doubled", "resent", "missing", "lost", "quarantined"):
        shown.add_column(name, justify="right")
    for row in found.lanes:
        counts = (row.received, row.doubled, row.resent, row.missing, _words(row.lost), _words(row.quarantined))
        epoch = str(row.epoch or ("earlier" if row.lane else ""))
        shown.add_row(row.agent or "(unknown)", epoch, row.lane, *map(str, counts))
    shown.add_section()
    shown.add_row("total", "", "", *map(str, msgspec.structs.astuple(found.total)))
    return shown


def _row(key: LaneKey, state: LaneState) -> LaneRow:
    return LaneRow(
        agent=key.agent,
        epoch=key.epoch,
        lane=key.lane,
        received=state.received.count + state.earlier,
        to=state.known.to,
        highest=state.known.highest,
        doubled=state.doubled,
        resent=state.resent,
        missing=state.known.missing + state.unfound,
        gaps=state.known.gaps(limit=MAX_GAPS),
        lost=dict(sorted(state.lost.items())),
        recovered=state.recovered,
        quarantined=dict(sorted(state.quarantined.items())),
        starts=len(state.boots),
    )


def _sum(counts: Iterable[dict[str, int]]) -> int:
    return sum(number for count in counts for number in count.values())


def _words(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {reason}" for reason, number in counts.items()) or "0"
