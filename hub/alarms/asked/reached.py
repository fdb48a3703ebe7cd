"""Which changes, reasons, refusals and standings the records of a journal have reached, and how often."""

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum

import msgspec

from hub.alarms.asked.why import Explanation, Standing, explain
from hub.alarms.state import State
from hub.alarms.transitions import ActReason, Kind, Reason, Refusal
from hub.journal.records import Record

DECIDED: dict[str, type[StrEnum]] = {
    "change": Kind,
    "reason": Reason,
    "person": ActReason,
    "refused": Refusal,
    "standing": Standing,
}


class Reached(msgspec.Struct, frozen=True):
    """One name of an enum, and how often it occurred."""

    of: str  # which enum
    name: str
    count: int


def reached(state: State, records: Iterable[Record]) -> Counter[tuple[str, str]]:
    """Fold the records into ``state`` and count the names; each record is explained, as ``hub why`` does it."""
    found: Counter[tuple[str, str]] = Counter()
    for record in records:
        found.update(_names(explain(state, record)))
        state.forget_dirty()
    return found


def listed(enums: dict[str, type[StrEnum]], counts: Counter[tuple[str, str]]) -> list[Reached]:
    """Return every name of the enums in their order, those that never occurred with a count of 0."""
    return [Reached(of, each.value, counts[of, each.value]) for of, names in enums.items() for each in names]


def _names(found: Explanation) -> Iterable[tuple[str, str]]:
    for made in found.made:
        yield "change", made.kind.value
        yield "reason", made.reason.value
        if made.because is not None:
            yield "person", made.because.value
    for refused in found.refused:
        yield "refused", refused.reason.value
    for answer in found.answers:
        yield "standing", answer.standing.value
