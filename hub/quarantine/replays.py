"""Do what people ask for from other processes: judge quarantined messages again, on the thread that owns the ledger."""

from hub import metrics
from hub.journal.journal import Journal
from hub.ledger.ledger import Ledger
from hub.quarantine.asides import GOOD, Deed, deed_of, deed_row, pages
from hub.quarantine.verdict import EMPTIED, Verdict, judge_again

MOST = 100  # messages in one round: what comes from agents waits for no longer than that


class Replays:
    """A request is a record, and so is its answer, in one transaction with the pack: a crash repeats nothing."""

    def __init__(self, journal: Journal, ledger: Ledger) -> None:
        self._journal = journal
        self._ledger = ledger
        self._after = 0  # the last deed that was seen
        self._asked: dict[int, None] = {}  # messages, in the order of the requests
        self._good: set[int] = set()  # messages that are in the journal as what they are

    def run(self, *, now_us: int) -> None:
        """Answer at most MOST requests. Raises JournalFull; what is not answered then is tried again."""
        for record in pages(self._journal, "aside", self._after):
            self._note(deed_of(record))
            self._after = record.offset
        for offset in list(self._asked)[:MOST]:
            self._answer(offset, now_us=now_us)

    def _note(self, deed: Deed) -> None:
        if deed.deed == "replay":
            if deed.of not in self._good:
                self._asked[deed.of] = None
            return
        self._asked.pop(deed.of, None)
        if deed.deed == "judged" and deed.why == GOOD:
            self._good.add(deed.of)

    def _answer(self, offset: int, *, now_us: int) -> None:
        verdict = self._judge(offset, now_us=now_us)
        answer = Deed("judged", offset, "hub", verdict.outcome)
        records = self._journal.append([*verdict.rows, deed_row(answer, now_us=now_us)])
        for record in records:
            self._ledger.take(record, verdict.pack if record.kind == "pack" else None)
        metrics.REPLAYED.labels(verdict.outcome).inc()
        self._note(answer)

    def _judge(self, offset: int, *, now_us: int) -> Verdict:
        found = self._journal.of_kind("quarantine", offset - 1, 1)
        if not found or found[0].offset != offset:
            return Verdict(EMPTIED, "it has left the journal")
        return judge_again(found[0], self._ledger, now_us=now_us)
