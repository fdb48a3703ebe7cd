"""PKLot's XML as zones and truth: spaces with a contour; some lack ``occupied``."""

import json
from pathlib import Path
from xml.etree import ElementTree

import cv2

from tests.real_data import DATA

PKLOT = DATA / "images"


def frames_of_pklot() -> list[tuple[Path, Path]]:
    """Return (picture, XML) of every labelled frame that is there."""
    near = [(path, path.with_suffix(".jpg")) for path in PKLOT.glob("pklot_other_cameras/*.xml")]
    far = [(path, path.parents[1] / "frames" / f"{path.stem}.png") for path in PKLOT.glob("*/*/bounding_boxes/*.xml")]
    return sorted((picture, xml) for xml, picture in (*near, *far) if picture.is_file())


def zones_json(xml: Path, *, size: tuple[int, int]) -> str:
    """Return the zones of a frame; a space whose contour is no polygon is left out."""
    zones = []
    for space in ElementTree.parse(xml).iter("space"):
        points = [[float(p.get("x", "nan")), float(p.get("y", "nan"))] for p in space.iterfind("contour/*")]
        if space.get("id") and len(points) >= 3:
            zones.append({"id": space.get("id"), "kind": "berth", "polygon": points})
    return json.dumps({"width": size[0], "height": size[1], "zones": zones})


def truth_of(xml: Path) -> dict[str, bool]:
    """Return which spaces are occupied; one that nobody labelled is not among them."""
    spaces = ElementTree.parse(xml).iter("space")
    return {str(one.get("id")): one.get("occupied") == "1" for one in spaces if one.get("occupied") in ("0", "1")}


def size_of_picture(path: Path) -> tuple[int, int]:
    """Return width and height."""
    image = cv2.imread(str(path))
    assert image is not None
    return image.shape[1], image.shape[0]
