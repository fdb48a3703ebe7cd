"""A line with a box: opened, lost, opened again; whoever should not speak there is refused with a reason."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from device_profiles.clock import Clock
from device_profiles.profile import BoxLine as BoxSpec
from edge_agent.config import BoxConfig
from edge_agent.sources.box.claims import Claims
from edge_agent.sources.box.quality import Quality
from edge_agent.sources.box.source import BoxPace, BoxSource
from edge_agent.sources.box.stream import Counts, Piece
from simulators.box_line.codec import BoxIdentity
from simulators.box_line.line import BLOCK, BoxLine
from tests.edge_agent.sources.box.speaking import SECOND, Speaker

FAST = BoxPace(retry_base_s=0.01, retry_cap_s=0.05, deaf_s=0.2)


class Hand(Clock):
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        super().__init__(start_us=1_763_600_000 * SECOND)
        self.now_us = 1_763_600_000 * SECOND

    def wall_us(self) -> int:
        """Return the time."""
        return self.now_us

    def monotonic_s(self) -> float:
        """Return the same in seconds."""
        return self.now_us / 1e6


class Heard:
    """Keeps the pieces of all lines."""

    def __init__(self) -> None:
        self.pieces: list[tuple[str, Piece]] = []
        self._changed = asyncio.Event()

    def __call__(self, device: str, piece: Piece) -> None:
        """Keep one."""
        self.pieces.append((device, piece))
        self._changed.set()

    def qualities(self, device: str) -> list[Quality]:
        """Return what was said of a device's pieces."""
        return [piece.quality for one, piece in self.pieces if one == device]

    async def until(self, holds: Callable[[], bool], say: Callable[[], None]) -> None:
        """Let the box ``say`` until it ``holds``."""
        async with asyncio.timeout(20):
            while not holds():
                say()
                self._changed.clear()
                try:
                    async with asyncio.timeout(0.05):
                        await self._changed.wait()
                except TimeoutError:
                    continue


def _source(device: str, heard: Heard, clock: Clock, claims: Claims | None = None, **config: str) -> BoxSource:
    box = msgspec.convert({"port": f"line-{device}", "device": device, **config}, BoxConfig)
    counts = Counts()
    return BoxSource(box, BoxSpec(), counts=counts, claims=claims or Claims(), deliver=heard, clock=clock, pace=FAST)


def _speak(source: BoxSource, speaker: Speaker, clock: Hand, seconds: float) -> None:
    for _ in range(round(seconds * 2)):
        clock.now_us += SECOND // 2
        source.take(speaker.block())


async def test_a_box_without_a_hello_is_not_believed() -> None:
    """Frames whose scale nobody knows are told as such, and give no number."""
    heard, clock, speaker = Heard(), Hand(), Speaker()
    source = _source("lift-01", heard, clock)
    _speak(source, speaker, clock, 10)
    assert set(heard.qualities("lift-01")) == {Quality.NEW}
    _speak(source, speaker, clock, 2)
    assert heard.qualities("lift-01")[-1] is Quality.NO_HELLO
    assert all(piece.metres is None for _, piece in heard.pieces)
    source.take(speaker.hello())
    _speak(source, speaker, clock, 10)
    assert heard.qualities("lift-01")[-1] is Quality.GOOD


class Steps(Hand):
    """A clock that somebody can set."""

    set_us = 0

    def monotonic_s(self) -> float:
        """Return the seconds that have passed, however it was set."""
        return (self.now_us - self.set_us) / 1e6


@pytest.mark.parametrize("rate", [1.0, 0.8])
async def test_a_clock_that_was_set_before_the_hello_changes_nothing_after_it(rate: float) -> None:
    """An agent without a clock of its own starts in 1970 and is set right: a rate that is wrong is noticed still."""
    heard, clock, speaker = Heard(), Steps(), Speaker()
    source = _source("lift-01", heard, clock)
    clock.now_us, clock.set_us = clock.now_us + 10**15, 10**15
    source.take(speaker.hello() + speaker.block())
    for _ in range(200):
        clock.now_us += round(SECOND / 2 / rate)
        source.take(speaker.block())
    assert heard.qualities("lift-01")[-1] is (Quality.GOOD if rate == 1.0 else Quality.WRONG_RATE)


