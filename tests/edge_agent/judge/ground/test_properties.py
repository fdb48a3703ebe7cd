"""Whatever a ground sensor says, in whatever order of time: the judge neither breaks nor contradicts itself."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from device_profiles.profile import load_profiles
from edge_agent.judge import judge_of
from edge_agent.judge.ground.day import MOST

S = 1_000_000
START = 1_763_600_000 * S
PROFILE = load_profiles()["ground_sensor"]  # read once: fifty times would take longer than all that is judged
BEGINS = {"ground.moved", "ground.water", "ground.cover_open"}
TILTS = st.none() | st.floats(-180, 180) | st.sampled_from([0.05, 0.5, 5.0, 0.0])
SAMPLE = st.fixed_dictionaries(
    {
        "mount": st.sampled_from([None, 0, 1]),
        "tilt_x_deg": TILTS,
        "tilt_y_deg": TILTS,
        "settlement_mm": st.none() | st.floats(-5_000, 5_000) | st.sampled_from([-2.0, -20.0, -0.2, -2_000.0, 0.0]),
        "water_m": st.none() | st.floats(0, 50) | st.sampled_from([0.1, 10.0, 1.2]),
        "tilt_unit": st.sampled_from([None, 0, 0, 0, 2]),
        "settlement_unit": st.sampled_from([None, 0, 0, 0, 1]),
        "frame_counter": st.none() | st.integers(0, 2**32 - 1),
    }
)
STEPS = st.tuples(SAMPLE, st.integers(1, 8), st.sampled_from([1, 1, 1, 2, 300, 3_600, 100_000, 0, -5, -100_000]))


@settings(max_examples=50)
@given(st.lists(STEPS, max_size=25))
def test_whatever_is_said_the_judge_holds(steps: list[tuple[dict[str, Any], int, int]]) -> None:
    """Each end has its beginning, what is exceeded was told, the state can be stored, and it stays small."""
    judge = judge_of(PROFILE)
    assert judge is not None
    state, t_us, open_ = judge.state(), START, set[str]()
    for values, times, step_s in steps:
        for _ in range(times):
            t_us += step_s * S
            state, found = judge.judge(state, values, t_us)
            for finding in found:
                assert finding.kind in judge.kinds
                assert finding.t_us == t_us
                if finding.kind in BEGINS:
                    open_.add(finding.kind)
                elif finding.kind.endswith("_over"):
                    open_.remove(finding.kind.removesuffix("_over"))
            said = judge.says(state)
            assert said["exceeded"] is not True or open_
            assert (said["limit"] in (None, "none")) is (said["exceeded"] is not True)
            again = msgspec.json.decode(msgspec.json.encode(state), type=judge.state)
            assert again == state
            assert len(state.day.bins) <= MOST + 50
            assert judge.judge(state, values, t_us) == (state, ())
