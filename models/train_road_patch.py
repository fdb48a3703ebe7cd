"""Make road_patch.onnx anew, with its entry in models.toml, from the photographs in DATA, with a fixed seed.

Run ``python models/train_road_patch.py --data ../shared/data`` with the extra ``train`` installed; it takes a quarter
of an hour on two cores. The data stays where it is; what is written is the model, and what models.toml says of it.
"""

import argparse
import base64
import copy
import hashlib
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "models"))

from entries import put  # noqa: E402  (scripts, not a package)
from road_examples import DRAWN, Example, Source  # noqa: E402
from road_ground import drawn  # noqa: E402
from road_net import Named, Net  # noqa: E402

from edge_agent.vision.road.patch import CONTEXT, LABELS, SIZE, SURE, pair  # noqa: E402

SEED = 20_261_121
BACKBONE = Path("onnx/yolox_nano.onnx")
EXAMPLES, EPOCHS, BATCH = 22_000, 6, 128
PIECES = 2  # of the examples: each has a seed of its own, so that the number of cores changes nothing
SURELY = 0.96  # of an answer: whoever drew it may be wrong
Pairs = NDArray[np.uint8]
Answers = NDArray[np.float32]


def make_piece(data: Path, seed: int, count: int) -> list[Example]:
    """Return ``count`` examples."""
    cv2.setNumThreads(1)
    rng, source = np.random.default_rng(seed), Source(data, held=False)
    return [source.example(rng) for _ in range(count)]


