"""A reading that passes leaves what the full look at it would have left; one that may decide something does not."""

from collections.abc import Mapping

from hypothesis import example, given
from hypothesis import strategies as st

from device_profiles.wire import Pack, Reading, Value
from hub.alarms.decisions import Decisions
from hub.alarms.facts.agents import greet
from hub.alarms.facts.arrivals import Arrival, arrive
from hub.alarms.facts.moves import take_reading
from hub.alarms.facts.passing import passes
from hub.journal.records import Record
from tests.hub.alarms.scene import AREA, COVER, KEYED, MANHOLE, ON_ROAD, Scene, us

BOTH = """
[[alarms]]
rule = "cover.afloat"
severity = "major"
title = "Cover floats"
when = "tilt_deg >= 3 and water_level_m >= 0.5"
for = "1s"
"""
TEXTS = {"manhole_cover": MANHOLE + BOTH}
KNOWN: dict[str, Value] = {"tilt_deg": 0.0, "water_level_m": 0.0}
_odd = st.none() | st.sampled_from([3, 9.5, 12.0, True, "text"])
_values = st.one_of(
    st.sampled_from([{"tilt_deg": 0.0}, {"tilt_deg": 12.0}, {"tilt_deg": 3.0}, {"water_level_m": 0.9}]),
    st.dictionaries(st.sampled_from(["tilt_deg", "water_level_m", "unheard_of"]), _odd),
)
_gaps = st.sampled_from([1.0, 1.0, 3.0, 0.0, 20.0, 61.0, -1.0])
_steps = st.lists(st.tuples(_gaps, st.booleans(), _values), min_size=5, max_size=25)


def arrival_of(scene: Scene, at_s: float, values: Mapping[str, Value], *, seq: int = 100) -> tuple[Arrival, Reading]:
    """Return a reading of the cover, and its pack as the fold meets it."""
    fact = Reading("cover-1", us(at_s), dict(values))
    pack = Pack(1, "a-1", 7, "reading", us(at_s), (fact,), seq, "b7")
    record = Record(seq, us(at_s), "pack", f"{AREA}/a-1", 7, "reading", seq, b"", pack)
    decisions = Decisions(scene.state, record)
    return arrive(decisions, greet(decisions, record, pack), record, pack), fact


@example([(1.0, False, KNOWN), (1.0, False, {"tilt_deg": 3.0}), (1.0, False, {"water_level_m": 0.9}), (1.0, False, {})])
@example([(1.0, False, KNOWN), (20.0, True, {"tilt_deg": 0.0}), (1.0, False, {"tilt_deg": 1.0})])
@given(_steps)
def test_what_passes_is_what_the_full_look_leaves(steps: list[tuple[float, bool, dict[str, Value]]]) -> None:
    """Gaps, late times, silence, odd values, alarms that pend, open and clear: the same rows and transitions."""
    glancing, looking, at_s = Scene(texts=TEXTS), Scene(texts=TEXTS), 1.0
    for seq, (gap_s, ticks, values) in enumerate(steps, 100):
        at_s += gap_s
        if ticks:
            assert glancing.tick(at_s) == looking.tick(at_s)
        short, fact = arrival_of(glancing, at_s, values, seq=seq)
        full, same = arrival_of(looking, at_s, values, seq=seq)
        if not passes(short, fact):
            take_reading(short, fact)
        take_reading(full, same)
        assert short.decisions.made == full.decisions.made
        assert list(glancing.state.rows()) == list(looking.state.rows())
        assert glancing.state.dirty == looking.state.dirty


def test_a_reading_at_rest_passes() -> None:
    """The usual one, later and of known names, passes; the one that makes a condition true has done nothing yet."""
    scene = Scene()
    scene.cover(1, tilt_deg=0.0, water_level_m=0.0)
    assert passes(*arrival_of(scene, 2, {"tilt_deg": 3.0}))
    assert scene.state.devices[COVER].now_us == us(2)
    assert scene.state.devices[COVER].values == {"tilt_deg": 3.0, "water_level_m": 0.0}
    assert not passes(*arrival_of(scene, 3, {"tilt_deg": 70.0}))
    assert scene.state.devices[COVER].now_us == us(2)


def test_a_key_of_an_asset_never_passes() -> None:
    """What a device says to a rule of its asset is weighed there, however harmless it is."""
    scene = Scene(texts=KEYED)
    scene.birth(at_s=0, devices=ON_ROAD)
    scene.cover(1, tilt_deg=0.0)
    assert not passes(*arrival_of(scene, 2, {"tilt_deg": 0.0}))
