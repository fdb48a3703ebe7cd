"""A camera, watched: what it reports with and without pictures, and what its zones are told."""

from device_profiles.clock import Clock
from edge_agent.sources.camera.integrity.integrity import Integrity
from edge_agent.sources.camera.messages import Report, ZoneWord
from edge_agent.sources.camera.streams.drain import Flow
from edge_agent.sources.camera.streams.frame import Frame, Image
from edge_agent.sources.camera.streams.trouble import Stream, Trouble
from edge_agent.sources.camera.worker.watching import FIRST_S, Watching
from tests.edge_agent.sources.camera.pictures import Street

START_US = 1_763_600_000_000_000


class Hand(Clock):
    """A clock that is moved by hand."""

    now_s = 0.0

    def wall_us(self) -> int:
        """Return city time."""
        return START_US + round(self.now_s * 1e6)

    @staticmethod
    def real_s() -> float:
        """Return real time."""
        return Hand.now_s


class Eyes:
    """Remembers how each look at the zones ended."""

    def __init__(self) -> None:
        self.looks: list[str] = []

    def prepare(self, image: Image, _t_us: int) -> Image:
        """Take the picture itself."""
        return image

    def seen(self, image: Image, _t_us: int, *, prepared: Image | None = None) -> tuple[ZoneWord, ...]:
        """Look."""
        assert prepared is image
        self.looks.append("seen")
        return ()

    def doubted(self, _t_us: int) -> tuple[ZoneWord, ...]:
        """Do not look."""
        self.looks.append("doubted")
        return ()

    def unseen(self, _t_us: int, *, reason: str) -> tuple[ZoneWord, ...]:
        """See nothing."""
        self.looks.append(str(reason))
        return ()


class Rig:
    """A watched camera, its time in our hand."""

    def __init__(self) -> None:
        Hand.now_s = 0.0
        self.eyes, self.flow, self.street = Eyes(), Flow(), Street()
        self.watching = Watching(Integrity(), self.flow, stall_s=1.5, eyes=self.eyes, clock=Hand())

    def look(self, image: Image | None = None) -> Report:
        """Show a picture; 0.2 s pass."""
        self.flow.stream = Stream.LIVE
        self.flow.grabbed += 1
        Hand.now_s += 0.2
        return self.watching.look(Frame(START_US, Hand.now_s, self.street.picture() if image is None else image))

    def wait(self, seconds: float) -> Report:
        """Let time pass without a picture."""
        Hand.now_s += seconds
        return self.watching.wait()


def test_before_the_first_picture_nothing_is_known_and_then_it_is_stalled() -> None:
    """At once when it is known that none will come."""
    rig = Rig()
    assert rig.wait(1.0).health.seeing is None
    assert rig.wait(FIRST_S).health.troubles[Trouble.STALLED] is True
    refused = Rig()
    refused.flow.stream, refused.flow.detail = Stream.REFUSED, "HTTP status 401"
    health = refused.wait(0.1).health
    assert health.seeing is False
    assert health.data[Trouble.STALLED] == {"reason": "refused", "detail": "HTTP status 401"}


def test_a_stall_is_told_within_two_seconds_and_its_zones_are_not_seen() -> None:
    """What was known of the picture is not known any more; three pictures in time end it."""
    rig = Rig()
    for _ in range(20):
        last = rig.look()
    assert last.health.seeing is True
    assert rig.wait(1.4).health.seeing is True
    stalled = rig.wait(0.2)
    assert stalled.health.troubles == dict.fromkeys(Trouble) | {Trouble.STALLED: True}
    assert rig.eyes.looks[-1] == "stalled"
    assert [rig.look().health.seeing for _ in range(3)] == [False, False, True]


def test_a_worker_that_was_held_up_blames_no_camera() -> None:
    """A busy machine, or SIGSTOP; a camera that stops giving is named while the worker has its turns."""
    rig = Rig()
    for _ in range(5):
        rig.look()
    for _ in range(4):
        told = rig.wait(0.4)
    assert told.health.data[Trouble.STALLED]["reason"] == Stream.TIMEOUT
    for _ in range(4):
        rig.look()
    Hand.now_s += 3.0
    held = rig.look().health
    assert held.troubles[Trouble.STALLED] is True
    assert held.data[Trouble.STALLED] == {
        "reason": Stream.WORKER,
        "detail": "this machine held the worker up for 3.2 s",
    }
    for _ in range(4):
        rig.look()
    for _ in range(4):
        told = rig.wait(0.4)
    assert told.health.data[Trouble.STALLED]["reason"] == Stream.TIMEOUT


def test_a_picture_every_three_seconds_is_no_stream() -> None:
    """Its camera does not come and go with each of them."""
    rig = Rig()
    rig.look()
    for _ in range(4):
        rig.wait(3.0)
        assert rig.look().health.seeing is False


def test_zones_are_not_looked_at_while_the_picture_is_in_doubt() -> None:
    """First doubted, then not believed, then in doubt until it is believed again."""
    rig = Rig()
    for _ in range(20):
        rig.look()
    rig.eyes.looks.clear()
    for _ in range(8):
        rig.look(rig.street.black())
    for _ in range(6):
        rig.look()
    assert rig.eyes.looks == ["doubted"] * 5 + ["black"] * 6 + ["seen"] * 3


def test_rates_and_sizes_are_counted() -> None:
    """Over about two seconds."""
    rig = Rig()
    counts = [rig.look().health.counts for _ in range(20)][-1]
    assert counts["fps"] == counts["looks"] == 5.0
    assert (counts["width"], counts["height"]) == (400, 224)
