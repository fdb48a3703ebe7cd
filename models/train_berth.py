"""Make berth.onnx anew, with its entry in models.toml, from the labelled car parks in DATA, with a fixed seed.

Run ``python models/train_berth.py --data ../shared/data`` with the extra ``train`` installed; it takes five minutes on
two cores. The data stays where it is; what is written is the model, and what models.toml says of it.
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

from berth_examples import CONTEXT, DIM, PATCH, Example, Source, patch  # noqa: E402  (scripts, not a package)
from berth_frames import read_frames  # noqa: E402
from berth_net import Named, Net, told  # noqa: E402
from berth_render import scene  # noqa: E402
from entries import put  # noqa: E402

SEED = 20_261_121
BACKBONE = Path("onnx/yolox_nano.onnx")
EXAMPLES, EPOCHS, BATCH = 40_000, 10, 128
PIECES = 2  # of the examples: each has a seed of its own, so that the number of cores changes nothing
UNSURE = (0.45, 0.55)
Patches = NDArray[np.uint8]
Answers = NDArray[np.float32]


def make_piece(data: Path, seed: int, count: int) -> list[Example]:
    """Return ``count`` examples."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng(seed)
    source = Source(read_frames(data), data, rng=np.random.default_rng(SEED))
    made: list[Example] = []
    while len(made) < count:
        example = source.example(rng)
        if example is not None:
            made.append(example)
    return made


