"""How both picture models learn: examples made by pieces, the running mean of a net's weights, and what is written."""

import argparse
import copy
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from entries import entry, pictured, put

ROOT = Path(__file__).resolve().parents[1]
SEED = 20_261_121
BACKBONE = Path("onnx/yolox_nano.onnx")
BATCH = 128
PIECES = 2  # of the examples: each has a seed of its own, so that the number of cores changes nothing
HELD = 12  # each so-manieth example is not learned: of these come temperature and scores
E = TypeVar("E")
N = TypeVar("N", bound=nn.Module)


def collect(make_piece: Callable[[Path, int, int], list[E]], data: Path, count: int) -> list[E]:
    """Return ``count`` examples of DATA, made by a process for each piece."""
    with ProcessPoolExecutor(PIECES, mp_context=get_context("spawn"), initializer=cv2.setNumThreads,
                             initargs=(1,)) as pool:  # fmt: skip
        jobs = [pool.submit(make_piece, data, SEED + at, count // PIECES) for at in range(PIECES)]
        return [example for job in jobs for example in job.result()]


def held_out(count: int) -> NDArray[np.bool_]:
    """Return which of so many examples are not learned."""
    return np.arange(count) % HELD == 0


def begin() -> None:
    """Make what follows the same whenever it is done; call it before the net is made."""
    torch.manual_seed(SEED)
    torch.set_num_threads(1)  # sums in one order, whatever the machine: the same seed gives the same model


def by_parts(say: Callable[[torch.Tensor], torch.Tensor], pictures: NDArray[np.uint8], *, size: int) -> torch.Tensor:
    """Return what is said of pictures, so many at once, without learning."""
    with torch.no_grad():
        parts = [say(torch.from_numpy(pictures[low : low + size])) for low in range(0, len(pictures), size)]
    return torch.cat(parts)


def fit(
    net: N, cost: Callable[[torch.Tensor], torch.Tensor], *, count: int, epochs: int, rates: tuple[float, float]
) -> N:
    """Return the running mean of a net's weights while it learned from ``count`` examples.

    ``cost`` is asked about the numbers of a batch. ``rates`` are the highest learning rates of the stages that were
    trained by others (``net.stages``) and of the layers that begin anew.
    """
    mean = copy.deepcopy(net)
    begun = [one for name, one in net.named_parameters() if name.startswith("stages")]
    fresh = [one for name, one in net.named_parameters() if not name.startswith("stages")]
    groups = [{"params": some, "lr": rate} for some, rate in zip((begun, fresh), rates, strict=True)]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.02)
    steps = epochs * (count // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, list(rates), total_steps=steps, pct_start=0.15)
    step = 0
    for _ in range(epochs):
        for chosen in torch.randperm(count)[: count // BATCH * BATCH].split(BATCH):
            optimiser.zero_grad()
            cost(chosen).backward()
            nn.utils.clip_grad_norm_(net.parameters(), 2.0)
            optimiser.step()
            schedule.step()
            step += 1
            _follow(mean, net, keep=min(0.998, 1 - 10 / (step + 10)))
    return mean.eval()


def _follow(mean: nn.Module, net: nn.Module, *, keep: float) -> None:
    with torch.no_grad():
        for old, new in zip(mean.parameters(), net.parameters(), strict=True):
            old.lerp_(new, 1 - keep)


def temperature_of(cost: Callable[[float], float]) -> float:
    """Return the temperature at which the answers cost least, that is, are most likely."""
    tried = np.geomspace(0.5, 4, 80)
    return float(tried[np.argmin([cost(one) for one in tried])])


def export(named: nn.Module, path: Path, *, takes: str, example: torch.Tensor) -> None:
    """Write a net as ONNX, which takes any number of examples at once and gives probabilities."""
    torch.onnx.export(
        named.eval(), (example,), str(path), input_names=[takes], output_names=["probabilities"], opset_version=17,
        dynamo=False, dynamic_axes={takes: {0: "n"}, "probabilities": {0: "n"}},
    )  # fmt: skip


def write(
    named: nn.Module, path: Path, pictures: NDArray[np.uint8], *, takes: str, said: str, scores: dict[str, float]
) -> None:
    """Write a picture model and its entry, with what it says of ``pictures`` as golden samples; see `entries.entry`."""
    named.eval()
    export(named, path, takes=takes, example=torch.zeros(2, *pictures.shape[1:], dtype=torch.uint8))
    samples = pictured(pictures, by_parts(named, pictures, size=len(pictures)).numpy())
    put(path.with_name("models.toml"), entry(path, said, scores=scores, golden=samples))
    told = ", ".join(f"{name} {value:.4f}" for name, value in scores.items())
    print(f"{path.name}: {path.stat().st_size} bytes; {told}")  # noqa: T201


def arguments(description: str | None, *, examples: int, epochs: int) -> argparse.ArgumentParser:
    """Return what a script that trains can be told."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--out", type=Path, default=ROOT / "models")
    parser.add_argument("--examples", type=int, default=examples)
    parser.add_argument("--epochs", type=int, default=epochs)
    return parser
