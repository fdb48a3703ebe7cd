"""Each trouble is told once when it begins and once when it ends."""

from edge_agent.sources.camera.streams.trouble import Trouble
from edge_agent.sources.camera.telling import Telling


def test_begin_and_end_are_told_once() -> None:
    """Unknown says neither: also a worker that begins anew knows nothing at first."""
    telling = Telling()
    looks = [None, False, True, True, None, True, False, False]
    told = [telling.take({Trouble.FROZEN: look}, {}, 1_000_000 * at) for at, look in enumerate(looks)]
    assert [[finding.kind for finding in one] for one in told] == [
        [], [], ["camera.frozen"], [], [], [], ["camera.frozen_over"], [],
    ]  # fmt: skip
    assert told[6][0].data == {"reason": "frozen", "lasted_s": 4.0}
