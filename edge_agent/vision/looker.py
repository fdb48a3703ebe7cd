"""Look at a frame: for each zone the probability that a vehicle is there, or an honest None."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from edge_agent.infer.model import load_model
from edge_agent.vision.gate import Gate
from edge_agent.vision.patches import Frame
from edge_agent.vision.scoring import scorer
from edge_agent.vision.zones import Polygon, Zone, Zones, cells_of

MODEL = "berth"
RECHECK_S = 2.0  # what stands still is looked at again after this
BUDGET = 64  # zones and cells of one frame


class Scorer(Protocol):
    """Whatever scores polygons: a patch classifier or a detector."""

    def prepare(self, frame: Frame, which: Sequence[int]) -> Any:
        """Return ``which`` polygons of a frame as the model takes them; the preparation before the last may go."""

    def score(self, prepared: Any) -> list[float | None]:
        """Return the probability of a vehicle for each of them; None where nobody can tell."""


class Chosen(msgspec.Struct, frozen=True):
    """What is worth a look in one frame."""

    which: list[int]
    prepared: Any = None  # by the scorer; only it looks inside
    fits: bool = True  # the frame has the size of the zones


class Looker:
    """One camera's zones, seen through one model."""

    def __init__(self, zones: Zones, score: Scorer, *, budget: int = BUDGET, recheck_s: float = RECHECK_S) -> None:
        """Take a scorer of ``polygons_of(zones)``."""
        spots = [(zone, name, polygon) for zone in zones.zones for name, polygon in spots_of(zone)]
        self.ids = tuple(name for _, name, _ in spots)
        self._shape = (zones.height, zones.width, 3)
        self._score = score
        self._gate = Gate(
            [polygon for _, _, polygon in spots],
            size=(zones.width, zones.height),
            first=[zone.kind != "berth" for zone, _, _ in spots],  # an ambulance waits in a lane, not in a berth
            recheck_s=recheck_s,
            budget=budget,
        )
        self._last: dict[str, float | None] = dict.fromkeys(self.ids)

    def prepare(self, frame: Frame, *, t_us: int | None = None) -> Chosen:
        """Return what is worth a look; on any one thread, also while the frame before is looked at on another.

        With a time, that is only what moved or was not looked at for a while, and the rest keeps its score.
        """
        if frame.shape != self._shape or frame.dtype != "uint8":
            self._gate.forget()
            return Chosen([], fits=False)
        which = list(range(len(self.ids))) if t_us is None else self._gate.choose(frame, t_us)
        return Chosen(which, self._score.prepare(frame, which) if which else None)

    def look(self, frame: Frame, *, t_us: int | None = None, chosen: Chosen | None = None) -> dict[str, float | None]:
        """Return the score of each zone, of a lane that of each cell (``<zone>/<n>``), by id.

        ``chosen`` is what was prepared of this frame. A frame of another size, or one that is not three channels of
        bytes, gives None everywhere.
        """
        chosen = self.prepare(frame, t_us=t_us) if chosen is None else chosen
        if not chosen.fits:
            self._last = dict.fromkeys(self.ids)
        elif chosen.which:
            for zone, probability in zip(chosen.which, self._score.score(chosen.prepared), strict=True):
                self._last[self.ids[zone]] = probability
        return dict(self._last)


def spots_of(zone: Zone) -> list[tuple[str, Polygon]]:
    """Return the ids and polygons that are scored of a zone."""
    if zone.kind != "lane":
        return [(zone.id, zone.polygon)]
    return [(f"{zone.id}/{at}", cell) for at, cell in enumerate(cells_of(zone))]


def polygons_of(zones: Zones) -> list[Polygon]:
    """Return all polygons that are scored, in the looker's order."""
    return [polygon for zone in zones.zones for _, polygon in spots_of(zone)]


def load_looker(zones: Zones, *, model: str = MODEL, folder: Path | None = None, files: Path | None = None,
                threads: int = 1, budget: int = BUDGET) -> Looker:  # fmt: skip
    """Return a looker with the model of that name. Raises ModelRefused, or ConfigError when models.toml is wrong."""
    loaded = load_model(model, folder=folder, files=files, threads=threads)
    return Looker(zones, scorer(loaded, polygons_of(zones)), budget=budget)
