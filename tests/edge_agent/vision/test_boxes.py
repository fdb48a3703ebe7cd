"""A detector sees the frame and its tiles, and a zone is as sure as the surest box that covers enough of it."""

from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from edge_agent.infer.model import ModelRefused, Refusal, load_model
from edge_agent.infer.registry import Decoder, Input, ModelEntry, Picture
from edge_agent.vision.boxes import BoxScorer
from tests.real_data import DATA

FOREIGN = Path(__file__).parents[3] / "models" / "foreign"
ENTRY = ModelEntry(
    file="blob.onnx", sha256="", input=Input("images", "tensor(float)", (3, 64, 64)), labels=("car",), licence="",
    data="", card="", golden=(), scores={}, picture=Picture("letterbox"),
    decoder=Decoder("yolox", vehicles=("car",), strides=(8,), least_score=0.2),
)  # fmt: skip


class Blob:
    """Finds what is bright: a real decoder's input, made from the picture that it is given."""

    def __init__(self, entry: ModelEntry) -> None:
        self.entry, self.labels = entry, entry.labels
        self.seen: list[np.ndarray] = []

    def __call__(self, batch: np.ndarray) -> np.ndarray:
        """Return one box round the bright pixels, if there are enough."""
        self.seen.append(batch)
        output = np.zeros((1, 64, 6), np.float32)
        rows, columns = np.nonzero(batch[0].mean(axis=0) > 200)
        if len(rows) > 4:
            x, y = columns.mean() / 8, rows.mean() / 8
            wide, high = (np.ptp(columns) + 1) / 8, (np.ptp(rows) + 1) / 8
            output[0, 0] = [x, y, np.log(wide), np.log(high), 0.9, min(1.0, len(rows) / 100)]
        return output


def _frame(x: int, y: int, side: int) -> np.ndarray:
    frame = np.full((120, 240, 3), 60, np.uint8)
    frame[y : y + side, x : x + side] = 255
    return frame


def test_a_box_comes_back_in_the_frames_own_pixels() -> None:
    """The frame goes in top left, scaled by the same number both ways, and the rest is padded."""
    blob = Blob(ENTRY)
    found = BoxScorer(blob, []).find(_frame(120, 40, 60))  # type: ignore[arg-type]
    assert found.corners[0].tolist() == pytest.approx([120, 40, 180, 100], abs=4)
    assert blob.seen[0].shape == (1, 3, 64, 64)
    assert set(blob.seen[0][0, :, 40:].ravel().tolist()) == {114.0}


def test_a_zone_is_as_sure_as_the_box_over_it() -> None:
    """A zone that is hardly touched is free."""
    under, beside = ((125, 45), (175, 45), (175, 95), (125, 95)), ((170, 40), (230, 40), (230, 100), (170, 100))
    scorer = BoxScorer(Blob(ENTRY), [under, beside])  # type: ignore[arg-type]
    sure, free = scorer.score(scorer.prepare(_frame(120, 40, 60), [0, 1]))
    assert sure is not None
    assert sure > 0.5
    assert free == 0.0


def test_tiles_find_what_is_small() -> None:
    """Four parts and the whole: what is too small in the whole is found in its tile, once."""
    tiled = msgspec.structs.replace(ENTRY, picture=Picture("letterbox", tiles=(2, 2)))
    frame = _frame(180, 80, 12)
    assert len(BoxScorer(Blob(ENTRY), []).find(frame).scores) == 0  # type: ignore[arg-type]
    blob = Blob(tiled)
    found = BoxScorer(blob, []).find(frame)  # type: ignore[arg-type]
    assert len(blob.seen) == 5
    assert found.corners.tolist() == [pytest.approx([180, 80, 192, 92], abs=3)]


def test_order_layout_and_normalisation_are_data() -> None:
    """RGB, rows by columns by 3, mean and deviation: as the entry says."""
    picture = Picture("stretch", layout="nhwc", order="rgb", mean=(10.0, 20.0, 30.0), std=(2.0,))
    blob = Blob(msgspec.structs.replace(ENTRY, input=Input("i", "tensor(float)", (64, 64, 3)), picture=picture))
    frame = np.zeros((64, 64, 3), np.uint8) + np.array([50, 100, 200], np.uint8)
    BoxScorer(blob, []).find(frame)  # type: ignore[arg-type]
    assert blob.seen[0].shape == (1, 64, 64, 3)
    assert blob.seen[0][0, 5, 5].tolist() == [95.0, 40.0, 10.0]


def test_yolox_by_configuration_alone_finds_vehicles() -> None:
    """A model that nobody here made, from its text in models/foreign: most occupied spaces of a real frame."""
    if not (DATA / "onnx" / "yolox_nano.onnx").is_file():
        pytest.skip(f"{DATA} is not there")
    model = load_model("yolox_nano", folder=FOREIGN, files=DATA / "onnx")
    frame = cv2.imread(str(DATA / "images/pklot_ufpr05/sequence2/frames/2013-03-09_09_45_04.png"))
    assert len(BoxScorer(model, []).find(frame.astype(np.uint8)).scores) >= 7


def test_a_detector_with_another_grid_is_refused(tmp_path: Path) -> None:
    """Three strides give 3,549 cells; two do not."""
    if not (DATA / "onnx" / "yolox_nano.onnx").is_file():
        pytest.skip(f"{DATA} is not there")
    text = (FOREIGN / "models.toml").read_text(encoding="utf-8")
    (tmp_path / "models.toml").write_text(text.replace('kind = "yolox"', 'kind = "yolox"\nstrides = [8, 16]'))
    with pytest.raises(ModelRefused) as refused:
        load_model("yolox_nano", folder=tmp_path, files=DATA / "onnx")
    assert refused.value.refusal is Refusal.LABELS
