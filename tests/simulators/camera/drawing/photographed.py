"""A photograph of a car park, drawn, with its labels."""

from pathlib import Path

import cv2
import numpy as np


def car_park(folder: Path) -> Path:
    """Make a photograph of three spaces: one with a 'car', two without, one of them with no label."""
    picture = np.full((120, 240, 3), 110, np.uint8)
    cv2.rectangle(picture, (25, 45), (55, 95), (30, 30, 220), -1)
    cv2.imwrite(str(folder / "one.png"), picture)
    spaces = "".join(
        f'<space id="{n}"{label}><contour>'
        + "".join(f'<point x="{x + dx}" y="{40 + dy}"/>' for dx, dy in ((0, 0), (0, 60), (40, 60), (40, 0)))
        + "</contour></space>"
        for n, x, label in ((1, 20, ' occupied="1"'), (2, 90, ' occupied="0"'), (3, 160, ""))
    )
    (folder / "one.xml").write_text(f"<parking>{spaces}</parking>", encoding="utf-8")
    return folder
