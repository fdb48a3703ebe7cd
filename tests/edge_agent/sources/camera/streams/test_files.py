"""Folders of stills and video files, good and bad."""

import os
from collections.abc import Callable
from pathlib import Path
from threading import Timer

import cv2
import numpy as np
import pytest

from edge_agent.sources.camera.streams.capture import Capture
from edge_agent.sources.camera.streams.frame import BrokenPicture, NoPicture
from edge_agent.sources.camera.streams.stills import MOST_BYTES, Place, Stills, read_picture
from edge_agent.sources.camera.streams.torn import FILLS, Tears, is_cut, is_torn
from edge_agent.sources.camera.streams.trouble import Stream
from tests.edge_agent.sources.camera.pictures import Street


def _film(path: Path, pictures: int) -> Path:
    street = Street()
    first = street.picture()
    size = (first.shape[1], first.shape[0])
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 50.0, size)
    for _ in range(pictures):
        writer.write(street.picture())
    writer.release()
    return path


def test_stills_come_in_the_order_of_their_names_and_half_a_file_is_none(tmp_path: Path) -> None:
    """What comes later is waited for; at the end it says so."""
    street = Street()
    for name in ("b.jpg", "a.png", "c.jpg"):
        cv2.imwrite(str(tmp_path / name), street.picture())
    (tmp_path / "notes.txt").write_text("no picture")
    whole = (tmp_path / "b.jpg").read_bytes()
    (tmp_path / "b.jpg").write_bytes(whole[: len(whole) // 2])
    os.utime(tmp_path / "b.jpg", (0, 0))  # long ago
    stills = Stills(tmp_path, interval_s=0.0, loop=True)
    seen = []
    for _ in range(4):
        stills.grab()
        try:
            seen.append((stills.picture().shape[1], stills.anew))
        except BrokenPicture:
            seen.append(("broken", stills.anew))
    assert seen == [(400, False), ("broken", False), (400, False), (400, True)]


def test_an_empty_folder_is_said(tmp_path: Path) -> None:
    """And so is one that is not there."""
    with pytest.raises(NoPicture) as caught:
        Stills(tmp_path, interval_s=0.2, loop=False)
    assert caught.value.stream is Stream.EMPTY
    with pytest.raises(NoPicture) as caught:
        Stills(tmp_path / "away", interval_s=0.2, loop=False)
    assert caught.value.stream is Stream.UNREACHABLE


def test_a_folder_that_is_opened_again_goes_on_behind_the_last_still(tmp_path: Path) -> None:
    """What was shown before would be told as if it were now."""
    for name in ("a.jpg", "b.jpg"):
        cv2.imwrite(str(tmp_path / name), Street().picture())
    place = Place()
    Stills(tmp_path, interval_s=0.0, loop=False, place=place).grab()
    again = Stills(tmp_path, interval_s=0.0, loop=False, place=place)
    again.grab()
    assert place.name == "b.jpg"


def test_a_still_that_is_being_written_is_waited_for(tmp_path: Path) -> None:
    """An upload has no end yet; one that never gets one is broken, and the next is shown."""
    whole = cv2.imencode(".jpg", Street().picture())[1].tobytes()
    path = tmp_path / "a.jpg"
    path.write_bytes(whole[:2000])
    later = Timer(0.3, path.write_bytes, [whole])
    later.start()
    stills = Stills(tmp_path, interval_s=0.0, loop=False)
    stills.grab()
    assert stills.picture().shape == (224, 400, 3)
    later.join()
    (tmp_path / "b.jpg").write_bytes(whole[:2000])
    os.utime(tmp_path / "b.jpg", (0, 0))  # nobody writes it any more
    stills.grab()
    with pytest.raises(BrokenPicture, match=r"b\.jpg is cut off"):
        stills.picture()


@pytest.mark.parametrize("loop", [True, False])
def test_a_film_is_played_to_its_end_or_again(tmp_path: Path, loop: bool) -> None:
    """Whoever plays it again says where it begins."""
    capture = Capture(str(_film(tmp_path / "street.avi", 3)), live=False, loop=loop)
    try:
        for _ in range(3):
            capture.grab()
            assert capture.picture().shape == (224, 400, 3)
        if loop:
            capture.grab()
            assert capture.anew
        else:
            with pytest.raises(NoPicture) as caught:
                capture.grab()
            assert caught.value.stream is Stream.ENDED
    finally:
        capture.close()


@pytest.mark.parametrize("content", [b"", b"no video at all", b"\0" * 5000])
def test_what_is_no_video_is_said(tmp_path: Path, content: bytes) -> None:
    """It never becomes a picture."""
    path = tmp_path / "street.mp4"
    path.write_bytes(content)
    with pytest.raises(NoPicture) as caught:
        Capture(str(path), live=False).grab()
    assert caught.value.stream is Stream.NO_VIDEO
    os.mkfifo(tmp_path / "pipe.mp4")
    for name, said in (("away.mp4", "there is no such file"), ("pipe.mp4", "is neither a file nor a folder")):
        with pytest.raises(NoPicture, match=said) as caught:
            Capture(str(tmp_path / name), live=False)
        assert caught.value.stream is Stream.UNREACHABLE


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff\xd9", b"GIF89a" * 20])
def test_a_file_that_is_no_picture_is_broken(tmp_path: Path, content: bytes) -> None:
    """However it is called."""
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with pytest.raises(BrokenPicture):
        read_picture(path)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: os.mkfifo(path), "is a pipe"),
        (lambda path: path.mkdir(), "is a directory"),
        (lambda path: path.symlink_to("/dev/zero"), "is a device"),
        (lambda path: path.symlink_to(path), "Too many levels of symbolic links"),
        (lambda path: path.symlink_to("away"), "No such file or directory"),
        (lambda path: path.symlink_to("/proc/self/mem"), "Input/output error"),
        (lambda path: (path.touch(), os.truncate(path, MOST_BYTES + 1)), "has more than 64 MB"),
        (lambda path: path.write_bytes(b"GIF89a" * 20), "is no JPEG, PNG, BMP or WebP"),
        (lambda path: path.write_bytes(b""), "is empty"),
        (lambda path: path.write_bytes(cv2.imencode(".tiff", Street().picture())[1].tobytes()), "is no JPEG, PNG"),
    ],
)
def test_what_is_no_file_of_a_picture_is_named_and_never_waited_for(
    tmp_path: Path, make: Callable[[Path], object], said: str
) -> None:
    """A pipe would hang its reader, a device never ends."""
    make(tmp_path / "a.jpg")
    with pytest.raises(BrokenPicture, match=f"a.jpg:? {said}"):
        read_picture(tmp_path / "a.jpg")


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".webp"])
@pytest.mark.parametrize("colour", [*FILLS, (0, 0, 0), (255, 255, 255)])
def test_a_picture_of_one_colour_is_a_picture(tmp_path: Path, suffix: str, colour: tuple[int, int, int]) -> None:
    """Also of the colour that a decoder fills with: what it shows is for others to doubt."""
    path = tmp_path / f"a{suffix}"
    cv2.imwrite(str(path), np.full((64, 96, 3), colour, np.uint8))
    assert read_picture(path).shape == (64, 96, 3)


