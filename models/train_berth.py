"""Make berth.onnx anew, with its entry in models.toml, from the labelled car parks in DATA, with a fixed seed.

Run ``python models/train_berth.py --data ../shared/data`` with the extra ``train`` installed; it takes five minutes on
two cores. The data stays where it is; what is written is the model, and what models.toml says of it.
"""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "models"))

from berth.examples import CONTEXT, DIM, PATCH, Example, Source, patch  # noqa: E402  (scripts, not a package)
from berth.frames import read_frames  # noqa: E402
from berth.net import Named, Net, told  # noqa: E402
from berth.render import scene  # noqa: E402
from training import (  # noqa: E402
    BACKBONE,
    SEED,
    arguments,
    begin,
    by_parts,
    collect,
    fit,
    held_out,
    temperature_of,
    write,
)

EXAMPLES, EPOCHS = 40_000, 10
RATES = 1.2e-3, 4e-3
UNSURE = (0.45, 0.55)
Patches = NDArray[np.uint8]
Answers = NDArray[np.float32]


def make_piece(data: Path, seed: int, count: int) -> list[Example]:
    """Return ``count`` examples."""
    rng = np.random.default_rng(seed)
    source = Source(read_frames(data), data, rng=np.random.default_rng(SEED))
    made: list[Example] = []
    while len(made) < count:
        example = source.example(rng)
        if example is not None:
            made.append(example)
    return made


def train(patches: Patches, answers: Answers, *, backbone: Path, epochs: int) -> Net:
    """Return a net that learned the answers."""
    begin()
    net = Net(backbone)
    loss = torch.nn.BCEWithLogitsLoss()
    firm = by_parts(lambda some: net.firm(some).half(), patches, size=256)  # 16 kB a patch, once for all epochs
    targets = torch.from_numpy(answers) * 0.97 + 0.015

    def cost(chosen: torch.Tensor) -> torch.Tensor:
        return loss(net.rest(firm[chosen].float())[:, 0], targets[chosen])

    return fit(net, cost, count=len(patches), epochs=epochs, rates=RATES)


def logits(net: Net, patches: Patches) -> NDArray[np.float64]:
    """Return what the net says of patches."""
    return by_parts(lambda some: told(net, some)[:, 0], patches, size=512).double().numpy()


def learn(examples: Sequence[Example], *, backbone: Path, epochs: int) -> tuple[Net, float, dict[str, float]]:
    """Return a net, its temperature and its scores; both come from examples that it did not learn."""
    patches = np.stack([one.patch for one in examples])
    answers = np.array([one.answer for one in examples], np.float32)
    held = held_out(len(examples))
    net = train(patches[~held], answers[~held], backbone=backbone, epochs=epochs)
    said, truth = logits(net, patches[held]), answers[held]
    sure = truth != 0.5
    signed = said[sure] * np.where(truth[sure] > 0.5, 1, -1)
    temperature = temperature_of(lambda one: np.logaddexp(0, -signed / one).mean())
    known = 1 / (1 + np.exp(-said[truth == 0.5] / temperature))
    measured = {
        "spoilt_occupied": float((said[truth == 1] > 0).mean()), "spoilt_free": float((said[truth == 0] < 0).mean()),
        "junk_unknown": float(((known > UNSURE[0]) & (known < UNSURE[1])).mean()),
    }  # fmt: skip
    return net, temperature, measured


def golden() -> Patches:
    """Return rendered patches, so that no picture of anybody stands in models.toml."""
    rng, made = np.random.default_rng(SEED), []
    for wanted in (1.0, 0.0):
        taken = -1.0
        while taken != wanted:
            ground = np.full((160, 160, 3), rng.uniform(80, 150)).astype(np.uint8)
            canvas, polygon, taken = scene(ground, rng)
        made.append(patch(canvas, polygon, np.random.default_rng(SEED), moved=0.0))
    return np.stack(made)


def described() -> str:
    """Return what models.toml says of the model."""
    return f"""
licence = "Apache-2.0; attribution to PKLot, YOLOX and others in the card"
data = "PKLot (CC BY 4.0), berth crops (MIT), road photographs (ODbL 1.0), rendered; begun from YOLOX-nano"
labels = ["free", "occupied"]
tolerance = 0.002 # of a golden output

[berth.input]
name = "patches"
type = "tensor(uint8)"
shape = [{PATCH}, {PATCH}, 3] # after the number of patches

[berth.picture]
fit = "patch"
layout = "nhwc"
context = {CONTEXT}
dim = {DIM}

[berth.decoder]
kind = "classifier"
vehicles = ["occupied"]
unsure = [{UNSURE[0]}, {UNSURE[1]}]

[berth.scores] # of single spoilt patches that it was not trained with; of frames: make evaluate, berth.md
"""


def main() -> None:
    """Train, export, write the entry."""
    parser = arguments(__doc__, examples=EXAMPLES, epochs=EPOCHS)
    parser.add_argument("--without", default="", help="leave a camera out, for a try")
    chosen = parser.parse_args()
    started = time.monotonic()
    made = [one for one in collect(make_piece, chosen.data, chosen.examples) if chosen.without not in one.cameras]
    print(f"{len(made)} examples in {time.monotonic() - started:.0f} s", flush=True)  # noqa: T201
    net, temperature, measured = learn(made, backbone=chosen.data / BACKBONE, epochs=chosen.epochs)
    print(f"trained in {time.monotonic() - started:.0f} s, temperature {temperature:.2f}")  # noqa: T201
    path, named = chosen.out / "berth.onnx", Named(net, temperature)
    write(named, path, golden(), takes="patches", said=described(), scores=measured)


if __name__ == "__main__":
    main()
