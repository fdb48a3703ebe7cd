"""A box's frames become pieces in the agent's time, and every fault a quality."""

from itertools import pairwise

import pytest

from edge_agent.sources.box.quality import Quality
from edge_agent.sources.box.stream import BoxStream, Piece
from tests.edge_agent.sources.box.speaking import SECOND, Speaker, frames_of, stream_of

START = 1_763_600_000 * SECOND


class Line:
    """A box, its stream, and the time: block by block, each arriving ``delay_us`` after its last sample."""

    def __init__(self, *, rate_hz: float = 50.0, rates_hz: tuple[float, float] = (10.0, 100.0)) -> None:
        self.speaker = Speaker(rate_hz=rate_hz)
        self.stream: BoxStream = stream_of(self.speaker, rates_hz=rates_hz)
        self.now_us = START

    def run(
        self, seconds: float, *, delay_us: int = 20_000, pace: float = 1.0, lost: bool = False, still: bool = False
    ) -> list[Piece]:
        """Return the pieces of so many seconds; ``pace`` is the true over the said rate."""
        pieces = []
        for _ in range(round(seconds * pace * self.speaker.identity.rate_hz / 25)):
            self.now_us += round(25 * SECOND / self.speaker.identity.rate_hz / pace)
            data = self.speaker.block([(0.1, 0.2, 9.8)] * 25 if still else None)
            for frame in [] if lost else frames_of(data):
                piece = self.stream.take(frame, self.now_us + delay_us)
                pieces += [piece] if piece is not None else []
        return pieces


def test_good_samples_are_counted_onto_the_agents_time() -> None:
    """After the first 5 s a good box is believed, and its sample times go on evenly whatever the delays are."""
    line = Line()
    assert {piece.quality for piece in line.run(4.9)} == {Quality.NEW}
    pieces = [piece for _ in range(20) for piece in (*line.run(1), *line.run(1, delay_us=180_000))]
    assert {piece.quality for piece in pieces[2:]} == {Quality.GOOD}
    steps = {later.t_us - earlier.t_us for earlier, later in pairwise(pieces)}
    assert max(steps) - min(steps) <= 3000
    assert abs(pieces[-1].end_us - line.now_us) < 50_000
    assert pieces[-1].metres is not None
    assert pieces[-1].metres.shape == (25, 3)


def test_a_stalled_port_moves_no_sample() -> None:
    """Three seconds of blocks that come in one burst stand where they were taken."""
    line = Line()
    before = line.run(10)[-1]
    late = [line.stream.take(frames_of(line.speaker.block())[0], line.now_us + 3 * SECOND + 20_000) for _ in range(6)]
    line.now_us += 3 * SECOND
    after = line.run(1)
    times = [before.t_us, *(piece.t_us for piece in late if piece), *(piece.t_us for piece in after)]
    assert all(abs(later - earlier - SECOND / 2) < 5000 for earlier, later in pairwise(times))


def test_a_slow_and_a_fast_crystal_are_followed() -> None:
    """200 ppm off for an hour would be 0.7 s: the times stay within 50 ms, and the quality is good."""
    for pace in (0.9998, 1.0002):
        line = Line()
        last = line.run(3600, pace=pace)[-1]
        assert last.quality is Quality.GOOD
        assert abs(last.end_us - line.now_us) < 50_000


def test_a_loss_is_a_gap_and_told_for_a_while() -> None:
    """Frames that never came leave a hole of their length; the rest stays believed."""
    line = Line()
    before = line.run(10)[-1]
    line.run(2, lost=True)
    after = line.run(1)
    assert after[0].quality is Quality.LOSSY
    assert after[0].metres is not None
    assert abs(after[0].t_us - before.t_us - 2.5 * SECOND) < 5000
    assert line.stream.counts.lost == 4
    assert line.run(40)[-1].quality is Quality.GOOD


def test_a_double_is_dropped() -> None:
    """The same counter again is the same frame."""
    line = Line()
    line.run(10)
    frame = frames_of(line.speaker.block())[0]
    assert line.stream.take(frame, line.now_us) is not None
    assert line.stream.take(frame, line.now_us) is None
    assert line.stream.counts.doubled == 1


def test_a_restart_is_anchored_anew() -> None:
    """Counters that begin again are a restart: unknown until the rate is measured, never times of the old count."""
    line = Line()
    line.run(10)
    line.speaker.restart()
    pieces = line.run(10)
    assert pieces[0].quality is Quality.NEW
    assert pieces[0].metres is None
    assert abs(pieces[0].end_us - line.now_us + 9.5 * SECOND) < 50_000
    assert pieces[-1].quality is Quality.GOOD
    assert line.stream.counts.restarts == 1


