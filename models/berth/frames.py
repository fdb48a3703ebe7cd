"""Read labelled car parks: PKLot-like frames with an XML each, and single-berth crops."""

import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from edge_agent.sources.camera.streams.frame import BrokenPicture
from edge_agent.sources.camera.streams.stills import read_picture

Frame = NDArray[np.uint8]
Polygon = tuple[tuple[float, float], ...]
PICTURES = (".png", ".jpg", ".jpeg", ".bmp")


class Space(msgspec.Struct, frozen=True):
    """One labelled space."""

    id: str
    occupied: bool | None  # None: nobody labelled it
    polygon: Polygon  # pixels


class Labelled(msgspec.Struct, frozen=True):
    """One frame with its spaces."""

    file: Path
    camera: str
    spaces: tuple[Space, ...]

    def read(self) -> Frame:
        """Return the picture. Raises ValueError when it is none."""
        found = cv2.imread(str(self.file))
        if found is None:
            raise ValueError(f"{self.file} is no picture")
        return found.astype(np.uint8)


def read_frames(folder: Path) -> list[Labelled]:
    """Return every XML under ``folder`` that has a picture of its name beside it or in a folder next to its own.

    What cannot be read is named on stderr and left out.
    """
    found = []
    for path in sorted(folder.rglob("*.xml")):
        picture = _picture(path)
        if picture is None:
            continue  # another kind of XML lies in shared/ too
        try:
            root = ET.parse(path).getroot()
            read_picture(picture)  # half a picture would be evaluated as if it showed something
        except (ET.ParseError, BrokenPicture) as error:
            print(f"{path}: left out: {error}", file=sys.stderr)  # noqa: T201
            continue
        spaces = tuple(_spaces(root))
        if spaces:
            camera = root.get("id") or path.parent.name
            found.append(Labelled(picture, camera.lower(), spaces))
    return found


def read_crops(folder: Path) -> list[tuple[Frame, bool]]:
    """Return the pictures of single berths under ``berth_crops``, with whether they are occupied."""
    return [
        (picture.astype(np.uint8), name == "occupied")
        for name in ("empty", "occupied")
        for path in sorted(folder.rglob(f"berth_crops/{name}/*.jpg"))
        if (picture := cv2.imread(str(path))) is not None
    ]


def _picture(path: Path) -> Path | None:
    folders = [path.parent, *sorted(one for one in path.parent.parent.iterdir() if one.is_dir())]
    return next(
        (file for folder in folders for end in PICTURES if (file := folder / (path.stem + end)).is_file()), None
    )


def _spaces(root: ET.Element) -> Iterator[Space]:
    for number, node in enumerate(root.iter("space")):
        polygon = _contour(node) or _rectangle(node)
        if polygon:
            label = {"0": False, "1": True}.get((node.get("occupied") or "").strip())
            yield Space(node.get("id") or str(number), label, polygon)


def _contour(node: ET.Element) -> Polygon:
    """Return the points; PKLot writes ``point`` in some files and ``Point`` in others."""
    try:
        points = [
            (float(one.get("x", "")), float(one.get("y", ""))) for one in node.iter() if one.tag.lower() == "point"
        ]
    except ValueError:
        return ()
    return tuple(points) if len(points) >= 3 else ()


def _rectangle(node: ET.Element) -> Polygon:
    """Return the rotated rectangle's corners, for a space without a contour."""
    try:
        centre, size, angle = node.find(".//center"), node.find(".//size"), node.find(".//angle")
        if centre is None or size is None or angle is None:
            return ()
        middle = (float(centre.get("x", "")), float(centre.get("y", "")))
        sides = (float(size.get("w", "")), float(size.get("h", "")))
        corners = cv2.boxPoints((middle, sides, float(angle.get("d", ""))))
    except ValueError:
        return ()
    return tuple((float(x), float(y)) for x, y in corners)
