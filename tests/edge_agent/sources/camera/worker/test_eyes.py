"""What is said of zones: their state, how long they were seen, and nothing too often."""

import msgspec

from device_profiles.clock import Clock
from edge_agent.sources.camera.messages import ZoneWord
from edge_agent.sources.camera.streams.frame import Image
from edge_agent.sources.camera.worker.eyes import KEEP_US, Eyes, open_eyes
from edge_agent.vision.looker import Chosen
from edge_agent.vision.watch import Kept
from edge_agent.vision.zones import Zone, Zones
from tests.edge_agent.sources.camera.pictures import Street
from tests.edge_agent.sources.camera.rig import order

ZONES = Zones(
    400,
    224,
    (
        Zone("1", "berth", ((50.0, 50.0), (120.0, 50.0), (120.0, 110.0), (50.0, 110.0))),
        Zone("2", "berth", ((150.0, 50.0), (220.0, 50.0), (220.0, 110.0), (150.0, 110.0))),
        Zone("east", "lane", ((0.0, 150.0), (0.0, 190.0), (390.0, 190.0), (390.0, 150.0))),
    ),
)
START_US, STEP_US = 1_763_600_000_000_000, 200_000
IMAGE = Street().picture()


class Looker:
    """Says what it is told to say."""

    def __init__(self) -> None:
        self.scores: dict[str, float | None] = {"1": 0.99, "2": 0.01}

    def prepare(self, frame: Image, *, t_us: int | None = None) -> Chosen:
        """Choose nothing."""
        assert frame.shape == (224, 400, 3)
        assert t_us is not None
        return Chosen([])

    def look(self, frame: Image, *, t_us: int | None = None, chosen: Chosen | None = None) -> dict[str, float | None]:
        """Return it."""
        assert frame.shape == (224, 400, 3)
        assert t_us is not None
        assert chosen is None
        return self.scores


class Rig:
    """Eyes, and the last word of each zone."""

    def __init__(self, *, kept: dict[str, Kept] | None = None, t_us: int = START_US) -> None:
        self.looker = Looker()
        self.eyes = Eyes(ZONES, self.looker, clock=Clock(), kept=kept)
        self.words: list[ZoneWord] = []
        self.t_us = t_us

    def look(self, seconds: float, *, way: str = "seen") -> None:
        """Look for so long."""
        for _ in range(round(seconds * 1e6) // STEP_US):
            self.t_us += STEP_US
            if way == "seen":
                self.words += self.eyes.seen(IMAGE, self.t_us)
            elif way == "doubted":
                self.words += self.eyes.doubted(self.t_us)
            else:
                self.words += self.eyes.unseen(self.t_us, reason=way)

    def said(self, zone: str) -> list[ZoneWord]:
        """Return the words of a zone."""
        return [word for word in self.words if word.zone == zone]


def test_a_zone_is_unknown_at_once_when_nobody_sees() -> None:
    """Its score is null and its seconds fall."""
    rig = Rig()
    rig.look(20)
    assert [rig.said(zone)[-1].values["state"] for zone in ("1", "2")] == ["occupied", "free"]
    rig.look(0.2, way="covered")
    for zone in ("1", "2"):
        word = rig.said(zone)[-1]
        assert (word.values["state"], word.values["score"]) == ("unknown", None)
        assert [(one.kind, one.data["reason"]) for one in word.findings] == [("berth.unknown", "covered")]
        assert 19 <= float(word.values["observed_s"] or 0) <= 20
    rig.look(70, way="covered")
    assert rig.said("1")[-1].values["observed_s"] == 0.0


def test_what_the_model_cannot_tell_is_not_seen() -> None:
    """A berth that is none of the model's business is unknown, not free."""
    rig = Rig()
    rig.looker.scores = {"1": None, "2": 0.01, "east/0": None}
    rig.look(30)
    assert [rig.said(zone)[-1].values["state"] for zone in ("1", "2", "east")] == ["unknown", "free", "unknown"]
    assert [rig.said(zone)[-1].values["observed_s"] for zone in ("1", "east")] == [0.0, 0.0]
    assert float(rig.said("2")[-1].values["observed_s"] or 0) > 20


def test_a_doubt_of_a_second_changes_nothing_and_a_long_one_makes_unknown() -> None:
    """Nobody looks meanwhile."""
    rig = Rig()
    rig.look(20)
    rig.look(1, way="doubted")
    assert rig.said("1")[-1].values["state"] == "occupied"
    rig.look(8, way="doubted")
    assert rig.said("1")[-1].values["state"] == "unknown"


def test_a_zone_that_does_not_change_is_said_every_five_seconds() -> None:
    """So that it is not silent, and not in one breath with all the others."""
    rig = Rig()
    rig.look(20)
    rig.words.clear()
    rig.look(4 * KEEP_US / 1e6)
    assert {zone: len(rig.said(zone)) for zone in ("1", "2", "east")} == {"1": 4, "2": 4, "east": 4}


def test_a_model_that_is_refused_sees_nothing_and_says_so() -> None:
    """The worker goes on: the camera still watches itself."""
    eyes, judged_by = open_eyes(msgspec.structs.replace(order("x"), model="nobody.knows"), ZONES, clock=Clock())
    assert judged_by.startswith("nobody: ")
    words = eyes.seen(IMAGE, START_US)
    assert {word.values["state"] for word in words} == {"unknown"}


def test_a_worker_that_follows_another_goes_on_with_its_stays() -> None:
    """With a gap: nobody saw meanwhile whether it is still the same vehicle."""
    first = Rig()
    first.look(20)
    kept = {zone: word.kept for zone in ("1", "2") if (word := first.said(zone)[-1]).kept is not None}
    arrived_us = kept["1"].stay.arrived_us if kept["1"].stay else None
    assert kept["2"].stay is None
    lost = {zone: msgspec.structs.replace(one, told="unknown") for zone, one in kept.items()}  # the agent said so
    second = Rig(kept=lost, t_us=first.t_us + 8_000_000)
    second.look(20)
    (back,) = [one for word in second.said("1") for one in word.findings]
    assert (back.kind, back.data["reason"]) == ("berth.occupied", "seen_again")
    assert (back.data["arrived_us"], back.data["at_least"], back.data["gap"]) == (arrived_us, True, True)
    (free,) = [one for word in second.said("2") for one in word.findings]
    assert (free.kind, free.data["reason"]) == ("berth.freed", "seen_again")
    assert "dwell_s" not in free.data
