"""Tell the metrics what a batch brought, once a batch: a metric costs more than an addition."""

from collections import Counter
from collections.abc import Sequence

from hub import metrics
from hub.intake.batch import Entry
from hub.journal.faulty import reason_of


def count_kept(entries: Sequence[Entry]) -> None:
    """Count the records of ``entries``, which are in the journal."""
    lanes: list[str] = []
    facts: Counter[str] = Counter()
    doubles: Counter[str] = Counter()
    for entry in entries:
        for row in entry.rows:
            if row.kind == "pack":
                lanes.append(row.lane)
                if entry.pack:
                    facts[row.lane] += len(entry.pack.facts)
            elif row.kind == "double":
                doubles[row.lane] += 1
            elif row.kind == "quarantine":
                metrics.QUARANTINED.labels(reason_of(row)).inc()
    for counter, found in ((metrics.PACKS, Counter(lanes)), (metrics.FACTS, facts), (metrics.DOUBLES, doubles)):
        for lane, number in found.items():
            counter.labels(lane).inc(number)
