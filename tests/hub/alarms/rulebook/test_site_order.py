"""Sites of a street with many devices: what is raised depends on what was true where, and not on who is heard first."""

from itertools import combinations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from device_profiles.wire import Binding, Event, Heartbeat, Reading
from tests.hub.alarms.scene import AREA, Scene, us
from tests.hub.alarms.street import STREET, north, policy

END_S, WITHIN_S = 45, 10
BLOCKS = (0, 1, 2)  # 800 m apart
CAMERAS = {"cam-a-1": "cam-a", "cam-a-2": "cam-a", "cam-b-1": "cam-b"}
GROUND = ("gs-1", "gs-2")
PLACES = {"cam-a-1": 0, "cam-a-2": 28, "cam-b-1": 9, "gs-1": 17, "gs-2": 29}  # metres from the block's begin
PHYSICS = {
    "surface": {"surface"},
    "pool": {"surface", "rain"},
    "ground": {"ground"},
    "traffic": {"traffic", "rain"},
    "person": {"person"},
}

_block = st.sampled_from(BLOCKS)
_times = st.lists(st.integers(0, 40), min_size=1, max_size=4, unique=True).map(sorted)
_surface = st.sampled_from(["sound", "sound", "hole", "hole", "water", None])
_ground = st.sampled_from([False, True, None])


def _said(device: str, values: Any) -> st.SearchStrategy[list[tuple[Any, ...]]]:
    each = _times.flatmap(lambda at: st.tuples(*(st.tuples(st.just(at_s), values) for at_s in at)))
    return st.tuples(_block, each).map(lambda told: [("say", f"{device}-{told[0]}", *one) for one in told[1]])


_lanes = st.lists(
    st.one_of(*(_said(name, _surface) for name in CAMERAS), *(_said(name, _ground) for name in GROUND)),
    min_size=1,
    max_size=7,
    unique_by=lambda lane: lane[0][1],
)
_loose = st.lists(
    st.one_of(
        st.tuples(st.just("queue"), st.sampled_from(list(CAMERAS)), _block, st.integers(0, 40)),
        st.tuples(st.just("call"), st.integers(0, 29), _block, st.integers(0, 40)),
    ),
    max_size=2,
)


@settings(max_examples=150, deadline=None)
@given(_lanes, _loose, st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_no_alarm(lanes: list[Any], loose: list[Any], random: Any) -> None:
    """Each block has the alarms that its facts demand, one of a rule, however the devices' words are interleaved.

    Whether there was a case first that a collapse then explains depends on whether one key was heard alone.
    """
    for lane in lanes:
        lane.append(("beat", lane[0][1]))
    queues = [*lanes, *([one] for one in loose)]
    turns = [number for number, queue in enumerate(queues) for _ in queue]
    random.shuffle(turns)
    heads = [iter(queue) for queue in queues]
    scene = _played([next(heads[number]) for number in turns])
    signs = [sign for queue in queues for sign in _signs(queue)]
    collapsed = {a[0] for a, b in combinations(signs, 2) if a[0] == b[0] and _agree(a, b)}
    raised = [(t.alarm.rule, _block_of(t.alarm.subject, scene)) for t in scene.made if t.kind == "raised"]
    cases = {sign[0] for sign in signs if sign[1] != "traffic"} - collapsed
    explained = {each for each in raised if each[0] == "road.inspection" and each[1] in collapsed}
    assert len(raised) == len(set(raised))
    expected = {("road.collapse", block) for block in collapsed} | {("road.inspection", block) for block in cases}
    assert set(raised) - explained == expected


def _played(facts: list[tuple[Any, ...]]) -> Scene:
    """Return the scene in which the facts are received one after the other, all within a second after the end."""
    scene = Scene(born=False, texts={})
    names = [(f"{name}-{block}", metres + 800 * block) for block in BLOCKS for name, metres in PLACES.items()]
    scene.text(STREET, policy=policy(dict(names)))
    for name, _ in names:
        eye = CAMERAS.get(name.rpartition("-")[0])
        via = (f"{eye}-{name[-1]}",) if eye else ()
        scene.birth(at_s=0, devices=(Binding(name, "road_eye" if eye else "settling", "", via),), agent=f"of-{name}")
    for number, (what, *more) in enumerate(facts):
        got_s = END_S + number / 100
        if what == "say":
            name, at_s, value = more
            key = "surface" if name.startswith("cam") else "exceeded"
            scene.pack(Reading(name, us(at_s), {key: value}), at_s=got_s, agent=f"of-{name}")
        elif what == "beat":
            scene.pack(Heartbeat(us(END_S), {more[0]: us(END_S)}), at_s=got_s, agent=f"of-{more[0]}")
        elif what == "queue":
            name = f"{more[0]}-{more[1]}"
            scene.pack(Event(name, us(more[2]), "queue.formed", "info"), at_s=got_s, lane="event", agent=f"of-{name}")
        else:
            place = north(more[0] + 800 * more[1])
            told = {"area": AREA, "subject": "", "kind": "person.reported_hole", "at": place, "t_us": us(more[2])}
            scene.act("report", at_s=got_s, **told)
    return scene


def _signs(queue: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return (block, key, source, from, to) of everything in a queue that is true."""
    found: list[tuple[Any, ...]] = []
    for fact, after in zip(queue, [*queue[1:], None], strict=True):
        if fact[0] == "say":
            name, begin_s, value = fact[1:]
            block, device = int(name[-1]), name[:-2]
            key = {"hole": "surface", "water": "pool", True: "ground"}.get(value)
            end_s = after[2] if after is not None and after[0] == "say" else END_S
            if key is not None and found and found[-1][1] == key and found[-1][4] == begin_s:
                found[-1] = (*found[-1][:4], end_s)  # said again
            elif key is not None:
                found.append((block, key, CAMERAS.get(device, device), begin_s, end_s))
        elif fact[0] == "queue":
            found.append((fact[2], "traffic", CAMERAS[fact[1]], fact[3], fact[3]))
        elif fact[0] == "call":
            found.append((fact[2], "person", f"person-{id(fact)}", fact[3], fact[3]))
    return found


def _agree(a: tuple[Any, ...], b: tuple[Any, ...]) -> bool:
    """Return whether two signs of one block are two keys that were true within the window of each other."""
    two = a[1] == "surface" if a[1] == b[1] else not PHYSICS[a[1]] & PHYSICS[b[1]]
    in_turn = all(one[3] - other[3] <= 20 for one, other in ((a, b), (b, a)) if one[1] == "traffic")
    return two and in_turn and a[2] != b[2] and max(a[3], b[3]) - min(a[4], b[4]) <= WITHIN_S


def _block_of(subject: str, scene: Scene) -> int:
    at = scene.state.places.spot(subject.removeprefix("site:")).at
    assert at is not None
    return round((at[0] - north(0)[0]) / (north(800)[0] - north(0)[0]))
