"""What is kept of a finding: three masked artefacts, or fewer and the reason."""

from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
import pytest

from device_profiles.clock import Clock
from device_profiles.evidence import evidence_digests, evidence_words
from edge_agent.evidence import evidence as module
from edge_agent.evidence.evidence import Evidence
from edge_agent.evidence.masks import GREY
from edge_agent.evidence.order import EvidenceOrder
from edge_agent.vision.patches import Frame
from tests.edge_agent.evidence.pictures import PERSON, ROAD, street

SECOND_US = 1_000_000
T0_US = 1_763_600_000 * SECOND_US
FLAT = 6  # grey levels that JPEG may add to what is flat


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mask to the end however slow this machine is; the test of the budget sets its own."""
    monkeypatch.setattr(module, "BUDGET_S", 60.0)


def order(folder: Path, **more: Any) -> EvidenceOrder:
    """Return an order with room for all."""
    plain = EvidenceOrder(
        folder=str(folder / "evidence"), max_bytes=10_000_000, max_age_us=10**15, ring_bytes=5_000_000
    )
    return msgspec.structs.replace(plain, **more)


def watched(made: EvidenceOrder, *, seconds: int = 12) -> Evidence:
    """Return the evidence of a camera that has seen a walker pass, and a hole come 3 s ago."""
    evidence = Evidence(made, clock=Clock())
    for at in range(5 * seconds):
        walker = (20 + 4 * at, 150, 35 + 4 * at, 190)
        image = street(seed=at, hole=at > 5 * (seconds - 3), person=walker)
        evidence.see(image, T0_US + at * SECOND_US // 5)
    return evidence


def keep(evidence: Evidence, *, seconds: int = 12, before: bool = True, kind: str = "road.hole") -> dict[str, str]:
    """Return the words of what is kept at the end."""
    value = evidence.keep(
        before=street() if before else None,
        after=street(seed=99, hole=True, person=PERSON),
        movers=[PERSON],
        polygon=ROAD,
        t_us=T0_US + seconds * SECOND_US,
        kind=kind,
    )
    return evidence_words(value)


def pictures(folder: Path, words: dict[str, str], part: str) -> list[Frame]:
    """Return the pictures of an artefact."""
    path = folder / "evidence" / words[part]
    if part != "clip":
        image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
        assert image is not None
        return [image.astype(np.uint8)]
    reader, found = cv2.VideoCapture(str(path)), []
    while (read := reader.read())[0]:
        found.append(read[1].astype(np.uint8))
    return found


def reddest(image: Frame) -> int:
    """Return how red the reddest block of 4 × 4 pixels is: the walker wears red."""
    red = image[..., 2].astype(np.int32) - image[..., 0]
    return int(cv2.blur(red.astype(np.float32), (4, 4)).max())


def test_all_three_are_kept_under_their_digests_and_nobody_can_be_seen(tmp_path: Path) -> None:
    """Before without the hole, after with it, and a clip of 10 s; the walker is a flat box everywhere."""
    words = keep(watched(order(tmp_path)))
    assert evidence_digests(words).keys() == {"before", "after", "clip"}
    assert "shorter" not in words
    (before,), (after,) = pictures(tmp_path, words, "before"), pictures(tmp_path, words, "after")
    clip = pictures(tmp_path, words, "clip")
    assert before[175:185, 122:138].mean() > 60 > 30 > after[175:185, 122:138].mean()
    x0, y0, x1, y1 = PERSON
    assert np.abs(after[y0:y1, x0:x1].astype(int) - GREY).max() <= FLAT
    assert 48 <= len(clip) <= 51
    assert clip[0][175:185, 122:138].mean() > 60 > 30 > clip[-1][175:185, 122:138].mean()
    assert max(map(reddest, [before, after, *clip])) < 40 < reddest(street(person=PERSON))


def test_what_the_profile_permits_is_plain(tmp_path: Path) -> None:
    """Of an event that may be kept as it is nothing is hidden."""
    words = keep(watched(order(tmp_path, permits={"road.hole": "plain"})))
    (after,) = pictures(tmp_path, words, "after")
    assert reddest(after) > 100
    assert max(map(reddest, pictures(tmp_path, words, "clip"))) > 100


def test_what_the_profile_withholds_is_nowhere(tmp_path: Path) -> None:
    """Of such an event no file is written, and the value says so; another kind is masked as ever."""
    evidence = watched(order(tmp_path, permits={"road.hole": "none"}))
    assert keep(evidence) == dict.fromkeys(("before", "after", "clip"), "withheld")
    assert not (tmp_path / "evidence").exists()
    assert evidence_digests(keep(evidence, kind="road.water")).keys() == {"before", "after", "clip"}


def test_without_an_order_it_says_that_it_is_off(tmp_path: Path) -> None:
    """Silence would look like evidence that was lost."""
    assert keep(watched(EvidenceOrder())) == dict.fromkeys(("before", "after", "clip"), "off")


@pytest.mark.parametrize(
    ("seconds", "changes", "shorter", "least", "most"),
    [
        (4, {}, "ring_young", 15, 21),
        (12, {"ring_bytes": 200_000}, "ring_full", 2, 30),
        (12, {"max_bytes": 200_000}, "too_large", 2, 30),
    ],
)
def test_a_short_clip_says_why(
    tmp_path: Path, seconds: int, changes: dict[str, int], shorter: str, least: int, most: int
) -> None:
    """A camera that has just begun, a ring that is too small, a folder that is: what there is is kept, the newest."""
    words = keep(watched(order(tmp_path, **changes), seconds=seconds), seconds=seconds)
    assert words["shorter"] == shorter
    clip = pictures(tmp_path, words, "clip")
    assert least <= len(clip) <= most
    assert clip[-1][175:185, 122:138].mean() < 30
    assert sum(path.stat().st_size for path in (tmp_path / "evidence").iterdir()) <= changes.get("max_bytes", 10**7)


def test_masking_that_takes_too_long_ends_with_the_newest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker has to report; what was not masked in time is not kept, and that is said."""
    evidence = watched(order(tmp_path))
    monkeypatch.setattr(module, "BUDGET_S", -1.0)
    words = keep(evidence)
    assert words["clip"] == "no_time"
    assert evidence_digests(words).keys() == {"before", "after"}