async def test_a_clock_that_is_set_makes_no_box_foreign_or_late() -> None:
    """Nor is a box that has just begun to speak blamed for a hello that it had no time to say."""
    heard, clock, speaker = Heard(), Steps(), Speaker()
    source = _source("lift-01", heard, clock)
    source.take(speaker.block())
    clock.now_us, clock.set_us = clock.now_us + 10**15, 10**15
    source.take(speaker.block())
    assert heard.qualities("lift-01")[-1] is Quality.NEW


async def test_two_boxes_with_one_id_are_never_mixed() -> None:
    """The second line that speaks under a serial number is refused; the first goes on as if nothing was."""
    heard, clock, claims = Heard(), Hand(), Claims()
    first, second = (_source(device, heard, clock, claims) for device in ("lift-01", "lift-02"))
    one, other = Speaker("LB-00017"), Speaker("LB-00017")
    first.take(one.hello())
    second.take(other.hello())
    for _ in range(20):
        _speak(first, one, clock, 1)
        _speak(second, other, clock, 1)
    assert set(heard.qualities("lift-02")) == {Quality.SERIAL_TWICE}
    assert heard.qualities("lift-01")[-1] in (Quality.GOOD, Quality.WRONG_RATE)  # it speaks half of the time
    assert all(piece.metres is None for device, piece in heard.pieces if device == "lift-02")


async def test_two_boxes_on_one_line_are_never_mixed() -> None:
    """Frames of another box make the line unbelieved; after 10 s without them the first is believed again."""
    heard, clock = Heard(), Hand()
    source, box, foreign = _source("lift-01", heard, clock), Speaker("LB-00017"), Speaker("LB-00018")
    source.take(box.hello())
    _speak(source, box, clock, 10)
    source.take(foreign.hello() + foreign.block())
    before = len(heard.pieces)
    _speak(source, box, clock, 9)
    assert {piece.quality for _, piece in heard.pieces[before:]} == {Quality.TWO_BOXES}
    _speak(source, box, clock, 3)
    assert heard.qualities("lift-01")[-1] in (Quality.GOOD, Quality.LOSSY)


async def test_a_box_is_exchanged() -> None:
    """Another box is taken once the old one was silent for 10 s."""
    heard, clock = Heard(), Hand()
    source, old, new = _source("lift-01", heard, clock), Speaker("LB-00017"), Speaker("LB-00018")
    source.take(old.hello())
    _speak(source, old, clock, 10)
    clock.now_us += 11 * SECOND
    source.take(new.hello())
    _speak(source, new, clock, 10)
    assert heard.qualities("lift-01")[-1] is Quality.GOOD


async def test_the_config_may_name_the_box() -> None:
    """Another box than the one that the config names is refused."""
    heard, clock, speaker = Heard(), Hand(), Speaker("LB-00017")
    source = _source("lift-01", heard, clock, serial="LB-00001")
    source.take(speaker.hello())
    _speak(source, speaker, clock, 10)
    assert set(heard.qualities("lift-01")) == {Quality.WRONG_SERIAL}


async def test_a_line_that_is_pulled_comes_back(tmp_path: Path) -> None:
    """A pty that hangs up is opened again when it is there; what the system had kept is thrown away."""
    heard = Heard()
    with BoxLine(BoxIdentity("LB-00001"), link=tmp_path / "box") as line:
        source = _source("lift-01", heard, Clock(), port=str(tmp_path / "box"))
        task = asyncio.create_task(source.run())

        def say() -> None:
            line.send([(0.0, 0.1, 9.8)] * BLOCK, 100_000.0)

        await heard.until(lambda: len(heard.pieces) >= 3, say)
        line.unplug()
        await asyncio.sleep(0.05)
        line.plug()
        count = len(heard.pieces)
        await heard.until(lambda: len(heard.pieces) > count, say)
        task.cancel()
        await asyncio.wait({task})


async def test_a_dead_network_port_is_opened_anew() -> None:
    """A TCP port on which nothing comes is not waited for for ever: its peer may be gone."""
    heard = Heard()
    with BoxLine(BoxIdentity("LB-00001"), tcp_port=0) as line:
        source = _source("lift-01", heard, Clock(), port=line.port)
        task = asyncio.create_task(source.run())

        def say() -> None:
            line.send([(0.0, 0.1, 9.8)] * BLOCK)

        await heard.until(lambda: len(heard.pieces) >= 1, say)
        await asyncio.sleep(3 * FAST.deaf_s)  # the only way to see that nothing was heard
        count = len(heard.pieces)
        await heard.until(lambda: len(heard.pieces) > count, say)
        task.cancel()
        await asyncio.wait({task})
