"""Where things stand: distances, what is near, and positions in the policy."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device_profiles.errors import ConfigError
from hub.alarms.city.places import RADIUS_M, LatLon, Places, Spot, distance_m
from hub.alarms.city.policy import parse_policy

_points = st.tuples(st.floats(-90, 90), st.floats(-180, 180))
_yard = st.tuples(st.floats(-200, 200), st.floats(-200, 200))  # metres


def haversine(a: LatLon, b: LatLon) -> float:
    """Return the distance by the usual formula."""
    (lat1, lon1), (lat2, lon2) = ((math.radians(x), math.radians(y)) for x, y in (a, b))
    h = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * RADIUS_M * math.asin(math.sqrt(min(1.0, h)))


@given(_points, _points)
def test_a_distance_is_that_of_the_haversine_formula(a: LatLon, b: LatLon) -> None:
    """Anywhere, across poles and the date line."""
    assert math.isclose(distance_m(a, b), haversine(a, b), rel_tol=1e-6, abs_tol=1.0)
    assert distance_m(a, a) == 0


@settings(max_examples=60)
@given(
    st.sampled_from([(30.25, 120.16), (0.0, 180.0), (89.9999, 0.0), (-33.9, -179.9999)]),
    st.lists(_yard, min_size=1, max_size=12),
    st.sampled_from([1.0, 30.0, 49.0, 120.0, 200.0]),
)
def test_what_is_near_is_what_the_distance_says(origin: LatLon, yards: list[tuple[float, float]], near: float) -> None:
    """The grid forgets nothing, at the date line and beside the pole too."""
    degree_m = math.radians(1) * RADIUS_M
    places, spots = Places(), []
    for number, (north, east) in enumerate(yards):
        lat = max(-90.0, min(90.0, origin[0] + north / degree_m))
        lon = origin[1] + east / (degree_m * max(1e-9, math.cos(math.radians(lat))))
        spots.append(Spot(f"d-{number:02}", (lat, (lon + 180) % 360 - 180)))
        places.put(spots[-1])
    for spot in spots:
        assert spot.at is not None
        expected = [other.key for other in spots if other.at and distance_m(spot.at, other.at) <= near]
        assert list(places.near(spot.key, near)) == expected


def test_an_asset_joins_what_has_no_position() -> None:
    """With a position distance counts, also inside an asset; without one the asset does; what moves is found there."""
    places = Places()
    for spot in (
        Spot("here", (30.25, 120.16), "road"),
        Spot("far", (30.26, 120.16), "road"),
        Spot("loose", None, "road"),
        Spot("alone"),
        Spot("other", None, "street"),
    ):
        places.put(spot)
    assert places.near("here", 30.0) == ("here", "loose")
    assert places.near("loose", 30.0) == ("far", "here", "loose")
    assert places.near("alone", 30.0) == ("alone",)
    places.put(Spot("far", (30.2501, 120.16), "road"))
    assert places.near("here", 30.0) == ("far", "here", "loose")
    places.drop("loose")
    assert places.near("here", 30.0) == ("far", "here")
    assert places.near("nobody", 30.0) == ("nobody",)


def test_positions_are_the_policys() -> None:
    """That of a device goes before that of its asset."""
    text = """
    [[positions]]
    device = "hz/xiacheng/chaoming/cam-1"
    at = [30.25, 120.16]
    [[positions]]
    asset = "road-1"
    at = [31, 121]
    """
    policy = parse_policy(text, file="policy.toml")
    assert policy.position("hz/xiacheng/chaoming/cam-1", "road-1") == (30.25, 120.16)
    assert policy.position("hz/xiacheng/chaoming/cam-2", "road-1") == (31, 121)
    assert policy.position("hz/xiacheng/chaoming/cam-2", "") is None


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        ("at = [30.25, 120.16]", "positions[1]"),
        ('at = [30.25, 120.16]\ndevice = "a/b/c/d"\nasset = "r"', "positions[1]"),
        ('at = [30.25, 120.16]\ndevice = "cam-1"', "positions[1].device"),
        ('at = [30.25, 120.16]\nasset = "road-1"', "positions[1]"),
        ('at = [120.16, 30.25]\nasset = "r"', "positions[1].at[0]"),
        ('at = [30.25]\nasset = "r"', "positions[1].at"),
        ('at = "30.25,120.16"\nasset = "r"', "positions[1].at"),
        ('at = [30.25, 120.16]\nasset = "r"\nnear = 5', "positions[1]"),
    ],
)
def test_a_fault_in_a_position_names_its_key(keys: str, key: str) -> None:
    """Latitude and longitude in the wrong order too, where they cannot be."""
    text = f'[[positions]]\nasset = "road-1"\nat = [30, 120]\n[[positions]]\n{keys}\n'
    with pytest.raises(ConfigError) as caught:
        parse_policy(text, file="policy.toml")
    assert key in f"{caught.value.key}{caught.value}"
