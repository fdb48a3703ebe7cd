"""History is told on the backlog lane and judged by nobody; readings that were overtaken are said anew."""

from pathlib import Path

from device_profiles.clock import Clock
from device_profiles.wire import LaneReceipt, Reading, Receipt
from edge_agent.outbox import Outbox
from edge_agent.sample import Sample
from edge_agent.wanted import Wanted
from tests.edge_agent.desks import Street


def test_a_late_sample_is_history(tmp_path: Path) -> None:
    """It changes no value, no time and no heartbeat."""
    street = Street(tmp_path)
    street.poll({"car_moving": True})
    street.desk.take(Sample("lift-01", street.clock.wall_us() - 5_000_000, {"car_moving": False}, late=True))
    street.poll({"car_moving": True})
    lanes = [lane for facts, _ in street.notes.puts for lane, some in facts.items() for _ in some]
    assert lanes == ["reading", "backlog"]


def test_readings_sent_again_are_overtaken(tmp_path: Path) -> None:
    """To the hub they are history by then, so the desk is told to say everything anew; events are not."""
    outbox = Outbox(tmp_path, agent="hz/xiacheng/chaoming/a-1", clock=Clock())
    for number in range(3):
        outbox.put({"reading": [Reading("lift-01", number, {"a": number})]})
    outbox.stop()
    outbox.run()
    gaps = outbox.gaps
    lanes = {"reading": LaneReceipt(0, ((1, 1),))}
    packs = Wanted(outbox, clock=Clock()).answer(Receipt("hub", outbox.epoch, lanes, 0))  # type: ignore[arg-type]
    assert ([pack.seq for pack in packs], outbox.gaps) == ([1], gaps + 1)
    outbox.close()
