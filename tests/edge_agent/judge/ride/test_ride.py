"""The judge of boxes: rides, heights, floors, stucks, and what a broken box may not make of them."""

import msgspec
import numpy as np
import pytest

from edge_agent.infer.motion import load_motion
from edge_agent.judge.ride.ride import Classify
from edge_agent.judge.ride.state import Fault, Floor, RideState
from simulators.boxes.day import Day
from simulators.boxes.sensors import draw_sensors
from simulators.boxes.stories import draw_drive, draw_floors
from tests.edge_agent.judge.box import START_US, Signal, hear


@pytest.fixture(params=["model", "thresholds"])
def classify(request: pytest.FixtureRequest) -> Classify | None:
    """Return the committed model, and nothing."""
    return load_motion() if request.param == "model" else None


DOWN = [(0, 0, -1), (0, 0, 1), (1, 0, 0), (-0.3, 0.7, 0.2)]


@pytest.mark.parametrize("down", DOWN)
def test_a_ride_in_any_orientation(down: tuple[float, float, float], classify: Classify | None) -> None:
    """Each ride has its direction and its height, also in a box that hangs upside down."""
    signal = Signal().stand(10).ride(12.0).ride(-9.0)
    heard = hear(signal.t_us, signal.axes(down), pressures=signal.pressures(), classify=classify)
    assert [ride.direction for ride in heard.rides] == ["up", "down"]
    assert [ride.height_m for ride in heard.rides] == pytest.approx([12.0, 9.0], abs=0.3)
    assert heard.kinds == []


@pytest.mark.parametrize("rate_hz", [5, 10, 20, 50, 100, 400])
def test_any_rate_without_pressure(rate_hz: int, classify: Classify | None) -> None:
    """From 10 to 100 Hz the height is the same, from acceleration alone."""
    signal = Signal(rate_hz=rate_hz).stand(10).ride(20.0)
    heard = hear(signal.t_us, signal.axes(gravity=10.1), classify=classify, block=rate_hz)
    (ride,) = heard.rides
    assert ride.height_m == pytest.approx(20.0, abs=0.5)
    assert not ride.barometer
    assert abs(ride.start_us - START_US - 10_000_000) < 700_000


def test_blocks_do_not_matter() -> None:
    """The same samples in other blocks give the same rides."""
    signal = Signal().stand(10).ride(12.0).ride(-9.0)
    axes = signal.axes()
    told = [hear(signal.t_us, axes, block=block).rides for block in (7, 25, 400)]
    assert told[0] == told[1] == told[2]


def test_disorder_doubles_and_gaps() -> None:
    """Samples that overtake each other by 0.2 s, come twice, or are missing for a second change little."""
    signal = Signal().stand(10).ride(12.0)
    rng = np.random.default_rng(3)
    order = np.argsort(np.arange(len(signal.t_us)) + rng.uniform(0, 5, len(signal.t_us)))
    order = np.concatenate([order[:200], order[150:300], order[325:]])
    axes = signal.axes()
    axes[rng.random(axes.shape) < 0.1] = np.nan
    (ride,) = hear(signal.t_us[order], axes[order]).rides
    assert ride.height_m == pytest.approx(12.0, abs=0.5)


def test_stuck_after_a_dead_stop(classify: Classify | None) -> None:
    """A speed that is lost within 0.2 s is no braking: stuck once it stayed for 20 s, and released by a good ride."""
    signal = Signal().stand(10).ride(12.0).gain(1.6, 0.8).stand(3).gain(-1.6, 8.0).stand(40)
    heard = hear(signal.t_us, signal.axes(), classify=classify, finish=False)
    assert heard.kinds == ["lift.stuck"]
    stuck = heard.findings[-1]
    assert stuck.data["reason"] == "dead_stop"
    assert stuck.t_us - START_US == pytest.approx(55e6, abs=2e6)
    more = Signal().stand(5).ride(-12.0)
    t_us = more.t_us + int(signal.t_us[-1] - START_US) + 40_000
    assert hear(t_us, more.axes(), heard=heard).kinds == ["lift.stuck", "lift.released"]


