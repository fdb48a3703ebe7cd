"""What models.toml says of each model: its file, its digest, what goes in, what must come out."""

from importlib.resources import files
from pathlib import Path

import msgspec

from device_profiles.config import read_toml
from device_profiles.errors import ConfigError

_REPOSITORY = Path(__file__).parents[2] / "models"
REGISTRY = "models.toml"


class Input(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The model's only input."""

    name: str
    type: str  # ONNX Runtime's word, e.g. tensor(float)
    shape: tuple[int, ...]  # after the number of windows or pictures
    channels: tuple[str, ...] = ()


class Golden(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An input and what the model said of it when it was made; both flat."""

    input: tuple[float, ...]
    output: tuple[float, ...]


class ModelEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One model."""

    file: str
    sha256: str
    input: Input
    labels: tuple[str, ...]
    licence: str
    data: str  # what it was trained with
    card: str  # file with what it is for, how good it is and where it fails
    golden: tuple[Golden, ...]
    scores: dict[str, float]
    tolerance: float = 0.001  # of a golden output


def models_folder() -> Path:
    """Return the folder of the models: inside the installed package, or the repository's own."""
    packed = Path(str(files("edge_agent.infer"))) / "models"
    return packed if packed.is_dir() else _REPOSITORY


def read_entry(name: str, *, folder: Path) -> ModelEntry:
    """Return what ``models.toml`` in ``folder`` says of a model. Raises ConfigError with file and key."""
    path = folder / REGISTRY
    entries = read_toml(path, dict[str, ModelEntry])
    if name not in entries:
        raise ConfigError(f"no such model; known: {', '.join(sorted(entries))}", file=str(path), key=name)
    entry = entries[name]
    if not entry.golden:
        raise ConfigError("is empty: nothing would be checked", file=str(path), key=f"{name}.golden")
    return entry
