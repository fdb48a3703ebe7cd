"""The frames of a box are found in any stream of bytes."""

from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.sources.box.frames import MAX_FRAME, Deframer, Kind, crc16
from simulators.box_line import codec
from tests.edge_agent.sources.box.speaking import Speaker

# The frame that docs/lifts.md shows.
DOCUMENTED = bytes.fromhex("a55a0308af8502000802000019000000149c9a00a096")


def _story(blocks: int) -> list[bytes]:
    speaker = Speaker()
    return [speaker.hello(), *(speaker.block() for _ in range(blocks)), speaker.pressure()]


def test_the_documented_frame_is_read() -> None:
    """The example in the docs is a pressure of 101,325 Pa at sample 25."""
    (frame,) = Deframer().feed(DOCUMENTED)
    assert (frame.kind, frame.counter, frame.clock_ms) == (Kind.PRESSURE, 2, 520)
    assert frame.payload == bytes.fromhex("19000000149c9a00")


def test_the_crc_is_the_standard_one() -> None:
    """Both sides compute CRC-16/CCITT-FALSE, whose check value is 0x29B1."""
    assert crc16(b"123456789") == codec.crc_of(b"123456789") == 0x29B1


@given(st.lists(st.integers(1, 400), max_size=12))
def test_any_cut_of_the_stream_gives_the_same_frames(cuts: list[int]) -> None:
    """Half frames wait for their other half, and no more than one frame is ever held."""
    data = b"".join(_story(5))
    deframer, frames = Deframer(), []
    for size in [*cuts, len(data)]:
        frames += deframer.feed(data[:size])
        data = data[size:]
        assert len(deframer._held) < MAX_FRAME
    assert frames == Deframer().feed(b"".join(_story(5)))
    assert len(frames) == 7
    assert deframer.garbage == deframer.crc_errors == 0


@settings(max_examples=200)
@given(st.lists(st.binary(max_size=60), min_size=8, max_size=8))
def test_resync_on_garbage(garbage: list[bytes]) -> None:
    """Whatever stands between them, whole frames are found; a false head costs at most what it claims to hold."""
    story = _story(6)
    data = b"".join(noise + frame for noise, frame in zip(garbage, story, strict=True))
    found = Deframer().feed(data + bytes(MAX_FRAME))
    assert found == Deframer().feed(b"".join(story))


def test_a_broken_frame_costs_itself() -> None:
    """A flipped bit anywhere in a frame loses that frame and no other, and counts as a CRC error or as garbage."""
    first, broken, last = _story(1)
    for at in range(len(broken)):
        spoilt = broken[:at] + bytes([broken[at] ^ 0x10]) + broken[at + 1 :]
        deframer = Deframer()
        found = deframer.feed(first + spoilt + last + bytes(MAX_FRAME))
        assert found == Deframer().feed(first + last)
        assert deframer.crc_errors + deframer.garbage > 0


def test_half_a_frame_swallows_nothing() -> None:
    """A frame that was cut off in the middle costs itself; the next one is found in what it claimed to hold."""
    hello, block, pressure = _story(1)
    assert Deframer().feed(block[:40] + hello + pressure + bytes(MAX_FRAME)) == Deframer().feed(hello + pressure)