def test_much_on_one_picture_takes_no_more_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two findings of a zone have the same evidence; another zone's has what is left of the time."""
    evidence, after = watched(order(tmp_path)), street(seed=99, hole=True)
    found: dict[str, Any] = {"before": street(), "after": after, "movers": [], "t_us": T0_US + 12 * SECOND_US}
    first = evidence.keep(polygon=ROAD, **found)
    assert evidence.keep(polygon=ROAD, **found) is first
    now_s = Clock.real_s()
    monkeypatch.setattr(Clock, "real_s", staticmethod(lambda: now_s + module.BUDGET_S + 1.0))
    assert evidence_words(evidence.keep(polygon=ROAD[:3], **found))["clip"] == "no_time"
    again = evidence.keep(polygon=ROAD[:3], **found | {"after": after.copy()})
    assert evidence_digests(evidence_words(again)).keys() == {"before", "after", "clip"}


def test_what_is_missing_has_its_reason(tmp_path: Path) -> None:
    """Nothing seen, no picture of before, a still beyond the bound, a folder that takes nothing."""
    unseen = Evidence(order(tmp_path), clock=Clock())
    words = keep(unseen, before=False)
    assert (words["before"], words["clip"]) == ("no_picture", "ring_empty")
    assert evidence_digests(words).keys() == {"after"}
    assert keep(watched(order(tmp_path, max_bytes=1_000))) == dict.fromkeys(("before", "after", "clip"), "too_large")
    (tmp_path / "file").write_text("no folder")
    nowhere = msgspec.structs.replace(order(tmp_path), folder=str(tmp_path / "file"))
    assert keep(watched(nowhere)) == dict.fromkeys(("before", "after", "clip"), "no_room")


def test_no_more_pictures_are_kept_back_than_are_needed(tmp_path: Path) -> None:
    """A camera at thirty looks a second fills no ring with what nobody can tell apart."""
    evidence = Evidence(order(tmp_path), clock=Clock())
    image = street()
    for at in range(300):
        evidence.see(image, T0_US + at * SECOND_US // 30)
    words = keep(evidence, seconds=10)
    assert 40 <= len(pictures(tmp_path, words, "clip")) <= 53
