"""What is worth saying of a device's values."""

from device_profiles.profile import Liveness, ProfileSpec, ValueSpec
from edge_agent.worth import Values

S = 1_000_000
SPEC = ProfileSpec(
    kind="k",
    title="t",
    liveness=Liveness("15s"),
    values={
        "bit": ValueSpec("bool", "a bit"),
        "load": ValueSpec("float", "a load", deadband=5, period="10m"),
        "far": ValueSpec("int", "read by another request"),
    },
)


def test_first_then_changes_then_silence() -> None:
    """The first sample is full; then only what changed."""
    values = Values(SPEC)
    assert values.take({"bit": False, "load": 10.0}, 0) == {"bit": False, "load": 10.0}
    assert values.take({"bit": False, "load": 10.0}, S) == {}
    assert values.take({"bit": True, "load": 10.0}, 2 * S) == {"bit": True}
    assert values.take({"far": 3}, 2 * S) == {"far": 3}
    assert values.now == {"bit": True, "load": 10.0, "far": 3}


def test_a_deadband_is_counted_from_what_was_said() -> None:
    """A slow drift is said in the end."""
    values = Values(SPEC)
    said = [values.take({"load": float(load)}, load * S).get("load") for load in range(0, 14)]
    assert [load for load in said if load is not None] == [0, 6, 12]


def test_unknown_is_said_and_known_again_too() -> None:
    """None is a change in both directions."""
    values = Values(SPEC)
    values.take({"load": 10.0}, 0)
    assert values.take({"load": None}, S) == {"load": None}
    assert values.take({"load": None}, 2 * S) == {}
    assert values.take({"load": 10.0}, 3 * S) == {"load": 10.0}


def test_a_period_says_it_again() -> None:
    """Each value by its own."""
    values = Values(SPEC)
    values.take({"bit": True, "load": 1.0}, 0)
    assert values.take({"bit": True, "load": 1.0}, 59 * S) == {}
    assert values.take({"bit": True, "load": 1.0}, 60 * S) == {"bit": True}
    assert values.take({"bit": True, "load": 1.0}, 600 * S) == {"bit": True, "load": 1.0}


def test_what_was_not_read_for_long_is_unknown_though_the_device_answers() -> None:
    """Registers that fail while the alarm bits are read do not stay as they were for ever."""
    values = Values(SPEC)
    values.take({"bit": True, "far": 3}, 0)
    for second in range(1, 31):
        assert values.take({"bit": True}, second * S) == {}
    assert values.take({"bit": True}, 31 * S) == {"far": None}
    assert values.now["far"] is None


def test_all_is_said_anew_after_a_loss() -> None:
    """Also what this sample did not read."""
    values = Values(SPEC)
    values.take({"bit": True, "far": 3}, 0)
    values.forget_said()
    assert values.take({"bit": True}, S) == {"bit": True, "far": 3}


def test_names_that_the_profile_does_not_know_are_left_out() -> None:
    """The hub would not know them either."""
    assert Values(SPEC).take({"bit": True, "other": 1}, 0) == {"bit": True}


def test_a_clock_that_is_set_changes_nothing() -> None:
    """Periods and ages go on."""
    values = Values(SPEC)
    values.take({"bit": True, "far": 3}, 0)
    values.shift(3600 * S)
    assert values.take({"bit": True}, 3601 * S) == {}