def test_a_box_that_restarts_again_and_again_is_not_believed() -> None:
    """Three restarts in a minute: two boxes with one id on one line look like this too."""
    line = Line()
    for _ in range(4):
        line.run(6)
        line.speaker.restart()
    assert line.run(6)[-1].quality is Quality.RESTARTING


def test_a_clock_that_jumps_moves_no_sample() -> None:
    """The box clock is not believed: its jump is told, the times go on."""
    line = Line()
    before = line.run(10)[-1]
    line.speaker.clock_ms += 3_600_000
    after = line.run(0.5)[0]
    assert after.quality is Quality.CLOCK_JUMP
    assert after.metres is not None
    assert abs(after.t_us - before.t_us - SECOND / 2) < 5000
    assert line.stream.counts.clock_jumps == 1


@pytest.mark.parametrize("pace", [0.5, 0.8, 1.25, 2.0])
def test_a_wrong_rate_by_the_boxs_clock(pace: float) -> None:
    """A box whose clock is right and whose count is not is never believed at all."""
    line = Line()
    pieces = []
    for _ in range(60):
        pieces += line.run(1, pace=pace)
        line.speaker.clock_ms = round((line.now_us - START) / 1000)
    assert not any(piece.metres is not None for piece in pieces)
    assert pieces[-1].quality is Quality.WRONG_RATE


@pytest.mark.parametrize("pace", [0.8, 1.25])
def test_a_wrong_rate_by_the_agents_clock(pace: float) -> None:
    """A box whose clock goes with its wrong count is found out by when its blocks arrive."""
    line = Line()
    assert line.run(60, pace=pace)[-1].quality is Quality.WRONG_RATE


def test_a_rate_that_the_profile_does_not_allow() -> None:
    """8 Hz is too slow to see a ride."""
    line = Line(rate_hz=8)
    assert {piece.quality for piece in line.run(30)} == {Quality.BAD_RATE}


def test_a_sensor_that_stands_still_is_broken() -> None:
    """The same numbers for 3 s are not believed; noise again is."""
    line = Line()
    line.run(10)
    pieces = line.run(6, still=True)
    assert [piece.quality for piece in pieces[:5]] == [Quality.GOOD] * 5
    assert {piece.quality for piece in pieces[6:]} == {Quality.FROZEN}
    assert not any(piece.metres is not None for piece in pieces)
    after = line.run(1)
    assert after[-1].quality is Quality.GOOD
    assert after[0].metres is not None
    assert len(after[0].metres) == 25


def test_a_quiet_sensor_loses_nothing() -> None:
    """Numbers without noise are held until it is known whether the sensor is broken; then nothing is missing."""
    line = Line()
    before = line.run(10)[-1]
    assert not any(piece.metres is not None for piece in line.run(2, still=True))
    after = line.run(0.5)[0]
    assert after.metres is not None
    assert len(after.metres) == 125
    assert abs(after.t_us - before.t_us - SECOND / 2) < 5000


def test_saturation_is_told_and_a_shock_is_none() -> None:
    """A few samples at full scale are a shock, many are a sensor that cannot measure here."""
    line = Line()
    line.run(10)
    line.now_us += SECOND // 2
    shock = [line.speaker.still() for _ in range(22)] + [(60.0, 0.0, 60.0)] * 3
    piece = line.stream.take(frames_of(line.speaker.block(shock))[0], line.now_us)
    assert piece is not None
    assert piece.quality is Quality.GOOD
    for _ in range(4):
        line.now_us += SECOND // 2
        piece = line.stream.take(frames_of(line.speaker.block([(0.0, 0.0, 60.0)] * 25))[0], line.now_us)
    assert piece is not None
    assert (piece.quality, piece.metres) == (Quality.SATURATED, None)


def test_pressure_stands_on_the_count() -> None:
    """A pressure sample is dated by the count; a sensor that gives nothing gives no number."""
    line = Line()
    last = line.run(10)[-1]
    piece = line.stream.take(frames_of(line.speaker.pressure())[0], line.now_us + 100_000)
    assert piece is not None
    assert piece.pascal == 101_325.0
    assert abs(piece.t_us - last.end_us) < 50_000
    piece = line.stream.take(frames_of(line.speaker.pressure(None))[0], line.now_us + 100_000)
    assert piece is not None
    assert piece.pascal is None


def test_the_agents_clock_is_followed() -> None:
    """A clock that is set by an hour moves the count's anchor with it: no gap, no wait."""
    line = Line()
    before = line.run(10)[-1]
    line.stream.shift(3600 * SECOND)
    line.now_us += 3600 * SECOND
    after = line.run(0.5)[0]
    assert abs(after.t_us - before.t_us - 3600.5 * SECOND) < 5000
    assert after.quality is Quality.GOOD
