"""The picture of a scene through a lens, at a moment."""

from collections.abc import Sequence

import numpy as np

from simulators.camera.drawing.backdrop import Image, backdrop
from simulators.camera.drawing.overlay import Overlay
from simulators.camera.drawing.painter import paint, shade
from simulators.camera.drawing.sky import Air
from simulators.camera.scene.happenings import Happening
from simulators.camera.scene.lens import Lens
from simulators.camera.scene.scene import Scene
from simulators.camera.scene.weather import SKIES, Sky, weather_at


class Renderer:
    """One camera's eye on a scene; the same seed and moment give the same picture."""

    def __init__(
        self, scene: Scene, lens: Lens, *, sky: Sky | None = None, seed: int = 0, ground: Image | None = None
    ) -> None:
        """``ground``: a photograph of the empty place, in place of one that is drawn."""
        self.scene = scene
        self.lens = lens
        self._sky = sky or SKIES["overcast"]
        self._seed = seed
        self._ground = backdrop(scene, lens) if ground is None else ground
        self._overlay = Overlay(lens)
        self._air = Air(lens, seed=seed)

    def frame(self, t_s: float) -> Image:
        """Return the picture (height × width × 3, blue green red) at ``t_s`` after the start."""
        weather = self._overlay.weather(weather_at(self._sky, t_s), t_s)
        placed = self._overlay.placed(self.scene.placed(t_s), t_s)
        ground = self._overlay.lay(self._air.lie(self._ground, weather), t_s)
        picture = shade(ground, placed, self.lens, weather)
        paint(picture, placed, self.lens, weather)
        self._overlay.people(picture, t_s)
        rng = np.random.default_rng([self._seed, abs(round(t_s * 1000))])
        return self._air.show(picture, placed, weather, rng)

    def happen(self, what: Happening) -> None:
        """Let something befall the road."""
        self._overlay.happen(what)

    def zones(self, ids: Sequence[str] | None = None) -> dict[str, list[tuple[float, float]]]:
        """Return zone → outline in pixels, of the berths and lanes of the scene, or of some."""
        shapes = {berth.id: berth.corners for berth in self.scene.berths}
        shapes |= {lane.id: lane.corners for lane in self.scene.lanes}
        return {name: self.lens.on_ground(shapes[name]) for name in (ids or shapes)}
