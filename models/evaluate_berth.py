"""Print how well berths are told free from occupied, on labelled frames: DATA/**/*.xml with a picture of each name.

``make evaluate DATA=…`` runs it. Two tables of balanced accuracy, where unknown counts as wrong: the committed model on
every camera of DATA, beside three other ways to decide; and leave-one-camera-out, where the model is trained anew
without the camera that it is asked about. Each figure that the project promises is a gate with a line of its own.
"""

import argparse
import importlib.util
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "models"))

from berth.examples import CROPS  # noqa: E402  (scripts, not a package)
from berth.frames import Frame, Labelled, Space, read_crops, read_frames  # noqa: E402
from berth.scores import Answer, Score, score  # noqa: E402
from edge_agent.infer.model import load_model  # noqa: E402
from edge_agent.infer.registry import models_folder, read_entry  # noqa: E402
from edge_agent.vision.boxes import BoxScorer  # noqa: E402
from edge_agent.vision.patches import Patches  # noqa: E402
from edge_agent.vision.scoring import PatchScorer  # noqa: E402

SEEN = ("ufpr05", "pucpr", "ufpr04")  # cameras that the committed model was trained with
LEAST_SEEN, LEAST_OUT, MOST_OFF = 0.97, 0.95, 0.05
QUICK = (8_000, 4)  # examples, epochs
USUAL = (40_000, 8)  # seven minutes on two cores
Way = Callable[[Frame, Sequence[Space]], list[tuple[bool | None, float | None]]]


def answers(frames: Iterable[Labelled], way: Way) -> list[Answer]:
    """Return what a way to decide says of every labelled space."""
    told = []
    for one in frames:
        spaces = [space for space in one.spaces if space.occupied is not None]
        said = way(one.read(), spaces) if spaces else []
        told += [Answer(one.camera, bool(space.occupied), word, sure)
                 for space, (word, sure) in zip(spaces, said, strict=True)]  # fmt: skip
    return told


def by_model() -> Way:
    """Return the committed model as a way."""
    model = load_model("berth")

    def say(frame: Frame, spaces: Sequence[Space]) -> list[tuple[bool | None, float | None]]:
        scorer = PatchScorer(model, [space.polygon for space in spaces])
        patches = scorer.prepare(frame, range(len(spaces)))
        told = zip(scorer.score(patches), scorer.probabilities(patches), strict=True)
        return [(None if known is None else known > 0.5, sure) for known, sure in told]

    return say


def by_boxes(weights: Path) -> Way:
    """Return YOLOX-nano, which models/foreign/models.toml alone makes usable, as a way."""
    model = load_model("yolox_nano", folder=ROOT / "models" / "foreign", files=weights)

    def say(frame: Frame, spaces: Sequence[Space]) -> list[tuple[bool | None, float | None]]:
        scorer = BoxScorer(model, [space.polygon for space in spaces])
        told = scorer.score(scorer.prepare(frame, range(len(spaces))))
        return [((sure or 0) > 0, None) for sure in told]

    return say


def by_grey(frames: Sequence[Labelled]) -> Way:
    """Return a threshold on how many edges a space has: the one that suits these frames best: that flatters it."""
    dense = [(edges(one.read(), space), bool(space.occupied)) for one in frames for space in one.spaces
             if space.occupied is not None]  # fmt: skip
    found, truth = np.array([value for value, _ in dense]), np.array([label for _, label in dense])
    tried = np.unique(found)
    right = [np.mean([(found[truth == label] > one).mean() if label else (found[truth == label] <= one).mean()
                      for label in set(truth.tolist())]) for one in tried]  # fmt: skip
    best = float(tried[int(np.argmax(right))])
    return lambda frame, spaces: [(edges(frame, space) > best, None) for space in spaces]


def edges(frame: Frame, space: Space) -> float:
    """Return the share of a space's pixels that lie on an edge."""
    grey = cv2.cvtColor(Patches([space.polygon], size=64, context=0.0, dim=0.0).cut(frame)[0], cv2.COLOR_BGR2GRAY)
    inside = cv2.erode((grey > 0).astype(np.uint8), np.ones((5, 5)))
    return float(cv2.Canny(grey, 60, 160)[inside > 0].astype(bool).mean()) if inside.any() else 0.0


def always_free(_: Frame, spaces: Sequence[Space]) -> list[tuple[bool | None, float | None]]:
    """Say free, as two of three spaces of a car park are."""
    return [(False, None)] * len(spaces)


def table(told: Sequence[Answer]) -> dict[str, Score]:
    """Return a row for each camera and one for all of them."""
    cameras = sorted({one.camera for one in told})
    rows = {camera: score([one for one in told if one.camera == camera]) for camera in cameras}
    return {**rows, "pooled": score(told)}


