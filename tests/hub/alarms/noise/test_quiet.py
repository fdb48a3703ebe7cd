"""Whatever happens in whatever order, an open alarm that calls nobody has a reason that still lasts and will end."""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.alarms.noise.maintenance import PREFIX
from hub.alarms.rows import Occurrence
from hub.alarms.state import State
from tests.hub.alarms.scene import TEXTS, Scene

CAUSES = '[[causes]]\nrule = "cover.gone"\nfolds = ["cover.*", "device.silent"]\n'
WINDOW = '[[maintenance]]\nname = "works"\nzone = "UTC"\nstart = 00:00:00\nend = 00:00:00\nsubjects = ["{}"]\n'
POLICIES = ("", CAUSES, WINDOW.format("*/cover-1"), WINDOW.format("*/lift-*") + CAUSES)

Step = Callable[[Scene, int], None]


def opened(scene: Scene, at_s: int) -> None:
    """Let the cover's contact open: that is news, so its alarm is not one that was only recorded."""
    scene.event("cover.opened", at_s, device="cover-1", severity="major")
    alarm = scene.alarm("cover.open")
    assert alarm is not None
    assert alarm.sounded


def opened_late(scene: Scene, at_s: int) -> None:
    """Let a backlog say that it had opened."""
    scene.event("cover.opened", at_s - 400, got_s=at_s, device="cover-1", severity="major")


def shut(scene: Scene, at_s: int) -> None:
    """Let it shut."""
    scene.event("cover.shut", at_s, device="cover-1", severity="info")


def gone(scene: Scene, at_s: int) -> None:
    """Let the cover be gone, so that it is tilted too."""
    scene.cover(at_s, tilt_deg=70)


def back(scene: Scene, at_s: int) -> None:
    """Let it lie flat."""
    scene.cover(at_s, tilt_deg=0)


def act(kind: str, rule: str) -> Step:
    """Return a step in which a person does something about an alarm of the cover."""

    def do(scene: Scene, at_s: int) -> None:
        scene.act(kind, at_s=at_s, rule=rule, because="other")

    return do


def policy(text: str) -> Step:
    """Return a step in which another policy comes into force."""

    def do(scene: Scene, at_s: int) -> None:
        scene.text(TEXTS, at_s=at_s, policy=text)

    return do


ABOUT = [
    ("shelve", "cover.open"),
    ("unshelve", "cover.open"),
    ("out_of_service", "cover.open"),
    ("close", "cover.gone"),
]
STEPS = [opened, opened, opened_late, shut, shut, gone, back]
STEPS += [act(kind, rule) for kind, rule in ABOUT] + [policy(text) for text in POLICIES]
DAYS = st.lists(st.tuples(st.sampled_from(STEPS), st.sampled_from((1, 1, 1, 4, 70))), min_size=10, max_size=30)


def play(days: list[tuple[Step, int]], look: Callable[[Scene], None]) -> Scene:
    """Do each step, wait so many seconds after it, and look at each of them."""
    scene, at_s = Scene(), 500
    scene.tick(at_s)
    for step, wait_s in days:
        step(scene, at_s)
        look(scene)
        for _ in range(wait_s):
            at_s += 1
            scene.beat(at_s, "cover-1", "lift-7")
            scene.tick(at_s)
            look(scene)
    return scene


def standing(state: State) -> list[Occurrence]:
    """Return what is open."""
    return [each for found in state.occurrences.values() for each in found.values() if each.open]


def explained(scene: Scene) -> None:
    """Check that each flag has what sets it, and something that will end it."""
    found = standing(scene.state)
    ids = {each.alarm.id for each in found if each.alarm is not None}
    windows = {PREFIX + name for name in scene.state.hub.windows}
    for each in found:
        assert each.alarm is not None
        assert each.alarm.suppressed_by in {"", *ids, *windows} or each.freed_us is not None, each.alarm
        assert each.alarm.shelved == (each.shelf is not None), each.alarm
        assert each.alarm.out_of_service == bool(each.out_of_service), each.alarm


@settings(max_examples=50, deadline=None)
@given(DAYS)
def test_what_is_quiet_has_a_reason_that_will_end(days: list[tuple[Step, int]]) -> None:
    """And what calls has called; a restart changes nothing of it."""
    scene = play(days, explained)
    called = {made.alarm.id for made in scene.made if made.calls}
    for each in standing(scene.state):
        assert each.alarm is not None
        assert each.alarm.quiet or each.alarm.id in called
    rows = list(scene.state.rows())
    assert list(State.load(rows).rows()) == rows
