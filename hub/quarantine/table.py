"""The quarantine for a terminal."""

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.table import Table

from hub.archive.refusals import RefusedPoint
from hub.quarantine.asides import Aside


def table(asides: Sequence[Aside]) -> Table:
    """Return one line for each message."""
    shown = Table(title="quarantine")
    for name in ("id", "received", "reason", "from", "bytes", "state", "detail"):
        shown.add_column(name, overflow="fold")
    for aside in asides:
        state = f"{aside.state} by {aside.actor}" if aside.actor else aside.state.value
        sender = aside.agent or aside.topic
        shown.add_row(
            str(aside.id), _time(aside.received_us), aside.reason, sender, str(aside.size), state, aside.detail
        )
    return shown


def points_table(points: Sequence[RefusedPoint]) -> Table:
    """Return one line for each point that a database refused."""
    shown = Table(title="points refused by the archive's database")
    for name in ("id", "refused", "device", "field", "observed", "reason", "its words"):
        shown.add_column(name, overflow="fold")
    for point in points:
        times = _time(point.refused_us), _time(point.t_us)
        shown.add_row(str(point.id), times[0], point.subject, point.field, times[1], point.reason, point.words)
    return shown


def _time(t_us: int) -> str:
    return datetime.fromtimestamp(t_us / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S")
