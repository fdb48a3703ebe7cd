"""What the physics says stands in the registers that the agent reads, and faults strike the right slave."""

from pathlib import Path

from simulators.modbus.faults import ForeignUnit
from simulators.play.loading import load_scenarios
from simulators.play.play import Play, WireFault
from simulators.stage.fieldbus import FieldBus


def test_registers_follow_the_physics(tmp_path: Path) -> None:
    """Bits and registers of a slave are those of its lift, also after the lift has moved."""
    play = Play(load_scenarios()["lift-long-stop"])
    with FieldBus(play, link=tmp_path / "line") as bus:
        for second in (0, 40, 60):
            play.advance(second * 1_000_000)
            bus.show()
            for unit, lift in enumerate(play.lifts.values(), 1):
                image, values = bus.lines[1].slaves[unit].image, lift.values()
                bits = image.read("discrete_input", 0, count=8)
                state = image.read("input_register", 0, count=10)
                assert bits is not None
                assert state is not None
                assert bits[1:4] == [int(bool(values[name])) for name in ("car_moving", "door_zone", "door_closed")]
                assert state[0] == values["service_mode"]
                assert state[2] == values["car_position"]


def test_a_fault_strikes_one_slave_and_can_end(tmp_path: Path) -> None:
    """Only the named lift's slave falls silent, until it is back."""
    play = Play(load_scenarios()["lift-silent-slave"])
    bus = FieldBus(play, link=tmp_path / "line")
    bus.strike(WireFault("slave_silent", "lift-02"))
    assert [slave.fault is not None for slave in bus.lines[1].slaves.values()] == [False, True, False, False]
    bus.strike(WireFault("slave_foreign", "lift-01"))
    assert bus.lines[1].slaves[1].fault == ForeignUnit(2)
    bus.strike(WireFault("slave_back", "lift-01"))
    bus.strike(WireFault("slave_back", "lift-02"))
    assert not any(slave.fault for slave in bus.lines[1].slaves.values())
