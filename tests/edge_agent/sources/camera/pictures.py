"""A street that nobody filmed: structure, noise, weather and what may befall a lens, drawn in a millisecond."""

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
WIDTH, HEIGHT = 400, 224
SPARE = 80  # by which a picture of noise is larger, so that it can be cut anew each time


class Street:
    """The same seed gives the same street; each picture has noise of its own."""

    def __init__(self, seed: int = 1, *, noise: float = 2.0) -> None:
        rng = np.random.default_rng(seed)
        rough = cv2.resize(rng.normal(0, 1, (HEIGHT // 6, WIDTH // 6)).astype(np.float32), (WIDTH, HEIGHT))
        ground = 110 + 14 * rough
        for _ in range(40):
            x, y = int(rng.integers(0, WIDTH - 60)), int(rng.integers(0, HEIGHT - 40))
            wide, high = int(rng.integers(12, 60)), int(rng.integers(8, 40))
            cv2.rectangle(ground, (x, y), (x + wide, y + high), float(rng.uniform(40, 220)), -1)
        self.ground = ground
        self._rng = rng
        self._grain = rng.normal(0, noise, (HEIGHT + SPARE, WIDTH + SPARE, 3)).astype(np.float32)

    def picture(self, *, light: float = 1.0, fog: float = 0.0) -> Image:
        """Return a picture of now."""
        return self.develop((self.ground * (1 - fog) + 180 * fog) * light)

    def develop(self, scene: NDArray[np.float32]) -> Image:
        """Return a scene as a sensor sees it."""
        row, column = self._rng.integers(0, SPARE, 2)
        grain = self._grain[row : row + scene.shape[0], column : column + scene.shape[1]]
        return cv2.add(cv2.merge([scene] * 3), grain, dtype=cv2.CV_8U)

    def black(self) -> Image:
        """Return the inside of a cap."""
        return self.develop(np.full_like(self.ground, 5.0))

    def covered(self) -> Image:
        """Return the inside of a bag: light from one side and nothing with an edge."""
        slope = np.linspace(40, 80, WIDTH, dtype=np.float32)[None, :] * np.ones((HEIGHT, 1), np.float32)
        return self.develop(slope)

    def blurred(self) -> Image:
        """Return what a lens out of focus shows; the sensor's noise stays."""
        return self.develop(cv2.GaussianBlur(self.ground, (0, 0), WIDTH * 0.012))

    def moved(self, *, part: float = 0.14, degrees: float = 4.0) -> Image:
        """Return what a camera shows that was knocked."""
        matrix = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), degrees, 1.0)
        matrix[0, 2] += WIDTH * part
        return self.develop(cv2.warpAffine(self.ground, matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT))

    def smaller(self) -> Image:
        """Return a picture of half the size."""
        return self.develop(cv2.resize(self.ground, (WIDTH // 2, HEIGHT // 2)))
