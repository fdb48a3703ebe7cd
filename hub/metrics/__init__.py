"""Metrics: what is counted where it happens; each name is declared here and nowhere else, and stands in the docs."""

from collections.abc import Iterable

import msgspec
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector

PREFIX = "citynerve_hub"
REGISTRY = CollectorRegistry()  # one for each process, as a process has one /metrics
ProcessCollector(registry=REGISTRY)

_COMMIT_BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)  # s; an fsync is 1 ms


def _counter(name: str, text: str, *labels: str) -> Counter:
    return Counter(f"{PREFIX}_{name}", text, labels, registry=REGISTRY)


PACKS = _counter("packs", "Packs written to the journal since the start.", "lane")
FACTS = _counter("facts", "Facts in those packs.", "lane")
DOUBLES = _counter("doubles", "Packs that came again.", "lane")
QUARANTINED = _counter("quarantined", "Messages set aside, by reason.", "reason")
REPLAYED = _counter("quarantine_replayed", "Messages that a person had judged again, by what came of it.", "outcome")
EMPTIED = _counter("quarantine_emptied", "Quarantined messages of which only the note is left: the bound was reached.")
RECEIPTS = _counter("receipts", "Receipts handed to the broker.")
LINKS_CUT = _counter("links_cut", "Connections to the broker cut for want of room in memory.", "inbox")
TRANSITIONS = _counter("transitions", "Alarm transitions committed, by kind.", "kind")
EVIDENCE_FETCHES = _counter("evidence_fetches", "Pieces of evidence that were asked for, by what came of it.", "result")
COMMIT_SECONDS = Histogram(
    f"{PREFIX}_journal_commit_seconds",
    "How long a transaction of the journal took, fsync included.",
    registry=REGISTRY,
    buckets=_COMMIT_BUCKETS,
)


class Family(msgspec.Struct, frozen=True):
    """A metric that is asked of its part at each scrape."""

    text: str
    label: str = ""  # or several, with blanks between
    counts: bool = False  # it only grows

    def metric(self, name: str, samples: Iterable[tuple[str, float]]) -> Metric:
        """Return it with its numbers: (value of the label, or of each with blanks between, number)."""
        kind = CounterMetricFamily if self.counts else GaugeMetricFamily
        found = kind(f"{PREFIX}_{name}", self.text, labels=self.label.split())
        for value, number in samples:
            found.add_metric(value.split(" ") if self.label else [], number)
        return found


STANDING = {
    "journal_offset": Family("Offset of the newest record."),
    "journal_bytes": Family("What records take in the journal's file."),
    "journal_given_up": Family("Facts that the journal gave up at its bound, by reason.", "reason", counts=True),
    "reader_lag_seconds": Family("Age of the oldest record that a reader has not taken in.", "reader"),
    "reader_behind_records": Family("Records that a reader has not taken in.", "reader"),
    "lost": Family("Packs that agents declared lost since the ledger began, by reason.", "reason", counts=True),
    "missing_packs": Family("Packs that are neither here nor declared lost."),
    "held_messages": Family("Messages in memory that are not yet in the journal.", "inbox"),
    "held_bytes": Family("What those messages take.", "inbox"),
    "mqtt_connects": Family("Connections made to the broker since the start.", "client", counts=True),
    "mqtt_connected": Family("1 while a client has its connection.", "client"),
    "namesakes": Family("Other hubs that are alive under this hub's name."),
    "alarms_open": Family("Open alarms.", "severity"),
    "alarms_refused": Family("Facts and acts that changed nothing in the alarms.", "reason", counts=True),
    "archive_refused": Family("Facts that were not archived since the start.", "reason", counts=True),
    "evidence_pieces": Family("Evidence of life alarms, by how far it has come.", "state"),
    "evidence_bytes": Family("What the kept evidence takes."),
    "agent_online": Family("1 while an agent says that it is there.", "agent"),
    "agent_outbox_packs": Family("Packs that wait at an agent, by its last word.", "agent lane"),
    "agent_thinned": Family("Packs of readings that an agent has thinned since its start.", "agent", counts=True),
    "agent_evicted": Family("Packs of readings that an agent has let go since its start.", "agent", counts=True),
    "agent_resent": Family("Packs that an agent has sent again since its start.", "agent", counts=True),
    "agent_connects": Family("Connections that an agent has made to the broker since its start.", "agent", counts=True),
    "agent_bad_receipts": Family("Receipts of what was never made, refused by an agent.", "agent", counts=True),
    "agent_bad_messages": Family("Messages that an agent did not understand.", "agent", counts=True),
    "agent_clock_offset_seconds": Family("The hub's clock minus an agent's, as estimated.", "agent"),
}


def asked(name: str, samples: Iterable[tuple[str, float]]) -> Metric:
    """Return one of STANDING with its numbers."""
    return STANDING[name].metric(name, samples)
