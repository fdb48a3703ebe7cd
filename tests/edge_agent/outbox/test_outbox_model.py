"""Random lives of an outbox against a model: whatever happens, nothing goes without a receipt or a Lost marker."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from device_profiles.wire import LANES, Fact, Lane, Lost
from edge_agent.lanes import EVICTION_ORDER, PROTECTED
from edge_agent.outbox import Bounds, Outbox, StoredPack
from tests.edge_agent.outbox.opened import AGENT, HandClock, event, facts_of, held, reading, receipt

BOUNDS = Bounds(max_bytes=30_000, reserve_bytes=16_000)
LANE = st.sampled_from(["event", "reading", "reading", "backlog", "status", "result"])


class OutboxLife(RuleBasedStateMachine):
    """Puts, receipts and restarts in any order. The writer runs here, so that each step is whole."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.clock = HandClock()
        self.made: dict[tuple[int, Lane], int] = {}  # (epoch, lane) → last seq
        self.facts: list[tuple[Lane, Fact]] = []  # that were put
        self.receipted: dict[tuple[int, Lane], int] = {}
        self.taken: list[Fact] = []  # facts of receipted packs, without those that stand for others
        self.lost: dict[tuple[int, Lane], set[int]] = {}
        self.lost_facts = 0
        self.outbox = self._open()

    def _open(self) -> Outbox:
        return Outbox(self.folder, agent=AGENT, clock=self.clock, bounds=BOUNDS)

    def _write(self) -> None:
        self.outbox._write()  # one turn of the writer's thread
        self._note_losses()

    def _note_losses(self) -> None:
        for pack in held(self.outbox, "event"):
            for marker in (fact for fact in facts_of([pack]) if isinstance(fact, Lost)):
                seqs = self.lost.setdefault((marker.epoch, marker.lane), set())
                if marker.first not in seqs:
                    self.lost_facts += marker.facts
                seqs |= set(range(marker.first, marker.last + 1))

    @rule(lane=LANE, count=st.integers(1, 12), size=st.sampled_from([0, 500, 2000]))
    def put(self, lane: Lane, count: int, size: int) -> None:
        """Put facts into a lane."""
        for _ in range(count):
            n = len(self.facts)
            fact = reading(n, size=size) if lane in EVICTION_ORDER else event(n, size=min(size, 500))
            self.facts.append((lane, fact))
            self.outbox.put({lane: [fact]})
        self._write()

    @precondition(lambda self: any(self.outbox.depths().values()))
    @rule(data=st.data())
    def receipt(self, data: st.DataObject) -> None:
        """Receipt some packs of a lane."""
        lane: Lane = data.draw(st.sampled_from([lane for lane in LANES if held(self.outbox, lane)]))
        packs = held(self.outbox, lane)
        pack = data.draw(st.sampled_from(packs))
        assert self.outbox.forget(receipt(pack.epoch, **{lane: pack.seq}))
        self.receipted[pack.epoch, lane] = max(pack.seq, self.receipted.get((pack.epoch, lane), 0))
        self.taken += whole([other for other in packs if other.epoch == pack.epoch and other.seq <= pack.seq])
        self._write()

    @rule()
    def forged_receipt(self) -> None:
        """Receipt what was never made."""
        assert not self.outbox.forget(receipt(self.outbox.epoch, event=1_000_000))

    @rule(back=st.booleans())
    def restart(self, back: bool) -> None:
        """Stop and start again, perhaps with a clock that went back."""
        epoch = self.outbox.epoch
        self.outbox.stop()
        self.outbox.run()
        self._note_losses()
        self.outbox.close()
        self.clock.now_us += -(10**9) if back else 10**9
        self.outbox = self._open()
        assert self.outbox.epoch > epoch

    @invariant()
    def numbers_have_no_holes(self) -> None:
        """Each seq of each (epoch, lane) is held, receipted or declared lost."""
        for lane in LANES:
            for pack in held(self.outbox, lane):
                key = (pack.epoch, lane)
                self.made[key] = max(pack.seq, self.made.get(key, 0))
        for key, last in self.made.items():
            epoch, lane = key
            here = {pack.seq for pack in held(self.outbox, lane) if pack.epoch == epoch}
            gone = set(range(1, self.receipted.get(key, 0) + 1)) | self.lost.get(key, set())
            assert here | gone >= set(range(1, last + 1))
            assert not here & gone

    @invariant()
    def nothing_is_forgotten(self) -> None:
        """Every fact that was put is held whole, receipted, waiting or counted as lost once; protected ones never."""
        here = [fact for lane in LANES for fact in whole(held(self.outbox, lane))]
        known = {id_of(fact) for fact in (*here, *self.taken) if not isinstance(fact, Lost)}
        missing = [(lane, fact) for lane, fact in self.facts if id_of(fact) not in known]
        assert not [lane for lane, _ in missing if lane in PROTECTED]
        assert len(missing) == self.lost_facts + self.waiting

    @invariant()
    def the_bound_holds(self) -> None:
        """Readings yield; what is protected may exceed it."""
        kept = sum(len(pack.facts) for lane in LANES for pack in held(self.outbox, lane))
        assert self.outbox.size() == kept
        assert self.outbox.depths() == {lane: len(held(self.outbox, lane)) for lane in LANES}
        protected = sum(len(pack.facts) for lane in PROTECTED for pack in held(self.outbox, lane))
        assert kept <= max(BOUNDS.max_bytes + 1_000, protected)

    @property
    def waiting(self) -> int:
        """Return the facts that wait in memory because events fill the outbox."""
        return len(self.outbox._waiting)

    def teardown(self) -> None:
        """Close and clean up."""
        self.outbox.close()
        shutil.rmtree(self.folder)


def whole(packs: list[StoredPack]) -> list[Fact]:
    """Return the facts of packs that stand for no others: all that went into a stand-in is counted as lost."""
    return facts_of([pack for pack in packs if not pack.stands_for])


def id_of(fact: Fact) -> int:
    """Return the number that a test's fact knows."""
    values = fact.data if hasattr(fact, "data") else fact.values  # type: ignore[union-attr]
    return int(values["n"])


OutboxLife.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
test_outbox_life = OutboxLife.TestCase
