"""Pixels that come again: a still camera is alive when its coder leaves noise out, frozen when it sends them anew."""

import av
import cv2
import numpy as np

from edge_agent.sources.camera.integrity.repeats import KNOWN, Repeats
from tests.edge_agent.sources.camera.pictures import Image, Street
from tests.edge_agent.sources.camera.streams.coder import H264

GOP = 10  # pictures from one key frame to the next: 2 s


def _sent(pictures: list[Image], *, bit_rate: int) -> list[tuple[Image, bool]]:
    """Return pictures as they come out of H.264, and which of them are key frames."""
    coder = H264(fps=5, bit_rate=bit_rate, key_every=GOP)
    decoder = av.CodecContext.create("h264", "r")
    found = []
    for picture in pictures:
        data = b"".join(b"\0\0\0\1" + unit for unit in coder(picture))
        found += [
            (frame.to_ndarray(format="bgr24"), bool(frame.key_frame)) for frame in decoder.decode(av.Packet(data))
        ]
    found += [(frame.to_ndarray(format="bgr24"), bool(frame.key_frame)) for frame in decoder.decode(None)]
    return found


def _quiet(count: int) -> list[Image]:
    """Return a car park in which nothing moves, seen by a sensor with little noise."""
    street = Street(noise=0.7)
    return [street.picture() for _ in range(count)]


def test_a_still_that_is_coded_without_noise_is_not_frozen() -> None:
    """At 20 kbit/s most of its tiles repeat until the next key frame: nobody can tell, and nothing is said."""
    repeats, plain = Repeats(), Repeats()
    sent = _sent(_quiet(60), bit_rate=20_000)
    said = [repeats.take(image, key=key) for image, key in sent]
    assert True not in said
    assert None in said
    assert sum(plain.take(image) is True for image, _ in sent) >= 5  # what it was taken for before


def test_pictures_that_are_sent_again_are_frozen_at_any_rate() -> None:
    """A loop of two key frames: what comes behind the second is what came behind the first."""
    repeats = Repeats()
    loop = _sent(_quiet(2 * GOP), bit_rate=100_000)
    said = [repeats.take(image, key=key) for image, key in (*loop, *loop)]
    assert True not in said[: len(loop)]
    assert set(said[len(loop) :]) == {True}


def test_a_stream_whose_noise_is_always_coded_is_frozen_at_once_when_it_repeats() -> None:
    """It never left anything out: it need not be waited for the next key frame."""
    repeats = Repeats()
    street = Street()
    for at in range(KNOWN):
        assert repeats.take(street.picture(), key=at == 0) is False
    last = street.picture()
    assert [repeats.take(last, key=False) for _ in range(4)] == [False, True, True, True]


def test_what_builds_on_nothing_is_compared_at_once() -> None:
    """Motion JPEG and stills: every picture is a key frame."""
    repeats = Repeats()
    picture = Street().picture()
    assert [repeats.take(picture), repeats.take(picture)] == [False, True]
    repeats.forget()
    assert repeats.take(picture) is False
    assert repeats.take(np.full_like(cv2.blur(picture, (3, 3)), 128)) is None
