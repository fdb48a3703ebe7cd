"""Load an ONNX model, or refuse it: its digest, its input and its golden outputs must be what models.toml says."""

import hashlib
from enum import StrEnum
from pathlib import Path

import numpy as np
import onnxruntime as ort  # type: ignore[import-untyped]
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors  # type: ignore[import-untyped]

from edge_agent.errors import AgentError
from edge_agent.infer.golden import TYPES, golden_input, sampled
from edge_agent.infer.registry import ModelEntry, models_folder, read_entry, size_of
from edge_agent.infer.session import session_options

Batch = NDArray[np.float32]
FAULTS = (  # they have no root of their own
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NoModel,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
)


class Refusal(StrEnum):
    """Why a model was not loaded."""

    MISSING = "missing"
    DIGEST = "digest"
    UNREADABLE = "unreadable"
    INPUT = "input"
    LABELS = "labels"
    GOLDEN = "golden"


class ModelRefused(AgentError):
    """A model that is not what its entry says; without it the caller goes on by thresholds, and says so."""

    def __init__(self, name: str, refusal: Refusal, detail: str) -> None:
        super().__init__(f"model {name!r} is refused ({refusal}): {detail}")
        self.refusal = refusal


class Model:
    """A model that passed its checks. One thread of its own process runs it; it spins on nothing."""

    def __init__(self, entry: ModelEntry, session: "ort.InferenceSession") -> None:
        self.labels = entry.labels
        self.sha256 = entry.sha256
        self.entry = entry
        self._session = session
        self._input = entry.input.name
        self.takes_many = not isinstance(session.get_inputs()[0].shape[0], int)  # else one at a time

    def __call__(self, batch: NDArray[np.generic]) -> Batch:
        """Return the output for (n, *input shape): of a classifier (n, labels) probabilities."""
        (result,) = self._session.run(None, {self._input: batch})
        probabilities: Batch = result
        return probabilities


def load_model(name: str, *, folder: Path | None = None, files: Path | None = None, threads: int = 1) -> Model:
    """Return the model that models.toml in ``folder`` names; its file lies there too, or in ``files``.

    Raises ModelRefused, or ConfigError when models.toml cannot be read. ``threads`` 0 means the whole CPU set.
    """
    folder = models_folder() if folder is None else folder
    entry = read_entry(name, folder=folder)
    path = (files or folder) / entry.file
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelRefused(name, Refusal.MISSING, f"{path}: {error.strerror}") from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != entry.sha256:
        raise ModelRefused(name, Refusal.DIGEST, f"{digest[:12]}… is not {entry.sha256[:12]}…")
    session = _session(name, content, threads=threads)
    _check_shape(name, entry, session)
    model = Model(entry, session)
    _check_golden(name, entry, model)
    return model


def _session(name: str, content: bytes, *, threads: int) -> "ort.InferenceSession":
    options = session_options(threads=threads)
    try:
        return ort.InferenceSession(content, sess_options=options, providers=["CPUExecutionProvider"])
    except FAULTS as error:
        raise ModelRefused(name, Refusal.UNREADABLE, str(error)) from error


def _check_shape(name: str, entry: ModelEntry, session: "ort.InferenceSession") -> None:
    inputs, outputs = session.get_inputs(), session.get_outputs()
    wanted = (entry.input.name, entry.input.type, list(entry.input.shape))
    found = [(one.name, one.type, list(one.shape[1:])) for one in inputs]
    if found != [wanted] or entry.input.type not in TYPES:
        raise ModelRefused(name, Refusal.INPUT, f"it takes {found}, not {[wanted]}")
    if len(outputs) != 1 or outputs[0].shape[1:] != _output_shape(entry):
        raise ModelRefused(name, Refusal.LABELS, f"it gives {[one.shape for one in outputs]}")
    if entry.decoder and not (entry.decoder.vehicles and set(entry.decoder.vehicles) <= set(entry.labels)):
        raise ModelRefused(name, Refusal.LABELS, f"vehicles {list(entry.decoder.vehicles)} are none of its labels")


def _output_shape(entry: ModelEntry) -> list[int]:
    """Return the shape that the output must have behind the batch."""
    kind = "classifier" if entry.decoder is None else entry.decoder.kind
    if kind == "classifier" or entry.decoder is None or entry.picture is None:
        return [len(entry.labels)]
    height, width = size_of(entry)
    cells = [(-(-height // stride), -(-width // stride)) for stride in entry.decoder.strides]
    numbers = {"yolox": 5, "nanodet": 4 * entry.decoder.bins}[kind]
    return [sum(rows * columns for rows, columns in cells), numbers + len(entry.labels)]


def _check_golden(name: str, entry: ModelEntry, model: Model) -> None:
    for number, golden in enumerate(entry.golden):
        try:
            batch = golden_input(golden, entry)
        except ValueError as error:
            raise ModelRefused(name, Refusal.GOLDEN, f"golden {number} {error}") from error
        given = sampled(model(batch), golden.every)
        if len(given) != len(golden.output):
            raise ModelRefused(name, Refusal.GOLDEN, f"golden {number} has another size")
        off = float(np.abs(given - np.array(golden.output)).max())
        if not off <= entry.tolerance:
            raise ModelRefused(name, Refusal.GOLDEN, f"golden {number} is off by {off:.4f}")