def test_only_a_jpeg_can_lack_its_lower_part(tmp_path: Path) -> None:
    """What came of it is followed by the decoder's grey; a picture that is drawn so in PNG is whole."""
    picture = Street().picture()
    picture[150:] = FILLS[0]
    assert is_cut(picture)
    assert not is_cut(np.full_like(picture, 128))
    cv2.imwrite(str(tmp_path / "a.png"), picture)
    assert (read_picture(tmp_path / "a.png") == picture).all()
    whole = cv2.imencode(".jpg", Street().picture())[1].tobytes()
    (tmp_path / "a.jpg").write_bytes(whole[: len(whole) // 2] + b"\xff\xd9")
    with pytest.raises(BrokenPicture, match=r"a\.jpg cannot be decoded"):
        read_picture(tmp_path / "a.jpg")


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_a_picture_is_whole_by_what_it_is_and_not_by_its_name(tmp_path: Path, suffix: str) -> None:
    """Zeros behind it, as cameras pad with, take nothing away; the other suffix neither; a lost end does."""
    data = cv2.imencode(suffix, np.full((32, 32, 3), 90, np.uint8))[1].tobytes()
    for name, content in (("a" + suffix, data + bytes(4096)), ("b.jpg", data), ("c.png", data)):
        (tmp_path / name).write_bytes(content)
        assert read_picture(tmp_path / name).shape == (32, 32, 3)
        (tmp_path / name).write_bytes(data[: len(data) * 2 // 3])
        with pytest.raises(BrokenPicture, match=f"{name} is cut off"):
            read_picture(tmp_path / name)


@pytest.mark.parametrize("fill", FILLS)
def test_a_picture_whose_lower_part_never_came_is_torn(fill: tuple[int, int, int]) -> None:
    """What decoders fill with is told from a night, and from a grey wall that a sensor sees."""
    picture = Street().picture()
    assert not is_torn(picture)
    picture[150:] = fill
    assert is_torn(picture)
    assert not is_torn(np.zeros_like(picture))
    picture[150:] = Street().develop(np.full((74, 400), 128, np.float32))
    assert not is_torn(picture)


def test_a_lower_part_that_is_left_over_from_an_earlier_picture_is_torn() -> None:
    """A decoder's buffer; what repeats as a whole is frozen, and that is another matter."""
    street, tears = Street(), Tears()
    old = street.picture()
    assert not tears.take(old)
    for _ in range(3):
        half = street.picture()
        half[120:] = old[120:]
        assert tears.take(half)
    assert not tears.take(street.picture())
    assert not tears.take(old)