def collect(data: Path, count: int) -> list[Example]:
    """Return examples, made by a process for each piece."""
    with ProcessPoolExecutor(PIECES, mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(make_piece, data, SEED + at, count // PIECES) for at in range(PIECES)]
        return [example for job in jobs for example in job.result()]


def train(pairs: Pairs, answers: Answers, *, backbone: Path, epochs: int) -> Net:
    """Return a net that learned the answers: the running mean of its weights."""
    torch.manual_seed(SEED)
    torch.set_num_threads(1)  # sums in one order, whatever the machine: the same seed gives the same model
    net = Net(backbone, len(LABELS))
    mean = copy.deepcopy(net)
    steps = epochs * (len(pairs) // BATCH)
    fresh = [one for name, one in net.named_parameters() if not name.startswith("stages")]
    groups = [{"params": net.stages.parameters(), "lr": 1e-3}, {"params": fresh, "lr": 3e-3}]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, [1e-3, 3e-3], total_steps=steps, pct_start=0.15)
    firm = _firm(net, pairs)
    inputs, targets = torch.from_numpy(pairs), torch.from_numpy(answers) * SURELY + (1 - SURELY) / len(LABELS)
    step = 0
    for _ in range(epochs):
        order = torch.randperm(len(inputs))
        for low in range(0, len(inputs) - BATCH + 1, BATCH):
            chosen = order[low : low + BATCH]
            optimiser.zero_grad()
            said = net.rest(firm[chosen].transpose(0, 1).flatten(0, 1).float(), inputs[chosen])
            torch.nn.functional.cross_entropy(said, targets[chosen]).backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
            optimiser.step()
            schedule.step()
            step += 1
            keep = min(0.998, 1 - 10 / (step + 10))
            with torch.no_grad():
                for old, new in zip(mean.parameters(), net.parameters(), strict=True):
                    old.lerp_(new, 1 - keep)
    return mean.eval()


def _firm(net: Net, pairs: Pairs) -> torch.Tensor:
    """Return the features that do not learn, once for all epochs, in half precision: (n, after and before, …)."""
    with torch.no_grad():
        parts = [torch.stack(net.firm(torch.from_numpy(pairs[low : low + 128])).half().chunk(2), dim=1)
                 for low in range(0, len(pairs), 128)]  # fmt: skip
    return torch.cat(parts)


def logits(net: Net, pairs: Pairs) -> NDArray[np.float64]:
    """Return what the net says of pairs."""
    with torch.no_grad():
        parts = [net(torch.from_numpy(pairs[low : low + 256])) for low in range(0, len(pairs), 256)]
    return torch.cat(parts).double().numpy()


def temperature_of(said: NDArray[np.float64], answers: Answers) -> float:
    """Return the temperature that makes answers most likely."""
    tried = np.geomspace(0.5, 4, 80)
    return float(tried[np.argmin([-(answers * _log_softmax(said / one)).sum(axis=1).mean() for one in tried])])


def _log_softmax(said: NDArray[np.float64]) -> NDArray[np.float64]:
    top = said.max(axis=1, keepdims=True)
    spread: NDArray[np.float64] = said - top - np.log(np.exp(said - top).sum(axis=1, keepdims=True))
    return spread


def learn(examples: Sequence[Example], *, backbone: Path, epochs: int) -> tuple[Net, float, dict[str, float]]:
    """Return a net, its temperature and its scores; both come from examples that it did not learn."""
    pairs = np.stack([one.pair for one in examples])
    answers = np.array([one.answer for one in examples], np.float32)
    held = np.arange(len(examples)) % 12 == 0
    net = train(pairs[~held], answers[~held], backbone=backbone, epochs=epochs)
    said = logits(net, pairs[held])
    temperature = temperature_of(said, answers[held])
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


def export(net: Net, temperature: float, path: Path) -> None:
    """Write the net as ONNX, any number of pairs at once."""
    torch.onnx.export(
        Named(net, temperature).eval(), (torch.zeros(2, 2 * SIZE, SIZE, 3, dtype=torch.uint8),), str(path),
        input_names=["pairs"], output_names=["probabilities"], opset_version=17, dynamo=False,
        dynamic_axes={"pairs": {0: "n"}, "probabilities": {0: "n"}},
    )  # fmt: skip


def golden() -> Pairs:
    """Return drawn pairs, so that no photograph stands in models.toml: one for each label."""
    rng, made = np.random.default_rng(SEED), []
    for sort in ("hole drawn", "water drawn", "person drawn", "object drawn", "shadow drawn"):
        before, after, where = DRAWN[sort](drawn(rng), rng, flat=0.6)
        x, y, w, h = cv2.boundingRect((where > 0.35).astype(np.uint8))
        made.append(pair(after, before, (x, y, x + w, y + h)))
    ground = drawn(rng)
    return np.stack([*made, pair(ground, ground, (50, 50, 110, 110))])


def entry(path: Path, net: Net, temperature: float, measured: dict[str, float]) -> str:
    """Return the model's entry in models.toml."""
    pictures = golden()
    with torch.no_grad():
        outputs = Named(net, temperature).eval()(torch.from_numpy(pictures)).numpy()
    lines = [
        "# Written by models/train_road_patch.py; a model that does not match its entry is not loaded.",
        "[road_patch]",
        f'file = "{path.name}"',
        f'sha256 = "{hashlib.sha256(path.read_bytes()).hexdigest()}"',
        'card = "road_patch.md"',
        'licence = "Apache-2.0; attribution to Annotated Potholes, PKLot, YOLOX and others in the card"',
        'data = "Annotated Potholes Image Dataset, A. R. Chitholian 2020 (ODbL 1.0), PKLot (CC BY 4.0), '
        'berth crops (MIT), drawn; begun from YOLOX-nano"',
        f"labels = [{', '.join(repr(one) for one in LABELS)}]".replace("'", '"'),
        "tolerance = 0.002 # of a golden output",
        "",
        "[road_patch.input]",
        'name = "pairs"',
        'type = "tensor(uint8)"',
        f"shape = [{2 * SIZE}, {SIZE}, 3] # after the number of pairs: the patch after above the patch before",
        "",
        "[road_patch.picture]",
        'fit = "patch"',
        'layout = "nhwc"',
        f"context = {CONTEXT}",
        "",
        "[road_patch.scores] # of single pairs that it was not trained with; of frames: make evaluate, road_patch.md",
        *(f"{name} = {value:.4f}" for name, value in measured.items()),
    ]
    for picture, output in zip(pictures, outputs, strict=True):
        _, packed = cv2.imencode(".png", picture)
        text = base64.b64encode(packed.tobytes()).decode()
        lines += ["", "[[road_patch.golden]]", f'picture = "{text}"']
        lines += [f"output = [{', '.join(f'{v:.6g}' for v in output)}]"]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Train, export, write the entry."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--out", type=Path, default=ROOT / "models")
    parser.add_argument("--examples", type=int, default=EXAMPLES)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    chosen = parser.parse_args()
    started = time.monotonic()
    made = collect(chosen.data, chosen.examples)
    print(f"{len(made)} examples in {time.monotonic() - started:.0f} s", flush=True)  # noqa: T201
    net, temperature, measured = learn(made, backbone=chosen.data / BACKBONE, epochs=chosen.epochs)
    path = chosen.out / "road_patch.onnx"
    export(net, temperature, path)
    put(chosen.out / "models.toml", entry(path, net, temperature, measured))
    print(f"trained in {time.monotonic() - started:.0f} s, temperature {temperature:.2f}")  # noqa: T201
    print(f"{path.name}: {path.stat().st_size} bytes; " + ", ".join(f"{k} {v:.4f}" for k, v in measured.items()))  # noqa: T201


if __name__ == "__main__":
    main()
