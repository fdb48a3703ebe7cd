"""The judges of berths and queues take their limits from the profile; what is wrong there names file and key."""

from collections.abc import Callable

import pytest

from device_profiles.errors import ConfigError
from device_profiles.profile import Profile, load_profiles, parse_profile
from edge_agent.judge.berth.limits import BerthLimits
from edge_agent.judge.queue.limits import QueueLimits
from edge_agent.judge.road.limits import RoadLimits
from edge_agent.judge.zone_limits import queue_limits_of, zone_limits_of

BUILT_IN = load_profiles()
ZONE, ROAD = BUILT_IN["camera_zone"], BUILT_IN["road_queue"]


def _with(profile: Profile, old: str, new: str) -> Profile:
    assert profile.text.count(old) == 1
    return parse_profile(profile.text.replace(old, new), file="mine.toml")


def _said(profile: Profile) -> set[str]:
    assert profile.spec.judge is not None
    return set(profile.spec.judge.limits)


def test_the_built_in_profiles_say_what_the_judges_take_by_themselves() -> None:
    """One truth: a number that is changed in one place only is seen here."""
    limits = zone_limits_of(ZONE)
    assert (limits.berth, limits.queue, limits.road) == (BerthLimits(), QueueLimits(), RoadLimits())
    assert {f"road_{name.removesuffix('_us')}" for name in RoadLimits.__struct_fields__} <= _said(ZONE)
    assert queue_limits_of(ROAD) == QueueLimits()


def test_a_city_changes_them_in_a_profile_of_its_own() -> None:
    """Berths that are confirmed slowly, queues of short vehicles, holes that have to stay."""
    patient = zone_limits_of(_with(ZONE, "road_looks = 3 ", "road_looks = 9 "))
    assert patient.road == RoadLimits(looks=9)
    slow = zone_limits_of(_with(ZONE, 'confirm = "5s"', 'confirm = "1m"'))
    assert slow.berth == BerthLimits(confirm_us=60_000_000)
    assert queue_limits_of(_with(ROAD, "form_m = 15.0", "form_m = 30.0")).form_m == 30.0


def test_a_profile_without_a_judge_has_the_usual_limits() -> None:
    """One that was written before there were any."""
    text = ZONE.text[: ZONE.text.index("[judge]")] + ZONE.text[ZONE.text.index('[events."berth.occupied"]') :]
    assert zone_limits_of(parse_profile(text, file="mine.toml")) == zone_limits_of(ZONE)


@pytest.mark.parametrize(
    ("profile", "old", "new", "read", "key"),
    [
        (ZONE, 'confirm = "5s"', 'conform = "5s"', zone_limits_of, "judge.limits.conform"),
        (ZONE, 'confirm = "5s"', "confirm = 5", zone_limits_of, "judge.limits.confirm"),
        (ZONE, "vehicle_m = 5.0", "vehicle_m = 0", zone_limits_of, "judge.limits.vehicle_m"),
        (ZONE, 'window = "120s"', 'window = "0s"', zone_limits_of, "judge.limits.window"),
        (ZONE, 'road_stays = "3s"', "road_stays = 3", zone_limits_of, "judge.limits.road_stays"),
        (ZONE, "road_looks = 3 ", "road_looks = 2.5 ", zone_limits_of, "judge.limits.road_looks"),
        (ZONE, "road_gone_looks = 5", "road_gone_looks = 0", zone_limits_of, "judge.limits.road_gone_looks"),
        (ZONE, "road_sure = 0.5", "road_sure = 1.5", zone_limits_of, "judge.limits.road_sure"),
        (ZONE, "road_area_m2 = 0.5", "road_area_m2 = 0.1", zone_limits_of, "judge.limits.road_area_m2"),
        (ROAD, 'form = "20s"', 'road_stays = "3s"', queue_limits_of, "judge.limits.road_stays"),
        (ZONE, 'name = "zone"', 'name = "queue"', zone_limits_of, "judge.name"),
        (ZONE, '[events."queue.over"]', '[events."queue.done"]', zone_limits_of, "events"),
        (ROAD, "form_m = 15.0", 'stop = "4s"', queue_limits_of, "judge.limits.stop"),
        (ROAD, 'name = "queue"', 'name = "lift"', queue_limits_of, "judge.name"),
    ],
)
def test_what_is_wrong_names_file_and_key(
    profile: Profile, old: str, new: str, read: Callable[[Profile], object], key: str
) -> None:
    """Before anything starts."""
    with pytest.raises(ConfigError) as caught:
        read(_with(profile, old, new))
    assert (caught.value.file, caught.value.key) == ("mine.toml", key)
