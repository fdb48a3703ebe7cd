"""Whether a line is fast enough: the longest time from a change of an alarm input to the answer that carries it."""

from collections.abc import Mapping, Sequence

import msgspec

from device_profiles.errors import ConfigError
from device_profiles.profile import Profile
from edge_agent.config import LineConfig
from edge_agent.sources.bus import HOST_S
from edge_agent.sources.frames import REQUEST_BYTES, Question
from edge_agent.sources.plan import SlavePlan, plan_line
from edge_agent.sources.timing import Timing, line_timing

LIMIT_MS = 200.0  # an alarm input must be seen within this
SCAN_PERIOD_S = 0.1  # aim between the starts of two alarm scans: a line with room rests
TURN_AROUND_MS = 5.0  # a slave's own time from the end of the request to its answer; RTU terminals need 2-5 ms
HOST_MS = 2.0  # of this machine for each exchange: timers of 1 ms, waking up. Set an FTDI's latency_timer to 1


class Budget(msgspec.Struct, frozen=True):
    """The longest time in which an alarm input of this line is seen, in ms."""

    healthy_ms: float  # every slave answers
    one_dead_ms: float  # the slowest to be given up does not answer, and its breaker has not opened yet
    probing_ms: float  # its breaker is open, and this cycle probes it

    @property
    def fits(self) -> bool:
        """Whether a healthy line holds LIMIT_MS."""
        return self.healthy_ms <= LIMIT_MS


def line_budget(slaves: Sequence[SlavePlan], timing: Timing, *, turn_around_ms: float = TURN_AROUND_MS) -> Budget:
    """Return the budget of a line.

    A change just after a slave was asked waits for the rest of the scan, one register block (the longest), the slaves
    before it in the next scan, and its own exchange: one whole cycle and its exchange. A dead slave costs its time-out
    and the drain after it in place of its exchange, and is not asked for register blocks; a probe replaces the block.
    """
    pace = _Pace(timing, turn_around_ms)
    scans = {slave.device: sum(pace.exchange_ms(block.question) for block in slave.scans) for slave in slaves}
    scan_ms = sum(scans.values())
    last_ms = max(scans.values(), default=0.0)
    block_ms = max((pace.exchange_ms(block.question) for slave in slaves for block in slave.registers), default=0.0)
    # a slave that fails its first scan block is not asked for the others
    dead_ms = max((pace.drained_ms(slave) - scans[slave.device] for slave in slaves), default=0.0)
    probe_ms = max((pace.given_up_ms(slave) - scans[slave.device] for slave in slaves), default=0.0)
    period_ms = SCAN_PERIOD_S * 1000
    return Budget(
        max(period_ms, scan_ms + block_ms) + last_ms,
        max(period_ms, scan_ms + block_ms + dead_ms) + last_ms,
        max(period_ms, scan_ms + max(block_ms, probe_ms)) + last_ms,
    )


def check_line(line: LineConfig, profiles: Mapping[str, Profile], *, file: str, key: str) -> Budget:
    """Return the budget of ``line``, whose key is ``key`` (``lines[0]``). Raises ConfigError if it does not fit."""
    budget = line_budget(plan_line(line, profiles), line_timing(line.baud, parity=line.parity, stopbits=line.stopbits))
    if not budget.fits:
        message = (
            f"{len(line.slaves)} slaves at {line.baud} baud need {budget.healthy_ms:.0f} ms to see an alarm input, "
            f"more than {LIMIT_MS:.0f} ms: move some to another line or raise the baud rate"
        )
        raise ConfigError(message, file=file, key=f"{key}.slaves")
    return budget


class _Pace(msgspec.Struct, frozen=True):
    timing: Timing
    turn_around_ms: float

    def exchange_ms(self, question: Question) -> float:
        """Request, turn-around (the slave needs a silence to see the request's end), answer, silence."""
        gap_ms = self.timing.gap_s * 1000
        return self._bytes_ms(question) + max(gap_ms, self.turn_around_ms) + gap_ms + HOST_MS

    def given_up_ms(self, slave: SlavePlan) -> float:
        """A time-out without a drain, as after a probe of a slave that says nothing at all."""
        question = slave.probe.question
        return self._bytes_ms(question) + (slave.patience.answer_s + HOST_S) * 1000 + HOST_MS

    def drained_ms(self, slave: SlavePlan) -> float:
        """A time-out and the drain after it."""
        question = max((block.question for block in slave.scans), key=_size, default=slave.probe.question)
        drained = self._bytes_ms(question) + (slave.patience.latest_s + self.timing.gap_s) * 1000 + HOST_MS
        return max(self.given_up_ms(slave), drained)

    def _bytes_ms(self, question: Question) -> float:
        return (REQUEST_BYTES + question.answer_bytes) * self.timing.char_s * 1000


def _size(question: Question) -> int:
    return question.answer_bytes
