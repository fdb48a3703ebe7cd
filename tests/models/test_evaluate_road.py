"""What `make evaluate` says of roads on data that is not all there."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest


def test_data_without_all_that_a_figure_is_made_of_is_skipped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No photograph, or no frames of one camera beside them: said in a line, and no figure is made of nothing."""
    from evaluate_road import show_holes, show_patches

    potholes = tmp_path / "images" / "potholes"
    for name in ("images", "labels"):
        (potholes / name).mkdir(parents=True)
    show_patches(tmp_path, [], each=1)
    cv2.imwrite(str(potholes / "images" / "a.jpg"), np.full((300, 400, 3), 120, np.uint8))
    (potholes / "labels" / "a.txt").write_text("0 0.5 0.5 0.4 0.4\n", encoding="utf-8")
    show_patches(tmp_path, [], each=1)
    assert show_holes(tmp_path, [], each=1, most=None)
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == [
        "SKIP  patches", "SKIP  patches", "SKIP  potholes in real frames",
    ]  # fmt: skip


@pytest.mark.parametrize("option", ["--each", "--holes", "--patches"])
def test_none_of_anything_is_refused(
    option: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No figure is made of nothing."""
    import evaluate_road

    monkeypatch.setattr(sys, "argv", ["evaluate_road", option, "0"])
    with pytest.raises(SystemExit):
        evaluate_road.main()
    assert f"argument {option}: invalid at_least_one value: '0'" in capsys.readouterr().err


@pytest.mark.parametrize("script", ["evaluate_road", "evaluate_berth"])
def test_a_folder_that_is_not_there_is_no_success(
    script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A slip of the pen in DATA must not look like figures that were kept."""
    module = __import__(script)
    monkeypatch.setattr(sys, "argv", [script, "--data", str(tmp_path / "away")])
    with pytest.raises(SystemExit) as ended:
        module.main()
    assert ended.value.code == 2
    assert f"--data: there is no folder {tmp_path / 'away'}" in capsys.readouterr().err