def left_out(data: Path, *, examples: int, epochs: int) -> list[Answer]:
    """Return what nets say of the camera that each was trained without."""
    from train_berth import CONTEXT, DIM, PATCH, UNSURE, learn, logits, make_piece  # PyTorch may be absent

    from training import BACKBONE, collect

    frames, told = read_frames(data), []
    made = collect(make_piece, data, examples)
    for camera in [*sorted({one.camera for one in frames}), CROPS]:
        others = [one for one in made if camera not in one.cameras]
        net, temperature, _ = learn(others, backbone=data / BACKBONE, epochs=epochs)

        def say(frame: Frame, spaces: Sequence[Space]) -> list[tuple[bool | None, float | None]]:
            cut = Patches([space.polygon for space in spaces], size=PATCH, context=CONTEXT, dim=DIM).cut(frame)
            sure: NDArray[np.float64] = 1 / (1 + np.exp(-logits(net, cut) / temperature))  # noqa: B023
            return [(None if UNSURE[0] < one < UNSURE[1] else bool(one > 0.5), float(one)) for one in sure]

        part = of_crops(data, say) if camera == CROPS else answers([one for one in frames if one.camera == camera], say)
        told += part
        tell(f"  {camera:8} {score(part)}  {len(others)} examples, temperature {temperature:.2f}")
    return told


def of_crops(data: Path, way: Way) -> list[Answer]:
    """Return what a way says of the single-berth crops."""
    told = []
    for picture, occupied in read_crops(data):
        height, width = picture.shape[:2]
        (said,) = way(picture, [Space("1", occupied, ((0, 0), (width, 0), (width, height), (0, height)))])
        told.append(Answer(CROPS, occupied, *said))
    return told


def tell(line: str) -> None:
    """Print a line at once: trainings lie between them."""
    print(line, flush=True)  # noqa: T201


def show(name: str, rows: dict[str, Score]) -> None:
    """Print a way's rows."""
    for camera, row in rows.items():
        tell(f"{name:14} {camera:8} {row}")


def gate(name: str, figure: float, passed: bool) -> bool:
    """Print a promise and whether it is kept."""
    tell(f"{'PASS' if passed else 'FAIL'}  {name}: {figure:.4f}")
    return passed


def committed(frames: list[Labelled], weights: Path) -> bool:
    """Print the table of the committed model and what stands beside it; return whether it is good enough."""
    entry = read_entry("berth", folder=models_folder())
    tell(f"\nthe committed model ({entry.file}, {entry.sha256[:12]}…) on {len(frames)} frames; unknown counts as wrong")
    rows = table(answers(frames, by_model()))
    show("berth model", rows)
    show("always free", table(answers(frames, always_free)))
    show("grey level", table(answers(frames, by_grey(frames))))
    if (weights / "yolox_nano.onnx").is_file():
        told = answers(frames, by_boxes(weights))
        show("yolox_nano", table(told))
        found = [one.said for one in told if one.occupied]
        tell(
            f"yolox_nano by its entry alone finds a vehicle in {sum(map(bool, found))} of {len(found)} occupied spaces"
        )
    else:
        tell(f"SKIP  yolox_nano: {weights / 'yolox_nano.onnx'} is not there")
    kept = [
        gate(f"{camera}, a camera seen in training >= {LEAST_SEEN}", row.balanced, row.balanced >= LEAST_SEEN)
        for camera, row in rows.items() if camera in SEEN
    ]  # fmt: skip
    off = rows["pooled"].error or 0.0
    return all([*kept, gate(f"expected calibration error < {MOST_OFF}", off, off < MOST_OFF)])


def leave_one_out(data: Path, *, quick: bool) -> bool:
    """Print the table of leave-one-camera-out; return whether it is good enough."""
    examples, epochs = QUICK if quick else USUAL
    tell(f"\nleave one camera out: trained anew for each with {examples} examples; unknown counts as wrong")
    told = left_out(data, examples=examples, epochs=epochs)
    row = score([one for one in told if one.camera != CROPS])
    tell(f"  pooled   {row}  (cameras)")
    tell(f"  with {CROPS} {score(told)}  (pictures cut out at the berth, of a car park that no camera here sees)")
    off = row.error or 0.0
    return all([
        gate(f"leave-one-camera-out, pooled >= {LEAST_OUT}", row.balanced, row.balanced >= LEAST_OUT),
        gate(f"its expected calibration error < {MOST_OFF}", off, off < MOST_OFF),
    ])  # fmt: skip


def main() -> None:
    """Evaluate, print, and exit with 1 when a gate fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="labelled frames")
    parser.add_argument("--train-data", type=Path, default=ROOT.parent / "shared" / "data", help="to train anew from")
    parser.add_argument("--quick", action="store_true", help="train shortly; the figures are worse")
    parser.add_argument("--no-training", action="store_true", help="only the committed model")
    chosen = parser.parse_args()
    if not chosen.data.is_dir():
        parser.error(f"--data: there is no folder {chosen.data}")
    frames = read_frames(chosen.data)
    if not frames:
        tell(f"SKIP  no labelled frames in {chosen.data}")
        return
    good = committed(frames, chosen.train_data / "onnx")
    if chosen.no_training:
        sys.exit(0 if good else 1)
    if any(importlib.util.find_spec(name) is None for name in ("torch", "onnx")):
        tell("SKIP  leave one camera out: pip install -e '.[train]'")
    elif not read_frames(chosen.train_data):
        tell(f"SKIP  leave one camera out: no labelled frames in {chosen.train_data}")
    else:
        good &= leave_one_out(chosen.train_data, quick=chosen.quick)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
