"""What is wrong with a scenario: names that nobody bears, acts that befall no such thing, windows of no length."""

from collections.abc import Iterable, Sequence

from device_profiles.config import duration_us
from device_profiles.errors import TopicError
from device_profiles.topics import check_area
from simulators.ground.spec import GroundSpec
from simulators.play.act import Act
from simulators.play.acts import (
    BOX_ACTS,
    CAMERA_ACTS,
    GROUND_ACTS,
    LINE_ACTS,
    NODE_ACTS,
    PERSON_ACTS,
    REPORT,
    SLAVE_ACTS,
    TOWN_ACTS,
    UPLINK_ACTS,
)
from simulators.play.scenario import Scenario


def scenario_faults(scenario: Scenario) -> Iterable[tuple[str, str]]:
    """Yield (key, message) of what in a scenario does not fit the rest of it."""
    try:
        check_area(scenario.area)
    except TopicError as error:
        yield "area", str(error)
    lifts = [lift.device for lift in scenario.lifts]
    if len(set(lifts)) < len(lifts):
        yield "lifts", "a device is there twice"
    if scenario.spare not in lifts or any(act.lift == scenario.spare for act in scenario.acts):
        yield "spare", f"{scenario.spare!r} must be one of the lifts, and no act may use it"
    yield from _agent_faults(scenario)
    yield from _shuffle_faults(scenario, lifts)
    yield from _platform_faults(scenario, lifts)
    yield from _act_faults(scenario, lifts)
    yield from _camera_faults(scenario)
    yield from ground_faults(scenario.ground, scenario.acts)
    yield from _expected_faults(scenario, lifts)


def _agent_faults(scenario: Scenario) -> Iterable[tuple[str, str]]:
    lines: dict[int, str] = {}
    for index, lift in enumerate(scenario.lifts):
        agent = lift.agent or scenario.agent
        if agent not in scenario.addresses:
            yield f"lifts[{index}].agent", f"{agent!r} is not in agents"
        if lift.agent and lift.device in scenario.pushed:
            yield f"lifts[{index}].agent", "it is its platform's agent that serves it"
        if lift.device not in scenario.pushed | scenario.boxes and lines.setdefault(lift.line, agent) != agent:
            yield f"lifts[{index}].line", f"line {lift.line} goes to {lines[lift.line]}"
    for index, platform in enumerate(scenario.platforms):
        if (platform.agent or scenario.agent) not in scenario.addresses:
            yield f"platforms[{index}].agent", f"{platform.agent!r} is not in agents"


def _camera_faults(scenario: Scenario) -> Iterable[tuple[str, str]]:
    cameras = [camera.device for camera in scenario.cameras]
    if len(set(cameras)) < len(cameras):
        yield "cameras", "a device is there twice"
    for index, road in enumerate(scenario.roads):
        if not set(road.cameras) <= set(cameras) or road.device in cameras:
            yield f"roads[{index}]", "its cameras must be in cameras, and it must not be one"
    for index, act in enumerate(scenario.acts):
        of_camera = act.act in CAMERA_ACTS and not (act.act == REPORT and act.sensor)
        if of_camera is not bool(act.camera) or (act.camera and act.camera not in cameras):
            yield f"acts[{index}].camera", f"{act.camera!r} is not in cameras, or that befalls no camera"


def _shuffle_faults(scenario: Scenario, lifts: list[str]) -> Iterable[tuple[str, str]]:
    taken: set[str] = {scenario.spare}
    for index, group in enumerate(scenario.shuffle):
        for lift in group:
            if lift not in lifts or lift in taken:
                yield f"shuffle[{index}]", f"{lift!r} is not in lifts, is the spare one, or is there twice"
            taken.add(lift)
        if len({(lift in scenario.boxes, lift in scenario.pushed) for lift in group}) > 1:
            yield f"shuffle[{index}]", "lifts that are sensed in different ways cannot stand in for each other"


def _platform_faults(scenario: Scenario, lifts: list[str]) -> Iterable[tuple[str, str]]:
    taken: set[str] = set(scenario.boxes)
    for index, platform in enumerate(scenario.platforms):
        for lift in platform.lifts:
            if lift not in lifts or lift in taken:
                yield f"platforms[{index}].lifts", f"{lift!r} is not in lifts, or is sensed otherwise too"
            taken.add(lift)


_OF_NO_LIFT = NODE_ACTS | TOWN_ACTS | CAMERA_ACTS | GROUND_ACTS | PERSON_ACTS  # of people: about a site's alarm


