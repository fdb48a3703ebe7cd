"""Try a model file before an agent depends on it: what is it, does it match its entry, how fast is it here."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import onnxruntime as ort  # type: ignore[import-untyped]

from device_profiles.config import read_toml
from device_profiles.errors import ConfigError
from edge_agent.errors import AgentError
from edge_agent.infer.golden import TYPES, golden_input, noise
from edge_agent.infer.model import FAULTS, Model, ModelRefused, Refusal, load_model
from edge_agent.infer.registry import REGISTRY, ModelEntry
from edge_agent.infer.session import cpus, session_options

RUNS = 30  # of each batch
BATCHES = (1, 16)


class Speed(msgspec.Struct, frozen=True):
    """How long one run takes."""

    batch: int
    threads: int
    median_ms: float
    p95_ms: float

    def __str__(self) -> str:
        return (
            f"batch {self.batch:>2}, {self.threads} threads: median {self.median_ms:.2f} ms, p95 {self.p95_ms:.2f} ms, "
            f"{1000 * self.batch / self.median_ms:.0f} a second"
        )


def names_in(path: Path) -> list[tuple[str, Path]]:
    """Return the models of a registry, or the ones whose file ``path`` is, each with its registry's folder.

    Raises ConfigError when there is no registry or nothing in it, AgentError when no entry names the file.
    """
    if path.suffix == ".toml":
        if path.name != REGISTRY:
            raise ConfigError(f"is not called {REGISTRY}", file=str(path))
        entries = read_toml(path, dict[str, ModelEntry])
        if not entries:
            raise ConfigError("names no model", file=str(path))
        return [(name, path.parent) for name in entries]
    registry = path.parent / REGISTRY
    entries = read_toml(registry, dict[str, ModelEntry]) if registry.is_file() else {}
    names = [(name, path.parent) for name, entry in entries.items() if (path.parent / entry.file) == path]
    if not names:
        raise AgentError(f"no entry of {registry} names {path.name}; `edge-agent model describe {path}` begins one")
    return names


def skeleton(path: Path) -> str:
    """Return the beginning of an entry for a model file, with what can be read from it."""
    try:
        content = path.read_bytes()
        session = ort.InferenceSession(content, sess_options=session_options(), providers=["CPUExecutionProvider"])
    except OSError as error:
        raise AgentError(f"{path} cannot be read: {error.strerror}") from error
    except FAULTS as error:
        raise ModelRefused(path.name, Refusal.UNREADABLE, str(error)) from error
    taken, given = session.get_inputs()[0], session.get_outputs()[0]
    shape = [side if isinstance(side, int) else 0 for side in taken.shape[1:]]
    lines = [
        f"[{path.stem}]",
        f'file = "{path.name}"',
        f'sha256 = "{hashlib.sha256(content).hexdigest()}"',
        'card = ""',
        'licence = ""',
        'data = ""',
        f"labels = [] # the output is {given.shape}",
        "tolerance = 0.01",
        "scores = {}",
        f"[{path.stem}.input]",
        f'name = "{taken.name}"',
        f'type = "{taken.type}"',
        f"shape = {shape}",
        f"[{path.stem}.picture]",
        'fit = "letterbox"',
        f"[{path.stem}.decoder]",
        'kind = "yolox"',
        "vehicles = []",
        *_told_of_noise(path.stem, session, taken, shape),
    ]
    return "\n".join(lines)


def bench(name: str, folder: Path, *, now_s: Callable[[], float]) -> list[Speed]:
    """Return how fast a model is with one thread and with the whole CPU set. Raises ModelRefused or ConfigError."""
    found: list[Speed] = []
    for threads in sorted({1, cpus()}):
        model = load_model(name, folder=folder, threads=threads)
        batches = BATCHES if model.takes_many else (1,)
        found += [_timed(model, batch, threads, now_s=now_s) for batch in batches]
    return found


def _timed(model: Model, batch: int, threads: int, *, now_s: Callable[[], float]) -> Speed:
    given = np.repeat(golden_input(model.entry.golden[0], model.entry), batch, axis=0)
    model(given)  # the first run plans its memory
    took = []
    for _ in range(RUNS):
        begin = now_s()
        model(given)
        took.append((now_s() - begin) * 1000)
    median, late = np.quantile(took, [0.5, 0.95])
    return Speed(batch, threads, max(1e-6, float(median)), float(late))


def _told_of_noise(name: str, session: "ort.InferenceSession", taken: "ort.NodeArg", shape: list[int]) -> list[str]:
    """Return a golden sample from noise, when the input's shape is fixed."""
    kind = TYPES.get(taken.type)
    if kind is None or 0 in shape:
        return []
    given = noise(1, int(np.prod(shape))).astype(kind).reshape(1, *shape)
    output = session.run(None, {taken.name: given})[0].ravel()
    every = max(1, len(output) // 60)
    numbers = ", ".join(f"{value:.6g}" for value in output[::every])
    return [f"[[{name}.golden]]", "noise = 1", f"every = {every}", f"output = [{numbers}]"]
