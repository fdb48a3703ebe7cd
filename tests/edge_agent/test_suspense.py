"""Heartbeats come faster while the hub's timers of a device may run."""

from device_profiles.profile import AlarmRule, Liveness, ProfileSpec, ValueSpec
from edge_agent.suspense import Suspense

S = 1_000_000
SPEC = ProfileSpec(
    kind="k",
    title="t",
    liveness=Liveness("15s"),
    values={"tilt": ValueSpec("float", "tilt")},
    alarms=(
        AlarmRule("k.tilted", "major", "tilted", when="tilt > 10", hold="20s", clear="3s"),
        AlarmRule("k.fallen", "major", "fallen", when="tilt > 80"),
    ),
)


def test_pending_while_a_condition_is_being_held() -> None:
    """From its beginning to a moment behind its end; and so for the clear condition."""
    suspense = Suspense(SPEC)
    assert not suspense.pending(0)
    suspense.take({"tilt": 30.0}, 10 * S)
    assert suspense.pending(10 * S)
    assert suspense.pending(31 * S)
    assert not suspense.pending(33 * S)
    suspense.take({"tilt": 1.0}, 40 * S)
    assert suspense.pending(44 * S)
    assert not suspense.pending(46 * S)


def test_unknown_ends_no_timer() -> None:
    """It freezes at the hub; here a few heartbeats more cost nothing."""
    suspense = Suspense(SPEC)
    suspense.take({"tilt": 30.0}, 10 * S)
    suspense.take({"tilt": None}, 12 * S)
    assert suspense.pending(13 * S)