def collect(data: Path, count: int) -> list[Example]:
    """Return examples, made by a process for each piece."""
    with ProcessPoolExecutor(PIECES, mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(make_piece, data, SEED + at, count // PIECES) for at in range(PIECES)]
        return [example for job in jobs for example in job.result()]


def train(patches: Patches, answers: Answers, *, backbone: Path, epochs: int) -> Net:
    """Return a net that learned the answers: the running mean of its weights."""
    torch.manual_seed(SEED)
    torch.set_num_threads(1)  # sums in one order, whatever the machine: the same seed gives the same model
    net = Net(backbone)
    mean = copy.deepcopy(net)
    steps = epochs * (len(patches) // BATCH)
    fresh = [one for name, one in net.named_parameters() if not name.startswith("stages")]
    groups = [{"params": net.stages.parameters(), "lr": 1.2e-3}, {"params": fresh, "lr": 4e-3}]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, [1.2e-3, 4e-3], total_steps=steps, pct_start=0.15)
    loss = torch.nn.BCEWithLogitsLoss()
    inputs, targets = firm(net, patches), torch.from_numpy(answers) * 0.97 + 0.015
    step = 0
    for _ in range(epochs):
        order = torch.randperm(len(inputs))
        for low in range(0, len(inputs) - BATCH + 1, BATCH):
            chosen = order[low : low + BATCH]
            optimiser.zero_grad()
            loss(net.rest(inputs[chosen].float())[:, 0], targets[chosen]).backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
            optimiser.step()
            schedule.step()
            step += 1
            keep = min(0.998, 1 - 10 / (step + 10))
            with torch.no_grad():
                for old, new in zip(mean.parameters(), net.parameters(), strict=True):
                    old.lerp_(new, 1 - keep)
    return mean.eval()


def firm(net: Net, patches: Patches) -> torch.Tensor:
    """Return the features that do not learn, once for all epochs, in half precision: 16 kB a patch."""
    with torch.no_grad():
        parts = [net.firm(torch.from_numpy(patches[low : low + 256])).half() for low in range(0, len(patches), 256)]
    return torch.cat(parts)


def logits(net: Net, patches: Patches) -> NDArray[np.float64]:
    """Return what the net says of patches."""
    with torch.no_grad():
        parts = [told(net, torch.from_numpy(patches[low : low + 512]))[:, 0] for low in range(0, len(patches), 512)]
    return torch.cat(parts).double().numpy()


def temperature_of(said: NDArray[np.float64], answers: Answers) -> float:
    """Return the temperature that makes answers most likely."""
    sure = answers != 0.5
    said, signs = said[sure], np.where(answers[sure] > 0.5, 1, -1)
    tried = np.geomspace(0.5, 4, 80)
    return float(tried[np.argmin([np.logaddexp(0, -signs * said / one).mean() for one in tried])])


def learn(examples: Sequence[Example], *, backbone: Path, epochs: int) -> tuple[Net, float, dict[str, float]]:
    """Return a net, its temperature and its scores; both come from examples that it did not learn."""
    patches = np.stack([one.patch for one in examples])
    answers = np.array([one.answer for one in examples], np.float32)
    held = np.arange(len(examples)) % 12 == 0
    net = train(patches[~held], answers[~held], backbone=backbone, epochs=epochs)
    said, truth = logits(net, patches[held]), answers[held]
    temperature = temperature_of(said, truth)
    known = 1 / (1 + np.exp(-said[truth == 0.5] / temperature))
    measured = {
        "spoilt_occupied": float((said[truth == 1] > 0).mean()), "spoilt_free": float((said[truth == 0] < 0).mean()),
        "junk_unknown": float(((known > UNSURE[0]) & (known < UNSURE[1])).mean()),
    }  # fmt: skip
    return net, temperature, measured


def export(net: Net, temperature: float, path: Path) -> None:
    """Write the net as ONNX, any number of patches at once."""
    torch.onnx.export(
        Named(net, temperature).eval(), (torch.zeros(2, PATCH, PATCH, 3, dtype=torch.uint8),), str(path),
        input_names=["patches"], output_names=["probabilities"], opset_version=17, dynamo=False,
        dynamic_axes={"patches": {0: "n"}, "probabilities": {0: "n"}},
    )  # fmt: skip


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


def entry(path: Path, net: Net, temperature: float, measured: dict[str, float]) -> str:
    """Return the model's entry in models.toml."""
    pictures = golden()
    with torch.no_grad():
        outputs = Named(net, temperature).eval()(torch.from_numpy(pictures)).numpy()
    lines = [
        "# Written by models/train_berth.py; a model that does not match its entry is not loaded.",
        "[berth]",
        f'file = "{path.name}"',
        f'sha256 = "{hashlib.sha256(path.read_bytes()).hexdigest()}"',
        'card = "berth.md"',
        'licence = "Apache-2.0; attribution to PKLot, YOLOX and others in the card"',
        'data = "PKLot (CC BY 4.0), berth crops (MIT), road photographs (ODbL 1.0), rendered; begun from YOLOX-nano"',
        'labels = ["free", "occupied"]',
        "tolerance = 0.002 # of a golden output",
        "",
        "[berth.input]",
        'name = "patches"',
        'type = "tensor(uint8)"',
        f"shape = [{PATCH}, {PATCH}, 3] # after the number of patches",
        "",
        "[berth.picture]",
        'fit = "patch"',
        'layout = "nhwc"',
        f"context = {CONTEXT}",
        f"dim = {DIM}",
        "",
        "[berth.decoder]",
        'kind = "classifier"',
        'vehicles = ["occupied"]',
        f"unsure = [{UNSURE[0]}, {UNSURE[1]}]",
        "",
        "[berth.scores] # of single spoilt patches that it was not trained with; of frames: make evaluate, berth.md",
        *(f"{name} = {value:.4f}" for name, value in measured.items()),
    ]
    for picture, output in zip(pictures, outputs, strict=True):
        _, packed = cv2.imencode(".png", picture)
        text = base64.b64encode(packed.tobytes()).decode()
        lines += ["", "[[berth.golden]]", f'picture = "{text}"', f"output = [{', '.join(f'{v:.6g}' for v in output)}]"]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Train, export, write the entry."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--out", type=Path, default=ROOT / "models")
    parser.add_argument("--examples", type=int, default=EXAMPLES)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--without", default="", help="leave a camera out, for a try")
    chosen = parser.parse_args()
    started = time.monotonic()
    made = [one for one in collect(chosen.data, chosen.examples) if chosen.without not in one.cameras]
    print(f"{len(made)} examples in {time.monotonic() - started:.0f} s", flush=True)  # noqa: T201
    net, temperature, measured = learn(made, backbone=chosen.data / BACKBONE, epochs=chosen.epochs)
    path = chosen.out / "berth.onnx"
    export(net, temperature, path)
    put(chosen.out / "models.toml", entry(path, net, temperature, measured))
    print(f"trained in {time.monotonic() - started:.0f} s, temperature {temperature:.2f}")  # noqa: T201
    print(f"{path.name}: {path.stat().st_size} bytes; " + ", ".join(f"{k} {v:.4f}" for k, v in measured.items()))  # noqa: T201


if __name__ == "__main__":
    main()
