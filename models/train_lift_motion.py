"""Make lift_motion.onnx anew, with its entry in models.toml: from simulated rides alone, with a fixed seed.

Run ``python models/train_lift_motion.py`` with the extra ``train`` installed; it takes about two minutes on two cores.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "models"))

from edge_agent.judge.ride.grid import Grid  # noqa: E402
from edge_agent.judge.ride.signal import magnitude  # noqa: E402
from edge_agent.judge.ride.track import Track  # noqa: E402
from edge_agent.judge.ride.window import CHANNELS, HOP, LABELS, WINDOW, windows  # noqa: E402
from entries import Golden, entry, numbers, put, texts  # noqa: E402  (a script beside the packages, not one of them)
from simulators.boxes import stories  # noqa: E402
from simulators.boxes.day import Recording  # noqa: E402
from training import SEED, export  # noqa: E402

Windows = NDArray[np.float32]
Answers = NDArray[np.int64]


class Net(nn.Module):
    """Four small convolutions and two dense layers: 22,000 weights."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(len(CHANNELS), 16, 5, padding=2), nn.ReLU(),
            nn.Conv1d(16, 24, 5, padding=2, stride=2), nn.ReLU(),
            nn.Conv1d(24, 32, 5, padding=2, stride=2), nn.ReLU(),
            nn.Conv1d(32, 32, 3, padding=1), nn.ReLU(),
            nn.Flatten(), nn.Dropout(0.2), nn.Linear(32 * WINDOW // 4, 32), nn.ReLU(), nn.Linear(32, len(LABELS)),
        )  # fmt: skip

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        """Return logits."""
        return self.body(batch)


class Named(nn.Module):
    """The net with probabilities instead of logits, as it is exported."""

    def __init__(self, net: Net) -> None:
        super().__init__()
        self.net = net

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        """Return probabilities."""
        return torch.softmax(self.net(batch), dim=1)


def examples(recording: Recording, rng: np.random.Generator) -> tuple[Windows, Answers]:
    """Return the windows of a recording and their labels."""
    grid, track = Grid(late_us=0), Track(labels=len(LABELS))
    grid.take((recording.t_s * 1e6).astype(np.int64) + 10_000_000, recording.axes)
    bins = grid.complete(everything=True)
    if bins is None:
        return np.empty((0, len(CHANNELS), WINDOW), np.float32), np.empty(0, np.int64)
    track.append(bins)
    view = track.view()
    centres = np.arange(WINDOW // 2, len(view) - WINDOW // 2, HOP)
    at = np.searchsorted(recording.t_s, (centres + 0.5 + view.first) * 0.1 - 10.0).clip(max=len(recording.labels) - 1)
    still = recording.labels[np.searchsorted(recording.t_s, (np.arange(len(view)) + view.first) * 0.1 - 10.0).clip(
        max=len(recording.labels) - 1)] == 0  # fmt: skip
    level = float(np.median(magnitude(view.mean)[still])) if still.any() else 9.8
    return windows(view, centres, gravity=level + rng.normal(0, 0.02)), recording.labels[at]


def collect(seed: int, count: int) -> tuple[Windows, Answers]:
    """Return the examples of ``count`` recordings of each sort."""
    rng = np.random.default_rng(seed)
    parts = []
    for _ in range(count):
        parts.append(examples(stories.rides(6, rng), rng))
        parts.append(examples(stories.stuck(rng), rng))
        parts.append(examples(stories.lookalikes(str(rng.choice(stories.KINDS)), rng), rng))
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def train(batch: Windows, answers: Answers, *, epochs: int) -> Net:
    """Return a net that learned the answers."""
    torch.manual_seed(SEED)
    torch.set_num_threads(2)
    net = Net()
    steps = epochs * (len(batch) // 512)
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps)
    counts = np.bincount(answers, minlength=len(LABELS))
    weights = torch.tensor((counts.sum() / np.maximum(counts, 1)) ** 0.4, dtype=torch.float32)
    loss = nn.CrossEntropyLoss(weight=weights, label_smoothing=0.02)
    inputs, targets = torch.from_numpy(batch), torch.from_numpy(answers)
    for _ in range(epochs):
        order = torch.randperm(len(batch))
        for low in range(0, len(batch) - 511, 512):
            chosen = order[low : low + 512]
            optimiser.zero_grad()
            loss(net(inputs[chosen]), targets[chosen]).backward()
            optimiser.step()
            schedule.step()
    return net.eval()


def scores(net: Net, batch: Windows, answers: Answers) -> dict[str, float]:
    """Return accuracy, and recall of each label, on rides that it never saw."""
    with torch.no_grad():
        told = net(torch.from_numpy(batch)).argmax(dim=1).numpy()
    result = {"accuracy": float((told == answers).mean())}
    for index, label in enumerate(LABELS):
        mine = answers == index
        result[f"recall_{label}"] = float((told[mine] == index).mean())
    return result


def described() -> str:
    """Return what models.toml says of the model."""
    return f"""
licence = "Apache-2.0"
data = "simulated rides (simulators/boxes), no recording"
labels = [{texts(LABELS)}]
tolerance = 0.001 # of a golden output

[lift_motion.input]
name = "windows"
type = "tensor(float)"
shape = [{len(CHANNELS)}, {WINDOW}] # after the number of windows
channels = [{texts(CHANNELS)}]

[lift_motion.scores] # on simulated rides that it was not trained with
"""


def golden(named: Named, batch: Windows, answers: Answers) -> list[Golden]:
    """Return a window of each label and what the net says of it."""
    rng = np.random.default_rng(SEED)
    chosen = np.stack([batch[rng.choice(np.flatnonzero(answers == label))] for label in range(len(LABELS))])
    given = np.round(chosen, 4)
    with torch.no_grad():
        outputs = named(torch.from_numpy(given)).numpy()
    return [(f"input = [{numbers(one)}]", output) for one, output in zip(given, outputs, strict=True)]


def main() -> None:
    """Train, export, write the entry."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "models")
    parser.add_argument("--recordings", type=int, default=700)
    parser.add_argument("--epochs", type=int, default=8)
    chosen = parser.parse_args()
    started = time.monotonic()
    batch, answers = collect(SEED, chosen.recordings)
    seen = time.monotonic()
    net = train(batch, answers, epochs=chosen.epochs)
    measured = scores(net, *collect(SEED + 1, max(20, chosen.recordings // 6)))
    path = chosen.out / "lift_motion.onnx"
    named = Named(net).eval()
    export(named, path, takes="windows", example=torch.zeros(2, len(CHANNELS), WINDOW))
    samples = golden(named, batch, answers)
    put(chosen.out / "models.toml", entry(path, described(), scores=measured, golden=samples))
    print(f"{len(batch)} windows in {seen - started:.0f} s, trained in {time.monotonic() - seen:.0f} s")  # noqa: T201
    print(f"{path.name}: {path.stat().st_size} bytes; " + ", ".join(f"{k} {v:.3f}" for k, v in measured.items()))  # noqa: T201


if __name__ == "__main__":
    main()