@pytest.mark.parametrize("seconds", [1.0, 1.5, 2.0])
def test_stuck_soon_after_the_start(seconds: float, classify: Classify | None) -> None:
    """A car that stops dead 0.4 to 1.6 m from its floor is stuck as well."""
    signal = Signal().stand(10).ride(12.0).gain(-0.8 * seconds, 0.8).gain(0.8 * seconds, 6.0).stand(40)
    heard = hear(signal.t_us, signal.axes(), classify=classify, finish=False)
    assert [(one.kind, one.data["reason"]) for one in heard.findings][-1] == ("lift.stuck", "dead_stop")


@pytest.mark.parametrize("seed", [11_005, 11_010, 11_016])
def test_jumping_while_it_rides_is_no_dead_stop(seed: int) -> None:
    """Children jump until the car stands: their last landing falls into the braking and stops nothing."""
    rng = np.random.default_rng(seed)
    day = Day(draw_sensors(rng), rng)
    drive = draw_drive(rng)
    floors, at = draw_floors(drive, rng), 0
    day.stand(12)
    for number in range(4):
        to = int(rng.integers(len(floors) - 1))
        to += to >= at
        day.load(4)
        day.stand(2)
        day.ride(drive, floors[to] - floors[at], jumping=number > 0)
        day.stand(8)
        at = to
    day.stand(30)
    told = day.record()
    t_us, pressure_us = ((START_US + seconds * 1e6).astype(np.int64) for seconds in (told.t_s, told.pressure_t_s))
    pressures = (pressure_us.tolist(), told.pressure_pa)
    assert hear(t_us, told.axes, pressures=pressures, classify=load_motion(), block=50).kinds == []


def test_stuck_without_any_braking() -> None:
    """A car that the barometer sees standing, and whose braking nobody felt, is stuck."""
    signal = Signal().stand(10).ride(12.0).gain(1.6, 0.8).stand(5)
    stop = len(signal.up)
    signal.gain(-1.6, 1e9).stand(60)
    axes = signal.axes()
    axes[stop] = axes[stop - 1]  # the blow itself is not felt
    heard = hear(signal.t_us, axes, pressures=signal.pressures())
    assert heard.kinds == ["lift.stuck"]
    assert heard.findings[-1].data["reason"] == "no_braking"


def test_stuck_between_given_floors(classify: Classify | None) -> None:
    """A ride that brakes well, at no floor that was given, is stuck; at a floor it is not."""
    floors = tuple(Floor(height) for height in (0.0, 4.0, 8.0, 12.0))
    signal = Signal().stand(10).ride(12.0).ride(-6.1).stand(30)
    state = RideState(floors=floors, given=True)
    heard = hear(signal.t_us, signal.axes(), pressures=signal.pressures(), state=state, classify=classify)
    assert heard.kinds == ["lift.stuck"]
    assert heard.findings[-1].data["reason"] == "between_floors"
    assert [ride.floor for ride in heard.rides] == [3, None]


def test_floors_are_learned() -> None:
    """After some rides each stop is at a floor that is known."""
    signal = Signal().stand(10)
    for height in (4, 8, -12, 12, -8, -4, 4, 4, 4):
        signal.ride(float(height), speed=1.0)
    heard = hear(signal.t_us, signal.axes(), pressures=signal.pressures())
    assert len(heard.judge.state.floors) == 4
    assert heard.rides[-1].floor == 3
    assert heard.kinds == []


def test_a_restart_while_in_doubt_loses_nothing() -> None:
    """The stored state of a car that stopped dead becomes stuck after the restart."""
    signal = Signal().stand(10).gain(1.6, 0.8).stand(3).gain(-1.6, 8.0).stand(8)
    heard = hear(signal.t_us, signal.axes(), finish=False)
    assert heard.judge.pending
    stored = msgspec.json.decode(msgspec.json.encode(heard.judge.state), type=RideState)
    more = Signal().stand(30)
    t_us = more.t_us + int(signal.t_us[-1] - START_US) + 5_000_000
    assert hear(t_us, more.axes(), state=stored).kinds == ["lift.stuck"]


