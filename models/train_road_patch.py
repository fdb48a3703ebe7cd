"""Make road_patch.onnx anew, with its entry in models.toml, from the photographs in DATA, with a fixed seed.

Run ``python models/train_road_patch.py --data ../shared/data`` with the extra ``train`` installed; it takes a quarter
of an hour on two cores. The data stays where it is; what is written is the model, and what models.toml says of it.
"""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "models"))

from edge_agent.vision.road.patch import CONTEXT, LABELS, SIZE, SURE, pair  # noqa: E402
from entries import texts  # noqa: E402  (scripts, not a package)
from road.examples import DRAWN, Example, Source  # noqa: E402
from road.ground import drawn  # noqa: E402
from road.net import Named, Net  # noqa: E402
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

EXAMPLES, EPOCHS = 22_000, 6
RATES = 1e-3, 3e-3
SURELY = 0.96  # of an answer: whoever drew it may be wrong
Pairs = NDArray[np.uint8]
Answers = NDArray[np.float32]


def make_piece(data: Path, seed: int, count: int) -> list[Example]:
    """Return ``count`` examples."""
    rng, source = np.random.default_rng(seed), Source(data, held=False)
    return [source.example(rng) for _ in range(count)]


def train(pairs: Pairs, answers: Answers, *, backbone: Path, epochs: int) -> Net:
    """Return a net that learned the answers."""
    begin()
    net = Net(backbone, len(LABELS))
    firm = by_parts(lambda some: _firm(net, some), pairs, size=128)
    inputs, targets = torch.from_numpy(pairs), torch.from_numpy(answers) * SURELY + (1 - SURELY) / len(LABELS)

    def cost(chosen: torch.Tensor) -> torch.Tensor:
        said = net.rest(firm[chosen].transpose(0, 1).flatten(0, 1).float(), inputs[chosen])
        return torch.nn.functional.cross_entropy(said, targets[chosen])

    return fit(net, cost, count=len(pairs), epochs=epochs, rates=RATES)


def _firm(net: Net, pairs: torch.Tensor) -> torch.Tensor:
    """Return the features that do not learn, once for all epochs, in half precision: (n, after and before, …)."""
    return torch.stack(net.firm(pairs).half().chunk(2), dim=1)


def logits(net: Net, pairs: Pairs) -> NDArray[np.float64]:
    """Return what the net says of pairs."""
    return by_parts(net, pairs, size=256).double().numpy()


def _log_softmax(said: NDArray[np.float64]) -> NDArray[np.float64]:
    top = said.max(axis=1, keepdims=True)
    spread: NDArray[np.float64] = said - top - np.log(np.exp(said - top).sum(axis=1, keepdims=True))
    return spread


def learn(examples: Sequence[Example], *, backbone: Path, epochs: int) -> tuple[Net, float, dict[str, float]]:
    """Return a net, its temperature and its scores; both come from examples that it did not learn."""
    pairs = np.stack([one.pair for one in examples])
    answers = np.array([one.answer for one in examples], np.float32)
    held = held_out(len(examples))
    net = train(pairs[~held], answers[~held], backbone=backbone, epochs=epochs)
    said = logits(net, pairs[held])
    temperature = temperature_of(lambda one: -(answers[held] * _log_softmax(said / one)).sum(axis=1).mean())
    sure = np.exp(_log_softmax(said / temperature))
    sorts = np.array([one.sort for one in examples])[held]
    return net, temperature, _scores(sure, sorts)


def _scores(sure: NDArray[np.float64], sorts: NDArray[np.str_]) -> dict[str, float]:
    """Return the share of each sort that was told rightly and surely; of junk the share that is unknown."""
    likeliest, found = np.where(sure.max(axis=1) < SURE, len(LABELS), sure.argmax(axis=1)), {}
    for sort in sorted(set(sorts.tolist())):
        wanted = len(LABELS) if sort == "junk" else LABELS.index(sort.split()[0])
        found[sort.replace(" ", "_")] = float((likeliest[sorts == sort] == wanted).mean())
    return found


def golden() -> Pairs:
    """Return drawn pairs, so that no photograph stands in models.toml: one for each label."""
    rng, made = np.random.default_rng(SEED), []
    for sort in ("hole drawn", "water drawn", "person drawn", "object drawn", "shadow drawn"):
        before, after, where = DRAWN[sort](drawn(rng), rng, flat=0.6)
        x, y, w, h = cv2.boundingRect((where > 0.35).astype(np.uint8))
        made.append(pair(after, before, (x, y, x + w, y + h)))
    ground = drawn(rng)
    return np.stack([*made, pair(ground, ground, (50, 50, 110, 110))])


def described() -> str:
    """Return what models.toml says of the model."""
    return f"""
licence = "Apache-2.0; attribution to Annotated Potholes, PKLot, YOLOX and others in the card"
data = "Annotated Potholes Image Dataset, A. R. Chitholian 2020 (ODbL 1.0), PKLot (CC BY 4.0), \
berth crops (MIT), drawn; begun from YOLOX-nano"
labels = [{texts(LABELS)}]
tolerance = 0.002 # of a golden output

[road_patch.input]
name = "pairs"
type = "tensor(uint8)"
shape = [{2 * SIZE}, {SIZE}, 3] # after the number of pairs: the patch after above the patch before

[road_patch.picture]
fit = "patch"
layout = "nhwc"
context = {CONTEXT}

[road_patch.scores] # of single pairs that it was not trained with; of frames: make evaluate, road_patch.md
"""


def main() -> None:
    """Train, export, write the entry."""
    chosen = arguments(__doc__, examples=EXAMPLES, epochs=EPOCHS).parse_args()
    started = time.monotonic()
    made = collect(make_piece, chosen.data, chosen.examples)
    print(f"{len(made)} examples in {time.monotonic() - started:.0f} s", flush=True)  # noqa: T201
    net, temperature, measured = learn(made, backbone=chosen.data / BACKBONE, epochs=chosen.epochs)
    print(f"trained in {time.monotonic() - started:.0f} s, temperature {temperature:.2f}")  # noqa: T201
    path, named = chosen.out / "road_patch.onnx", Named(net, temperature)
    write(named, path, golden(), takes="pairs", said=described(), scores=measured)


if __name__ == "__main__":
    main()
