"""What models.toml says of each model: its file, its digest, what goes in, what must come out."""

from importlib.resources import files
from math import isfinite
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from device_profiles.config import read_toml
from device_profiles.errors import ConfigError

_REPOSITORY = Path(__file__).parents[2] / "models"
REGISTRY = "models.toml"

Whole = Annotated[int, msgspec.Meta(ge=1, le=10_000)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Input(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The model's only input."""

    name: str
    type: str  # ONNX Runtime's word, e.g. tensor(float)
    shape: tuple[int, ...]  # after the number of windows or pictures
    channels: tuple[str, ...] = ()


class Golden(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One input, as numbers or a picture or noise, and what the model said of it when it was made, flat."""

    output: tuple[float, ...]
    input: tuple[float, ...] = ()
    picture: str = ""  # PNG of the input's size, in base64
    noise: Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)] | None = (
        None  # seed of a pattern of bytes (infer/golden.py): for who has no picture to give away
    )
    every: Annotated[int, msgspec.Meta(ge=1)] = 1  # the output holds every so-many-th number


class Picture(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a camera's frame becomes the input."""

    fit: Literal["patch", "letterbox", "stretch"]  # a patch for each zone, or the whole frame
    layout: Literal["nchw", "nhwc"] = "nchw"
    order: Literal["bgr", "rgb"] = "bgr"
    mean: tuple[float, ...] = (0.0,)  # of one channel or of three, in grey levels; subtracted first
    std: tuple[float, ...] = (1.0,)  # divided by afterwards
    pad: Annotated[int, msgspec.Meta(ge=0, le=255)] = 114  # grey level beside a letterbox, which lies top left
    tiles: tuple[Whole, Whole] = (1, 1)  # columns and rows of parts of the frame that a detector sees besides the whole
    context: Annotated[float, msgspec.Meta(ge=0, le=2)] = 0.0  # of a patch: shown round the zone, of its longer side
    dim: Share = 1.0  # of a patch: brightness outside of the zone

    def __post_init__(self) -> None:
        """Refuse what no picture can be normalised by."""
        if len(self.mean) not in (1, 3) or not all(isfinite(one) for one in self.mean):
            raise ValueError("mean has one number or three")
        if len(self.std) not in (1, 3) or not all(isfinite(one) and one > 0 for one in self.std):
            raise ValueError("std is above 0, one number or three")


class Decoder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the output becomes vehicles."""

    kind: Literal["classifier", "yolox", "nanodet"]
    vehicles: tuple[str, ...]  # the labels that are vehicles
    unsure: tuple[Share, Share] = (0.5, 0.5)  # of a classifier: between them the answer is unknown
    least_score: Share = 0.3  # of a detector's box
    most_overlap: Share = 0.5  # of two boxes of one vehicle (intersection over union)
    covers: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.4  # so much of a zone under a box is a vehicle in it
    strides: Annotated[tuple[Whole, ...], msgspec.Meta(min_length=1)] = (8, 16, 32)
    bins: Whole = 8  # of nanodet: numbers for each side of a box

    def __post_init__(self) -> None:
        """Refuse a doubt that ends before it begins."""
        if self.unsure[0] > self.unsure[1]:
            raise ValueError("unsure is two probabilities, the lower one first")


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
    tolerance: Annotated[float, msgspec.Meta(ge=0, le=10)] = 0.001  # of a golden output
    picture: Picture | None = None  # of a model that sees
    decoder: Decoder | None = None

    def __post_init__(self) -> None:
        """Refuse an input that takes no picture."""
        if self.picture is None:
            return
        shape = self.input.shape
        if len(shape) != 3 or min(shape) < 1 or shape[0 if self.picture.layout == "nchw" else 2] != 3:
            raise ValueError(
                f"input.shape of a model that sees is three sides, 3 of them colours ({self.picture.layout})"
            )


def models_folder() -> Path:
    """Return the folder of the models: inside the installed package, or the repository's own."""
    packed = Path(str(files("edge_agent.infer"))) / "models"
    return packed if packed.is_dir() else _REPOSITORY


def size_of(entry: ModelEntry) -> tuple[int, int]:
    """Return height and width of a seeing model's input, in pixels."""
    layout = "nchw" if entry.picture is None else entry.picture.layout
    height, width = entry.input.shape[-2:] if layout == "nchw" else entry.input.shape[:2]
    return height, width


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