def _act_faults(scenario: Scenario, lifts: list[str]) -> Iterable[tuple[str, str]]:
    before: set[str] = {draw.name for draw in scenario.draws}
    for index, act in enumerate(scenario.acts):
        key = f"acts[{index}]"
        if act.name in before:
            yield f"{key}.name", f"{act.name!r} is there twice"
        if act.lift not in lifts and (act.lift or act.act not in _OF_NO_LIFT):
            yield f"{key}.lift", f"{act.lift!r} is not in lifts"
        elif act.act in BOX_ACTS and act.lift not in scenario.boxes:
            yield f"{key}.act", f"{act.lift!r} has no box that could feel it"
        elif act.act in LINE_ACTS and act.lift in scenario.pushed:
            yield f"{key}.act", f"{act.lift!r} is on no line"
        elif act.act in SLAVE_ACTS and act.lift in scenario.boxes:
            yield f"{key}.act", f"{act.lift!r} is no slave"
        if (act.at is not None) + (act.after is not None) + act.by_responder != 1:
            yield f"{key}.at", "an act has either `at` or `after`, or is done by a responder"
        if act.by_responder and not scenario.responders:
            yield f"{key}.by_responder", "there are no responders"
        if act.act == "storm" and scenario.storm is None:
            yield f"{key}.act", "there is no [storm]"
        if act.act in ("receiver_off", "receiver_on") and act.receiver not in {r.name for r in scenario.receivers}:
            yield f"{key}.receiver", f"{act.receiver!r} is not in receivers"
        if act.after is not None and act.after not in before:
            yield f"{key}.after", f"{act.after!r} is no earlier act"
        if act.at is not None and duration_us(act.at) >= duration_us(scenario.duration):
            yield f"{key}.at", "is after the end of the scenario"
        before.add(act.name)


def _expected_faults(scenario: Scenario, lifts: list[str]) -> Iterable[tuple[str, str]]:
    acts = {act.name for act in scenario.acts} | {draw.name for draw in scenario.draws}
    for index, draw in enumerate(scenario.draws):
        if not set(draw.acts) <= acts or draw.name in {act.name for act in scenario.acts}:
            yield f"draws[{index}]", "its acts must be in acts, and its name must be none of theirs"
    devices = {*lifts, *(platform.name for platform in scenario.platforms)}
    for index, alarm in enumerate(scenario.expected):
        key = f"expected[{index}]"
        if alarm.lift and alarm.lift not in devices:
            yield f"{key}.lift", f"{alarm.lift!r} is neither in lifts nor a platform"
        if duration_us(alarm.not_after) <= duration_us(alarm.not_before):
            yield f"{key}.not_after", "must be later than not_before"
        seeing = [spec.device for specs in (scenario.cameras, scenario.roads, scenario.ground) for spec in specs]
        if alarm.camera and not any(f"{alarm.camera}-".startswith(f"{one}-") for one in seeing):
            yield f"{key}.camera", f"{alarm.camera!r} is neither in cameras nor a zone of one nor in roads"
        for field in ("after", "clears_after", "stays_until"):
            name = getattr(alarm, field)
            if name is not None and name not in acts:
                yield f"{key}.{field}", f"{name!r} is not in acts"


def ground_faults(sensors: Sequence[GroundSpec], acts: Sequence[Act]) -> Iterable[tuple[str, str]]:
    """Yield (key, message) of sensors and acts that do not fit each other."""
    ways = {spec.device: spec for spec in sensors}
    if len(ways) < len(sensors):
        yield "ground", "a device is there twice"
    for index, spec in enumerate(sensors):
        if min(duration_us(spec.every), duration_us(spec.burst)) <= 0:
            yield f"ground[{index}].every", "must be longer than 0"
    for index, act in enumerate(acts):
        key = f"acts[{index}]"
        befalls = act.act in GROUND_ACTS or (act.act == REPORT and bool(act.sensor))
        if befalls is not bool(act.sensor) or (act.sensor and act.sensor not in ways):
            yield f"{key}.sensor", f"{act.sensor!r} is not in ground, or that befalls no ground sensor"
        elif act.act in UPLINK_ACTS and ways[act.sensor].way == "modbus":
            yield f"{key}.act", f"{act.sensor!r} sends no uplinks"
        elif act.act == "well_rises" and not ways[act.sensor].well:
            yield f"{key}.act", f"{act.sensor!r} measures no well"
        if (act.act == "unit_changes") is not bool(act.unit):
            yield f"{key}.unit", "belongs to unit_changes, and to nothing else"
