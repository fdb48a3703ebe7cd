"""Old sessions: which the ledger no longer needs one by one, and what stays of them in a total of each agent."""

from collections import defaultdict
from collections.abc import Iterator

from hub.ledger.ledger import EARLIER, LaneKey, Ledger

__all__ = ["EARLIER", "KEPT", "MAX_SESSIONS", "fold_old"]

KEPT = 8  # newest sessions of an agent that are never folded: what it may still send again
MAX_SESSIONS = 500  # of one agent; above it (a crash loop) the oldest are folded, whatever they lack


def fold_old(ledger: Ledger, *, first_offset: int) -> int:
    """Fold sessions into their agent's total that lack nothing and have left the journal; return how many lanes.

    A pack of such a session that comes once more is taken for a new one: the agent had its receipt long ago.
    """
    old = list(_old_lanes(ledger, first_offset))
    for key in old:
        ledger.state(LaneKey(key.agent, EARLIER, key.lane)).add_earlier(ledger.lanes[key])
        ledger.drop(key)
    return len(old)


def _old_lanes(ledger: Ledger, first_offset: int) -> Iterator[LaneKey]:
    sessions: dict[str, dict[int, list[LaneKey]]] = defaultdict(lambda: defaultdict(list))
    for key in ledger.lanes:
        if key.epoch != EARLIER:
            sessions[key.agent][key.epoch].append(key)
    for epochs in sessions.values():
        for age, epoch in enumerate(sorted(epochs, reverse=True)):
            states = [ledger.lanes[key] for key in epochs[epoch]]
            gone = all(state.offset < first_offset and state.settled for state in states)
            if age >= MAX_SESSIONS or (age >= KEPT and gone):
                yield from epochs[epoch]
