"""Labelled frames are read as they are found in the wild, and answers about them are counted rightly."""

from pathlib import Path

import cv2
import numpy as np
import pytest

SPACE = '<space id="{id}" {occupied}>{inside}</space>'
CONTOUR = (
    '<contour><point x="10" y="10" /><point x="40" y="10" /><point x="40" y="30" /><point x="10" y="30" /></contour>'
)
RECTANGLE = '<rotatedRect><center x="50" y="30" /><size w="20" h="40" /><angle d="-90" /></rotatedRect>'


def _write(folder: Path, name: str, *spaces: str) -> None:
    (folder / f"{name}.xml").write_text(f'<parking id="UFPR05">{"".join(spaces)}</parking>', encoding="utf-8")
    cv2.imwrite(str(folder / f"{name}.png"), np.full((60, 100, 3), 90, np.uint8))


def test_a_space_without_occupied_is_no_crash(tmp_path: Path) -> None:
    """Nobody labelled it: it is read, and no answer about it is counted."""
    from evaluate_berth import always_free, answers

    from berth.frames import read_frames

    labels = ('occupied="1"', "", 'occupied="maybe"', 'occupied="0"')
    _write(tmp_path, "a", *(SPACE.format(id=at, occupied=one, inside=CONTOUR) for at, one in enumerate(labels)))
    (frame,) = read_frames(tmp_path)
    assert frame.camera == "ufpr05"
    assert [space.occupied for space in frame.spaces] == [True, None, None, False]
    assert [(one.occupied, one.said) for one in answers([frame], always_free)] == [(True, False), (False, False)]


@pytest.mark.parametrize(
    ("inside", "count"),
    [
        (CONTOUR.replace("point", "Point"), 1),  # as camera UFPR04 has it
        (RECTANGLE, 1),
        ('<contour><point x="1" /></contour>', 0),
        ('<contour><point x="1" y="2" /></contour>' + RECTANGLE, 1),
        ("<rotatedRect><center x='5' /></rotatedRect>", 0),
        ("", 0),
    ],
)
def test_a_space_is_where_its_contour_or_its_rectangle_is(tmp_path: Path, inside: str, count: int) -> None:
    """A space that is nowhere is left out."""
    from berth.frames import read_frames

    _write(tmp_path, "a", SPACE.format(id=1, occupied='occupied="1"', inside=inside),
           SPACE.format(id=2, occupied='occupied="0"', inside=CONTOUR))  # fmt: skip
    (frame,) = read_frames(tmp_path)
    assert len(frame.spaces) == count + 1


def test_a_picture_that_cannot_be_decoded_is_named_and_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Half of one, or none at all: the others are evaluated."""
    from berth.frames import read_frames

    for name in ("empty", "half", "whole"):
        _write(tmp_path, name, SPACE.format(id=1, occupied='occupied="1"', inside=CONTOUR))
    whole = (tmp_path / "whole.png").read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.png").write_bytes(b"")
    assert [one.file.stem for one in read_frames(tmp_path)] == ["whole"]
    assert [line.split(": left out: ")[0] for line in capsys.readouterr().err.splitlines() if "left out" in line] == [
        str(tmp_path / "empty.xml"), str(tmp_path / "half.xml"),
    ]  # fmt: skip


def test_pictures_lie_beside_or_in_the_next_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As in PKLot's sequences; an XML without a picture is none, one that is broken is named."""
    from berth.frames import read_frames

    for name in ("frames", "bounding_boxes"):
        (tmp_path / name).mkdir()
    _write(tmp_path / "bounding_boxes", "a", SPACE.format(id=1, occupied="", inside=CONTOUR))
    (tmp_path / "bounding_boxes" / "a.png").rename(tmp_path / "frames" / "a.png")
    (tmp_path / "bounding_boxes" / "alone.xml").write_text("<cap/>", encoding="utf-8")
    (tmp_path / "bounding_boxes" / "b.xml").write_text("<parking><space", encoding="utf-8")
    cv2.imwrite(str(tmp_path / "frames" / "b.png"), np.zeros((4, 4, 3), np.uint8))
    assert [one.file.name for one in read_frames(tmp_path)] == ["a.png"]
    assert "b.xml: left out" in capsys.readouterr().err


def test_unknown_is_wrong_and_intervals_are_never_empty() -> None:
    """Balanced accuracy is the mean of both recalls; without an error the interval still has a lower end."""
    from berth.scores import Answer, score

    told = [Answer("a", True, True)] * 8 + [Answer("a", True, None)] * 2 + [Answer("a", False, False)] * 30
    found = score(told)
    assert found.balanced == pytest.approx(0.9)
    assert found.unknown == pytest.approx(0.05)
    assert found.low < 0.9 < found.high < 1
    perfect = score([Answer("a", False, False)] * 28)
    assert (perfect.balanced, perfect.high) == (1.0, 1.0)
    assert perfect.low == pytest.approx(0.879, abs=0.002)  # Wilson's for 28 of 28


def test_calibration_is_how_far_confidence_is_from_being_right() -> None:
    """Nine of ten right at 0.9 is no error; all wrong at 0.95 is nearly all error."""
    from berth.scores import Answer, calibration_error

    good = [Answer("a", at > 0, True, 0.9) for at in range(10)]
    assert calibration_error(good) == pytest.approx(0.0, abs=1e-9)
    assert calibration_error([Answer("a", False, True, 0.95)] * 5) == pytest.approx(0.95)
    assert calibration_error([Answer("a", False, None)]) is None


def test_the_table_judges_any_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Frames of a camera that nobody knows: a row of its own, no promise about it, and no crash without YOLOX."""
    from evaluate_berth import committed

    from berth.frames import read_frames

    _write(tmp_path, "a", SPACE.format(id=1, occupied='occupied="0"', inside=CONTOUR),
           SPACE.format(id=2, occupied="", inside=RECTANGLE))  # fmt: skip
    text = (tmp_path / "a.xml").read_text(encoding="utf-8").replace("UFPR05", "north")
    (tmp_path / "a.xml").write_text(text, encoding="utf-8")
    committed(read_frames(tmp_path), tmp_path)
    told = capsys.readouterr().out
    assert "berth model    north" in told
    assert "SKIP  yolox_nano" in told
    assert "seen in training" not in told
