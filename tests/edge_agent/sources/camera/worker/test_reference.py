"""The picture that says where a camera looks: learned once, kept, and given back."""

from pathlib import Path

import cv2

from edge_agent.sources.camera.integrity.integrity import Integrity
from edge_agent.sources.camera.integrity.placing import place_of
from edge_agent.sources.camera.worker.reference import Reference
from edge_agent.vision.structure import bands_of, small_grey
from tests.edge_agent.sources.camera.pictures import Street


def test_what_was_learned_is_kept_once_and_known_after_a_restart(tmp_path: Path) -> None:
    """And a camera that was turned meanwhile is found by it."""
    street, integrity = Street(), Integrity()
    path = tmp_path / "cameras" / "camera-1.png"
    first = Reference(given="", learned=str(path))
    assert first.bands() is None
    for at in range(60):
        integrity.take(street.picture(), at * 0.2)
        first.keep(integrity)
    content = path.read_bytes()
    assert list(path.parent.iterdir()) == [path]
    again = Reference(given="", learned=str(path))
    known = again.bands()
    assert known is not None
    assert place_of(bands_of(small_grey(street.picture())), known).moved is False
    assert place_of(bands_of(small_grey(street.moved())), known).moved is True
    again.keep(integrity)
    assert path.read_bytes() == content


def test_a_given_picture_wins_and_one_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    """Nothing is learned beside a given one."""
    given, learned = tmp_path / "given.png", tmp_path / "learned.png"
    cv2.imwrite(str(given), Street().picture())
    assert Reference(given=str(given), learned=str(learned)).bands() is not None
    given.write_bytes(b"no picture")
    broken = Reference(given=str(given), learned=str(learned))
    assert broken.bands() is None
    integrity, street = Integrity(), Street()
    for at in range(60):
        integrity.take(street.picture(), at * 0.2)
    broken.keep(integrity)
    assert not learned.exists()


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    """The camera goes on without a reference."""
    (tmp_path / "cameras").write_text("a file")
    reference, integrity, street = (
        Reference(given="", learned=str(tmp_path / "cameras" / "a.png")),
        Integrity(),
        Street(),
    )
    for at in range(60):
        integrity.take(street.picture(), at * 0.2)
        reference.keep(integrity)
    assert reference.bands() is None