def test_jumping_is_no_ride(classify: Classify | None) -> None:
    """Children who jump in a standing car make neither rides nor a stuck."""
    signal = Signal(rate_hz=50).stand(60)
    axes, t = signal.axes(), np.arange(3000) / 50
    axes[500:1500, 2] += 3 * np.sin(2 * np.pi * 2 * t[500:1500])
    heard = hear(signal.t_us, axes, classify=classify, block=50)
    assert heard.rides == []
    assert heard.kinds == []


def _frozen(axes: np.ndarray) -> None:
    axes[400:] = axes[400]


def _saturated(axes: np.ndarray) -> None:
    axes[400:] = np.clip(axes[400:] * 40, -39.2, 39.2)


def _weightless(axes: np.ndarray) -> None:
    axes[400:] *= 0.3


@pytest.mark.parametrize(
    ("spoil", "fault"), [(_frozen, Fault.FROZEN), (_saturated, Fault.SATURATED), (_weightless, Fault.GRAVITY)]
)
def test_a_broken_sensor_is_told_and_never_an_entrapment(spoil, fault: Fault, classify) -> None:  # type: ignore[no-untyped-def]
    """What cannot be right is a fault with its reason; what it says of the car is unknown, not stuck."""
    signal = Signal().stand(30).ride(12.0).stand(60)
    axes = signal.axes()
    spoil(axes)
    heard = hear(signal.t_us, axes, classify=classify, finish=False)
    assert "lift.stuck" not in heard.kinds
    assert fault in [one.data["reason"] for one in heard.findings if one.kind == "box.fault"]
    if fault is not Fault.GRAVITY:
        assert heard.judge.values["box_quality"] == fault.value
        assert heard.judge.values["moving"] is None


def test_a_wrong_rate_is_a_fault() -> None:
    """A box at 2 Hz cannot be judged, and says so."""
    signal = Signal(rate_hz=2).stand(60)
    heard = hear(signal.t_us, signal.axes(), block=2)
    assert [one.data["reason"] for one in heard.findings] == ["rate"]


@pytest.mark.parametrize("step_us", [-3_600_000_000, -30_000_000, 3_600_000_000])
def test_a_clock_that_jumps(step_us: int) -> None:
    """A clock that is set in mid-ride makes no entrapment; back it is a fault; the next ride is found."""
    signal = Signal().stand(10).ride(12.0).stand(30).ride(8.0)
    t_us = signal.t_us.copy()
    t_us[330:] += step_us
    heard = hear(t_us, signal.axes())
    assert "lift.stuck" not in heard.kinds
    assert ("box.fault" in heard.kinds) == (step_us < 0)
    assert heard.rides[-1].height_m == pytest.approx(8.0, abs=0.4)


def test_a_gap_that_hides_the_braking_is_no_entrapment(classify: Classify | None) -> None:
    """Where nothing came while it should have braked, nobody knows: no stuck."""
    signal = Signal().stand(10).ride(12.0).stand(60)
    keep = np.ones(len(signal.t_us), dtype=bool)
    keep[400:600] = False
    assert hear(signal.t_us[keep], signal.axes()[keep], classify=classify).kinds == []


def test_fans_in_the_shaft() -> None:
    """Gusts of 40 Pa neither make rides nor spoil the heights by more than acceleration alone would."""
    signal = Signal().stand(20).ride(12.0).stand(60).ride(-8.0)
    times, pressures = signal.pressures()
    gusts = 40 * np.sin(np.arange(len(pressures)) * 1.3) + 20 * np.sin(np.arange(len(pressures)) * 0.4)
    heard = hear(signal.t_us, signal.axes(), pressures=(times, pressures + gusts))
    assert [ride.height_m for ride in heard.rides] == pytest.approx([12.0, 8.0], abs=0.5)
    assert heard.kinds == []


def test_a_silent_box_is_unknown() -> None:
    """After a minute without a sample nothing is said of where the car is."""
    signal = Signal().stand(20)
    heard = hear(signal.t_us, signal.axes(), finish=False)
    assert heard.judge.values["moving"] is False
    heard.judge.take_time(int(signal.t_us[-1]) + 61_000_000)
    assert heard.judge.values["moving"] is None
