"""The worker's eyes on a road: its surface in the zone's values, evidence with the finding, told over a new worker."""

from collections.abc import Sequence

from edge_agent.judge.road.blob import Box
from edge_agent.sources.camera.streams.frame import Image
from edge_agent.sources.camera.worker.road_eyes import RoadEyes
from edge_agent.vision.zone import Polygon
from tests.edge_agent.vision.asphalt import POLYGON, ROAD, Brightness, asphalt

S = 1_000_000


class Shelf:
    """Remembers what it is asked to keep."""

    def __init__(self) -> None:
        self.seen = 0
        self.kinds: list[str] = []

    def see(self, image: Image, t_us: int, movers: Sequence[Box] = ()) -> None:  # noqa: ARG002
        """Count."""
        self.seen += 1

    def shift(self, step_us: int) -> None:
        """Nothing depends on the clock."""

    def keep(
        self,
        *,
        before: Image | None,
        after: Image,
        movers: Sequence[Box],  # noqa: ARG002
        polygon: Polygon,
        t_us: int,  # noqa: ARG002
        kind: str = "",
        hidden: Sequence[Polygon] = (),  # noqa: ARG002
    ) -> str:
        """Return words that name the finding."""
        assert before is not None
        assert before.shape == after.shape
        assert polygon == POLYGON
        self.kinds.append(kind)
        return f"kept {kind}"


def test_evidence_comes_with_the_finding_and_stands_in_the_values_until_it_is_over() -> None:
    """In the same look, once; a new worker goes on with it."""
    shelf = Shelf()
    eyes = RoadEyes(ROAD, Brightness(), evidence=shelf)
    found = [one for at in range(14) for one in eyes.seen(asphalt(at, hole=at > 4), at * S)]
    assert [(one.kind, one.data["evidence"]) for one in found] == [("road.hole", "kept road.hole")]
    assert (shelf.seen, shelf.kinds) == (14, ["road.hole"])
    values = eyes.values("r")
    assert (values["surface"], values["surface_reason"], values["evidence"]) == ("hole", None, "kept road.hole")
    kept = eyes.kept("r")
    assert kept is not None
    later = RoadEyes(ROAD, Brightness())
    later.resume({"r": kept})
    for at in range(20, 50):
        assert later.seen(asphalt(at, hole=True), at * S) == []
    assert (later.values("r")["surface"], later.values("r")["evidence"]) == ("hole", "kept road.hole")


def test_a_picture_that_is_not_believed_makes_the_surface_unknown() -> None:
    """With the camera's trouble as the reason; what is no road has no surface."""
    eyes = RoadEyes(ROAD, Brightness())
    for at in range(5):
        eyes.seen(asphalt(at), at * S)
    assert eyes.sees("r")
    assert eyes.unseen(5 * S, reason="covered") == []
    values = eyes.values("r")
    assert (values["surface"], values["surface_reason"], values["changed_m2"]) == ("unknown", "covered", None)
    assert (eyes.sees("r"), eyes.values("b"), eyes.kept("r")) == (False, {}, None)
