"""Where a point of the world falls in a camera's picture: a pinhole, metres to pixels."""

import math

import msgspec
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
NEAR_M = 0.5  # what is nearer, or behind, is not painted


class Lens(msgspec.Struct, frozen=True):
    """A camera on its pole. The world has x to the right, y ahead, z up; yaw turns to the right, pitch down."""

    width: int = 640  # px
    height: int = 360  # px
    focal_px: float = 460.0
    at: tuple[float, float, float] = (0.0, 0.0, 8.0)  # m
    yaw: float = 0.0  # degrees
    pitch: float = 25.0  # degrees
    shift: tuple[float, float] = (0.0, 0.0)  # px; by so much lies the pixel straight ahead from the picture's middle

    @property
    def axes(self) -> Array:
        """Right, down and ahead, as rows."""
        yaw, pitch = math.radians(self.yaw), math.radians(self.pitch)
        ahead = np.array(
            [math.sin(yaw) * math.cos(pitch), math.cos(yaw) * math.cos(pitch), -math.sin(pitch)], dtype=np.float64
        )
        right = np.array([math.cos(yaw), -math.sin(yaw), 0.0], dtype=np.float64)
        return np.stack([right, np.cross(ahead, right), ahead])

    @property
    def middle(self) -> tuple[float, float]:
        """The pixel straight ahead; the picture may be a piece of a larger one."""
        return (self.width - 1) / 2 + self.shift[0], (self.height - 1) / 2 + self.shift[1]

    def scaled(self, by: float) -> "Lens":
        """Return the lens of the same view in so many times as many pixels."""
        width, height = round(self.width * by), round(self.height * by)
        shift = self.shift[0] * by, self.shift[1] * by
        return Lens(width, height, self.focal_px * by, self.at, self.yaw, self.pitch, shift)

    def depths(self, points: Array) -> Array:
        """Return how far ahead points (n×3) are, in m."""
        depths: Array = (points - np.array(self.at)) @ self.axes[2]
        return depths

    def project(self, points: Array) -> Array:
        """Return the pixels (n×2) of points (n×3) that are ahead."""
        seen = (points - np.array(self.at)) @ self.axes.T
        pixels: Array = seen[:, :2] / seen[:, 2:] * self.focal_px + np.array(self.middle)
        return pixels

    def on_ground(self, points: list[tuple[float, float]]) -> list[tuple[float, float]]:
        """Return the pixels of points on the ground, kept inside the picture."""
        pixels = self.project(np.array([(x, y, 0.0) for x, y in points], dtype=np.float64))
        limits = self.width - 1, self.height - 1
        return [(float(np.clip(x, 0, limits[0])), float(np.clip(y, 0, limits[1]))) for x, y in pixels]

    def ground_matrix(self) -> Array:
        """Return the 3×3 matrix from (x, y, 1) on the ground to the homogeneous pixel."""
        cx, cy = self.middle
        inner = np.array([[self.focal_px, 0, cx], [0, self.focal_px, cy], [0, 0, 1]], dtype=np.float64)
        outer = self.axes @ np.column_stack([[1, 0, 0], [0, 1, 0], -np.array(self.at)])
        matrix: Array = inner @ outer
        return matrix

    def ground_depths(self, *, far_m: float) -> Array:
        """Return how far away each pixel's piece of ground is; the sky is at ``far_m``."""
        cx, cy = self.middle
        rows, columns = np.mgrid[0 : self.height, 0 : self.width]
        rays = np.stack([(columns - cx) / self.focal_px, (rows - cy) / self.focal_px, np.ones_like(rows)], axis=-1)
        down = -(rays @ self.axes)[..., 2]
        depths = np.where(down > 1e-6, self.at[2] / np.maximum(down, 1e-6), far_m)
        return np.minimum(depths, far_m)
