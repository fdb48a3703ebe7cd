"""Tests of which questions a slave gets and how long it is waited for."""

from edge_agent.sources.breaker import Breaker
from edge_agent.sources.bus import PollFailed
from edge_agent.sources.frames import Failure
from edge_agent.sources.plan import plan_line
from edge_agent.sources.slave import Slave
from tests.edge_agent.sources.rig import LIFT, PROFILES, line_of, twins

SILENT = PollFailed(Failure.SILENT, heard=False)
LATE = PollFailed(Failure.LATE, heard=True)
REFUSED = PollFailed(Failure.EXCEPTION, heard=True)


def _slave(*, probe_s: float = 2.0) -> Slave:
    (plan,) = plan_line(line_of("x", {1: LIFT}), PROFILES)
    return Slave(plan, Breaker(after=2, probe_s=probe_s))


def test_good_slave_is_scanned_and_its_block_read_when_due() -> None:
    """A block is due at once, then after its time."""
    slave = _slave()
    assert [block.name for block in slave.scans()] == ["alarm"]
    ((due_s, block),) = slave.due(10.0)
    assert (due_s, block.name) == (0.0, "state")
    slave.asked(block, now_s=10.0)
    assert list(slave.due(10.9)) == []
    assert list(slave.due(11.0)) == [(11.0, block)]


def test_doubtful_slave_is_only_scanned() -> None:
    """After one failure the short scan tells whether it is there; its block waits."""
    slave = _slave()
    slave.failed(SILENT, now_s=0.0)
    assert slave.scans()
    assert list(slave.due(10.0)) == []


def test_dead_slave_is_not_asked_and_its_probe_not_drained() -> None:
    """A slave of which nothing is heard costs a time-out; one that answers late is drained."""
    slave = _slave()
    assert slave.patience().latest_s == 0.15
    for _ in range(2):
        slave.failed(SILENT, now_s=0.0)
    assert slave.scans() == ()
    assert list(slave.due(10.0)) == []
    assert slave.patience().latest_s == 0.0
    slave.failed(LATE, now_s=0.0)
    assert slave.patience().latest_s == 0.15


def test_probe_is_drained_where_the_next_one_could_meet_its_late_answer() -> None:
    """Without a drain a slave is not asked again before its longest answer time is over."""
    slave = _slave(probe_s=0.15)
    for _ in range(2):
        slave.failed(SILENT, now_s=0.0)
    assert slave.patience().latest_s == 0.15


def test_refusal_is_an_answer() -> None:
    """A slave that answers with an exception is alive."""
    slave = _slave()
    for _ in range(5):
        slave.failed(REFUSED, now_s=0.0)
    assert slave.scans()
    assert list(slave.due(10.0))


def test_probe_is_the_shortest_question() -> None:
    """The scan of eight bits, not the block of ten registers."""
    assert _slave().plan.probe.name == "alarm"
    (plan,) = plan_line(line_of("x", {1: twins()}), {"twins": twins()})
    assert plan.probe.name == "low"
